"""From a problem to the arrays of the kernels."""

from __future__ import annotations

import numpy as np

from data import clock
from routing.solver.chance import seeded_state
from routing.solver.timed import problem
from routing.solver.timed.state import FAR, I32, NOWHERE, Memo, Plan, Pool, Timed, Work

NAMES = 2**20
"""Tours whose duration, or whose best place for a stop, is remembered."""
POOLED = 2**15
"""Tours that are kept for the end."""
SEED_OF_WORDS = 0


def kernel_problem(given: problem.Timed) -> Timed:
    """Return the constants of a search; ``alone`` is still to be measured."""
    travel = np.ascontiguousarray(given.travel, dtype=np.int32)
    slices = travel.shape[2]
    ends = given.step * np.arange(1, slices + 1, dtype=np.int32)
    shortest = np.minimum(travel[..., 0], travel[..., 1] - ends)
    stops = np.column_stack([given.opens, given.closes, given.service, given.demand]).astype(np.int32)
    places = len(stops)
    words = clock.rng(SEED_OF_WORDS).integers(1, 2**64 - 1, size=(places + 1, places), dtype=np.uint64)
    words[0, 0] = 0  # a tour without stops has no name
    return Timed(
        travel=travel,
        least=shortest.min(axis=2),
        stops=np.ascontiguousarray(stops),
        near=nearest(travel),
        alone=np.zeros(places, dtype=np.int32),
        keys=sort_keys(travel, stops),
        arc=words[:places],
        word=words[places],
        step=given.step,
        slices=slices,
        capacity=given.capacity,
    )


def nearest(travel: I32) -> I32:
    """Return int32 [n + 1, n]: all stops by their mean driving time from a place, itself first."""
    mean = travel[..., 0].mean(axis=2)
    apart = mean + mean.T
    np.fill_diagonal(apart, -1.0)
    return (np.argsort(apart[:, 1:], axis=1, kind="stable") + 1).astype(np.int32)


def sort_keys(travel: I32, stops: I32) -> I32:
    """Return int32 [S, n + 1]: what recreate sorts by, a row as often as it is to be drawn; zeros leave the order."""
    opens, closes, _, demand = stops.T
    far = travel[0, :, :, 0].mean(axis=1).astype(np.int32)
    rows = [np.zeros_like(far)] * 4 + [-demand] * 4 + [-far] * 2 + [far]
    return np.ascontiguousarray(np.array([*rows, closes - opens, closes - opens, opens, -closes]), dtype=np.int32)


def empty_plan(given: problem.Timed) -> Plan:
    """Return a plan without stops."""
    n, tours = given.stops, min(given.fleet, given.stops)
    spans = 2 * given.travel.shape[2] * (n + 2)
    plan = Plan(
        seq=np.zeros((tours, n), dtype=np.int32),
        tours=np.zeros((tours, 7), dtype=np.int64),
        arcs=np.zeros(tours, dtype=np.uint64),
        tour=np.full(n + 1, NOWHERE, dtype=np.int32),
        head=np.zeros((n + 1, spans, 3), dtype=np.int32),
        heads=np.zeros((n + 1, 2), dtype=np.int32),
        tail=np.zeros((n + 2, spans, 3), dtype=np.int32),
        tails=np.zeros((n + 2, 2), dtype=np.int32),
    )
    plan.head[0, 0] = given.opens[0], given.closes[0], 0
    plan.tail[0, 0] = 0, given.closes[0], 0
    plan.heads[0] = plan.tails[0] = 1, 0
    return plan


def empty_memo() -> Memo:
    """Return tables that know nothing."""
    return Memo(np.zeros(NAMES, dtype=np.uint64), np.zeros((NAMES, 2), dtype=np.int32))


def empty_pool(stops: int) -> Pool:
    """Return a pool without tours."""
    return Pool(
        np.zeros(POOLED, dtype=np.uint64),
        np.full((POOLED, 2), FAR, dtype=np.int32),
        np.zeros((POOLED, stops), dtype=np.int32),
    )


def fresh_work(plan: Plan, seed: int) -> Work:
    """Return the scratch of a search whose plan is empty."""
    tours, n = plan.seq.shape
    work = Work(
        tally=np.zeros(7, dtype=np.int64),
        state=seeded_state(seed),
        removed=np.arange(1, n + 1, dtype=np.int32),
        seen=np.zeros(tours, dtype=np.int64),
        logged=np.zeros(tours, dtype=np.int32),
        seq_was=np.zeros_like(plan.seq),
        tours_was=np.zeros_like(plan.tours),
        arcs_was=np.zeros_like(plan.arcs),
        best=np.zeros_like(plan.seq),
        best_size=np.zeros(tours, dtype=np.int32),
    )
    return work
