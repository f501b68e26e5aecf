"""The fields of a VROOM document, each checked as VROOM checks it and refused in its words.

Source: the helpers of VROOM 1.14's ``src/utils/input_parser.cpp``.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, TypeVar

from routing.compat.vroom_values import FOREVER_S, INPUT, Span, Spot, VroomError

Json = dict[str, Any]
T = TypeVar("T")

MAX_UINT = 2**32 - 1
MAX_ID = 2**64 - 1
MAX_PRIORITY = 100
MAX_SPEED_FACTOR = 5.0


def refusal(message: str, where: str, action: str = "") -> VroomError:
    """Return the error for wrong input."""
    return VroomError(INPUT, message, where, action)


def is_uint(value: object, most: int = MAX_UINT) -> bool:
    """Return whether ``value`` is a whole number from 0 to ``most``; 1.0 and True are none."""
    return type(value) is int and 0 <= value <= most


def array(holder: Json, key: str, message: str, where: str) -> list[Any]:
    """Return a list that may be absent."""
    value = holder.get(key, [])
    if not isinstance(value, list):
        raise refusal(message, f"{where}/{key}")
    return value


def uint(holder: Json, key: str, default: T, where: str, message: str) -> int | T:
    """Return a whole number, or ``default`` where the key is absent."""
    if key not in holder:
        return default
    if not is_uint(holder[key]):
        raise refusal(message, f"{where}/{key}")
    value: int = holder[key]
    return value


def text(holder: Json, key: str, where: str) -> str:
    """Return a string, empty where absent."""
    value = holder.get(key, "")
    if not isinstance(value, str):
        raise refusal(f"Invalid {key} value.", f"{where}/{key}")
    return value


def duration(holder: Json, key: str, where: str) -> int:
    """Return seconds, 0 where absent."""
    return uint(holder, key, 0, where, f"Invalid {key} duration.")


def durations_by_type(holder: Json, key: str, owner: str, where: str) -> dict[str, int]:
    """Return seconds by type of vehicle, none where absent."""
    value = holder.get(key, {})
    if not isinstance(value, dict):
        raise refusal(f"Invalid {key} for {owner}.", f"{where}/{key}")
    if not all(map(is_uint, value.values())):
        raise refusal(f"Invalid value in {key} for {owner}.", f"{where}/{key}")
    return dict(value)


def identity(value: object, kind: str, where: str) -> int:
    """Return the id of an object."""
    if not isinstance(value, dict):
        raise refusal(f"Invalid {kind}.", where)
    if not is_uint(value.get("id"), MAX_ID):
        raise refusal(f"Invalid or missing id for {kind}.", f"{where}/id")
    found: int = value["id"]
    return found


def amount(holder: Json, key: str, dims: int, where: str, omitted: int) -> tuple[int, ...]:
    """Return an amount of ``dims`` numbers; an absent one has ``omitted`` zeros (none for a vehicle, as in VROOM)."""
    value = holder.get(key, [0] * omitted)
    if not isinstance(value, list):
        raise refusal(f"Invalid {key} array.", f"{where}/{key}")
    if not all(map(is_uint, value)):
        raise refusal(f"Invalid {key} value.", f"{where}/{key}")
    if len(value) != dims:
        # VROOM says "delivery" whatever the key
        message = f"Inconsistent delivery length: {len(value)} instead of {dims}."
        raise refusal(message, f"{where}/{key}", f"the first vehicle's capacity says how long `{key}` is")
    return tuple(value)


def skills(holder: Json, where: str) -> frozenset[int]:
    """Return a set of skills, empty where absent."""
    value = array(holder, "skills", "Invalid skills object.", where)
    if not all(map(is_uint, value)):
        raise refusal("Invalid skill value.", f"{where}/skills")
    return frozenset(value)


def priority(holder: Json, owner: str, where: str) -> int:
    """Return a priority, 0 where absent."""
    value = uint(holder, "priority", 0, where, "Invalid priority value.")
    if value > MAX_PRIORITY:
        raise refusal(f"Invalid priority value for {owner}.", f"{where}/priority")
    return value


def span(value: object, where: str) -> Span:
    """Return one time window; both its ends belong to it."""
    if not isinstance(value, list) or len(value) < 2 or not all(map(is_uint, value[:2])):
        raise refusal("Invalid time-window.", where, "a window is [start, end] in whole seconds")
    if value[0] > value[1]:
        raise refusal(f"Invalid time window: [{value[0]}, {value[1]}]", where)
    return value[0], value[1]


def spans(holder: Json, owner: str, where: str) -> tuple[Span, ...]:
    """Return sorted, disjoint time windows; one without end where absent."""
    if "time_windows" not in holder:
        return ((0, FOREVER_S),)
    values = array(holder, "time_windows", f"Invalid time_windows array for {owner}.", where)
    if not values:
        raise refusal(f"Empty time windows for {owner}.", f"{where}/time_windows")
    found = sorted(span(value, f"{where}/time_windows/{row}") for row, value in enumerate(values))
    if any(after[0] <= before[1] for before, after in pairwise(found)):
        raise refusal(f"Unsorted or overlapping time-windows for {owner}.", f"{where}/time_windows")
    return tuple(found)


def spot(holder: Json, key: str, index_key: str, owner: str, where: str) -> Spot | None:
    """Return a location given by coordinates, by a row of the matrices, or both; None where absent."""
    index = uint(holder, index_key, None, where, f"Invalid {index_key} for {owner}.")
    lon_lat = _lon_lat(holder[key], key, where) if key in holder else None
    return None if index is None and lon_lat is None else Spot(index, lon_lat)


def _lon_lat(value: object, key: str, where: str) -> tuple[float, float]:
    pair = value[:2] if isinstance(value, list) else []
    if len(pair) < 2 or not all(type(part) in (int, float) and math.isfinite(part) for part in pair):
        raise refusal(f"Invalid {key} array.", f"{where}/{key}", "coordinates are [lon, lat]")
    return float(pair[0]), float(pair[1])


def speed_factor(holder: Json, where: str) -> float:
    """Return by how much a vehicle is faster than its profile."""
    value = holder.get("speed_factor", 1.0)
    if type(value) not in (int, float):
        raise refusal("Invalid speed_factor value.", f"{where}/speed_factor")
    if not 0 < value <= MAX_SPEED_FACTOR:
        raise refusal(f"Invalid speed factor: {value:g}", f"{where}/speed_factor", "more than 0, at most 5")
    return float(value)
