"""Rules of VROOM that the kernels don't know: kept to the letter, and as much served as there is to serve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement, pairwise, permutations
from typing import Any

import numpy as np
import pytest

from routing.compat.vroom import read_request, solve_vroom
from routing.compat.vroom_check import check_vroom
from routing.compat.vroom_strict import has_strict_rules
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from tests.routing.vroom_drawn import Merit

Json = dict[str, Any]
BASE: Json = {
    "vehicles": [{"id": 1, "start_index": 0, "end_index": 0, "capacity": [4]}],
    "jobs": [{"id": n, "location_index": n, "delivery": [1], "service": 60} for n in (1, 2, 3)],
    "matrices": {
        "car": {
            "durations": [[0, 100, 200, 300], [100, 0, 100, 200], [200, 100, 0, 100], [300, 200, 100, 0]],
            "distances": [[0, 10, 20, 30], [10, 0, 10, 20], [20, 10, 0, 10], [30, 20, 10, 0]],
        }
    },
}


def solved(iterations: int = 200, is_strict: bool = True, **vehicle: Any) -> Json:
    document = {**BASE, "vehicles": [BASE["vehicles"][0] | vehicle]}
    assert has_strict_rules(read_request(document)) == is_strict
    engines = [] if is_strict or not iterations else [RuinRecreateEngine(seed=1, iterations=iterations)]
    answer = solve_vroom(document, None, Stop(600), engines, iterations=iterations)
    assert answer["code"] == 0 and check_vroom(document, answer) == []
    return answer


@pytest.mark.parametrize("iterations", [0, 200])
@pytest.mark.parametrize("more", [{}, {"costs": {"per_task_hour": 1}}])
def test_limits_of_a_route(iterations: int, more: Json) -> None:
    def limited(**vehicle: int) -> Json:
        return solved(iterations, is_strict=bool(more), **vehicle, **more)

    assert limited(max_travel_time=600)["summary"]["unassigned"] == 0
    assert [one["id"] for one in limited(max_travel_time=599)["unassigned"]] == [3]
    assert [one["id"] for one in limited(max_distance=40)["unassigned"]] == [3]
    assert limited(max_distance=0)["routes"] == []


def test_work_is_paid_and_depends_on_the_type() -> None:
    assert solved(costs={"per_task_hour": 3600})["summary"]["cost"] == 600 + 180
    document = {
        **BASE,
        "vehicles": [{"id": n, "start_index": 0, "type": kind, "time_window": [0, 400]} for n, kind in enumerate("ab")],
        "jobs": [
            {"id": 1, "location_index": 3, "service": 999, "service_per_type": {"b": 5}, "setup_per_type": {"b": 7}}
        ],
    }
    document["vehicles"][0]["time_window"] = [0, 100]
    answer = solve_vroom(document, None, Stop(600), iterations=50)
    assert check_vroom(document, answer) == []
    assert [(route["vehicle"], route["setup"], route["service"]) for route in answer["routes"]] == [(1, 7, 5)]


def test_breaks_by_their_windows_and_by_load() -> None:
    late = [{"id": 5, "time_windows": [[0, 1], [350, 360]], "service": 30}]
    steps = solved(breaks=late, time_window=[2, 2000])["routes"][0]["steps"]
    (rest,) = [one for one in steps if one["type"] == "break"]
    assert 350 <= rest["arrival"] + rest["waiting_time"] <= 360
    empty = [{"id": 5, "time_windows": [[0, 5000]], "service": 30, "max_load": [1]}]
    steps = solved(breaks=empty)["routes"][0]["steps"]
    assert next(one for one in steps if one["type"] == "break")["load"][0] <= 1


@pytest.mark.parametrize("seed", range(30))
def test_as_much_is_served_as_can_be(seed: int) -> None:
    document = draw(seed)
    answer = solve_vroom(document, None, Stop(600), seed=seed, iterations=300)
    assert answer["code"] == 0 and check_vroom(document, answer) == [], answer
    served = answer["summary"]["priority"], 4 - answer["summary"]["unassigned"]
    best = max(merits(document))
    assert served == best[:2]
    assert answer["summary"]["cost"] <= -best[2] + 1


def draw(seed: int) -> Json:
    """Return four jobs for one vehicle with every rule."""
    random = np.random.default_rng(seed)
    seconds = (random.integers(20, 120, (5, 5)) * (1 - np.eye(5, dtype=int))).tolist()
    jobs = []
    for n in range(1, 5):
        job: Json = {"id": n, "location_index": n, "delivery": [1], "service": int(random.integers(0, 40))}
        job |= {
            "setup": 5,
            "priority": int(random.integers(0, 3)),
            "service_per_type": {"a": int(random.integers(0, 60))},
        }
        if random.random() < 0.4:
            opens = int(random.integers(0, 300))
            job["time_windows"] = [[opens, opens + 60], [opens + 150, opens + 170]]
        jobs.append(job)
    opens = int(random.integers(50, 200))
    rest = {"id": 1, "time_windows": [[opens, opens + 30], [opens + 120, opens + 150]], "service": 20}
    rest["max_load"] = [int(random.integers(0, 4))]
    vehicle = {
        "id": 1, "start_index": 0, "end_index": 0, "capacity": [3 + seed % 2], "type": "ab"[seed % 2],
        "max_travel_time": int(random.integers(150, 500)), "time_window": [0, int(random.integers(400, 700))],
        "costs": {"per_hour": 3600, "per_task_hour": 1800, "fixed": 7}, "breaks": [rest],
    }  # fmt: skip
    return {"vehicles": [vehicle], "jobs": jobs, "matrices": {"car": {"durations": seconds}}}


def merits(document: Json) -> Iterator[Merit]:
    """Yield the merit of every route that may be driven, and of none."""
    yield 0, 0, 0
    (vehicle,) = document["vehicles"]
    for count in range(1, 5):
        for route in permutations(document["jobs"], count):
            travel, work = drive_and_work(document, route)
            if travel > vehicle["max_travel_time"] or count > vehicle["capacity"][0]:
                continue
            after = combinations_with_replacement(range(count + 1), 1)
            if any(in_time(document, route, place) for (place,) in after):
                cost = vehicle["costs"]["fixed"] + travel + (work + vehicle["breaks"][0]["service"]) / 2
                yield sum(job["priority"] for job in route), count, -int(cost)


def work_of(vehicle: Json, job: Json) -> int:
    service = job["service_per_type"].get(vehicle["type"], job["service"])
    return int(job["setup"] + service)


def drive_and_work(document: Json, route: Sequence[Json]) -> tuple[int, int]:
    (vehicle,) = document["vehicles"]
    places = [0, *(job["location_index"] for job in route), 0]
    seconds = document["matrices"]["car"]["durations"]
    return sum(seconds[a][b] for a, b in pairwise(places)), sum(work_of(vehicle, job) for job in route)


def in_time(document: Json, route: Sequence[Json], rest_after: int) -> bool:
    """Whether a route may be driven with the break at any second between two of its stops."""
    (vehicle,) = document["vehicles"]
    seconds, rest = document["matrices"]["car"]["durations"], vehicle["breaks"][0]
    if len(route) - rest_after > rest["max_load"][0]:
        return False
    clock, here = 0, 0
    for number, job in enumerate([*route, None]):
        there = job["location_index"] if job else 0
        arrival: float = clock + seconds[here][there]
        if number == rest_after:
            begins = [at for opens, closes in rest["time_windows"] for at in range(max(opens, clock), closes + 1)]
            arrival = min(
                (
                    max(at + rest["service"], at + rest["service"] + seconds[here][there] - (at - clock))
                    for at in begins
                ),
                default=np.inf,
            )
        if job is None:
            return bool(arrival <= vehicle["time_window"][1])
        starts = [max(arrival, opens) for opens, closes in job.get("time_windows", [[0, 10**6]]) if arrival <= closes]
        if not starts:
            return False
        clock, here = int(min(starts)) + work_of(vehicle, job), there
    raise AssertionError("a route ends")
