"""When everything on a tour happens: exact passes along it that stop where nothing changes any more.

Whatever changes a tour ends with :func:`reschedule`; the O(1) tests of positions only propose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.jit import inner, part
from routing.solver.limits import drive_holds
from routing.solver.links import COST, OPEN, OUT, log_node, log_tour, pred, succ
from routing.solver.prices import late_cost, note_point, shape_cost
from routing.solver.rests import latest_for_home, latest_rest, rest_from_s, way_home
from routing.solver.rules import Rules, is_reload
from routing.solver.timing import (
    NEVER,
    after_breaks,
    arrival,
    earliest_start,
    latest_departure,
    latest_start,
    may_stay,
)
from routing.solver.trips import loading_start, release_of_trip, several_trips, trip_end, trips_hold

if TYPE_CHECKING:
    from routing.solver.tours import Tours


@part
def open_tours(rules: Rules, tours: Tours) -> None:
    """Link every vehicle's start to its end and put all its breaks after the start."""
    for vehicle in range(len(rules.vehicles)):
        start = len(rules.orders) + 2 * vehicle
        tours.nodes[start].succ, tours.nodes[start + 1].pred = start + 1, start
        tours.nodes[start].vehicle = tours.nodes[start + 1].vehicle = vehicle
        tours.nodes[start].place = rules.vehicles[vehicle].start
        tours.nodes[start + 1].place = rules.vehicles[vehicle].end
        tours.nodes[start].breaks = rules.brk_ptr[vehicle + 1] - rules.brk_ptr[vehicle]
        schedule_tour(rules, tours, vehicle)


@part
def schedule_tour(rules: Rules, tours: Tours, vehicle: int) -> bool:
    """Recompute one tour exactly; return whether it is feasible (its numbers are only valid if so)."""
    start = len(rules.orders) + 2 * vehicle
    return kinds_apart(rules, tours, vehicle) and reschedule(rules, tours, vehicle, start, start + 1)


@part
def reschedule(rules: Rules, tours: Tours, vehicle: int, head: int, tail: int) -> bool:
    """Recompute a tour of which only what lies between two nodes changed; return whether it is feasible.

    Its departure is looked up again. What is before ``head`` and after ``tail`` is visited as far as it changes.
    """
    start = len(rules.orders) + 2 * vehicle
    departure = departure_s(rules, tours, vehicle)
    trips = several_trips(rules, tours, vehicle)
    if trips or departure != tours.nodes[start].end_s:
        head = start
    feasible = (
        (len(rules.reload_ptr) == 0 or trips_hold(rules, tours, vehicle))
        and forward(rules, tours, vehicle, departure, head, tail)
        and loads(rules, tours, vehicle)
        and drive_holds(rules, tours, vehicle)
        and backward(rules, tours, vehicle, 0 + rules.vehicles[vehicle].closes, tail, head)
    )
    settle(rules, tours, vehicle)
    return feasible


@inner
def departure_s(rules: Rules, tours: Tours, vehicle: int) -> int:
    """Return the earliest departure: the shift has begun and every order of the first trip is ready."""
    if tours.fleet[vehicle].frozen_s >= 0:
        return 0 + tours.fleet[vehicle].frozen_s
    departure = 0 + rules.vehicles[vehicle].opens
    if rules.vehicles[vehicle].waits:
        departure = max(departure, release_of_trip(rules, tours, len(rules.orders) + 2 * vehicle))
    return departure


@inner
def busy_s(rules: Rules, option: int, same_place: bool) -> int:
    """Return set-up (spared when the vehicle already stands there) plus service of an option."""
    return rules.options[option].service_s + (0 if same_place else rules.options[option].setup_s)


@inner
def leg_cost(rules: Rules, vehicle: int, profile: int, source: int, target: int, travel_s: int) -> int:
    """Return the driving cost of a leg; 0 for the missing way home of an open tour."""
    if profile < 0:
        return 0
    metres = rules.distance_m[profile, source, target]
    return rules.vehicles[vehicle].per_m * metres + rules.vehicles[vehicle].per_s * travel_s


@part
def forward(rules: Rules, tours: Tours, vehicle: int, departure: int, head: int, tail: int) -> bool:
    """Time the nodes after ``head`` for a departure, those behind ``tail`` as far as they change.

    Return False where a rule breaks. Everything up to ``head`` is right already, unless that is the start.
    """
    orders = len(rules.orders)
    start, end = orders + 2 * vehicle, orders + 2 * vehicle + 1
    cls, per_s = 0 + rules.vehicles[vehicle].cls, rules.vehicles[vehicle].per_s
    log_tour(tours, vehicle)
    if head == start:
        log_node(tours, start)
        tours.nodes[start].start_s = tours.nodes[start].end_s = departure
        tours.nodes[start].first_break = rules.brk_ptr[vehicle]
        if departure > rules.vehicles[vehicle].closes:
            return False
    node, behind = head, head == tail
    while node != end:
        here, target = tours.nodes[node], succ(tours, node)
        index = 0 + here.first_break
        resume = index + here.breaks
        rest = rest_from_s(rules, tours, vehicle, node)
        place, ended = 0 + here.place, 0 + here.end_s
        if target == end:
            arrive, profile, depart = way_home(rules, vehicle, place, index, resume, ended, rest)
        else:
            leave = max(ended, after_breaks(rules, index, resume, rest))
            if leave >= NEVER:
                return False
            arrive, profile, depart = arrival(rules, cls, place, 0 + tours.nodes[target].place, leave)
        if arrive >= NEVER:
            return False
        if depart > ended and not may_stay(rules, cls, place, ended, depart):
            return False
        there = tours.nodes[target]
        begin = over = arrive
        if target != end:
            if is_reload(rules, target):
                begin = loading_start(rules, tours, cls, target, arrive)
            else:
                begin = earliest_start(rules, cls, 0 + there.option, arrive)
            if begin >= NEVER:
                return False
            over = begin + busy_s(rules, 0 + there.option, here.place == there.place)
        elif arrive > rules.vehicles[vehicle].closes:
            return False
        behind = behind or target == tail
        same_leg = there.profile == profile and there.depart_s == depart and there.travel_s == arrive - depart
        same_visit = there.start_s == begin and there.end_s == over and there.first_break == resume
        price = leg_cost(rules, vehicle, profile, place, 0 + there.place, arrive - depart)
        if same_leg and same_visit and there.leg == price:
            if behind:
                return True
        else:
            log_node(tours, target)
            tours.fleet[vehicle].running += price - there.leg
            tours.fleet[vehicle].running += per_s * ((over - begin) - (there.end_s - there.start_s))
            tours.fleet[vehicle].work_s += arrive - depart + over - begin
            tours.fleet[vehicle].work_s -= there.travel_s + there.end_s - there.start_s
            if target != end:
                tours.fleet[vehicle].running += late_cost(rules, target, begin)
                tours.fleet[vehicle].running -= late_cost(rules, target, 0 + there.start_s)
            there.leg, there.profile, there.depart_s, there.travel_s = price, profile, depart, arrive - depart
            there.start_s, there.end_s, there.first_break = begin, over, resume
            if behind and target != end and over > there.latest_s:
                return False
        node = target
    return True


@part
def backward(rules: Rules, tours: Tours, vehicle: int, close_s: int, tail: int, head: int) -> bool:
    """Set how late every node before ``tail`` may end, those before ``head`` as far as that changes."""
    orders = len(rules.orders)
    start, end = orders + 2 * vehicle, orders + 2 * vehicle + 1
    cls = 0 + rules.vehicles[vehicle].cls
    if tail == end:
        log_node(tours, end)
        tours.nodes[end].latest_s = close_s
    target, ahead = tail, tail == head
    while target != start:
        there, node = tours.nodes[target], pred(tours, target)
        here = tours.nodes[node]
        index = 0 + here.first_break
        resume = index + here.breaks
        if target == end:
            by = latest_for_home(rules, tours, vehicle, node, index, resume)
        else:
            option, same = 0 + there.option, here.place == there.place
            by = latest_start(rules, cls, option, there.latest_s - busy_s(rules, option, same))
            by = latest_departure(rules, cls, 0 + here.place, 0 + there.place, by)
            by = latest_rest(rules, vehicle, node, index, resume, by)
        if by < here.end_s:
            return False
        ahead = ahead or node == head
        if by != here.latest_s:
            log_node(tours, node)
            here.latest_s = by
        elif ahead:
            return True
        target = node
    return True


@inner
def loads(rules: Rules, tours: Tours, vehicle: int) -> bool:
    """Set the load maxima of every node where anything is collected; return whether the vehicle's capacities hold."""
    if len(rules.pickup) > 0:
        return boards(rules, tours, vehicle)
    for dim in range(rules.load.shape[1]):
        if tours.aboard[vehicle, dim] > rules.veh_cap[vehicle, dim]:
            return False
    return True


@part
def boards(rules: Rules, tours: Tours, vehicle: int) -> bool:
    """Set the load maxima of every node, trip by trip; return whether the vehicle's capacities hold."""
    end = len(rules.orders) + 2 * vehicle + 1
    head, feasible = end - 1, True
    while head != end:
        tail = trip_end(rules, tours, head)
        for dim in range(rules.load.shape[1]):
            load = tours.aboard[vehicle, dim]
            if head != end - 1 or tail != end:
                load = trip_load(rules, tours, head, tail, dim)
            feasible = board_trip(rules, tours, head, tail, dim, load) <= rules.veh_cap[vehicle, dim] and feasible
        head = tail
    return feasible


@inner
def trip_load(rules: Rules, tours: Tours, head: int, tail: int, dim: int) -> int:
    """Return what is loaded for a trip."""
    load, node = 0, succ(tours, head)
    while node != tail:
        load += rules.load[node, dim]
        node = succ(tours, node)
    return load


@part
def board_trip(rules: Rules, tours: Tours, head: int, tail: int, dim: int, load: int) -> int:
    """Set the load maxima of a trip that begins with a load; return the most."""
    most, node = load, head
    set_board(tours, head, 0, dim, most)
    while node != tail:
        node = succ(tours, node)
        if node != tail:
            load += rules.pickup[node, dim] - rules.load[node, dim]
        most = max(most, load)
        set_board(tours, node, 0, dim, most)
    rest = load
    set_board(tours, tail, 1, dim, load)
    while node != head:
        node = pred(tours, node)
        set_board(tours, node, 1, dim, rest)
        if node != head:
            load -= rules.pickup[node, dim] - rules.load[node, dim]
        rest = max(rest, load)
    return most


@inner
def set_board(tours: Tours, node: int, side: int, dim: int, load: int) -> None:
    """Set one load maximum."""
    if tours.boards[node, side, dim] != load:
        log_node(tours, node)
        tours.boards[node, side, dim] = load


@inner
def kinds_apart(rules: Rules, tours: Tours, vehicle: int) -> bool:
    """Return whether no two kinds that must be kept apart are on one tour."""
    for kind in range(rules.apart.shape[0]):
        for other in range(kind):
            if rules.apart[kind, other] and tours.carried[vehicle, kind] > 0 and tours.carried[vehicle, other] > 0:
                return False
    return True


@inner
def may_take(rules: Rules, tours: Tours, vehicle: int, order: int) -> bool:
    """Return whether a vehicle may take an order beside what is on its tour, times and loads aside."""
    if not rules.allowed[vehicle, order]:
        return False
    for kind in range(rules.apart.shape[0]):
        if rules.kinds[order, kind]:
            for other in range(rules.apart.shape[0]):
                if rules.apart[kind, other] and tours.carried[vehicle, other] > 0:
                    return False
    return True


@inner
def boxes_free(rules: Rules, tours: Tours, option: int) -> bool:
    """Return whether the boxes and relay places of an option are still free."""
    for entry in range(0 + rules.options[option].first, rules.options[option].last):
        row = rules.takes[entry].row
        if tours.used[row] + rules.takes[entry].amount > rules.res_cap[row]:
            return False
    return True


@inner
def running_cost(rules: Rules, tours: Tours, vehicle: int) -> int:
    """Return the cost of a tour from its running cost: its price, and what else depends on the tour as a whole."""
    if tours.fleet[vehicle].stops == 0:
        return 0
    return rules.vehicles[vehicle].fixed + tours.fleet[vehicle].running + shape_cost(rules, tours, vehicle)


@inner
def settle(rules: Rules, tours: Tours, vehicle: int) -> None:
    """Bring the total up to date with a tour that changed."""
    tour = tours.fleet[vehicle]
    cost = running_cost(rules, tours, vehicle)
    if cost != tour.cost:
        log_tour(tours, vehicle)
        tours.tally[COST] += cost - tour.cost
        tour.cost = cost


@part
def sum_up(rules: Rules, tours: Tours) -> None:
    """Work out from scratch what the kernels then keep: costs, totals, which nodes sealed heads shut, an empty log."""
    orders = len(rules.orders)
    tours.tally[:] = 0
    for node in range(len(tours.nodes)):
        tours.nodes[node].shut = 0
        tours.nodes[node].marked = -1
    for order in range(orders):
        if tours.nodes[order].vehicle < 0:
            tours.tally[OUT] += rules.orders[order].penalty
    for vehicle in range(len(rules.vehicles)):
        tour = tours.fleet[vehicle]
        tour.marked = -1
        tour.running = tour.work_s = 0
        tour.points = tour.east = tour.north = tour.squares = 0
        node = orders + 2 * vehicle
        while node != orders + 2 * vehicle + 1:
            here, there = tours.nodes[node], tours.nodes[tours.nodes[node].succ]
            there.leg = leg_cost(rules, vehicle, 0 + there.profile, 0 + here.place, 0 + there.place, 0 + there.travel_s)
            tour.running += there.leg
            tour.work_s += there.travel_s + there.end_s - there.start_s
            node = succ(tours, node)
            if node < orders:
                served = rules.vehicles[vehicle].per_s * (there.end_s - there.start_s)
                late = late_cost(rules, node, 0 + there.start_s)
                tour.running += served + rules.options[there.option].cost + late
                note_point(rules, tours, vehicle, node, 0 + there.place, 1)
        tour.cost = running_cost(rules, tours, vehicle)
        tours.tally[COST] += tour.cost
        tours.tally[OPEN] += 1 if tour.stops > 0 else 0
        node = orders + 2 * vehicle
        for _ in range(tour.sealed):
            tours.nodes[node].shut = 1
            node = tours.nodes[node].succ


@inner
def tour_cost(rules: Rules, tours: Tours, vehicle: int) -> int:
    """Return what a tour costs, driving and standing included, waiting left out; 0 if it is empty."""
    if tours.fleet[vehicle].stops == 0:
        return 0
    end = len(rules.orders) + 2 * vehicle + 1
    cost, node = rules.vehicles[vehicle].fixed + shape_cost(rules, tours, vehicle), end - 1
    while node != end:
        here, there = tours.nodes[node], tours.nodes[tours.nodes[node].succ]
        cost += leg_cost(rules, vehicle, 0 + there.profile, 0 + here.place, 0 + there.place, 0 + there.travel_s)
        if here.succ != end:
            cost += rules.vehicles[vehicle].per_s * (there.end_s - there.start_s) + rules.options[there.option].cost
            cost += late_cost(rules, succ(tours, node), 0 + there.start_s)
        node = here.succ
    return cost


@part
def tours_cost(rules: Rules, tours: Tours) -> int:
    """Return the cost of all tours."""
    cost = 0
    for vehicle in range(len(rules.vehicles)):
        cost += tour_cost(rules, tours, vehicle)
    return cost
