"""The state of a search: linked tours with their timing and loads, and the kernels that change them.

Node numbers: ``0..N-1`` orders, ``N + 2v`` the start and ``N + 2v + 1`` the end of vehicle v. Whatever changes a tour
ends with :func:`schedule_tour`, the exact forward and backward pass; the O(1) insertion test only proposes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.jit import inner
from routing.problem import NO_LOCATION, Tables
from routing.solver.rests import latest_for_home, latest_rest, rest_from_s, way_home
from routing.solver.timing import (
    NEVER,
    after_breaks,
    arrival,
    earliest_start,
    latest_departure,
    latest_start,
    may_stay,
)

I64 = NDArray[np.int64]
UNASSIGNED = -1


class Tours(NamedTuple):
    """Mutable state; M = N + 2V nodes, D load dimensions.

    ``latest_end_s[i]`` is the latest instant the service at i (its breaks not counted) may end so that the rest of
    the tour stays feasible. ``breaks_after[i]`` counts the breaks taken right after i, ``break_index[i]`` the next
    one to take there. ``load_max_before[i]`` is the largest load from the start up to and including i,
    ``load_max_after[i]`` the largest from right after i to the end. ``sealed[v]`` nodes at the head of tour v may
    neither move nor let anything in between.
    """

    succ: I64  # [M]
    pred: I64  # [M]
    vehicle: I64  # [N]
    option: I64  # [N]
    location: I64  # [M]
    start_s: I64  # [M]
    end_s: I64  # [M]
    latest_end_s: I64  # [M]
    leg_profile: I64  # [M] of the leg into the node
    depart_s: I64  # [M] of the leg into the node
    travel_s: I64  # [M] of the leg into the node
    breaks_after: I64  # [M]
    break_index: I64  # [M]
    load_max_before: I64  # [M, D]
    load_max_after: I64  # [M, D]
    used: I64  # [Q]
    size: I64  # [V]
    carried: I64  # [V, G] orders of each kind
    sealed: I64  # [V]
    frozen_start_s: I64  # [V] departure that may not move, or -1


def empty_tours(tables: Tables) -> Tours:
    """Return the state in which no order is served."""
    orders, vehicles, dims = len(tables.release_s), len(tables.veh_class), tables.load.shape[1]
    nodes = orders + 2 * vehicles

    def numbers(count: int, value: int = 0) -> I64:
        return np.full(count, value, dtype=np.int64)

    tours = Tours(
        succ=numbers(nodes, -1),
        pred=numbers(nodes, -1),
        vehicle=numbers(orders, UNASSIGNED),
        option=numbers(orders, UNASSIGNED),
        location=numbers(nodes, NO_LOCATION),
        start_s=numbers(nodes),
        end_s=numbers(nodes),
        latest_end_s=numbers(nodes),
        leg_profile=numbers(nodes, -1),
        depart_s=numbers(nodes),
        travel_s=numbers(nodes),
        breaks_after=numbers(nodes),
        break_index=numbers(nodes),
        load_max_before=np.zeros((nodes, dims), dtype=np.int64),
        load_max_after=np.zeros((nodes, dims), dtype=np.int64),
        used=numbers(len(tables.res_cap)),
        size=numbers(vehicles),
        carried=np.zeros((vehicles, tables.apart.shape[0]), dtype=np.int64),
        sealed=numbers(vehicles),
        frozen_start_s=numbers(vehicles, -1),
    )
    open_tours(tables, tours)
    return tours


def copy_tours(tours: Tours) -> Tours:
    """Return an independent copy."""
    return Tours(*(field.copy() for field in tours))


@inner
def open_tours(tables: Tables, tours: Tours) -> None:
    """Link every vehicle's start to its end and put all its breaks after the start."""
    orders = len(tables.release_s)
    for vehicle in range(len(tables.veh_class)):
        start, end = orders + 2 * vehicle, orders + 2 * vehicle + 1
        tours.succ[start], tours.pred[end] = end, start
        tours.location[start] = tables.veh_start[vehicle]
        tours.location[end] = tables.veh_end[vehicle]
        tours.breaks_after[start] = tables.brk_ptr[vehicle + 1] - tables.brk_ptr[vehicle]
        schedule_tour(tables, tours, vehicle)


@inner
def schedule_tour(tables: Tables, tours: Tours, vehicle: int) -> bool:
    """Recompute one tour exactly; return whether it is feasible (its numbers are only valid if so)."""
    departure = departure_s(tables, tours, vehicle)
    return (
        kinds_apart(tables, tours, vehicle)
        and forward(tables, tours, vehicle, departure)
        and loads(tables, tours, vehicle)
        and backward(tables, tours, vehicle, tables.veh_close_s[vehicle])
    )


@inner
def departure_s(tables: Tables, tours: Tours, vehicle: int) -> int:
    """Return the earliest departure: the shift has begun and every order on the tour is ready."""
    if tours.frozen_start_s[vehicle] >= 0:
        return tours.frozen_start_s[vehicle]
    orders = len(tables.release_s)
    departure = tables.veh_open_s[vehicle]
    node = tours.succ[orders + 2 * vehicle]
    while node < orders:
        departure = max(departure, tables.release_s[node])
        node = tours.succ[node]
    return departure


@inner
def busy_s(tables: Tables, option: int, same_place: bool) -> int:
    """Return set-up (spared when the vehicle already stands there) plus service of an option."""
    return tables.opt_service_s[option] + (0 if same_place else tables.opt_setup_s[option])


@inner
def forward(tables: Tables, tours: Tours, vehicle: int, departure: int) -> bool:
    """Set start, end, leg and break index of every node for a departure; return False where a rule breaks."""
    orders = len(tables.release_s)
    cls = tables.veh_class[vehicle]
    node = orders + 2 * vehicle
    tours.start_s[node] = departure
    tours.end_s[node] = departure
    tours.break_index[node] = tables.brk_ptr[vehicle]
    if departure > tables.veh_close_s[vehicle]:
        return False
    while node != orders + 2 * vehicle + 1:
        index = tours.break_index[node]
        resume = index + tours.breaks_after[node]
        target = tours.succ[node]
        tours.break_index[target] = resume
        here, rest = tours.location[node], rest_from_s(tables, tours, vehicle, node)
        if target >= orders:
            arrive, profile, depart = way_home(tables, vehicle, here, index, resume, tours.end_s[node], rest)
        else:
            leave = max(tours.end_s[node], after_breaks(tables, index, resume, rest))
            if leave >= NEVER:
                return False
            arrive, profile, depart = arrival(tables, cls, here, tours.location[target], leave)
        if arrive >= NEVER:
            return False
        if depart > tours.end_s[node] and not may_stay(tables, cls, tours.location[node], tours.end_s[node], depart):
            return False
        tours.leg_profile[target] = profile
        tours.depart_s[target] = depart
        tours.travel_s[target] = arrive - depart
        if target >= orders:
            tours.start_s[target] = arrive
            tours.end_s[target] = arrive
            return arrive <= tables.veh_close_s[vehicle]
        option = tours.option[target]
        start = earliest_start(tables, cls, option, arrive)
        if start >= NEVER:
            return False
        tours.start_s[target] = start
        tours.end_s[target] = start + busy_s(tables, option, tours.location[node] == tours.location[target])
        node = target
    return True


@inner
def backward(tables: Tables, tours: Tours, vehicle: int, close_s: int) -> bool:
    """Set ``latest_end_s`` of every node so that the tour is over by ``close_s``."""
    orders = len(tables.release_s)
    cls = tables.veh_class[vehicle]
    target = orders + 2 * vehicle + 1
    tours.latest_end_s[target] = close_s
    while target != orders + 2 * vehicle:
        node = tours.pred[target]
        index = tours.break_index[node]
        resume = index + tours.breaks_after[node]
        if target >= orders:
            by = latest_for_home(tables, tours, vehicle, node, index, resume)
        else:
            same = tours.location[node] == tours.location[target]
            option = tours.option[target]
            by = latest_start(tables, cls, option, tours.latest_end_s[target] - busy_s(tables, option, same))
            by = latest_departure(tables, cls, tours.location[node], tours.location[target], by)
            by = latest_rest(tables, vehicle, node, index, resume, by)
        tours.latest_end_s[node] = by
        if by < tours.end_s[node]:
            return False
        target = node
    return True


@inner
def loads(tables: Tables, tours: Tours, vehicle: int) -> bool:
    """Set the load maxima of every node; return whether the vehicle's capacities hold."""
    orders = len(tables.release_s)
    start, end = orders + 2 * vehicle, orders + 2 * vehicle + 1
    feasible = True
    for dim in range(tables.load.shape[1]):
        load = 0
        node = tours.succ[start]
        while node != end:
            load += tables.load[node, dim]
            node = tours.succ[node]
        most = load
        tours.load_max_before[start, dim] = load
        node = tours.succ[start]
        while node != end:
            load += tables.pickup[node, dim] - tables.load[node, dim]
            most = max(most, load)
            tours.load_max_before[node, dim] = most
            node = tours.succ[node]
        tours.load_max_before[end, dim] = most
        feasible = feasible and most <= tables.veh_cap[vehicle, dim]
        rest = load
        tours.load_max_after[end, dim] = load
        while node != start:
            node = tours.pred[node]
            tours.load_max_after[node, dim] = rest
            if node < orders:
                load -= tables.pickup[node, dim] - tables.load[node, dim]
            rest = max(rest, load)
    return feasible


@inner
def count_kinds(tables: Tables, tours: Tours, vehicle: int, order: int, sign: int) -> None:
    """Count an order of a tour in (sign 1) or out (sign -1), by kind."""
    for kind in range(tables.apart.shape[0]):
        if tables.kinds[order, kind]:
            tours.carried[vehicle, kind] += sign


@inner
def kinds_apart(tables: Tables, tours: Tours, vehicle: int) -> bool:
    """Return whether no two kinds that must be kept apart are on one tour."""
    for kind in range(tables.apart.shape[0]):
        for other in range(kind):
            if tables.apart[kind, other] and tours.carried[vehicle, kind] > 0 and tours.carried[vehicle, other] > 0:
                return False
    return True


@inner
def may_take(tables: Tables, tours: Tours, vehicle: int, order: int) -> bool:
    """Return whether a vehicle may take an order beside what is on its tour, times and loads aside."""
    if not tables.allowed[vehicle, order]:
        return False
    for kind in range(tables.apart.shape[0]):
        if tables.kinds[order, kind]:
            for other in range(tables.apart.shape[0]):
                if tables.apart[kind, other] and tours.carried[vehicle, other] > 0:
                    return False
    return True


@inner
def take_resources(tables: Tables, tours: Tours, option: int, sign: int) -> None:
    """Take (sign 1) or give back (sign -1) the boxes and relay places of an option."""
    for entry in range(tables.res_ptr[option], tables.res_ptr[option + 1]):
        tours.used[tables.res_row[entry]] += sign * tables.res_amount[entry]


@inner
def resources_free(tables: Tables, tours: Tours, option: int) -> bool:
    """Return whether the boxes and relay places of an option are still free."""
    for entry in range(tables.res_ptr[option], tables.res_ptr[option + 1]):
        row = tables.res_row[entry]
        if tours.used[row] + tables.res_amount[entry] > tables.res_cap[row]:
            return False
    return True


@inner
def link(tables: Tables, tours: Tours, option: int, after: int, kept_breaks: int, vehicle: int) -> None:
    """Put an order after a node, leaving ``kept_breaks`` of that node's breaks before it; timing not updated."""
    order = tables.opt_order[option]
    before = tours.succ[after]
    tours.succ[after], tours.succ[order] = order, before
    tours.pred[order], tours.pred[before] = after, order
    tours.breaks_after[order] = tours.breaks_after[after] - kept_breaks
    tours.breaks_after[after] = kept_breaks
    tours.vehicle[order], tours.option[order] = vehicle, option
    tours.location[order] = tables.opt_loc[option]
    tours.size[vehicle] += 1
    count_kinds(tables, tours, vehicle, order, 1)
    take_resources(tables, tours, option, 1)


@inner
def unlink(tables: Tables, tours: Tours, order: int) -> None:
    """Take an order off its tour; its breaks stay with the node before it; timing not updated."""
    vehicle, option = tours.vehicle[order], tours.option[order]
    after, before = tours.pred[order], tours.succ[order]
    tours.succ[after], tours.pred[before] = before, after
    tours.breaks_after[after] += tours.breaks_after[order]
    tours.breaks_after[order] = 0
    tours.vehicle[order], tours.option[order] = UNASSIGNED, UNASSIGNED
    tours.size[vehicle] -= 1
    count_kinds(tables, tours, vehicle, order, -1)
    take_resources(tables, tours, option, -1)


@inner
def tour_cost(tables: Tables, tours: Tours, vehicle: int) -> int:
    """Return what a tour costs, driving and standing included, waiting left out; 0 if it is empty."""
    if tours.size[vehicle] == 0:
        return 0
    orders = len(tables.release_s)
    cost = tables.veh_cost[vehicle, 0]
    node = orders + 2 * vehicle
    while node != orders + 2 * vehicle + 1:
        target = tours.succ[node]
        profile = tours.leg_profile[target]
        if profile >= 0:
            source_loc, target_loc = tours.location[node], tours.location[target]
            cost += tables.veh_cost[vehicle, 1] * tables.distance_m[profile, source_loc, target_loc]
            cost += tables.veh_cost[vehicle, 2] * tours.travel_s[target]
        if target < orders:
            option = tours.option[target]
            cost += tables.veh_cost[vehicle, 2] * (tours.end_s[target] - tours.start_s[target])
            cost += tables.opt_cost[option]
        node = target
    return cost


@inner
def total_cost(tables: Tables, tours: Tours) -> int:
    """Return the objective: tours, plus the penalty of every order that no tour serves."""
    cost = 0
    for vehicle in range(len(tables.veh_class)):
        cost += tour_cost(tables, tours, vehicle)
    for order in range(len(tables.release_s)):
        if tours.vehicle[order] < 0:
            cost += tables.penalty[order]
    return cost


def merit(tables: Tables, tours: Tours) -> tuple[int, int]:
    """Return what is left out, weighed by promise and priority, then the cost: less is better, in this order.

    An order whose promise another day still keeps weighs little: leaving two of those to save one promise is better.
    """
    return int(tables.penalty[tours.vehicle < 0].sum()), int(total_cost(tables, tours))
