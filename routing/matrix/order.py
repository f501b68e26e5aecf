"""Nested dissection by inertial flow: the order in which a hierarchy contracts the nodes.

A cell is cut where the fewest edges cross between its first and its last nodes along one of four directions; the
nodes at the cut come last, the two halves are dissected in turn. A street network has small cuts (rivers, railways,
motorways), so few nodes rank high and every search climbs through few of them.

Source: Schild, Sommer, "On Balanced Separators in Road Networks", SEA 2015.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from routing.jit import inner, kernel
from routing.matrix.arrays import F64, I8, I32, own_f64

BALANCE = 0.25
"""Share of a cell's nodes fixed on either side before the cut is sought."""

SOURCE = 1
SINK = 2


class Graph(NamedTuple):
    """Undirected simple graph: the neighbours of v are ``adj[ptr[v]:ptr[v + 1]]``; ``adj[back[h]]`` is h's own node."""

    ptr: I32
    adj: I32
    back: I32


def nested_dissection(n: int, tail: I32, head: I32, x: F64, y: F64) -> I32:
    """Return the rank of each node, 0 contracted first.

    Parameters
    ----------
    n : int
        Number of nodes.
    tail, head : int32 [m]
        Arcs; direction, doubles and loops don't matter.
    x, y : float64 [n]
        Plane coordinates, any unit.

    Returns
    -------
    int32 [n]
        A permutation of 0..n-1. Each cell's ranks are contiguous: first half, second half, separator.
    """
    order = np.arange(n, dtype=np.int32)
    _dissect(_undirected(n, tail, head), own_f64(x), own_f64(y), order)
    rank = np.empty(n, dtype=np.int32)
    rank[order] = np.arange(n, dtype=np.int32)
    return rank


def _undirected(n: int, tail: I32, head: I32) -> Graph:
    """Return both directions of every edge once, sorted by (node, neighbour)."""
    proper = tail != head
    ends = np.concatenate([tail[proper], head[proper]]).astype(np.int64)
    others = np.concatenate([head[proper], tail[proper]]).astype(np.int64)
    key = np.unique(ends * n + others)
    node, adj = key // max(n, 1), key % max(n, 1)
    back = np.searchsorted(key, adj * n + node)
    ptr = np.searchsorted(node, np.arange(n + 1))
    return Graph(ptr.astype(np.int32), adj.astype(np.int32), back.astype(np.int32))


@kernel
def _dissect(graph: Graph, x: F64, y: F64, order: I32) -> None:
    """Sort ``order`` in place, cell by cell, with a stack of ``[first, last)`` ranges."""
    n = order.size
    local = np.full(n, -1, np.int32)
    moved = np.empty(graph.adj.size, np.int32)
    stack = [(0, n)]
    while len(stack) > 0:
        first, last = stack.pop()
        size = last - first
        if size < 3:
            continue
        nodes = order[first:last].copy()
        cell = _cell(graph, nodes, local, moved)
        side = _bisect(cell, x[nodes], y[nodes])
        apart = _separator(cell, side)
        at = first
        for part in range(3):
            start = at
            for i in range(size):
                if apart[i] == part:
                    order[at] = nodes[i]
                    at += 1
            if part < 2:
                stack.append((start, at))


@kernel
def _cell(graph: Graph, nodes: I32, local: I32, moved: I32) -> Graph:
    """Return the subgraph of ``nodes``; ``local`` is -1 on entry and exit, ``moved`` is scratch."""
    size = nodes.size
    for i in range(size):
        local[nodes[i]] = np.int32(i)
    ptr = np.zeros(size + 1, np.int32)
    count = 0
    for i in range(size):
        for half in range(graph.ptr[nodes[i]], graph.ptr[nodes[i] + 1]):
            if local[graph.adj[half]] >= 0:
                moved[half] = np.int32(count)
                count += 1
        ptr[i + 1] = np.int32(count)
    adj = np.empty(count, np.int32)
    back = np.empty(count, np.int32)
    count = 0
    for i in range(size):
        for half in range(graph.ptr[nodes[i]], graph.ptr[nodes[i] + 1]):
            if local[graph.adj[half]] >= 0:
                adj[count] = local[graph.adj[half]]
                back[count] = moved[graph.back[half]]
                count += 1
    for i in range(size):
        local[nodes[i]] = np.int32(-1)
    return Graph(ptr, adj, back)


@kernel
def _bisect(cell: Graph, x: F64, y: F64) -> I8:
    """Return the half (0 or 1) of each node, over the smallest cut found in four directions."""
    size = x.size
    fixed = max(1, int(size * BALANCE))
    best = cell.adj.size + 1
    best_small = 0
    side = np.zeros(size, np.int8)
    terminal = np.empty(size, np.int8)
    flow = np.empty(cell.adj.size, np.int8)
    for direction in range(4):
        angle = direction * math.pi / 4
        along = np.argsort(x * math.cos(angle) + y * math.sin(angle), kind="mergesort")
        terminal[:] = 0
        terminal[along[:fixed]] = SOURCE
        terminal[along[size - fixed :]] = SINK
        flow[:] = 0
        cut = _max_flow(cell, terminal, flow, best)
        if cut > best:
            continue
        for end in (SOURCE, SINK):
            reached = _residual(cell, terminal, flow, end)
            inside = int(reached.sum())
            small = min(inside, size - inside)
            if cut < best or small > best_small:
                best, best_small = cut, small
                side[:] = reached
    return side


@kernel
def _max_flow(cell: Graph, terminal: I8, flow: I8, limit: int) -> int:
    """Return the number of edge-disjoint paths from sources to sinks (Dinic), or more than ``limit`` when it gives up.

    ``flow`` is antisymmetric; a half edge has room while its flow is below one.
    """
    size = terminal.size
    level = np.empty(size, np.int32)
    queue = np.empty(size, np.int32)
    at = np.empty(size, np.int32)
    path = np.empty(size, np.int32)
    total = 0
    while total <= limit and _levels(cell, terminal, flow, level, queue):
        at[:] = cell.ptr[:-1]
        for source in range(size):
            if terminal[source] != SOURCE:
                continue
            node, depth = source, 0
            while True:
                if terminal[node] == SINK:
                    for i in range(depth):
                        flow[path[i]] += 1
                        flow[cell.back[path[i]]] -= 1
                    total += 1
                    node, depth = source, 0
                half = _admissible(cell, flow, level, at, node)
                if half >= 0:
                    path[depth] = half
                    depth += 1
                    node = cell.adj[half]
                elif depth > 0:
                    depth -= 1
                    node = cell.adj[cell.back[path[depth]]]
                    at[node] += 1
                else:
                    break
    return total


@inner
def _admissible(cell: Graph, flow: I8, level: I32, at: I32, node: int) -> int:
    """Return the next half edge with room to the next level, or -1; moves ``at[node]``."""
    while at[node] < cell.ptr[node + 1]:
        half = int(at[node])
        if flow[half] < 1 and level[cell.adj[half]] == level[node] + 1:
            return half
        at[node] += 1
    return -1


@kernel
def _levels(cell: Graph, terminal: I8, flow: I8, level: I32, queue: I32) -> bool:
    """Fill ``level`` by a breadth-first search over half edges with room; return whether a sink was reached."""
    level[:] = -1
    first, last, found = 0, 0, False
    for node in range(terminal.size):
        if terminal[node] == SOURCE:
            level[node] = 0
            queue[last] = node
            last += 1
    while first < last and not found:
        for _ in range(last - first):
            node = queue[first]
            first += 1
            for half in range(cell.ptr[node], cell.ptr[node + 1]):
                other = cell.adj[half]
                if flow[half] < 1 and level[other] < 0:
                    level[other] = level[node] + 1
                    found = found or terminal[other] == SINK
                    queue[last] = other
                    last += 1
    return found


@kernel
def _residual(cell: Graph, terminal: I8, flow: I8, end: int) -> I8:
    """Return 1 for nodes that ``end`` still reaches (from sources) or that still reach it (to sinks)."""
    sign = 1 if end == SOURCE else -1
    reached = np.zeros(terminal.size, np.int8)
    stack = [int(node) for node in range(terminal.size) if terminal[node] == end]
    for node in stack:
        reached[node] = 1
    while len(stack) > 0:
        node = stack.pop()
        for half in range(cell.ptr[node], cell.ptr[node + 1]):
            other = int(cell.adj[half])
            if sign * flow[half] < 1 and reached[other] == 0:
                reached[other] = 1
                stack.append(other)
    return reached


@kernel
def _separator(cell: Graph, side: I8) -> I8:
    """Return ``side`` with a smallest set of nodes that covers all cut edges set to 2.

    Koenig's theorem: a maximum matching of the cut edges, then what alternating paths from unmatched nodes reach.
    """
    size = side.size
    mate = np.full(size, -1, np.int32)
    seen = np.full(size, -1, np.int32)
    for node in range(size):
        if side[node] == 0:
            _match(cell, side, mate, seen, node)
    reached = np.zeros(size, np.int8)
    stack = [int(node) for node in range(size) if side[node] == 0 and mate[node] < 0]
    for node in stack:
        reached[node] = 1
    while len(stack) > 0:
        node = stack.pop()
        for half in range(cell.ptr[node], cell.ptr[node + 1]):
            other = cell.adj[half]
            if side[other] == 1 and reached[other] == 0:
                reached[other] = 1
                if mate[other] >= 0 and reached[mate[other]] == 0:
                    reached[mate[other]] = 1
                    stack.append(int(mate[other]))
    apart = side.copy()
    for node in range(size):
        if reached[node] == side[node]:
            apart[node] = 2
    return apart


@kernel
def _match(cell: Graph, side: I8, mate: I32, seen: I32, root: int) -> None:
    """Grow the matching of cut edges by one augmenting path from ``root``, if there is one (depth first, iterative)."""
    nodes = [root]
    halves = [int(cell.ptr[root])]
    while len(nodes) > 0:
        node, half = nodes[-1], halves[-1]
        if half >= cell.ptr[node + 1]:
            nodes.pop()
            halves.pop()
            continue
        halves[-1] = half + 1
        other = int(cell.adj[half])
        if side[other] != 1 or seen[other] == root:
            continue
        seen[other] = root
        if mate[other] >= 0:
            nodes.append(int(mate[other]))
            halves.append(int(cell.ptr[mate[other]]))
            continue
        for i in range(len(nodes) - 1, -1, -1):
            partner = cell.adj[halves[i] - 1]
            mate[nodes[i]], mate[partner] = np.int32(partner), np.int32(nodes[i])
        return
