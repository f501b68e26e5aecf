"""The solver's own routes over HTTP: plans, re-plans, commits, slots, exports, matrices, what is told by name."""

from __future__ import annotations

import json
import xml.etree.ElementTree as Xml
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from data.store import contacts
from data.store.database import Database
from jalon.http import app as app_module
from jalon.http.app import Server
from routing.api import examples
from routing.verify import check
from tests.jalon import town
from tests.jalon.http_server import Told, client, key, problem
from tests.jalon.workers_here import Here

Json = dict[str, Any]


@pytest.fixture(scope="module")
def log() -> Told:
    return Told()


@pytest.fixture(scope="module")
def server(built: Path, tmp_path_factory: pytest.TempPathFactory, log: Told) -> Iterator[TestClient]:
    """Yield a client of a server with the town open, whose workers are threads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app_module, "Cluster", Here)
        with client(tmp_path_factory.mktemp("plans"), log, city=built / "town.city", only="routing") as one:
            while one.get("/readyz").status_code != 200:
                pass
            yield one


def request(**changes: Any) -> Json:
    return {**town.request(), "city": "", **changes}


def make(server: TestClient, **changes: Any) -> Json:
    reply = server.post("/v1/plans?budget_s=0", json=request(**changes))
    assert reply.status_code == 200, reply.text
    plan: Json = reply.json()
    return plan


def commit(server: TestClient, plan_id: str, **headers: str) -> Any:
    return server.post(f"/v1/plans/{plan_id}/commit", headers=headers)


@pytest.fixture(scope="module")
def plan(server: TestClient) -> Json:
    """Return a plan in force."""
    made: Json = server.post("/v1/plans?budget_s=0&seed=77", json=request()).json()  # a seed of its own: an id too
    assert commit(server, made["id"], **{"if-match": '"1"'}).status_code == 200
    return made


def test_a_plan_is_checked_and_kept(server: TestClient) -> None:
    reply = server.post("/v1/plans?budget_s=0&seed=3", json=request())
    made = reply.json()
    assert (reply.status_code, reply.headers["etag"], reply.headers["plan-state"]) == (200, '"1"', "proposed")
    assert check(made) == [] and made["seed"] == 3 and made["city"] == "town"
    where = reply.headers["content-location"]
    again = server.get(where)
    assert again.json() == made
    assert server.get(where, headers={"if-none-match": '"1"'}).status_code == 304
    listed = server.get("/v1/plans?day=2026-11-24").json()
    assert made["id"] in {line["id"] for line in listed if line["state"] == "proposed"}
    assert server.get("/v1/plans?day=2026-11-25").json() == []


def test_asynchronously(server: TestClient) -> None:
    reply = server.post("/v1/plans?budget_s=0", json=request(), headers={"prefer": "respond-async"})
    assert reply.status_code == 202 and reply.headers["retry-after"]
    where = reply.headers["location"]
    job = server.get(where, headers={"prefer": "wait=30"}).json()
    while job["status"] in ("queued", "running"):
        job = server.get(where).json()
    assert job["status"] == "succeeded"
    assert check(server.get(f"/v1/plans/{job['plan_id']}").json()) == []


def test_the_same_key_is_the_same_plan(server: TestClient) -> None:
    headers = {"idempotency-key": '"plan-1"'}
    first, again = (server.post("/v1/plans?budget_s=0", json=request(), headers=headers) for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    problem(server.post("/v1/plans?budget_s=0", json=request(city="town"), headers=headers), 422, "key_reused")


def test_a_commit_names_what_it_saw(server: TestClient) -> None:
    plan_id = make(server)["id"]
    problem(commit(server, plan_id), 428, "if_match_missing")
    problem(commit(server, plan_id, **{"if-match": '"2"'}), 412, "plan_changed")
    headers = {"if-match": '"1"', "idempotency-key": "once"}
    first, again = commit(server, plan_id, **headers), commit(server, plan_id, **headers)
    assert first.json() == again.json() == {"plan_id": plan_id, "state": "committed", "version": 2, "replaces": ""}
    assert first.headers["etag"] == '"2"'
    problem(commit(server, plan_id, **{"if-match": "*"}), 409, "plan_not_proposed")
    problem(commit(server, "nobody", **{"if-match": "*"}), 404, "unknown_plan")


def test_replan_diff_and_two_commits_that_collide(server: TestClient) -> None:
    before = make(server)["id"]
    commit(server, before, **{"if-match": "*"})
    burst = town.burst()
    post = {"orders": burst["orders"], "places": burst["places"], "prices": {"max_moves": 3}, "cancelled": ["o1"]}
    replies = [server.post(f"/v1/plans/{before}/replan?budget_s=0&seed={seed}", json=post) for seed in (1, 2)]
    first, second = (reply.json() for reply in replies)
    assert check(first) == [] and first["replaces"] == before and first["id"] != second["id"]
    diff = server.get(f"/v1/plans/{first['id']}/diff").json()
    assert diff["against"] == before and diff["added"] == [f"b{n}" for n in range(5)] and "o1" in diff["dropped"]
    assert server.get(f"/v1/plans/{first['id']}/diff?against={second['id']}").json()["against"] == second["id"]
    assert commit(server, first["id"], **{"if-match": '"1"'}).status_code == 200
    problem(commit(server, second["id"], **{"if-match": '"1"'}), 409, "stale_plan")
    assert server.get(f"/v1/plans/{before}").headers["plan-state"] == "replaced"
    problem(server.get(f"/v1/plans/{before}/diff"), 422, "nothing_to_compare")
    problem(
        server.post(f"/v1/plans/{before}/replan", json={**post, "cancelled": [], "orders": [town.order("o2")]}), 422
    )


def test_slots(server: TestClient, plan: Json) -> None:
    asked = {
        "orders": [town.order("n1"), town.order("n2")],
        "places": [town.home("n1", 3.4, 3), town.home("n2", 6, 6.3)],
        "windows": [
            {"start_at": town.at(a), "end_at": town.at(b)} for a, b in (("08:00", "10:00"), ("20:00", "21:00"))
        ],
    }
    reply = server.post(f"/v1/plans/{plan['id']}/slots", json=asked)
    assert reply.status_code == 200, reply.text
    told = reply.json()
    assert [one["order_id"] for one in told["orders"]] == ["n1", "n2"]
    for one in told["orders"]:
        early, late = one["slots"]
        assert early["fits"] and one["best"] == 0 and early["cost_cents"] >= 0
        assert (late["fits"], late["reason"]) == (False, "TIME_WINDOW_CONSTRAINT")
    wrong = {**asked, "orders": [town.order("o1")]}
    assert (
        problem(server.post(f"/v1/plans/{plan['id']}/slots", json=wrong), 422)["errors"][0]["pointer"]
        == "#/orders/0/id"
    )
    problem(server.post("/v1/plans/nobody/slots", json=asked), 404, "unknown_plan")


def test_exports(server: TestClient, plan: Json) -> None:
    def export(form: str) -> Any:
        reply = server.get(f"/v1/plans/{plan['id']}/export.{form}")
        assert reply.status_code == 200, reply.text
        return reply

    drawn = export("geojson")
    assert drawn.headers["content-type"] == "application/geo+json"
    kinds = [feature["properties"]["kind"] for feature in drawn.json()["features"]]
    assert kinds.count("stop") == plan["totals"]["stops"] and kinds.count("tour") == len(plan["tours"])
    for feature in drawn.json()["features"]:
        points = feature["geometry"]["coordinates"]
        for lon, lat in points if feature["geometry"]["type"] == "LineString" else [points]:
            assert 2 <= lon <= 2.01 and 47 <= lat <= 47.01
    assert len(Xml.fromstring(export("gpx").content)) == len(plan["tours"])
    assert export("csv").text.startswith("\ufeffvehicle,stop,")
    assert "<section>" in export("html").text
    waves = export("waves.json").json()
    assert {row["order"] for row in waves} == {f"o{n}" for n in range(8)} and {row["wave"] for row in waves} == {"1"}
    assert len(export("waves.csv").text.splitlines()) == len(waves) + 1 == len(export("loading.csv").text.splitlines())
    vehicle = plan["tours"][0]["vehicle_id"]
    assert server.get(f"/v1/plans/{plan['id']}/export.gpx?vehicle={vehicle}").status_code == 200
    problem(server.get(f"/v1/plans/{plan['id']}/export.gpx?vehicle=v9"), 404, "unknown_tour")


def test_matrix(server: TestClient) -> None:
    points = [town.position(x, y) for x, y in ((0, 0), (3, 0), (3, 4))]
    asked = {"points": points, "departure_at": town.at("08:30")}
    whole = server.post("/v1/matrix", json=asked).json()
    assert [row[n] for n, row in enumerate(whole["duration_s"])] == [0, 0, 0] and len(whole["distance_m"]) == 3
    part = server.post("/v1/matrix", json={**asked, "sources": [2], "targets": [0, 1], "distances": False}).json()
    assert part["duration_s"] == [whole["duration_s"][2][:2]] and part["distance_m"] is None
    told = problem(server.post("/v1/matrix", json={**asked, "sources": [3]}), 422, "unknown_point")
    assert told["errors"][0]["pointer"] == "#/sources/0"
    assert server.get("/v1/profiles").json()["zones"] == {"town": ["EAST"]}


def test_traffic_slows_what_is_measured_after_it(server: TestClient) -> None:
    asked = {"points": [town.position(0, 0), town.position(3, 0)], "departure_at": town.at("08:30")}

    def seconds() -> int:
        found: int = server.post("/v1/matrix", json=asked).json()["duration_s"][0][1]
        return found

    before = seconds()
    line = {"type": "LineString", "coordinates": [[2.0, 47.0], [2.003, 47.0]]}
    slow = {"type": "Feature", "geometry": line, "properties": {"kind": "slow", "factor": 0.25}}
    told = server.put("/v1/incidents", json={"type": "FeatureCollection", "features": [slow]})
    assert told.status_code == 200 and told.json()["slow_arcs"] > 0, told.text
    assert seconds() > 1.5 * before
    assert server.delete("/v1/incidents").status_code == 204
    assert seconds() == before
    csv = {"content-type": "text/csv"}
    assert server.put("/v1/traffic", content="1,2,7\n2,3,0\n", headers=csv).json()["closed_arcs"] == 1
    assert server.delete("/v1/traffic").status_code == 204
    problem(server.put("/v1/traffic", content="1,2,fast\n", headers=csv), 422, "invalid_segment")


def test_told_by_name_then_named(server: TestClient) -> None:
    whole = request()
    van = {**whole["vehicles"][0], "id": "told-van", "extensions": {"plate": "AB-123-CD"}}
    assert server.put("/v1/hubs", json=whole["hubs"]).json() == {"kept": 1}
    assert server.put("/v1/vehicles/told-van", json=van).json() == van
    assert (
        server.put("/v1/drivers", json=[{"id": "d", "vehicle_id": "told-van", "skills": ["cold"]}]).status_code == 200
    )
    assert server.put("/v1/places", json=whole["places"]).json() == {"kept": 8}
    assert server.get("/v1/vehicles/told-van").json() == van
    orders = [{**each, "extensions": {"line": n}} for n, each in enumerate(whole["orders"])]
    other_day = {"day": "2026-11-25", "orders": [{**each, "promised_on": "2026-11-25"} for each in orders]}
    named = make(server, **other_day, hubs=[], vehicles=["told-van"], places=[], delivery_days=[])
    assert named["vehicles"][0]["shift"]["start_at"].startswith("2026-11-25T08:00") and named["totals"]["served"] == 8
    assert named["vehicles"][0]["skills"] == ["cold"] and named["vehicles"][0]["extensions"] == van["extensions"]
    assert [order["extensions"]["line"] for order in named["orders"]] == list(range(8))
    every = make(server, **other_day, hubs=["hub"], vehicles=[], places=[], delivery_days=[])
    assert [each["id"] for each in every["vehicles"]] == ["told-van"]
    told = problem(server.post("/v1/plans", json=request(vehicles=["told-vna"])), 422, "unknown_vehicle")
    assert told["action"] == "did you mean `told-van`?" and told["errors"][0]["pointer"] == "#/vehicles/0"
    problem(server.put("/v1/vehicles/other", json=van), 422, "ids_differ")
    problem(server.put("/v1/vehicles", json=[van, van]), 422, "duplicate_id")
    assert server.delete("/v1/drivers/d").status_code == 204
    problem(server.delete("/v1/drivers/d"), 404, "unknown_driver")
    problem(server.get("/v1/places/nowhere"), 404, "unknown_place")


def test_people_are_kept_apart(server: TestClient, log: Told) -> None:
    places = request()["places"]
    places[0] |= {"name": "Anne Martin", "address": "3 rue des Lilas"}
    made = make(server, places=places)
    assert made["places"][0]["name"] == "Anne Martin"
    assert "Anne Martin" in server.get(f"/v1/plans/{made['id']}/export.csv").text
    inner: Server = server.app.state.server  # type: ignore[attr-defined]
    database: Database = inner.ledger._database  # type: ignore[union-attr]
    owner = inner.door.anyone.owner
    with database.read() as reading:
        assert contacts.load(reading, owner, ["o0"])["o0"].address == "3 rue des Lilas"
    assert "Anne" not in json.dumps(log.lines, default=str)
    with database.write() as writing:
        contacts.erase_orders(writing, owner, ["o0"])
    assert "name" not in server.get(f"/v1/plans/{made['id']}").json()["places"][0]


@pytest.mark.parametrize(
    ("changes", "code", "pointer", "action"),
    [
        ({"city": "twon"}, "unknown_city", "#/city", "did you mean `town`?"),
        ({"vehicles": []}, "missing_vehicles", "#/vehicles", "PUT /v1/vehicles"),
        ({"orders": [{**town.order("o0"), "time_window": []}]}, "unknown_key", "#/orders/0", "remove it"),
        (
            {"places": [{**town.home("o0", 1, 1), "lat": 2.001, "lon": 47.001}]},
            "invalid_coordinates",
            "#/places/0/lat",
            "",
        ),
        ({"day": "1999-12-31"}, "bad_date", "#/day", ""),
        ({"day": "2026-02-30"}, "invalid_value", "#/day", ""),
    ],
)
def test_what_is_wrong_and_where(server: TestClient, changes: Json, code: str, pointer: str, action: str) -> None:
    only = {"orders": [town.order("o0")], "places": [town.home("o0", 1, 1)]}
    if changes == {"vehicles": []}:
        for each in server.get("/v1/vehicles").json():
            server.delete(f"/v1/vehicles/{each['id']}")
    told = problem(server.post("/v1/plans", json=request(**{**only, **changes})), 422, code)
    assert pointer in [fault.get("pointer", "") for fault in told["errors"]]
    assert action in told.get("action", "")


def test_near_miss(server: TestClient) -> None:
    wrong = request()
    wrong["orders"][0]["options"][0]["window"] = []
    told = problem(server.post("/v1/plans", json=wrong), 422, "unknown_key")
    assert told["action"] == "did you mean `windows`?" and told["errors"][0]["pointer"] == "#/orders/0/options/0"
    for query in ("budget=1", "budget_s=-1", "budget_s=1e9", "seed=x", "threads=0", "weather=hail", "iterations=0"):
        problem(server.post(f"/v1/plans?{query}", json=request()), 422)
    problem(server.get("/v1/plans"), 422, "bad_parameter")


def test_limits(server: TestClient) -> None:
    many = [{"id": f"o{n}", **{k: v for k, v in town.order("x").items() if k != "id"}} for n in range(20_001)]
    problem(server.post("/v1/plans", json=request(orders=many)), 413, "too_many_orders")
    points = [town.position(0, 0)] * 1_001
    problem(server.post("/v1/matrix", json={"points": points}), 413, "table_too_large")


def test_the_examples_are_good(server: TestClient) -> None:
    made = server.post("/v1/plans?budget_s=0", json=examples.REQUEST)
    assert made.status_code == 200, made.text
    plan_id = made.json()["id"]
    assert date.fromisoformat(made.json()["day"]) == date(2026, 11, 24)
    assert server.post(f"/v1/plans/{plan_id}/slots", json=examples.SLOT_QUERY).status_code == 200
    assert server.post(f"/v1/plans/{plan_id}/replan?budget_s=0", json=examples.REPLAN).status_code == 200


def test_scopes(built: Path, tmp_path: Path) -> None:
    with client(tmp_path, city=built / "town.city", only="routing") as one:
        reads = {"authorization": key(one, "admin")["authorization"]}
        weak = key(one, "plan:read", by=reads)
        for method, path in (("POST", "/v1/plans"), ("PUT", "/v1/hubs"), ("POST", "/v1/plans/x/commit")):
            problem(one.request(method, path, json={}, headers=weak), 403, "missing_scope")
            problem(one.request(method, path, json={}), 401)
