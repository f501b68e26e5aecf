"""Slow, obvious oracles: what a test compares the fast code with."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from itertools import pairwise

Arc = tuple[int, int, int, int]  # tail, head, time, distance
Cost = tuple[int, int]  # time, distance: compared in this order


def dijkstra(arcs: Iterable[Arc], seeds: Mapping[int, Cost]) -> dict[int, Cost]:
    """Return the least ``(time, distance)`` from any of ``seeds`` (node -> cost) to each node that can be reached."""
    out: dict[int, list[tuple[int, int, int]]] = {}
    for tail, head, time, distance in arcs:
        out.setdefault(tail, []).append((head, time, distance))
    best: dict[int, Cost] = {}
    heap = [(cost, node) for node, cost in seeds.items()]
    heapq.heapify(heap)
    while heap:
        (time, distance), node = heapq.heappop(heap)
        if node in best:
            continue
        best[node] = (time, distance)
        for head, more_time, more_distance in out.get(node, ()):
            if head not in best:
                heapq.heappush(heap, ((time + more_time, distance + more_distance), head))
    return best


def shortcuts(rank: Mapping[int, int], arcs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return all edges (ends named by rank) once every node, lowest first, has joined what it lies between."""
    edges = {(rank[tail], rank[head]) for tail, head in arcs if tail != head}
    for v in range(len(rank)):
        before = [d for d, over in edges if over == v and d > v]
        after = [u for over, u in edges if over == v and u > v]
        edges |= {(d, u) for d in before for u in after if d != u}
    return edges


def is_path(arcs: list[Arc], path: list[int]) -> bool:
    """Return whether the arcs (by index) follow each other."""
    return all(arcs[here][1] == arcs[there][0] for here, there in pairwise(path))
