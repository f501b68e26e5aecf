"""The chordal supergraph of a ranked graph: what every weight vector has in common.

Contracting the nodes by rank joins the higher neighbours of each. The result is chordal: the higher neighbours of a
node form a clique, and all of them are ancestors of the node in the elimination tree, whose parent function is "the
lowest of the higher neighbours". Nodes are named by rank throughout.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from routing.jit import inner, kernel
from routing.matrix.arrays import I32, own_i32

LOOP = -1
MISSING = -2


class Topology(NamedTuple):
    """A chordal graph of n nodes and e edges; edge i joins ``tail[i] < head[i]``.

    Attributes
    ----------
    rank : int32 [n]
        Rank of each node of the input graph.
    ptr : int32 [n + 1]
        The edges up from rank v are ``ptr[v]`` to ``ptr[v + 1] - 1``, heads ascending; the first leads to the parent.
    head, tail : int32 [e]
        Ranks.
    """

    rank: I32
    ptr: I32
    head: I32
    tail: I32


def chordal(rank: I32, tail: I32, head: I32) -> Topology:
    """Return the chordal supergraph of the arcs (in input node numbers) for one ranking."""
    low = np.minimum(rank[tail], rank[head])
    high = np.maximum(rank[tail], rank[head])
    order = np.lexsort((high, low))
    order = order[low[order] != high[order]]
    first = np.searchsorted(low[order], np.arange(len(rank) + 1)).astype(np.int32)
    ptr, heads = _fill(first, high[order])
    return from_arrays(rank, ptr, heads)


def from_arrays(rank: I32, ptr: I32, head: I32) -> Topology:
    """Return the topology kept as its three arrays."""
    tail = np.repeat(np.arange(len(rank), dtype=np.int32), np.diff(ptr))
    return Topology(own_i32(rank), own_i32(ptr), own_i32(head), tail)


def locate(topology: Topology, tail: I32, head: I32) -> I32:
    """Return the edge each arc (input node numbers) lies on.

    :data:`LOOP` for a loop; :data:`MISSING` says that the topology belongs to another graph.
    """
    edge = np.empty(len(tail), dtype=np.int32)
    _locate(topology, own_i32(tail), own_i32(head), edge)
    return edge


@inner
def next_ancestor(ptr: I32, head: I32, cursor: I32) -> int:
    """Return the lowest rank in ``cursor`` and move it to its parent; n when all cursors are past their root.

    Called until then it visits the ancestors of all starting ranks once each, ascending.
    """
    n = ptr.size - 1
    lowest = n
    for i in range(cursor.size):
        lowest = min(lowest, cursor[i])
    if lowest < n:
        parent = head[ptr[lowest]] if ptr[lowest] < ptr[lowest + 1] else n
        for i in range(cursor.size):
            if cursor[i] == lowest:
                cursor[i] = np.int32(parent)
    return lowest


@kernel
def _fill(first: I32, high: I32) -> tuple[I32, I32]:
    """Return ``(ptr, head)`` of the chordal graph: each node hands its higher neighbours but the lowest to that one."""
    n = first.size - 1
    child = np.full(n, -1, np.int32)  # first child in the elimination tree, then through `sibling`
    sibling = np.full(n, -1, np.int32)
    mark = np.full(n, -1, np.int32)
    ptr = np.zeros(n + 1, np.int32)
    head = np.empty(max(16, 4 * high.size), np.int32)
    count = 0
    for v in range(n):
        start = count
        if count + n - v > head.size:
            head = np.concatenate((head, np.empty(head.size + n - v, np.int32)))
        for i in range(first[v], first[v + 1]):
            if mark[high[i]] != v:
                mark[high[i]] = np.int32(v)
                head[count] = high[i]
                count += 1
        c = child[v]
        while c >= 0:
            for i in range(ptr[c] + 1, ptr[c + 1]):
                if mark[head[i]] != v:
                    mark[head[i]] = np.int32(v)
                    head[count] = head[i]
                    count += 1
            c = sibling[c]
        head[start:count].sort()
        ptr[v + 1] = np.int32(count)
        if count > start:
            sibling[v] = child[head[start]]
            child[head[start]] = np.int32(v)
    return ptr, head[:count].copy()


@kernel
def _locate(topology: Topology, tail: I32, head: I32, edge: I32) -> None:
    for a in range(tail.size):
        low, high = topology.rank[tail[a]], topology.rank[head[a]]
        if low == high:
            edge[a] = np.int32(LOOP)
            continue
        if low > high:
            low, high = high, low
        i = topology.ptr[low] + np.searchsorted(topology.head[topology.ptr[low] : topology.ptr[low + 1]], high)
        found = i < topology.ptr[low + 1] and topology.head[i] == high
        edge[a] = np.int32(i) if found else np.int32(MISSING)
