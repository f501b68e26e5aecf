"""openrouteservice's answers from a city's streets: matrices and directions.

Source: openrouteservice's API reference (v9) and answers of its public server. Street names are not known here: they
are told as ``-``, as openrouteservice tells streets without one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
import polyline

from data.errors import RoutingDataError
from data.model.city import City
from data.model.vehicle import Category
from data.units import haversine_m
from routing.compat.cities import LonLat
from routing.compat.driven import Driven, Step, driven, steps_of
from routing.compat.open_roads import Drives, drives, reached
from routing.compat.ors_request import METRES, NO_POINT, NO_ROUTE, VALUE, Body, Json, OrsError
from routing.compat.osrm_route import joined, simplified
from routing.matrix.arrays import F64, I32

MATRIX_KEYS = {"id", "locations", "sources", "destinations", "metrics", "units", "resolve_locations", "optimized"}
MATRIX_KEYS |= {"profile"}
MATRIX_REFUSED = {"options"}
DIRECTION_KEYS = {
    *("id", "coordinates", "profile", "preference", "units", "language", "geometry", "geometry_simplify"),
    *("instructions", "instructions_format", "radiuses", "maneuvers", "suppress_warnings", "optimized"),
    *("alternative_routes", "roundabout_exits"),
}
DIRECTION_REFUSED = {"attributes", "bearings", "skip_segments", "continue_straight", "elevation", "extra_info"}
DIRECTION_REFUSED |= {"options", "schedule", "schedule_duration", "schedule_rows", "departure", "arrival"}
DIRECTION_REFUSED |= {"maximum_speed", "ignore_transfers", "walking_time"}
PREFERENCES = {"fastest": None, "recommended": None}

TYPES = {
    **{"left": 0, "right": 1, "sharp left": 2, "sharp right": 3, "slight left": 4, "slight right": 5, "straight": 6},
    "uturn": 9,
}
ARRIVE, DEPART = 10, 11
POINTS_EN = ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")
POINTS_FR = ("nord", "nord-est", "est", "sud-est", "sud", "sud-ouest", "ouest", "nord-ouest")
WORDS: Mapping[str, Mapping[Any, str]] = {
    "en": {
        **dict(enumerate(f"Head {point}" for point in POINTS_EN)),
        **{name: f"Turn {name}" for name in TYPES},
        **{"straight": "Continue straight", "uturn": "Make a U-turn", "arrive": "Arrive at your destination"},
    },
    "fr": {
        **dict(enumerate(f"Prendre la direction {point}" for point in POINTS_FR)),
        **{"left": "Tourner à gauche", "right": "Tourner à droite", "sharp left": "Tourner franchement à gauche"},
        **{"sharp right": "Tourner franchement à droite", "slight left": "Tourner légèrement à gauche"},
        **{"slight right": "Tourner légèrement à droite", "straight": "Continuer tout droit"},
        **{"uturn": "Faire demi-tour", "arrive": "Vous êtes arrivé à destination"},
    },
}
LANGUAGES = {"en": "en", "en-us": "en", "en-gb": "en", "fr": "fr", "fr-fr": "fr"}


class Route(NamedTuple):
    """A route: the drives from coordinate to coordinate, their seconds and metres."""

    pieces: Sequence[Driven]
    duration_s: I32
    distance_m: I32


def matrix(city: City, category: Category, body: Body, lon_lat: Sequence[LonLat]) -> Json:
    """Return the answer of ``/v2/matrix`` without its metadata; raises ``OrsError``."""
    rows, columns = (body.indices(name, len(lon_lat)) for name in ("sources", "destinations"))
    metrics, unit = body.metrics(), METRES[body.choice("units", "m", METRES)]
    body.flag("resolve_locations", False)
    found = _located(city, category, body, lon_lat, [np.inf] * len(lon_lat))
    duration_s, distance_m = found.table(np.array(rows), np.array(columns), "distance" in metrics)
    told: Json = {}
    if "duration" in metrics:
        told["durations"] = _cells(duration_s, duration_s.astype(np.float64))
    if distance_m is not None:
        told["distances"] = _cells(distance_m, np.round(distance_m / unit, 2))
    spots = [_spot(found, lon_lat, number) for number in range(len(lon_lat))]
    return told | {"destinations": [spots[one] for one in columns], "sources": [spots[one] for one in rows]}


def _cells(found: I32, shown: F64) -> list[list[float | None]]:
    cells: list[list[float | None]] = shown.tolist()
    for row, column in np.argwhere(~reached(found)).tolist():
        cells[row][column] = None
    return cells


def _spot(found: Drives, lon_lat: Sequence[LonLat], number: int) -> Json:
    snapped = found.points.snapped
    lon, lat = float(snapped.lon[number]), float(snapped.lat[number])
    away_m = haversine_m(lon_lat[number][1], lon_lat[number][0], lat, lon)
    return {"location": [round(lon, 6), round(lat, 6)], "snapped_distance": round(away_m, 2)}


def directions(city: City, category: Category, body: Body, lon_lat: Sequence[LonLat], kind: str) -> Json:
    """Return the answer of ``/v2/directions`` without its metadata, as ``json`` or ``geojson``; raises ``OrsError``.

    Another way than the fastest is not looked for: where ``alternative_routes`` are asked for, there is one.
    """
    for name in ("maneuvers", "suppress_warnings", "optimized", "roundabout_exits"):
        body.flag(name, False)
    if body.raw.get("preference") == "shortest":
        raise body.wrong("preference", VALUE, "This server knows the fastest way only.")
    body.choice("preference", "recommended", PREFERENCES)
    body.choice("instructions_format", "text", {"text": None, "html": None})
    route = _route(_located(city, category, body, lon_lat, body.radiuses(len(lon_lat))), lon_lat)
    line = joined(route.pieces)
    stops = [0, *accumulate(len(piece.lon_lat) - 1 for piece in route.pieces)]
    told = _told(body, route, stops)
    box = _box(line)
    if not body.flag("instructions", True) and body.flag("geometry_simplify", False):
        line = simplified(line)
        told["way_points"] = [0, len(line) - 1]
    if kind == "geojson":
        shape = {"coordinates": line.round(6).tolist(), "type": "LineString"}
        feature = {"bbox": box, "type": "Feature", "properties": told, "geometry": shape}
        return {"type": "FeatureCollection", "bbox": box, "features": [feature]}
    if body.flag("geometry", True):
        told |= {"bbox": box, "geometry": polyline.encode(line[:, ::-1].tolist(), 5)}
    return {"bbox": box, "routes": [told]}


def _located(
    city: City, category: Category, body: Body, lon_lat: Sequence[LonLat], radiuses: Sequence[float]
) -> Drives:
    lon, lat = np.array(lon_lat).T
    try:
        found = drives(city, category, lat, lon)
    except RoutingDataError as error:
        point = error.where.removeprefix("#/")
        raise no_point(body.base, lon_lat, int(point) if point.isdigit() else 0) from None
    for number, radius in enumerate(radiuses):
        if radius < np.inf and _spot(found, lon_lat, number)["snapped_distance"] > radius:
            raise no_point(body.base, lon_lat, number)
    return found


def no_point(base: int, lon_lat: Sequence[LonLat], number: int) -> OrsError:
    """Return the error about a coordinate that no street is near to."""
    lon, lat = lon_lat[number]
    message = f"Could not find routable point near specified coordinate {number}: {lon:.7f} {lat:.7f}."
    return OrsError(404, base + NO_POINT, message)


def _route(found: Drives, lon_lat: Sequence[LonLat]) -> Route:
    duration_s, distance_m = found.along()
    lost = np.flatnonzero(~reached(duration_s)).tolist()
    if lost:
        (a, b), (c, d) = lon_lat[lost[0]], lon_lat[lost[0] + 1]
        points = f"points {lost[0] + 1} ({a:.7f} {b:.7f}) and {lost[0] + 2} ({c:.7f} {d:.7f})"
        raise OrsError(404, 2000 + NO_ROUTE, f"Route could not be found - Unable to find a route between {points}.")
    count = len(duration_s)
    paths = found.legs(range(count), range(1, count + 1))
    ends = zip(paths, duration_s.tolist(), distance_m.tolist(), strict=True)
    return Route([driven(*one) for one in ends], duration_s, distance_m)


def _told(body: Body, route: Route, stops: Sequence[int]) -> Json:
    """Return a route's sums and, unless they aren't wanted, its instructions."""
    unit = METRES[body.choice("units", "m", METRES)]
    words = WORDS[LANGUAGES[body.choice("language", "en", LANGUAGES)]]
    told: Json = {"summary": _sums(float(route.distance_m.sum()), float(route.duration_s.sum()), unit)}
    if body.flag("instructions", True):
        told["segments"] = [
            _sums(float(piece.metres[-1]), float(piece.seconds[-1]), unit)
            | {"steps": [_step(body, piece, step, words, first, unit) for step in steps_of(piece)]}
            for piece, (first, _) in zip(route.pieces, pairwise(stops), strict=True)
        ]
    return told | {"way_points": list(stops)}


def _sums(metres: float, seconds: float, unit: float) -> Json:
    return {"distance": round(metres / unit, 1 if unit == 1.0 else 3), "duration": round(seconds, 1)}


def _step(body: Body, piece: Driven, step: Step, words: Mapping[Any, str], first: int, unit: float) -> Json:
    metres = float(piece.metres[step.last] - piece.metres[step.first])
    seconds = float(piece.seconds[step.last] - piece.seconds[step.first])
    if step.kind == "depart":
        kind, text = DEPART, words[round(step.after / 45) % 8]
    elif step.kind == "arrive":
        kind, text = ARRIVE, words["arrive"]
    else:
        kind, text = TYPES[step.modifier], words[step.modifier]
    told = {"type": kind, "instruction": text, "name": "-", "way_points": [first + step.first, first + step.last]}
    if body.flag("maneuvers", False):
        where = piece.lon_lat[step.first].round(6).tolist()
        told["maneuver"] = {"location": where, "bearing_before": step.before, "bearing_after": step.after}
    return _sums(metres, seconds, unit) | told


def _box(lon_lat: F64) -> list[float]:
    """Return the smallest longitude and latitude of a line, then the largest."""
    return [*lon_lat.min(axis=0).round(6).tolist(), *lon_lat.max(axis=0).round(6).tolist()]
