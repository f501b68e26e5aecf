"""A classic vehicle routing problem as a problem of the plan search, vehicles that are under way included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from routing.problem import FAR_FUTURE_S, Problem, Tables
from routing.solver.lean.classic import Classic

PENALTY = 10**9
"""What leaving a stop out costs: more than any tour."""


@dataclass(frozen=True)
class UnderWay:
    """A vehicle that has left: the stop it stands at, when it may leave it, and what room it has."""

    stop: int
    leaves: int
    room: int


def plan_problem(
    classic: Classic, left: NDArray[np.int64], vehicles: int, under_way: tuple[UnderWay, ...] = ()
) -> Problem:
    """Return the problem of serving the stops ``left`` with vehicles of the first kind, ``vehicles`` in all.

    Those under way come first. Their way home is paid in any case: it is a price less where they are used.
    """
    kind, depot = classic.kinds[0], classic.stops + classic.kinds[0].depot
    n, fresh = len(left), vehicles - len(under_way)
    opens, closes = np.zeros(len(classic.distance), np.int64), np.full(len(classic.distance), FAR_FUTURE_S)
    service, duration = np.zeros(len(classic.distance), np.int64), classic.distance
    if (times := classic.times) is not None:
        opens, closes, service, duration = times.opens, times.closes, times.service, times.duration
    own = np.concatenate([[truck.stop for truck in under_way], np.full(fresh, depot)]).astype(np.int64)
    cost = np.zeros((vehicles, 3), dtype=np.int64)
    cost[:, 1] = 1
    cost[: len(under_way), 0] = -classic.distance[own[: len(under_way)], depot]
    every = np.zeros(n, dtype=np.int64)
    tables = Tables(
        duration_s=np.ascontiguousarray(duration[None].astype(np.int32)),
        distance_m=np.ascontiguousarray(classic.distance[None].astype(np.int32)),
        slice_ptr=np.array([0, 1]), slice_end_s=np.array([FAR_FUTURE_S]), slice_profile=np.array([0]),
        slice_safe=np.array([0]), slice_stretch=np.array([1]),
        closed_loc=np.zeros((1, len(classic.distance)), dtype=np.uint8),
        opt_ptr=np.arange(n + 1), opt_order=np.arange(n), opt_loc=left.astype(np.int64),
        opt_service_s=service[left].astype(np.int64), opt_setup_s=every.copy(), opt_cost=every.copy(),
        win_first=np.arange(n)[None].copy(), win_last=np.arange(1, n + 1)[None].copy(),
        win_open=opens[left].astype(np.int64), win_close=closes[left].astype(np.int64),
        win_arrive=np.full(n, -FAR_FUTURE_S),
        res_ptr=np.zeros(n + 1, dtype=np.int64),
        res_row=every[:0].copy(), res_amount=every[:0].copy(), res_cap=every[:0].copy(),
        load=classic.demand[left].astype(np.int64)[:, None].copy(), pickup=np.zeros((n, 1), dtype=np.int64),
        penalty=np.full(n, PENALTY), release_s=every.copy() - FAR_FUTURE_S, partner=np.full(n, -1),
        kinds=np.zeros((n, 0), dtype=np.uint8), apart=np.zeros((0, 0), dtype=np.uint8),
        veh_class=np.zeros(vehicles, dtype=np.int64), veh_start=own, veh_end=np.full(vehicles, depot),
        veh_open_s=np.array([*(truck.leaves for truck in under_way), *[int(opens[depot])] * fresh], dtype=np.int64),
        veh_close_s=np.full(vehicles, int(closes[depot])),
        veh_cap=np.array([[room] for room in (*(truck.room for truck in under_way), *[kind.capacity] * fresh)]),
        veh_cost=cost,
        brk_ptr=np.zeros(vehicles + 1, dtype=np.int64), brk_open=every[:0].copy(), brk_close=every[:0].copy(),
        brk_duration=every[:0].copy(), brk_due=every[:0].copy(),
        allowed=np.ones((vehicles, n), dtype=np.uint8),
    )  # fmt: skip
    return Problem(
        tables=tables,
        epoch_at=datetime(2026, 1, 1, tzinfo=UTC),
        order_ids=tuple(str(stop) for stop in left),
        vehicle_ids=tuple(str(row) for row in range(vehicles)),
        location_names=tuple(str(place) for place in range(len(classic.distance))),
    )
