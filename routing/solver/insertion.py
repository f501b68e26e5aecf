"""Cheapest insertion: the first complete plan, in well under a second.

Every position is tested in O(1) by :mod:`routing.solver.positions`; the chosen one is then scheduled exactly. A tour
whose departure would have to move (the order is ready later) is timed anew for the test.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.jit import inner, kernel, part
from routing.problem import Tables
from routing.solver.pairs import best_pair, is_collection, put_pair
from routing.solver.positions import (
    INFEASIBLE,
    Position,
    first_free,
    least_detour,
    load_fits,
    opening_cost,
    position_cost,
)
from routing.solver.tours import Tours, forward, link, may_take, resources_free, schedule_tour, unlink


@inner
def cheapest_in_tour(tables: Tables, tours: Tours, vehicle: int, order: int, best: Position, opening: int) -> Position:
    """Return the cheaper of ``best`` and the order's cheapest position in one tour, as currently timed."""
    cls = tables.veh_class[vehicle]
    end = len(tables.release_s) + 2 * vehicle + 1
    for option in range(tables.opt_ptr[order], tables.opt_ptr[order + 1]):
        last_window = tables.win_last[cls, option]
        if last_window == tables.win_first[cls, option] or not resources_free(tables, tours, option):
            continue
        extra = opening + tables.opt_cost[option]
        closes = tables.win_close[last_window - 1]
        after = first_free(tables, tours, vehicle)
        while after != end and tours.end_s[after] <= closes:
            detour = least_detour(tables, tours, vehicle, after, tables.opt_loc[option])
            if detour + extra < best.cost and load_fits(tables, tours, vehicle, order, after):
                for kept in range(tours.breaks_after[after] + 1):
                    cost = position_cost(tables, tours, vehicle, option, after, kept)
                    if cost < INFEASIBLE and cost + extra < best.cost:
                        best = Position(cost + extra, option, after, kept, vehicle)
            after = tours.succ[after]
    return best


@part
def cheapest_as_ready(tables: Tables, tours: Tours, vehicle: int, order: int, best: Position) -> Position:
    """Return the cheaper of ``best`` and the cheapest position in one tour, timed anew if it must leave later."""
    start = len(tables.release_s) + 2 * vehicle
    departure, release = tours.end_s[start], tables.release_s[order]
    later = release > departure
    if later and (tours.frozen_start_s[vehicle] >= 0 or release > tours.latest_end_s[start]):
        return best
    if not later or forward(tables, tours, vehicle, release):
        best = cheapest_in_tour(tables, tours, vehicle, order, best, opening_cost(tables, tours, vehicle))
    if later:
        forward(tables, tours, vehicle, departure)
    return best


@inner
def best_position(tables: Tables, tours: Tours, order: int, barred: NDArray[np.uint8]) -> Position:
    """Return the cheapest feasible position over all vehicles but the ``barred`` ones."""
    best = Position(INFEASIBLE, -1, -1, 0, -1)
    for vehicle in range(len(tables.veh_class)):
        if barred[vehicle] or not may_take(tables, tours, vehicle, order):
            continue
        best = cheapest_as_ready(tables, tours, vehicle, order, best)
    return best


@part
def put(tables: Tables, tours: Tours, order: int, position: Position) -> bool:
    """Put an order at a position and schedule its tour exactly; undo it and return False if that is infeasible."""
    breaks = tours.breaks_after[position.after]
    link(tables, tours, position.option, position.after, position.kept_breaks, position.vehicle)
    if schedule_tour(tables, tours, position.vehicle):
        return True
    unlink(tables, tours, order)
    tours.breaks_after[position.after] = breaks
    schedule_tour(tables, tours, position.vehicle)
    return False


@part
def insert_best(tables: Tables, tours: Tours, order: int, barred: NDArray[np.uint8]) -> bool:
    """Insert an order where it is cheapest, if that costs less than leaving it out; return whether it was.

    ``barred`` is scratch, one per vehicle. A pair goes in as a whole, with its hand-over; its collection never alone.
    """
    barred[:] = 0
    if tables.partner[order] >= 0:
        return insert_best_pair(tables, tours, order, barred)
    while True:
        best = best_position(tables, tours, order, barred)
        if best.cost >= tables.penalty[order]:
            return False
        if put(tables, tours, order, best):
            return True
        barred[best.vehicle] = 1  # waiting inside a zone that closes is only seen by the exact pass


@part
def insert_best_pair(tables: Tables, tours: Tours, order: int, barred: NDArray[np.uint8]) -> bool:
    """Insert both halves of a pair where that is cheapest; see :func:`insert_best`."""
    if is_collection(tables, order):
        return False
    while True:
        best = best_pair(tables, tours, order, barred, 2 * len(tables.release_s))
        if best.cost >= tables.penalty[order]:
            return False
        if put_pair(tables, tours, order, best):
            return True
        barred[best.vehicle] = 1


@kernel
def insert_all(tables: Tables, tours: Tours, sequence: NDArray[np.int64]) -> int:
    """Insert the orders of ``sequence`` that are on no tour, one after the other; return how many went in."""
    inserted = 0
    barred = np.zeros(len(tables.veh_class), dtype=np.uint8)
    for index in range(len(sequence)):
        order = sequence[index]
        if tours.vehicle[order] < 0 and insert_best(tables, tours, order, barred):
            inserted += 1
    return inserted


def fill_vehicle(
    tables: Tables, tours: Tours, vehicle: int, sequence: NDArray[np.int64], takes: NDArray[np.uint8]
) -> None:
    """Insert what fits of ``sequence`` into one vehicle, as if its fixed price were paid already.

    A single order never pays for opening a vehicle, a hundred do: whether they did is the caller's question.
    """
    allowed = np.zeros_like(tables.allowed)
    allowed[vehicle] = takes
    cost = tables.veh_cost.copy()
    cost[vehicle, 0] = 0
    insert_all(tables._replace(allowed=allowed, veh_cost=cost), tours, sequence)
