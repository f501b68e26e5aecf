"""Small digraphs with an order of their nodes, drawn for the tests of the hierarchy: any, and turns between streets."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from hypothesis import strategies as st

from routing.matrix.cost import INF, pack
from routing.matrix.customize import Metric, customize
from routing.matrix.order import arc_order
from routing.matrix.sweep import Seeds
from routing.matrix.topology import Topology, build_topology, locate
from tests.naive import Arc, Cost


@dataclass(frozen=True)
class Digraph:
    """Arcs between nodes, and the rank of each node."""

    arcs: list[Arc]
    rank: list[int]

    @property
    def nodes(self) -> int:
        return len(self.rank)

    def column(self, index: int) -> np.ndarray:
        return np.array([arc[index] for arc in self.arcs], dtype=np.int32)

    def open_arcs(self) -> list[Arc]:
        return [arc for arc in self.arcs if arc[2] < INF]


TIME = st.one_of(st.integers(0, 9), st.just(INF))


@st.composite
def digraphs(draw: st.DrawFn) -> Digraph:
    """Any order will do. Few nodes, many ties, parallel arcs, loops, closed arcs, unconnected parts."""
    nodes = draw(st.integers(1, 14))
    node = st.integers(0, nodes - 1)
    arcs = draw(st.lists(st.tuples(node, node, TIME, st.integers(0, 9)), max_size=40))
    return Digraph(arcs, draw(st.permutations(range(nodes))))


@dataclass(frozen=True)
class Streets:
    """Arcs between places, by number."""

    places: list[tuple[float, float]]
    ends: list[tuple[int, int]]

    def order(self) -> list[int]:
        x, y = np.array(self.places, dtype=np.float64).reshape(-1, 2).T
        tail, head = np.array(self.ends, dtype=np.int32).reshape(-1, 2).T
        return arc_order(len(self.places), tail, head, x, y).tolist()

    def turns(self) -> list[tuple[int, int]]:
        """Return all pairs of arcs of which the second starts where the first ends."""
        pairs = product(enumerate(self.ends), repeat=2)
        return [(a, b) for (a, (_, end)), (b, (start, _)) in pairs if end == start]


@st.composite
def streets(draw: st.DrawFn) -> Streets:
    axis = st.integers(0, 4).map(float)
    places = draw(st.lists(st.tuples(axis, axis), min_size=1, max_size=8))
    node = st.integers(0, len(places) - 1)
    return Streets(places, draw(st.lists(st.tuples(node, node), min_size=1, max_size=16)))


@st.composite
def turns(draw: st.DrawFn) -> Digraph:
    """The turns between the arcs of streets, some forbidden, ordered as streets are."""
    plan = draw(streets())
    pairs = plan.turns()
    weights = draw(st.lists(st.tuples(TIME, st.integers(0, 9)), min_size=len(pairs), max_size=len(pairs)))
    return Digraph([(*pair, *weight) for pair, weight in zip(pairs, weights)], plan.order())


GRAPHS = st.one_of(digraphs(), turns())


def topology_of(graph: Digraph) -> Topology:
    return build_topology(np.array(graph.rank, dtype=np.int32), graph.column(0), graph.column(1))


def metric_of(graph: Digraph) -> Metric:
    topology = topology_of(graph)
    edge = locate(topology, graph.column(0), graph.column(1))
    return customize(topology, edge, graph.column(2), graph.column(3))


def seeds_of(rows: list[dict[int, Cost]]) -> Seeds:
    ptr = np.cumsum([0, *(len(row) for row in rows)]).astype(np.int32)
    node = np.array([node for row in rows for node in row], dtype=np.int32)
    cost = [cost for row in rows for cost in row.values()]
    time, distance = np.array(cost, dtype=np.int32).reshape(-1, 2).T
    return Seeds(ptr, node, pack(time, distance))


def seed_rows(nodes: int) -> st.SearchStrategy[list[dict[int, Cost]]]:
    cost = st.tuples(st.integers(0, 5), st.integers(0, 5))
    return st.lists(st.dictionaries(st.integers(0, nodes - 1), cost, max_size=3), max_size=4)
