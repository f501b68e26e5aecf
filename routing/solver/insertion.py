"""Cheapest insertion over all positions: the first complete plan, in well under a second.

Positions are pruned by the least they can cost, then tested in O(1) by :mod:`routing.solver.positions`; the chosen one
is scheduled exactly. A tour whose departure would have to move (the order is ready later) is timed anew for the test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data.jit import inner, kernel, part
from routing.problem import Tables
from routing.solver.links import link, succ, unlink
from routing.solver.pairs import best_pair, is_collection, put_pair
from routing.solver.positions import Position, cheapest_in_tour
from routing.solver.reloads import insert_with_reload
from routing.solver.rules import Records, Rules, rules_of
from routing.solver.schedule import forward, may_take, reschedule, schedule_tour, sum_up
from routing.solver.trips import several_trips

if TYPE_CHECKING:
    from routing.solver.tours import Tours

U8 = NDArray[np.uint8]


@part
def cheapest_as_ready(rules: Rules, tours: Tours, vehicle: int, order: int, best: Position) -> Position:
    """Return the cheaper of ``best`` and the cheapest position in one tour, timed anew if it must leave later."""
    start = len(rules.orders) + 2 * vehicle
    departure, release = 0 + tours.nodes[start].end_s, 0 + rules.orders[order].release_s
    if release <= departure:
        return cheapest_in_tour(rules, tours, vehicle, order, best)
    if several_trips(rules, tours, vehicle):  # a later trip may do
        best = cheapest_in_tour(rules, tours, vehicle, order, best)
    if tours.fleet[vehicle].frozen_s >= 0 or release > tours.nodes[start].latest_s:
        return best
    if forward(rules, tours, vehicle, release, start, start):
        best = cheapest_in_tour(rules, tours, vehicle, order, best)
    forward(rules, tours, vehicle, departure, start, start)
    return best


@inner
def best_position(rules: Rules, tours: Tours, order: int, limit: int, barred: U8) -> Position:
    """Return the cheapest feasible position below ``limit`` over all vehicles but the ``barred`` ones."""
    best = Position(limit, -1, -1, 0, -1)
    for kind in range(len(rules.alike_ptr) - 1):
        idle_tried = False
        for at in range(rules.alike_ptr[kind], rules.alike_ptr[kind + 1]):
            vehicle = rules.alike[at]
            idle = tours.fleet[vehicle].stops == 0 and tours.fleet[vehicle].frozen_s < 0
            if (idle and idle_tried) or barred[vehicle] or not may_take(rules, tours, vehicle, order):
                continue
            best = cheapest_as_ready(rules, tours, vehicle, order, best)
            idle_tried = idle_tried or idle
    return best


@part
def put(rules: Rules, tours: Tours, order: int, position: Position) -> bool:
    """Put an order at a position and schedule its tour exactly; undo it and return False if that is infeasible."""
    breaks, before = tours.nodes[position.after].breaks, succ(tours, position.after)
    link(rules, tours, position.option, position.after, position.kept_breaks, position.vehicle)
    if reschedule(rules, tours, position.vehicle, position.after, before):
        return True
    unlink(rules, tours, order)
    tours.nodes[position.after].breaks = breaks
    schedule_tour(rules, tours, position.vehicle)
    return False


@part
def insert_best(rules: Rules, tours: Tours, order: int, limit: int, barred: U8) -> bool:
    """Insert an order where it is cheapest, if that costs less than ``limit``; return whether it was.

    ``barred`` is scratch, one per vehicle. A pair goes in as a whole, with its hand-over; its collection never alone.
    """
    barred[:] = 0
    if len(rules.pickup) > 0:
        if is_collection(rules, order):
            return False
        if rules.orders[order].partner >= 0:
            return insert_best_pair(rules, tours, order, limit, barred)
    while True:
        best = best_position(rules, tours, order, limit, barred)
        if len(rules.reload_ptr) > 0 and dear(tours, best):
            if insert_with_reload(rules, tours, order, best.cost, barred):
                return True
        if best.option < 0:
            return False
        if put(rules, tours, order, best):
            return True
        barred[best.vehicle] = 1  # waiting inside a zone that closes is only seen by the exact pass


@inner
def dear(tours: Tours, best: Position) -> bool:
    """Return whether the best position is none, or on a vehicle that has to come into use for it."""
    return best.vehicle < 0 or tours.fleet[best.vehicle].stops == 0


@part
def insert_best_pair(rules: Rules, tours: Tours, order: int, limit: int, barred: U8) -> bool:
    """Insert both halves of a pair where that is cheapest; see :func:`insert_best`."""
    while True:
        best = best_pair(rules, tours, order, limit, barred, 2 * len(rules.orders))
        if best.vehicle < 0:
            return False
        if put_pair(rules, tours, order, best):
            return True
        barred[best.vehicle] = 1


@kernel
def insert_each(rules: Rules, tours: Tours, sequence: NDArray[np.int64]) -> int:
    """Insert the orders of ``sequence`` that are on no tour, one after the other; return how many went in."""
    inserted = 0
    barred = np.zeros(len(rules.vehicles), dtype=np.uint8)
    sum_up(rules, tours)
    for index in range(len(sequence)):
        order = sequence[index]
        if tours.nodes[order].vehicle < 0:
            if insert_best(rules, tours, order, rules.orders[order].penalty, barred):
                inserted += 1
    return inserted


def insert_all(tables: Tables, tours: Tours, sequence: NDArray[np.int64], low: Records | None = None) -> int:
    """Insert the orders of ``sequence`` that are on no tour, one after the other, each where it is cheapest.

    Return how many went in. An order that costs more than leaving it out stays out. ``low`` (of
    :func:`routing.solver.rules.lowest_legs`) pays where there are many.
    """
    return int(insert_each(rules_of(tables, low), tours, sequence))


def fill_vehicle(
    tables: Tables, tours: Tours, vehicle: int, sequence: NDArray[np.int64], takes: U8, low: Records | None = None
) -> None:
    """Insert what fits of ``sequence`` into one vehicle, as if its fixed price were paid already.

    A single order never pays for opening a vehicle, a hundred do: whether they did is the caller's question.
    """
    allowed = np.zeros_like(tables.allowed)
    allowed[vehicle] = takes
    cost = tables.veh_cost.copy()
    cost[vehicle, 0] = 0
    insert_all(tables._replace(allowed=allowed, veh_cost=cost), tours, sequence, low)
