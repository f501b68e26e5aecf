"""OSRM's route objects: legs, steps, annotations and lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import polyline
import shapely

from routing.compat.driven import Driven, Step, driven, steps_of
from routing.compat.open_roads import Drives
from routing.compat.osrm_query import Json, Query
from routing.matrix.arrays import F64, I32

SIMPLER = 2_000
"""A simplified line leaves out what is narrower than this part of its extent."""


class RouteShape(NamedTuple):
    """What a route is made of: located points, seconds and metres between them, which of them are waypoints."""

    found: Drives
    duration_s: I32
    distance_m: I32
    stops: Sequence[int]


def route_of(shape: RouteShape, query: Query) -> Json:
    """Return a route through all points, one leg from waypoint to waypoint."""
    overview = query.given("overview", "simplified")
    told = _sums(shape.duration_s, shape.distance_m) | {"weight_name": "duration", "legs": []}
    is_seen = overview != "false" or query.given("steps", False) or query.given("annotations", False)
    pieces = _pieces(shape) if is_seen else []
    for a, b in pairwise(shape.stops):
        leg = _sums(shape.duration_s[a:b], shape.distance_m[a:b])
        told["legs"].append(leg | _details(query, shape.found, pieces[a:b]))
        if overview == "by_legs":
            told["legs"][-1]["geometry"] = line_of(query, joined(pieces[a:b]))
    if overview in ("full", "simplified"):
        line = joined(pieces)
        told["geometry"] = line_of(query, line if overview == "full" else simplified(line))
    return told


def _sums(duration_s: I32, distance_m: I32) -> Json:
    seconds = int(duration_s.sum())
    return {"distance": int(distance_m.sum()), "duration": seconds, "weight": seconds}


def simplified(lon_lat: F64) -> F64:
    """Return a line without the bends that nobody sees when all of it is on the screen."""
    extent = float(np.ptp(lon_lat, axis=0).max())
    line = shapely.LineString(lon_lat).simplify(extent / SIMPLER, preserve_topology=False)
    return np.array(line.coords)


def _pieces(shape: RouteShape) -> list[Driven]:
    """Return the drive from each point to the next."""
    count = len(shape.duration_s)
    paths = shape.found.legs(range(count), range(1, count + 1))
    ends = zip(paths, shape.duration_s.tolist(), shape.distance_m.tolist(), strict=True)
    return [driven(path, seconds, metres) for path, seconds, metres in ends]


def joined(pieces: Sequence[Driven]) -> F64:
    """Return one line of several that follow each other."""
    return np.concatenate([pieces[0].lon_lat, *(piece.lon_lat[1:] for piece in pieces[1:])])


def _details(query: Query, found: Drives, pieces: Sequence[Driven]) -> Json:
    told: Json = {"summary": "", "steps": _steps(query, pieces) if query.given("steps", False) else []}
    wanted = query.given("annotations", False)
    if wanted:
        told["annotation"] = _annotation(found, pieces, None if wanted is True else wanted)
    return told


def _steps(query: Query, pieces: Sequence[Driven]) -> list[Json]:
    """Return a leg's steps; where it only passes a point, it neither arrives nor departs."""
    told = []
    for number, piece in enumerate(pieces):
        for step in steps_of(piece):
            passes = (step.kind == "arrive" and number < len(pieces) - 1) or (step.kind == "depart" and number > 0)
            if step.kind == "arrive" and passes:
                continue
            told.append(_step(query, piece, step._replace(kind="continue", before=step.after) if passes else step))
    return told


def _step(query: Query, piece: Driven, step: Step) -> Json:
    where = [round(value, 6) for value in piece.lon_lat[step.first].tolist()]
    line = piece.lon_lat[step.first : step.last + 1]
    seconds = round(float(piece.seconds[step.last] - piece.seconds[step.first]), 1)
    maneuver: Json = {
        "type": step.kind,
        "location": where,
        "bearing_before": step.before,
        "bearing_after": step.after,
    }
    if step.modifier:
        maneuver["modifier"] = step.modifier
    ways = {"depart": [step.after], "arrive": [(step.before + 180) % 360]}
    bearings = ways.get(step.kind, [step.after, (step.before + 180) % 360])
    crossing: Json = {"location": where, "bearings": bearings, "entry": [True] + [False] * (len(bearings) - 1)}
    if step.kind != "arrive":
        crossing["out"] = 0
    if step.kind != "depart":
        crossing["in"] = len(bearings) - 1
    return {
        "geometry": line_of(query, line if len(line) > 1 else np.concatenate([line, line])),
        "maneuver": maneuver,
        "mode": "driving",
        "driving_side": "right",
        "name": "",
        "intersections": [crossing],
        "weight": seconds,
        "duration": seconds,
        "distance": round(float(piece.metres[step.last] - piece.metres[step.first]), 1),
    }


def _annotation(found: Drives, pieces: Sequence[Driven], wanted: Sequence[str] | None) -> Json:
    """Return what is known of every stretch between two points of a leg's line."""
    seconds = np.concatenate([np.diff(one.seconds) for one in pieces])
    metres = np.concatenate([np.diff(one.metres) for one in pieces])
    speed = np.divide(metres, seconds, out=np.zeros(len(metres)), where=seconds > 0)
    known: dict[str, Any] = {
        "duration": seconds.round(1).tolist(),
        "distance": metres.round(2).tolist(),
        "weight": seconds.round(1).tolist(),
        "speed": speed.round(1).tolist(),
        "datasources": [0] * len(seconds),
        "nodes": [node for one in pieces for node in _nodes(found, one)],
    }
    told = {name: values for name, values in known.items() if wanted is None or name in wanted}
    if "datasources" in told:
        told["metadata"] = {"datasource_names": ["free flow"]}
    return told


def _nodes(found: Drives, piece: Driven) -> list[int]:
    """Return OpenStreetMap's ids of the points of a piece between its ends, 0 where it has none."""
    streets, shapes, path = found.roads.ground.streets, found.roads.ground.shapes, piece.path
    nodes: list[int] = []
    passed = 0
    for number, (arc, end) in enumerate(zip(path.arcs.tolist(), path.reached.tolist(), strict=True)):
        inner = streets.shape_node_id[streets.shape_ptr[arc] : streets.shape_ptr[arc + 1]].tolist()
        known = [int(streets.node_id[streets.tail[arc]]), *inner, int(streets.node_id[streets.head[arc]])]
        count = end - passed
        if number < len(path.arcs) - 1:  # left at its head
            nodes += known[len(known) - count :] if count else []
        else:
            here = shapes.lon[shapes.first[arc] : shapes.first[arc + 1]]
            first = 1 if number else int(np.argmin(np.abs(here - piece.lon_lat[1, 0])))
            nodes += known[first : first + count - 1]
        passed = end
    return nodes


def line_of(query: Query, lon_lat: F64) -> Any:
    """Return a line in the geometry asked for."""
    kind = query.given("geometries", "polyline")
    if kind == "geojson":
        return {"type": "LineString", "coordinates": lon_lat.round(6).tolist()}
    return polyline.encode(lon_lat[:, ::-1].tolist(), 6 if kind == "polyline6" else 5)
