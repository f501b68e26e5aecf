"""Symbolic contraction: which shortcuts a ranked digraph can ever need. Nodes are named by rank."""

from __future__ import annotations

import numpy as np

from data.jit import kernel
from routing.matrix.arrays import I32, U8

UP, DOWN = np.uint8(1), np.uint8(2)
"""The directions in which an edge can be driven: from its lower to its higher end, and back."""


@kernel
def fill(first: I32, high: I32) -> tuple[I32, I32]:
    """Return ``(ptr, head)`` of the undirected fill: each node hands its higher neighbours to the lowest of them."""
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
def mark(ptr: I32, head: I32, tail_rank: I32, head_rank: I32, ways: U8) -> None:
    """Note in ``ways`` in which directions the input has each filled edge."""
    for a in range(tail_rank.size):
        low, high = min(tail_rank[a], head_rank[a]), max(tail_rank[a], head_rank[a])
        if low < high:
            i = ptr[low] + np.searchsorted(head[ptr[low] : ptr[low + 1]], high)
            ways[i] |= UP if low == tail_rank[a] else DOWN


@kernel
def spread(ptr: I32, head: I32, ways: U8) -> None:
    """Note in ``ways`` in which directions a path over lower nodes makes each filled edge."""
    for v in range(ptr.size - 1):
        for i in range(ptr[v], ptr[v + 1]):
            k = ptr[head[i]]
            for j in range(i + 1, ptr[v + 1]):
                while head[k] != head[j]:
                    k += 1
                if ways[i] & DOWN and ways[j] & UP:
                    ways[k] |= UP
                if ways[j] & DOWN and ways[i] & UP:
                    ways[k] |= DOWN
