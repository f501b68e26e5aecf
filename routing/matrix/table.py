"""Many to many: one upward search per source, one downward sweep over the targets' ancestors for many sources at once.

Every ancestor of a target is visited once, from the root down, and pulls the costs of :data:`LANES` sources from its
higher neighbours. Source: Delling, Goldberg, Nowatzyk, Werneck, "PHAST" (2011), restricted to the targets (RPHAST).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from routing.jit import inner, kernel
from routing.matrix.arrays import I32, I64
from routing.matrix.cost import DISTANCE_MASK, INF, INF_COST, TIME_SHIFT
from routing.matrix.customize import Half, Metric
from routing.matrix.topology import Topology, next_ancestor

LANES = 64
"""Sources swept together; a module constant, so that the compiler unrolls the inner loop."""


class Seeds(NamedTuple):
    """Where each of L points enters (or leaves) the graph: nodes ``node[ptr[i]:ptr[i + 1]]`` at these costs."""

    ptr: I32
    node: I32
    cost: I64


class Direct(NamedTuple):
    """Ways that touch no node, by target: from ``source[k]`` to t at ``cost[k]``, k in ``ptr[t]:ptr[t + 1]``."""

    ptr: I32
    source: I32
    cost: I64


class Sweep(NamedTuple):
    """The targets' ancestors, root first, with the kept edges down to them.

    ``position`` [n] is a rank's place in the sweep or -1; node i is reached from the sweep's nodes
    ``above[ptr[i]:ptr[i + 1]]``.
    """

    position: I32
    ptr: I32
    above: I32
    cost: I64


def no_direct(targets: int) -> Direct:
    """Return the empty set of direct ways."""
    return Direct(np.zeros(targets + 1, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64))


def many_to_many(
    metric: Metric,
    sources: Seeds,
    targets: Seeds,
    direct: Direct,
    time: I32,
    distance: I32,
    rounded: bool,
) -> None:
    """Fill ``time`` and ``distance`` [S, T] with the cheapest way of each pair.

    Parameters
    ----------
    metric : Metric
    sources, targets : Seeds
        S and T points; nodes in input numbers.
    direct : Direct
    time, distance : int32 [S, T]
        Outputs: milliseconds and decimetres, or whole seconds and metres rounded half up where ``rounded``;
        :data:`~routing.matrix.cost.INF` where unreachable.
    rounded : bool
    """
    if time.size == 0:
        return
    rank = metric.topology.rank
    sweep = _sweep(metric.topology, metric.down, rank[targets.node])
    order = np.argsort(_first_rank(sources, rank), kind="stable").astype(np.int32)
    batches = [order[first : first + LANES] for first in range(0, len(order), LANES)]
    from_rank = Seeds(sources.ptr, rank[sources.node], sources.cost)
    to_place = Seeds(targets.ptr, sweep.position[rank[targets.node]], targets.cost)

    def run(rows: I32) -> None:
        _batch(metric.topology, metric.up, sweep, rows, from_rank, to_place, direct, time, distance, rounded)

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(run, batches))


def _first_rank(seeds: Seeds, rank: I32) -> I32:
    """Return the rank of each point's first seed, 0 where it has none; neighbours in rank share their ancestors."""
    first = np.zeros(len(seeds.ptr) - 1, dtype=np.int32)
    some = np.diff(seeds.ptr) > 0
    first[some] = rank[seeds.node[seeds.ptr[:-1][some]]]
    return first


def _sweep(topology: Topology, down: Half, targets: I32) -> Sweep:
    position = np.full(len(topology.rank), -1, dtype=np.int32)
    nodes = _ancestors(topology.ptr, topology.head, targets, position)
    count = down.ptr[nodes + 1] - down.ptr[nodes]
    ptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    kept = np.repeat(down.ptr[nodes] - ptr[:-1], count) + np.arange(ptr[-1], dtype=np.int32)
    return Sweep(position, ptr, position[down.head[kept]], down.cost[kept])


@kernel
def _ancestors(ptr: I32, head: I32, targets: I32, position: I32) -> I32:
    """Return the ranks of ``targets`` and all their ancestors, descending; number them in ``position``."""
    n = position.size
    for target in targets:
        v = target
        while position[v] < 0:
            position[v] = np.int32(0)
            if ptr[v] == ptr[v + 1]:
                break
            v = head[ptr[v]]
    nodes = np.empty(n, np.int32)
    count = 0
    for v in range(n - 1, -1, -1):
        if position[v] == 0:
            nodes[count] = np.int32(v)
            count += 1
    for i in range(count):
        position[nodes[i]] = np.int32(i)
    return nodes[:count].copy()


@kernel
def _batch(
    topology: Topology,
    up: Half,
    sweep: Sweep,
    rows: I32,
    sources: Seeds,
    targets: Seeds,
    direct: Direct,
    time: I32,
    distance: I32,
    rounded: bool,
) -> None:
    """Fill the given rows of ``time`` and ``distance``."""
    near = np.full((sweep.ptr.size - 1, LANES), INF_COST)
    cost = np.full(topology.rank.size, INF_COST)
    lane_of = np.full(time.shape[0], -1, np.int32)
    for lane in range(rows.size):
        _climb(topology, up, sources, rows[lane], cost, sweep.position, near, lane)
        lane_of[rows[lane]] = np.int32(lane)
    _pull(sweep, near)
    best = np.empty(LANES, np.int64)
    for t in range(time.shape[1]):
        best[:] = INF_COST
        for k in range(targets.ptr[t], targets.ptr[t + 1]):
            place = targets.node[k]
            for lane in range(LANES):
                best[lane] = min(best[lane], near[place, lane] + targets.cost[k])
        for k in range(direct.ptr[t], direct.ptr[t + 1]):
            lane = lane_of[direct.source[k]]
            if lane >= 0:
                best[lane] = min(best[lane], direct.cost[k])
        for lane in range(rows.size):
            _store(best[lane], time, distance, rows[lane], t, rounded)


@kernel
def _climb(
    topology: Topology, up: Half, sources: Seeds, row: int, cost: I64, position: I32, near: I64, lane: int
) -> None:
    """Search upwards from one source; ``cost`` is all INF_COST on entry and exit.

    The ancestors of the seeds are visited by ascending rank: one cursor per seed.
    """
    n = topology.rank.size
    first, last = sources.ptr[row], sources.ptr[row + 1]
    cursor = sources.node[first:last].copy()
    for k in range(first, last):
        cost[sources.node[k]] = min(cost[sources.node[k]], sources.cost[k])
    while True:
        v = next_ancestor(topology.ptr, topology.head, cursor)
        if v == n:
            break
        here = cost[v]
        cost[v] = INF_COST
        if here >= INF_COST:
            continue
        if position[v] >= 0:
            near[position[v], lane] = here
        for k in range(up.ptr[v], up.ptr[v + 1]):
            cost[up.head[k]] = min(cost[up.head[k]], here + up.cost[k])


@kernel
def _pull(sweep: Sweep, near: I64) -> None:
    """Relax every edge down, root first, all lanes at once."""
    for i in range(sweep.ptr.size - 1):
        for k in range(sweep.ptr[i], sweep.ptr[i + 1]):
            above = sweep.above[k]
            cost = sweep.cost[k]
            for lane in range(LANES):
                near[i, lane] = min(near[i, lane], near[above, lane] + cost)


@inner
def _store(cost: int, time: I32, distance: I32, row: int, column: int, rounded: bool) -> None:
    """Write one entry; the divisors are constants, so that the compiler needs no division."""
    if cost >= INF_COST:
        time[row, column] = np.int32(INF)
        distance[row, column] = np.int32(INF)
        return
    time_ms = np.uint32(cost >> TIME_SHIFT)
    distance_dm = np.uint32(cost & DISTANCE_MASK)
    if rounded:
        time_ms = np.uint32((time_ms + np.uint32(500)) // np.uint32(1000))
        distance_dm = np.uint32((distance_dm + np.uint32(5)) // np.uint32(10))
    time[row, column] = np.int32(time_ms)
    distance[row, column] = np.int32(distance_dm)
