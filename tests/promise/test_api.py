"""The promise's routes in the real server, a process that is killed: what it acknowledged is there when it is back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from data import clock, codec
from tests.jalon import town
from tests.promise.small_house import PLACES, house

Json = dict[str, Any]
ASKED: Json = {"postcode": "44000"}
CLIENTS = 32


class Server:
    """``jalon serve`` on a free port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        state = folder / "house.json"
        state.write_bytes(codec.encode(house(clock.now().replace(microsecond=0))))
        words = ["serve", "--json", "--port", "0", "--only", "promise", "--promise", str(state)]
        environment = {**os.environ, "JALON_DATABASE_URL": f"sqlite:///{folder}/jalon.db", "PYTHONPATH": str(town.ROOT)}
        self.log = (folder / "log").open("a")
        self.process = subprocess.Popen(
            [*town.command(), *words], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        assert self.process.stdout
        told = "".join(iter(self.process.stdout.readline, "}\n"))
        self.client = httpx.Client(base_url=json.loads(told + "}")["url"], timeout=30)
        began_s = clock.elapsed_s()
        while self.client.get("/readyz").status_code != 200:
            assert clock.elapsed_s() - began_s < 120, self.client.get("/readyz").text
            time.sleep(0.05)

    def quote(self, **more: Any) -> Json:
        """Return a quote for the centre."""
        reply = self.client.post("/v1/promises/quote", json=ASKED | more)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def reserve(self, order_id: str, quoted: Json, option: str = "home", **headers: str) -> httpx.Response:
        """Ask for the place of an order."""
        body = {"id": order_id, "quote_id": quoted["quote_id"], "option_id": option}
        return self.client.post("/v1/promises", json=body, headers=headers)

    def kill(self) -> None:
        """End it at once."""
        self.process.send_signal(signal.SIGKILL)
        self.end()

    def end(self) -> None:
        """Close what is ours once it has ended."""
        self.process.wait(60)
        assert self.process.stdout
        self.process.stdout.close()
        self.client.close()
        self.log.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Yield a server."""
    running = Server(tmp_path_factory.mktemp("serve"))
    yield running
    running.process.terminate()
    running.end()


def dates(quoted: Json) -> dict[str, str]:
    return {one["option_id"]: one["date"] for one in quoted["options"]}


def test_an_order_from_quote_to_release(server: Server) -> None:
    quoted = server.quote()
    assert server.reserve("a1", quoted, "locker").json()["state"] == "pending"
    kept = server.client.post("/v1/promises/a1/confirm").json()
    assert (kept["state"], kept["date"]) == ("confirmed", dates(quoted)["locker"])
    swap = {"quote_id": quoted["quote_id"], "option_id": "home"}
    changed = server.client.post("/v1/promises/a1/change", json=swap).json()
    assert (changed.get("state"), changed.get("date")) == ("confirmed", dates(quoted)["home"])
    assert server.client.get("/v1/promises/a1").json() == changed
    assert server.client.delete("/v1/promises/a1").json()["state"] == "released"
    assert server.reserve("a1", quoted).status_code == 409


def test_quotes_are_counted_under_their_path(server: Server) -> None:
    server.quote()
    assert 'promise_latency_seconds_count{operation="POST /v1/promises/quote"}' in server.client.get("/metrics").text


def test_every_answer_is_what_openapi_says(server: Server) -> None:
    document = server.client.get("/openapi.json").json()
    quoted = server.quote()
    found = {
        ("/v1/promises/quote", "post"): quoted,
        ("/v1/promises", "post"): server.reserve("b1", quoted, "locker").json(),
        ("/v1/promises/{order_id}", "get"): server.client.get("/v1/promises/b1").json(),
    }
    for (path, method), answer in found.items():
        content = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]
        jsonschema.validate(answer, {**content["schema"], "components": document["components"]})
        jsonschema.validate(content["example"], {**content["schema"], "components": document["components"]})


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [
        (b"{", 400, ""),
        (b"", 400, ""),
        (b'{"postcode": "4400"}', 422, "#/postcode"),
        (b'{"postcode": "44000", "kart": {}}', 422, "#"),
        (b'{"postcode": "44000", "options": ["hoem"]}', 422, "#/options/0"),
        (b'{"postcode": "44000", "confidence": NaN}', 400, ""),
        (b'{"cart": {"parcels": 1}}', 422, ""),
    ],
)
def test_a_bad_question_is_told_where(server: Server, body: bytes, status: int, where: str) -> None:
    reply = server.client.post("/v1/promises/quote", content=body, headers={"content-type": "application/json"})
    told = reply.json()
    assert (reply.status_code, told["status"]) == (status, status), told
    assert reply.headers["content-type"] == "application/problem+json"
    if where:
        assert where in [error["pointer"] for error in told["errors"]], told


def test_a_request_that_comes_twice_does_nothing_twice(server: Server) -> None:
    quoted = server.quote()
    first = server.reserve("c1", quoted, "locker", **{"Idempotency-Key": '"key-c1"'})
    again = server.reserve("c1", quoted, "locker", **{"Idempotency-Key": "key-c1"})
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    other = server.reserve("c2", quoted, "locker", **{"Idempotency-Key": "key-c1"})
    assert other.status_code == 422 and "key" in other.json()["detail"]
    assert server.client.get("/v1/promises/c2").status_code == 404


def test_many_orders_at_once(server: Server) -> None:
    orders = [{"id": f"d{number}", "option_id": "locker", "request": ASKED} for number in range(300)]
    whole = server.client.post("/v1/promises", json=orders).json()
    assert whole["kept"] == 300 and [one["id"] for one in whole["promises"]] == [one["id"] for one in orders]
    lines = "\n".join(json.dumps(one) for one in orders)
    time.sleep(1.1)  # a hold ends when it was said to, also for who asks once more
    again = server.client.post("/v1/promises", content=lines, headers={"content-type": "application/x-ndjson"})
    assert again.json() == whole


def test_stock_is_put_and_sold(server: Server) -> None:
    put = {"shelves": [{"hub_id": "nantes", "units": 2}, {"hub_id": "nantes", "channel": "live", "units": 1}]}
    assert server.client.put("/v1/stock/mug", json=put).status_code == 200
    cart = {"lines": [{"sku": "mug"}], "channel": "live"}
    quoted = server.quote(cart=cart)
    assert server.reserve("e1", quoted, "locker").status_code == 200
    assert server.quote(cart=cart)["short"] == ["mug"]
    assert server.reserve("e2", quoted, "locker").json()["type"].endswith(":out_of_stock")
    shelf = {one["channel"]: one["reserved"] for one in server.client.get("/v1/stock/mug").json() if "channel" in one}
    assert shelf["live"] == 1
    assert server.client.get("/v1/stock/cup").status_code == 404


def test_what_a_house_tells_moves_the_dates(server: Server) -> None:
    before = dates(server.quote())["locker"]
    timetable = json.loads(codec.encode(house().hubs[0].schedule))
    for hub in ("nantes", "rennes"):
        rare = {**timetable, "hub_id": hub, "waves": [{"id": "six", "departs": "18:00:00", "cutoff_s": 172_800}]}
        assert server.client.put(f"/v1/hubs/{hub}/schedule", json=rare).status_code == 200
    began_s = clock.elapsed_s()
    while dates(server.quote())["locker"] <= before:
        assert clock.elapsed_s() - began_s < 60
        time.sleep(0.1)
    assert server.client.put("/v1/hubs/nowhere/schedule", json={**timetable, "hub_id": "nowhere"}).status_code == 404
    start, end = ("2026-11-24T20:00:00+01:00", "2026-11-24T22:00:00+01:00")
    live = {"id": "l1", "start_at": start, "end_at": end, "reach": 1000}
    assert server.client.put("/v1/lives/l1", json=live).status_code == 200
    assert server.client.put("/v1/lives/l2", json=live).status_code == 422
    signal_ = {"live_id": "l1", "at": start, "viewers": 100}
    assert server.client.post("/v1/lives/l1/signals", json=[signal_]).json() == {"kept": 1}
    assert server.client.post("/v1/lives/l3/signals", json=[{**signal_, "live_id": "l3"}]).status_code == 404


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    """Clients race for three places, and for a locker each, while the server is killed; all ask again after it."""
    doomed = server = Server(tmp_path)
    quoted = server.quote()
    acknowledged: dict[str, str] = {}

    def client(number: int, running: Server) -> None:
        for option in ("home", "locker"):
            order, key = f"{option}{number}", {"Idempotency-Key": f"key-{option}{number}"}
            try:
                reply = running.reserve(order, quoted, option, **key)
            except httpx.TransportError:
                return
            if reply.status_code == 200:
                acknowledged[order] = reply.json()["date"]
            if len(acknowledged) == CLIENTS // 2 and running is doomed:
                running.process.send_signal(signal.SIGKILL)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda number: client(number, server), range(CLIENTS)))
    server.kill()
    before = dict(acknowledged)
    server = Server(tmp_path)
    for order, day in before.items():
        kept = server.client.get(f"/v1/promises/{order}").json()
        assert (kept["state"], kept["date"]) == ("pending", day)
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda number: client(number, server), range(CLIENTS)))
    assert before.items() <= acknowledged.items()
    assert sum(order.startswith("home") for order in acknowledged) == PLACES
    assert sum(order.startswith("locker") for order in acknowledged) == CLIENTS
    assert dates(server.quote())["home"] > dates(quoted)["home"]
    server.kill()
