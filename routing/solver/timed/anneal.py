"""The loop: ruin, recreate, and keep it or undo it by the annealing rule."""

from __future__ import annotations

import math

from data.jit import inner, kernel
from routing.solver.chance import below, uniform
from routing.solver.timed.insertion import cheapest
from routing.solver.timed.memo import add_to_pool
from routing.solver.timed.ruin import ruin
from routing.solver.timed.state import (
    BEST,
    FAR,
    LOGGED,
    NOWHERE,
    PRESENT,
    REMOVED,
    SIZE,
    Memo,
    Plan,
    Pool,
    Timed,
    Work,
)
from routing.solver.timed.tours import begin, note_change, put_in, undo

POOLED = 1.05
"""Tours of plans at most so many times as long as the best are kept for the end."""


@kernel
def anneal(timed: Timed, plan: Plan, memo: Memo, pool: Pool, work: Work, temperature: float, iterations: int) -> None:
    """Run iterations at one temperature; ``work.best`` is overwritten with every plan that is better."""
    for _ in range(iterations):
        begin(work)
        threshold = work.tally[PRESENT] - temperature * math.log(1.0 - uniform(work.state))
        before = work.tally[PRESENT]
        done = ruin(timed, plan, memo, work)
        if done:
            note_change(plan, work)
            done = recreate(timed, plan, memo, work, threshold)
        if not done:
            work.tally[PRESENT] = before
            undo(plan, work)
            continue
        if work.tally[PRESENT] <= POOLED * work.tally[BEST]:
            for index in range(work.tally[LOGGED]):
                if plan.tours[work.logged[index], SIZE] > 0:
                    add_to_pool(timed, plan, pool, work.logged[index])
        if work.tally[PRESENT] < work.tally[BEST]:
            keep(plan, work)


@kernel
def build(timed: Timed, plan: Plan, memo: Memo, work: Work) -> bool:
    """Insert ``work.removed`` into a plan without stops; return whether all go in, and keep the plan if so."""
    begin(work)
    work.tally[REMOVED] = len(plan.tour) - 1
    if not recreate(timed, plan, memo, work, float(FAR) * FAR):
        undo(plan, work)
        work.tally[PRESENT] = 0
        return False
    keep(plan, work)
    return True


@inner
def recreate(timed: Timed, plan: Plan, memo: Memo, work: Work, threshold: float) -> bool:
    """Insert every removed stop; return whether the plan is complete and not longer than a threshold."""
    sort_removed(timed, work)
    for index in range(work.tally[REMOVED]):
        if work.tally[PRESENT] > threshold:
            return False
        stop = work.removed[index]
        cost, tour, position = cheapest(timed, plan, memo, work, stop)
        if tour == NOWHERE:
            return False
        work.tally[PRESENT] += cost
        put_in(timed, plan, work, tour, position, stop, cost)
    return work.tally[PRESENT] <= threshold


@inner
def sort_removed(timed: Timed, work: Work) -> None:
    """Sort what came off by one of the keys, or shuffle it."""
    row, count = below(work.state, len(timed.keys)), work.tally[REMOVED]
    for index in range(count - 1, 0, -1):
        other = below(work.state, index + 1)
        work.removed[index], work.removed[other] = work.removed[other], work.removed[index]
    for index in range(1, count):
        stop, slot = work.removed[index], index
        key = timed.keys[row, stop]
        while slot > 0 and timed.keys[row, work.removed[slot - 1]] > key:
            work.removed[slot] = work.removed[slot - 1]
            slot -= 1
        work.removed[slot] = stop


@inner
def keep(plan: Plan, work: Work) -> None:
    """Note the plan as the best."""
    work.tally[BEST] = work.tally[PRESENT]
    for tour in range(len(plan.tours)):
        work.best_size[tour] = plan.tours[tour, SIZE]
        for position in range(plan.tours[tour, SIZE]):
            work.best[tour, position] = plan.seq[tour, position]
