"""Nested dissection by inertial flow: the order in which a hierarchy contracts the arcs of a street network.

A cell of nodes is cut where the fewest edges cross between its first and its last nodes along one of four directions;
the arcs that cross come last, the two halves are dissected in turn. A street network has small cuts (rivers, railways,
motorways), so few arcs rank high and every search climbs through few of them. Of a cut's arcs all that lead one way
come before all that lead the other: no path joins two of the former before one of the latter is contracted.

Sources: Schild, Sommer, "On Balanced Separators in Road Networks", SEA 2015; Buchhold, Wagner, Zeitz, Zuendorf,
"Customizable Contraction Hierarchies with Turn Costs", ATMOS 2020.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from data.jit import inner, kernel
from routing.matrix.arrays import F64, I8, I32, I64, own_f64, own_i32

BALANCE = 0.25
"""Share of a cell's nodes fixed on either side before the cut is sought."""

SOURCE = 1
SINK = 2


class Graph(NamedTuple):
    """Undirected simple graph: the neighbours of v are ``adj[ptr[v]:ptr[v + 1]]``; ``adj[back[h]]`` is h's own node."""

    ptr: I32
    adj: I32
    back: I32


def arc_order(nodes: int, tail: I32, head: I32, x: F64, y: F64) -> I32:
    """Return the rank of each arc, 0 contracted first.

    Parameters
    ----------
    nodes : int
        Number of nodes.
    tail, head : int32 [m]
        Arcs; doubles and loops are welcome.
    x, y : float64 [nodes]
        Plane coordinates, any unit.

    Returns
    -------
    int32 [m]
        A permutation of 0..m-1. Each cell's ranks are contiguous: arcs inside its first half, inside its second half,
        then those that cross, first one way and then the other.
    """
    order = np.arange(len(tail), dtype=np.int32)
    _dissect(_undirected(nodes, tail, head), own_i32(tail), own_i32(head), own_f64(x), own_f64(y), order)
    rank = np.empty(len(tail), dtype=np.int32)
    rank[order] = np.arange(len(tail), dtype=np.int32)
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
def _dissect(graph: Graph, tail: I32, head: I32, x: F64, y: F64, order: I32) -> None:
    """Sort the arcs in ``order`` in place, cell by cell, with a stack of node ranges and arc ranges."""
    n = graph.ptr.size - 1
    nodes = np.arange(n).astype(np.int32)
    local = np.full(n, -1, np.int32)
    moved = np.empty(graph.adj.size, np.int32)
    half = np.empty(n, np.int8)
    stack = [(0, n, 0, order.size)]
    while len(stack) > 0:
        first, last, first_arc, last_arc = stack.pop()
        if last - first < 2 or last_arc - first_arc < 2:
            continue
        members = nodes[first:last].copy()
        side = _bisect(_cell(graph, members, local, moved), x[members], y[members])
        for i in range(members.size):
            half[members[i]] = side[i]
        place = _group(nodes, first, members, side, 2)
        arcs = order[first_arc:last_arc].copy()
        group = np.empty(arcs.size, np.int8)
        for i in range(arcs.size):
            from_half, to_half = half[tail[arcs[i]]], half[head[arcs[i]]]
            group[i] = from_half if from_half == to_half else 2 + from_half
        arc_place = _group(order, first_arc, arcs, group, 4)
        stack.append((first, place[1], first_arc, arc_place[1]))
        stack.append((place[1], last, arc_place[1], arc_place[2]))


@kernel
def _group(target: I32, first: int, items: I32, group: I8, groups: int) -> I64:
    """Write ``items`` to ``target`` from ``first`` on, group by group; return where each group starts."""
    place = np.empty(groups + 1, np.int64)
    at = first
    for g in range(groups):
        place[g] = at
        for i in range(items.size):
            if group[i] == g:
                target[at] = items[i]
                at += 1
    place[groups] = at
    return place


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
