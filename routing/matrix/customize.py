"""From one weight vector to a metric: the shortest cost of every edge over the nodes below it.

Each path then has an up-down twin of the same cost, which is all that queries look for. The triangles are listed once
per city, so a new weight vector (other traffic, another closed zone) is one pass over them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.jit import inner, kernel
from routing.matrix.arrays import I32, I64
from routing.matrix.cost import INF_COST, TIME_SHIFT, pack
from routing.matrix.topology import MISSING, Half, Topology

NO_MIDDLE = np.iinfo(np.int32).min


class Kept(NamedTuple):
    """The edges of one direction that a weight vector leaves open, as :class:`~routing.matrix.topology.Half`.

    ``edge`` is the number in the topology, ``cost`` is int64 (see :mod:`routing.matrix.cost`), ``time_ms`` its time.
    """

    ptr: I32
    end: I32
    edge: I32
    cost: I64
    time_ms: I32


class Metric(NamedTuple):
    """One customized weight vector.

    Attributes
    ----------
    topology : Topology
    up, down : Kept
    middle : int32 [e]
        How an edge unpacks: ``-1 - arc`` for an arc of the input, else the edge down to its middle node.
    """

    topology: Topology
    up: Kept
    down: Kept
    middle: I32


def customize(topology: Topology, edge: I32, time_ms: I32, distance_dm: I32) -> Metric:
    """Return the metric of one weight vector.

    Parameters
    ----------
    topology : Topology
    edge : int32 [m]
        :func:`~routing.matrix.topology.locate` of the input's arcs.
    time_ms, distance_dm : int32 [m]
        Weights >= 0; a time of :data:`~routing.matrix.cost.INF` closes the arc. Any path's time must stay below INF
        and its distance below 2**31.
    """
    edges = len(topology.up.end) + len(topology.down.end)
    cost = np.full(edges, INF_COST, dtype=np.int64)
    middle = np.full(edges, NO_MIDDLE, dtype=np.int32)
    _respect(edge, pack(time_ms, distance_dm), cost, middle)
    _relax(topology.up, topology.down, topology.triangle, cost, middle)
    ups = len(topology.up.end)
    return Metric(topology, _keep(topology.up, 0, cost[:ups]), _keep(topology.down, ups, cost[ups:]), middle)


@kernel
def _respect(edge: I32, weight: I64, cost: I64, middle: I32) -> None:
    """Put each arc's weight on its edge; the cheapest of parallel arcs, the first among equals."""
    for a in range(edge.size):
        if edge[a] != MISSING and weight[a] < cost[edge[a]]:
            cost[edge[a]] = weight[a]
            middle[edge[a]] = np.int32(-1 - a)


@kernel
def _relax(up: Half, down: Half, triangle: I32, cost: I64, middle: I32) -> None:
    """Shorten, for v from the lowest rank up, every edge d -> u over d -> v -> u."""
    ups = up.end.size
    t = 0
    for v in range(up.ptr.size - 1):
        first, last = up.ptr[v], up.ptr[v + 1]
        for i in range(ups + down.ptr[v], ups + down.ptr[v + 1]):
            if cost[i] < INF_COST:
                _over(cost, middle, triangle, t, i, first, last)
            t += last - first


@inner
def _over(cost: I64, middle: I32, triangle: I32, t: int, i: int, first: int, last: int) -> None:
    """Shorten the edges of the triangles from ``t`` on: edge ``i`` down, then an edge from ``first`` to ``last`` up."""
    here = cost[i]
    for j in range(first, last):
        k = triangle[t + j - first]
        if k != MISSING and here + cost[j] < cost[k]:
            cost[k] = here + cost[j]
            middle[k] = np.int32(i)


def _keep(half: Half, offset: int, cost: I64) -> Kept:
    kept = np.flatnonzero(cost < INF_COST).astype(np.int32)
    ptr = np.searchsorted(kept, half.ptr).astype(np.int32)
    return Kept(ptr, half.end[kept], kept + np.int32(offset), cost[kept], (cost[kept] >> TIME_SHIFT).astype(np.int32))
