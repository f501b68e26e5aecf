"""Where a stop goes back cheapest: beside stops nearby, seldom anywhere, or on a tour of its own."""

from __future__ import annotations

from data.jit import inner
from routing.solver.chance import uniform
from routing.solver.lean.kinds import cheapest_opening, empty_tour, unit_of
from routing.solver.lean.state import FAR, NOWHERE, Lean, Plan, Work
from routing.solver.lean.times import longest, shortest

FULL_SCAN = 0.05
"""Share of the stops that fit beside no neighbour for which every position is tried."""
BLINKS = 0.02
"""Share of the positions that are overlooked."""


@inner
def insertion_cost(lean: Lean, plan: Plan, node: int, before: int, limit: int) -> int:
    """Return what a stop right after ``before`` costs, FAR where that is too late or not below ``limit``."""
    after = plan.nodes[before].succ
    into, onward = lean.back[node, plan.nodes[before].place], lean.out[node, plan.nodes[after].place]
    cost = into.m + onward.m - plan.nodes[before].leg
    if lean.mixed is not None:
        cost *= unit_of(lean, plan, plan.nodes[before].tour)
    if cost >= limit:
        return FAR
    if lean.windows is not None:
        begin = max(plan.nodes[before].ready + into.s, lean.stops[node].opens)
        if begin > lean.stops[node].closes:
            return FAR
        if begin + lean.stops[node].service + onward.s > plan.nodes[after].late:
            return FAR
    if lean.shifts is not None:
        stop, driven = lean.stops[node], plan.spans[before].driven + into.s
        leave, ready = min(plan.spans[before].leave, stop.closes - driven), begin + stop.service
        if shortest(plan, ready, driven + stop.service, leave, onward.s, after) > longest(lean, plan, before):
            return FAR
    return cost


@inner
def cheapest_near(lean: Lean, plan: Plan, work: Work, node: int, first: int, last: int, limit: int) -> tuple[int, int]:
    """Return cost and the node before the cheapest position beside neighbours ``first..last - 1``, below ``limit``.

    Blinks: only positions that would be the best so far need be drawn for, the others are not taken anyway.
    """
    best, best_before = limit, NOWHERE
    demand = lean.stops[node].demand
    for index in range(first, last):
        beside = lean.near[node, index]
        tour = plan.nodes[beside].tour
        if tour == NOWHERE or plan.tours[tour].room < demand:
            continue
        cost = insertion_cost(lean, plan, node, beside, best)
        if cost < best and uniform(work.state) >= BLINKS:
            best, best_before = cost, beside
        before = plan.nodes[beside].pred
        cost = insertion_cost(lean, plan, node, before, best)
        if cost < best and uniform(work.state) >= BLINKS:
            best, best_before = cost, before
    return best, best_before


@inner
def cheapest_anywhere(lean: Lean, plan: Plan, node: int, limit: int) -> tuple[int, int]:
    """Return cost and the node before the cheapest of all positions on tours with stops, below ``limit``."""
    best, best_before = limit, NOWHERE
    stops, demand = len(lean.stops), lean.stops[node].demand
    for tour in range(len(plan.tours)):
        if plan.tours[tour].size == 0 or plan.tours[tour].room < demand:
            continue
        before = stops + tour
        for _ in range(plan.tours[tour].size + 1):
            cost = insertion_cost(lean, plan, node, before, best)
            if cost < best:
                best, best_before = cost, before
            before = plan.nodes[before].succ
    return best, best_before


@inner
def cheapest_on_tours(lean: Lean, plan: Plan, work: Work, node: int, limit: int) -> tuple[int, int]:
    """Return cost and the node before the cheapest position found on tours with stops, below ``limit``."""
    reach = lean.near.shape[1]
    best, before = cheapest_near(lean, plan, work, node, 0, lean.nearby, limit)
    if before == NOWHERE and limit == FAR:
        best, before = cheapest_near(lean, plan, work, node, lean.nearby, reach, limit)
        if before == NOWHERE and uniform(work.state) < FULL_SCAN:
            best, before = cheapest_anywhere(lean, plan, node, limit)
    return best, before


@inner
def cheapest(lean: Lean, plan: Plan, work: Work, node: int, bonus: int) -> tuple[int, int, int]:
    """Return cost, stop and the node before the position for a removed stop or another of its group.

    FAR where there is none. ``bonus`` is what a tour more is worth.
    """
    chosen = node
    if lean.groups is None:
        best, before = cheapest_on_tours(lean, plan, work, node, FAR)
    else:
        best, before = FAR, NOWHERE
        group = lean.group[node]
        for at in range(lean.group_ptr[group], lean.group_ptr[group + 1]):
            cost, position = cheapest_on_tours(lean, plan, work, lean.member[at], best)
            if cost < best:
                best, before, chosen = cost, position, lean.member[at]
    if lean.mixed is not None or bonus > 0 or best == FAR:
        opening = cheapest_opening(lean, plan, work, chosen)
        if opening < FAR and opening - bonus < best:
            return opening, chosen, empty_tour(lean, plan)
    return best, chosen, before
