"""The hierarchy against a naive Dijkstra: tables and paths, closures, several seeds, degenerate graphs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csgraph, csr_matrix

from data.clock import rng
from data.sources.osm import streets_from_pbf
from routing.matrix.cost import INF, INF_COST, pack, unpack
from routing.matrix.customize import Metric, customize
from routing.matrix.order import nested_dissection
from routing.matrix.path import shortest_paths
from routing.matrix.table import LANES, Direct, Seeds, many_to_many, no_direct
from routing.matrix.topology import LOOP, MISSING, chordal, locate
from tests.naive import Arc, Cost, dijkstra, is_path


@dataclass(frozen=True)
class Digraph:
    nodes: int
    arcs: list[Arc]
    places: list[tuple[float, float]]

    def column(self, index: int) -> np.ndarray:
        return np.array([arc[index] for arc in self.arcs], dtype=np.int32)

    def open_arcs(self) -> list[Arc]:
        return [arc for arc in self.arcs if arc[2] < INF]


@st.composite
def digraphs(draw: st.DrawFn) -> Digraph:
    """Few nodes, many ties, parallel arcs, loops, closed arcs, unconnected parts."""
    nodes = draw(st.integers(1, 14))
    node = st.integers(0, nodes - 1)
    time = st.one_of(st.integers(0, 9), st.just(INF))
    arcs = draw(st.lists(st.tuples(node, node, time, st.integers(0, 9)), max_size=40))
    axis = st.integers(0, 4).map(float)
    return Digraph(nodes, arcs, draw(st.lists(st.tuples(axis, axis), min_size=nodes, max_size=nodes)))


def metric_of(graph: Digraph) -> Metric:
    x, y = np.array(graph.places, dtype=np.float64).reshape(-1, 2).T
    tail, head = graph.column(0), graph.column(1)
    topology = chordal(nested_dissection(graph.nodes, tail, head, x, y), tail, head)
    return customize(topology, tail, head, locate(topology, tail, head), graph.column(2), graph.column(3))


def seeds_of(rows: list[dict[int, Cost]]) -> Seeds:
    ptr = np.cumsum([0, *(len(row) for row in rows)]).astype(np.int32)
    node = np.array([node for row in rows for node in row], dtype=np.int32)
    cost = [cost for row in rows for cost in row.values()]
    time, distance = np.array(cost, dtype=np.int32).reshape(-1, 2).T
    return Seeds(ptr, node, pack(time, distance))


def table(
    metric: Metric, sources: Seeds, targets: Seeds, direct: Direct | None = None, rounded: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    shape = (len(sources.ptr) - 1, len(targets.ptr) - 1)
    time, distance = np.full(shape, -1, dtype=np.int32), np.full(shape, -1, dtype=np.int32)
    many_to_many(metric, sources, targets, direct or no_direct(shape[1]), time, distance, rounded)
    return time, distance


def naive_entry(graph: Digraph, source: dict[int, Cost], target: dict[int, Cost]) -> Cost:
    reached = dijkstra(graph.open_arcs(), source)
    ends = [
        (reached[node][0] + time, reached[node][1] + distance)
        for node, (time, distance) in target.items()
        if node in reached
    ]
    return min(ends, default=(INF, INF))


def seed_rows(nodes: int) -> st.SearchStrategy[list[dict[int, Cost]]]:
    cost = st.tuples(st.integers(0, 5), st.integers(0, 5))
    return st.lists(st.dictionaries(st.integers(0, nodes - 1), cost, max_size=3), max_size=4)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), graph=digraphs())
def test_table_and_paths_are_those_of_dijkstra(data: st.DataObject, graph: Digraph) -> None:
    rows, columns = data.draw(seed_rows(graph.nodes)), data.draw(seed_rows(graph.nodes))
    metric, sources, targets = metric_of(graph), seeds_of(rows), seeds_of(columns)
    time, distance = table(metric, sources, targets)
    pairs = [(s, t) for s in range(len(rows)) for t in range(len(columns))]
    paths = shortest_paths(metric, sources, targets, *np.array(pairs, dtype=np.int32).reshape(-1, 2).T)
    for r, (s, t) in enumerate(pairs):
        wanted = naive_entry(graph, rows[s], columns[t])
        assert (time[s, t], distance[s, t]) == wanted
        path = paths.arc[paths.ptr[r] : paths.ptr[r + 1]].tolist()
        if wanted == (INF, INF):
            assert (path, paths.cost[r], paths.source_seed[r], paths.target_seed[r]) == ([], INF_COST, -1, -1)
            continue
        start, end = int(sources.node[paths.source_seed[r]]), int(targets.node[paths.target_seed[r]])
        driven = [graph.arcs[arc] for arc in path]
        assert is_path(graph.arcs, path)
        assert [start, end] == ([driven[0][0], driven[-1][1]] if driven else [start, start])
        parts = [rows[s][start], columns[t][end], *(arc[2:] for arc in driven)]
        assert tuple(map(sum, zip(*parts))) == wanted


@settings(max_examples=60, deadline=None)
@given(graph=digraphs())
def test_the_order_is_a_permutation_and_the_supergraph_chordal(graph: Digraph) -> None:
    x, y = np.array(graph.places, dtype=np.float64).reshape(-1, 2).T
    tail, head = graph.column(0), graph.column(1)
    rank = nested_dissection(graph.nodes, tail, head, x, y)
    assert sorted(rank.tolist()) == list(range(graph.nodes))
    topology = chordal(rank, tail, head)
    higher = [topology.head[topology.ptr[v] : topology.ptr[v + 1]].tolist() for v in range(graph.nodes)]
    for v, above in enumerate(higher):
        assert above == sorted(set(above)) and all(x > v for x in above)
        assert all(set(above[i + 1 :]) <= set(higher[x]) for i, x in enumerate(above)), "a clique"
    for arc, edge in zip(graph.arcs, locate(topology, tail, head).tolist()):
        ends = sorted(rank[list(arc[:2])].tolist())
        assert edge == LOOP if ends[0] == ends[1] else [topology.tail[edge], topology.head[edge]] == ends


def grid(side: int, seed: int) -> Digraph:
    """A square of two-way streets of random length; slower one way than the other."""
    draw = rng(seed)
    arcs: list[Arc] = []
    for row in range(side):
        for column in range(side):
            here = row * side + column
            for there in ([here + 1] if column + 1 < side else []) + ([here + side] if row + 1 < side else []):
                length = int(draw.integers(1, 100))
                arcs += [(here, there, 3 * length, length), (there, here, 4 * length, length)]
    return Digraph(side * side, arcs, [(float(node % side), float(node // side)) for node in range(side * side)])


def test_more_sources_than_lanes_and_whole_seconds() -> None:
    graph = grid(9, seed=3)
    metric = metric_of(graph)
    points = seeds_of([{node: (0, 0)} for node in range(graph.nodes)])
    assert graph.nodes > LANES
    time, distance = table(metric, points, points)
    seconds, metres = table(metric, points, points, rounded=True)
    for source in range(0, graph.nodes, 7):
        reached = dijkstra(graph.arcs, {source: (0, 0)})
        assert list(zip(time[source].tolist(), distance[source].tolist())) == [reached[t] for t in range(graph.nodes)]
    assert (seconds == (time + 500) // 1000).all() and (metres == (distance + 5) // 10).all()


def test_rounding_is_half_up() -> None:
    graph = Digraph(4, [(0, 1, 499, 4), (0, 2, 500, 5), (0, 3, 1500, 15)], [(0.0, 0.0)] * 4)
    points = seeds_of([{node: (0, 0)} for node in range(4)])
    seconds, metres = table(metric_of(graph), points, points, rounded=True)
    assert seconds[0].tolist() == [0, 0, 1, 2] and metres[0].tolist() == [0, 0, 1, 2]
    assert seconds[3].tolist() == [INF, INF, INF, 0]


def test_a_grid_is_cut_across() -> None:
    """The last ranks separate the grid: about one row of nodes, not a random set."""
    graph = grid(16, seed=0)
    x, y = np.array(graph.places).T
    tail, head = graph.column(0), graph.column(1)
    rank = nested_dissection(graph.nodes, tail, head, x, y)
    topology = chordal(rank, tail, head)
    shuffled = rng(0).permutation(graph.nodes).astype(np.int32)
    assert len(topology.head) < len(chordal(shuffled, tail, head).head) / 2
    low = (rank[tail] < graph.nodes - 16) & (rank[head] < graph.nodes - 16)
    pairs = csr_matrix((np.ones(low.sum()), (tail[low], head[low])), shape=(graph.nodes,) * 2)
    parts = np.bincount(csgraph.connected_components(pairs, directed=False)[1])
    assert max(parts) <= 0.75 * graph.nodes


def test_direct_ways_beat_the_graph_only_when_shorter() -> None:
    graph = Digraph(2, [(0, 1, 10, 7)], [(0.0, 0.0), (1.0, 0.0)])
    points = seeds_of([{0: (0, 0)}, {1: (0, 0)}])
    ptr, source = np.array([0, 1, 3], dtype=np.int32), np.array([1, 0, 1], dtype=np.int32)
    direct = Direct(ptr, source, pack(np.array([4, 12, 0], np.int32), np.array([3, 1, 0], np.int32)))
    time, distance = table(metric_of(graph), points, points, direct)
    assert time.tolist() == [[0, 10], [4, 0]] and distance.tolist() == [[0, 7], [3, 0]]


def test_nothing_to_do() -> None:
    one = Digraph(1, [], [(0.0, 0.0)])
    here, nowhere, none = seeds_of([{0: (3, 4)}]), seeds_of([{}]), seeds_of([])
    metric = metric_of(one)
    assert [part.tolist() for part in table(metric, here, here)] == [[[6]], [[8]]]
    assert table(metric, here, nowhere)[0].tolist() == [[INF]] == table(metric, nowhere, here)[0].tolist()
    assert table(metric, here, none)[0].shape == (1, 0) and table(metric, none, here)[0].shape == (0, 1)
    closed = Digraph(3, [(0, 1, INF, 1), (1, 2, INF, 1), (2, 0, INF, 1)], [(0.0, 0.0)] * 3)
    points = seeds_of([{node: (0, 0)} for node in range(3)])
    assert table(metric_of(closed), points, points)[0].tolist() == [[0, INF, INF], [INF, 0, INF], [INF, INF, 0]]
    empty = np.zeros(0, dtype=np.int32)
    assert nested_dissection(0, empty, empty, np.zeros(0), np.zeros(0)).tolist() == []


def test_an_arc_of_another_graph_is_missing() -> None:
    chain = np.array([0, 1], dtype=np.int32), np.array([1, 2], dtype=np.int32)
    topology = chordal(np.array([1, 2, 0], dtype=np.int32), *chain)
    assert locate(topology, *chain).min() >= 0
    assert locate(topology, np.array([0], np.int32), np.array([2], np.int32)).tolist() == [MISSING]


def test_packed_costs_order_time_before_distance() -> None:
    time, distance = np.array([1, 1, 2, INF], np.int32), np.array([9, 10, 0, 0], np.int32)
    cost = pack(time, distance)
    assert (np.diff(cost) > 0).all() and cost[-1] == INF_COST
    assert [part.tolist() for part in unpack(cost)] == [[1, 1, 2, INF], [9, 10, 0, INF]]
    assert int(cost[-1]) * 2 < 2**63


def test_nantes_is_exact(shared_data: Path) -> None:
    """200 rows of a table of 1000 points against scipy, to the millisecond."""
    streets, _ = streets_from_pbf(shared_data / "osm" / "nantes_drive.osm.pbf")
    time_ms = (streets.length_dm.astype(np.int64) * 360 // streets.speed_kmh).astype(np.int32)
    rank = nested_dissection(streets.nodes, streets.tail, streets.head, streets.node_lon, streets.node_lat)
    topology = chordal(rank, streets.tail, streets.head)
    edge = locate(topology, streets.tail, streets.head)
    metric = customize(topology, streets.tail, streets.head, edge, time_ms, streets.length_dm)
    nodes = rng(1).integers(0, streets.nodes, 1000).astype(np.int32)
    points = Seeds(np.arange(1001, dtype=np.int32), nodes, np.zeros(1000, dtype=np.int64))
    time, _ = table(metric, points, points)
    order = np.lexsort((time_ms, streets.head, streets.tail))
    tail, head = streets.tail[order], streets.head[order]
    first = np.append(True, (np.diff(tail) != 0) | (np.diff(head) != 0))  # csr_matrix would add parallel arcs up
    weights = csr_matrix((time_ms[order][first], (tail[first], head[first])), shape=(streets.nodes,) * 2, dtype=float)
    naive = csgraph.dijkstra(weights, indices=nodes[:200])[:, nodes]
    assert (time[:200] == np.where(np.isinf(naive), INF, naive)).all()


@pytest.mark.parametrize("rounded", [False, True])
def test_the_same_question_has_one_answer(rounded: bool) -> None:
    graph = grid(7, seed=8)
    points = seeds_of([{node: (0, 0)} for node in range(graph.nodes)])
    first, second = (table(metric_of(graph), points, points, rounded=rounded) for _ in range(2))
    assert (first[0] == second[0]).all() and (first[1] == second[1]).all()
