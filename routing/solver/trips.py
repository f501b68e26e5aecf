"""Trips: a vehicle that is loaded again at its hub, as rows of the orders (:class:`routing.problem.Extras`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.jit import inner, part
from routing.problem import FIRST_TRIP, LATER_TRIPS
from routing.solver.links import succ
from routing.solver.rules import Rules, is_reload
from routing.solver.timing import NEVER

if TYPE_CHECKING:
    from routing.solver.tours import Tours


@inner
def several_trips(rules: Rules, tours: Tours, vehicle: int) -> bool:
    """Return whether a vehicle is loaded again on its tour."""
    if len(rules.reload_ptr) > 0:
        for row in range(rules.reload_ptr[vehicle], rules.reload_ptr[vehicle + 1]):
            if tours.nodes[row].vehicle >= 0:
                return True
    return False


@part
def matters(rules: Rules, tours: Tours, vehicle: int, order: int) -> bool:
    """Return whether it matters to an order which trip of a tour it is on."""
    if len(rules.reload_ptr) == 0:
        return False
    return rules.allowed[vehicle, order] == LATER_TRIPS or several_trips(rules, tours, vehicle)


@inner
def free_reload(rules: Rules, tours: Tours, vehicle: int) -> int:
    """Return a row to load a vehicle again with, or -1 where it may not any more."""
    for row in range(rules.reload_ptr[vehicle], rules.reload_ptr[vehicle + 1]):
        if tours.nodes[row].vehicle < 0:
            return row
    return -1


@inner
def trip_end(rules: Rules, tours: Tours, node: int) -> int:
    """Return where the trip ends that a node is on or begins: the next loading, or the end of the tour."""
    node = succ(tours, node)
    while node < len(rules.orders) and not is_reload(rules, node):
        node = succ(tours, node)
    return node


@inner
def release_of_trip(rules: Rules, tours: Tours, head: int) -> int:
    """Return when all that is loaded at a node is ready to leave."""
    ready, node = 0, succ(tours, head)
    while node < len(rules.orders) and not is_reload(rules, node):
        ready = max(ready, rules.orders[node].release_s)
        node = succ(tours, node)
    return ready


@part
def loading_start(rules: Rules, tours: Tours, cls: int, node: int, arrive: int) -> int:
    """Return when loading a vehicle again begins that is there at ``arrive``: so that all is ready when it is over.

    It begins in the first window that is not over, else ``NEVER``: nobody waits where a zone closes.
    """
    option = 0 + tours.nodes[node].option
    visit = rules.visits[cls, option]
    wanted = release_of_trip(rules, tours, node) - rules.options[option].service_s
    for piece in range(0 + visit.first, visit.last):
        window = rules.windows[piece]
        if arrive <= window.closes:
            begin = max(arrive, wanted, 0 + window.opens)
            return begin if arrive >= window.arrive and begin <= window.closes else NEVER
    return NEVER


@part
def trips_hold(rules: Rules, tours: Tours, vehicle: int) -> bool:
    """Return whether both halves of pairs are on one trip, and orders bound to the first trip or later ones there."""
    end = len(rules.orders) + 2 * vehicle + 1
    node, first = succ(tours, end - 1), True
    while node != end:
        if is_reload(rules, node):
            first = False
        elif not may_be_on(0 + rules.allowed[vehicle, node], first):
            return False
        partner = 0 + rules.orders[node].partner
        if 0 <= partner < node and tours.nodes[partner].vehicle == vehicle:
            after = succ(tours, node)
            while after != partner:
                if after == end or is_reload(rules, after):
                    return False
                after = succ(tours, after)
        node = succ(tours, node)
    return True


@inner
def may_be_on(allowed: int, first: bool) -> bool:
    """Return whether what is allowed on a vehicle is so on its first trip or, without ``first``, on later ones."""
    return allowed != (LATER_TRIPS if first else FIRST_TRIP)


@part
def trip_open(rules: Rules, tours: Tours, vehicle: int, order: int, node: int) -> bool:
    """Return whether an order may go onto the trip a node is on: it is allowed there, and may be ready in time.

    Where a later trip would have to leave later, the exact pass decides; one whose loading is sealed never does.
    """
    if len(rules.reload_ptr) == 0:
        return True
    start = len(rules.orders) + 2 * vehicle
    head = node
    while head != start and not is_reload(rules, head):
        head = 0 + tours.nodes[head].pred
    if not may_be_on(0 + rules.allowed[vehicle, order], head == start):
        return False
    if rules.orders[order].release_s <= tours.nodes[head].end_s:
        return True
    movable = head != start and not tours.nodes[tours.nodes[head].pred].shut
    return movable and rules.orders[order].release_s <= tours.nodes[head].latest_s
