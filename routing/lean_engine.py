"""The lean search as an engine for problems that use none of the trade's rules: one window, one capacity, one price.

Rules a problem does not use stay out of the inner loop: a burst on a classic problem, vehicles under way included, is
searched several times as fast as with the kernels that know all rules. A vehicle that has left is a kind of its own,
with a depot whose way out leads from where it stands and whose way back leads home.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from routing.problem import INF_TRAVEL_S, NO_LOCATION, Problem, Tables
from routing.solver.lean.classic import Classic, Kind, Times
from routing.solver.lean.layout import chain, lean_of
from routing.solver.lean.partition import Pool, Tour, partition, tours_cost
from routing.solver.lean.run import Budget, Run
from routing.solver.lean.search import MOST_PARTITION_S, NODES, PARTITION, merged, side_by_side
from routing.solver.sequences import append_sequence
from routing.solver.stop import Stop
from routing.solver.tours import Tours, empty_tours, merit

I64 = NDArray[np.int64]
LEAST_ORDERS = 20
"""Fewer are no trouble for any search."""
MOST_LEG = 1 << 26
"""Legs cost at most this, in units coarser than the problem's where they must be."""
REPORT_S = 1.0


@dataclass(frozen=True)
class Reduced:
    """A problem as the lean search takes it; ``columns`` are the vehicles of each kind."""

    classic: Classic
    columns: tuple[tuple[int, ...], ...]


def reduced(problem: Problem, tours: Tours) -> Reduced | None:
    """Return the problem without the rules it does not use; ``None`` where it uses one that a classic one lacks."""
    tables = problem.tables
    if problem.orders < LEAST_ORDERS or _has_rules(tables) or not _stands_alone(tables, tours):
        return None
    dims = np.flatnonzero(tables.load.sum(axis=0) > tables.veh_cap.min(axis=0))
    if len(dims) > 1:
        return None
    dim = int(dims[0]) if len(dims) else 0
    ends = np.column_stack([tables.veh_start, tables.veh_end, tables.veh_open_s, tables.veh_close_s])
    depots, depot_of = np.unique(ends, axis=0, return_inverse=True)
    alike = np.column_stack([depot_of.reshape(-1), tables.veh_cap[:, dim], tables.veh_cost[:, 0]])
    kinds, kind_of, count = np.unique(alike, axis=0, return_inverse=True, return_counts=True)
    profile = int(tables.slice_profile[0])
    legs_s = _between(tables.duration_s[profile], tables.opt_loc, depots)
    if (legs_s >= INF_TRAVEL_S).any():
        return None
    price = tables.veh_cost[0, 1:]
    cost = price[0] * _between(tables.distance_m[profile], tables.opt_loc, depots) + price[1] * legs_s
    unit = max(1, -(-int(cost.max()) // MOST_LEG))
    legs = (cost + unit // 2) // unit
    np.fill_diagonal(legs, 1)  # never driven; so that cost and time are never one table, which were other kernels
    by_count = np.argsort(-count, kind="stable")
    classic = Classic(
        distance=legs.astype(np.int32),
        demand=tables.load[:, dim].astype(np.int32),
        kinds=tuple(
            Kind(capacity=int(kinds[k, 1]), depot=int(kinds[k, 0]), count=int(count[k]), fixed=int(kinds[k, 2]) // unit)
            for k in by_count.tolist()
        ),
        times=_times(tables, depots, legs_s),
    )
    members = tuple(tuple(np.flatnonzero(kind_of.reshape(-1) == k).tolist()) for k in by_count.tolist())
    return Reduced(classic, members)


def _has_rules(tables: Tables) -> bool:
    """Return whether a problem has what no classic one has: choices, breaks, zones, hours of traffic, boxes, pairs."""
    return bool(
        tables.extras is not None
        or len(tables.opt_order) != len(tables.release_s)
        or (tables.win_first != tables.win_first[:1]).any()
        or (tables.slice_profile != tables.slice_profile[0]).any()
        or (np.diff(tables.slice_ptr) > 1).any()
        or (tables.win_last - tables.win_first != 1).any()
        or (tables.win_arrive > tables.veh_open_s.min()).any()
        or tables.brk_ptr[-1] > 0
        or tables.res_ptr[-1] > 0
        or tables.kinds.shape[1] > 0
        or tables.pickup.any()
        or tables.opt_setup_s.any()
        or tables.opt_cost.any()
        or (tables.release_s > tables.veh_open_s.min()).any()
        or (tables.allowed != 1).any()
        or (tables.veh_cost[:, 1:] != tables.veh_cost[:1, 1:]).any()
    )


def _stands_alone(tables: Tables, tours: Tours) -> bool:
    """Return whether tours serve everything and none of them has a head that must stay."""
    return bool((tours.vehicle >= 0).all() and not tours.sealed.any() and (tours.frozen_start_s < 0).all())


def _between(legs: NDArray[np.int32], places: I64, depots: I64) -> I64:
    """Return int64 legs between stops and depots; the way back from an open tour's last stop is none."""
    out = np.concatenate([places, depots[:, 0]])
    back = np.concatenate([places, np.maximum(depots[:, 1], 0)])
    between = legs[np.ix_(out, back)].astype(np.int64)
    between[:, len(places) :][:, depots[:, 1] == NO_LOCATION] = 0
    return between


def _times(tables: Tables, depots: I64, legs_s: I64) -> Times:
    first = tables.win_first[0]
    last_s = int(tables.veh_close_s.max())
    opens = np.concatenate([tables.win_open[first], depots[:, 2]])
    closes = np.concatenate([tables.win_close[first], depots[:, 3]])
    service = np.concatenate([tables.opt_service_s, np.zeros(len(depots), dtype=np.int64)])
    opens, closes = (np.clip(values, -1, last_s + 1) for values in (opens, closes))
    return Times(*(values.astype(np.int32) for values in (legs_s, service, opens, closes)))


@dataclass(frozen=True)
class _Watched(Budget):
    """A budget that lets somebody look whenever the search asks how much is left."""

    look: Callable[[], None] = field(default=lambda: None)

    def spent(self, done: int) -> float:
        """Return the share that is spent."""
        self.look()
        return super().spent(done)


@dataclass
class _Reporter:
    """Tells of a search's best plan, at most once a second and only of a better one."""

    problem: Problem
    small: Reduced
    report: Callable[[Tours], None]
    run: Run | None = None
    stop: Stop | None = None
    told_s: float = 0.0
    told_cost: int | None = None

    def look(self) -> None:
        """Tell of the best plan of the search, if it is time to."""
        if self.run is None or self.stop is None or not self.run.is_complete:
            return
        if self.stop.elapsed_s() - self.told_s < REPORT_S:
            return
        self.told_s = self.stop.elapsed_s()
        found = self.run.tours()
        cost = tours_cost(self.small.classic, found)
        if self.told_cost is None or cost < self.told_cost:
            self.told_cost = cost
            if (tours := as_tours(self.problem, self.small, found)) is not None:
                self.report(tours)


@dataclass(frozen=True)
class LeanEngine:
    """Improves tours by the lean search where :func:`reduced` has a way; else they come back as they are, at once.

    Parameters are those of :class:`routing.solver.search.RuinRecreateEngine`.
    """

    seed: int = 1
    share: float = 1.0
    iterations: int | None = None
    threads: int = 1
    name: str = "lean search"

    def improve(self, problem: Problem, tours: Tours, stop: Stop, report: Callable[[Tours], None]) -> Tours:
        """Return the best tours found; see :class:`routing.solver.engine.Engine`."""
        small = reduced(problem, tours)
        if small is None:
            return tours
        reporter = _Reporter(problem, small, report)
        found = self._searched(small.classic, stop.share(self.share), reporter)
        best = None if found is None else as_tours(problem, small, found)
        if best is None or merit(problem.tables, best) >= merit(problem.tables, tours):
            return tours
        report(best)
        return best

    def _searched(self, classic: Classic, stop: Stop, reporter: _Reporter) -> tuple[Tour, ...] | None:
        """Return the best complete plan found, ``None`` where none was."""
        order = chain(classic.distance, classic.stops)
        lean = lean_of(classic, order)
        kept_s = min(MOST_PARTITION_S, PARTITION * stop.seconds) if self.iterations is None else 0.0
        budget = _Watched(stop, self.iterations, kept_s, reporter.look)
        runs = [Run(lean, order, budget, self.seed)]
        runs += [Run(lean, order, Budget(stop, self.iterations, kept_s), self.seed + n) for n in range(1, self.threads)]
        reporter.run, reporter.stop = runs[0], stop
        pools = [Pool(classic) for _ in runs]
        side_by_side(classic, runs, pools, stop)
        complete = [run.tours() for run in runs if run.is_complete]
        if not complete:
            return None
        best = min(complete, key=lambda tours: tours_cost(classic, tours))
        if stop.remaining_s() <= 0:
            return best
        return partition(classic, merged(pools), best, stop.remaining_s(), None if self.iterations is None else NODES)


def as_tours(problem: Problem, small: Reduced, found: tuple[Tour, ...]) -> Tours | None:
    """Return a plan of the lean search as tours; ``None`` should one of them not be feasible."""
    tours = empty_tours(problem.tables)
    free = [list(columns) for columns in small.columns]
    for kind, stops in found:
        if append_sequence(problem.tables, tours, free[kind].pop(0), stops):
            return None
    return tours
