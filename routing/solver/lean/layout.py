"""From a classic problem to the records of the kernels, stops renumbered so that neighbours share cache lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data import clock
from routing.solver.chance import seeded_state
from routing.solver.lean.classic import Classic
from routing.solver.lean.state import (
    ABSENT,
    FOREVER,
    KIND,
    LEG,
    LEG_ALIKE,
    MOST,
    NODE,
    NOWHERE,
    PRESENT,
    SPAN,
    STOP,
    TOUR,
    Lean,
    Plan,
    Records,
    Work,
)

I64 = NDArray[np.int64]

NEARBY, NEARBY_GROUPED = 25, 45
"""Neighbours that are looked at first; more where stops stand for each other: among few, the search gets stuck."""
REACH = 120
"""Neighbours that are looked at when none of the nearest will do."""
BESIDE = 150
"""Neighbours from whose tours strings are taken."""
TAILS, TAILS_TIMED, TAILS_TIMED_SHORT = 0.2, 0.4, 0.7
"""Share of the iterations that exchange tails: without windows, with them, and where tours must be short.

Windows keep most stops from changing tours one by one; whole ends of tours still can.
"""
SHORT = 20
"""Mean stops of a full tour below which tours are short."""
WAIT_WEIGHT, WAIT_WEIGHT_SHORT, LATE_WEIGHT = 0.05, 0.2, 1.0
"""What a second of waiting, the same where tours are short, and a second of lateness add to the distance of neighbours.

A long tour between narrow windows waits at many of its stops whatever it does: weighed more, waiting hides the nearest.
"""


def chain(distance: NDArray[np.int32], stops: int) -> I64:
    """Return the stops in an order in which near ones follow each other: nearest neighbour first."""
    apart = distance[:stops, :stops].astype(np.float32)
    at = int(distance[stops, :stops].argmin()) if stops else 0
    order = np.empty(stops, dtype=np.int64)
    for index in range(stops):
        order[index] = at
        apart[:, at] = np.inf
        at = int(apart[at].argmin())
    return order


def lean_of(classic: Classic, order: I64) -> Lean:
    """Return the constants of a search over the stops in the given order."""
    n = classic.stops
    places = np.concatenate([order, np.arange(n, len(classic.distance))])
    duration = classic.distance if classic.times is None else classic.times.duration
    alike = np.array_equal(duration, classic.distance)
    out = np.zeros((len(places), len(places)), dtype=LEG_ALIKE if alike else LEG)
    out["m"] = classic.distance[np.ix_(places, places)]
    stops, kinds = _stops_of(classic, order), _kinds_of(classic)
    if not alike:
        out["s"] = duration[np.ix_(places, places)]
    at = np.arange(len(out))
    out[at, at] = 0  # an unused tour goes from its depot to its depot
    back = out if (out == out.T).all() else np.ascontiguousarray(out.T)
    group = np.arange(n, dtype=np.uint32) if classic.group is None else classic.group[order].astype(np.uint32)
    choices = max(1, round(n / len(np.unique(group)))) if n else 1
    apart = closeness(out, stops, wait_weight(classic))
    if classic.group is not None:
        apart[group[:, None] == group] = np.iinfo(np.int32).max
    prices = {(kind.fixed, kind.unit) for kind in classic.kinds}
    return Lean(
        out=out,
        back=back,
        stops=stops,
        kinds=kinds,
        near=nearest(apart, REACH * choices),
        nearby=min((NEARBY if classic.group is None else NEARBY_GROUPED) * choices, max(0, n - 1)),
        beside=nearest(np.minimum(out["m"][:n, :n], back["m"][:n, :n]), BESIDE * choices, with_self=True),
        keys=sort_keys(out, stops, kinds, classic.times is not None),
        group=group,
        group_ptr=np.concatenate([[0], np.cumsum(np.bincount(group))]).astype(np.uint32),
        member=np.argsort(group, kind="stable").astype(np.uint32),
        tails=share_of_tails(classic),
        windows=None if classic.times is None else True,
        shifts=True if any(kind.longest is not None for kind in classic.kinds) else None,
        mixed=True if len(classic.kinds) > 1 or prices != {(0, 1)} else None,
        groups=None if classic.group is None else True,
    )


def _stops_of(classic: Classic, order: I64) -> Records:
    stops = np.zeros(classic.stops, dtype=STOP)
    stops["demand"], stops["closes"] = classic.demand[order], FOREVER
    if (times := classic.times) is not None:
        stops["service"], stops["opens"], stops["closes"] = (
            times.service[order],
            times.opens[order],
            times.closes[order],
        )
    return stops


def _kinds_of(classic: Classic) -> Records:
    kinds = np.zeros(len(classic.kinds), dtype=KIND)
    for row, kind in zip(kinds, classic.kinds):
        row["capacity"], row["place"], row["count"] = kind.capacity, classic.stops + kind.depot, kind.count
        row["unit"], row["fixed"] = kind.unit, kind.fixed
        row["longest"], row["closes"] = FOREVER if kind.longest is None else kind.longest, FOREVER
    if (times := classic.times) is not None:
        kinds["opens"], kinds["closes"] = times.opens[kinds["place"]], times.closes[kinds["place"]]
    return kinds


def share_of_tails(classic: Classic) -> float:
    """Return in which share of the iterations tails are exchanged."""
    if classic.times is None:
        return TAILS
    return TAILS_TIMED_SHORT if has_short_tours(classic) else TAILS_TIMED


def wait_weight(classic: Classic) -> float | None:
    """Return what a second of waiting adds to the distance between neighbours, ``None`` where time plays no part."""
    if classic.times is None:
        return None
    return WAIT_WEIGHT_SHORT if has_short_tours(classic) else WAIT_WEIGHT


def has_short_tours(classic: Classic) -> bool:
    """Return whether full tours have few stops."""
    tours = int(classic.demand.sum()) / max(kind.capacity for kind in classic.kinds)
    return classic.stops < SHORT * tours


def closeness(out: Records, stops: Records, wait: float | None) -> NDArray[np.int32]:
    """Return int32 [n, n]: distance, plus what waiting and lateness between two stops weigh, the better way round."""
    n = len(stops)
    apart = out["m"][:n, :n].astype(np.float32)
    if wait is not None:
        seconds = out["s"][:n, :n]
        ready = (stops["opens"] + stops["service"])[:, None] + seconds
        latest = (stops["closes"] + stops["service"])[:, None] + seconds
        apart += wait * np.maximum(0, stops["opens"][None, :] - latest)
        apart += LATE_WEIGHT * np.maximum(0, ready - stops["closes"][None, :])
    return np.minimum(apart, apart.T).astype(np.int32)


def nearest(apart: NDArray[np.int32], count: int, with_self: bool = False) -> NDArray[np.uint32]:
    """Return uint32 [n, count]: the columns of each row's least entries, sorted."""
    keyed = apart.copy()
    np.fill_diagonal(keyed, -1)
    skipped = 0 if with_self else 1
    count = min(count + skipped, len(keyed))
    columns = np.argpartition(keyed, count - 1, axis=1)[:, :count]
    values = np.take_along_axis(keyed, columns, 1)
    sorted_columns = np.take_along_axis(columns, np.argsort(values, axis=1, kind="stable"), 1)
    return np.ascontiguousarray(sorted_columns[:, skipped:]).astype(np.uint32)


def sort_keys(out: Records, stops: Records, kinds: Records, timed: bool) -> NDArray[np.int32]:
    """Return int32 [n, S]: what recreate sorts by, a column as often as it is to be drawn; zeros leave the order."""
    depot = int(kinds["place"][0])
    far = out["m"][depot, : len(stops)]
    columns = [np.zeros(len(stops), dtype=np.int32)] * 4 + [-stops["demand"]] * 4 + [-far] * 2 + [far]
    if timed:
        columns += [stops["closes"] - stops["opens"]] * 2 + [stops["opens"]] * 2 + [-stops["closes"]] * 2
    return np.ascontiguousarray(np.column_stack(columns).astype(np.int32))


def empty_plan(lean: Lean) -> Plan:
    """Return a plan without stops."""
    n, count = len(lean.stops), int(min(len(lean.stops), lean.kinds["count"].sum()))
    nodes, tours = np.zeros(n + count, dtype=NODE), np.zeros(count, dtype=TOUR)
    nodes["tour"][:n], nodes["place"][:n] = NOWHERE, np.arange(n)
    nodes["tour"][n:], nodes["place"][n:] = np.arange(count), lean.kinds["place"][0]
    nodes["succ"][n:] = nodes["pred"][n:] = n + np.arange(count)
    nodes["ready"][n:], nodes["late"][n:] = lean.kinds["opens"][0], lean.kinds["closes"][0]
    tours["room"] = lean.kinds["capacity"][0]
    spans = np.zeros(len(nodes) if lean.shifts else 0, dtype=SPAN)
    spans["leave"][n:], spans["home"][n:] = lean.kinds["closes"][0], lean.kinds["opens"][0]
    return Plan(nodes, spans, tours, lean.kinds["count"].astype(np.int64))


def copy_plan(plan: Plan) -> Plan:
    """Return a plan that shares nothing with another."""
    return Plan(*(array.copy() for array in plan))


def fresh_work(lean: Lean, plan: Plan, seed: int) -> Work:
    """Return the scratch of a search whose plan is empty: one stop of each group is absent, in random order."""
    n, groups = len(lean.stops), len(lean.group_ptr) - 1
    work = Work(
        tally=np.zeros(10, dtype=np.int64),
        cost=np.zeros(2, dtype=np.int64),
        state=seeded_state(seed),
        removed=np.zeros(n, dtype=np.uint32),
        left=np.zeros(n, dtype=np.uint32),
        absent=np.zeros(n, dtype=np.uint32),
        absences=np.zeros(n, dtype=np.int64),
        holes=np.zeros(n + 1, dtype=np.uint32),
        node=np.zeros(len(plan.nodes), dtype=np.uint32),
        node_was=np.zeros(len(plan.nodes), dtype=NODE),
        span_was=np.zeros(len(plan.spans), dtype=SPAN),
        tour=np.zeros(len(plan.tours), dtype=np.uint32),
        tour_was=np.zeros(len(plan.tours), dtype=TOUR),
        free_was=np.zeros(len(lean.kinds), dtype=np.int64),
    )
    work.absent[:groups] = clock.rng(seed).permutation(lean.member[lean.group_ptr[:-1]])
    work.tally[ABSENT], work.tally[MOST] = groups, len(plan.tours)
    absent, kind, metres = work.absent[:groups], lean.kinds[0], lean.out["m"]
    apart = int(metres[kind["place"], absent].sum(dtype=np.int64) + metres[absent, kind["place"]].sum(dtype=np.int64))
    work.cost[PRESENT] = apart * int(kind["unit"]) + groups * int(kind["fixed"])  # the price of being on no tour
    return work
