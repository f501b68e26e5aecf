"""What an HTTP body asks of VROOM: may it be that large, for how long is it searched, in which city does it lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from data.errors import TooLargeError
from routing.compat.cities import LonLat, Opened, city_at
from routing.compat.vroom_fields import Json, refusal
from routing.task import Task

KIND = "vroom"
UNREADABLE = "Invalid JSON object in request, please add vehicles and jobs or shipments to the object body"
EXPLORATION = 5
"""VROOM's highest level, and its default."""
BASE_S, PER_TASK_S, MOST_S = 0.2, 0.02, 30.0
"""VROOM ends by itself, ours improves for as long as it may: without a limit that is what a document gets."""


class Limits(NamedTuple):
    """What vroom-express calls ``maxlocations`` and ``maxvehicles``, and the longest search in seconds."""

    locations: int
    vehicles: int
    search_s: float


def read_task(body: bytes, limits: Limits, opened: Mapping[str, Opened]) -> Task:
    """Return a body as the task of a worker process.

    Raises
    ------
    VroomError
        Code 2: it is no JSON object with vehicles, and jobs or shipments.
    TooLargeError
        More locations or vehicles than may be.
    """
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refusal(UNREADABLE, "#") from None
    if not isinstance(document, dict) or "vehicles" not in document or not document.keys() & {"jobs", "shipments"}:
        raise refusal(UNREADABLE, "#")
    tasks = _length(document, "jobs") + 2 * _length(document, "shipments")
    _require(tasks, limits.locations, "locations")
    _require(_length(document, "vehicles"), limits.vehicles, "vehicles")
    options = document.get("options")
    options = options if isinstance(options, dict) else {}
    found = city_at(opened, next(_lon_lats(document), None))
    return Task(
        kind=KIND,
        body=body,
        city=found.path if found else "",
        budget_s=_search_s(options, tasks, limits.search_s),
        threads=_threads(options),
    )


def _length(document: Json, key: str) -> int:
    value = document.get(key)
    return len(value) if isinstance(value, list) else 0


def _require(found: int, most: int, what: str) -> None:
    if found > most:
        raise TooLargeError("too_large", f"Too many {what} ({found}) in query, maximum is set to {most}")


def _search_s(options: Json, tasks: int, most_s: float) -> float:
    limit: Any = options.get("l")
    level: Any = options.get("x")
    if type(limit) in (int, float) and limit > 0:
        return float(min(limit, most_s))
    depth = min(max(level, 0), EXPLORATION) if type(level) is int else EXPLORATION
    return min((BASE_S + PER_TASK_S * tasks) * (depth + 1) / (EXPLORATION + 1), MOST_S, most_s)


def _threads(options: Json) -> int:
    value: Any = options.get("t")
    return min(max(value, 1), 4) if type(value) is int else 1


def _lon_lats(document: Json) -> Iterator[LonLat]:
    """Yield coordinates; what is none is left to VROOM's own reader."""
    for holder, keys in _located(document):
        for key in keys:
            value = holder.get(key) if isinstance(holder, dict) else None
            if isinstance(value, list) and len(value) >= 2 and all(type(one) in (int, float) for one in value[:2]):
                yield float(value[0]), float(value[1])


def _located(document: Json) -> Iterator[tuple[Any, tuple[str, ...]]]:
    def listed(key: str) -> list[Any]:
        value = document.get(key)
        return value if isinstance(value, list) else []

    yield from ((vehicle, ("start", "end")) for vehicle in listed("vehicles"))
    yield from ((job, ("location",)) for job in listed("jobs"))
    for shipment in listed("shipments"):
        if isinstance(shipment, dict):
            yield from ((shipment.get(half), ("location",)) for half in ("pickup", "delivery"))
