"""The two sweeps of a many-to-many table: up from a batch of sources, down to all that lies above the targets.

Every kernel here works on int32 times as well as on int64 costs; sums are cast, since Numba widens them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.jit import inner, kernel
from routing.matrix.arrays import I16, I32, Costs
from routing.matrix.reach import Reached, forget, nothing_reached, reach

LANES = 128
"""Sources swept together; a module constant, so that the compiler unrolls the inner loops."""

STEP = 16
"""Lanes are swept up in steps of so many: few sources lie below a low node."""


class Edges(NamedTuple):
    """The open edges of one direction: of node v they lead to ``end[ptr[v]:ptr[v + 1]]``, all higher than v."""

    ptr: I32
    end: I32
    cost: Costs


class Seeds(NamedTuple):
    """Where each of L points enters (or leaves) the graph: nodes ``node[ptr[i]:ptr[i + 1]]`` at these costs."""

    ptr: I32
    node: I32
    cost: Costs


class Sweep(NamedTuple):
    """All that lies above T targets, root first, in rows that are used again as soon as nobody below needs them.

    Place i is the node ``rank[i]``, computed in ``row[i]`` from the rows ``above[ptr[i]:ptr[i + 1]]`` at ``cost``; it
    serves the targets ``target[out[i]:out[i + 1]]`` at ``out_cost``. ``rows`` is how many rows there are.
    """

    rank: I32
    row: I32
    ptr: I32
    above: I32
    cost: Costs
    out: I32
    target: I32
    out_cost: Costs
    rows: int


@kernel
def sweep_of(down: Edges, targets: Seeds) -> Sweep:
    """Return the sweep of ``targets``, whose nodes are ranks."""
    reached = nothing_reached(down.ptr.size - 1)
    place, nodes = reached.place, reached.nodes
    # By rank, so that neighbours in the hierarchy follow each other and their rows are soon free again.
    starts = np.sort(targets.node)
    count = reach(down.ptr, down.end, starts, reached)
    ptr = np.zeros(count + 1, np.int32)
    for i in range(count):
        ptr[i + 1] = ptr[i] + down.ptr[nodes[i] + 1] - down.ptr[nodes[i]]
    above = np.empty(ptr[count], np.int32)
    cost = np.empty(ptr[count], down.cost.dtype)
    at = 0
    for i in range(count):
        for k in range(down.ptr[nodes[i]], down.ptr[nodes[i] + 1]):
            above[at] = place[down.end[k]]
            cost[at] = down.cost[k]
            at += 1
    row, rows = _rows(ptr, above)
    out, target, out_cost = _outlets(targets, place, count)
    return Sweep(nodes[:count].copy(), row, ptr, above, cost, out, target, out_cost, rows)


@kernel
def _rows(ptr: I32, above: I32) -> tuple[I32, int]:
    """Return the row of each place and how many there are; turn the places in ``above`` into rows."""
    count = ptr.size - 1
    last = np.empty(count, np.int32)
    for i in range(count):
        last[i] = i
        for k in range(ptr[i], ptr[i + 1]):
            last[above[k]] = i
    row = np.empty(count, np.int32)
    free = np.empty(count, np.int32)
    frees, rows = 0, 0
    for i in range(count):
        if frees > 0:
            frees -= 1
            row[i] = free[frees]
        else:
            row[i] = rows
            rows += 1
        for k in range(ptr[i], ptr[i + 1]):
            if last[above[k]] == i:
                free[frees] = row[above[k]]
                frees += 1
            above[k] = row[above[k]]
        if last[i] == i:
            free[frees] = row[i]
            frees += 1
    return row, rows


@kernel
def _outlets(targets: Seeds, place: I32, count: int) -> tuple[I32, I32, Costs]:
    """Return, by place, which targets are served from it and at what cost."""
    out = np.zeros(count + 1, np.int32)
    for node in targets.node:
        out[place[node] + 1] += 1
    for i in range(count):
        out[i + 1] += out[i]
    at = out[:-1].copy()
    target = np.empty(targets.node.size, np.int32)
    cost = np.empty(targets.node.size, targets.cost.dtype)
    for t in range(targets.ptr.size - 1):
        for k in range(targets.ptr[t], targets.ptr[t + 1]):
            i = place[targets.node[k]]
            target[at[i]] = t
            cost[at[i]] = targets.cost[k]
            at[i] += 1
    return out, target, cost


@kernel
def spread(
    up: Edges,
    sweep: Sweep,
    sources: Seeds,
    infinite: np.int32 | np.int64,
    batch: I32,
    reached: Reached,
    near: Costs,
    best: Costs,
) -> None:
    """Fill ``best`` [T, LANES] with the costs from the sources in ``batch``.

    ``reached`` (nothing on entry and exit) and ``near`` [rows, LANES] are scratch.
    """
    starts = np.empty(sources.node.size, np.int32)
    seeds = 0
    for source in batch:
        for k in range(sources.ptr[source], sources.ptr[source + 1]):
            starts[seeds] = sources.node[k]
            seeds += 1
    count = reach(up.ptr, up.end, starts[:seeds], reached)
    place = reached.place
    far = np.empty((count, LANES), up.cost.dtype)
    far[:] = infinite
    first, last = np.full(count, np.int16(LANES)), np.full(count, np.int16(-1))
    for lane in range(batch.size):
        for k in range(sources.ptr[batch[lane]], sources.ptr[batch[lane] + 1]):
            i = place[sources.node[k]]
            far[i, lane] = min(far[i, lane], sources.cost[k])
            first[i] = min(first[i], lane // STEP)
            last[i] = max(last[i], lane // STEP)
    _push(up, place, reached.nodes[:count], far, first, last)
    best[:] = infinite
    _pull(sweep, place, infinite, far, near, best)
    forget(reached, count)


@inner
def _push(up: Edges, place: I32, nodes: I32, far: Costs, first: I16, last: I16) -> None:
    """Relax every edge up, lowest node first, in the lanes whose sources lie below it."""
    for i in range(nodes.size - 1, -1, -1):
        v = nodes[i]
        for k in range(up.ptr[v], up.ptr[v + 1]):
            above = place[up.end[k]]
            cost = up.cost[k]
            first[above] = min(first[above], first[i])
            last[above] = max(last[above], last[i])
            if last[i] - first[i] == LANES // STEP - 1:  # most of the work, and one loop without an inner one is faster
                for lane in range(LANES):
                    far[above, lane] = min(far[above, lane], far.dtype.type(far[i, lane] + cost))
            else:
                for step in range(first[i], last[i] + 1):
                    for lane in range(step * STEP, step * STEP + STEP):
                        far[above, lane] = min(far[above, lane], far.dtype.type(far[i, lane] + cost))


@inner
def _pull(sweep: Sweep, place: I32, infinite: np.int32 | np.int64, far: Costs, near: Costs, best: Costs) -> None:
    """Relax every edge down, root first, in all lanes; four edges at a time, so that a row is written once for four."""
    for i in range(sweep.rank.size):
        row = sweep.row[i]
        below = place[sweep.rank[i]]
        if below >= 0:
            for lane in range(LANES):
                near[row, lane] = far[below, lane]
        else:
            for lane in range(LANES):
                near[row, lane] = infinite
        k, last = sweep.ptr[i], sweep.ptr[i + 1]
        while k + 4 <= last:
            a, b, c, d = sweep.above[k], sweep.above[k + 1], sweep.above[k + 2], sweep.above[k + 3]
            to_a, to_b, to_c, to_d = sweep.cost[k], sweep.cost[k + 1], sweep.cost[k + 2], sweep.cost[k + 3]
            for lane in range(LANES):
                left = min(near.dtype.type(near[a, lane] + to_a), near.dtype.type(near[b, lane] + to_b))
                right = min(near.dtype.type(near[c, lane] + to_c), near.dtype.type(near[d, lane] + to_d))
                near[row, lane] = min(near[row, lane], min(left, right))
            k += 4
        while k < last:
            above, cost = sweep.above[k], sweep.cost[k]
            for lane in range(LANES):
                near[row, lane] = min(near[row, lane], near.dtype.type(near[above, lane] + cost))
            k += 1
        for k in range(sweep.out[i], sweep.out[i + 1]):
            target, cost = sweep.target[k], sweep.out_cost[k]
            for lane in range(LANES):
                best[target, lane] = min(best[target, lane], near.dtype.type(near[row, lane] + cost))
