"""Reads a VROOM document with VROOM's own checks, in its order and in its words.

Source: ``src/utils/input_parser.cpp`` and ``src/structures/vroom/input/input.cpp`` of VROOM 1.14.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from routing.compat.vroom_keys import refuse_unsupported
from routing.compat.vroom_matrices import used_matrices
from routing.compat.vroom_values import (
    DEFAULT_PER_HOUR,
    FOREVER_S,
    INPUT,
    Break,
    Job,
    Request,
    Span,
    Spot,
    Vehicle,
    VroomError,
)

Json = dict[str, Any]
T = TypeVar("T")

MAX_UINT = 2**32 - 1
MAX_ID = 2**64 - 1
MAX_PRIORITY = 100
MAX_SPEED_FACTOR = 5.0


def read_request(document: Json) -> Request:
    """Return the document's values; matrices cut down to the locations in use.

    Raises
    ------
    VroomError
        Code 2 with VROOM's message, or naming a key that is not supported yet.
    """
    if not isinstance(document.get("vehicles"), list):
        raise _error("Invalid vehicles.", "#/vehicles")
    if not document["vehicles"]:
        raise _error("No vehicle defined.", "#/vehicles")
    refuse_unsupported(document)
    capacity = document["vehicles"][0].get("capacity") if isinstance(document["vehicles"][0], dict) else None
    dims = len(capacity) if isinstance(capacity, list) else 0
    vehicles = tuple(_vehicle(value, f"#/vehicles/{row}", dims) for row, value in enumerate(document["vehicles"]))
    jobs = tuple(_job(value, f"#/jobs/{row}", dims) for row, value in enumerate(_array(document, "jobs")))
    if not jobs:
        raise _error("No task defined.", "#/jobs")
    _unique((job.id for job in jobs), "Duplicate job id: {}.")
    _check_steps(vehicles, jobs)
    spots = _spots(vehicles, jobs)
    options = document.get("options")
    return Request(
        jobs=jobs,
        vehicles=vehicles,
        spots=spots,
        matrices=used_matrices(document, vehicles, spots),
        geometry=isinstance(options, dict) and bool(options.get("g")),
    )


def _error(message: str, where: str, action: str = "") -> VroomError:
    return VroomError(INPUT, message, where, action)


def _array(document: Json, key: str) -> list[Any]:
    value = document.get(key, [])
    if not isinstance(value, list):
        raise _error(f"Invalid {key}.", f"#/{key}")
    return value


def _is_uint(value: object, most: int = MAX_UINT) -> bool:
    return type(value) is int and 0 <= value <= most


def _uint(holder: Json, key: str, default: T, where: str, message: str) -> int | T:
    if key not in holder:
        return default
    if not _is_uint(holder[key]):
        raise _error(message, f"{where}/{key}")
    value: int = holder[key]
    return value


def _text(holder: Json, key: str, where: str) -> str:
    value = holder.get(key, "")
    if not isinstance(value, str):
        raise _error(f"Invalid {key} value.", f"{where}/{key}")
    return value


def _duration(holder: Json, key: str, where: str) -> int:
    return _uint(holder, key, 0, where, f"Invalid {key} duration.")


def _id(value: object, kind: str, where: str) -> int:
    if not isinstance(value, dict):
        raise _error(f"Invalid {kind}.", where)
    if not _is_uint(value.get("id"), MAX_ID):
        raise _error(f"Invalid or missing id for {kind}.", f"{where}/id")
    identity: int = value["id"]
    return identity


def _unique(ids: Any, message: str) -> None:
    seen: set[int] = set()
    for identity in ids:
        if identity in seen:
            raise _error(message.format(identity), "")
        seen.add(identity)


def _amount(holder: Json, key: str, dims: int, where: str, omitted: int) -> tuple[int, ...]:
    """Return an amount; ``omitted`` is its length where the key is absent (0 for a vehicle, as in VROOM)."""
    value = holder.get(key, [0] * omitted)
    if not isinstance(value, list):
        raise _error(f"Invalid {key} array.", f"{where}/{key}")
    if not all(map(_is_uint, value)):
        raise _error(f"Invalid {key} value.", f"{where}/{key}")
    if len(value) != dims:
        message = f"Inconsistent {key} length: {len(value)} instead of {dims}."
        raise _error(message, f"{where}/{key}", "the first vehicle's capacity says how many")
    return tuple(value)


def _skills(holder: Json, where: str) -> frozenset[int]:
    value = holder.get("skills", [])
    if not isinstance(value, list):
        raise _error("Invalid skills object.", f"{where}/skills")
    if not all(map(_is_uint, value)):
        raise _error("Invalid skill value.", f"{where}/skills")
    return frozenset(value)


def _span(value: object, where: str) -> Span:
    if not isinstance(value, list) or len(value) < 2 or not all(map(_is_uint, value[:2])):
        raise _error("Invalid time-window.", where)
    if value[0] > value[1]:
        raise _error(f"Invalid time window: [{value[0]}, {value[1]}]", where)
    return value[0], value[1]


def _spans(holder: Json, kind: str, where: str) -> tuple[Span, ...]:
    if "time_windows" not in holder:
        return ((0, FOREVER_S),)
    where = f"{where}/time_windows"
    values = holder["time_windows"]
    if not isinstance(values, list):
        raise _error(f"Invalid time_windows array for {kind} {holder['id']}.", where)
    if not values:
        raise _error(f"Empty time windows for {kind} {holder['id']}.", where)
    spans = sorted(_span(value, f"{where}/{row}") for row, value in enumerate(values))
    if any(after[0] <= before[1] for before, after in zip(spans, spans[1:], strict=False)):
        raise _error(f"Unsorted or overlapping time-windows for {kind} {holder['id']}.", where)
    return tuple(spans)


def _lon_lat(value: object, key: str, where: str) -> tuple[float, float]:
    pair = value[:2] if isinstance(value, list) else []
    if len(pair) < 2 or not all(type(part) in (int, float) and math.isfinite(part) for part in pair):
        raise _error(f"Invalid {key} array.", f"{where}/{key}", "coordinates are [lon, lat]")
    return float(pair[0]), float(pair[1])


def _spot(holder: Json, key: str, index_key: str, owner: str, where: str) -> Spot | None:
    index = _uint(holder, index_key, None, where, f"Invalid {index_key} for {owner}.")
    lon_lat = _lon_lat(holder[key], key, where) if key in holder else None
    return None if index is None and lon_lat is None else Spot(index, lon_lat)


def _job(value: Any, where: str, dims: int) -> Job:
    identity = _id(value, "job", where)
    spot = _spot(value, "location", "location_index", f"job {identity}", where)
    if spot is None:
        raise _error(f"Invalid location for job {identity}.", where, "give `location` or `location_index`")
    delivery = "amount" if "amount" in value and not value.keys() & {"delivery", "pickup"} else "delivery"
    priority = _uint(value, "priority", 0, where, "Invalid priority value.")
    if priority > MAX_PRIORITY:
        raise _error(f"Invalid priority value for job {identity}.", f"{where}/priority")
    return Job(
        id=identity,
        spot=spot,
        description=_text(value, "description", where),
        setup_s=_duration(value, "setup", where),
        service_s=_duration(value, "service", where),
        delivery=_amount(value, delivery, dims, where, dims),
        pickup=_amount(value, "pickup", dims, where, dims),
        skills=_skills(value, where),
        priority=priority,
        windows=_spans(value, "job", where),
    )


def _vehicle(value: Any, where: str, dims: int) -> Vehicle:
    identity = _id(value, "vehicle", where)
    owner = f"vehicle {identity}"
    start = _spot(value, "start", "start_index", owner, where)
    end = _spot(value, "end", "end_index", owner, where)
    if start is None and end is None:
        raise _error(f"No start or end specified for vehicle {identity}.", where)
    if start is not None and end is not None and (start.index is None) != (end.index is None):
        raise _error("Missing start_index or end_index.", where)
    costs = value.get("costs", {})
    if not isinstance(costs, dict):
        raise _error(f"Invalid costs for {owner}.", f"{where}/costs")
    fixed, per_hour, per_km = (
        _uint(costs, key, default, f"{where}/costs", f"Invalid {key.replace('fixed', 'fixed')} cost for {owner}.")
        for key, default in (("fixed", 0), ("per_hour", DEFAULT_PER_HOUR), ("per_km", 0))
    )
    window = _span(value["time_window"], f"{where}/time_window") if "time_window" in value else (0, FOREVER_S)
    return Vehicle(
        id=identity,
        description=_text(value, "description", where),
        profile=_text(value, "profile", where) or "car",
        start=start,
        end=end,
        capacity=_amount(value, "capacity", dims, where, 0),
        skills=_skills(value, where),
        window=window,
        breaks=_breaks(value, identity, window, where),
        fixed=fixed,
        per_hour=per_hour,
        per_km=per_km,
        speed_factor=_speed_factor(value, where),
        max_tasks=_uint(value, "max_tasks", None, where, "Invalid max_tasks value."),
        steps=_steps(value, identity, where),
    )


def _speed_factor(value: Json, where: str) -> float:
    factor = value.get("speed_factor", 1.0)
    if type(factor) not in (int, float):
        raise _error("Invalid speed_factor value.", f"{where}/speed_factor")
    if not 0 < factor <= MAX_SPEED_FACTOR:
        raise _error(f"Invalid speed factor: {factor:g}", f"{where}/speed_factor", "at most 5")
    return float(factor)
