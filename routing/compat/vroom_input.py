"""Reads a VROOM document with VROOM's own checks and in its words.

Source: ``src/utils/input_parser.cpp`` and ``src/structures/vroom/input/input.cpp`` of VROOM 1.14; the messages were
compared with those of the binary.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from routing.compat import vroom_fields as fields
from routing.compat.vroom_fields import Json, refusal
from routing.compat.vroom_values import (
    DEFAULT_PER_HOUR,
    FOREVER_S,
    TASKS,
    Break,
    Held,
    Job,
    Key,
    Spot,
    Step,
    Vehicle,
    Work,
)

HELD = ("service_at", "service_after", "service_before")
STEP_TYPES = {"start", *TASKS, "break", "end"}


def read_fleet(document: Json) -> tuple[Vehicle, ...]:
    """Return the vehicles.

    Raises
    ------
    VroomError
        Code 2, in VROOM's words.
    """
    if not isinstance(document.get("vehicles"), list):
        raise refusal("Invalid vehicles.", "#/vehicles")
    if not document["vehicles"]:
        raise refusal("No vehicle defined.", "#/vehicles")
    dims = capacity_dims(document)
    return tuple(_vehicle(value, f"#/vehicles/{row}", dims) for row, value in enumerate(document["vehicles"]))


def read_jobs(document: Json) -> tuple[Job, ...]:
    """Return the tasks: jobs, deliveries, pickups; errors as in :func:`read_fleet`."""
    dims = capacity_dims(document)
    values = fields.array(document, "jobs", "Invalid jobs.", "#")
    jobs = tuple(_job(value, f"#/jobs/{row}", dims) for row, value in enumerate(values))
    shipments = [
        _shipment(value, f"#/shipments/{row}", dims)
        for row, value in enumerate(fields.array(document, "shipments", "Invalid shipments.", "#"))
    ]
    if not jobs and not shipments:
        raise refusal("No task defined.", "#/jobs")
    _refuse_twice([job.id for job in jobs], "job", "#/jobs")
    _refuse_twice([pickup.id for pickup, _ in shipments], "pickup", "#/shipments")
    _refuse_twice([delivery.id for _, delivery in shipments], "delivery", "#/shipments")
    return (*jobs, *(delivery for _, delivery in shipments), *(pickup for pickup, _ in shipments))


def capacity_dims(document: Json) -> int:
    """Return how many numbers an amount has: as many as the first vehicle's capacity."""
    first = document["vehicles"][0]
    capacity = first.get("capacity") if isinstance(first, dict) else None
    return len(capacity) if isinstance(capacity, list) else 0


def distinct_spots(vehicles: Sequence[Vehicle], jobs: Sequence[Job]) -> tuple[Spot, ...]:
    """Return every location once, in the order first met.

    Raises
    ------
    VroomError
        Code 2 where only some of them are rows of the matrices.
    """
    given = [spot for vehicle in vehicles for spot in (vehicle.start, vehicle.end) if spot is not None]
    given += [job.spot for job in jobs]
    if any((spot.index is None) != (given[0].index is None) for spot in given):
        raise refusal("Missing location index.", "#", "give it for all locations or for none")
    first: dict[object, Spot] = {}
    for spot in given:
        first.setdefault(spot.key, spot)
    return tuple(first.values())


def spot_owners(vehicles: Sequence[Vehicle], jobs: Sequence[Job]) -> dict[object, tuple[str, str]]:
    """Return where each distinct location is first met, by its key: JSON pointer and words."""
    owners: dict[object, tuple[str, str]] = {}
    for row, vehicle in enumerate(vehicles):
        for name, spot in (("start", vehicle.start), ("end", vehicle.end)):
            if spot is not None:
                owners.setdefault(spot.key, (f"#/vehicles/{row}/{name}", f"the {name} of vehicle {vehicle.id}"))
    for row, job in enumerate(jobs):
        where = f"#/jobs/{row}" if job.kind == "job" else f"#/shipments ({job.kind} {job.id})"
        owners.setdefault(job.spot.key, (f"{where}/location", f"the location of {job.kind} {job.id}"))
    return owners


def check_steps(vehicles: Sequence[Vehicle], jobs: Sequence[Job], are_final: bool) -> None:
    """Raise where given routes name what doesn't exist, or a task twice.

    Unless they ``are_final`` (plan mode, where that is a violation), also where a task can't be on that vehicle.
    """
    if not are_final:
        check_breaks(vehicles)
    known = {job.key: job for job in jobs}
    planned: set[Key] = set()
    for row, vehicle in enumerate(vehicles):
        where = f"#/vehicles/{row}/steps"
        breaks = {one.key for one in vehicle.breaks}
        for kind, number in (step.key for step in vehicle.steps):
            if (kind == "break" and (kind, number) not in breaks) or (kind in TASKS and (kind, number) not in known):
                raise refusal(f"Invalid {kind} id {number} for vehicle {vehicle.id}.", where)
        for step in vehicle.task_steps:
            kind, number = step
            if step in planned:
                raise refusal(f"Duplicate {kind} id {number} in input steps for vehicle {vehicle.id}.", where)
            if not are_final and not known[step].skills <= vehicle.skills:
                message = f"Missing skill or step out of reach for vehicle {vehicle.id} and {kind} {number}."
                raise refusal(message, where)
            planned.add(step)
        if not are_final and vehicle.max_tasks is not None and len(vehicle.task_steps) > vehicle.max_tasks:
            raise refusal(f"Too many tasks for vehicle {vehicle.id}.", where)


def check_breaks(vehicles: Sequence[Vehicle]) -> None:
    """Raise where breaks don't fit their vehicle's window one after the other."""
    for row, vehicle in enumerate(vehicles):
        clock, is_fitting = vehicle.window[0], True
        for one in vehicle.breaks:
            fitting = [max(clock, opens) for opens, closes in one.windows if clock <= closes]
            is_fitting = is_fitting and bool(fitting)
            clock = (fitting[0] if fitting else clock) + one.service_s
        if not is_fitting or clock > vehicle.window[1]:
            raise refusal(f"Inconsistent breaks for vehicle {vehicle.id}.", f"#/vehicles/{row}/breaks")


def _refuse_twice(ids: Iterable[int], kind: str, where: str) -> None:
    seen: set[int] = set()
    for one in ids:
        if one in seen:
            raise refusal(f"Duplicate {kind} id: {one}.", where)
        seen.add(one)


def _job(value: Json, where: str, dims: int) -> Job:
    job_id = fields.identity(value, "job", where)
    owner = f"job {job_id}"
    spot = fields.spot(value, "location", "location_index", owner, where)
    if spot is None:
        raise refusal(f"Invalid location for {owner}.", where, "give `location` or `location_index`")
    old_style = "amount" in value and not value.keys() & {"delivery", "pickup"}
    return Job(
        id=job_id,
        spot=spot,
        description=fields.text(value, "description", where),
        setup_s=fields.duration(value, "setup", where),
        service_s=fields.duration(value, "service", where),
        delivery=fields.amount(value, "amount" if old_style else "delivery", dims, where, dims),
        pickup=fields.amount(value, "pickup", dims, where, dims),
        skills=fields.skills(value, where),
        priority=fields.priority(value, owner, where),
        windows=fields.spans(value, owner, where),
        work_by_type=_work_by_type(value, owner, where),
    )


def _work_by_type(value: Json, owner: str, where: str) -> tuple[tuple[str, Work], ...]:
    """Return setup and service of the vehicle types that have their own."""
    setup, service = (fields.durations_by_type(value, f"{key}_per_type", owner, where) for key in ("setup", "service"))
    plain = fields.duration(value, "setup", where), fields.duration(value, "service", where)
    types = sorted(setup.keys() | service.keys())
    return tuple((name, (setup.get(name, plain[0]), service.get(name, plain[1]))) for name in types)


def _shipment(value: Json, where: str, dims: int) -> tuple[Job, Job]:
    """Return a shipment's pickup and delivery: amount, skills and priority are common to both."""
    if not isinstance(value, dict):
        raise refusal("Invalid shipment.", where)
    amount = fields.amount(value, "amount", dims, where, dims)
    skills = fields.skills(value, where)
    halves = []
    for kind in ("pickup", "delivery"):
        half, at = value.get(kind), f"{where}/{kind}"
        if not isinstance(half, dict):
            raise refusal(f"Missing {kind} for shipment.", at)
        number = fields.identity(half, kind, at)
        owner = f"{kind} {number}"
        spot = fields.spot(half, "location", "location_index", owner, at)
        if spot is None:
            raise refusal(f"Invalid location for {owner}.", at, "give `location` or `location_index`")
        none = (0,) * dims
        halves.append(
            Job(
                id=number,
                spot=spot,
                description=fields.text(half, "description", at),
                setup_s=fields.duration(half, "setup", at),
                service_s=fields.duration(half, "service", at),
                delivery=amount if kind == "delivery" else none,
                pickup=amount if kind == "pickup" else none,
                skills=skills,
                priority=fields.priority(value, owner, where),
                windows=fields.spans(half, owner, at),
                kind=kind,
                work_by_type=_work_by_type(half, owner, at),
            )
        )
    return halves[0], halves[1]


def _vehicle(value: Json, where: str, dims: int) -> Vehicle:
    vehicle_id = fields.identity(value, "vehicle", where)
    owner = f"vehicle {vehicle_id}"
    start = fields.spot(value, "start", "start_index", owner, where)
    end = fields.spot(value, "end", "end_index", owner, where)
    if start is None and end is None:
        raise refusal(f"No start or end specified for {owner}.", where)
    if start is not None and end is not None and (start.index is None) != (end.index is None):
        raise refusal("Missing start_index or end_index.", where)
    window = fields.span(value["time_window"], f"{where}/time_window") if "time_window" in value else (0, FOREVER_S)
    fixed, per_hour, per_task_hour, per_km = _costs(value, owner, where)
    return Vehicle(
        id=vehicle_id,
        description=fields.text(value, "description", where),
        profile=fields.text(value, "profile", where) or "car",
        start=start,
        end=end,
        capacity=fields.amount(value, "capacity", dims, where, 0),
        skills=fields.skills(value, where),
        window=window,
        breaks=_breaks(value, owner, dims, where),
        fixed=fixed,
        per_hour=per_hour,
        per_km=per_km,
        speed_factor=fields.speed_factor(value, where),
        max_tasks=fields.uint(value, "max_tasks", None, where, "Invalid max_tasks value."),
        steps=_steps(value, owner, where),
        type=fields.text(value, "type", where),
        per_task_hour=per_task_hour,
        max_travel_s=fields.uint(value, "max_travel_time", None, where, "Invalid max_travel_time value."),
        max_distance_m=fields.uint(value, "max_distance", None, where, "Invalid max_distance value."),
    )


def _costs(value: Json, owner: str, where: str) -> tuple[int, int, int, int]:
    costs = value.get("costs", {})
    if not isinstance(costs, dict):
        raise refusal(f"Invalid costs for {owner}.", f"{where}/costs")

    def price(key: str, default: int) -> int:
        return fields.uint(costs, key, default, f"{where}/costs", f"Invalid {key} cost for {owner}.")

    return price("fixed", 0), price("per_hour", DEFAULT_PER_HOUR), price("per_task_hour", 0), price("per_km", 0)


def _breaks(value: Json, owner: str, dims: int, where: str) -> tuple[Break, ...]:
    """Return the breaks sorted by time."""
    values = fields.array(value, "breaks", f"Invalid breaks for {owner}.", where)
    breaks = sorted(
        (_break(one, dims, f"{where}/breaks/{row}") for row, one in enumerate(values)), key=lambda one: one.windows
    )
    _refuse_twice([one.id for one in breaks], "break", f"{where}/breaks")
    return tuple(breaks)


def _break(value: Json, dims: int, where: str) -> Break:
    break_id = fields.identity(value, "break", where)
    return Break(
        id=break_id,
        description=fields.text(value, "description", where),
        windows=fields.spans(value, f"break {break_id}", where),
        service_s=fields.duration(value, "service", where),
        max_load=_max_load(value, break_id, dims, where),
    )


def _max_load(value: Json, break_id: int, dims: int, where: str) -> tuple[int, ...] | None:
    if "max_load" not in value:
        return None
    if len(fields.array(value, "max_load", "Invalid max_load array.", where)) != dims:
        raise refusal(f"Inconsistent break max_load size for break {break_id}.", f"{where}/max_load")
    return fields.amount(value, "max_load", dims, where, dims)


def _steps(value: Json, owner: str, where: str) -> tuple[Step, ...]:
    """Return the steps of the route that is given."""
    given = fields.array(value, "steps", f"Invalid steps for {owner}.", where)
    steps = []
    for row, step in enumerate(given):
        at = f"{where}/steps/{row}"
        kind = step.get("type") if isinstance(step, dict) else None
        if not isinstance(kind, str) or kind not in STEP_TYPES:
            raise refusal(f"Invalid type in steps for {owner}.", f"{at}/type")
        if (kind == "start" and row > 0) or (kind == "end" and row < len(given) - 1):
            raise refusal(f"Unexpected {kind} in input steps for {owner}.", f"{at}/type")
        has_id = kind not in ("start", "end")
        if has_id and not fields.is_uint(step.get("id"), fields.MAX_ID):
            raise refusal(f"Invalid id in steps for {owner}.", f"{at}/id")
        held = Held(*(fields.uint(step, key, None, at, f"Invalid {key} value.") for key in HELD))
        steps.append(Step((kind, int(step["id"]) if has_id else 0), held))
    return tuple(steps)
