"""The timed search: the map of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.errors import InputError
from routing.solver.stop import Stop
from routing.solver.timed import problem
from routing.solver.timed.anneal import anneal, build
from routing.solver.timed.layout import empty_memo, empty_plan, empty_pool, fresh_work, kernel_problem
from routing.solver.timed.partition import Tour, partition
from routing.solver.timed.schedule import best_departure, load, measure_alone
from routing.solver.timed.state import BEST, FAR, PRESENT

HOT, COLD = 0.5, 0.02
"""First and last temperature, in mean driving times to the five nearest stops."""
REHEATED = 0.25
"""First temperature of all anneals but the first, of the same kind."""
ANNEALS = 3
"""How often it anneals, each time from the best; then the pool is put together."""
PARTITION = 0.1
"""Share of each anneal's time that is kept for putting the best plan together of all tours seen."""
CHUNK = 100
"""Iterations at one temperature."""
NODES = 50
"""What limits the MIP where the search is limited by iterations: the same seed must give the same plan."""


@dataclass(frozen=True)
class Found:
    """A plan and how the search went.

    Attributes
    ----------
    tours : tuple of tuple of int
        Stops in order.
    departures : tuple of int
        When each tour leaves the depot, seconds.
    duration : int
        How long the tours take together, seconds.
    iterations : int
    """

    tours: tuple[Tour, ...]
    departures: tuple[int, ...]
    duration: int
    iterations: int


class Search:
    """One search: the present plan, the best one, and what is known of tours."""

    def __init__(self, given: problem.Timed, seed: int) -> None:
        self.given = given
        self.timed = kernel_problem(given)
        self.plan, self.memo, self.pool = empty_plan(given), empty_memo(), empty_pool(given.stops)
        self.work = fresh_work(self.plan, seed)
        self.leg = float(np.sort(self.timed.travel[1:, :, :, 0].mean(axis=2), axis=1)[:, 1:6].mean())
        measure_alone(self.timed, self.plan, self.memo, self.pool, self.work)
        self.done = 0

    def build(self, stop: Stop) -> None:
        """Make a first plan; in another order where the fleet doesn't suffice."""
        for stop_number in np.flatnonzero(self.timed.alone[1:] >= FAR) + 1:
            raise InputError("unservable", f"stop {stop_number} can't be served even by a tour of its own")
        while not build(self.timed, self.plan, self.memo, self.work):
            if stop():
                message = f"no plan with {self.given.fleet} tours was found in time"
                raise InputError("no_plan_found", message, action="allow more vehicles, or more time")

    def anneal(self, hot: float, spent: Spent) -> None:
        """Anneal from a temperature to the last one."""
        while (share := spent(self.done)) < 1.0:
            temperature = self.leg * hot * (COLD / hot) ** share
            anneal(self.timed, self.plan, self.memo, self.pool, self.work, temperature, CHUNK)
            self.done += CHUNK

    def best(self) -> tuple[Tour, ...]:
        """Return the tours of the best plan."""
        pairs = zip(self.work.best.tolist(), self.work.best_size.tolist())
        return tuple(tuple(row[:size]) for row, size in pairs if size > 0)

    def resume(self, tours: tuple[Tour, ...]) -> None:
        """Go on from given tours; they are the best if nothing was better."""
        seq, size = np.zeros_like(self.work.best), np.zeros_like(self.work.best_size)
        for row, tour in enumerate(tours):
            seq[row, : len(tour)], size[row] = tour, len(tour)
        self.work.tally[PRESENT] = load(self.timed, self.plan, self.memo, self.work, seq, size)
        if self.work.tally[PRESENT] < self.work.tally[BEST]:
            self.work.tally[BEST] = self.work.tally[PRESENT]
            self.work.best[:], self.work.best_size[:] = seq, size

    def put_together(self, seconds: float, nodes: int | None) -> None:
        """Go on from the best plan that tours in the pool make up."""
        best = int(self.work.tally[BEST])
        tours = partition(self.pool, self.given.stops, self.given.fleet, best, seconds, nodes)
        self.resume(self.best() if tours is None else tours)

    def found(self) -> Found:
        """Return the best plan, each tour leaving when it is shortest."""
        tours, departures, total = self.best(), [], 0
        for tour in tours:
            duration, leave = best_departure(self.timed, self.plan, np.array(tour, dtype=np.int32))
            departures.append(int(leave))
            total += int(duration)
        return Found(tours, tuple(departures), total, self.done)


@dataclass(frozen=True)
class Spent:
    """How much of a part of the budget is spent: a part of the iterations, or else of the time.

    Parameters
    ----------
    stop : Stop
        Ends the part.
    begun : int
        Iterations done before it.
    iterations : int or None
    """

    stop: Stop
    begun: int
    iterations: int | None

    def __call__(self, done: int) -> float:
        """Return the share, 1 when the part must end."""
        if self.stop():
            return 1.0
        if self.iterations is not None:
            return min(1.0, (done - self.begun) / self.iterations)
        return self.stop.elapsed_s() / self.stop.seconds


def search(given: problem.Timed, stop: Stop, seed: int = 1, iterations: int | None = None) -> Found:
    """Return the best plan found before ``stop``.

    Parameters
    ----------
    given : Timed
    stop : Stop
        The first plan is made whatever the budget.
    seed : int
        With ``iterations`` it fixes the plan, if the time suffices.
    iterations : int, optional
        Ends after about so many, and cools by their count instead of the clock.

    Raises
    ------
    InputError
        A stop can't be served, or no plan with so few tours was found.
    """
    run = Search(given, seed)
    run.build(stop)
    for index in range(ANNEALS):
        part = stop.share(1.0 / (ANNEALS - index))
        cooling = part.share(1.0 - PARTITION) if iterations is None else part
        run.anneal(REHEATED if index else HOT, Spent(cooling, run.done, iterations and iterations // ANNEALS))
        if part.remaining_s() > 0:
            run.put_together(part.remaining_s(), None if iterations is None else NODES)
    return run.found()


def warm(given: problem.Timed) -> None:
    """Compile the kernels, without a clock running."""
    run = Search(given, 1)
    run.build(Stop(0))
    anneal(run.timed, run.plan, run.memo, run.pool, run.work, 1.0, 1)
    run.resume(run.best())
    run.found()
