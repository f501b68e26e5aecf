"""VROOM over HTTP as vroom-express serves it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from data.model.reservation import Owner
from routing.compat.vroom_check import check_vroom
from routing.compat.vroom_work import vroom
from routing.jobs import Jobs
from routing.solver.stop import Stop
from routing.task import Task
from tests.conftest import ROOT
from tests.jalon.compat_server import SPOTS, Live, live

Json = dict[str, Any]
SCHEMA = json.loads((ROOT / "tests/contracts/vroom-solution.schema.json").read_text())
DOCUMENT: Json = {
    "vehicles": [{"id": 7, "start_index": 0, "end_index": 0, "capacity": [2]}],
    "jobs": [{"id": n, "location_index": n, "delivery": [1], "service": 60} for n in (1, 2)],
    "matrices": {"car": {"durations": [[0, 100, 250], [110, 0, 130], [260, 140, 0]]}},
    "options": {"l": 1},
}


def changed(**keys: Any) -> Json:
    return {**copy.deepcopy(DOCUMENT), **keys}


def posted(compat: Live, document: Any, status: int = 200) -> Json:
    reply = httpx.post(f"{compat.url}/", json=document, timeout=60)
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/json" and "content-length" in reply.headers
    answer: Json = reply.json()
    jsonschema.validate(answer, SCHEMA)
    return answer


def test_matrices(compat: Live) -> None:
    answer = posted(compat, DOCUMENT)
    assert answer["summary"]["cost"] == 490 and not check_vroom(DOCUMENT, answer)
    assert answer["summary"]["computing_times"].keys() == {"loading", "solving", "routing"}


def test_coordinates_on_the_citys_streets(compat: Live) -> None:
    document: Json = {
        "vehicles": [{"id": 1, "start": SPOTS[0], "end": SPOTS[0], "profile": "bike"}, {"id": 2, "start": SPOTS[1]}],
        "jobs": [{"id": n, "location": spot} for n, spot in enumerate(SPOTS[2:])],
        "shipments": [{"pickup": {"id": 1, "location": SPOTS[0]}, "delivery": {"id": 1, "location": SPOTS[2]}}],
        "options": {"g": True, "x": 1, "t": 2},
    }
    answer = posted(compat, document)
    assert not answer["unassigned"] and all(route["geometry"] for route in answer["routes"])
    assert not check_vroom(document, answer)


def test_plan_mode_and_warm_start(compat: Live) -> None:
    steps = [{"type": "start"}, {"type": "job", "id": 2}, {"type": "job", "id": 1}, {"type": "end"}]
    vehicle = DOCUMENT["vehicles"][0] | {"steps": steps, "time_window": [0, 400]}
    planned = posted(compat, changed(vehicles=[vehicle], options={"c": True}))
    assert [step.get("id") for step in planned["routes"][0]["steps"]] == [None, 2, 1, None]
    assert planned["summary"]["violations"] == [{"cause": "delay", "duration": 250 + 60 + 140 + 60 + 110 - 400}]
    hinted = posted(compat, changed(vehicles=[DOCUMENT["vehicles"][0] | {"steps": steps}]))
    assert hinted["summary"]["cost"] == 490


WRONG = [
    (b"", "Invalid JSON object"),
    (b"{", "Invalid JSON object"),
    (b"[]", "Invalid JSON object"),
    (b"null", "Invalid JSON object"),
    (b"\xff\xfe", "Invalid JSON object"),
    (b"[" * 100_000, "Invalid JSON object"),
    (b'{"vehicles": []}', "Invalid JSON object"),
    (b'{"jobs": [], "shipments": []}', "Invalid JSON object"),
    (b'{"vehicles": [], "jobs": []}', "No vehicle defined."),
    (b'{"vehicles": 5, "jobs": {}}', "Invalid vehicles."),
    (b'{"vehicles": [5], "jobs": [1]}', "Invalid vehicle."),
    (b'{"vehicles": [{"id": 1, "start_index": 0}], "jobs": null}', "Invalid jobs."),
    (b'{"vehicles": [{"id": 1, "start_index": 0}], "jobs": [{"id": 1e99}]}', "Invalid or missing id for job."),
]


@pytest.mark.parametrize(("body", "error"), WRONG)
def test_wrong_input_is_400_and_code_2(compat: Live, body: bytes, error: str) -> None:
    reply = httpx.post(f"{compat.url}/", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 400 and reply.json()["code"] == 2
    assert reply.json().keys() == {"code", "error"} and error in reply.json()["error"]


def test_other_codes_have_vroom_expresss_statuses(compat: Live) -> None:
    many = changed(jobs=[{"id": n, "location_index": 1} for n in range(1001)])
    told = posted(compat, many, 413)
    assert told == {"code": 4, "error": "Too many locations (1001) in query, maximum is set to 1000"}
    fleet = changed(vehicles=[{"id": n, "start_index": 0} for n in range(201)])
    assert posted(compat, fleet, 413)["error"] == "Too many vehicles (201) in query, maximum is set to 200"
    lost = {"vehicles": [{"id": 1, "start": [9.0, 50.0]}], "jobs": [{"id": 1, "location": SPOTS[0]}]}
    assert posted(compat, lost, 500)["code"] == 3
    form = httpx.post(f"{compat.url}/", content=json.dumps(DOCUMENT), headers={"content-type": "text/plain"})
    assert form.status_code == 400 and form.json()["code"] == 2
    huge = httpx.post(
        f"{compat.url}/", content=b" " * (17 << 20), headers={"content-type": "application/json"}, timeout=60
    )
    assert huge.status_code == 413 and huge.json()["code"] == 4


@pytest.mark.parametrize("kind", ["its own check fails", "a defect"])
def test_what_goes_wrong_inside_is_500_and_code_1(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def in_this_process(_: Jobs, owner: Owner, task: Task) -> bytes:
        if kind == "a defect":
            raise RuntimeError("of ours")
        return vroom(task, None, Stop(task.budget_s), lambda step, best: None)

    monkeypatch.setattr(Jobs, "run", in_this_process)
    monkeypatch.setattr("routing.compat.vroom.check_vroom", lambda document, answer: ["job 1 is not answered"])
    with live(tmp_path) as server:
        for path in ("/", "/optimization"):
            reply = httpx.post(f"{server.url}{path}", json=changed(options={"l": 0.1}), timeout=60)
            assert reply.status_code == 500 and reply.headers["content-type"] == "application/json"
            assert reply.json().keys() == {"code", "error"} and reply.json()["code"] == 1
            assert ("is not answered" in reply.json()["error"]) == (kind != "a defect")
            assert "RuntimeError" not in reply.text
        assert len(server.defects()) == (2 if kind == "a defect" else 0)


def test_health_has_no_body(compat: Live) -> None:
    reply = httpx.get(f"{compat.url}/health")
    assert reply.status_code == 200 and reply.content == b""


def test_pages_of_anybody_may_post(compat: Live) -> None:
    page = {"origin": "https://tms.example"}
    asks = {**page, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    assert httpx.options(f"{compat.url}/", headers=asks).headers["access-control-allow-origin"] == "*"
    reply = httpx.post(f"{compat.url}/", json=DOCUMENT, headers=page)
    assert reply.headers["access-control-allow-origin"] == "*"


def test_without_a_city_matrices_still_do(tmp_path: Path) -> None:
    with live(tmp_path, vroom_max_locations=2) as server:
        assert posted(server, DOCUMENT)["summary"]["cost"] == 490
        assert posted(server, changed(jobs=DOCUMENT["jobs"] * 2), 413)["code"] == 4
        lost = {"vehicles": [{"id": 1, "start": SPOTS[0]}], "jobs": [{"id": 1, "location": SPOTS[1]}]}
        assert posted(server, lost, 500)["code"] == 3
        assert httpx.get(f"{server.url}/v1/cities").status_code == 503
        assert httpx.get(f"{server.url}/").headers["content-type"] == "application/problem+json"
        assert not server.defects()


def test_no_defect_was_met(compat: Live) -> None:
    assert not compat.defects()
