"""Ruin & recreate under simulated annealing: the engine that makes the plan's quality.

Searches run side by side, one a thread; their tours go into one pool, of which the best plan is put together at the
end. The temperature falls with the clock, so the schedule fits any budget; the kernel is in
:mod:`routing.solver.anneal`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from routing.problem import INF_TRAVEL_S, Problem, Tables
from routing.solver.anneal import anneal
from routing.solver.pool import Pool, partition
from routing.solver.rules import Rules, lowest_legs, rules_of
from routing.solver.schedule import sum_up
from routing.solver.stop import Stop
from routing.solver.tours import Tours, copy_tours, total_cost
from routing.solver.work import work_of

HOT, COLD = 3.0, 0.1
"""Temperature at the start and the end, in mean legs to the five nearest orders."""
SURCHARGE = 5.0
"""What a tour costs besides while it anneals, in temperatures, at most its vehicle's price; it fades to nothing. What
is hot opens tours that no search closes once it is cold."""
CHUNK = 40
"""Iterations at one temperature, at first or where iterations are counted."""
CHUNK_S = 0.02
"""What they take later on, or a quarter of the time left: the clock is only looked at in between."""
PARTITION, LEAST_PARTITION_S, MOST_PARTITION_S = 0.1, 0.5, 20.0
"""Share of the time, and the most of it, that is kept for putting the best plan together of all tours seen; nothing
where it would be less than the least."""
PARTITION_NODES = 50
"""What limits it instead where iterations are counted."""
SAMPLED_FROM, SAMPLES = 0.5, 100
"""Share of a search after which its plans are sampled for the pool, and how many are."""


@dataclass(frozen=True)
class RuinRecreateEngine:
    """Improves tours by ruin & recreate.

    Parameters
    ----------
    seed : int
        Fixes the run for a given number of iterations.
    share : float
        Part of the time left that this engine takes.
    iterations : int, optional
        Each search ends after this many (rounded up to whole chunks) and cools by their count instead of the clock:
        the same seed then gives the same tours on any machine, if the time suffices.
    threads : int
        Searches side by side, each with a seed of its own.
    hot : float
        First temperature, in mean legs to the five nearest orders.
    """

    seed: int = 1
    share: float = 1.0
    iterations: int | None = None
    threads: int = 1
    hot: float = HOT
    name: str = "ruin & recreate"

    def improve(self, problem: Problem, tours: Tours, stop: Stop, report: Callable[[Tours], None]) -> Tours:
        """Return the best tours found; see :class:`routing.solver.engine.Engine`."""
        if problem.orders < 2:
            return tours
        own = stop.share(self.share)
        kept_s = min(MOST_PARTITION_S, PARTITION * own.seconds) if self.iterations is None else 0.0
        partitions = kept_s >= LEAST_PARTITION_S or self.iterations is not None
        kept_s = kept_s if partitions else 0.0
        rules = rules_of(problem.tables, lowest_legs(problem.tables))
        searches = [
            Search(problem.tables, rules, tours, Schedule(own, self.iterations, kept_s), self.seed + thread, self.hot)
            for thread in range(self.threads)
        ]
        side_by_side(searches, own, report)
        best = min((search.best for search in searches), key=lambda found: total_cost(problem.tables, found))
        pool = searches[0].pool
        for search in searches[1:]:
            pool.merge(search.pool)
        if partitions and own.remaining_s() > 0:
            nodes = None if self.iterations is None else PARTITION_NODES
            best = partition(pool, best, own.remaining_s(), nodes)
        if total_cost(problem.tables, best) < total_cost(problem.tables, tours):
            report(best)
        return best


def side_by_side(searches: list[Search], stop: Stop, report: Callable[[Tours], None]) -> None:
    """Take every search to its end, each on a thread; kernels release the GIL. The first one reports."""
    with ThreadPoolExecutor(len(searches)) as executor:
        try:
            others = [executor.submit(search.run, lambda better: None) for search in searches[1:]]
            searches[0].run(report)
            for other in others:
                other.result()
        except BaseException:  # Ctrl-C: the other threads must not go on until the time is up
            stop.request()
            raise


@dataclass(frozen=True)
class Schedule:
    """What a search may spend: iterations, or else the time of ``stop`` but its last ``kept_s`` seconds."""

    stop: Stop
    iterations: int | None
    kept_s: float

    def spent(self, done: int) -> float:
        """Return the share that is spent after so many iterations, 1 when the search must end."""
        if self.left_s() <= 0:
            return 1.0
        if self.iterations is not None:
            return done / self.iterations
        return self.stop.elapsed_s() / (self.stop.seconds - self.kept_s)

    def left_s(self) -> float:
        """Return the seconds left."""
        return 0.0 if self.stop() else self.stop.remaining_s() - self.kept_s

    def chunk(self, last: int, took_s: float) -> int:
        """Return how many iterations to do before the next look at the clock, after ``last`` that took so long."""
        if self.iterations is not None:
            return CHUNK
        fits = min(CHUNK_S, self.left_s() / 4) * last / max(took_s, 1e-6)
        return max(1, min(int(fits), 4 * last))


class Search:
    """One search on its way."""

    def __init__(
        self, tables: Tables, rules: Rules, tours: Tours, schedule: Schedule, seed: int, hot: float = HOT
    ) -> None:
        self.tables, self.rules, self.schedule, self.hot = tables, rules, schedule, hot
        self.work = work_of(rules, seed)
        self.current = copy_tours(tours)
        sum_up(rules, self.current)
        self.best = copy_tours(self.current)
        self.pool = Pool(tables, rules, tours)

    def run(self, report: Callable[[Tours], None]) -> None:
        """Anneal from the first temperature to the last; late plans are sampled for the pool."""
        leg, clock = mean_leg_cost(self.tables), self.schedule.stop.elapsed_s
        told_s, told_cost = clock(), total_cost(self.tables, self.best)
        done, chunk, sample_at = 0, CHUNK, SAMPLED_FROM
        price = max(0.0, float(self.tables.veh_cost[:, 0].mean()))
        while (spent := self.schedule.spent(done)) < 1.0:
            begun_s = clock()
            temperature = leg * self.hot * (COLD / self.hot) ** spent
            surcharge = int(min(SURCHARGE * temperature, price) * (1.0 - spent))
            anneal(self.rules, self.current, self.best, self.work, temperature, -surcharge, chunk)
            done += chunk
            chunk = self.schedule.chunk(chunk, clock() - begun_s)
            if spent > sample_at:
                self.pool.add(self.current)
                sample_at += (1.0 - SAMPLED_FROM) / SAMPLES
            if clock() - told_s > 1.0 and (cost := total_cost(self.tables, self.best)) < told_cost:
                told_s, told_cost = clock(), cost
                report(self.best)
        self.pool.add(self.best)


def mean_leg_cost(tables: Tables) -> float:
    """Return the mean cost of driving from an order's first place to the five nearest other places, in cost units."""
    places = np.unique(tables.opt_loc[tables.opt_ptr[:-1]])
    if len(places) < 2:
        return 1.0
    seconds = tables.duration_s[0][np.ix_(places, places)]
    np.fill_diagonal(seconds, np.iinfo(np.int32).max)
    count = min(5, len(places) - 1)
    close = np.argpartition(seconds, count - 1, axis=1)[:, :count]
    near_s = np.take_along_axis(seconds, close, 1)
    metres = tables.distance_m[0][places[:, None], places[close]]
    price = tables.veh_cost.mean(axis=0)
    cost, known = metres * price[1] + near_s * price[2], near_s < INF_TRAVEL_S
    return float(cost[known].mean()) if known.any() else 1.0
