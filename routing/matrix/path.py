"""One to one: the arcs of a shortest path, for many pairs in one call."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.jit import kernel
from routing.matrix.arrays import I32, I64, own_i32
from routing.matrix.cost import INF_COST
from routing.matrix.customize import Kept, Metric
from routing.matrix.reach import Reached, forget, nothing_reached, reach
from routing.matrix.sweep import Seeds
from routing.matrix.topology import Topology


class Climb(NamedTuple):
    """A search upwards: ``cost`` [n] is infinite between searches, ``via`` [n] is the edge taken, or -1 - seed."""

    reached: Reached
    cost: I64
    via: I32


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
    enter = sources._replace(node=rank[sources.node])
    leave = targets._replace(node=rank[targets.node])
    return Paths(*_paths(metric, enter, leave, own_i32(source), own_i32(target)))


@kernel
def _paths(metric: Metric, sources: Seeds, targets: Seeds, source: I32, target: I32) -> tuple[I64, I32, I32, I32, I32]:
    n = metric.topology.rank.size
    to, back = _climb_of(n), _climb_of(n)
    cost = np.full(source.size, INF_COST)
    source_seed = np.full(source.size, np.int32(-1))
    target_seed = np.full(source.size, np.int32(-1))
    ptr = np.zeros(source.size + 1, np.int32)
    arcs = [np.int32(0) for _ in range(0)]
    for r in range(source.size):
        reached = _climb(metric.up, sources, source[r], to)
        entered = _climb(metric.down, targets, target[r], back)
        top = -1
        for v in back.reached.nodes[:entered]:
            if to.cost[v] + back.cost[v] < cost[r]:
                cost[r] = to.cost[v] + back.cost[v]
                top = int(v)
        if top >= 0:
            source_seed[r] = _unpack_up(metric, to.via, top, arcs)
            target_seed[r] = _unpack_down(metric, back.via, top, arcs)
        _clear(to, reached)
        _clear(back, entered)
        ptr[r + 1] = len(arcs)
    flat = np.empty(len(arcs), np.int32)
    for i in range(len(arcs)):
        flat[i] = arcs[i]
    return cost, source_seed, target_seed, ptr, flat


@kernel
def _climb_of(n: int) -> Climb:
    return Climb(nothing_reached(n), np.full(n, INF_COST), np.empty(n, np.int32))


@kernel
def _climb(kept: Kept, seeds: Seeds, row: int, climb: Climb) -> int:
    """Search upwards from one point; return how many nodes are reached."""
    first, last = seeds.ptr[row], seeds.ptr[row + 1]
    count = reach(kept.ptr, kept.end, seeds.node[first:last], climb.reached)
    cost, via = climb.cost, climb.via
    for k in range(first, last):
        if seeds.cost[k] < cost[seeds.node[k]]:
            cost[seeds.node[k]] = seeds.cost[k]
            via[seeds.node[k]] = np.int32(-1 - k)
    for i in range(count - 1, -1, -1):
        v = climb.reached.nodes[i]
        for k in range(kept.ptr[v], kept.ptr[v + 1]):
            if cost[v] + kept.cost[k] < cost[kept.end[k]]:
                cost[kept.end[k]] = cost[v] + kept.cost[k]
                via[kept.end[k]] = kept.edge[k]
    return count


@kernel
def _clear(climb: Climb, count: int) -> None:
    for i in range(count):
        climb.cost[climb.reached.nodes[i]] = INF_COST
    forget(climb.reached, count)


@kernel
def _unpack_up(metric: Metric, via: I32, top: int, arcs: list[np.int32]) -> int:
    """Append the arcs from a seed up to ``top``; return the seed."""
    edges = [np.int32(0) for _ in range(0)]
    v = top
    while via[v] >= 0:
        edges.append(via[v])
        v = _low_end(metric.topology, int(via[v]))
    for i in range(len(edges) - 1, -1, -1):
        _unpack(metric, int(edges[i]), arcs)
    return int(-1 - via[v])


@kernel
def _unpack_down(metric: Metric, via: I32, top: int, arcs: list[np.int32]) -> int:
    """Append the arcs from ``top`` down to a seed; return the seed."""
    v = top
    while via[v] >= 0:
        _unpack(metric, int(via[v]), arcs)
        v = _low_end(metric.topology, int(via[v]))
    return int(-1 - via[v])


@kernel
def _unpack(metric: Metric, edge: int, arcs: list[np.int32]) -> None:
    """Append the arcs of one edge, splitting it at its middle node down to arcs of the input."""
    topology = metric.topology
    ups = topology.up.end.size
    stack = [int(edge)]
    while len(stack) > 0:
        this = stack.pop()
        first = metric.middle[this]
        if first < 0:
            arcs.append(np.int32(-1 - first))
            continue
        head = topology.up.end[this] if this < ups else _low_end(topology, this)
        middle = _low_end(topology, int(first))
        start, end = topology.up.ptr[middle], topology.up.ptr[middle + 1]
        stack.append(int(start + np.searchsorted(topology.up.end[start:end], head)))
        stack.append(int(first))


@kernel
def _low_end(topology: Topology, edge: int) -> int:
    """Return the lower end of an edge."""
    ups = topology.up.end.size
    if edge < ups:
        return int(np.searchsorted(topology.up.ptr, edge, side="right") - 1)
    return int(np.searchsorted(topology.down.ptr, edge - ups, side="right") - 1)
