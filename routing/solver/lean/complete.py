"""Making a plan complete: stops that fit nowhere are left, and what was left most often is worked in first.

The fleet minimisation of SISR (Christiaens & Vanden Berghe 2020) by sums of absences: a plan is better when the stops
it leaves have been left less often before.
"""

from __future__ import annotations

import math

from data.jit import inner, kernel
from routing.solver.chance import uniform
from routing.solver.lean.anneal import ruin_and_shake
from routing.solver.lean.links import take_off
from routing.solver.lean.log import begin, undo
from routing.solver.lean.recreate import call_absent, note_left, price_outside, recreate
from routing.solver.lean.state import ABSENT, FAR, LEFT, MOST, NOWHERE, PRESENT, U32, USED, Lean, Plan, Work


@kernel
def complete(lean: Lean, plan: Plan, work: Work, temperature: float, iterations: int) -> bool:
    """Try to serve what is absent; return whether the plan is complete."""
    for _ in range(iterations):
        if work.tally[ABSENT] == 0:
            return True
        begin(lean, plan, work)
        used = work.tally[USED]
        threshold = int(-temperature * math.log(1.0 - uniform(work.state)))
        change = ruin_and_shake(lean, plan, work)
        if change == FAR:
            undo(lean, plan, work, used)
            continue
        change -= call_absent(lean, work)
        change += recreate(lean, plan, work, 0, 0, FAR - 1)
        fewer = absences_of(work, work.left, work.tally[LEFT]) - absences_of(work, work.absent, work.tally[ABSENT])
        if fewer < 0 or (work.tally[LEFT] <= work.tally[ABSENT] and change < threshold):
            work.cost[PRESENT] += change
            note_left(work)
        else:
            undo(lean, plan, work, used)
        for at in range(work.tally[LEFT]):
            work.absences[work.left[at]] += 1
    return work.tally[ABSENT] == 0


@kernel
def build(lean: Lean, plan: Plan, work: Work) -> None:
    """Insert every absent stop where it fits."""
    begin(lean, plan, work)
    work.cost[PRESENT] -= call_absent(lean, work)
    work.cost[PRESENT] += recreate(lean, plan, work, 0, 0, FAR - 1)
    note_left(work)


@kernel
def close_tour(lean: Lean, plan: Plan, work: Work) -> None:
    """Make the stops of the tour that was left least often absent, and allow one tour less than there are."""
    begin(lean, plan, work)
    best, closed = FAR, NOWHERE
    for tour in range(len(plan.tours)):
        if plan.tours[tour].size > 0:
            absences = plan.tours[tour].size
            node = plan.nodes[len(lean.stops) + tour].succ
            while node < len(lean.stops):
                absences += work.absences[node]
                node = plan.nodes[node].succ
            if absences < best:
                best, closed = absences, tour
    work.tally[MOST] = work.tally[USED] - 1
    depot = len(lean.stops) + closed
    while plan.tours[closed].size > 0:
        node = plan.nodes[depot].succ
        work.cost[PRESENT] -= take_off(lean, plan, work, node)
        work.cost[PRESENT] += price_outside(lean, node)
        work.absent[work.tally[ABSENT]] = node
        work.tally[ABSENT] += 1


@inner
def absences_of(work: Work, stops: U32, count: int) -> int:
    """Return how often stops were left, in sum."""
    total = 0
    for at in range(count):
        total += work.absences[stops[at]]
    return total
