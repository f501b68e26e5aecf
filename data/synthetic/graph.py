"""From drawn lines to a plane graph: noded, short ends pruned, shapes merged, one connected piece."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from data.model.streets import RoadClass
from data.synthetic.outline import Road

Points = NDArray[np.float64]
GRID_M = 0.25
SHORTEST_M = 14.0
STUB_M = 45.0


@dataclass
class Edge:
    """A stretch of street between two junctions; ``points`` [k, 2] run from ``u`` to ``v``, both included.

    ``way`` is the street it belongs to; with ``oneway`` only u to v is open to motor vehicles. ``slip`` marks the
    ring's slip roads, ``roundabout`` the stretches of a circle: there ``oneway`` holds for bikes as well. Vans may use
    a ``delivery`` street at its hours only.
    """

    u: int
    v: int
    points: Points
    road_class: RoadClass
    way: int = -1
    oneway: bool = False
    slip: bool = False
    roundabout: bool = False
    delivery: bool = False

    @property
    def length_m(self) -> float:
        return float(np.hypot(*np.diff(self.points, axis=0).T).sum())

    def reverse(self) -> None:
        self.u, self.v, self.points = self.v, self.u, self.points[::-1]

    def points_from(self, node: int) -> Points:
        """Return the points in the order met when leaving ``node``."""
        return self.points if node == self.u else self.points[::-1]


@dataclass
class Graph:
    """Junction positions [n, 2] in local metres, and the streets between them."""

    nodes: list[Points] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def add_node(self, point: Points) -> int:
        self.nodes.append(point)
        return len(self.nodes) - 1

    def incident(self) -> dict[int, list[int]]:
        """Return the edge indices at each junction, a closed street once."""
        at: dict[int, list[int]] = defaultdict(list)
        for index, edge in enumerate(self.edges):
            at[edge.u].append(index)
            if edge.v != edge.u:
                at[edge.v].append(index)
        return at


def plane_graph(roads: Iterable[Road]) -> Graph:
    """Return the graph of ``roads``: a junction wherever lines meet."""
    drawn = list(roads)
    noded = _node(drawn)
    graph = _contract(noded)
    for _ in range(2):
        _prune_stubs(graph)
        _merge_shapes(graph)
    _split_loops(graph)
    return largest_piece(graph)


def _node(roads: list[Road]) -> Graph:
    parts = shapely.get_parts(shapely.union_all([road.line for road in roads], grid_size=GRID_M))
    graph = Graph()
    index: dict[tuple[int, int], int] = {}
    for part, road_class in zip(parts, _classes(parts, roads), strict=True):
        points = shapely.get_coordinates(part)
        ends = []
        for end in (points[0], points[-1]):
            key = (round(end[0] / GRID_M), round(end[1] / GRID_M))
            if key not in index:
                index[key] = graph.add_node(end)
            ends.append(index[key])
        graph.edges.append(Edge(ends[0], ends[1], points, RoadClass(road_class)))
    return graph


def _classes(parts: NDArray[np.object_], roads: list[Road]) -> list[int]:
    """Return the class of the most important road each part lies on."""
    tree = shapely.STRtree([road.line for road in roads])
    middles = shapely.line_interpolate_point(parts, 0.5, normalized=True)
    part, road = tree.query(middles, predicate="dwithin", distance=2 * GRID_M)
    best = np.full(len(parts), int(RoadClass.RESIDENTIAL))
    found = np.full(len(parts), len(RoadClass))
    np.minimum.at(found, part, np.array([int(each.road_class) for each in roads])[road])
    return [int(each) for each in np.where(found < len(RoadClass), found, best)]


def _contract(graph: Graph) -> Graph:
    """Return ``graph`` with junctions joined where a street shorter than ``SHORTEST_M`` links them."""
    count = len(graph.nodes)
    short = [edge for edge in graph.edges if edge.length_m < SHORTEST_M]
    u, v = np.array([(edge.u, edge.v) for edge in short]).reshape(-1, 2).T
    pieces, label = connected_components(coo_array((np.ones(len(u)), (u, v)), shape=(count, count)), directed=False)
    positions = np.array(graph.nodes)
    size = np.bincount(label, minlength=pieces)
    joined = np.column_stack([np.bincount(label, positions[:, axis], pieces) / size for axis in (0, 1)])
    result = Graph(nodes=list(joined))
    for edge in graph.edges:
        if edge.length_m >= SHORTEST_M:
            points = np.vstack((joined[label[edge.u]], edge.points[1:-1], joined[label[edge.v]]))
            result.edges.append(Edge(int(label[edge.u]), int(label[edge.v]), points, edge.road_class))
    result.edges = _without_twins(result.edges)
    return result


def _without_twins(edges: list[Edge]) -> list[Edge]:
    """Drop the second of two streets that join the same junctions over nearly the same length."""
    seen: dict[tuple[int, int], list[float]] = defaultdict(list)
    kept = []
    for edge in sorted(edges, key=lambda edge: edge.road_class):
        pair, length = (min(edge.u, edge.v), max(edge.u, edge.v)), edge.length_m
        if all(abs(length - other) > 0.15 * length for other in seen[pair]):
            seen[pair].append(length)
            kept.append(edge)
    return kept


def _prune_stubs(graph: Graph) -> None:
    """Drop dead ends shorter than ``STUB_M``: they are where cuts overshot."""
    at = graph.incident()
    graph.edges = [
        edge for edge in graph.edges if edge.length_m >= STUB_M or (len(at[edge.u]) > 1 and len(at[edge.v]) > 1)
    ]


def _merge_shapes(graph: Graph) -> None:
    """Join the two streets at every junction that only two streets of one class meet at."""
    at = graph.incident()
    alive = [True] * len(graph.edges)
    for node, indices in sorted(at.items()):
        if len(indices) != 2:
            continue
        first, second = (graph.edges[index] for index in indices)
        loop = first.u == first.v or second.u == second.v or {first.u, first.v} == {second.u, second.v}
        if loop or first.road_class != second.road_class:
            continue
        if first.v != node:
            first.reverse()
        if second.u != node:
            second.reverse()
        first.points = np.vstack((first.points[:-1], second.points))
        first.v = second.v
        alive[indices[1]] = False
        at[second.v] = [indices[0] if index == indices[1] else index for index in at[second.v]]
    graph.edges = [edge for edge, kept in zip(graph.edges, alive, strict=True) if kept]


def _split_loops(graph: Graph) -> None:
    """Put a junction half-way round every street that ends where it starts."""
    for edge in list(graph.edges):
        if edge.u == edge.v and len(edge.points) > 2:
            middle = len(edge.points) // 2
            node = graph.add_node(edge.points[middle])
            graph.edges.append(Edge(node, edge.v, edge.points[middle:], edge.road_class))
            edge.v, edge.points = node, edge.points[: middle + 1]


def largest_piece(graph: Graph) -> Graph:
    """Return the largest connected piece of ``graph``, its junctions renumbered in order."""
    count = len(graph.nodes)
    u, v = np.array([(edge.u, edge.v) for edge in graph.edges]).T
    _, label = connected_components(coo_array((np.ones(len(u)), (u, v)), shape=(count, count)), directed=False)
    used = np.zeros(count, dtype=bool)
    used[u] = used[v] = True
    main = np.bincount(label[used]).argmax()
    kept = used & (label == main)
    number = np.cumsum(kept) - 1
    result = Graph(nodes=[point for point, keep in zip(graph.nodes, kept, strict=True) if keep])
    for edge in graph.edges:
        if kept[edge.u]:
            edge.u, edge.v = int(number[edge.u]), int(number[edge.v])
            result.edges.append(edge)
    return result
