"""Every kind of wrong answer is found: a right one is spoilt in one place, and the check must say so."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from typing import Any

import pytest

from routing.compat.vroom import check_vroom, solve_vroom
from routing.solver.stop import Stop
from tests.conftest import ROOT
from tests.test_architecture import Module

Json = dict[str, Any]

SECONDS = [[0, 100, 250], [110, 0, 130], [260, 140, 0]]
METRES = [[0, 1000, 2500], [1100, 0, 1300], [2600, 1400, 0]]
DOCUMENT: Json = {
    "vehicles": [
        {"id": 6, "start_index": 0, "capacity": [0]},
        {
            "id": 7,
            "start_index": 0,
            "end_index": 0,
            "capacity": [5],
            "skills": [1],
            "max_tasks": 2,
            "time_window": [50, 5000],
            "breaks": [{"id": 9, "time_windows": [[300, 1000]], "service": 60}],
            "costs": {"fixed": 10, "per_hour": 1800, "per_km": 7},
        },
    ],
    "jobs": [
        {
            "id": 1,
            "location_index": 1,
            "service": 30,
            "setup": 5,
            "delivery": [2],
            "skills": [1],
            "priority": 2,
            "time_windows": [[100, 200]],
        },
        {"id": 2, "location_index": 2, "pickup": [3], "time_windows": [[1200, 1300], [2000, 2100]]},
        {"id": 3, "location_index": 1, "amount": [9], "description": "too much"},
    ],
    "matrices": {"car": {"durations": SECONDS, "distances": METRES}},
}


@pytest.fixture(scope="module")
def right() -> Json:
    answer = solve_vroom(DOCUMENT, None, Stop(0))
    assert [step["type"] for step in answer["routes"][0]["steps"]] == ["start", "job", "break", "job", "end"]
    return answer


def test_a_right_answer_passes(right: Json) -> None:
    assert check_vroom(DOCUMENT, right) == []


def route(answer: Json) -> Json:
    found: Json = answer["routes"][0]
    return found


def step(answer: Json, row: int) -> Json:
    found: Json = route(answer)["steps"][row]
    return found


def later(answer: Json, first: int, seconds: int) -> None:
    for one in route(answer)["steps"][first:]:
        one["arrival"] += seconds


def add(holder: Callable[[Json], Json], key: str, more: int = 1) -> Callable[[Json], None]:
    def spoil(answer: Json) -> None:
        holder(answer)[key] += more

    return spoil


def of_step(row: int) -> Callable[[Json], Json]:
    return lambda answer: step(answer, row)


def drop_the_break(answer: Json) -> None:
    del route(answer)["steps"][2]


def long_break(answer: Json) -> None:
    step(answer, 2)["service"] += 1
    later(answer, 3, 1)
    route(answer)["service"] += 1
    answer["summary"]["service"] += 1


def swap_the_jobs(answer: Json) -> None:
    step(answer, 1)["id"], step(answer, 3)["id"] = 2, 1


def too_early(answer: Json) -> None:
    later(answer, 0, -10_000)


def too_late(answer: Json) -> None:
    later(answer, 0, 5_000)


SPOILT: list[tuple[Callable[[Json], object], str]] = [
    (lambda a: a["unassigned"].clear(), "job 3 is not answered"),
    (lambda a: a["unassigned"].append({"id": 4, "type": "job"}), "job 4 was not asked for"),
    (lambda a: a["unassigned"].append({"id": 1, "type": "job"}), "job 1 is answered 2 times"),
    (lambda a: a["unassigned"][0].update(description="x"), "description is not what was given"),
    (lambda a: step(a, 1).update(location_index=2), "location_index is not what was given"),
    (lambda a: route(a).update(vehicle=8), "on no list"),
    (lambda a: route(a).update(vehicle=6), "vehicle 6"),
    (lambda a: a["routes"].append(copy.deepcopy(route(a))), "drives twice"),
    (lambda a: route(a)["steps"].pop(), "are no route"),
    (lambda a: step(a, 0).update(type="job", id=1), "are no route"),
    (swap_the_jobs, "the matrix says"),
    (add(of_step(3), "arrival"), "s away"),
    (add(of_step(1), "waiting_time", 7), "no window opens"),
    (add(of_step(1), "setup", 4), "setup and service should take"),
    (add(of_step(1), "service", 4), "setup and service should take"),
    (add(of_step(0), "service", 4), "start takes time"),
    (add(of_step(1), "duration"), "the matrix says"),
    (add(of_step(1), "distance"), "is not the matrix's"),
    (lambda a: step(a, 1).update(waiting_time=-1), "negative time"),
    (too_early, "allowed [50, 5000]"),
    (too_late, "allowed [50, 5000]"),
    (too_late, "job 2 starts at"),
    (too_late, "break 9 starts at"),
    (drop_the_break, "breaks [] are taken"),
    (long_break, "break 9 should last 60 s"),
    (lambda a: step(a, 1)["load"].__setitem__(0, 4), "counted"),
    (add(route, "cost", 5), "cost"),
    (add(route, "setup"), "setup"),
    (add(route, "waiting_time"), "waiting_time"),
    (add(route, "duration"), "duration"),
    (add(route, "distance"), "distance"),
    (add(route, "priority"), "priority"),
    (lambda a: route(a)["violations"].append({"cause": "load"}), "violations"),
    (lambda a: step(a, 1)["violations"].append({"cause": "load"}), "violations"),
    *(
        (add(lambda a: a["summary"], key), f"summary: {key}")
        for key in ("cost", "duration", "distance", "setup", "service", "waiting_time", "priority")
    ),
    (add(lambda a: a["summary"], "routes"), "not as many"),
    (add(lambda a: a["summary"], "unassigned"), "not as many"),
    (lambda a: a["summary"].update(delivery=[9]), "summary: delivery"),
    (lambda a: a["summary"].update(pickup=[9]), "summary: pickup"),
]


@pytest.mark.parametrize(("spoil", "message"), SPOILT, ids=[f"{row}-{text}" for row, (_, text) in enumerate(SPOILT)])
def test_a_spoilt_answer_is_found(right: Json, spoil: Callable[[Json], object], message: str) -> None:
    answer = copy.deepcopy(right)
    spoil(answer)
    assert any(message in one for one in check_vroom(DOCUMENT, answer)), check_vroom(DOCUMENT, answer)


STRICTER: list[tuple[Callable[[Json], object], str]] = [
    (lambda d: d["vehicles"][1].update(capacity=[2]), "3 on board, 2 is the most"),
    (lambda d: d["vehicles"][1].update(skills=[]), "needs skills [1]"),
    (lambda d: d["vehicles"][1].update(max_tasks=1), "2 tasks, 1 at most"),
    (lambda d: d["jobs"][0].update(time_windows=[[0, 20]]), "job 1 starts at"),
    (lambda d: d["matrices"]["car"].update(costs=METRES), "counted"),
    (lambda d: d["matrices"]["car"]["durations"][0].__setitem__(1, 10**9), "the matrix says"),
    (lambda d: d["vehicles"][1].update(speed_factor=2), "the matrix says"),
]


@pytest.mark.parametrize(("change", "message"), STRICTER, ids=[text for _, text in STRICTER])
def test_an_answer_to_a_laxer_document_is_found(right: Json, change: Callable[[Json], object], message: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    change(document)
    assert any(message in one for one in check_vroom(document, right)), check_vroom(document, right)


VROOMS: Json = {
    "document": {
        "vehicles": [
            {"id": 1, "start_index": 0, "end_index": 0, "capacity": [4], "time_window": [0, 10000],
             "breaks": [{"id": 7, "time_windows": [[300, 350]], "service": 60}], "speed_factor": 1.3,
             "costs": {"fixed": 10, "per_hour": 1800, "per_km": 7}}
        ],
        "jobs": [
            {"id": 1, "location_index": 1, "setup": 11, "service": 33, "delivery": [1], "time_windows": [[400, 3000]]},
            {"id": 2, "location_index": 2, "service": 5, "pickup": [2], "priority": 3},
        ],
        "matrices": {"car": {"durations": SECONDS, "distances": METRES}},
    }
}  # fmt: skip


def test_breaks_on_the_way_are_right() -> None:
    """VROOM drives part of a leg, rests, and drives on; its durations are cut to whole seconds, ours rounded up."""
    nothing: Json = {"setup": 0, "service": 0, "waiting_time": 0, "violations": []}
    steps = [
        nothing | {"type": "start", "arrival": 330, "duration": 0, "distance": 0, "load": [1]},
        nothing | {"type": "break", "id": 7, "arrival": 350, "service": 60, "duration": 20, "distance": 260,
                   "load": [1]},
        nothing | {"type": "job", "id": 1, "arrival": 467, "setup": 11, "service": 33, "duration": 77, "distance": 1000,
                   "load": [0]},
        nothing | {"type": "job", "id": 2, "arrival": 611, "service": 5, "duration": 177, "distance": 2300,
                   "load": [2]},
        nothing | {"type": "end", "arrival": 816, "duration": 377, "distance": 4900, "load": [2]},
    ]  # fmt: skip
    sums: Json = {"cost": 233, "setup": 11, "service": 98, "duration": 377, "waiting_time": 0, "priority": 3,
                  "distance": 4900, "delivery": [1], "pickup": [2]}  # fmt: skip
    answer: Json = {
        "code": 0,
        "summary": sums | {"routes": 1, "unassigned": 0},
        "unassigned": [],
        "routes": [sums | {"vehicle": 1, "steps": steps, "violations": []}],
    }
    assert check_vroom(VROOMS["document"], answer) == []


def test_the_check_shares_no_code() -> None:
    path = "routing/compat/vroom_check.py"
    imports = Module(path, (ROOT / path).read_text(encoding="utf-8")).imports
    assert {one.target.partition(".")[0] for one in imports} <= set(sys.stdlib_module_names)
