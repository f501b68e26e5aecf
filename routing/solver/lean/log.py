"""The undo log: what an iteration changed is put back when the result is not accepted."""

from __future__ import annotations

from data.jit import inner
from routing.solver.lean.state import HOLES, LEFT, LOGGED, REMOVED, ROUND, TOURS_LOGGED, USED, Lean, Plan, Work


@inner
def begin(lean: Lean, plan: Plan, work: Work) -> None:
    """Begin an iteration with an empty log."""
    work.tally[ROUND] += 1
    work.tally[LOGGED] = work.tally[TOURS_LOGGED] = 0
    work.tally[REMOVED] = work.tally[LEFT] = work.tally[HOLES] = 0
    if lean.mixed is not None:
        for kind in range(len(plan.free)):
            work.free_was[kind] = plan.free[kind]


@inner
def log_node(lean: Lean, plan: Plan, work: Work, node: int) -> None:
    """Keep a node as it was before this iteration; call before every change."""
    if plan.nodes[node].round != work.tally[ROUND]:
        at = work.tally[LOGGED]
        work.node[at] = node
        work.node_was[at] = plan.nodes[node]
        if lean.shifts is not None:
            work.span_was[at] = plan.spans[node]
        work.tally[LOGGED] = at + 1
        plan.nodes[node].round = work.tally[ROUND]


@inner
def log_tour(plan: Plan, work: Work, tour: int) -> None:
    """Keep a tour as it was before this iteration; call before every change."""
    if plan.tours[tour].round != work.tally[ROUND]:
        at = work.tally[TOURS_LOGGED]
        work.tour[at] = tour
        work.tour_was[at] = plan.tours[tour]
        work.tally[TOURS_LOGGED] = at + 1
        plan.tours[tour].round = work.tally[ROUND]


@inner
def undo(lean: Lean, plan: Plan, work: Work, used: int) -> None:
    """Put every node and tour back as the iteration found it, with ``used`` tours."""
    for at in range(work.tally[LOGGED]):
        plan.nodes[work.node[at]] = work.node_was[at]
        if lean.shifts is not None:
            plan.spans[work.node[at]] = work.span_was[at]
    for at in range(work.tally[TOURS_LOGGED]):
        plan.tours[work.tour[at]] = work.tour_was[at]
    if lean.mixed is not None:
        for kind in range(len(plan.free)):
            plan.free[kind] = work.free_was[kind]
    work.tally[USED] = used
