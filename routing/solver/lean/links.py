"""Links between nodes: take a stop off its tour, put it in."""

from __future__ import annotations

from data.jit import inner
from routing.solver.lean.kinds import open_tour, unit_of
from routing.solver.lean.log import log_node, log_tour
from routing.solver.lean.state import NOWHERE, USED, Lean, Plan, Work
from routing.solver.lean.times import backward, forward, set_late, set_ready


@inner
def link(lean: Lean, plan: Plan, work: Work, before: int, after: int) -> None:
    """Make ``after`` follow ``before``; times are not touched."""
    log_node(lean, plan, work, before)
    log_node(lean, plan, work, after)
    plan.nodes[before].succ = after
    plan.nodes[after].pred = before
    plan.nodes[before].leg = lean.out[plan.nodes[before].place, plan.nodes[after].place].m


@inner
def take_off(lean: Lean, plan: Plan, work: Work, node: int) -> int:
    """Take a stop off its tour; return what is saved. Times are not touched."""
    before, after, tour = plan.nodes[node].pred, plan.nodes[node].succ, plan.nodes[node].tour
    longer = plan.nodes[before].leg + plan.nodes[node].leg
    log_node(lean, plan, work, node)
    log_tour(plan, work, tour)
    plan.nodes[node].tour = NOWHERE
    plan.tours[tour].room += lean.stops[node].demand
    plan.tours[tour].size -= 1
    link(lean, plan, work, before, after)
    saved = (longer - plan.nodes[before].leg) * unit_of(lean, plan, tour)
    if plan.tours[tour].size == 0:
        work.tally[USED] -= 1
        if lean.mixed is not None:
            saved += lean.kinds[plan.tours[tour].kind].fixed
            plan.free[plan.tours[tour].kind] += 1
    return saved


@inner
def put_in(lean: Lean, plan: Plan, work: Work, node: int, before: int) -> None:
    """Put a stop right after ``before``, where it fits, and bring the times of the tour up to date."""
    after, tour = plan.nodes[before].succ, plan.nodes[before].tour
    log_node(lean, plan, work, node)
    log_tour(plan, work, tour)
    if plan.tours[tour].size == 0:
        open_tour(lean, plan, work, tour)
    plan.nodes[node].tour = tour
    plan.tours[tour].room -= lean.stops[node].demand
    plan.tours[tour].size += 1
    link(lean, plan, work, before, node)
    link(lean, plan, work, node, after)
    if lean.windows is not None:
        set_ready(lean, plan, node, before)
        set_late(lean, plan, node, after)
        forward(lean, plan, work, node)
        backward(lean, plan, work, node)
