"""Several threads on one plan: each anneals its share of the tours, and the shares are drawn anew time and again.

Searches side by side that know nothing of each other are hardly better than one of them. What has a thread of its own
for each share gets so many times the iterations. Stops can't change tours across the border of two shares; after the
next drawing the border is elsewhere.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from data import clock
from routing.solver.lean.classic import Classic, Times
from routing.solver.lean.layout import chain, lean_of
from routing.solver.lean.partition import Pool, Tour, tours_cost
from routing.solver.lean.run import Budget, Run
from routing.solver.lean.state import USED

I64 = NDArray[np.int64]

DRAWINGS = 60
"""How often shares are drawn in a search."""
LEAST_S = 1.0
"""Shares are kept so long at least: laying them out takes a tenth of it."""
LEAST_STOPS, LEAST_TOURS = 200, 4
"""Stops, and full tours, of a share below which it is not worth it."""


def can_share(classic: Classic, threads: int) -> bool:
    """Return whether a problem is large enough for shares, and one kind of vehicle serves its every stop."""
    if threads == 1 or classic.group is not None or len(classic.kinds) > 1:
        return False
    load, tours = int(classic.demand.sum()), LEAST_TOURS * threads
    return classic.stops >= LEAST_STOPS * threads and load >= tours * classic.kinds[0].capacity


def anneal_shares(classic: Classic, runs: list[Run], pools: list[Pool], executor: Executor) -> None:
    """Anneal the best plan of ``runs`` on a thread for each until the budget is spent; the first has what is found."""
    complete = [run.tours() for run in runs if run.is_complete]
    if not complete:
        return
    leader, rng = runs[0], clock.rng(runs[0].seed)
    present = min(complete, key=lambda tours: tours_cost(classic, tours))
    best = tours_cost(classic, present)
    leader.adopt(present, best)
    begun = spent = leader.spent()
    step = max((1.0 - begun) / DRAWINGS, LEAST_S / leader.budget.stop.seconds)

    def annealed(tours: tuple[Tour, ...], pool: Pool, seed: int) -> Run:
        share = share_of(classic, tours, leader, len(runs), seed)
        share.anneal(pool, begun, min(1.0, spent + step))
        return share

    while spent < 1.0:
        drawn = drawn_shares(classic, present, len(runs), rng)
        shares = list(executor.map(annealed, drawn, pools, rng.integers(1 << 31, size=len(runs)).tolist()))
        start = leader.done
        for run, share in zip(runs, shares):
            run.done += share.done - start
        present = tuple(tour for share in shares for tour in share.present())
        found = tuple(tour for share in shares for tour in share.tours())
        if (cost := tours_cost(classic, found)) < best:
            best = cost
            leader.adopt(found, cost)
        spent = leader.spent()


def drawn_shares(
    classic: Classic, tours: tuple[Tour, ...], count: int, rng: np.random.Generator
) -> list[tuple[Tour, ...]]:
    """Return tours in ``count`` shares, less where there are few tours, with about as many stops each.

    They are cut across a direction drawn at random, from a stop to the farther one of two; a tour lies where its stops
    do on average.
    """
    n = classic.stops
    here, *there = rng.integers(n, size=3)
    there = max(there, key=lambda stop: classic.distance[here, stop])
    ahead = classic.distance[:n, here].astype(np.int64) - classic.distance[:n, there]
    lie = [ahead[list(stops)].mean() for _, stops in tours]
    by_place = np.argsort(lie, kind="stable")
    passed = np.cumsum([len(tours[at][1]) for at in by_place])
    share = np.minimum(count * (passed - 1) // n, count - 1)
    drawn = (tuple(tours[at] for at in by_place[share == part]) for part in range(count))
    return [tours for tours in drawn if tours]


def share_of(classic: Classic, tours: tuple[Tour, ...], leader: Run, threads: int, seed: int) -> Run:
    """Return a search of some tours alone, as far on as the leader's, with its part of the vehicles not yet used."""
    stops = np.sort([stop for _, served in tours for stop in served]).astype(np.int64)
    part = part_of(classic, stops, len(tours) + (classic.kinds[0].count - int(leader.work.tally[USED])) // threads)
    order = chain(part.distance, part.stops)
    budget = Budget(leader.budget.stop, leader.budget.iterations, leader.budget.reserved_s)
    share = Run(lean_of(part, order), stops[order], budget, seed)
    share.leg, share.done = leader.leg, leader.done
    share.adopt(tours, tours_cost(classic, tours))
    return share


def part_of(classic: Classic, stops: I64, vehicles: int) -> Classic:
    """Return the problem of some stops and so many vehicles."""
    places = np.concatenate([stops, np.arange(classic.stops, len(classic.distance))])
    among, times = np.ix_(places, places), classic.times
    return Classic(
        distance=classic.distance[among],
        demand=classic.demand[stops],
        kinds=(replace(classic.kinds[0], count=vehicles),),
        times=times and Times(times.duration[among], times.service[places], times.opens[places], times.closes[places]),
    )
