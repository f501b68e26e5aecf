"""One to one: the arcs of a shortest path, for many pairs in one call."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from routing.jit import kernel
from routing.matrix.arrays import I32, I64, own_i32
from routing.matrix.cost import INF_COST
from routing.matrix.customize import Half, Metric
from routing.matrix.table import Seeds
from routing.matrix.topology import Topology, next_ancestor


class Paths(NamedTuple):
    """Shortest paths of R pairs.

    Attributes
    ----------
    cost : int64 [R]
        The cost of each pair, :data:`~routing.matrix.cost.INF_COST` where there is no path.
    source_seed, target_seed : int32 [R]
        Index (into ``sources.node``, ``targets.node``) of the seed the path leaves and arrives by; -1 without a path.
    ptr : int32 [R + 1]
    arc : int32 [...]
        Pair r drives the arcs ``arc[ptr[r]:ptr[r + 1]]`` of the input, in order.
    """

    cost: I64
    source_seed: I32
    target_seed: I32
    ptr: I32
    arc: I32


def shortest_paths(metric: Metric, sources: Seeds, targets: Seeds, source: I32, target: I32) -> Paths:
    """Return the shortest path from point ``source[r]`` of ``sources`` to ``target[r]`` of ``targets``, for each r."""
    rank = metric.topology.rank
    from_rank = Seeds(sources.ptr, rank[sources.node], sources.cost)
    to_rank = Seeds(targets.ptr, rank[targets.node], targets.cost)
    return Paths(*_paths(metric, from_rank, to_rank, own_i32(source), own_i32(target)))


@kernel
def _paths(metric: Metric, sources: Seeds, targets: Seeds, source: I32, target: I32) -> tuple[I64, I32, I32, I32, I32]:
    n = metric.topology.rank.size
    cost_to, via_to = np.full(n, INF_COST), np.empty(n, np.int32)
    cost_from, via_from = np.full(n, INF_COST), np.empty(n, np.int32)
    chain_to, chain_from = np.empty(n, np.int32), np.empty(n, np.int32)
    cost = np.full(source.size, INF_COST)
    source_seed = np.full(source.size, -1, np.int32)
    target_seed = np.full(source.size, -1, np.int32)
    ptr = np.zeros(source.size + 1, np.int32)
    arcs = [np.int32(0) for _ in range(0)]
    for r in range(source.size):
        length_to = _climb(metric.topology, metric.up, sources, source[r], cost_to, via_to, chain_to)
        length_from = _climb(metric.topology, metric.down, targets, target[r], cost_from, via_from, chain_from)
        top = -1
        for i in range(length_from):
            v = chain_from[i]
            if cost_to[v] + cost_from[v] < cost[r]:
                cost[r] = cost_to[v] + cost_from[v]
                top = v
        if top >= 0:
            source_seed[r] = _unpack_up(metric, via_to, top, arcs)
            target_seed[r] = _unpack_down(metric, via_from, top, arcs)
        for i in range(length_to):
            cost_to[chain_to[i]] = INF_COST
        for i in range(length_from):
            cost_from[chain_from[i]] = INF_COST
        ptr[r + 1] = np.int32(len(arcs))
    flat = np.empty(len(arcs), np.int32)
    for i in range(len(arcs)):
        flat[i] = arcs[i]
    return cost, source_seed, target_seed, ptr, flat


@kernel
def _climb(topology: Topology, half: Half, seeds: Seeds, row: int, cost: I64, via: I32, chain: I32) -> int:
    """Search upwards, filling ``cost`` and ``via`` (an edge, or -1 - seed); return how many nodes ``chain`` lists."""
    n = topology.rank.size
    first, last = seeds.ptr[row], seeds.ptr[row + 1]
    cursor = seeds.node[first:last].copy()
    for k in range(first, last):
        if seeds.cost[k] < cost[seeds.node[k]]:
            cost[seeds.node[k]] = seeds.cost[k]
            via[seeds.node[k]] = np.int32(-1 - k)
    length = 0
    while True:
        v = next_ancestor(topology.ptr, topology.head, cursor)
        if v == n:
            return length
        chain[length] = np.int32(v)
        length += 1
        if cost[v] < INF_COST:
            for k in range(half.ptr[v], half.ptr[v + 1]):
                if cost[v] + half.cost[k] < cost[half.head[k]]:
                    cost[half.head[k]] = cost[v] + half.cost[k]
                    via[half.head[k]] = half.edge[k]


@kernel
def _unpack_up(metric: Metric, via: I32, top: int, arcs: list[np.int32]) -> int:
    """Append the arcs from a seed up to ``top``; return the seed."""
    edges = [np.int32(0) for _ in range(0)]
    v = top
    while via[v] >= 0:
        edges.append(via[v])
        v = int(metric.topology.tail[via[v]])
    for i in range(len(edges) - 1, -1, -1):
        _unpack(metric, int(edges[i]), False, arcs)
    return int(-1 - via[v])


@kernel
def _unpack_down(metric: Metric, via: I32, top: int, arcs: list[np.int32]) -> int:
    """Append the arcs from ``top`` down to a seed; return the seed."""
    v = top
    while via[v] >= 0:
        _unpack(metric, int(via[v]), True, arcs)
        v = int(metric.topology.tail[via[v]])
    return int(-1 - via[v])


@kernel
def _unpack(metric: Metric, edge: int, downwards: bool, arcs: list[np.int32]) -> None:
    """Append the arcs of one kept edge, splitting it at its middle node down to arcs of the input."""
    topology = metric.topology
    stack = [(int(edge), downwards)]
    while len(stack) > 0:
        this, down = stack.pop()
        first = metric.down_middle[this] if down else metric.up_middle[this]
        if first < 0:
            arcs.append(np.int32(-1 - first))
            continue
        # The middle node's edges to this edge's lower end (`first`) and to its higher end (`second`).
        second = first + 1
        while topology.head[second] != topology.head[this]:
            second += 1
        if down:
            stack.append((int(first), False))
            stack.append((int(second), True))
        else:
            stack.append((int(second), False))
            stack.append((int(first), True))
