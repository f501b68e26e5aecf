"""What every weight vector of one ranked digraph has in common: its shortcuts, up and down, and their triangles.

Contracting the nodes by rank adds a shortcut d -> u for every two edges d -> v -> u over a lower node v. Shortcuts that
no weight vector can give a finite cost are not kept: the arcs that leave a cell of streets and those that enter it are
joined one way only. Nodes are named by rank throughout.

Source: Dibbelt, Strasser, Wagner, "Customizable Contraction Hierarchies", ACM JEA 21 (2016); for directed shortcuts
Buchhold, Wagner, Zeitz, Zuendorf, ATMOS 2020.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.jit import kernel
from routing.matrix.arrays import I32, Bool, own_i32
from routing.matrix.fill import DOWN, UP, fill, mark, spread

MISSING = -1


class Half(NamedTuple):
    """The edges between nodes and higher ones, one direction: those of node v end at ``end[ptr[v]:ptr[v + 1]]``."""

    ptr: I32
    end: I32


class Topology(NamedTuple):
    """A hierarchy of n nodes with e edges: first those that lead up, by lower end, then those that lead down.

    Attributes
    ----------
    rank : int32 [n]
        Rank of each node of the input graph.
    up, down : Half
        Higher ends, ascending. Edge i of ``up`` has the number i, edge i of ``down`` the number ``len(up.end) + i``.
    triangle : int32 [...]
        For each node v ascending, each edge d -> v down and each edge v -> u up: the number of edge d -> u, or
        :data:`MISSING` where d is u.
    """

    rank: I32
    up: Half
    down: Half
    triangle: I32


def build_topology(rank: I32, tail: I32, head: I32) -> Topology:
    """Return the hierarchy of the arcs ``tail`` -> ``head`` (input node numbers) for one ranking, loops left out."""
    low, high = np.minimum(rank[tail], rank[head]), np.maximum(rank[tail], rank[head])
    proper = np.flatnonzero(low != high)
    proper = proper[np.lexsort((high[proper], low[proper]))]
    first = np.searchsorted(low[proper], np.arange(len(rank) + 1)).astype(np.int32)
    ptr, heads = fill(first, high[proper])
    ways = np.zeros(len(heads), dtype=np.uint8)
    mark(ptr, heads, own_i32(rank[tail]), own_i32(rank[head]), ways)
    spread(ptr, heads, ways)
    return from_halves(rank, _half(ptr, heads, (ways & UP) != 0), _half(ptr, heads, (ways & DOWN) != 0))


def from_halves(rank: I32, up: Half, down: Half) -> Topology:
    """Return the topology kept as its rank and halves."""
    up, down = (Half(own_i32(half.ptr), own_i32(half.end)) for half in (up, down))
    return Topology(own_i32(rank), up, down, _triangles(up, down))


def locate(topology: Topology, tail: I32, head: I32) -> I32:
    """Return the number of each edge ``tail`` -> ``head`` (input node numbers).

    :data:`MISSING` for a loop, and for an edge of another graph.
    """
    edge = np.empty(len(tail), dtype=np.int32)
    _locate(topology, own_i32(tail), own_i32(head), edge)
    return edge


def _half(ptr: I32, heads: I32, kept: Bool) -> Half:
    count = np.concatenate([[0], np.cumsum(kept)])
    return Half(count[ptr].astype(np.int32), heads[kept])


def _triangles(up: Half, down: Half) -> I32:
    count = np.diff(down.ptr).astype(np.int64) @ np.diff(up.ptr).astype(np.int64)
    triangle = np.empty(count, dtype=np.int32)
    _find_triangles(up, down, triangle)
    return triangle


@kernel
def _find_triangles(up: Half, down: Half, triangle: I32) -> None:
    """Fill ``triangle``; cursors only move forward, since all higher ends are ascending."""
    downs = up.end.size
    cursor = np.empty(up.ptr.size, np.int32)
    t = 0
    for v in range(up.ptr.size - 1):
        first, last = up.ptr[v], up.ptr[v + 1]
        for j in range(first, last):
            cursor[j - first] = down.ptr[up.end[j]]
        for i in range(down.ptr[v], down.ptr[v + 1]):
            d = down.end[i]
            k = up.ptr[d]
            for j in range(first, last):
                u = up.end[j]
                if u > d:
                    while up.end[k] != u:
                        k += 1
                    triangle[t] = k
                elif u < d:
                    at = cursor[j - first]
                    while down.end[at] != d:
                        at += 1
                    cursor[j - first] = at
                    triangle[t] = downs + at
                else:
                    triangle[t] = MISSING
                t += 1


@kernel
def _locate(topology: Topology, tail: I32, head: I32, edge: I32) -> None:
    up, down = topology.up, topology.down
    for a in range(tail.size):
        edge[a] = MISSING
        low, high = topology.rank[tail[a]], topology.rank[head[a]]
        if low < high:
            i = up.ptr[low] + np.searchsorted(up.end[up.ptr[low] : up.ptr[low + 1]], high)
            if i < up.ptr[low + 1] and up.end[i] == high:
                edge[a] = i
        elif high < low:
            i = down.ptr[high] + np.searchsorted(down.end[down.ptr[high] : down.ptr[high + 1]], low)
            if i < down.ptr[high + 1] and down.end[i] == low:
                edge[a] = up.end.size + i
