"""Roundabouts: what France puts where larger roads meet outside the old streets."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from shapely import LineString, Point
from shapely.ops import substring

from data.model.streets import RoadClass
from data.synthetic.graph import Edge, Graph, Points
from data.synthetic.outline import Outline

RADIUS_M = 19.0
CLEAR_M = 2.6 * RADIUS_M
APART_M = 350.0


def add_roundabouts(graph: Graph, outline: Outline, feet: Iterable[int]) -> int:
    """Turn the ring's ``feet`` and the main suburban crossings into roundabouts; return how many."""
    at = graph.incident()
    chosen = [node for node in feet if _roomy(graph, at[node])]
    town = outline.within_ring.buffer(60)
    for node in sorted(at):
        if not _is_main_crossing([graph.edges[index] for index in at[node]]) or town.contains(Point(graph.nodes[node])):
            continue
        apart = all(np.hypot(*(graph.nodes[node] - graph.nodes[other])) > APART_M for other in chosen)
        if apart and _roomy(graph, at[node]):
            chosen.append(node)
    for node in chosen:
        _open_circle(graph, node, [graph.edges[index] for index in at[node]])
    return len(chosen)


def _is_main_crossing(arms: list[Edge]) -> bool:
    main = sum(arm.road_class <= RoadClass.SECONDARY for arm in arms)
    return len(arms) >= 3 and main >= 2 and all(arm.road_class != RoadClass.TRUNK for arm in arms)


def _roomy(graph: Graph, indices: list[int]) -> bool:
    edges = [graph.edges[index] for index in indices]
    return all(edge.length_m > CLEAR_M and edge.u != edge.v for edge in edges)


def _open_circle(graph: Graph, node: int, arms: list[Edge]) -> None:
    """Replace one junction by a one-way circle, driven counter-clockwise."""
    centre = graph.nodes[node].copy()
    ends = [_trim(arm.points_from(node), centre) for arm in arms]
    bearings = [math.atan2(*(points[0] - centre)[::-1]) for points in ends]
    order = sorted(range(len(arms)), key=lambda k: bearings[k])
    rim = [node, *(graph.add_node(centre) for _ in order[1:])]
    for k, place in zip(order, rim, strict=True):
        graph.nodes[place] = ends[k][0]
        if arms[k].u == node:
            arms[k].u, arms[k].points = place, ends[k]
        else:
            arms[k].v, arms[k].points = place, ends[k][::-1]
    road_class = min(arm.road_class for arm in arms if arm.road_class != RoadClass.TRUNK)
    for k, (place, following) in enumerate(zip(rim, rim[1:] + rim[:1], strict=True)):
        start, stop = bearings[order[k]], bearings[order[(k + 1) % len(order)]]
        angle = start + np.linspace(0, (stop - start) % (2 * math.pi), 5)
        points = centre + RADIUS_M * np.column_stack((np.cos(angle), np.sin(angle)))
        points[0], points[-1] = graph.nodes[place], graph.nodes[following]
        graph.edges.append(Edge(place, following, points, road_class, oneway=True, roundabout=True))


def _trim(points: Points, centre: Points) -> Points:
    """Return ``points``, which leave ``centre``, from the circle on."""
    line = LineString(points)
    rest = np.array(substring(line, RADIUS_M, line.length).coords)
    rest[0] = centre + (rest[0] - centre) * (RADIUS_M / np.hypot(*(rest[0] - centre)))
    return rest
