"""The ring road: two one-way carriageways that pass over everything, joined to the avenues by slip roads.

Traffic keeps right, so the inner carriageway runs clockwise. At each avenue both carriageways have an exit before it
and an entry after it; the inner ones meet the avenue on the town side, the outer ones on the other.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, Point
from shapely.ops import substring

from data.model.streets import RoadClass
from data.synthetic.graph import Edge, Graph, Points
from data.synthetic.outline import Outline

HALF_GAP_M = 11.0
FOOT_M = 46.0
SLIP_M = 250.0


def add_ring(graph: Graph, outline: Outline) -> list[int]:
    """Add the ring road to ``graph``; return the junctions where its slip roads meet the avenues."""
    inner, outer = (_offset(outline.ring, metres) for metres in (-HALF_GAP_M, HALF_GAP_M))
    feet = []
    inner_marks: list[tuple[float, int]] = []
    outer_marks: list[tuple[float, int]] = []
    for spot, town_side, far_side in _feet(graph, outline):
        feet += [town_side, far_side]
        for line, marks, foot in ((inner, inner_marks, town_side), (outer, outer_marks, far_side)):
            middle = line.project(spot)
            before, after = (_mark(graph, line, marks, middle + metres) for metres in (-SLIP_M, SLIP_M))
            exit_at, entry_at = (after, before) if line is inner else (before, after)
            _slip(graph, exit_at, foot, line)
            _slip(graph, foot, entry_at, line)
    _carriageway(graph, inner, inner_marks, clockwise=True)
    _carriageway(graph, outer, outer_marks, clockwise=False)
    return feet


def _offset(ring: LineString, metres: float) -> LineString:
    """Return the ring moved outwards, still closed and counter-clockwise."""
    moved = shapely.Polygon(ring).buffer(metres).exterior
    return LineString(moved.coords if moved.is_ccw else moved.coords[::-1])


def _feet(graph: Graph, outline: Outline) -> list[tuple[Point, int, int]]:
    """Cut the avenues on both sides of the ring; return (crossing, town-side junction, far-side junction)."""
    avenues = shapely.union_all(list(outline.avenues)).buffer(5)
    found = []
    for edge in list(graph.edges):
        if edge.road_class != RoadClass.PRIMARY:
            continue
        line = LineString(edge.points)
        spot = line.intersection(outline.ring)
        if not isinstance(spot, Point) or spot.is_empty or not avenues.contains(spot):
            continue
        middle = line.project(spot)
        if not FOOT_M + 5 < middle < line.length - FOOT_M - 5:
            continue
        if not outline.within_ring.contains(Point(edge.points[0])):
            edge.reverse()
            line, middle = LineString(edge.points), line.length - middle
        found.append((spot, *_cut_twice(graph, edge, line, middle)))
    return found


def _cut_twice(graph: Graph, edge: Edge, line: LineString, middle: float) -> tuple[int, int]:
    cuts = (0.0, middle - FOOT_M, middle + FOOT_M, line.length)
    parts = [np.array(substring(line, first, last).coords) for first, last in pairwise(cuts)]
    near, far = graph.add_node(parts[1][0]), graph.add_node(parts[1][-1])
    end = edge.v
    edge.v, edge.points = near, parts[0]
    graph.edges.append(Edge(near, far, parts[1], edge.road_class))
    graph.edges.append(Edge(far, end, parts[2], edge.road_class))
    return near, far


def _mark(graph: Graph, line: LineString, marks: list[tuple[float, int]], at_m: float) -> int:
    """Add a junction on a carriageway."""
    at_m %= line.length
    node = graph.add_node(np.array(line.interpolate(at_m).coords[0]))
    marks.append((at_m, node))
    return node


def _slip(graph: Graph, start: int, end: int, line: LineString) -> None:
    """Add a one-way slip road that hugs the carriageway before it bends away to the avenue."""
    first, last = graph.nodes[start], graph.nodes[end]
    foot, other = (first, last) if line.distance(Point(first)) > line.distance(Point(last)) else (last, first)
    abreast = np.array(line.interpolate(line.project(Point(foot + 0.25 * (other - foot)))).coords[0])
    control = abreast + 0.55 * (foot - np.array(line.interpolate(line.project(Point(foot))).coords[0]))
    t = np.linspace(0, 1, 8)[:, None]
    points = (1 - t) ** 2 * first + 2 * t * (1 - t) * control + t**2 * last
    graph.edges.append(Edge(start, end, points, RoadClass.TRUNK, oneway=True, slip=True))


def _carriageway(graph: Graph, line: LineString, marks: list[tuple[float, int]], clockwise: bool) -> None:
    ordered = sorted(marks)
    for (start_m, start), (end_m, end) in zip(ordered, ordered[1:] + ordered[:1]):
        points = _stretch(line, start_m, end_m)
        edge = Edge(start, end, points, RoadClass.TRUNK, oneway=True)
        if clockwise:
            edge.reverse()
        graph.edges.append(edge)


def _stretch(line: LineString, start_m: float, end_m: float) -> Points:
    if start_m < end_m:
        return np.array(substring(line, start_m, end_m).coords)
    head, tail = substring(line, start_m, line.length), substring(line, 0, end_m)
    return np.vstack((np.array(head.coords), np.array(tail.coords)[1:]))
