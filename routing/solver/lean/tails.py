"""Tail exchange: two tours swap what follows (2-opt*), or a tour is cut in two."""

from __future__ import annotations

from data.jit import inner
from routing.solver.chance import below, uniform
from routing.solver.lean.kinds import cheapest_opening, empty_tour, open_tour, unit_of
from routing.solver.lean.links import link
from routing.solver.lean.log import log_node, log_tour
from routing.solver.lean.state import FAR, HOLES, NOWHERE, USED, Lean, Plan, Work
from routing.solver.lean.times import backward, forward, meets

TRIED = 20
"""Neighbours behind which a tail may go on; half of them are skipped."""
CUTS = 0.05
"""Share of the tail exchanges that are with an empty tour."""


@inner
def exchange_tails(lean: Lean, plan: Plan, work: Work) -> int:
    """Exchange the tail behind one of this iteration's holes; return what that costs."""
    if work.tally[HOLES] == 0:
        return 0
    before = work.holes[below(work.state, work.tally[HOLES])]
    if before >= len(lean.stops):
        return 0
    if uniform(work.state) < CUTS:
        return cut_in_two(lean, plan, work, before)
    best, best_after = FAR, NOWHERE
    for index in range(min(TRIED, lean.near.shape[1])):
        after = lean.near[before, index]
        if plan.nodes[after].tour == NOWHERE or uniform(work.state) < 0.5:
            continue
        cost = exchange_cost(lean, plan, before, after, best)
        if cost < best:
            best, best_after = cost, after
    if best == FAR:
        return 0
    unit = unit_of(lean, plan, plan.nodes[before].tour)
    return best * unit + swap_tails(lean, plan, work, before, best_after)


@inner
def exchange_cost(lean: Lean, plan: Plan, before: int, after: int, limit: int) -> int:
    """Return how much longer it is to go on from ``before`` to ``after`` of another tour and to swap the rests."""
    tour, other = plan.nodes[before].tour, plan.nodes[after].tour
    if tour == other or plan.tours[tour].kind != plan.tours[other].kind:
        return FAR
    last, rest = plan.nodes[after].pred, plan.nodes[before].succ
    cost = lean.out[before, after].m + lean.out[plan.nodes[last].place, plan.nodes[rest].place].m
    cost -= plan.nodes[before].leg + plan.nodes[last].leg
    if cost >= limit or not meets(lean, plan, before, after) or not meets(lean, plan, last, rest):
        return FAR
    moved = demand_from(lean, plan, after) - demand_from(lean, plan, rest)
    if plan.tours[tour].room < moved or plan.tours[other].room < -moved:
        return FAR
    return cost


@inner
def demand_from(lean: Lean, plan: Plan, node: int) -> int:
    """Return the demand from a node to the end of its tour."""
    total = 0
    while node < len(lean.stops):
        total += lean.stops[node].demand
        node = plan.nodes[node].succ
    return total


@inner
def swap_tails(lean: Lean, plan: Plan, work: Work, before: int, after: int) -> int:
    """Go on from ``before`` to ``after``, and from the node before ``after`` with the rest of ``before``'s tour.

    Return what a vehicle less costs: nothing or less.
    """
    stops = len(lean.stops)
    last, rest = plan.nodes[after].pred, plan.nodes[before].succ
    tour, other = plan.nodes[before].tour, plan.nodes[last].tour
    log_tour(plan, work, tour)
    log_tour(plan, work, other)
    end = hand_over(lean, plan, work, after, tour)
    other_end = hand_over(lean, plan, work, rest, other)
    link_tail(lean, plan, work, before, after, end, stops + tour)
    link_tail(lean, plan, work, last, rest, other_end, stops + other)
    if lean.windows is not None:
        forward(lean, plan, work, before)
        forward(lean, plan, work, last)
        backward(lean, plan, work, plan.nodes[before].succ)
        backward(lean, plan, work, plan.nodes[last].succ)
    if plan.tours[other].size > 0:
        return 0
    work.tally[USED] -= 1
    if lean.mixed is None:
        return 0
    plan.free[plan.tours[other].kind] += 1
    return -lean.kinds[plan.tours[other].kind].fixed


@inner
def hand_over(lean: Lean, plan: Plan, work: Work, node: int, tour: int) -> int:
    """Make a tail part of another tour, links aside; return its last stop, NOWHERE where it has none."""
    end = NOWHERE
    while node < len(lean.stops):
        log_node(lean, plan, work, node)
        was = plan.nodes[node].tour
        plan.nodes[node].tour = tour
        plan.tours[was].size -= 1
        plan.tours[was].room += lean.stops[node].demand
        plan.tours[tour].size += 1
        plan.tours[tour].room -= lean.stops[node].demand
        end = node
        node = plan.nodes[node].succ
    return end


@inner
def link_tail(lean: Lean, plan: Plan, work: Work, before: int, after: int, end: int, depot: int) -> None:
    """Link a tail that begins with ``after`` and ends with ``end``, or none, behind ``before`` and to the depot."""
    if end == NOWHERE:
        link(lean, plan, work, before, depot)
    else:
        link(lean, plan, work, before, after)
        link(lean, plan, work, end, depot)


@inner
def cut_in_two(lean: Lean, plan: Plan, work: Work, before: int) -> int:
    """Let what follows ``before`` become a tour of its own; return what that costs."""
    rest, tour = plan.nodes[before].succ, plan.nodes[before].tour
    if rest >= len(lean.stops) or lean.mixed is not None:
        return 0
    if cheapest_opening(lean, plan, work, rest) == FAR:
        return 0
    depot = empty_tour(lean, plan)
    if not meets(lean, plan, before, len(lean.stops) + tour) or not meets(lean, plan, depot, rest):
        return 0
    cost = lean.out[before, plan.nodes[depot].place].m + lean.out[plan.nodes[depot].place, rest].m
    cost -= plan.nodes[before].leg
    open_tour(lean, plan, work, plan.nodes[depot].tour)
    return cost + swap_tails(lean, plan, work, before, depot)
