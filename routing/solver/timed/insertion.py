"""Where a stop goes in best: exactly, at every position of every tour, each tour at the hour that suits it then."""

from __future__ import annotations

from data.jit import inner, part
from routing.solver.chance import uniform
from routing.solver.timed.memo import known, slot_of
from routing.solver.timed.spans import through
from routing.solver.timed.state import DEMAND, DURATION, FAR, LOAD, NOWHERE, SCAN, SIZE, Memo, Plan, Timed, Work
from routing.solver.timed.tours import at, freshen_heads, freshen_tails

BLINKS = 0.02
"""Share of the tours that are overlooked."""


@part
def shortest_with(timed: Timed, plan: Plan, memo: Memo, tour: int, stop: int, limit: int) -> tuple[int, int]:
    """Return how long a tour is with a stop where it goes in best, and where; NOWHERE where it isn't below a limit."""
    name = plan.arcs[tour] ^ timed.word[stop]
    slot = slot_of(memo, name)
    if known(memo, slot, name):
        if memo.value[slot, 0] >= limit:
            return FAR, NOWHERE
        if memo.value[slot, 1] != NOWHERE:
            return 0 + memo.value[slot, 0], 0 + memo.value[slot, 1]
    freshen_heads(timed, plan, tour)
    freshen_tails(timed, plan, tour)
    best, position = limit, NOWHERE
    for index in range(plan.tours[tour, SIZE] + 1):
        duration = through(timed, plan, at(plan, tour, index - 1), stop, at(plan, tour, index), best)
        if duration < best:
            best, position = duration, index
    memo.name[slot] = name
    memo.value[slot, 0], memo.value[slot, 1] = best, position
    return best, position


@inner
def cheapest(timed: Timed, plan: Plan, memo: Memo, work: Work, stop: int) -> tuple[int, int, int]:
    """Return what a stop costs where it costs least, the tour (NOWHERE where there is none) and the position.

    Tours with stops nearby come first: what they cost bounds the others.
    """
    best, best_tour, best_position = FAR, NOWHERE, 0
    empty = 0
    while empty < len(plan.tours) and plan.tours[empty, SIZE] > 0:
        empty += 1
    if empty < len(plan.tours):
        best, best_tour = 0 + timed.alone[stop], empty
    work.tally[SCAN] += 1
    room = timed.capacity - timed.stops[stop, DEMAND]
    for index in range(timed.near.shape[1]):
        tour = plan.tour[timed.near[stop, index]]
        if tour == NOWHERE or work.seen[tour] == work.tally[SCAN]:
            continue
        work.seen[tour] = work.tally[SCAN]
        if plan.tours[tour, LOAD] > room or uniform(work.state) < BLINKS:
            continue
        limit = min(FAR, best + plan.tours[tour, DURATION])
        duration, position = shortest_with(timed, plan, memo, tour, stop, limit)
        if position != NOWHERE:
            best, best_tour, best_position = duration - plan.tours[tour, DURATION], tour, position
    return best, best_tour, best_position
