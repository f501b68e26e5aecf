"""Orders from both channels, their dates, and the notices when these can't be kept: the server as it is served.

``python examples/watched_evening.py`` starts a server with a store of its own, a shop (Shopify), a live (TikTok Shop)
and a receiver of webhooks, tells what happens on standard error, and prints the evening as one JSON value.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from data import clock, codec
from tests import fake_shopify, fake_tiktok
from tests.fake_shopify import Buyer, FakeShopify
from tests.fake_tiktok import FakeTikTok
from tests.promise.channel_server import serving, until
from tests.promise.small_house import schedule

CLOSED_DAYS = 5
"""The house has three places a day for three days: with the cut-off behind, the last order is promised day four."""
Json = dict[str, Any]


def say(what: str, text: str) -> None:
    """Tell what happens."""
    print(f"{what:>9}  {text}", file=sys.stderr)


class Receiver:
    """Who is told: it checks every signature and takes each message once."""

    def __init__(self) -> None:
        self.secret, self.port = "", 0
        self.told: dict[str, Json] = {}

    def take(self, headers: dict[str, str], body: bytes) -> None:
        """Take a message in."""
        told = Webhook(self.secret).verify(body, headers)
        if headers["webhook-id"] not in self.told:
            self.told[headers["webhook-id"]] = told
            say("told", f"{told['type']}: {told['data'].get('text_fr', '')}")

    def of(self, kind: str) -> list[Json]:
        """Return what was told of a kind."""
        return [one["data"] for one in list(self.told.values()) if one["type"] == kind]


@contextmanager
def listening(receiver: Receiver) -> Iterator[None]:
    """Let a receiver listen on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.take({name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def evening(client: Any, live: FakeTikTok, receiver: Receiver) -> Json:
    """Live through the evening."""
    url = f"http://127.0.0.1:{receiver.port}/"
    kinds = ["promise.at_risk", "promise.moved"]
    receiver.secret = client.put("/v1/webhooks/control", json={"url": url, "kinds": kinds}).json()["secret"]

    shop = FakeShopify(client)
    for number in (1001, 1002, 1003):
        (rate,) = shop.rates(Buyer(), int(clock.now().timestamp()))
        say("checkout", f"Shopify shows {rate['description']} for order {number}")
        assert shop.send("orders/create", fake_shopify.order(number, Buyer(), rate["service_code"])).status_code == 200
    names = [f"57700000{number}" for number in range(3)]
    for number, name in enumerate(names):
        live.put(name)
        raw = fake_tiktok.notice(name, f"n{number}")
        assert client.post("/webhooks/tiktok", content=raw, headers=fake_tiktok.signed(raw)).status_code == 200
    asked = {"id": "phone-1", "option_id": "home", "request": {"postcode": "44000"}}
    held = client.post("/v1/promises", json=asked).json()
    say("phone", f"phone-1 is promised: {held['text_fr']}")
    assert client.post("/v1/promises/phone-1/confirm").status_code == 200

    say("live", f"{len(names)} orders come from TikTok Shop")
    orders = 3 + len(names) + 1
    until(lambda: client.get("/v1/kpis").json()["figures"]["orders"] == orders)

    today = clock.now().date()
    closed = tuple(today + timedelta(days=ahead) for ahead in range(CLOSED_DAYS))
    for hub in ("nantes", "rennes"):
        timetable = schedule(hub)
        timetable = timetable.replace(calendar=timetable.calendar.replace(closed=closed))
        headers = {"content-type": "application/json"}
        reply = client.put(f"/v1/hubs/{hub}/schedule", content=codec.encode(timetable), headers=headers)
        assert reply.status_code == 200, reply.text
    say("hub", f"both hubs are closed for {CLOSED_DAYS} days")
    until(lambda: len(receiver.of("promise.moved")) >= orders)
    return {
        "orders": orders,
        "at_risk": receiver.of("promise.at_risk"),
        "moved": receiver.of("promise.moved"),
        "kpis": client.get("/v1/kpis").json()["figures"],
    }


def main() -> None:
    """Run it and print it."""
    live, receiver = FakeTikTok(), Receiver()
    with (
        tempfile.TemporaryDirectory() as folder,
        fake_tiktok.listening(live) as url,
        listening(receiver),
        serving(Path(folder), url, webhooks_loopback=True, refresh_s=1.0) as client,
    ):
        print(json.dumps(evening(client, live, receiver), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
