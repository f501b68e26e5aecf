"""Legs: the arcs a vehicle drives between two points, their shape for the map, and the zones it crosses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.errors import RoutingDataError
from routing.doors import find_links
from routing.matrix.arrays import F64, I32
from routing.matrix.cost import INF_COST, TIME_SHIFT
from routing.matrix.path import Paths, shortest_paths
from routing.roads import Located, Roads
from routing.snap import NO_ARC, Snapped


class Crossing(NamedTuple):
    """A stretch inside a zone (index into ``city.zones``), in seconds from departure, rounded outwards."""

    zone: int
    enter_s: int
    exit_s: int


@dataclass(frozen=True, eq=False)
class LegPath:
    """One leg on the streets.

    Attributes
    ----------
    arcs : int32 [k]
        Arcs driven, in order; the first and the last in part. Empty between a point and itself.
    points : float64 [p, 2]
        Longitude and latitude, from the spot on the first street to the one on the last, at least two.
    crossings : tuple of Crossing
        Zones in force that the leg runs through.
    time_ms : int32 [k]
        Driven on each arc, the turn at its end included.
    reached : intp [k]
        The place in ``points`` at which each arc is left.
    """

    arcs: I32
    points: F64
    crossings: tuple[Crossing, ...]
    time_ms: I32
    reached: NDArray[np.intp]


class _Steps(NamedTuple):
    """The arcs of many legs one after the other; leg r's are ``ptr[r]`` to ``ptr[r + 1] - 1``.

    ``time_ms`` includes the turn at the arc's end. Of each arc's points those from ``first_point`` up to
    ``last_point`` (excluded) are passed.
    """

    ptr: NDArray[np.intp]
    arc: I32
    time_ms: I32
    first_point: I32
    last_point: I32


def trace(roads: Roads, points: Located, zone_of_arc: NDArray[np.int16], source: I32, target: I32) -> list[LegPath]:
    """Return the leg of each pair ``source[r]``, ``target[r]`` (point numbers).

    Raises
    ------
    RoutingDataError
        ``unreachable``: a pair has no path in this profile.
    """
    paths = shortest_paths(roads.metric, points.sources.seeds, points.targets.seeds, source, target)
    link = find_links(points.links, len(points.snapped.arc), source, target)
    direct = (link >= 0) & (points.links.cost[link] <= paths.cost)
    lost = np.flatnonzero(~direct & (paths.cost >= INF_COST))
    if len(lost):
        message = f"no way from point {source[lost[0]]} to point {target[lost[0]]} in this profile"
        raise RoutingDataError("unreachable", message, action="ask for legs of reachable pairs only")
    steps = _steps(roads, points, paths, np.where(direct, link, -1), source, target)
    crossings = _crossings(steps, zone_of_arc[steps.arc])
    shape, ptr = _points(roads, points.snapped, steps, source, target)
    return [_leg(steps, r, shape[ptr[r] : ptr[r + 1]], crossings[r]) for r in range(len(source))]


def _leg(steps: _Steps, number: int, points: F64, crossings: tuple[Crossing, ...]) -> LegPath:
    driven = slice(steps.ptr[number], steps.ptr[number + 1])
    reached = np.cumsum(steps.last_point[driven] - steps.first_point[driven])
    reached[-1:] = len(points) - 1
    return LegPath(steps.arc[driven], points, crossings, steps.time_ms[driven], reached)


def _steps(roads: Roads, points: Located, paths: Paths, link: NDArray[np.intp], source: I32, target: I32) -> _Steps:
    """Return all arcs with their times: whole ones from the paths, partial ones at both ends or a single direct one."""
    found, turns, shapes = points.doors, roads.ground.turns, roads.ground.shapes
    via, along = link < 0, (link >= 0) & (points.links.arc[link] != NO_ARC)
    inner = np.diff(paths.ptr)
    ptr = np.concatenate([[0], np.cumsum(np.where(via, inner + 2, along))])
    arc, time_ms, first, last = (np.empty(ptr[-1], dtype=np.int32) for _ in range(4))

    def put(at: NDArray[np.intp], arcs: I32, ms: I32, skipped: I32 | int, until: I32) -> None:
        arc[at], time_ms[at] = arcs, ms
        first[at] = shapes.first[arcs] + skipped + 1
        last[at] = until

    whole = np.repeat(via, inner)
    at = np.arange(len(paths.arc)) + np.repeat(ptr[:-1] + 1 - paths.ptr[:-1], inner)
    turn = paths.arc[whole]
    arcs = turns.arc[turns.tail[turn]]
    put(at[whole], arcs, roads.weights_ms[arcs] + roads.turn_ms[turn], 0, shapes.first[arcs + 1])

    here, seed = source[via], paths.source_seed[via]
    way = points.sources.way[seed]
    arcs = found.arc[here, way]
    ms = (points.sources.seeds.cost[seed] >> TIME_SHIFT).astype(np.int32)
    put(ptr[:-1][via], arcs, ms, found.piece[here, way], shapes.first[arcs + 1])

    here, way = target[via], points.targets.way[paths.target_seed[via]]
    arcs = found.arc[here, way]
    put(ptr[1:][via] - 1, arcs, found.before_ms[here, way], 0, shapes.first[arcs] + found.piece[here, way] + 1)

    here, there, arcs = source[along], target[along], points.links.arc[link[along]]
    way = (found.arc[here, 1] == arcs).astype(np.int8)
    ms = found.before_ms[there, way] - found.before_ms[here, way]
    put(ptr[:-1][along], arcs, ms, found.piece[here, way], shapes.first[arcs] + found.piece[there, way] + 1)
    return _Steps(ptr, arc, time_ms, first, last)


def _points(roads: Roads, snapped: Snapped, steps: _Steps, source: I32, target: I32) -> tuple[F64, NDArray[np.intp]]:
    """Return (lon, lat) of all legs and where each leg's points start: its spot, the arcs' points, the other spot."""
    shapes = roads.ground.shapes
    count = steps.last_point - steps.first_point
    passed = np.concatenate([[0], np.cumsum(count)])
    ptr = passed[steps.ptr] + 2 * np.arange(len(steps.ptr))
    leg = np.repeat(np.arange(len(source)), np.diff(steps.ptr))
    index = np.arange(passed[-1]) + np.repeat(steps.first_point - passed[:-1], count)
    place = np.arange(passed[-1]) + np.repeat(2 * leg + 1, count)
    points = np.empty((ptr[-1], 2))
    for column, shape, spots in ((0, shapes.lon, snapped.lon), (1, shapes.lat, snapped.lat)):
        points[place, column] = shape[index]
        points[ptr[:-1], column] = spots[source]
        points[ptr[1:] - 1, column] = spots[target]
    return points, ptr


def _crossings(steps: _Steps, zone: NDArray[np.int16]) -> list[tuple[Crossing, ...]]:
    """Return the zones each leg runs through; neighbouring arcs of one zone are one crossing."""
    legs = len(steps.ptr) - 1
    found: list[list[Crossing]] = [[] for _ in range(legs)]
    for leg, number, enter_ms, exit_ms in _runs(steps, zone):
        if number >= 0 and exit_ms > enter_ms:
            found[leg].append(Crossing(number, enter_ms // 1000, -(-exit_ms // 1000)))
    return [tuple(crossings) for crossings in found]


def _runs(steps: _Steps, zone: NDArray[np.int16]) -> Iterator[tuple[int, int, int, int]]:
    """Yield ``(leg, zone, enter_ms, exit_ms)`` of each run of arcs in one zone (or none), per leg."""
    if len(zone) == 0:
        return
    leg = np.repeat(np.arange(len(steps.ptr) - 1), np.diff(steps.ptr))
    passed = np.concatenate([[0], np.cumsum(steps.time_ms, dtype=np.int64)])
    since = passed - np.append(passed[steps.ptr[leg]], 0)
    change = np.flatnonzero((np.diff(zone) != 0) | (np.diff(leg) != 0))
    starts, ends = np.append(0, change + 1), np.append(change, len(zone) - 1)
    exits = since[ends] + steps.time_ms[ends]
    yield from zip(leg[starts].tolist(), zone[starts].tolist(), since[starts].tolist(), exits.tolist())
