"""The map of a solve: a first complete plan by insertion, then each engine improves what it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from routing.problem import COST_PER_CENT, Problem, Tables
from routing.solver.insertion import fill_vehicle, insert_all
from routing.solver.rules import Records, lowest_legs
from routing.solver.stop import Stop
from routing.solver.tours import Tours, copy_tours, empty_tours, merit, total_cost


@dataclass(frozen=True)
class Progress:
    """What a search tells while it runs."""

    engine: str
    elapsed_s: float
    served: int
    cost_cents: int


Report = Callable[[Progress, Tours], None]


class Engine(Protocol):
    """Improves complete tours; never returns worse ones, and keeps what ``tours`` seals."""

    @property
    def name(self) -> str:
        """What progress lines call it."""
        ...

    def improve(self, problem: Problem, tours: Tours, stop: Stop, report: Callable[[Tours], None]) -> Tours:
        """Return the best tours found before ``stop``; call ``report`` with each better plan."""
        ...


def solve(
    problem: Problem,
    stop: Stop,
    engines: Sequence[Engine] = (),
    start: Tours | None = None,
    report: Report = lambda progress, tours: None,
) -> Tours:
    """Return the best tours found in the time given.

    Parameters
    ----------
    problem : Problem
        What to plan.
    stop : Stop
        Time budget and interrupt flag. The insertion always runs, so the plan is complete whatever the budget.
    engines : sequence of Engine
        Tried in order, each on the best plan so far.
    start : Tours, optional
        Tours to keep and to extend (a warm start); left unchanged.
    report : callable
        Told of every better complete plan.
    """

    return improve(problem, construct(problem, start), stop, engines, report)


def improve(
    problem: Problem, tours: Tours, stop: Stop, engines: Sequence[Engine], report: Report = lambda progress, tours: None
) -> Tours:
    """Return the best the engines make of complete tours, each starting from the best so far; see :func:`solve`."""

    def tell(engine: str, tours: Tours) -> None:
        cents = int(total_cost(problem.tables, tours)) // COST_PER_CENT
        report(Progress(engine, stop.elapsed_s(), served(problem.tables, tours), cents), tours)

    best = tours
    tell("insertion", best)
    for engine in engines:
        if stop():
            break
        found = engine.improve(problem, best, stop, lambda tours, name=engine.name: tell(name, tours))  # type: ignore[misc]
        if is_better(problem, found, best):
            best = found
    return best


def construct(problem: Problem, start: Tours | None = None) -> Tours:
    """Return complete tours: those of ``start``, with every order that fits inserted where it is cheapest."""
    tours = empty_tours(problem.tables) if start is None else copy_tours(start)
    sequence = insertion_sequence(problem)
    low = lowest_legs(problem.tables)
    insert_all(problem.tables, tours, sequence, low)
    return open_idle_vehicles(problem, tours, sequence, low)


def open_idle_vehicles(problem: Problem, tours: Tours, sequence: NDArray[np.int64], low: Records) -> Tours:
    """Return tours with each idle vehicle filled with what is left out, where that pays for its fixed price."""
    tables = problem.tables
    for vehicle in np.flatnonzero((tours.size == 0) & tables.allowed.any(axis=1)).tolist():
        if (tours.vehicle[tables.penalty > 0] >= 0).all():
            break
        trial = copy_tours(tours)
        fill_vehicle(tables, trial, vehicle, sequence, tables.allowed[vehicle], low)
        if total_cost(tables, trial) < total_cost(tables, tours):
            tours = trial
    return tours


def insertion_sequence(problem: Problem) -> NDArray[np.int64]:
    """Return the orders, those that cost most to leave out first, then the least flexible, then the farthest."""
    tables = problem.tables
    slack = np.full(problem.orders, np.iinfo(np.int64).max)
    far = np.zeros(problem.orders, dtype=np.int64)
    depot = int(tables.veh_start[0]) if problem.vehicles else 0
    for order in range(problem.orders):
        options = slice(tables.opt_ptr[order], tables.opt_ptr[order + 1])
        slack[order] = _window_length_s(problem, options)
        far[order] = tables.distance_m[0, depot, tables.opt_loc[options]].min()
    return np.lexsort((-far, slack // 3600, -tables.penalty)).astype(np.int64)


def _window_length_s(problem: Problem, options: slice) -> int:
    tables = problem.tables
    cls = int(tables.veh_class[0]) if problem.vehicles else 0
    longest = 0
    for option in range(options.start, options.stop):
        pieces = slice(tables.win_first[cls, option], tables.win_last[cls, option])
        longest = max(longest, int((tables.win_close[pieces] - tables.win_open[pieces]).sum()))
    return longest


def served(tables: Tables, tours: Tours) -> int:
    """Return how many orders are on a tour; a pair is one."""
    counted = (tables.partner < 0) | (tables.partner > np.arange(len(tables.partner)))
    if tables.extras is not None:
        counted[tables.extras.reload_ptr[0] :] = False
    return int(((tours.vehicle >= 0) & counted).sum())


def is_better(problem: Problem, found: Tours, best: Tours) -> bool:
    """Return whether ``found`` beats ``best`` by :func:`routing.solver.tours.merit`."""
    return merit(problem.tables, found) < merit(problem.tables, best)
