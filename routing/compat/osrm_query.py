"""OSRM's requests, read as strictly as OSRM reads them: a URL, or a JSON body with the same names.

Source: OSRM's ``docs/http.md`` (v6) and the parsers in ``include/server/api``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import msgspec
import polyline

from routing.compat.cities import LonLat

Json = dict[str, Any]
Parsed = Callable[[str], Any]

WRAPPED = re.compile(r"(polyline6?)\((.*)\)", re.DOTALL)
NUMBER = re.compile(r"-?\d+(\.\d*)?([eE][-+]?\d+)?|-?\.\d+")
UNLIMITED = math.inf


class OsrmError(Exception):
    """The request can't be answered; told with HTTP 400 as ``{"code", "message"}``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Query:
    """A request: points and the options that were given, by name."""

    service: str
    lon_lat: Sequence[LonLat]
    options: Json = field(default_factory=dict)

    def given(self, name: str, default: Any) -> Any:
        """Return an option, or what holds without it."""
        return self.options.get(name, default)

    def per_point(self, name: str, default: Any) -> list[Any]:
        """Return an option that every point has its own value of."""
        values = self.options.get(name)
        if values is None:
            return [default] * len(self.lon_lat)
        return [default if value is None else value for value in values]


def read_url(service: str, coordinates: str, query: str) -> Query:
    """Return the request of ``GET /service/v1/profile/coordinates?query``.

    Raises
    ------
    OsrmError
        ``InvalidUrl``, ``InvalidQuery``, ``InvalidOptions``, ``InvalidValue`` or ``NotImplemented``.
    """
    for name in (".json", ".flatbuffers"):
        if coordinates.endswith(name):
            coordinates = coordinates.removesuffix(name)
            if name != ".json":
                raise OsrmError("NotImplemented", "Only the format json is served here.")
    options: Json = {}
    for part in query.split("&") if query else []:
        name, _, value = part.partition("=")
        options[name] = _parsed(service, name, unquote(value), query.index(part))
    return _checked(Query(service, _coordinates(coordinates), options))


def read_body(service: str, body: bytes) -> Query:
    """Return the request of ``POST /service/v1/profile`` with a JSON body; errors as :func:`read_url`."""
    try:
        document = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise OsrmError("InvalidOptions", "The body is no JSON object.") from None
    given = document.pop("coordinates", None)
    text = given if isinstance(given, str) else _joined(given)
    if isinstance(given, str) and not WRAPPED.fullmatch(given):
        text = f"polyline({given})"
    options = {
        name: _parsed(service, name, _joined(value, "," if name in BY_COMMA else ";"), 0)
        for name, value in document.items()
    }
    return _checked(Query(service, _coordinates(text), options))


def _joined(value: Any, by: str = ";") -> str:
    """Return a JSON value as a URL has it: a list's elements by ``by``, those of a list within by commas."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return by.join(_joined(one, ",") for one in value)
    return "" if value is None else str(value)


def _coordinates(text: str) -> list[LonLat]:
    wrapped = WRAPPED.fullmatch(text)
    if wrapped:
        try:
            found = [(lon, lat) for lat, lon in polyline.decode(wrapped[2], 6 if wrapped[1] == "polyline6" else 5)]
        except (IndexError, ValueError):
            raise OsrmError("InvalidUrl", "URL string malformed close to position 0: it holds no polyline") from None
    else:
        found = [_pair(part, text) for part in text.split(";")]
    for lon, lat in found:
        if not (abs(lon) <= 180 and abs(lat) <= 90):
            raise OsrmError("InvalidValue", "Invalid coordinate value.")
    if not found:
        raise OsrmError("InvalidUrl", "URL string malformed close to position 0: it holds no coordinates")
    return found


def _pair(part: str, text: str) -> LonLat:
    numbers = part.split(",")
    if len(numbers) != 2 or not all(NUMBER.fullmatch(one) for one in numbers):
        raise OsrmError("InvalidUrl", f"URL string malformed close to position {text.index(part)}: coordinates")
    return float(numbers[0]), float(numbers[1])


def _parsed(service: str, name: str, text: str, position: int) -> Any:
    parse = (GENERAL | OWN[service]).get(name)
    if parse is not None:
        try:
            return parse(text)
        except ValueError:
            pass
    raise OsrmError("InvalidQuery", f"Query string malformed close to position {position}: {name or 'an option'}"[:200])


def _checked(query: Query) -> Query:
    """Return a query whose lists are as long as its points, and that asks for nothing we can't do."""
    for name in PER_POINT & query.options.keys():
        if len(query.options[name]) != len(query.lon_lat):
            message = (
                f"Number of elements in {name} size {len(query.options[name])} does not match number of coordinates"
            )
            raise OsrmError("InvalidOptions", f"{message} {len(query.lon_lat)}")
    for name in ("sources", "destinations", "waypoints"):
        if any(index >= len(query.lon_lat) for index in query.given(name, None) or ()):
            raise OsrmError("InvalidOptions", f"An index in {name} is beyond the last of the coordinates.")
    if query.given("exclude", None):
        raise OsrmError("InvalidValue", "Exclude flag combination is not supported.")
    if any(query.per_point("bearings", None)) or {"curb", "opposite"} & set(query.per_point("approaches", None)):
        raise OsrmError("NotImplemented", "Streets are not chosen by bearing or side here.")
    if query.given("continue_straight", False) is True:
        raise OsrmError(
            "NotImplemented", "continue_straight=true is not served here: a vehicle may turn at a waypoint."
        )
    return query


def one_of(*names: str) -> Parsed:
    """Return what reads one of some names."""

    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(text)
        return text

    return parse


def flag(text: str) -> bool:
    """Return true or false."""
    return {"true": True, "false": False}[one_of("true", "false")(text)]


def listed(parse: Parsed) -> Parsed:
    """Return what reads a list of one value per point; an empty element is ``None``."""
    return lambda text: [parse(part) if part else None for part in text.split(";")]


def several(parse: Parsed) -> Parsed:
    """Return what reads values with commas between them."""
    return lambda text: [parse(part) for part in text.split(",")]


def whole(text: str) -> int:
    """Return a whole number of 0 or more."""
    if not re.fullmatch(r"\d{1,9}", text):
        raise ValueError(text)
    return int(text)


def number(least: float, closed: bool = True) -> Parsed:
    """Return what reads a number from ``least`` on."""

    def parse(text: str) -> float:
        if not NUMBER.fullmatch(text):
            raise ValueError(text)
        value = float(text)
        if not (value >= least if closed else value > least) or math.isinf(value):
            raise ValueError(text)
        return value

    return parse


def indices(text: str) -> list[int] | None:
    """Return places in the coordinates, ``None`` for all of them."""
    return None if text == "all" else [whole(part) for part in text.split(";")]


def flag_or(parse: Parsed) -> Parsed:
    """Return what reads true or false, or else what ``parse`` reads."""
    return lambda text: flag(text) if text in ("true", "false") else parse(text)


def _radius(text: str) -> float:
    return UNLIMITED if text == "unlimited" else float(number(0)(text))


def _bearing(text: str) -> tuple[int, ...]:
    values = tuple(whole(part) for part in text.split(","))
    if len(values) not in (1, 2) or values[0] > 360 or values[-1] > 360:
        raise ValueError(text)
    return values


def _hint(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_=-]+", text):
        raise ValueError(text)
    return text


BY_COMMA = {"annotations", "exclude"}
PER_POINT = {"bearings", "radiuses", "hints", "approaches"}
GENERAL: dict[str, Parsed] = {
    "bearings": listed(_bearing),
    "radiuses": listed(_radius),
    "generate_hints": flag,
    "hints": listed(_hint),
    "approaches": listed(one_of("curb", "opposite", "unrestricted")),
    "exclude": several(str),
    "snapping": one_of("default", "any"),
    "skip_waypoints": flag,
}
OWN: dict[str, dict[str, Parsed]] = {
    "table": {
        "sources": indices,
        "destinations": indices,
        "annotations": several(one_of("duration", "distance")),
        "fallback_speed": number(0, closed=False),
        "fallback_coordinate": one_of("input", "snapped"),
        "scale_factor": number(0, closed=False),
    },
    "route": {
        "alternatives": flag_or(whole),
        "steps": flag,
        "annotations": flag_or(several(one_of("nodes", "distance", "duration", "datasources", "weight", "speed"))),
        "geometries": one_of("polyline", "polyline6", "geojson"),
        "overview": one_of("simplified", "full", "false", "by_legs"),
        "continue_straight": flag_or(one_of("default")),
        "waypoints": indices,
    },
    "nearest": {"number": whole},
}
