"""Recreate: what came off goes back where it is cheapest, looking only at stops nearby (25 neighbours or so)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.jit import inner, part
from routing.problem import Tables
from routing.solver.chance import U64, below, uniform
from routing.solver.insertion import cheapest_as_ready, insert_best, put
from routing.solver.pairs import TRIED_NEAR, best_pair, is_collection, put_pair
from routing.solver.positions import INFEASIBLE, Position, load_fits, opening_cost, position_cost
from routing.solver.tours import Tours, may_take, resources_free

I64 = NDArray[np.int64]

NEIGHBOURS = 40
"""Stops around an option's place behind and before which it is tried."""
FULL_SCAN = 0.1
"""Share of the orders that fit nowhere nearby for which every position is tried."""
WAITING_TRIED = 12
"""Most orders that are on no tour an iteration tries to insert besides those it took off."""


def nearest_to_options(tables: Tables) -> I64:
    """Return int64 [K, NEIGHBOURS]: the orders whose first places are nearest to each option's place, in seconds."""
    first = tables.opt_loc[tables.opt_ptr[:-1]]
    seconds = tables.duration_s.min(axis=0)
    places, which = np.unique(tables.opt_loc, return_inverse=True)
    there = seconds[np.ix_(places, first)].astype(np.int64)
    back = seconds[np.ix_(first, places)].astype(np.int64).T
    order = np.argsort(there + back, axis=1, kind="stable")[:, : min(NEIGHBOURS, len(first))]
    return order[which].astype(np.int64)


@part
def insert_near(
    tables: Tables, tours: Tours, order: int, near_options: I64, barred: NDArray[np.uint8], search_all: bool
) -> bool:
    """Insert an order next to a stop nearby or as a tour's first; where nothing fits, maybe try every position."""
    if tables.partner[order] >= 0:
        if insert_pair_near(tables, tours, order, near_options, barred):
            return True
        return search_all and insert_best(tables, tours, order, barred)
    best = near_position(tables, tours, order, near_options, barred)
    if best.cost < tables.penalty[order] and put(tables, tours, order, best):
        return True
    return search_all and insert_best(tables, tours, order, barred)


@inner
def near_position(tables: Tables, tours: Tours, order: int, near_options: I64, marks: NDArray[np.uint8]) -> Position:
    """Return the cheapest position behind or before a stop nearby, or right after the head of a tour.

    ``marks`` is scratch, one per vehicle: tours with a sealed head, or that would have to leave later, are looked
    through as a whole, once, where a stop nearby is on them.
    """
    orders = len(tables.release_s)
    best = Position(INFEASIBLE, -1, -1, 0, -1)
    marks[:] = 0
    for option in range(tables.opt_ptr[order], tables.opt_ptr[order + 1]):
        if not resources_free(tables, tours, option):
            continue
        for index in range(near_options.shape[1]):
            node = near_options[option, index]
            vehicle = tours.vehicle[node]
            if vehicle < 0 or not may_take(tables, tours, vehicle, order) or node == order:
                continue
            if whole(tables, tours, order, vehicle):
                marks[vehicle] = 1
                continue
            best = position_after(tables, tours, order, option, vehicle, node, best)
            best = position_after(tables, tours, order, option, vehicle, tours.pred[node], best)
        for vehicle in range(len(tables.veh_class)):
            if may_take(tables, tours, vehicle, order) and not whole(tables, tours, order, vehicle):
                best = position_after(tables, tours, order, option, vehicle, orders + 2 * vehicle, best)
    for vehicle in range(len(tables.veh_class)):
        idle = tours.size[vehicle] == 0 and whole(tables, tours, order, vehicle)
        if marks[vehicle] or (idle and may_take(tables, tours, vehicle, order)):
            best = cheapest_as_ready(tables, tours, vehicle, order, best)
    return best


@part
def insert_pair_near(tables: Tables, tours: Tours, order: int, near_options: I64, barred: NDArray[np.uint8]) -> bool:
    """Insert a pair into a tour with a stop near its collection, or into an idle vehicle."""
    barred[:] = 1
    partner = tables.partner[order]
    for option in range(tables.opt_ptr[partner], tables.opt_ptr[partner + 1]):
        for index in range(near_options.shape[1]):
            vehicle = tours.vehicle[near_options[option, index]]
            if vehicle >= 0:
                barred[vehicle] = 0
    for vehicle in range(len(tables.veh_class)):
        if tours.size[vehicle] == 0:
            barred[vehicle] = 0
    best = best_pair(tables, tours, order, barred, TRIED_NEAR)
    return best.cost < tables.penalty[order] and put_pair(tables, tours, order, best)


@inner
def whole(tables: Tables, tours: Tours, order: int, vehicle: int) -> bool:
    """Return whether a tour must be looked through as a whole for an order."""
    start = len(tables.release_s) + 2 * vehicle
    return tours.sealed[vehicle] > 0 or tables.release_s[order] > tours.end_s[start]


@inner
def position_after(
    tables: Tables, tours: Tours, order: int, option: int, vehicle: int, after: int, best: Position
) -> Position:
    """Return the cheaper of ``best`` and putting an option right after a node."""
    cls = tables.veh_class[vehicle]
    if tables.win_first[cls, option] == tables.win_last[cls, option]:
        return best
    if not load_fits(tables, tours, vehicle, order, after):
        return best
    extra = opening_cost(tables, tours, vehicle) + tables.opt_cost[option]
    for kept in range(tours.breaks_after[after] + 1):
        cost = position_cost(tables, tours, vehicle, option, after, kept)
        if cost < INFEASIBLE and cost + extra < best.cost:
            best = Position(cost + extra, option, after, kept, vehicle)
    return best


@part
def add_waiting(tables: Tables, tours: Tours, near: I64, state: U64, removed: I64, count: int) -> int:
    """Append orders that are on no tour and lie near one that just came off; return the new count."""
    if count == 0:
        seed = below(state, len(tables.release_s))
    else:
        seed = removed[below(state, count)]
    taken = count
    for index in range(near.shape[1]):
        order = near[seed, index]
        if is_collection(tables, order):
            order = tables.partner[order]
        if tours.vehicle[order] >= 0 or taken - count >= WAITING_TRIED:
            continue
        known = False
        for earlier in range(taken):
            known = known or removed[earlier] == order
        if not known:
            removed[taken] = order
            taken += 1
    return taken


@part
def recreate(
    tables: Tables,
    tours: Tours,
    near_options: I64,
    state: U64,
    removed: I64,
    keys: NDArray[np.float64],
    count: int,
    barred: NDArray[np.uint8],
) -> None:
    """Insert the orders that came off one after the other, in an order drawn anew each time."""
    rule = below(state, 10)
    for index in range(count):
        order = removed[index]
        keys[index] = sort_key(tables, order, rule, state)
    for index in range(1, count):  # insertion sort: a dozen entries
        key, order = keys[index], removed[index]
        slot = index
        while slot > 0 and keys[slot - 1] > key:
            keys[slot], removed[slot] = keys[slot - 1], removed[slot - 1]
            slot -= 1
        keys[slot], removed[slot] = key, order
    for index in range(count):
        insert_near(tables, tours, removed[index], near_options, barred, uniform(state) < FULL_SCAN)


@inner
def sort_key(tables: Tables, order: int, rule: int, state: U64) -> float:
    """Return what an order is sorted by: chance, what it costs to leave out, distance, or load."""
    first = tables.opt_ptr[order]
    if rule < 4:
        return uniform(state)
    if rule < 6:
        return -float(tables.penalty[order]) * (1.0 + 0.01 * uniform(state))
    if rule < 8:
        return -float(tables.distance_m[0, tables.veh_start[0], tables.opt_loc[first]])
    if rule < 9:
        return float(tables.distance_m[0, tables.veh_start[0], tables.opt_loc[first]])
    return -float(tables.load[order, 0])
