"""Many to many: for many sources at once, one sweep up from them and one down over all that lies above the targets.

Sources that are neighbours in the hierarchy share most of what lies above them, so :data:`LANES` of them are swept
together, as lanes of one vector. Down, every node above a target pulls all lanes from its higher ends.

Source: Delling, Goldberg, Nowatzyk, Werneck, "PHAST" (2011), restricted to the targets (RPHAST).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np

from routing.matrix.arrays import I32, Costs
from routing.matrix.cost import INF, INF_COST, TIME_SHIFT
from routing.matrix.customize import Kept, Metric
from routing.matrix.reach import nothing_reached
from routing.matrix.sweep import LANES, Edges, Seeds, spread, sweep_of
from routing.matrix.write import write_costs, write_times


def no_direct(targets: int) -> Seeds:
    """Return the empty set of direct ways."""
    return Seeds(np.zeros(targets + 1, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64))


def many_to_many(
    metric: Metric,
    sources: Seeds,
    targets: Seeds,
    direct: Seeds,
    time: I32,
    distance: I32 | None,
    rounded: bool,
) -> None:
    """Fill ``time`` and ``distance`` [S, T] with the cheapest way of each pair.

    Parameters
    ----------
    metric : Metric
    sources, targets : Seeds
        S and T points; nodes in input numbers.
    direct : Seeds
        By target, ways that touch no node; ``node`` is the source.
    time, distance : int32 [S, T]
        Outputs: milliseconds and decimetres, or whole seconds and metres rounded half up where ``rounded``;
        :data:`~routing.matrix.cost.INF` where unreachable. Without ``distance`` only times are found, in about
        two thirds of the time.
    rounded : bool
    """
    if time.size == 0:
        return
    rank = metric.topology.rank
    up, down = _edges(metric.up), _edges(metric.down)
    infinite: np.int32 | np.int64 = np.int64(INF_COST)
    if distance is None:
        up, down, infinite = _times(metric.up), _times(metric.down), np.int32(INF)
        sources, targets, direct = (part._replace(cost=_time_ms(part.cost)) for part in (sources, targets, direct))
    enter = sources._replace(node=rank[sources.node])
    sweep = sweep_of(down, targets._replace(node=rank[targets.node]))
    order = np.argsort(_first_rank(enter), kind="stable").astype(np.int32)
    threads = min(len(os.sched_getaffinity(0)), -(-len(order) // LANES))

    def run(thread: int) -> None:
        """Fill the rows of every ``threads``-th batch."""
        reached = nothing_reached(len(rank))
        near = np.empty((sweep.rows, LANES), dtype=up.cost.dtype)
        best = np.empty((time.shape[1], LANES), dtype=up.cost.dtype)
        for first in range(thread * LANES, len(order), threads * LANES):
            batch = order[first : first + LANES]
            spread(up, sweep, enter, infinite, batch, reached, near, best)
            if distance is None:
                write_times(best, batch, direct, time, rounded)
            else:
                write_costs(best, batch, direct, time, distance, rounded)

    if threads == 1:
        run(0)
    else:
        list(_pool(os.getpid(), threads).map(run, range(threads)))


@cache
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    """Return threads that stay: a new one would have to be given new memory for every table.

    They are kept per ``process``, since a fork doesn't inherit them.
    """
    return ThreadPoolExecutor(threads, thread_name_prefix=f"table-{process}")


def _edges(kept: Kept) -> Edges:
    return Edges(kept.ptr, kept.end, kept.cost)


def _times(kept: Kept) -> Edges:
    return Edges(kept.ptr, kept.end, kept.time_ms)


def _time_ms(cost: Costs) -> I32:
    return (cost >> TIME_SHIFT).astype(np.int32)


def _first_rank(seeds: Seeds) -> I32:
    """Return the rank of each point's first seed, 0 where it has none; neighbours in rank share what lies above."""
    first = np.zeros(len(seeds.ptr) - 1, dtype=np.int32)
    some = np.diff(seeds.ptr) > 0
    first[some] = seeds.node[seeds.ptr[:-1][some]]
    return first
