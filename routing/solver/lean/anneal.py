"""The loop: ruin, exchange tails, recreate, and keep it or undo it by the annealing rule."""

from __future__ import annotations

import math

from data.jit import inner, kernel
from routing.solver.chance import uniform
from routing.solver.lean.kinds import fit_kinds, shuffle_kind
from routing.solver.lean.log import begin, undo
from routing.solver.lean.recreate import call_absent, note_left, recreate
from routing.solver.lean.ruin import ruin
from routing.solver.lean.state import ABSENT, BEST, FAR, PRESENT, USED, Lean, Plan, Work
from routing.solver.lean.tails import exchange_tails

KINDS = 0.3
"""Share of the iterations that change a vehicle's kind after the ruin, where kinds differ."""


@kernel
def anneal(
    lean: Lean, plan: Plan, best: Plan, work: Work, temperature: float, bonus: int, markup: int, iterations: int
) -> None:
    """Run iterations at one temperature; ``best`` is overwritten with every complete plan that is better.

    ``bonus`` is what a tour more is worth in acceptance, ``markup`` what a stop that is left weighs besides its price
    (nothing may be left where it is negative). The best plan is known by its true cost.
    """
    for _ in range(iterations):
        begin(lean, plan, work)
        used = work.tally[USED]
        change = iterate(lean, plan, work, temperature, bonus, markup)
        if change == FAR:
            undo(lean, plan, work, used)
            continue
        work.cost[PRESENT] += change
        note_left(work)
        if work.cost[PRESENT] < work.cost[BEST] and work.tally[ABSENT] == 0:
            work.cost[BEST] = work.cost[PRESENT]
            keep(lean, plan, best)


@inner
def iterate(lean: Lean, plan: Plan, work: Work, temperature: float, bonus: int, markup: int) -> int:
    """Ruin and recreate once; return the change of cost, FAR where it is not accepted.

    The threshold is drawn first, so that the recreation can stop as soon as it is beyond it.
    """
    threshold = int(-temperature * math.log(1.0 - uniform(work.state)))
    used = work.tally[USED]
    change = ruin_and_shake(lean, plan, work)
    if change == FAR:
        return FAR
    budget = threshold + bonus * (work.tally[USED] - used) + markup * work.tally[ABSENT]
    change -= call_absent(lean, work)
    added = recreate(lean, plan, work, bonus, markup, budget - change)
    if added == FAR:
        return FAR
    if lean.mixed is not None:
        added += fit_kinds(lean, plan, work)
    return change + added


@inner
def ruin_and_shake(lean: Lean, plan: Plan, work: Work) -> int:
    """Take stops off, then perhaps exchange tails or change a vehicle; return the change of cost, or FAR."""
    saved = ruin(lean, plan, work)
    if saved == FAR:
        return FAR
    change = -saved
    if uniform(work.state) < lean.tails:
        change += exchange_tails(lean, plan, work)
    if lean.mixed is not None:
        if uniform(work.state) < KINDS:
            change += shuffle_kind(lean, plan, work)
    return change


@inner
def keep(lean: Lean, plan: Plan, best: Plan) -> None:
    """Copy a plan."""
    for node in range(len(plan.nodes)):
        best.nodes[node] = plan.nodes[node]
    if lean.shifts is not None:
        for node in range(len(plan.nodes)):
            best.spans[node] = plan.spans[node]
    for tour in range(len(plan.tours)):
        best.tours[tour] = plan.tours[tour]
    for kind in range(len(plan.free)):
        best.free[kind] = plan.free[kind]
