"""Whatever is sent to the contracts of others, it is answered in their words, and nothing breaks inside."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import numpy as np
import pytest

from routing.compat.vroom import solve_vroom
from routing.solver.stop import Stop
from tests.conftest import ROOT
from tests.jalon.compat_server import SPOTS, Live

Json = dict[str, Any]
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "tests/contracts/vroom-solution.schema.json").read_text()))
JUNK: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**32 - 1, 2**32, 2**64, 2**70, -(2**63), 0.5, -0.0, 1e308,
    "", "x", "\u0000\ud7ff", "é" * 99, [], [[]], [None], [0], [[0, 1]], [[5, 1]], [[0, 2**32 - 1]],
    {}, {"id": 1}, {"": None}, [1.5, 2.5], [200.0, 95.0], [[[]]] * 3,
]  # fmt: skip
DOCUMENT: Json = {
    "vehicles": [
        {
            "id": 1, "start_index": 0, "end_index": 0, "profile": "car", "capacity": [3], "skills": [1], "type": "a",
            "time_window": [0, 5000], "max_tasks": 5, "max_travel_time": 4000, "max_distance": 90_000,
            "speed_factor": 1.0,
            "costs": {"fixed": 5, "per_hour": 3600, "per_km": 10, "per_task_hour": 60}, "description": "van",
            "breaks": [{"id": 1, "time_windows": [[0, 900], [1000, 2000]], "service": 60, "max_load": [3]}],
            "steps": [{"type": "start"}, {"type": "job", "id": 1, "service_after": 5}, {"type": "break", "id": 1}],
        },
        {"id": 2, "end_index": 1, "capacity": [2]},
    ],
    "jobs": [
        {
            "id": 1, "location_index": 1, "location": [2.0, 47.0], "setup": 3, "service": 60,
            "delivery": [1], "pickup": [0],
        },
        {
            "id": 2, "location_index": 2, "amount": [1], "skills": [1], "priority": 9,
            "time_windows": [[0, 800], [900, 4000]],
        },
    ],
    "shipments": [
        {
            "amount": [1], "skills": [], "priority": 1,
            "pickup": {"id": 1, "location_index": 2, "service": 5, "setup_per_type": {"a": 3}},
            "delivery": {"id": 1, "location_index": 1, "time_windows": [[0, 4000]]},
        }
    ],
    "matrices": {
        "car": {
            "durations": [[0, 300, 700], [310, 0, 400], [690, 410, 0]],
            "distances": [[0, 3000, 7000], [3100, 0, 4000], [6900, 4100, 0]],
        }
    },
    "options": {"g": False, "c": False, "t": 1, "x": 1, "l": 0.05},
}  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to every value."""
    if path:
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        yield from places(inner, (*path, key))


def spoilt(document: Json, random: np.random.Generator) -> Json:
    """Return a document with one to three values replaced by junk, or left out."""
    found = copy.deepcopy(document)
    for _ in range(int(random.integers(1, 4))):
        every = list(places(found))
        *path, last = every[int(random.integers(len(every)))]
        holder: Any = found
        for key in path:
            holder = holder[key]
        if random.random() < 0.15:
            del holder[last]
        else:
            holder[last] = copy.deepcopy(JUNK[int(random.integers(len(JUNK)))])
        if not found:
            return found
    return found


@pytest.mark.parametrize("plan", [False, True], ids=["solve", "plan"])
def test_spoilt_vroom_documents(plan: bool) -> None:
    random = np.random.default_rng(7 + plan)
    codes: dict[int, int] = {}
    for _ in range(400):
        document = spoilt({**DOCUMENT, "options": {"c": plan}}, random)
        if not isinstance(document.get("vehicles"), list) or "options" not in document:
            continue
        answer = solve_vroom(document, None, Stop(0), warn=lambda text: None)
        SCHEMA.validate(answer)
        codes[answer["code"]] = codes.get(answer["code"], 0) + 1
    assert codes.keys() <= {0, 2, 3} and codes[0] > 20 and codes[2] > 100, codes


def test_spoilt_documents_over_http(compat: Live) -> None:
    known = len(compat.defects())
    random = np.random.default_rng(3)
    with httpx.Client(base_url=compat.url, timeout=60) as client:
        for number in range(40):
            body = json.dumps(spoilt(DOCUMENT, random)).encode()
            body = body[: int(random.integers(len(body)))] if number % 10 == 0 else body
            reply = client.post(
                "/optimization" if number % 2 else "/", content=body, headers={"content-type": "application/json"}
            )
            SCHEMA.validate(reply.json())
            assert reply.status_code in (200, 400, 413) or reply.json()["code"] == 3, (body, reply.text)
    assert len(compat.defects()) == known


ASKED: dict[str, Json] = {
    "/v2/matrix/driving-car": {
        "locations": SPOTS[:3], "sources": [0], "destinations": ["1", 2], "metrics": ["duration", "distance"],
        "units": "km",
        "resolve_locations": False, "optimized": "true", "id": "a",
    },
    "/v2/directions/driving-car": {
        "coordinates": SPOTS[:3], "preference": "fastest", "units": "m", "language": "en", "geometry": True,
        "instructions": True, "radiuses": [-1], "maneuvers": False, "elevation": False, "options": {}, "bearings": [],
    },
    "/table/v1/car": {
        "coordinates": SPOTS[:3], "sources": [0, 1], "destinations": "all", "annotations": ["duration", "distance"],
        "radiuses": [None, 10, "unlimited"], "fallback_speed": 5.5, "scale_factor": 1.5, "hints": ["", "abc=", ""],
    },
    "/route/v1/car": {
        "coordinates": SPOTS[:3], "steps": True, "annotations": True, "geometries": "geojson", "overview": "by_legs",
        "alternatives": 2, "waypoints": [0, 2], "generate_hints": False, "snapping": "any",
    },
    "/nearest/v1/car": {"coordinates": SPOTS[:1], "number": 3, "bearings": [None]},
}  # fmt: skip


@pytest.mark.parametrize("path", ASKED)
def test_spoilt_questions_about_streets(compat: Live, path: str) -> None:
    known = len(compat.defects())
    random = np.random.default_rng(11)
    statuses: dict[int, int] = {}
    with httpx.Client(base_url=compat.url, timeout=60) as client:
        assert client.post(path, json=ASKED[path]).status_code == 200
        for _ in range(80):
            body = json.dumps(spoilt(ASKED[path], random)).encode()
            reply = client.post(path, content=body, headers={"content-type": "application/json"})
            statuses[reply.status_code] = statuses.get(reply.status_code, 0) + 1
            assert reply.status_code in (200, 400, 404, 406), (body, reply.text)
            told = reply.json()
            if reply.status_code != 200:
                assert (told["code"] and told["message"]) if "v1" in path else told["error"]["code"] >= 400, told
    assert statuses[200] > 1 and statuses[400] > 20, statuses
    assert len(compat.defects()) == known


@pytest.mark.parametrize(
    "path",
    [
        "/table/v1/car/", "/table/v1/car/;", "/table/v1/car/%00", "/table//", "/route/v1/car/2,47;2,47.001?%ff=%fe",
        "/nearest/v1/%2e%2e/2,47", "/table/v1/car/polyline(%ff%fe)", "/table/v1/car/1e999,47;2,47",
        "/table/v1/car/nan,nan",
        "/route/v1/car/2,47;2,47.001?steps", "/route/v1/car/polyline6({}{}{})", "/v2/directions/driving-car",
        "/v2/directions/driving-car?start=a,b&end=", "/v2/directions/driving-car?start=nan,inf&end=2,47", "/v2/nothing",
        "/table/v1/car/2,47;2,47.001?radiuses=" + "9" * 400 + ";1", "/table/v1/car/" + "2," * 4000,
    ],
)  # fmt: skip
def test_odd_urls(compat: Live, path: str) -> None:
    known = len(compat.defects())
    reply = httpx.get(compat.url + path)
    assert 400 <= reply.status_code < 500, reply.text
    assert ("code" in reply.json()) is path.startswith(("/table", "/route", "/nearest"))
    assert len(compat.defects()) == known
