"""What a position costs: an order right after a node, tested in O(1) against ``latest_s`` and the load maxima."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from data.jit import inner, part
from routing.problem import INF_TRAVEL_S, NO_LOCATION
from routing.solver.limits import may_call
from routing.solver.links import succ
from routing.solver.prices import late_cost, more_shape_cost
from routing.solver.rests import rest_from_s, way_home
from routing.solver.rules import INFEASIBLE, Rules, is_reload
from routing.solver.schedule import boxes_free, busy_s, leg_cost
from routing.solver.timing import NEVER, after_breaks, arrival, earliest_start
from routing.solver.trips import trip_open

if TYPE_CHECKING:
    from routing.solver.tours import Tours


class Position(NamedTuple):
    """Where an order may go: after a node, with ``kept_breaks`` of that node's breaks before it."""

    cost: int
    option: int
    after: int
    kept_breaks: int
    vehicle: int


@inner
def load_fits(rules: Rules, tours: Tours, vehicle: int, order: int, after: int) -> bool:
    """Return whether capacities hold with the order put after a node."""
    for dim in range(rules.load.shape[1]):
        cap, load = rules.veh_cap[vehicle, dim], rules.load[order, dim]
        if len(rules.pickup) > 0:
            if tours.boards[after, 0, dim] + load > cap:
                return False
            if tours.boards[after, 1, dim] + rules.pickup[order, dim] > cap:
                return False
        elif tours.aboard[vehicle, dim] + load > cap:
            return False
    return True


@part
def position_cost(rules: Rules, tours: Tours, vehicle: int, option: int, after: int, kept: int) -> int:
    """Return the cost of putting an option after a node (``kept`` breaks before it), ``INFEASIBLE`` if too late."""
    orders = len(rules.orders)
    cls, per_s = 0 + rules.vehicles[vehicle].cls, rules.vehicles[vehicle].per_s
    before, place = succ(tours, after), 0 + rules.options[option].place
    here, there = tours.nodes[after], tours.nodes[before]
    source, target = 0 + here.place, 0 + there.place
    first = 0 + here.first_break
    last = first + here.breaks
    rest = rest_from_s(rules, tours, vehicle, after)
    leave = max(0 + here.end_s, after_breaks(rules, first, first + kept, rest))
    if leave >= NEVER:
        return INFEASIBLE
    arrive, profile, depart = arrival(rules, cls, source, place, leave)
    if arrive >= NEVER:
        return INFEASIBLE
    start = earliest_start(rules, cls, option, arrive)
    if start >= NEVER:
        return INFEASIBLE
    busy = busy_s(rules, option, source == place)
    leave = start + busy
    cost = leg_cost(rules, vehicle, profile, source, place, arrive - depart) + per_s * busy
    cost += late_cost(rules, 0 + rules.options[option].order, start)
    came_by, drive_s = profile, arrive - depart - there.travel_s
    more_s = drive_s + busy
    if before >= orders:
        arrive, profile, depart = way_home(rules, vehicle, place, first + kept, last, leave, leave)
        if arrive > there.latest_s:
            return INFEASIBLE
        drive_s += arrive - depart
        if len(rules.most) > 0 and not may_call(rules, tours, vehicle, after, place, drive_s, came_by, profile):
            return INFEASIBLE
        cost += leg_cost(rules, vehicle, profile, place, target, arrive - depart) - there.leg
        return cost + more_shape_cost(rules, tours, vehicle, option, more_s + arrive - depart)
    leave = after_breaks(rules, first + kept, last, leave)
    if leave >= NEVER:
        return INFEASIBLE
    arrive, profile, depart = arrival(rules, cls, place, target, leave)
    if arrive >= NEVER:
        return INFEASIBLE
    cost += leg_cost(rules, vehicle, profile, place, target, arrive - depart) - there.leg
    drive_s += arrive - depart
    if len(rules.most) > 0 and not may_call(rules, tours, vehicle, after, place, drive_s, came_by, profile):
        return INFEASIBLE
    more_s += arrive - depart
    onward = 0 + there.option
    start = earliest_start(rules, cls, onward, arrive)
    busy = busy_s(rules, onward, place == target)
    if start >= NEVER or start + busy > there.latest_s:
        return INFEASIBLE
    busy -= there.end_s - there.start_s
    return cost + per_s * busy + more_shape_cost(rules, tours, vehicle, option, more_s + busy)


@inner
def least_cost(rules: Rules, tours: Tours, vehicle: int, option: int, after: int) -> int:
    """Return what :func:`position_cost` is at least, whatever the hour; ``INFEASIBLE`` where there is never a way."""
    if len(rules.low) == 0:
        return -INFEASIBLE
    here, there = tours.nodes[after], tours.nodes[tours.nodes[after].succ]
    place = rules.options[option].place
    legs = rules.low[place, here.place]
    metres, seconds = legs.in_m, legs.in_s + busy_s(rules, option, here.place == place)
    if there.place != NO_LOCATION:
        onward = rules.low[place, there.place]
        metres += onward.out_m
        seconds += onward.out_s
        if place == there.place and here.succ < len(rules.orders):
            seconds -= rules.options[there.option].setup_s  # the next stop may spare its set-up
    if seconds >= INF_TRAVEL_S:
        return INFEASIBLE
    return rules.vehicles[vehicle].per_m * metres + rules.vehicles[vehicle].per_s * seconds - there.leg


@inner
def cheaper(rules: Rules, tours: Tours, vehicle: int, option: int, after: int, extra: int, best: Position) -> Position:
    """Return the cheaper of ``best`` and an option right after a node, at ``extra`` cost; loads are not looked at."""
    if least_cost(rules, tours, vehicle, option, after) + extra >= best.cost:
        return best
    for kept in range(tours.nodes[after].breaks + 1):
        cost = position_cost(rules, tours, vehicle, option, after, kept)
        if cost < INFEASIBLE and cost + extra < best.cost:
            best = Position(cost + extra, option, after, kept, vehicle)
    return best


@inner
def first_free(rules: Rules, tours: Tours, vehicle: int) -> int:
    """Return the node after the sealed head of a tour: the first one something may be put behind."""
    node = len(rules.orders) + 2 * vehicle
    for _ in range(tours.fleet[vehicle].sealed):
        node = succ(tours, node)
    return node


@inner
def opening_cost(rules: Rules, tours: Tours, vehicle: int) -> int:
    """Return what bringing an idle vehicle into use adds; 0 for one in use.

    A vehicle that stays has no way home to save, so the way home its empty tour holds is added back.
    """
    if tours.fleet[vehicle].stops > 0:
        return 0
    return rules.vehicles[vehicle].fixed + tours.nodes[len(rules.orders) + 2 * vehicle + 1].leg


@inner
def idle_vehicle(rules: Rules, tours: Tours, kind: int) -> int:
    """Return a vehicle of a kind that stays so far and may leave when it likes, or -1."""
    for at in range(rules.alike_ptr[kind], rules.alike_ptr[kind + 1]):
        vehicle = rules.alike[at]
        if tours.fleet[vehicle].stops == 0 and tours.fleet[vehicle].frozen_s < 0:
            return vehicle
    return -1


@part
def cheapest_in_tour(rules: Rules, tours: Tours, vehicle: int, order: int, best: Position) -> Position:
    """Return the cheaper of ``best`` and the order's cheapest position in one tour, as currently timed."""
    cls, opening = 0 + rules.vehicles[vehicle].cls, opening_cost(rules, tours, vehicle)
    end = len(rules.orders) + 2 * vehicle + 1
    if len(rules.pickup) == 0 and not load_fits(rules, tours, vehicle, order, end):
        return best
    for option in range(0 + rules.orders[order].first, rules.orders[order].last):
        visit = rules.visits[cls, option]
        if visit.first == visit.last or not boxes_free(rules, tours, option):
            continue
        extra = opening + rules.options[option].cost
        closes = rules.windows[visit.last - 1].closes
        after = first_free(rules, tours, vehicle)
        is_open = trip_open(rules, tours, vehicle, order, after)
        while after != end and tours.nodes[after].end_s <= closes:
            if is_reload(rules, after):
                is_open = trip_open(rules, tours, vehicle, order, after)
            if is_open and (len(rules.pickup) == 0 or load_fits(rules, tours, vehicle, order, after)):
                best = cheaper(rules, tours, vehicle, option, after, extra, best)
            after = succ(tours, after)
    return best
