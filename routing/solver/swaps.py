"""A whole tour goes over to an idle vehicle of another kind: what inserting orders one by one hardly ever finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.jit import inner, part
from routing.solver.chance import below
from routing.solver.links import link, pred, server, succ, unlink
from routing.solver.positions import idle_vehicle
from routing.solver.rules import Rules
from routing.solver.schedule import schedule_tour
from routing.solver.work import Work

if TYPE_CHECKING:
    from routing.solver.tours import Tours


@part
def change_vehicle(rules: Rules, tours: Tours, work: Work) -> bool:
    """Let an idle vehicle of another kind drive the tour of a random order; return whether it may and can.

    The tour takes its breaks, as many as the other vehicle has, where it took them.
    """
    order = below(work.state, len(rules.orders))
    vehicle = server(tours, order)
    if vehicle < 0 or tours.fleet[vehicle].sealed > 0 or tours.fleet[vehicle].frozen_s >= 0:
        return False
    kind = below(work.state, len(rules.alike_ptr) - 1)
    other = idle_vehicle(rules, tours, kind)
    if other < 0 or kind == rules.vehicles[vehicle].kind or not may_take_over(rules, tours, vehicle, other):
        return False
    move_tour(rules, tours, vehicle, other)
    return schedule_tour(rules, tours, vehicle) and schedule_tour(rules, tours, other)


@inner
def may_take_over(rules: Rules, tours: Tours, vehicle: int, other: int) -> bool:
    """Return whether another vehicle may take every order of a tour, and has as many breaks."""
    breaks = rules.brk_ptr[vehicle + 1] - rules.brk_ptr[vehicle]
    if rules.brk_ptr[other + 1] - rules.brk_ptr[other] != breaks:
        return False
    for dim in range(rules.load.shape[1]):
        if tours.aboard[vehicle, dim] > rules.veh_cap[other, dim]:
            return False
    node = succ(tours, len(rules.orders) + 2 * vehicle)
    while node < len(rules.orders):
        if not rules.allowed[other, node]:
            return False
        node = succ(tours, node)
    return True


@inner
def move_tour(rules: Rules, tours: Tours, vehicle: int, other: int) -> None:
    """Unlink every order of a tour from its end on and link it right after the start of another, breaks included."""
    start, other_start = len(rules.orders) + 2 * vehicle, len(rules.orders) + 2 * other
    breaks = 0 + tours.nodes[other_start].breaks
    node = pred(tours, start + 1)
    while node != start:
        option, taken = 0 + tours.nodes[node].option, 0 + tours.nodes[node].breaks
        unlink(rules, tours, node)  # its breaks, and those of what came behind it, go to the node before it
        link(rules, tours, option, other_start, breaks - taken, other)
        node = pred(tours, start + 1)
