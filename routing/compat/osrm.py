"""OSRM's answers from a city's streets: tables, routes and the nearest streets.

Source: OSRM's ``docs/http.md`` (v6). Durations and distances are whole seconds and metres, as our tables have them.
"""

from __future__ import annotations

import base64
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import RoutingDataError
from data.model.city import City
from data.model.vehicle import Category
from data.units import haversine_m
from routing.compat.open_roads import Drives, drives, open_roads, reached
from routing.compat.osrm_query import Json, OsrmError, Query
from routing.compat.osrm_route import RouteShape, route_of
from routing.matrix.arrays import F64, I32
from routing.snap import NO_ARC, Snapped, snap

HINT = struct.Struct("<ii")
"""What a hint holds: the spot on the street in millionths of a degree."""
MICRO = 1_000_000


def table(city: City, category: Category, query: Query) -> Json:
    """Return the answer to ``/table``; raises ``OsrmError``."""
    found = _located(city, category, query)
    rows, columns = (_numbers(query, name) for name in ("sources", "destinations"))
    wanted = query.given("annotations", ["duration"])
    duration_s, distance_m = found.table(
        rows, columns, distances="distance" in wanted or "fallback_speed" in query.options
    )
    told: Json = {"code": "Ok"}
    guesses = _fallback(query, found, rows, columns, duration_s)
    if "duration" in wanted:
        told["durations"] = _cells(duration_s, guesses and guesses[0], query.given("scale_factor", 1.0))
    if "distance" in wanted:
        assert distance_m is not None
        told["distances"] = _cells(distance_m, guesses and guesses[1], 1.0)
    if guesses:
        told["fallback_speed_cells"] = np.argwhere(~reached(duration_s)).tolist()
    if not query.given("skip_waypoints", False):
        every = _waypoints(query, found)
        told["sources"] = [every[row] for row in rows]
        told["destinations"] = [every[column] for column in columns]
    return told


def route(city: City, category: Category, query: Query) -> Json:
    """Return the answer to ``/route``; raises ``OsrmError``.

    Another way than the fastest is not looked for: OSRM promises none either.
    """
    if len(query.lon_lat) < 2:
        raise OsrmError("InvalidOptions", "Number of coordinates needs to be at least two.")
    stops = query.given("waypoints", None) or list(range(len(query.lon_lat)))
    if stops != sorted(set(stops)) or stops[0] != 0 or stops[-1] != len(query.lon_lat) - 1:
        raise OsrmError("InvalidValue", "First and last coordinates must be specified as waypoints.")
    found = _located(city, category, query)
    duration_s, distance_m = found.along()
    if not reached(duration_s).all():
        raise OsrmError("NoRoute", "Impossible route between points")
    told: Json = {"code": "Ok", "routes": [route_of(RouteShape(found, duration_s, distance_m, stops), query)]}
    if not query.given("skip_waypoints", False):
        every = _waypoints(query, found)
        told["waypoints"] = [every[stop] for stop in stops]
    return told


def nearest(city: City, category: Category, query: Query) -> Json:
    """Return the answer to ``/nearest``; raises ``OsrmError``."""
    if len(query.lon_lat) != 1:
        raise OsrmError("InvalidOptions", "Only one coordinate is supported")
    most = query.given("number", 1)
    if most < 1:
        raise OsrmError("InvalidOptions", "Number of nearest segments must be 1 or more")
    roads = open_roads(city, category)
    ground, usable = roads.ground, roads.ground.open_to(category).usable.copy()
    (lon,), (lat,) = np.array(query.lon_lat).T[:, :, None]
    waypoints: list[Json] = []
    while len(waypoints) < most and usable.any():
        try:
            spot = snap(ground.streets, ground.shapes, ground.index, usable, np.array(lat), np.array(lon))
        except RoutingDataError:
            break
        waypoint = _waypoint(query, spot, 0)
        if waypoint["distance"] > query.per_point("radiuses", np.inf)[0]:
            break
        waypoints.append(waypoint | {"nodes": _nodes(city, int(spot.arc[0]), int(spot.piece[0]))})
        usable[[int(arc) for arc in (spot.arc[0], spot.reverse[0]) if arc != NO_ARC]] = False
    if not waypoints:
        raise _no_segment(0)
    return {"code": "Ok", "waypoints": waypoints}


def _located(city: City, category: Category, query: Query) -> Drives:
    lon, lat = np.array(query.lon_lat).T
    try:
        found = drives(city, category, lat, lon)
    except RoutingDataError as error:
        point = error.where.removeprefix("#/")
        raise _no_segment(int(point) if point.isdigit() else 0) from None
    for number, radius in enumerate(query.per_point("radiuses", np.inf)):
        if radius < np.inf and _off_m(query, found.points.snapped, number) > radius:
            raise _no_segment(number)
    return found


def _no_segment(number: int) -> OsrmError:
    """Return the error whose words VROOM's own client looks for."""
    return OsrmError("NoSegment", f"Could not find a matching segment for coordinate {number}")


def _numbers(query: Query, name: str) -> NDArray[np.intp]:
    given = query.given(name, None)
    return np.arange(len(query.lon_lat)) if given is None else np.array(given, dtype=np.intp)


def _cells(found: I32, guesses: F64 | None, factor: float) -> list[list[float | None]]:
    """Return a table's cells, ``None`` where there is no way and no guess."""
    scaled: Any = found if factor == 1.0 else np.round(found * factor, 1)
    cells: list[list[float | None]] = scaled.tolist()
    for row, column in np.argwhere(~reached(found)).tolist():
        cells[row][column] = None if guesses is None else round(float(guesses[row, column]), 1)
    return cells


def _fallback(
    query: Query, found: Drives, rows: NDArray[np.intp], columns: NDArray[np.intp], duration_s: I32
) -> tuple[F64, F64] | None:
    """Return seconds and metres as the crow flies at ``fallback_speed`` (m/s), where that is asked for."""
    speed = query.given("fallback_speed", None)
    if speed is None or reached(duration_s).all():
        return None
    snapped = found.points.snapped
    is_snapped = query.given("fallback_coordinate", "input") == "snapped"
    lat, lon = (snapped.lat, snapped.lon) if is_snapped else (found.lat, found.lon)
    metres = np.array([[haversine_m(lat[a], lon[a], lat[b], lon[b]) for b in columns] for a in rows])
    return metres / speed, metres


def _off_m(query: Query, snapped: Snapped, number: int) -> float:
    """Return the metres from a coordinate to its spot on a street."""
    lon, lat = query.lon_lat[number]
    return haversine_m(lat, lon, float(snapped.lat[number]), float(snapped.lon[number]))


def _waypoints(query: Query, found: Drives) -> list[Json]:
    return [_waypoint(query, found.points.snapped, number) for number in range(len(query.lon_lat))]


def _waypoint(query: Query, snapped: Snapped, number: int) -> Json:
    lon, lat = (round(float(values[number]), 6) for values in (snapped.lon, snapped.lat))
    told: Json = {"name": "", "location": [lon, lat], "distance": round(_off_m(query, snapped, number), 1)}
    if query.given("generate_hints", True):
        packed = HINT.pack(round(lon * MICRO), round(lat * MICRO))
        told["hint"] = base64.urlsafe_b64encode(packed).decode()
    return told


def _nodes(city: City, arc: int, piece: int) -> list[int]:
    """Return OpenStreetMap's ids of both ends of a straight piece of an arc, 0 where it has none."""
    streets = city.streets
    inner = streets.shape_node_id[streets.shape_ptr[arc] : streets.shape_ptr[arc + 1]].tolist()
    nodes = [int(streets.node_id[streets.tail[arc]]), *inner, int(streets.node_id[streets.head[arc]])]
    return nodes[piece : piece + 2]
