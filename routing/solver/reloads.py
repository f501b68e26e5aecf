"""Moves that load a vehicle again: together with an order that needs it; and the loadings that came to no use."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.jit import inner, part
from routing.problem import LATER_TRIPS
from routing.solver.links import link, pred, succ, unlink
from routing.solver.pairs import next_cheapest
from routing.solver.positions import Position, cheapest_in_tour
from routing.solver.rules import INFEASIBLE, Rules, is_reload
from routing.solver.schedule import may_take, schedule_tour
from routing.solver.trips import free_reload

if TYPE_CHECKING:
    from routing.solver.tours import Tours

TRIED = 4
"""Places in a tour at which a vehicle is tried to be loaded again, the cheapest first."""


class ReloadPosition(NamedTuple):
    """Where a vehicle is loaded again, and where the order goes then: maybe right behind."""

    cost: int
    row: int
    reload_after: int
    reload_kept: int
    option: int
    after: int
    kept: int
    vehicle: int


@part
def insert_with_reload(rules: Rules, tours: Tours, order: int, limit: int, barred: NDArray[np.uint8]) -> bool:
    """Insert an order into a tour that is loaded once more for it, for less than ``limit``; return whether it was."""
    best = ReloadPosition(limit, -1, -1, 0, -1, -1, 0, -1)
    for vehicle in range(len(rules.vehicles)):
        row = free_reload(rules, tours, vehicle)
        used = tours.fleet[vehicle].stops > 0 or rules.allowed[vehicle, order] == LATER_TRIPS
        if row >= 0 and used and not barred[vehicle] and may_take(rules, tours, vehicle, order):
            best = reload_in_tour(rules, tours, vehicle, row, order, best)
    return best.row >= 0 and put_with_reload(rules, tours, order, best)


@part
def reload_in_tour(
    rules: Rules, tours: Tours, vehicle: int, row: int, order: int, best: ReloadPosition
) -> ReloadPosition:
    """Return the cheaper of ``best`` and the cheapest position in one tour that is loaded once more.

    The tour is left as it was.
    """
    option = 0 + rules.orders[row].first
    last = Position(-INFEASIBLE, option, -1, 0, vehicle)
    for _ in range(TRIED):
        last = next_cheapest(rules, tours, vehicle, option, last)
        if last.cost >= best.cost:
            break
        breaks = tours.nodes[last.after].breaks
        link(rules, tours, option, last.after, last.kept_breaks, vehicle)
        if schedule_tour(rules, tours, vehicle):
            place = cheapest_in_tour(rules, tours, vehicle, order, Position(best.cost - last.cost, -1, -1, 0, -1))
            if place.option >= 0 and not in_vain(rules, tours, row, place.after):
                best = ReloadPosition(
                    place.cost + last.cost, row, last.after, last.kept_breaks,
                    place.option, place.after, place.kept_breaks, vehicle,
                )  # fmt: skip
        unlink(rules, tours, row)
        tours.nodes[last.after].breaks = breaks
        schedule_tour(rules, tours, vehicle)
    return best


@inner
def in_vain(rules: Rules, tours: Tours, row: int, after: int) -> bool:
    """Return whether a trip would be empty with one order more, right after a node: before a loading, or behind it."""
    before, behind = pred(tours, row), succ(tours, row)
    at_hub = before >= len(rules.orders) and tours.nodes[before].place == tours.nodes[row].place
    if (at_hub or is_reload(rules, before)) and after != before:
        return True
    return (behind >= len(rules.orders) or is_reload(rules, behind)) and after != row


@part
def put_with_reload(rules: Rules, tours: Tours, order: int, position: ReloadPosition) -> bool:
    """Load the vehicle again, put the order in, schedule exactly; undo it and return False if that is infeasible."""
    vehicle = position.vehicle
    before = tours.nodes[position.reload_after].breaks
    link(rules, tours, 0 + rules.orders[position.row].first, position.reload_after, position.reload_kept, vehicle)
    breaks = tours.nodes[position.after].breaks
    link(rules, tours, position.option, position.after, position.kept, vehicle)
    if schedule_tour(rules, tours, vehicle):
        return True
    unlink(rules, tours, order)
    tours.nodes[position.after].breaks = breaks
    unlink(rules, tours, position.row)
    tours.nodes[position.reload_after].breaks = before
    schedule_tour(rules, tours, vehicle)
    return False


@inner
def drop_idle_reloads(rules: Rules, tours: Tours, vehicle: int) -> None:
    """Take off each loading that no order follows, or none comes before that started at the hub; times not updated."""
    start = len(rules.orders) + 2 * vehicle
    node = succ(tours, start)
    while node != start + 1:
        after = succ(tours, node)
        if is_reload(rules, node):
            idle = after == start + 1 or is_reload(rules, after)
            at_hub = tours.nodes[node].place == rules.vehicles[vehicle].start
            if idle or (tours.nodes[node].pred == start and at_hub):
                unlink(rules, tours, node)
        node = after
