"""Every feature of VROOM's contract, answered by us and by VROOM itself in one run: as much served, and no dearer."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest

from benchmarks.vroom_served import FEATURES as DRAWN
from benchmarks.vroom_served import draw, feature_of, with_feature
from routing.compat.vroom import solve_vroom
from routing.compat.vroom_check import check_vroom
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from tests.conftest import ROOT
from tests.routing.vroom_peer import peer

Json = dict[str, Any]
SCHEMA = json.loads((ROOT / "tests/contracts/vroom-solution.schema.json").read_text())
ITERATIONS = 5_000
UNTOLD = {"distance"}
"""pyvroom tells none; VROOM's own binary does where there are distances."""


def base() -> Json:
    document = draw(1, 12, breaks=False)
    document["vehicles"] = document["vehicles"][:2]
    return document


def shipments() -> Json:
    document = base()
    jobs, document["jobs"] = document["jobs"], document["jobs"][:4]
    document["shipments"] = [
        {"pickup": half(jobs[n]), "delivery": half(jobs[n + 1]), "amount": [2], "priority": 10 * (n % 4), "skills": []}
        for n in (4, 6, 8)
    ]
    return document


def half(job: Json) -> Json:
    return {key: job[key] for key in ("id", "location_index", "setup", "service")}


def changed(vehicle: Json | None = None, job: Json | None = None, document: Json | None = None) -> Json:
    found = copy.deepcopy(document or base())
    for one in found["vehicles"]:
        one.update(copy.deepcopy(vehicle or {}))
    for one in found["jobs"][::2]:
        one.update(copy.deepcopy(job or {}))
    return found


def priced(**more: Any) -> Json:
    found = changed(vehicle={"costs": {"fixed": 500, "per_hour": 1800, "per_km": 120, **more}})
    found["matrices"]["car"]["distances"] = [
        [8 * value for value in row] for row in found["matrices"]["car"]["durations"]
    ]
    return found


def own_costs() -> Json:
    found = changed()
    found["matrices"]["car"]["costs"] = [
        [value // 7 + 3 for value in row] for row in found["matrices"]["car"]["durations"]
    ]
    return found


def steps() -> Json:
    found = changed(vehicle={"skills": [1, 2, 3]})
    found["vehicles"][0]["steps"] = [{"type": "start"}, *({"type": "job", "id": n} for n in (3, 1)), {"type": "end"}]
    return found


REST = {"id": 1, "time_windows": [[32_000, 33_000]], "service": 600, "description": "lunch"}
TWICE = REST | {"time_windows": [[28_800, 28_900], [33_000, 33_500]]}
BY_BIKE = {"service_per_type": {"bike": 30}, "setup_per_type": {"bike": 5}}
FEATURES = {
    "jobs": base(),
    "shipments": shipments(),
    "shipments with one place on board": changed(vehicle={"capacity": [2]}, document=shipments()),
    "the deprecated matrix": {**base(), "matrices": None, "matrix": base()["matrices"]["car"]["durations"]},
    "costs of their own": own_costs(),
    "prices": priced(),
    "per_task_hour": priced(per_task_hour=3600),
    "skills": changed(vehicle={"skills": [1]}, job={"skills": [1]}),
    "skills of nobody": changed(vehicle={"skills": [1]}, job={"skills": [9]}),
    "priorities": changed(vehicle={"time_window": [28_800, 31_000]}, job={"priority": 60}),
    "several windows": changed(job={"time_windows": [[29_000, 30_000], [34_000, 36_000]]}),
    "breaks": changed(vehicle={"breaks": [REST]}),
    "two breaks": changed(vehicle={"breaks": [REST, {"id": 2, "time_windows": [[30_000, 31_000]], "service": 60}]}),
    "breaks with two windows": changed(vehicle={"breaks": [TWICE]}),
    "breaks by load": changed(vehicle={"breaks": [REST | {"time_windows": [[28_800, 40_000]], "max_load": [9]}]}),
    "no end": changed(vehicle={"end_index": None}),
    "no start": changed(vehicle={"start_index": None}),
    "max_tasks": changed(vehicle={"max_tasks": 3}),
    "max_travel_time": changed(vehicle={"max_travel_time": 4000}),
    "max_distance": priced() | {"vehicles": [one | {"max_distance": 30_000} for one in priced()["vehicles"]]},
    "speed_factor": changed(vehicle={"speed_factor": 1.25}),
    "work by type": changed(vehicle={"type": "bike"}, job=BY_BIKE),
    "two dimensions": changed(vehicle={"capacity": [30, 4]}, job={"delivery": [1, 1], "pickup": [2, 0]}),
    "amount": changed(vehicle={"capacity": [12]}),
    "steps": steps(),
    "descriptions": changed(vehicle={"description": "van"}, job={"description": "door"}),
    "unix times": changed(vehicle={"time_window": [1_795_000_000, 1_795_012_000]}),
}  # fmt: skip


def cleaned(document: Json) -> Json:
    """Return a document without the keys that were set to nothing, amounts in the vehicles' dimensions."""
    document = {key: value for key, value in document.items() if value is not None}
    document["vehicles"] = [{k: v for k, v in one.items() if v is not None} for one in document["vehicles"]]
    dims = len(document["vehicles"][0]["capacity"])
    for job in document["jobs"]:
        for key in ("delivery", "pickup"):
            if key in job:
                job[key] = (job[key] + [0] * dims)[:dims]
    return document


@pytest.mark.parametrize("name", FEATURES)
def test_no_less_is_served_and_no_dearer(name: str) -> None:
    document = cleaned(copy.deepcopy(FEATURES[name]))
    theirs = peer(document)
    ours = solve_vroom(document, None, Stop(600), (RuinRecreateEngine(1, iterations=ITERATIONS),), iterations=250)
    assert theirs["code"] == ours["code"] == 0, (theirs, ours)
    jsonschema.validate(ours, SCHEMA)
    assert check_vroom(document, ours) == []
    assert check_vroom(document, theirs) == []
    assert same_keys(ours, theirs)
    assert merit(ours) >= merit(theirs)
    if merit(ours) == merit(theirs):
        # they round down, we round; at a speed factor they count hundredths, we whole seconds of every leg
        legs = len(document["jobs"]) if name == "speed_factor" else 0
        assert ours["summary"]["cost"] <= theirs["summary"]["cost"] + len(ours["routes"]) + legs


@pytest.mark.parametrize("seed", range(2 * len(DRAWN)))
def test_the_benchmarks_features_pass_one_checker(seed: int) -> None:
    document = with_feature(draw(seed, 16, breaks=True), seed)
    asked = document if feature_of(seed) == "shipments" else document["vehicles"][0]
    assert asked[feature_of(seed)]
    ours = solve_vroom(document, None, Stop(600), (RuinRecreateEngine(1, iterations=ITERATIONS),), iterations=250)
    assert ours["code"] == 0, ours
    jsonschema.validate(ours, SCHEMA)
    assert check_vroom(document, ours) == []
    theirs = peer(document)  # skips here where there is none
    assert check_vroom(document, theirs) == []
    assert merit(ours) >= merit(theirs)


def merit(answer: Json) -> tuple[int, int]:
    return answer["summary"]["priority"], -answer["summary"]["unassigned"]


def same_keys(ours: Json, theirs: Json) -> bool:
    """Whether answers, summaries, routes and steps of one kind have the same keys."""
    kinds = [lambda answer: answer, lambda answer: answer["summary"], lambda answer: (answer["routes"] or [{}])[0]]
    kinds += [
        lambda answer, kind=kind: next(
            (step for route in answer["routes"] for step in route["steps"] if step["type"] == kind), {}
        )
        for kind in ("start", "break", "end")
    ]
    return all(kind(ours).keys() - UNTOLD == kind(theirs).keys() - UNTOLD for kind in kinds)


WRONG: list[Json] = [
    {"vehicles": [], "jobs": [{"id": 1, "location_index": 0}]},
    {"vehicles": [{"id": 1, "start_index": 0}], "jobs": []},
    {"vehicles": [{"id": 1, "start_index": 0}], "jobs": [{"id": 1, "location_index": 0}] * 2},
    {"vehicles": [{"id": 1, "start_index": 5}], "jobs": [{"id": 1, "location_index": 0}]},
    {"vehicles": [{"id": 1, "start_index": 0}], "jobs": [{"id": 1, "location_index": 0, "delivery": [1, 2]}]},
    {"vehicles": [{"id": 1, "start_index": 0}], "jobs": [{"id": 1, "location_index": 0, "time_windows": [[5, 1]]}]},
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_errors_in_the_same_words(number: int) -> None:
    document = WRONG[number] | {"matrices": {"car": {"durations": [[0, 1], [1, 0]]}}}
    assert solve_vroom(document, None, Stop(0)) == peer(document)
