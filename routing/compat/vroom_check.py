"""Checks a VROOM answer against its input: standard library only, no code shared with what wrote the answer.

It says nothing about how good an answer is, only whether it can be driven and adds up. VROOM's own answers pass it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

Json = dict[str, Any]
Task = tuple[str, int]
Tasks = dict[Task, Json]

TASKS = {"job", "pickup", "delivery"}

FOREVER = 2**32 - 1
UNREACHABLE = 10**9
PER_TYPE = ("setup_per_type", "service_per_type")
SUMS = ("setup", "service", "waiting_time")


def check_vroom(document: Json, solution: Json) -> list[str]:
    """Return what is wrong with ``solution``, nothing if it is right.

    Parameters
    ----------
    document : dict
        VROOM's input. Legs are compared with its matrices; without any, they only have to add up.
    solution : dict
        VROOM's answer with code 0.
    """
    jobs = _tasks(document)
    mistakes = list(_job_mistakes(jobs, solution))
    remaining = list(document["vehicles"])
    for route in solution["routes"]:
        # ids may repeat: routes come in the vehicles' order, so each goes to the first one left that could drive it
        candidates = [index for index, vehicle in enumerate(remaining) if vehicle["id"] == route["vehicle"]]
        if not candidates:
            mistakes.append(f"vehicle {route['vehicle']} is on no list, or drives twice")
            continue
        found = [list(_route_mistakes(document, remaining[index], jobs, route)) for index in candidates]
        chosen = next((row for row, wrong in enumerate(found) if not wrong), 0)
        mistakes += [f"vehicle {route['vehicle']}: {wrong}" for wrong in found[chosen]]
        del remaining[: candidates[chosen] + 1]
    mistakes += _summary_mistakes(document, solution)
    return mistakes


def _tasks(document: Json) -> Tasks:
    """Return the tasks by kind and id; a shipment's halves know its amount, skills, priority and each other."""
    tasks = {("job", job["id"]): job for job in document.get("jobs", [])}
    for shipment in document.get("shipments", []):
        common = {key: shipment[key] for key in ("skills", "priority") if key in shipment}
        amount = {"amount": shipment["amount"]} if "amount" in shipment else {}
        for kind in ("pickup", "delivery"):
            known = (
                *("id", "description", "location", "location_index", "setup", "service", "time_windows"),
                *PER_TYPE,
            )
            half = {key: shipment[kind][key] for key in known if key in shipment[kind]}
            moved = {kind: amount["amount"]} if amount else {}
            tasks[kind, half["id"]] = half | common | moved | {"kind": kind, "pair": _pair_of(shipment)}
    return tasks


def _pair_of(shipment: Json) -> tuple[Task, Task]:
    return ("pickup", shipment["pickup"]["id"]), ("delivery", shipment["delivery"]["id"])


def _job_mistakes(jobs: Tasks, solution: Json) -> Iterator[str]:
    """Every job is served once or unassigned once, and nothing else is."""
    steps = [step for route in solution["routes"] for step in route["steps"] if step["type"] in TASKS]
    seen = Counter(map(_key, steps)) + Counter(map(_key, solution["unassigned"]))
    yield from (f"{kind} {one} is not answered" for kind, one in jobs.keys() - seen.keys())
    yield from (f"{kind} {one} was not asked for" for kind, one in seen.keys() - jobs.keys())
    yield from (f"{kind} {one} is answered {count} times" for (kind, one), count in seen.items() if count > 1)
    for answered in [*steps, *solution["unassigned"]]:
        given = jobs.get(_key(answered), {})
        for key in ("description", "location", "location_index"):
            if key in answered and answered[key] != given.get(key):
                yield f"{_name(answered)}: {key} is not what was given"


def _pair_mistakes(jobs: Tasks, steps: Sequence[Json]) -> Iterator[str]:
    """Both halves of a shipment are on the route, the pickup first."""
    served = [_key(step) for step in steps if step["type"] in TASKS]
    for task in served:
        pickup, delivery = jobs.get(task, {}).get("pair", (task, task))
        if pickup not in served or delivery not in served:
            yield f"{task[0]} {task[1]} is on the route without its other half"
        elif served.index(pickup) > served.index(delivery):
            yield f"delivery {delivery[1]} comes before its pickup"


def _route_mistakes(document: Json, vehicle: Json, jobs: Tasks, route: Json) -> Iterator[str]:
    steps = route["steps"]
    kinds = [step["type"] for step in steps]
    if kinds[0] != "start" or kinds[-1] != "end" or set(kinds[1:-1]) - {*TASKS, "break"} or not TASKS & set(kinds):
        yield f"steps {kinds} are no route"
        return
    served = [jobs.get(_key(step), {}) for step in steps if step["type"] in TASKS]
    yield from _pair_mistakes(jobs, steps)
    yield from _clock_mistakes(vehicle, jobs, steps)
    yield from _leg_mistakes(document, vehicle, jobs, steps)
    yield from _setup_mistakes(vehicle, jobs, steps)
    yield from _break_mistakes(vehicle, steps)
    yield from _load_mistakes(vehicle, jobs, steps)
    yield from _cost_mistakes(document, vehicle, jobs, route)
    if len(served) > vehicle.get("max_tasks", len(served)):
        yield f"{len(served)} tasks, {vehicle['max_tasks']} at most"
    if route["duration"] > vehicle.get("max_travel_time", FOREVER):
        yield f"{route['duration']} s on the road, {vehicle['max_travel_time']} at most"
    if _metres(document, vehicle, jobs, route) > vehicle.get("max_distance", FOREVER):
        yield f"{_metres(document, vehicle, jobs, route)} m, {vehicle['max_distance']} at most"
    for job in served:
        if set(job.get("skills", [])) - set(vehicle.get("skills", [])):
            yield f"{job.get('kind', 'job')} {job['id']} needs skills {job['skills']}"
    for key in SUMS:
        if route[key] != sum(step[key] for step in steps):
            yield f"{key} {route[key]} is not the sum of its steps"
    for key in ("duration", "distance"):
        if key in route and route[key] != steps[-1][key]:
            yield f"{key} {route[key]} is not that of its last step"
    if route["priority"] != sum(job.get("priority", 0) for job in served):
        yield f"priority {route['priority']} is not the sum of its jobs'"
    if route["violations"] or any(step["violations"] for step in steps):
        yield "violations are listed"


def _clock_mistakes(vehicle: Json, jobs: Tasks, steps: Sequence[Json]) -> Iterator[str]:
    """Steps follow each other without gap, services start inside their windows, all of it inside the vehicle's."""
    opens, closes = vehicle.get("time_window", [0, FOREVER])[:2]
    if steps[0]["arrival"] < opens or steps[-1]["arrival"] > closes:
        yield f"on the road from {steps[0]['arrival']} to {steps[-1]['arrival']}, allowed [{opens}, {closes}]"
    for before, step in pairwise(steps):
        travel = step["duration"] - before["duration"]
        if travel < 0 or step["arrival"] != _end(before) + travel:
            yield f"{_name(step)} at {step['arrival']}: {_name(before)} ends at {_end(before)}, {travel} s away"
    for step in steps:
        if min(step[key] for key in ("setup", "service", "waiting_time")) < 0:
            yield f"{_name(step)} has a negative time"
        if step["type"] in TASKS and _key(step) in jobs:
            yield from _window_mistakes(step, jobs[_key(step)].get("time_windows", [[0, FOREVER]]))


def _window_mistakes(step: Json, windows: Sequence[Sequence[int]]) -> Iterator[str]:
    start = step["arrival"] + step["waiting_time"]
    if not any(opens <= start <= closes for opens, closes, *_ in windows):
        yield f"{_name(step)} starts at {start}, allowed {windows}"
    if step["waiting_time"] and start not in {window[0] for window in windows}:
        yield f"{_name(step)} waits until {start}, when no window opens"


def _leg_mistakes(document: Json, vehicle: Json, jobs: Tasks, steps: Sequence[Json]) -> Iterator[str]:
    """Between two tasks lies the matrices' leg, whatever breaks are taken on the way."""
    durations, distances = _matrix(document, vehicle, "durations"), _matrix(document, vehicle, "distances")
    factor = math.floor(100 / vehicle.get("speed_factor", 1) + 0.5)
    for before, step, pair in _pairs(vehicle, jobs, steps):
        seconds = step["duration"] - before["duration"]
        if pair is None:
            if seconds:
                yield f"{seconds} s are driven to {_name(step)}, where no leg is"
        elif durations is not None:
            leg = durations[pair[0]][pair[1]]
            if leg >= UNREACHABLE or not leg * factor // 100 <= seconds <= -(-leg * factor // 100):
                yield f"{seconds} s from {_name(before)} to {_name(step)}, the matrix says {leg}"
        if "distance" in step and pair is not None and distances is not None:
            if step["distance"] - before["distance"] != distances[pair[0]][pair[1]]:
                yield f"distance from {_name(before)} to {_name(step)} is not the matrix's"


def _pairs(vehicle: Json, jobs: Tasks, steps: Sequence[Json]) -> Iterator[tuple[Json, Json, tuple[int, int] | None]]:
    """Yield each two tasks (or start, end) in a row and the matrices' row and column, None where nothing is driven."""
    before, source = steps[0], vehicle.get("start_index", vehicle.get("start"))
    for step in steps[1:]:
        if step["type"] == "break":
            continue
        if step["type"] == "end":
            target = vehicle.get("end_index", vehicle.get("end"))
        else:
            target = _place(jobs.get(_key(step), {}))
        yield before, step, (source, target) if source is not None and target is not None else None
        before, source = step, target


def _setup_mistakes(vehicle: Json, jobs: Tasks, steps: Sequence[Json]) -> Iterator[str]:
    """Service takes as long as given; so does setup, except where the vehicle already stands."""
    here = vehicle.get("start_index", vehicle.get("start"))
    for step in steps:
        if step["type"] in TASKS and _key(step) in jobs:
            job = jobs[_key(step)]
            setup, service = _work(vehicle, job, "setup"), _work(vehicle, job, "service")
            setup = 0 if here is not None and _place(job) == here else setup
            if (step["setup"], step["service"]) != (setup, service):
                yield f"{_name(step)}: setup and service should take {setup} and {service} s"
            here = _place(job)
        elif step["type"] != "break" and (step["setup"] or step["service"] or step["waiting_time"]):
            yield f"{_name(step)} takes time"


def _work(vehicle: Json, job: Json, key: str) -> int:
    """Return the seconds of setup or service that a job takes a vehicle of its type."""
    return int(job.get(f"{key}_per_type", {}).get(vehicle.get("type", ""), job.get(key, 0)))


def _break_mistakes(vehicle: Json, steps: Sequence[Json]) -> Iterator[str]:
    """Every break is taken once, starts inside a window and lasts as long as given."""
    breaks = {one["id"]: one for one in vehicle.get("breaks", [])}
    taken = [step for step in steps if step["type"] == "break"]
    if Counter(step["id"] for step in taken) != Counter(list(breaks)):
        yield f"breaks {[step['id'] for step in taken]} are taken, {list(breaks)} are due"
        return
    for step in taken:
        given = breaks[step["id"]]
        yield from _window_mistakes(step, given.get("time_windows", [[0, FOREVER]]))
        if (step["setup"], step["service"]) != (0, given.get("service", 0)):
            yield f"{_name(step)} should last {given.get('service', 0)} s"
        if any(load > most for load, most in zip(step.get("load", ()), given.get("max_load", ()))):
            yield f"{_name(step)} with {step['load']} on board, at most {given['max_load']} allowed"


def _load_mistakes(vehicle: Json, jobs: Tasks, steps: Sequence[Json]) -> Iterator[str]:
    """Jobs' deliveries are on board from the start, their pickups to the end; never more than the capacity."""
    capacity = vehicle.get("capacity", [])
    served = [jobs.get(_key(step), {}) if step["type"] in TASKS else None for step in steps]
    for dim, most in enumerate(capacity):
        load = sum(_delivery(job, dim) for job in served if job is not None and "kind" not in job)
        for step, job in zip(steps, served, strict=True):
            if job is not None:
                load += _entry(job, "pickup", dim) - _delivery(job, dim)
            if not 0 <= load <= most:
                yield f"{_name(step)} leaves {load} on board, {most} is the most"
            if step["load"][dim] != load:
                yield f"{_name(step)}: load {step['load']}, counted {load}"


def _cost_mistakes(document: Json, vehicle: Json, jobs: Tasks, route: Json) -> Iterator[str]:
    """The cost is that of the prices, to one unit (VROOM rounds some routes down)."""
    costs = vehicle.get("costs", {})
    matrix = _matrix(document, vehicle, "costs")
    if matrix is not None:
        pairs = [pair for _, _, pair in _pairs(vehicle, jobs, route["steps"]) if pair is not None]
        cost: float = sum(matrix[source][target] for source, target in pairs)
    else:
        cost = route["duration"] * costs.get("per_hour", 3600) / 3600
        cost += _metres(document, vehicle, jobs, route) * costs.get("per_km", 0) / 1000
    cost += (route["setup"] + route["service"]) * costs.get("per_task_hour", 0) / 3600
    if abs(route["cost"] - costs.get("fixed", 0) - cost) > 1:
        yield f"cost {route['cost']}, counted {costs.get('fixed', 0) + cost:.1f}"


def _metres(document: Json, vehicle: Json, jobs: Tasks, route: Json) -> int:
    """Return a route's metres: those it tells, else the matrix's."""
    distances = _matrix(document, vehicle, "distances")
    if "distance" in route or distances is None:
        return int(route.get("distance", 0))
    return sum(distances[pair[0]][pair[1]] for _, _, pair in _pairs(vehicle, jobs, route["steps"]) if pair is not None)


def _summary_mistakes(document: Json, solution: Json) -> Iterator[str]:
    summary, routes = solution["summary"], solution["routes"]
    if (summary["routes"], summary["unassigned"]) != (len(routes), len(solution["unassigned"])):
        yield "summary: routes or unassigned are not as many as listed"
    for key in ("cost", "duration", "priority", *SUMS, *(["distance"] if "distance" in summary else [])):
        if summary[key] != sum(route[key] for route in routes):
            yield f"summary: {key} {summary[key]} is not the sum of the routes'"
    for key in ("delivery", "pickup"):
        for dim in range(len(document["vehicles"][0].get("capacity", []))):
            if summary[key][dim] != sum(route[key][dim] for route in routes):
                yield f"summary: {key} {summary[key]} is not the sum of the routes'"


def _matrix(document: Json, vehicle: Json, kind: str) -> list[list[int]] | None:
    profile = vehicle.get("profile") or "car"
    if "matrices" not in document and kind == "durations":
        return document.get("matrix")
    found: list[list[int]] | None = document.get("matrices", {}).get(profile, {}).get(kind)
    return found


def _place(job: Json) -> Any:
    return job.get("location_index", job.get("location"))


def _entry(job: Json, key: str, dim: int) -> int:
    return int(job[key][dim]) if key in job else 0


def _delivery(job: Json, dim: int) -> int:
    old_style = not job.keys() & {"delivery", "pickup"}
    return _entry(job, "amount" if old_style else "delivery", dim)


def _key(step: Json) -> Task:
    return step["type"], step["id"]


def _end(step: Json) -> int:
    return int(step["arrival"] + step["waiting_time"] + step["setup"] + step["service"])


def _name(step: Json) -> str:
    return f"{step['type']} {step['id']}" if "id" in step else str(step["type"])
