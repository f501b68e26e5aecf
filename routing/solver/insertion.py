"""Cheapest insertion: the first complete plan, in well under a second.

Every position is tested in O(1) against ``latest_end_s`` and the load maxima; the chosen one is then scheduled
exactly. A tour whose departure would have to move (the order is ready later) is timed anew for the test.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.jit import inner, kernel
from routing.problem import NO_LOCATION, Tables
from routing.solver.timing import NEVER, after_breaks, arrival, earliest_start
from routing.solver.tours import Tours, busy_s, forward, link, resources_free, schedule_tour, unlink

INFEASIBLE = 1 << 62


class Position(NamedTuple):
    """Where an order may go: after a node, with ``kept_breaks`` of that node's breaks before it."""

    cost: int
    option: int
    after: int
    kept_breaks: int
    vehicle: int


@inner
def leg_cost(tables: Tables, vehicle: int, profile: int, source: int, target: int) -> int:
    """Return the driving cost of a leg; 0 for the missing way home of an open tour."""
    if profile < 0:
        return 0
    return (
        tables.veh_cost[vehicle, 1] * tables.distance_m[profile, source, target]
        + tables.veh_cost[vehicle, 2] * tables.duration_s[profile, source, target]
    )


@inner
def load_fits(tables: Tables, tours: Tours, vehicle: int, order: int, after: int) -> bool:
    """Return whether capacities hold with the order put after a node."""
    for dim in range(tables.load.shape[1]):
        cap = tables.veh_cap[vehicle, dim]
        if tours.load_max_before[after, dim] + tables.load[order, dim] > cap:
            return False
        if tours.load_max_after[after, dim] + tables.pickup[order, dim] > cap:
            return False
    return True


@inner
def position_cost(tables: Tables, tours: Tours, vehicle: int, option: int, after: int, kept: int) -> int:
    """Return the cost of putting an option after a node (``kept`` breaks before it), ``INFEASIBLE`` if too late."""
    orders = len(tables.release_s)
    cls = tables.veh_class[vehicle]
    before = tours.succ[after]
    here, there, place = tours.location[after], tours.location[before], tables.opt_loc[option]
    first = tours.break_index[after]
    last = first + tours.breaks_after[after]
    leave = after_breaks(tables, first, first + kept, tours.end_s[after])
    if leave >= NEVER:
        return INFEASIBLE
    arrive, profile_in, _ = arrival(tables, cls, here, place, leave)
    if arrive >= NEVER:
        return INFEASIBLE
    start = earliest_start(tables, cls, option, arrive)
    if start >= NEVER:
        return INFEASIBLE
    busy = busy_s(tables, option, here == place)
    leave = after_breaks(tables, first + kept, last, start + busy)
    if leave >= NEVER:
        return INFEASIBLE
    per_s = tables.veh_cost[vehicle, 2]
    cost = leg_cost(tables, vehicle, profile_in, here, place) + per_s * busy
    if before < orders or tables.veh_end[vehicle] != NO_LOCATION:
        arrive, profile_out, _ = arrival(tables, cls, place, there, leave)
        cost += leg_cost(tables, vehicle, profile_out, place, there)
    else:
        arrive = leave
    if arrive >= NEVER:
        return INFEASIBLE
    if before < orders:
        start = earliest_start(tables, cls, tours.option[before], arrive)
        if start >= NEVER:
            return INFEASIBLE
        busy = busy_s(tables, tours.option[before], place == there)
        cost += per_s * (busy - (tours.end_s[before] - tours.start_s[before]))
        arrive = start + busy
    if arrive > tours.latest_end_s[before]:
        return INFEASIBLE
    return cost - leg_cost(tables, vehicle, tours.leg_profile[before], here, there)


@inner
def least_detour(tables: Tables, tours: Tours, vehicle: int, after: int, place: int) -> int:
    """Return the kilometre cost of a detour where it is certain, else a number that never prunes."""
    cls = tables.veh_class[vehicle]
    here, there = tours.location[after], tours.location[tours.succ[after]]
    if tables.slice_ptr[cls + 1] - tables.slice_ptr[cls] > 1 or there == NO_LOCATION:
        return -INFEASIBLE
    profile = tables.slice_profile[tables.slice_ptr[cls]]
    metres = tables.distance_m[profile, here, place] + tables.distance_m[profile, place, there]
    seconds = tables.duration_s[profile, here, place] + tables.duration_s[profile, place, there]
    metres -= tables.distance_m[profile, here, there]
    seconds -= tables.duration_s[profile, here, there]
    # the next stop may save its set-up, or begin to need it: leave that much room
    slack = tables.opt_setup_s[tours.option[tours.succ[after]]] if tours.succ[after] < len(tables.release_s) else 0
    return tables.veh_cost[vehicle, 1] * metres + tables.veh_cost[vehicle, 2] * (seconds - slack)


@inner
def first_free(tables: Tables, tours: Tours, vehicle: int) -> int:
    """Return the node after the sealed head of a tour: the first one something may be put behind."""
    node = len(tables.release_s) + 2 * vehicle
    for _ in range(tours.sealed[vehicle]):
        node = tours.succ[node]
    return node


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


@inner
def opening_cost(tables: Tables, tours: Tours, vehicle: int) -> int:
    """Return what bringing an idle vehicle into use adds; 0 for one in use.

    A vehicle that stays has no way home to save, so the way home its empty tour holds is added back.
    """
    if tours.size[vehicle] > 0:
        return 0
    start = len(tables.release_s) + 2 * vehicle
    home = tours.location[start + 1]
    return tables.veh_cost[vehicle, 0] + leg_cost(
        tables, vehicle, tours.leg_profile[start + 1], tours.location[start], home
    )


@inner
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
        if barred[vehicle] or not tables.allowed[vehicle, order]:
            continue
        best = cheapest_as_ready(tables, tours, vehicle, order, best)
    return best


@inner
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


@inner
def insert_best(tables: Tables, tours: Tours, order: int, barred: NDArray[np.uint8]) -> bool:
    """Insert an order where it is cheapest, if that costs less than leaving it out; return whether it was.

    ``barred`` is scratch, one per vehicle.
    """
    barred[:] = 0
    while True:
        best = best_position(tables, tours, order, barred)
        if best.cost >= tables.penalty[order]:
            return False
        if put(tables, tours, order, best):
            return True
        barred[best.vehicle] = 1  # waiting inside a zone that closes is only seen by the exact pass


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
