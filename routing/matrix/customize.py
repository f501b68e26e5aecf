"""From one weight vector to a metric: shortest costs on every chordal edge, then only the edges a query needs.

*Basic* customization makes edge (x, y) the shortest path over nodes ranked below x; *perfect* customization makes it
the shortest path there is. Where the two differ the edge is on no shortest up-down path that queries look for, and is
pruned; the others keep the basic cost, so the lower triangle it came from unpacks it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from routing.jit import kernel
from routing.matrix.arrays import I32, I64, Bool
from routing.matrix.cost import INF_COST, pack
from routing.matrix.topology import Topology

NO_MIDDLE = np.iinfo(np.int32).min


class Half(NamedTuple):
    """The kept edges of one direction, by lower end: ``head[ptr[v]:ptr[v + 1]]`` are the higher ends.

    ``edge`` is the index in the topology, ``cost`` is int64 (see :mod:`routing.matrix.cost`).
    """

    ptr: I32
    head: I32
    edge: I32
    cost: I64


class Metric(NamedTuple):
    """One customized weight vector.

    Attributes
    ----------
    topology : Topology
    up, down : Half
        Edges driven from the lower to the higher end, and back.
    up_middle, down_middle : int32 [e]
        How an edge unpacks: ``-1 - arc`` for an arc of the input, else the topology edge from the middle node
        (lower than both ends) to the edge's lower end.
    """

    topology: Topology
    up: Half
    down: Half
    up_middle: I32
    down_middle: I32


def customize(
    topology: Topology,
    tail: I32,
    head: I32,
    edge: I32,
    time_ms: I32,
    distance_dm: I32,
) -> Metric:
    """Return the metric of one weight vector.

    Parameters
    ----------
    topology : Topology
    tail, head : int32 [m]
        The arcs, in input node numbers.
    edge : int32 [m]
        :func:`~routing.matrix.topology.locate` of the arcs.
    time_ms, distance_dm : int32 [m]
        Weights >= 0; a time of :data:`~routing.matrix.cost.INF` closes the arc. Any path's time must stay below INF
        and its distance below 2**31.
    """
    edges = len(topology.head)
    up = np.full(edges, INF_COST, dtype=np.int64)
    down = np.full(edges, INF_COST, dtype=np.int64)
    up_middle = np.full(edges, NO_MIDDLE, dtype=np.int32)
    down_middle = np.full(edges, NO_MIDDLE, dtype=np.int32)
    upward = topology.rank[tail] < topology.rank[head]
    cost = pack(time_ms, distance_dm)
    _respect(edge, upward, cost, up, down, up_middle, down_middle)
    _basic(topology.ptr, topology.head, up, down, up_middle, down_middle)
    best_up, best_down = up.copy(), down.copy()
    _perfect(topology.ptr, topology.head, best_up, best_down)
    return Metric(topology, _prune(topology, up, best_up), _prune(topology, down, best_down), up_middle, down_middle)


def _prune(topology: Topology, basic: I64, best: I64) -> Half:
    kept = np.flatnonzero((basic == best) & (basic < INF_COST)).astype(np.int32)
    ptr = np.searchsorted(kept, topology.ptr).astype(np.int32)
    return Half(ptr, topology.head[kept], kept, basic[kept])


@kernel
def _respect(edge: I32, upward: Bool, cost: I64, up: I64, down: I64, up_middle: I32, down_middle: I32) -> None:
    """Put each arc's cost on its edge; the cheapest of parallel arcs, the first among equals."""
    for a in range(edge.size):
        e = edge[a]
        if e < 0:
            continue
        if upward[a]:
            if cost[a] < up[e]:
                up[e] = cost[a]
                up_middle[e] = np.int32(-1 - a)
        elif cost[a] < down[e]:
            down[e] = cost[a]
            down_middle[e] = np.int32(-1 - a)


@kernel
def _basic(ptr: I32, head: I32, up: I64, down: I64, up_middle: I32, down_middle: I32) -> None:
    """Relax, for v from the lowest rank up, the edge between every two higher neighbours x < y over v."""
    for v in range(ptr.size - 1):
        for i in range(ptr[v], ptr[v + 1]):
            if up[i] >= INF_COST and down[i] >= INF_COST:
                continue
            k = ptr[head[i]]
            for j in range(i + 1, ptr[v + 1]):
                while head[k] != head[j]:
                    k += 1
                cost = down[i] + up[j]
                if cost < up[k]:
                    up[k] = cost
                    up_middle[k] = np.int32(i)
                cost = down[j] + up[i]
                if cost < down[k]:
                    down[k] = cost
                    down_middle[k] = np.int32(i)


@kernel
def _perfect(ptr: I32, head: I32, up: I64, down: I64) -> None:
    """Shorten, for v from the highest rank down, each edge (v, x) and (v, y) over the finished edge (x, y)."""
    for v in range(ptr.size - 2, -1, -1):
        for i in range(ptr[v], ptr[v + 1]):
            k = ptr[head[i]]
            for j in range(i + 1, ptr[v + 1]):
                while head[k] != head[j]:
                    k += 1
                up[i] = min(up[i], up[j] + down[k])
                up[j] = min(up[j], up[i] + up[k])
                down[i] = min(down[i], up[k] + down[j])
                down[j] = min(down[j], down[k] + down[i])
