"""Which kind of vehicle drives a tour: opening one, changing its kind, and giving it the cheapest that will do."""

from __future__ import annotations

from data.jit import inner
from routing.solver.chance import below, uniform
from routing.solver.lean.log import log_node, log_tour
from routing.solver.lean.state import FAR, HOLES, KIND_CHOSEN, MOST, NOWHERE, TOURS_LOGGED, USED, Lean, Plan, Work
from routing.solver.lean.times import backward, forward

OVERLOOKED = 0.1
"""Share of the kinds that an opening overlooks."""


@inner
def unit_of(lean: Lean, plan: Plan, tour: int) -> int:
    """Return what a unit of distance costs on a tour."""
    if lean.mixed is None:
        return 1
    return lean.kinds[plan.tours[tour].kind].unit


@inner
def cheapest_opening(lean: Lean, plan: Plan, work: Work, node: int) -> int:
    """Return what a stop costs on an empty tour, FAR where there is none.

    The kind it takes is left in ``work`` for :func:`open_tour`.
    """
    if work.tally[USED] >= work.tally[MOST]:
        return FAR
    best = FAR
    for kind in range(len(lean.kinds)):
        place = lean.kinds[kind].place
        cost = lean.out[place, node].m + lean.out[node, place].m
        if lean.mixed is not None:
            if plan.free[kind] == 0 or lean.kinds[kind].capacity < lean.stops[node].demand:
                continue
            cost = cost * lean.kinds[kind].unit + lean.kinds[kind].fixed
            if cost >= best or uniform(work.state) < OVERLOOKED or not alone_in_time(lean, node, kind):
                continue
        best = cost
        work.tally[KIND_CHOSEN] = kind
    return best


@inner
def empty_tour(lean: Lean, plan: Plan) -> int:
    """Return the depot's node of an empty tour; there must be one."""
    tour = 0
    while plan.tours[tour].size > 0:
        tour += 1
    return len(lean.stops) + tour


@inner
def alone_in_time(lean: Lean, node: int, kind: int) -> bool:
    """Return whether a vehicle of a kind can serve a stop alone."""
    if lean.windows is None:
        return True
    stop, vehicle = lean.stops[node], lean.kinds[kind]
    into, onward = lean.out[vehicle.place, node].s, lean.out[node, vehicle.place].s
    begin = max(vehicle.opens + into, stop.opens)
    if begin > stop.closes or begin + stop.service + onward > vehicle.closes:
        return False
    return into + stop.service + onward <= vehicle.longest


@inner
def open_tour(lean: Lean, plan: Plan, work: Work, tour: int) -> None:
    """Count an empty tour as used, on the kind of vehicle that was chosen for it."""
    work.tally[USED] += 1
    if lean.mixed is not None:
        dress(lean, plan, work, tour, work.tally[KIND_CHOSEN])


@inner
def dress(lean: Lean, plan: Plan, work: Work, tour: int, kind: int) -> None:
    """Give a tour a vehicle of another kind; its links and times are not touched."""
    depot, vehicle = len(lean.stops) + tour, lean.kinds[kind]
    log_tour(plan, work, tour)
    log_node(lean, plan, work, depot)
    plan.free[kind] -= 1
    plan.tours[tour].room += vehicle.capacity - lean.kinds[plan.tours[tour].kind].capacity
    plan.tours[tour].kind = kind
    plan.nodes[depot].place = vehicle.place
    plan.nodes[depot].ready, plan.nodes[depot].late = vehicle.opens, vehicle.closes
    if lean.shifts is not None:
        plan.spans[depot].leave, plan.spans[depot].home = vehicle.closes, vehicle.opens


@inner
def change_cost(lean: Lean, plan: Plan, tour: int, kind: int) -> int:
    """Return what it costs to drive a tour that has stops with another kind, FAR where that can't be."""
    vehicle, now = lean.kinds[kind], lean.kinds[plan.tours[tour].kind]
    if now.capacity - plan.tours[tour].room > vehicle.capacity:
        return FAR
    depot = len(lean.stops) + tour
    first, last = plan.nodes[depot].succ, plan.nodes[depot].pred
    was = 0
    node = depot
    for _ in range(plan.tours[tour].size + 1):
        was += plan.nodes[node].leg
        node = plan.nodes[node].succ
    ends = lean.out[vehicle.place, first].m + lean.out[last, vehicle.place].m
    new = was - plan.nodes[depot].leg - plan.nodes[last].leg + ends
    if lean.windows is not None and not in_time_with(lean, plan, tour, kind):
        return FAR
    return new * vehicle.unit + vehicle.fixed - was * now.unit - now.fixed


@inner
def in_time_with(lean: Lean, plan: Plan, tour: int, kind: int) -> bool:
    """Return whether a vehicle of another kind can drive a tour in time."""
    vehicle = lean.kinds[kind]
    node, place = plan.nodes[len(lean.stops) + tour].succ, vehicle.place
    ready, driven, leave = vehicle.opens, 0, vehicle.closes
    while node < len(lean.stops):
        stop, seconds = lean.stops[node], lean.out[place, node].s
        ready, driven = max(ready + seconds, stop.opens), driven + seconds
        if ready > stop.closes:
            return False
        leave = min(leave, stop.closes - driven)
        ready, driven = ready + stop.service, driven + stop.service
        node, place = plan.nodes[node].succ, node
    seconds = lean.out[place, vehicle.place].s
    ready, driven = ready + seconds, driven + seconds
    return ready <= vehicle.closes and max(driven, ready - min(leave, vehicle.closes - driven)) <= vehicle.longest


@inner
def change_kind(lean: Lean, plan: Plan, work: Work, tour: int, kind: int) -> None:
    """Let another kind drive a tour that has stops, where that can be."""
    depot = len(lean.stops) + tour
    plan.free[plan.tours[tour].kind] += 1
    dress(lean, plan, work, tour, kind)
    first, last = plan.nodes[depot].succ, plan.nodes[depot].pred
    log_node(lean, plan, work, last)
    plan.nodes[depot].leg = lean.out[plan.nodes[depot].place, first].m
    plan.nodes[last].leg = lean.out[last, plan.nodes[depot].place].m
    if lean.windows is not None:
        forward(lean, plan, work, depot)
        backward(lean, plan, work, depot)


@inner
def shuffle_kind(lean: Lean, plan: Plan, work: Work) -> int:
    """Change the kind of a tour that lost stops, or trade kinds with another tour; return what that costs."""
    if work.tally[HOLES] == 0:
        return 0
    tour = plan.nodes[work.holes[below(work.state, work.tally[HOLES])]].tour
    kind = below(work.state, len(lean.kinds))
    now = plan.tours[tour].kind
    if plan.tours[tour].size == 0 or kind == now:
        return 0
    cost = change_cost(lean, plan, tour, kind)
    if cost == FAR:
        return 0
    if plan.free[kind] > 0:
        change_kind(lean, plan, work, tour, kind)
        return cost
    other = below(work.state, len(plan.tours))
    for _ in range(len(plan.tours)):
        if plan.tours[other].size > 0 and plan.tours[other].kind == kind:
            break
        other = other + 1 if other + 1 < len(plan.tours) else 0
    other_cost = change_cost(lean, plan, other, now)
    if other_cost == FAR:
        return 0
    change_kind(lean, plan, work, tour, kind)
    change_kind(lean, plan, work, other, now)
    return cost + other_cost


@inner
def fit_kinds(lean: Lean, plan: Plan, work: Work) -> int:
    """Give each tour that changed the cheapest free kind that will do; return what that costs, 0 or less."""
    total = 0
    for at in range(work.tally[TOURS_LOGGED]):
        tour = work.tour[at]
        if plan.tours[tour].size == 0:
            continue
        best, best_kind = 0, NOWHERE
        for kind in range(len(lean.kinds)):
            if kind != plan.tours[tour].kind and plan.free[kind] > 0:
                cost = change_cost(lean, plan, tour, kind)
                if cost < best:
                    best, best_kind = cost, kind
        if best < 0:
            change_kind(lean, plan, work, tour, best_kind)
            total += best
    return total
