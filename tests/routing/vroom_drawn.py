"""Small random VROOM documents, and what is the best that can be done with them: every sequence is tried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations
from typing import Any

import numpy as np

Json = dict[str, Any]
Merit = tuple[int, int, int]
"""What VROOM compares: priorities, tasks (both to be large), minus the cost."""

NO_WINDOW = (0, 2**32 - 1)


def draw_document(seed: int, jobs: int, breaks: bool, shipments: int = 0) -> Json:
    """Return a document with a bit of everything, hard enough that often not all jobs can be served.

    Of ``jobs`` tasks, twice ``shipments`` are the halves of shipments.
    """
    random = np.random.default_rng(seed)
    durations = random.integers(1, 200, (jobs + 2, jobs + 2)) * (1 - np.eye(jobs + 2, dtype=int))
    document: Json = {
        "vehicles": [_draw_vehicle(random, row, breaks) for row in range(2)],
        "jobs": [_draw_job(random, row) for row in range(jobs)],
        "matrices": {"car": {"durations": durations.tolist(), "distances": (durations * 9 + 1).tolist()}},
    }
    for row in range(shipments):
        halves = {"pickup": document["jobs"].pop(), "delivery": document["jobs"].pop()}
        common = {"amount": [int(random.integers(1, 5)), 1], "priority": int(random.integers(0, 2)) * 20}
        for half in halves.values():
            for key in ("delivery", "pickup", "skills", "priority"):
                half.pop(key, None)
            half["id"] = 50 + row
        document.setdefault("shipments", []).append(halves | common | {"skills": [1] * (row % 2)})
    if seed % 4 == 0:
        document["matrices"]["car"]["costs"] = random.integers(1, 99, durations.shape).tolist()
        for vehicle in document["vehicles"]:
            del vehicle["costs"]["per_hour"], vehicle["costs"]["per_km"]
    return document


def _draw_vehicle(random: np.random.Generator, row: int, breaks: bool) -> Json:
    vehicle: Json = {
        "id": row + 1,
        "capacity": [int(random.integers(3, 9)), 9],
        "skills": [1] if random.random() < 0.5 else [],
        "time_window": [int(random.integers(0, 100)), int(random.integers(400, 900))],
        "costs": {
            "fixed": int(random.integers(0, 3)) * 50,
            "per_hour": int(random.integers(1, 4)) * 1800,
            "per_km": int(random.integers(0, 3)) * 20,
        },
    }
    ends = int(random.integers(0, 4))
    if ends != 1:
        vehicle["start_index"] = row
    if ends != 2:
        vehicle["end_index"] = row
    if random.random() < 0.3:
        vehicle["max_tasks"] = int(random.integers(1, 4))
    if breaks:
        vehicle["breaks"] = [{"id": 5, "time_windows": [[150, int(random.integers(200, 380))]], "service": 20}]
    return vehicle


def _draw_job(random: np.random.Generator, row: int) -> Json:
    job: Json = {"id": row + 10, "location_index": row + 2}
    if random.random() < 0.3:
        job["location_index"] = 2
    job |= {"setup": int(random.integers(0, 30)), "service": int(random.integers(0, 60))}
    job["delivery" if random.random() < 0.6 else "pickup"] = [int(random.integers(1, 5)), 1]
    if random.random() < 0.5:
        opens = int(random.integers(0, 500))
        job["time_windows"] = [[opens, opens + int(random.integers(0, 120))]]
        if random.random() < 0.4:
            job["time_windows"].append([opens + 200, opens + 260])
    if random.random() < 0.2:
        job["skills"] = [1]
    if random.random() < 0.4:
        job["priority"] = int(random.integers(0, 4)) * 20
    return job


def best_merit(document: Json) -> Merit:
    """Return the best merit of any plan: both vehicles' best routes over every split of the jobs."""
    jobs = tasks_of(document)
    first, second = ([_best_cost(document, one, subset) for subset in _subsets(jobs)] for one in document["vehicles"])
    worth = [(sum(job.get("priority", 0) for job in subset), len(subset)) for subset in _subsets(jobs)]
    merits = []
    for mine, cost in enumerate(first):
        for others, other_cost in enumerate(second):
            if not mine & others and cost is not None and other_cost is not None:
                merits.append((*worth[mine | others], -cost - other_cost))
    return max(merits)


def tasks_of(document: Json) -> list[Json]:
    """Return jobs and halves of shipments, these with what their shipment says and which one it is."""
    tasks = list(document["jobs"])
    for row, shipment in enumerate(document.get("shipments", [])):
        for half in ("pickup", "delivery"):
            common = {"skills": shipment["skills"], "priority": shipment["priority"], half: shipment["amount"]}
            tasks.append(shipment[half] | common | {"shipment": row, "half": half})
    return tasks


def _subsets(jobs: Sequence[Json]) -> Iterator[list[Json]]:
    """Yield the subset of every bit mask, in the masks' order."""
    for mask in range(1 << len(jobs)):
        yield [job for row, job in enumerate(jobs) if mask >> row & 1]


def _best_cost(document: Json, vehicle: Json, subset: Sequence[Json]) -> int | None:
    """Return the cost of the cheapest feasible route over exactly these jobs, None if there is none."""
    if not subset:
        return 0
    if len(subset) > vehicle.get("max_tasks", len(subset)):
        return None
    if any(set(job.get("skills", [])) - set(vehicle["skills"]) for job in subset):
        return None
    costs = [
        _cost(document, vehicle, route)
        for route in permutations(subset)
        if _in_pairs(route)
        and _loads_fit(vehicle, route)
        and any(_in_time(document, vehicle, route, after) for after in _rests(vehicle, route))
    ]
    return min(costs, default=None)


def _rests(vehicle: Json, route: Sequence[Json]) -> Iterator[int | None]:
    """Yield after how many jobs the break may be taken."""
    yield from range(len(route) + 1) if vehicle.get("breaks") else [None]


def _in_pairs(route: Sequence[Json]) -> bool:
    """Return whether both halves of every shipment are on the route, the pickup first."""
    halves = [(job["shipment"], job["half"]) for job in route if "shipment" in job]
    rows = {row for row, _ in halves}
    whole = all((row, half) in halves for row in rows for half in ("pickup", "delivery"))
    return whole and all(halves.index((row, "pickup")) < halves.index((row, "delivery")) for row in rows)


def _loads_fit(vehicle: Json, route: Sequence[Json]) -> bool:
    none = [0] * len(vehicle["capacity"])
    load = np.sum([none, *(job.get("delivery", none) for job in route if "shipment" not in job)], axis=0)
    for job in route:
        if (load > vehicle["capacity"]).any():
            return False
        load = load + job.get("pickup", none) - job.get("delivery", none)
    return bool((load <= vehicle["capacity"]).all())


def _in_time(document: Json, vehicle: Json, route: Sequence[Json], rest_after: int | None) -> bool:
    durations = document["matrices"]["car"]["durations"]
    clock, here = vehicle["time_window"][0], vehicle.get("start_index")
    for position, job in enumerate([*route, None]):
        if position == rest_after:
            opens, closes = vehicle["breaks"][0]["time_windows"][0]
            clock = max(clock, opens)
            if clock > closes:
                return False
            clock += vehicle["breaks"][0]["service"]
        there = job["location_index"] if job else vehicle.get("end_index")
        clock += durations[here][there] if here is not None and there is not None else 0
        if job is not None:
            starts = [max(clock, opens) for opens, closes in job.get("time_windows", [NO_WINDOW]) if clock <= closes]
            if not starts:
                return False
            clock = min(starts) + job["service"] + (job["setup"] if here != there else 0)
        here = there
    return bool(clock <= vehicle["time_window"][1])


def _cost(document: Json, vehicle: Json, route: Sequence[Json]) -> int:
    matrices, costs = document["matrices"]["car"], vehicle["costs"]
    places = [vehicle.get("start_index"), *(job["location_index"] for job in route), vehicle.get("end_index")]
    legs = [(a, b) for a, b in pairwise(places) if a is not None and b is not None]
    if "costs" in matrices:
        return int(costs["fixed"] + sum(matrices["costs"][a][b] for a, b in legs))
    seconds, metres = (sum(matrices[kind][a][b] for a, b in legs) for kind in ("durations", "distances"))
    return int(costs["fixed"] + (costs["per_hour"] * seconds / 3600 + costs["per_km"] * metres / 1000 + 0.5) // 1)
