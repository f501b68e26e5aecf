"""2-opt* in the ruin: two tours of vehicles that are the same exchange what comes after a hole and a stop nearby."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.jit import inner, part
from routing.problem import INF_TRAVEL_S, NO_LOCATION
from routing.solver.chance import below, uniform
from routing.solver.limits import may_swap
from routing.solver.links import OPEN, count, log_node, log_tour, pred, server, succ
from routing.solver.positions import idle_vehicle
from routing.solver.prices import late_cost, note_point
from routing.solver.rules import INFEASIBLE, Rules
from routing.solver.schedule import kinds_apart, reschedule
from routing.solver.work import HOLES, Work

if TYPE_CHECKING:
    from routing.solver.tours import Tours

TRIED = 20
"""Neighbours to go on with that are looked at, half of them skipped by chance."""
CUTS = 0.05
"""Share of the exchanges that make the rest a tour of its own."""


@part
def exchange_tails(rules: Rules, tours: Tours, work: Work) -> bool:
    """Exchange the tail behind one of this iteration's holes where a cheap way is found.

    Return False where a tour then breaks a rule that is only seen by the exact pass: the caller undoes everything.
    """
    if work.tally[HOLES] == 0:
        return True
    before = 0 + work.holes[below(work.state, work.tally[HOLES])]
    vehicle = server(tours, before)
    if before >= len(rules.orders) or tours.nodes[before].shut or tours.fleet[vehicle].frozen_s >= 0:
        return True
    if uniform(work.state) < CUTS:
        other = idle_vehicle(rules, tours, 0 + rules.vehicles[vehicle].kind)
        if other < 0 or tours.nodes[before].succ >= len(rules.orders):
            return True
        return swap_tails(rules, tours, before, len(rules.orders) + 2 * other)
    best, best_last = INFEASIBLE, before
    for index in range(min(TRIED, work.beside.shape[1])):
        after = 0 + work.beside[before, index]
        if server(tours, after) < 0 or uniform(work.state) < 0.5:
            continue
        cost = exchange_cost(rules, tours, before, pred(tours, after), best)
        if cost < best:
            best, best_last = cost, pred(tours, after)
    return best == INFEASIBLE or swap_tails(rules, tours, before, best_last)


@inner
def exchange_cost(rules: Rules, tours: Tours, before: int, last: int, limit: int) -> int:
    """Return about what it costs to swap what follows two nodes of two tours; ``INFEASIBLE`` if that can't be."""
    one, other = server(tours, before), server(tours, last)
    if one == other or rules.vehicles[one].kind != rules.vehicles[other].kind:
        return INFEASIBLE
    if tours.nodes[last].shut or tours.fleet[other].frozen_s >= 0:
        return INFEASIBLE
    rest, after = succ(tours, before), succ(tours, last)
    cost = join_cost(rules, tours, before, after)
    if cost < INFEASIBLE:
        more = join_cost(rules, tours, last, rest)
        cost = cost + more if more < INFEASIBLE else INFEASIBLE
    if cost >= limit:
        return INFEASIBLE
    for dim in range(rules.load.shape[1]):
        moved = load_from(rules, tours, after, dim) - load_from(rules, tours, rest, dim)
        if tours.aboard[one, dim] + moved > rules.veh_cap[one, dim]:
            return INFEASIBLE
        if tours.aboard[other, dim] - moved > rules.veh_cap[other, dim]:
            return INFEASIBLE
    if len(rules.most) > 0 and not may_swap(rules, tours, before, last):
        return INFEASIBLE
    return cost


@inner
def join_cost(rules: Rules, tours: Tours, before: int, after: int) -> int:
    """Return the least cost of a leg instead of the one into ``after`` now; ``INFEASIBLE`` where it is too late."""
    here, there = tours.nodes[before], tours.nodes[after]
    if there.place == NO_LOCATION:
        return 0
    leg, vehicle = rules.low[here.place, there.place], rules.vehicles[here.vehicle]
    if leg.out_s >= INF_TRAVEL_S or here.end_s + leg.out_s + there.end_s - there.start_s > there.latest_s:
        return INFEASIBLE
    return vehicle.per_m * leg.out_m + vehicle.per_s * leg.out_s - there.leg


@inner
def load_from(rules: Rules, tours: Tours, node: int, dim: int) -> int:
    """Return the load for a node and all that follow it."""
    total = 0
    while node < len(rules.orders):
        total += rules.load[node, dim]
        node = succ(tours, node)
    return total


@part
def swap_tails(rules: Rules, tours: Tours, before: int, last: int) -> bool:
    """Swap what follows two nodes of two tours; return whether both are feasible."""
    one, other = server(tours, before), server(tours, last)
    end, other_end = len(rules.orders) + 2 * one + 1, len(rules.orders) + 2 * other + 1
    rest, after = succ(tours, before), succ(tours, last)
    final, other_final = pred(tours, end), pred(tours, other_end)
    log_tour(tours, one)
    log_tour(tours, other)
    rested = hand_over(rules, tours, rest, other)
    other_rested = hand_over(rules, tours, after, one)
    join(tours, before, after, other_final, end, after < len(rules.orders))
    join(tours, last, rest, final, other_end, rest < len(rules.orders))
    share_breaks(rules, tours, before, rested - other_rested)
    share_breaks(rules, tours, last, other_rested - rested)
    feasible = kinds_apart(rules, tours, one) and kinds_apart(rules, tours, other)
    feasible = feasible and reschedule(rules, tours, one, before, end)
    return feasible and reschedule(rules, tours, other, last, other_end)


@inner
def hand_over(rules: Rules, tours: Tours, node: int, vehicle: int) -> int:
    """Make a tail part of another tour, links aside; return how many breaks are taken on it."""
    breaks = 0
    while node < len(rules.orders):
        log_node(tours, node)
        here = tours.nodes[node]
        served = rules.vehicles[vehicle].per_s * (here.end_s - here.start_s)
        running = here.leg + served + rules.options[here.option].cost + late_cost(rules, node, 0 + here.start_s)
        work_s = here.travel_s + here.end_s - here.start_s
        was = tours.fleet[here.vehicle]
        was.running -= running
        was.work_s -= work_s
        note_point(rules, tours, 0 + here.vehicle, node, 0 + here.place, -1)
        was.stops -= 1
        tours.tally[OPEN] -= 1 if was.stops == 0 else 0
        tour = tours.fleet[vehicle]
        tours.tally[OPEN] += 1 if tour.stops == 0 else 0
        tour.running += running
        tour.work_s += work_s
        note_point(rules, tours, vehicle, node, 0 + here.place, 1)
        tour.stops += 1
        count(rules, tours, 0 + here.vehicle, 0 + here.option, -1)
        count(rules, tours, vehicle, 0 + here.option, 1)
        here.vehicle = vehicle
        breaks += here.breaks
        node = succ(tours, node)
    return breaks


@inner
def join(tours: Tours, before: int, after: int, final: int, end: int, any_left: bool) -> None:
    """Link a tail that begins with ``after`` and ends with ``final``, or none, behind a node and to an end."""
    first = after if any_left else end
    final = final if any_left else before
    log_node(tours, before)
    log_node(tours, first)
    log_node(tours, final)
    log_node(tours, end)
    tours.nodes[before].succ, tours.nodes[first].pred = first, before
    tours.nodes[final].succ, tours.nodes[end].pred = end, final


@inner
def share_breaks(rules: Rules, tours: Tours, node: int, missing: int) -> None:
    """Put breaks a tour misses right after a node, or take the first ones behind it away where it has too many."""
    log_node(tours, node)
    if missing > 0:
        tours.nodes[node].breaks += missing
    while missing < 0:
        node = succ(tours, node)
        log_node(tours, node)
        dropped = min(-missing, int(tours.nodes[node].breaks))
        tours.nodes[node].breaks -= dropped
        missing += dropped
