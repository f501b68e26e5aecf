"""VROOM's vocabulary: which keys exist where, and which misspelt ones are ignored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from data.errors import near_miss

ROOT = {"jobs", "shipments", "vehicles", "matrices", "matrix", "options"}
TASK = {"id", "description", "location", "location_index", "setup", "service", "setup_per_type", "service_per_type"}
JOB = TASK | {"delivery", "pickup", "amount", "skills", "priority", "time_windows"}
SHIPMENT = {"pickup", "delivery", "amount", "skills", "priority"}
SHIPMENT_STEP = TASK | {"time_windows"}
VEHICLE = {
    *("id", "profile", "description", "start", "end", "start_index", "end_index", "capacity", "costs", "skills"),
    *("type", "time_window", "breaks", "speed_factor", "max_tasks", "max_travel_time", "max_distance", "steps"),
}
COSTS = {"fixed", "per_hour", "per_task_hour", "per_km"}
BREAK = {"id", "time_windows", "service", "description", "max_load"}
ANSWERED = {
    *("job", "description", "location", "location_index", "setup", "service", "waiting_time", "load", "arrival"),
    *("duration", "distance", "violations"),
}
"""What an answer's steps tell: they may be given back as initial routes as they are."""
STEP = {"type", "id", "service_at", "service_after", "service_before"} | ANSWERED
OPTIONS = {"g", "c", "t", "x", "l"}
MATRICES = {"durations", "distances", "costs"}

Found = Iterator[tuple[str, str, dict[str, Any], set[str]]]


def unknown_keys(document: dict[str, Any]) -> list[str]:
    """Return one warning per kind of object and key that VROOM (and we) ignore, with where it is first met."""
    first: dict[tuple[str, str], tuple[str, str, int]] = {}
    for kind, pointer, value, known in _objects(document):
        for key in value.keys() - known:
            where, hint, count = first.get((kind, key), (f"{pointer}/{key}", near_miss(key, known), 0))
            first[kind, key] = (where, hint, count + 1)
    return [
        f"{where}: `{key}` is no key of a {kind} and is ignored{f' ({count} times)' if count > 1 else ''}"
        + (f"; {hint}" if hint else "")
        for (kind, key), (where, hint, count) in sorted(first.items())
    ]


def _objects(document: dict[str, Any]) -> Found:
    """Yield ``(kind, pointer, object, known keys)``; whatever has the wrong type is left to the reader."""
    yield "document", "#", document, ROOT
    yield from _nested("options", "#", document, OPTIONS)
    if isinstance(document.get("matrices"), dict):
        for profile in document["matrices"]:
            yield from _nested(profile, "#/matrices", document["matrices"], MATRICES, "profile's matrices")
    yield from _listed("jobs", "#", document, JOB, "job")
    for _, pointer, shipment, known in _listed("shipments", "#", document, SHIPMENT, "shipment"):
        yield "shipment", pointer, shipment, known
        for half in ("pickup", "delivery"):
            yield from _nested(half, pointer, shipment, SHIPMENT_STEP)
    for _, pointer, vehicle, known in _listed("vehicles", "#", document, VEHICLE, "vehicle"):
        yield "vehicle", pointer, vehicle, known
        yield from _nested("costs", pointer, vehicle, COSTS)
        yield from _listed("breaks", pointer, vehicle, BREAK, "break")
        yield from _listed("steps", pointer, vehicle, STEP, "step")


def _nested(key: str, pointer: str, holder: dict[str, Any], known: set[str], kind: str = "") -> Found:
    if isinstance(value := holder.get(key), dict):
        yield kind or key, f"{pointer}/{key}", value, known


def _listed(key: str, pointer: str, holder: dict[str, Any], known: set[str], kind: str) -> Found:
    values = holder.get(key)
    for row, value in enumerate(values if isinstance(values, list) else ()):
        if isinstance(value, dict):
            yield kind, f"{pointer}/{key}/{row}", value, known
