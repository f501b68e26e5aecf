"""Who may drive where and how fast: pedestrian streets, one-ways, speeds and access."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely import Point

from data.model.streets import ACCESS_BIT, RoadClass
from data.model.vehicle import Category
from data.synthetic.graph import Edge, Graph
from data.synthetic.outline import Outline

EVERYBODY = sum(ACCESS_BIT.values())
BIKE = ACCESS_BIT[Category.CARGO_BIKE]
NO_TRUCKS = EVERYBODY - ACCESS_BIT[Category.PL]
WALKABLE_M = 270.0
DELIVERY_HOURS, DELIVERY_STREETS = "Mo-Sa 06:00-11:00", 5
MOTORLESS = (RoadClass.PEDESTRIAN, RoadClass.CYCLEWAY)
SPEED_KMH = {
    RoadClass.TRUNK: 90,
    RoadClass.PRIMARY: 50,
    RoadClass.SECONDARY: 50,
    RoadClass.TERTIARY: 50,
    RoadClass.UNCLASSIFIED: 50,
    RoadClass.RESIDENTIAL: 30,
    RoadClass.LIVING_STREET: 20,
    RoadClass.PEDESTRIAN: 10,
    RoadClass.CYCLEWAY: 25,
}
SLIP_KMH, OPEN_ROAD_KMH, CALM_KMH = 50, 80, 30


def set_rules(graph: Graph, ways: list[list[int]], outline: Outline, rng: np.random.Generator) -> None:
    """Make streets pedestrian or one-way, then take back what would cut a junction off."""
    for way in ways:
        edge = graph.edges[way[len(way) // 2]]
        middle = Point(edge.points[len(edge.points) // 2])
        if _walkable(edge, middle, outline, rng):
            for index in way:
                if outline.old_town.contains(Point(graph.edges[index].points.mean(axis=0))):
                    graph.edges[index].road_class = RoadClass.PEDESTRIAN
        elif rng.random() < _oneway_share(edge, middle, outline):
            reverse = rng.random() < 0.5
            for index in way:
                graph.edges[index].oneway = True
                if reverse:
                    graph.edges[index].reverse()
    _reopen(graph)
    _admit_deliveries(graph, ways)


def _admit_deliveries(graph: Graph, ways: list[list[int]]) -> None:
    """Let vans into the longest pedestrian streets that motor traffic reaches at both ends, at certain hours."""
    reached = motor_core(graph)
    streets = [[graph.edges[index] for index in way] for way in ways]
    through = [
        edges
        for edges in streets
        if all(edge.road_class == RoadClass.PEDESTRIAN for edge in edges)
        and reached[edges[0].u]
        and reached[edges[-1].v]
    ]
    for edges in sorted(through, key=lambda edges: -sum(edge.length_m for edge in edges))[:DELIVERY_STREETS]:
        for edge in edges:
            edge.delivery = True


def _walkable(edge: Edge, middle: Point, outline: Outline, rng: np.random.Generator) -> bool:
    if not outline.old_town.contains(middle) or edge.road_class < RoadClass.RESIDENTIAL:
        return False
    near = middle.distance(outline.old_town.centroid) < WALKABLE_M
    return near and (edge.road_class == RoadClass.RESIDENTIAL or rng.random() < 0.35)


def _oneway_share(edge: Edge, middle: Point, outline: Outline) -> float:
    if edge.oneway or edge.road_class < RoadClass.TERTIARY or edge.road_class == RoadClass.CYCLEWAY:
        return 0.0
    if outline.old_town.contains(middle):
        return 0.65
    if outline.within_boulevard.contains(middle):
        return 0.25 if edge.road_class == RoadClass.TERTIARY else 0.5
    if outline.within_ring.contains(middle) and edge.road_class >= RoadClass.RESIDENTIAL:
        return 0.22
    return 0.02


def _reopen(graph: Graph) -> None:
    """Open one-ways in both directions until motor traffic gets everywhere and back; close pockets to it."""
    while True:
        reached = motor_core(graph)
        cut_off = [edge for edge in graph.edges if not (reached[edge.u] and reached[edge.v]) and _motor(edge)]
        if not cut_off:
            return
        oneways = [
            edge for edge in cut_off if edge.oneway and not edge.roundabout and edge.road_class > RoadClass.TRUNK
        ]
        for edge in oneways:
            edge.oneway = False
        if not oneways:
            for edge in cut_off:
                edge.road_class = RoadClass.PEDESTRIAN


def _motor(edge: Edge) -> bool:
    return edge.road_class not in MOTORLESS


def motor_core(graph: Graph) -> NDArray[np.bool_]:
    """Return which junctions motor traffic can reach from anywhere and leave to anywhere."""
    arcs = [(edge.u, edge.v) for edge in graph.edges if _motor(edge)]
    arcs += [(edge.v, edge.u) for edge in graph.edges if _motor(edge) and not edge.oneway]
    tail, head = np.array(arcs).T
    count = len(graph.nodes)
    _, label = connected_components(
        coo_array((np.ones(len(tail)), (tail, head)), shape=(count, count)), directed=True, connection="strong"
    )
    core: NDArray[np.bool_] = label == np.bincount(label).argmax()
    return core


def access_bits(edge: Edge, outline: Outline) -> tuple[int, int]:
    """Return who may drive the edge from u to v and from v to u; bikes may go against a one-way street."""
    if edge.road_class == RoadClass.TRUNK:
        return EVERYBODY - BIKE, 0
    if not _motor(edge):
        return (NO_TRUCKS, NO_TRUCKS) if edge.delivery else (BIKE, BIKE)
    narrow = edge.road_class >= RoadClass.RESIDENTIAL and outline.old_town.contains(Point(edge.points.mean(axis=0)))
    forward = NO_TRUCKS if narrow else EVERYBODY
    if edge.roundabout:
        return forward, 0
    return forward, BIKE if edge.oneway else forward


def speed_kmh(edge: Edge, outline: Outline) -> int:
    """Return the speed limit: lower inside the outer boulevard, higher where the town ends."""
    if edge.slip:
        return SLIP_KMH
    middle = edge.points.mean(axis=0)
    if edge.road_class in (RoadClass.TERTIARY, RoadClass.SECONDARY) and outline.within_boulevard.contains(
        Point(middle)
    ):
        return CALM_KMH
    rural = np.hypot(*middle) > 5000 and edge.length_m > 300 and edge.road_class >= RoadClass.PRIMARY
    if rural and edge.road_class <= RoadClass.TERTIARY:
        return OPEN_ROAD_KMH
    return SPEED_KMH[edge.road_class]
