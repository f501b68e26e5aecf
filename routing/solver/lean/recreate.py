"""Recreate: what came off goes back one after the other, in an order drawn anew each time."""

from __future__ import annotations

from data.jit import inner
from routing.solver.chance import below
from routing.solver.lean.insertion import cheapest
from routing.solver.lean.links import put_in
from routing.solver.lean.state import ABSENT, FAR, LEFT, NOWHERE, REMOVED, USED, Lean, Plan, Work


@inner
def recreate(lean: Lean, plan: Plan, work: Work, bonus: int, markup: int, budget: int) -> int:
    """Insert every removed stop; return what that costs, bonuses and markups apart, or FAR.

    A stop that fits nowhere is left, for the price of a tour for it alone; a markup below zero forbids that. Ends
    early, with FAR, where the cost after bonuses and markups is more than ``budget``.
    """
    sort_removed(lean, work)
    cost, used = 0, work.tally[USED]
    for index in range(work.tally[REMOVED]):
        longer, node, before = cheapest(lean, plan, work, work.removed[index], bonus)
        opened = 0
        if before == NOWHERE:
            if markup < 0:
                return FAR
            work.left[work.tally[LEFT]] = node
            work.tally[LEFT] += 1
            cost += price_outside(lean, node)
        else:
            cost += longer
            opened = int(plan.tours[plan.nodes[before].tour].size == 0)
        if cost + markup * work.tally[LEFT] - bonus * (work.tally[USED] + opened - used) > budget:
            return FAR
        if before != NOWHERE:
            put_in(lean, plan, work, node, before)
    return cost


@inner
def price_outside(lean: Lean, node: int) -> int:
    """Return what a stop costs that is on no tour: as much as a tour for it alone."""
    kind = lean.kinds[0]
    return (lean.out[kind.place, node].m + lean.out[node, kind.place].m) * kind.unit + kind.fixed


@inner
def call_absent(lean: Lean, work: Work) -> int:
    """Let what is absent be recreated too; return what it costs as long as it is absent."""
    price = 0
    for at in range(work.tally[ABSENT]):
        work.removed[work.tally[REMOVED]] = work.absent[at]
        work.tally[REMOVED] += 1
        price += price_outside(lean, work.absent[at])
    return price


@inner
def note_left(work: Work) -> None:
    """Make what was left the absent stops of the plan."""
    for at in range(work.tally[LEFT]):
        work.absent[at] = work.left[at]
    work.tally[ABSENT] = work.tally[LEFT]


@inner
def sort_removed(lean: Lean, work: Work) -> None:
    """Sort what came off by one of the keys, or leave it in random order."""
    column = below(work.state, lean.keys.shape[1])
    for index in range(1, work.tally[REMOVED]):
        node = work.removed[index]
        key = lean.keys[node, column]
        slot = index
        while slot > 0 and lean.keys[work.removed[slot - 1], column] > key:
            work.removed[slot] = work.removed[slot - 1]
            slot -= 1
        work.removed[slot] = node
