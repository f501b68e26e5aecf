"""The hierarchy on any digraph, under any order, against a naive Dijkstra: tables, paths, the hierarchy itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.clock import rng
from routing.matrix.cost import INF, INF_COST, pack, unpack
from routing.matrix.customize import Metric
from routing.matrix.path import shortest_paths
from routing.matrix.sweep import LANES, STEP, Seeds
from routing.matrix.table import many_to_many, no_direct
from routing.matrix.topology import MISSING, Topology, from_halves, locate
from tests.drawn_digraphs import GRAPHS, Digraph, Streets, metric_of, seed_rows, seeds_of, streets, topology_of
from tests.naive import Arc, Cost, dijkstra, is_path, shortcuts

INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT") == "1"
drawn = settings(max_examples=8 if INTERPRETED else 100, deadline=None)

I32 = np.ndarray


def table(
    metric: Metric, sources: Seeds, targets: Seeds, direct: Seeds | None = None, rounded: bool = False
) -> tuple[I32, I32]:
    """Return times and distances; the times found without distances must be the same."""
    shape = (len(sources.ptr) - 1, len(targets.ptr) - 1)
    time, distance, alone = (np.full(shape, -1, dtype=np.int32) for _ in range(3))
    ways = no_direct(shape[1]) if direct is None else direct
    many_to_many(metric, sources, targets, ways, time, distance, rounded)
    many_to_many(metric, sources, targets, ways, alone, None, rounded)
    assert (alone == time).all()
    return time, distance


def naive_entry(graph: Digraph, source: dict[int, Cost], target: dict[int, Cost]) -> Cost:
    reached = dijkstra(graph.open_arcs(), source)
    ends = [
        (reached[node][0] + time, reached[node][1] + distance)
        for node, (time, distance) in target.items()
        if node in reached
    ]
    return min(ends, default=(INF, INF))


@drawn
@given(data=st.data(), graph=GRAPHS)
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
        assert paths.cost[r] == pack(*wanted)
        start, end = int(sources.node[paths.source_seed[r]]), int(targets.node[paths.target_seed[r]])
        driven = [graph.arcs[arc] for arc in path]
        assert is_path(graph.arcs, path)
        assert [start, end] == ([driven[0][0], driven[-1][1]] if driven else [start, start])
        parts = [rows[s][start], columns[t][end], *(arc[2:] for arc in driven)]
        assert tuple(map(sum, zip(*parts))) == wanted


def test_a_point_may_reach_one_node_in_several_ways() -> None:
    metric = metric_of(Digraph([(0, 1, 10, 1)], [0, 1]))
    ptr, node, row = np.array([0, 3], np.int32), np.zeros(3, np.int32), np.zeros(1, np.int32)
    sources = Seeds(ptr, node, pack(np.array([5, 3, 4]), np.array([0, 7, 0])))
    targets = Seeds(ptr, node + np.int32(1), pack(np.array([6, 9, 2]), np.array([0, 0, 5])))
    assert [part.tolist() for part in table(metric, sources, targets)] == [[[15]], [[13]]]
    path = shortest_paths(metric, sources, targets, row, row)
    assert (path.source_seed.tolist(), path.target_seed.tolist(), path.arc.tolist()) == ([1], [2], [0])


@drawn
@given(data=st.data(), graph=GRAPHS)
def test_direct_ways_count_where_they_cost_less(data: st.DataObject, graph: Digraph) -> None:
    rows, columns = data.draw(seed_rows(graph.nodes)), data.draw(seed_rows(graph.nodes))
    cost = st.tuples(st.integers(0, 9), st.integers(0, 9))
    pair = st.tuples(st.integers(0, len(columns) - 1), st.integers(0, len(rows) - 1))
    ways = data.draw(st.dictionaries(pair, cost)) if rows and columns else {}
    of_target = seeds_of([{s: ways[t, s] for s in range(len(rows)) if (t, s) in ways} for t in range(len(columns))])
    time, distance = table(metric_of(graph), seeds_of(rows), seeds_of(columns), of_target)
    for (s, row), (t, column) in product(enumerate(rows), enumerate(columns)):
        wanted = min(naive_entry(graph, row, column), ways.get((t, s), (INF, INF)))
        assert (time[s, t], distance[s, t]) == wanted


def edges_of(topology: Topology) -> Iterator[tuple[int, int]]:
    """Yield the ends of each edge, by its number."""
    for v, u in of_half(topology.up):
        yield v, u
    for v, d in of_half(topology.down):
        yield d, v


def of_half(half: tuple[I32, I32]) -> Iterator[tuple[int, int]]:
    ptr, end = half
    for v in range(len(ptr) - 1):
        ends = end[ptr[v] : ptr[v + 1]].tolist()
        assert ends == sorted(set(ends)) and all(higher > v for higher in ends)
        yield from ((v, higher) for higher in ends)


@drawn
@given(graph=GRAPHS)
def test_the_hierarchy_has_the_shortcuts_a_path_can_need_and_no_others(graph: Digraph) -> None:
    topology = topology_of(graph)
    edges = list(edges_of(topology))
    rank = dict(enumerate(graph.rank))
    assert len(edges) == len(set(edges))
    assert set(edges) == shortcuts(rank, [arc[:2] for arc in graph.arcs])
    number = {edge: k for k, edge in enumerate(edges)}
    before = [[d for d, over in edges if over == v and d > v] for v in range(graph.nodes)]
    after = [[u for over, u in edges if over == v and u > v] for v in range(graph.nodes)]
    wanted = [number[d, u] if d != u else MISSING for v in range(graph.nodes) for d in before[v] for u in after[v]]
    assert topology.triangle.tolist() == wanted
    edge = locate(topology, graph.column(0), graph.column(1)).tolist()
    assert edge == [MISSING if a == b else number[rank[a], rank[b]] for a, b, *_ in graph.arcs]
    kept = from_halves(topology.rank, topology.up, topology.down)
    assert all(np.array_equal(*both) for both in zip((kept.rank, kept.triangle), (topology.rank, topology.triangle)))


@drawn
@given(data=st.data(), graph=GRAPHS)
def test_edges_of_another_graph_are_missing(data: st.DataObject, graph: Digraph) -> None:
    topology = topology_of(graph)
    node = st.integers(0, graph.nodes - 1)
    pairs = data.draw(st.lists(st.tuples(node, node)))
    number = {edge: k for k, edge in enumerate(edges_of(topology))}
    tail, head = np.array(pairs, dtype=np.int32).reshape(-1, 2).T
    wanted = [number.get((graph.rank[a], graph.rank[b]), MISSING) for a, b in pairs]
    assert locate(topology, tail, head).tolist() == wanted


@drawn
@given(plan=streets())
def test_the_order_of_arcs_is_a_permutation(plan: Streets) -> None:
    assert sorted(plan.order()) == list(range(len(plan.ends)))


def grid(side: int, seed: int) -> Digraph:
    """A square of two-way streets of random length, slower one way than the other; numbered in random order."""
    draw = rng(seed)
    arcs: list[Arc] = []
    for here in range(side * side):
        right = [here + 1] if (here + 1) % side else []
        for there in right + ([here + side] if here + side < side * side else []):
            length = int(draw.integers(1, 100))
            arcs += [(here, there, 300 * length, length), (there, here, 407 * length, length)]
    return Digraph(arcs, draw.permutation(side * side).tolist())


@pytest.mark.parametrize("count", [1, STEP - 1, STEP + 1, LANES - 1, LANES, LANES + 1, 3 * LANES + STEP // 2])
def test_any_number_of_sources_is_swept(count: int) -> None:
    """Batches that are full and batches that aren't; fewer targets than sources, and more."""
    graph = grid(6, seed=count)
    draw = rng(count)
    rows = [{int(node): (int(ms), int(ms) % 7)} for node, ms in draw.integers(0, graph.nodes, (count, 2))]
    columns = [{int(node): (0, 0)} for node in draw.integers(0, graph.nodes, 21)]
    metric, sources, targets = metric_of(graph), seeds_of(rows), seeds_of(columns)
    time, distance = table(metric, sources, targets)
    seconds, metres = table(metric, sources, targets, rounded=True)
    for s, row in enumerate(rows):
        reached = dijkstra(graph.arcs, row)
        wanted = [reached[node] for column in columns for node in column]
        assert list(zip(time[s].tolist(), distance[s].tolist())) == wanted
    assert (seconds == (time + 500) // 1000).all() and (metres == (distance + 5) // 10).all()


def test_rounding_is_half_up() -> None:
    graph = Digraph([(0, 1, 499, 4), (0, 2, 500, 5), (0, 3, 1500, 15)], [3, 1, 0, 2])
    points = seeds_of([{node: (0, 0)} for node in range(4)])
    seconds, metres = table(metric_of(graph), points, points, rounded=True)
    assert seconds[0].tolist() == [0, 0, 1, 2] and metres[0].tolist() == [0, 0, 1, 2]
    assert seconds[3].tolist() == metres[3].tolist() == [INF, INF, INF, 0]


def test_the_longest_times_below_infinity_are_found() -> None:
    """What adds up to infinity or more, closed arcs on the way or not, is unreachable and never overflows."""
    arcs = [(0, 1, INF - 2, 2**31 - 9), (1, 2, 1, 4), (2, 3, 1, 4), (3, 4, INF, 5), (5, 4, INF - 1, 7)]
    points = seeds_of([*({node: (0, 0)} for node in range(6)), {5: (0, 0), 1: (INF - 1, 0)}, {}])
    for rank in list(permutations(range(6)))[::7]:
        time, distance = table(metric_of(Digraph(arcs, list(rank))), points, points)
        assert time[0].tolist() == [0, INF - 2, INF - 1, INF, INF, INF, INF, INF]
        assert distance[0].tolist() == [0, 2**31 - 9, 2**31 - 5, INF, INF, INF, INF, INF]
        assert time[6].tolist() == [INF, INF - 1, INF, INF, INF - 1, 0, 0, INF] and time[7].tolist() == [INF] * 8
        assert distance[6].tolist() == [INF, 0, INF, INF, 7, 0, 0, INF]


def test_a_grid_is_cut_across() -> None:
    """The arcs ranked last part the grid, and far fewer shortcuts are needed than under a random order."""
    side = 12
    plan = Streets(
        [(float(node % side), float(node // side)) for node in range(side * side)],
        [arc[:2] for arc in grid(side, seed=0).arcs],
    )
    ends = plan.ends
    ordered = Digraph([(*pair, 1, 1) for pair in plan.turns()], plan.order())
    shuffled = replace(ordered, rank=rng(0).permutation(len(ends)).tolist())
    assert len(list(edges_of(topology_of(ordered)))) < len(list(edges_of(topology_of(shuffled)))) / 2
    kept = [ends[arc] for arc in range(len(ends)) if ordered.rank[arc] < len(ends) - 2 * side]
    reached = dijkstra([(*each, 1, 1) for a, b in kept for each in ((a, b), (b, a))], {0: (0, 0)})
    assert 0.25 * side**2 <= len(reached) <= 0.75 * side**2


def test_packed_costs_order_time_before_distance() -> None:
    time, distance = np.array([1, 1, 2, INF], np.int32), np.array([9, 10, 0, 0], np.int32)
    cost = pack(time, distance)
    assert (np.diff(cost) > 0).all() and cost[-1] == INF_COST
    assert [part.tolist() for part in unpack(cost)] == [[1, 1, 2, INF], [9, 10, 0, INF]]
    assert int(cost[-1]) * 2 < 2**63


def test_nothing_to_do() -> None:
    here, nowhere, none = seeds_of([{0: (3, 4)}]), seeds_of([{}]), seeds_of([])
    metric = metric_of(Digraph([], [0]))
    assert [part.tolist() for part in table(metric, here, here)] == [[[6]], [[8]]]
    assert table(metric, here, nowhere)[0].tolist() == [[INF]] == table(metric, nowhere, here)[0].tolist()
    assert table(metric, here, none)[0].shape == (1, 0) and table(metric, none, here)[0].shape == (0, 1)
    nobody = np.zeros(0, dtype=np.int32)
    assert shortest_paths(metric, here, here, nobody, nobody).ptr.tolist() == [0]
    assert table(metric_of(Digraph([], [])), nowhere, nowhere)[0].tolist() == [[INF]]
    assert Streets([(0.0, 0.0)], []).order() == []
    closed = Digraph([(0, 1, INF, 1), (1, 2, INF, 1), (2, 0, INF, 1)], [0, 1, 2])
    points = seeds_of([{node: (0, 0)} for node in range(3)])
    assert table(metric_of(closed), points, points)[0].tolist() == [[0, INF, INF], [INF, 0, INF], [INF, INF, 0]]


@pytest.mark.parametrize("rounded", [False, True])
def test_the_same_question_has_one_answer(rounded: bool) -> None:
    """Also in another order of the nodes, and with threads that share the batches out anew."""
    graph = grid(7, seed=8)
    points = seeds_of([{node % graph.nodes: (0, 0)} for node in range(3 * LANES)])
    other = replace(graph, rank=graph.rank[::-1])
    answers = [table(metric_of(each), points, points, rounded=rounded) for each in (graph, graph, other)]
    for time, distance in answers[1:]:
        assert (time == answers[0][0]).all() and (distance == answers[0][1]).all()


@pytest.mark.skipif(INTERPRETED, reason="is what this starts")
def test_the_kernels_stay_inside_their_arrays() -> None:
    """Interpreted, an index out of bounds is an error; compiled, it reads on."""
    names = "those_of_dijkstra or cost_less or shortcuts or another_graph or permutation or nothing"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", names, str(Path(__file__))],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:]
