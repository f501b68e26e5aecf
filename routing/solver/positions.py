"""What a position costs: an order right after a node, tested in O(1) against ``latest_end_s`` and the load maxima."""

from __future__ import annotations

from typing import NamedTuple

from data.jit import inner
from routing.problem import NO_LOCATION, Tables
from routing.solver.rests import rest_from_s, way_home
from routing.solver.timing import NEVER, after_breaks, arrival, earliest_start
from routing.solver.tours import Tours, busy_s

INFEASIBLE = 1 << 62


class Position(NamedTuple):
    """Where an order may go: after a node, with ``kept_breaks`` of that node's breaks before it."""

    cost: int
    option: int
    after: int
    kept_breaks: int
    vehicle: int


@inner
def leg_cost(tables: Tables, vehicle: int, profile: int, source: int, target: int, travel_s: int) -> int:
    """Return the driving cost of a leg; 0 for the missing way home of an open tour."""
    if profile < 0:
        return 0
    metres = tables.distance_m[profile, source, target]
    return tables.veh_cost[vehicle, 1] * metres + tables.veh_cost[vehicle, 2] * travel_s


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
    rest = rest_from_s(tables, tours, vehicle, after)
    leave = max(tours.end_s[after], after_breaks(tables, first, first + kept, rest))
    if leave >= NEVER:
        return INFEASIBLE
    arrive, profile_in, depart = arrival(tables, cls, here, place, leave)
    if arrive >= NEVER:
        return INFEASIBLE
    start = earliest_start(tables, cls, option, arrive)
    if start >= NEVER:
        return INFEASIBLE
    busy = busy_s(tables, option, here == place)
    per_s, leave = tables.veh_cost[vehicle, 2], start + busy
    cost = leg_cost(tables, vehicle, profile_in, here, place, arrive - depart) + per_s * busy
    if before < orders:
        leave = after_breaks(tables, first + kept, last, leave)
        if leave >= NEVER:
            return INFEASIBLE
        arrive, profile_out, depart = arrival(tables, cls, place, there, leave)
    else:
        arrive, profile_out, depart = way_home(tables, vehicle, place, first + kept, last, leave, leave)
    if arrive >= NEVER:
        return INFEASIBLE
    cost += leg_cost(tables, vehicle, profile_out, place, there, arrive - depart)
    if before < orders:
        start = earliest_start(tables, cls, tours.option[before], arrive)
        if start >= NEVER:
            return INFEASIBLE
        busy = busy_s(tables, tours.option[before], place == there)
        cost += per_s * (busy - (tours.end_s[before] - tours.start_s[before]))
        arrive = start + busy
    if arrive > tours.latest_end_s[before]:
        return INFEASIBLE
    return cost - leg_cost(tables, vehicle, tours.leg_profile[before], here, there, tours.travel_s[before])


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
def opening_cost(tables: Tables, tours: Tours, vehicle: int) -> int:
    """Return what bringing an idle vehicle into use adds; 0 for one in use.

    A vehicle that stays has no way home to save, so the way home its empty tour holds is added back.
    """
    if tours.size[vehicle] > 0:
        return 0
    start = len(tables.release_s) + 2 * vehicle
    here, home = tours.location[start], tours.location[start + 1]
    homeward = leg_cost(tables, vehicle, tours.leg_profile[start + 1], here, home, tours.travel_s[start + 1])
    return tables.veh_cost[vehicle, 0] + homeward
