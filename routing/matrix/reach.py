"""Which nodes a search upwards from given nodes can touch, in the order a sweep needs them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.jit import inner, kernel
from routing.matrix.arrays import I32


class Reached(NamedTuple):
    """What one search reached, in arrays of all n nodes that the next search uses again.

    ``nodes`` lists the nodes, each after the higher ends of its edges; ``place`` is a node's place in it or -1. The
    others are scratch.
    """

    place: I32
    nodes: I32
    stack: I32
    cursor: I32


@kernel
def nothing_reached(n: int) -> Reached:
    """Return the state before any search."""
    return Reached(np.full(n, np.int32(-1)), np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int32))


@kernel
def reach(ptr: I32, end: I32, starts: I32, reached: Reached) -> int:
    """List all nodes above ``starts``, them included, in ``reached``; return how many there are.

    Parameters
    ----------
    ptr, end : int32
        The edges upwards.
    starts : int32 [k]
    reached : Reached
        Nothing, or forgotten.
    """
    count = 0
    for start in starts:
        if reached.place[start] < 0:
            count = _descend(ptr, end, start, reached, count)
    return count


@kernel
def forget(reached: Reached, count: int) -> None:
    """Make ``reached`` ready for the next search."""
    for i in range(count):
        reached.place[reached.nodes[i]] = np.int32(-1)


@inner
def _descend(ptr: I32, end: I32, start: int, reached: Reached, count: int) -> int:
    """List what is not yet listed above one start, depth first; a node is listed when its edges are done."""
    place, nodes, stack, cursor = reached.place, reached.nodes, reached.stack, reached.cursor
    stack[0], cursor[0] = start, ptr[start]
    place[start] = 0
    depth = 0
    while depth >= 0:
        v = stack[depth]
        i = cursor[depth]
        last = ptr[v + 1]
        while i < last and place[end[i]] >= 0:
            i += 1
        if i < last:
            cursor[depth] = i + 1
            depth += 1
            stack[depth], cursor[depth] = end[i], ptr[end[i]]
            place[end[i]] = 0
        else:
            place[v] = count
            nodes[count] = v
            count += 1
            depth -= 1
    return count
