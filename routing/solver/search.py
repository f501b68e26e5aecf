"""Ruin & recreate under simulated annealing: the engine that makes the plan's quality.

Each iteration copies the current tours, ruins and recreates the copy, and keeps it with the annealing rule. The
temperature falls with the clock, so the schedule fits any budget.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.jit import inner, kernel, part
from routing.problem import INF_TRAVEL_S, Problem, Tables
from routing.solver.chance import U64, seeded_state, uniform
from routing.solver.recreate import add_waiting, nearest_to_options, recreate
from routing.solver.ruin import nearest_orders, ruin
from routing.solver.stop import Stop
from routing.solver.tours import Tours, copy_tours, total_cost

I64 = NDArray[np.int64]

HOT, COLD = 3.0, 0.1
"""Temperature at the start and the end, in mean legs to the five nearest orders."""
CHUNK = 40


class Bench:
    """Scratch arrays of one search, allocated once."""

    def __init__(self, tables: Tables, seed: int) -> None:
        orders, vehicles = len(tables.release_s), len(tables.veh_class)
        self.near = nearest_orders(tables)
        self.near_options = nearest_to_options(tables)
        self.state = seeded_state(seed)
        self.removed = np.zeros(orders, dtype=np.int64)
        self.keys = np.zeros(orders, dtype=np.float64)
        self.touched = np.zeros(vehicles, dtype=np.uint8)
        self.barred = np.zeros(vehicles, dtype=np.uint8)


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
        Ends after this many (rounded up to whole chunks) and cools by their count instead of the clock: the same
        seed then gives the same tours on any machine, if the time suffices.
    """

    seed: int = 1
    share: float = 1.0
    iterations: int | None = None
    name: str = "ruin & recreate"

    def improve(self, problem: Problem, tours: Tours, stop: Stop, report: Callable[[Tours], None]) -> Tours:
        """Return the best tours found; see :class:`routing.solver.engine.Engine`."""
        tables = problem.tables
        if problem.orders < 2:
            return tours
        own = stop.share(self.share)
        bench = Bench(tables, self.seed)
        leg = mean_leg_cost(tables)
        current, trial, best = copy_tours(tours), copy_tours(tours), copy_tours(tours)
        costs = np.full(2, total_cost(tables, tours), dtype=np.int64)
        told_s = own.elapsed_s()
        told_cost = costs[1]
        done = 0
        while not own() and (self.iterations is None or done < self.iterations):
            spent = done / self.iterations if self.iterations else min(1.0, own.elapsed_s() / own.seconds)
            done += CHUNK
            temperature = leg * HOT * math.exp(math.log(COLD / HOT) * spent)
            anneal(tables, current, trial, best, costs, bench.near, bench.near_options, bench.state, bench.removed,
                   bench.keys, bench.touched, bench.barred, temperature, CHUNK)  # fmt: skip
            if costs[1] < told_cost and own.elapsed_s() - told_s > 1.0:
                told_s, told_cost = own.elapsed_s(), costs[1]
                report(best)
        if costs[1] < told_cost:
            report(best)
        return best


def mean_leg_cost(tables: Tables) -> float:
    """Return the mean cost of driving from an order's first place to the five nearest other places, in cost units."""
    places = np.unique(tables.opt_loc[tables.opt_ptr[:-1]])
    if len(places) < 2:
        return 1.0
    seconds = tables.duration_s[0][np.ix_(places, places)].astype(np.float64)
    metres = tables.distance_m[0][np.ix_(places, places)].astype(np.float64)
    np.fill_diagonal(seconds, np.inf)
    close = np.argsort(seconds, axis=1)[:, : min(5, len(places) - 1)]
    price = tables.veh_cost.mean(axis=0)
    cost = np.take_along_axis(metres, close, 1) * price[1] + np.take_along_axis(seconds, close, 1) * price[2]
    known = np.take_along_axis(seconds, close, 1) < INF_TRAVEL_S
    return float(cost[known].mean()) if known.any() else 1.0


@kernel
def anneal(
    tables: Tables,
    current: Tours,
    trial: Tours,
    best: Tours,
    costs: I64,
    near: I64,
    near_options: I64,
    state: U64,
    removed: I64,
    keys: NDArray[np.float64],
    touched: NDArray[np.uint8],
    barred: NDArray[np.uint8],
    temperature: float,
    iterations: int,
) -> None:
    """Run iterations at one temperature; ``costs`` holds the cost of ``current`` and of ``best``.

    ``trial`` equals ``current`` between calls.
    """
    for _ in range(iterations):
        count = ruin(tables, trial, near, state, removed, touched)
        if count < 0:
            overwrite(trial, current)
            continue
        count = add_waiting(tables, trial, near, state, removed, count)
        recreate(tables, trial, near_options, state, removed, keys, count, barred)
        cost = total_cost(tables, trial)
        threshold = costs[0] - temperature * math.log(max(uniform(state), 1e-12))
        if cost < threshold:
            overwrite(current, trial)
            costs[0] = cost
            if cost < costs[1]:
                overwrite(best, trial)
                costs[1] = cost
        else:
            overwrite(trial, current)


@part
def overwrite(target: Tours, source: Tours) -> None:
    """Copy every array of ``source`` into ``target``."""
    copy_flat(target.succ, source.succ)
    copy_flat(target.pred, source.pred)
    copy_flat(target.vehicle, source.vehicle)
    copy_flat(target.option, source.option)
    copy_flat(target.location, source.location)
    copy_flat(target.start_s, source.start_s)
    copy_flat(target.end_s, source.end_s)
    copy_flat(target.latest_end_s, source.latest_end_s)
    copy_flat(target.leg_profile, source.leg_profile)
    copy_flat(target.depart_s, source.depart_s)
    copy_flat(target.travel_s, source.travel_s)
    copy_flat(target.breaks_after, source.breaks_after)
    copy_flat(target.break_index, source.break_index)
    copy_rows(target.load_max_before, source.load_max_before)
    copy_rows(target.load_max_after, source.load_max_after)
    copy_flat(target.used, source.used)
    copy_flat(target.size, source.size)
    copy_rows(target.carried, source.carried)


@inner
def copy_flat(target: I64, source: I64) -> None:
    """Copy a vector; a slice assignment would allocate."""
    for index in range(len(source)):
        target[index] = source[index]


@inner
def copy_rows(target: I64, source: I64) -> None:
    """Copy a matrix; a slice assignment would allocate."""
    for row in range(source.shape[0]):
        for column in range(source.shape[1]):
            target[row, column] = source[row, column]
