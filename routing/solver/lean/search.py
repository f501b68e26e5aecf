"""The lean search: the map of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from routing.solver.lean.anneal import anneal
from routing.solver.lean.classic import Classic
from routing.solver.lean.complete import build, close_tour, complete
from routing.solver.lean.layout import chain, lean_of
from routing.solver.lean.partition import Pool, Tour, partition, tours_cost
from routing.solver.lean.run import Budget, Run
from routing.solver.lean.share import anneal_shares, can_share
from routing.solver.lean.state import ABSENT, FOREVER
from routing.solver.stop import Stop

PARTITION = 0.1
"""Share of the time that is kept for putting the best plan together of all tours seen."""
MOST_PARTITION_S = 20.0
NODES = 50
"""What limits it instead where the search is limited by iterations: the same seed must give the same plan."""


@dataclass(frozen=True)
class Found:
    """A plan and how the search went.

    Attributes
    ----------
    tours : tuple of (kind, stops)
        The stops of each tour in order, as numbered in the problem.
    absent : int
        How many groups (or stops) no tour serves.
    cost : int
    first_s : float
        From the call to the first complete plan.
    iterations : int
    """

    tours: tuple[Tour, ...]
    absent: int
    cost: int
    first_s: float
    iterations: int


def search(classic: Classic, stop: Stop, seed: int = 1, threads: int = 1, iterations: int | None = None) -> Found:
    """Return the best plan found before ``stop``.

    Parameters
    ----------
    classic : Classic
    stop : Stop
        The first plan is made whatever the budget.
    seed : int
        With ``iterations`` it fixes the plan, if the time suffices.
    threads : int
        Searches side by side, each with a seed of its own; the pool of their tours is one.
    iterations : int, optional
        Each search ends after so many, and cools by their count instead of the clock.
    """
    order = chain(classic.distance, classic.stops)
    lean = lean_of(classic, order)
    partition_s = min(MOST_PARTITION_S, PARTITION * stop.seconds) if iterations is None else 0.0
    budget = Budget(stop, iterations, partition_s)
    runs = [Run(lean, order, budget, seed + thread) for thread in range(threads)]
    runs[0].complete()
    first_s = stop.elapsed_s()
    pools = [Pool(classic) for _ in runs]
    side_by_side(classic, runs, pools, stop)
    best = min(runs, key=lambda run: (not run.is_complete, tours_cost(classic, run.tours())))
    tours = best.tours()
    if best.is_complete and stop.remaining_s() > 0:
        tours = partition(classic, merged(pools), tours, stop.remaining_s(), None if iterations is None else NODES)
    done = sum(run.done for run in runs)
    absent = 0 if best.is_complete else int(best.work.tally[ABSENT])
    return Found(tours, absent, tours_cost(classic, tours), first_s, done)


def side_by_side(classic: Classic, runs: list[Run], pools: list[Pool], stop: Stop) -> None:
    """Take every search to its end, each on a thread; kernels release the GIL."""
    with ThreadPoolExecutor(len(runs)) as executor:
        try:
            if can_share(classic, len(runs)):
                list(executor.map(begin, runs))
                anneal_shares(classic, runs, pools, executor)
            else:
                list(executor.map(improve, runs, pools))
        except BaseException:  # Ctrl-C: the other threads must not go on until the time is up
            stop.request()
            raise


def begin(run: Run) -> None:
    """Take a search from its beginning, or its first plan, to as few tours as it can do with."""
    run.complete()
    if run.is_complete:
        run.do_with_fewer_tours()


def improve(run: Run, pool: Pool) -> None:
    """Take a search from its beginning, or its first plan, to its end."""
    begin(run)
    if run.is_complete:
        run.anneal(pool, run.spent())


def merged(pools: list[Pool]) -> Pool:
    """Return one pool of the tours of all."""
    for other in pools[1:]:
        pools[0].add(tour for _, tour in other.cost.values())
    return pools[0]


def warm(classic: Classic) -> None:
    """Compile the kernels a problem needs, without a clock running."""
    order = chain(classic.distance, classic.stops)
    run = Run(lean_of(classic, order), order, Budget(Stop(FOREVER)), 1)
    build(run.lean, run.plan, run.work)
    anneal(run.lean, run.plan, run.best, run.work, 1.0, 1, 1, 1)
    close_tour(run.lean, run.plan, run.work)
    complete(run.lean, run.plan, run.work, 1.0, 1)
    if can_share(classic, 2):
        run.adopt((), 0)
