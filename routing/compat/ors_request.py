"""openrouteservice's request bodies, with its error codes: 2xxx for directions, 6xxx for matrices.

Source: openrouteservice's ``docs/api-reference/error-codes.md`` and the request classes of its API (v9).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from data.model.vehicle import Category
from routing.compat.cities import LonLat
from routing.compat.open_roads import CATEGORIES

Json = dict[str, Any]

DIRECTIONS, MATRIX = 2000, 6000
"""Bases of the codes."""
UNREADABLE, MISSING, FORMAT, VALUE, LIMIT, EXPORT, NO_ROUTE, NO_POINT = 0, 1, 2, 3, 4, 7, 9, 10
UNKNOWN = {DIRECTIONS: 12, MATRIX: 11}

METRES = {"m": 1.0, "km": 1000.0, "mi": 1609.344}
NOTHING: tuple[Any, ...] = (None, False, "false", "none", [], {})
"""Values by which a client asks for nothing in particular."""


class OrsError(Exception):
    """The request can't be answered: HTTP status, openrouteservice's code, and what is wrong."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Body:
    """A request body whose keys are checked as they are read."""

    def __init__(self, raw: Json, base: int) -> None:
        self.raw, self.base = raw, base

    def wrong(self, name: str, kind: int = VALUE, why: str = "") -> OrsError:
        """Return the error about a parameter."""
        known = {
            MISSING: f"Parameter '{name}' is missing.",
            FORMAT: f"Parameter '{name}' has incorrect value or format.",
            VALUE: f"Parameter '{name}' has incorrect value of '{str(self.raw.get(name))[:60]}'.",
        }
        return OrsError(400, self.base + kind, f"{known[kind]} {why}".strip())

    def flag(self, name: str, default: bool) -> bool:
        """Return true or false; some clients send them as texts."""
        value = self.raw.get(name, default)
        if value in ("true", "false"):
            return bool(value == "true")
        if not isinstance(value, bool):
            raise self.wrong(name, FORMAT)
        return value

    def choice(self, name: str, default: str, known: Mapping[str, Any]) -> str:
        """Return one of the known texts."""
        value = self.raw.get(name, default)
        if not isinstance(value, str):
            raise self.wrong(name, FORMAT)
        if value not in known:
            raise self.wrong(name)
        return value

    def lon_lats(self, name: str, least: int, most: int) -> list[LonLat]:
        """Return coordinates."""
        value = self.raw.get(name)
        if value is None:
            raise self.wrong(name, MISSING)
        if not isinstance(value, list) or len(value) < least:
            raise self.wrong(name, FORMAT)
        if len(value) > most:
            why = f"Request parameters exceed the server configuration limits: {len(value)} {name}, {most} at most."
            raise OrsError(400, self.base + LIMIT, why)
        return [self._lon_lat(one, name) for one in value]

    def _lon_lat(self, value: Any, name: str) -> LonLat:
        pair = value[:2] if isinstance(value, list) else []
        if len(pair) < 2 or not all(type(one) in (int, float) and math.isfinite(one) for one in pair):
            raise self.wrong(name, FORMAT, "A coordinate is [longitude, latitude].")
        if abs(pair[0]) > 180 or abs(pair[1]) > 90:
            raise self.wrong(name, VALUE, "Degrees are [longitude, latitude].")
        return float(pair[0]), float(pair[1])

    def indices(self, name: str, count: int) -> list[int]:
        """Return places in the locations, all of them where not given; they may come as texts."""
        value = self.raw.get(name)
        if value is None or value in (["all"], "all"):
            return list(range(count))
        if not isinstance(value, list) or not value:
            raise self.wrong(name, FORMAT)
        found = [int(one) if isinstance(one, str) and one.isascii() and one.isdigit() else one for one in value]
        if not all(type(one) is int and 0 <= one < count for one in found):
            raise self.wrong(name)
        return found

    def metrics(self) -> list[str]:
        """Return what a matrix tells."""
        value = self.raw.get("metrics", ["duration"])
        if not isinstance(value, list) or not value:
            raise self.wrong("metrics", FORMAT)
        if not all(one in ("duration", "distance") for one in value):
            raise self.wrong("metrics")
        return value

    def radiuses(self, count: int) -> list[float]:
        """Return how far from each coordinate a street is looked for; -1 is without limit."""
        value = self.raw.get("radiuses", [-1])
        values = value if isinstance(value, list) else [value]
        if not all(type(one) in (int, float) for one in values) or len(values) not in (1, count):
            raise self.wrong("radiuses", FORMAT)
        found = [math.inf if one == -1 else float(one) for one in values]
        if not all(one > 0 for one in found):
            raise self.wrong("radiuses")
        return found * (count if len(found) == 1 else 1)


def read_body(raw: bytes, base: int, known: set[str], refused: set[str]) -> Body:
    """Return a body of the keys that are known; raises ``OrsError`` where one is not, or asks for what we can't do."""
    try:
        found = msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise OrsError(400, base + UNREADABLE, "Unable to parse JSON request.") from None
    for name in found:
        if name not in known | refused:
            raise OrsError(400, base + UNKNOWN[base], f"Unknown parameter '{name[:60]}'.")
    body = Body(found, base)
    for name in refused & found.keys():
        if not any(found[name] == nothing and type(found[name]) is type(nothing) for nothing in NOTHING):
            raise body.wrong(name, VALUE, "It is not supported by this server.")
    return body


def category_of(profile: str, base: int) -> Category:
    """Return the vehicles of a profile; raises ``OrsError``."""
    if profile not in CATEGORIES:
        known = ", ".join(name for name in CATEGORIES if "-" in name)
        message = f"Parameter 'profile' has incorrect value of '{profile[:40]}'. Known are {known}."
        raise OrsError(400, base + VALUE, message)
    return CATEGORIES[profile]
