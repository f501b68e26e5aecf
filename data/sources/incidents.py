"""Incidents from GeoJSON: closed or slow streets along a line, in an area or around a point, for a while.

Properties of a feature: ``kind`` (``closure`` or ``slow``); for a slow one ``factor`` on the usual speed or
``speed_kmh``; ``from`` and ``to`` as instants with an offset, each may be left out; ``categories``, else all vehicles
for a closure and all but cargo bikes for a slow one; ``both_directions`` of a line, else true: false means only the
way it was drawn; ``radius_m`` of a point. Other properties are left alone.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from data.arc_geometry import ArcLines
from data.errors import InputError
from data.model.streets import StreetNetwork
from data.model.traffic import LEAST_FACTOR, Report, Traffic
from data.model.vehicle import Category
from data.sources.geojson import features_of
from data.sources.table import read_text

REACH_M = 15.0
"""A line drawn on another map than ours lies this far off its street at most."""
ON_LINE = 0.5
"""An arc is meant when this share of it runs along the line,"""
LINE_ON_ARC = 0.8
"""or this share of the line runs along it."""
MOST_RADIUS_M = 5_000.0
_LINES, _AREAS = ("LineString", "MultiLineString"), ("Polygon", "MultiPolygon")


def read_incidents(path: Path, streets: StreetNetwork) -> tuple[Traffic, tuple[str, ...]]:
    """Return the incidents of a FeatureCollection as reports, in the file's order, and notes.

    Raises
    ------
    InputError
        With a JSON pointer: ``invalid_value``, ``invalid_geometry``; ``no_street_matched`` where no incident lies on
        these streets.
    """
    return incidents_of(read_text(path), str(path), streets)


def incidents_of(text: str, source: str, streets: StreetNetwork) -> tuple[Traffic, tuple[str, ...]]:
    """Return the incidents of GeoJSON that has come from ``source``; otherwise as :func:`read_incidents`."""
    arcs = ArcLines(streets)
    reports, notes, missed = [], [], 0
    for where, feature in features_of(text, source):
        report = _report(feature, where, arcs, streets)
        if len(report.arc):
            reports.append(report)
        else:
            missed += 1
            notes.append(f"{where}: no street there, it changes nothing")
    if not reports:
        message = f"none of the {missed} incidents lies on a street of this city" if missed else "there are no features"
        raise InputError("no_street_matched", message, f"{source}#/features", "check the coordinates: [lon, lat]")
    return Traffic(tuple(reports)), tuple(notes)


def _report(feature: dict[str, Any], where: str, arcs: ArcLines, streets: StreetNetwork) -> Report:
    properties, at = feature["properties"], f"{where}/properties"
    kind = properties.get("kind")
    if kind not in ("closure", "slow"):
        raise _wrong(f"kind is {kind!r}", f"{at}/kind", "closure or slow")
    arc = np.unique(_arcs(feature, where, arcs)).astype(np.int32)
    share, fixed_ms = np.ones(len(arc)), np.zeros(len(arc))
    if kind == "slow":
        factor, kmh = properties.get("factor"), properties.get("speed_kmh")
        if (factor is None) == (kmh is None):
            raise _wrong("a slow street needs a factor or a speed_kmh, not both", at, "give one of the two")
        if kmh is None:
            share /= _number(factor, f"{at}/factor", LEAST_FACTOR, 1.0)
        else:
            share[:] = 0.0
            fixed_ms[:] = streets.length_dm[arc] * 360.0 / _number(kmh, f"{at}/speed_kmh", 1.0, 200.0)
    start_at, end_at = (_instant(properties.get(key), f"{at}/{key}") for key in ("from", "to"))
    if start_at and end_at and end_at <= start_at:
        raise _wrong("it ends before it begins", f"{at}/to", "give a later instant")
    closed = kind == "closure"
    return Report(arc, share, fixed_ms, closed, _categories(properties, at, closed), start_at, end_at)


def _arcs(feature: dict[str, Any], where: str, arcs: ArcLines) -> NDArray[np.int64]:
    """Return the arcs an incident means."""
    shape, kind = _shape(feature.get("geometry"), f"{where}/geometry")
    on_plane, properties = arcs.plane.project(shape), feature["properties"]
    if kind in _AREAS:
        return arcs.in_area(on_plane)
    if kind == "Point":
        radius_m = _number(properties.get("radius_m"), f"{where}/properties/radius_m", 1.0, MOST_RADIUS_M)
        return arcs.in_area(on_plane.buffer(radius_m))
    both = properties.get("both_directions", True)
    if not isinstance(both, bool):
        raise _wrong(f"both_directions is {both!r}", f"{where}/properties/both_directions", "true or false")
    along = arcs.along(on_plane, REACH_M, directed=not both)
    return along.arc[(along.share >= ON_LINE) | (along.length_m >= LINE_ON_ARC * on_plane.length)]


def _shape(geometry: Any, where: str) -> tuple[shapely.Geometry, str]:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in (*_LINES, *_AREAS, "Point"):
        raise InputError("invalid_geometry", f"geometry `{kind}`", where, "a line, a polygon, or a point with radius_m")
    try:
        shape = shapely.geometry.shape(geometry)
    except (
        ValueError,
        TypeError,
        IndexError,
        KeyError,
        AttributeError,
        OverflowError,
        shapely.errors.ShapelyError,
    ) as error:
        raise InputError("invalid_geometry", f"unreadable coordinates: {error}", where, "see RFC 7946") from None
    points = shapely.get_coordinates(shape)
    if not len(points) or not np.isfinite(points).all() or (np.abs(points) > (180, 90)).any():
        raise InputError("invalid_geometry", "coordinates are no WGS84 degrees", where, "write [lon, lat]")
    if kind in _LINES and shape.length == 0:
        raise InputError("invalid_geometry", "the line has no length", where, "give two different points")
    return (shape if shape.is_valid else shapely.make_valid(shape)), kind


def _categories(properties: dict[str, Any], at: str, closed: bool) -> frozenset[Category]:
    given = properties.get("categories")
    if given is None:
        return frozenset(Category) - (frozenset() if closed else {Category.CARGO_BIKE})
    if not isinstance(given, list) or not given or not set(map(str, given)) <= set(Category):
        raise _wrong(f"categories is {given!r}", f"{at}/categories", f"an array of {', '.join(Category)}")
    return frozenset(Category(name) for name in given)


def _number(value: Any, where: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        name = where.rpartition("/")[2]
        raise _wrong(f"{name} is {value!r}", where, f"a number from {low:g} to {high:g}")
    return float(value)


def _instant(value: Any, where: str) -> datetime | None:
    if value is None:
        return None
    try:
        instant = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        instant = None
    if instant is None or instant.tzinfo is None or not 1900 <= instant.year < 2200:
        raise _wrong(f"{value!r} is no instant", where, "write it like 2026-11-24T10:30:00+01:00")
    return instant


def _wrong(message: str, where: str, action: str) -> InputError:
    return InputError("invalid_value", message, where, action)
