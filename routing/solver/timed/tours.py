"""A tour's stops, its name and its duration; it is logged before it changes, and put back from there."""

from __future__ import annotations

from data.jit import inner, part
from routing.solver.timed.memo import known, slot_of
from routing.solver.timed.spans import across, extend_head, extend_tail
from routing.solver.timed.state import (
    DEMAND,
    DURATION,
    HEADS_FRESH,
    LOAD,
    LOGGED,
    NOWHERE,
    PRESENT,
    REMOVED,
    ROUND,
    SIZE,
    TAILS_FRESH,
    TICK,
    USED,
    Memo,
    Plan,
    Timed,
    Work,
)


@inner
def at(plan: Plan, tour: int, position: int) -> int:
    """Return the stop at a position of a tour, the depot before the first and after the last."""
    if position < 0 or position >= plan.tours[tour, SIZE]:
        return 0
    return plan.seq[tour, position]


@inner
def begin(work: Work) -> None:
    """Start an iteration: nothing is logged, nothing removed."""
    work.tally[TICK] += 1
    work.tally[LOGGED] = work.tally[REMOVED] = 0


@inner
def log_tour(plan: Plan, work: Work, tour: int) -> None:
    """Note a tour as it was when the iteration began."""
    if plan.tours[tour, ROUND] == work.tally[TICK]:
        return
    index = work.tally[LOGGED]
    work.logged[index] = tour
    work.arcs_was[index] = plan.arcs[tour]
    for column in range(plan.tours.shape[1]):
        work.tours_was[index, column] = plan.tours[tour, column]
    for position in range(plan.tours[tour, SIZE]):
        work.seq_was[index, position] = plan.seq[tour, position]
    plan.tours[tour, ROUND] = work.tally[TICK]
    work.tally[LOGGED] += 1


@inner
def undo(plan: Plan, work: Work) -> None:
    """Put back every tour of the log; what is known of its parts may have been overwritten."""
    for index in range(work.tally[LOGGED]):
        tour = work.logged[index]
        was_used = plan.tours[tour, SIZE] > 0
        plan.arcs[tour] = work.arcs_was[index]
        for column in range(plan.tours.shape[1]):
            plan.tours[tour, column] = work.tours_was[index, column]
        for position in range(plan.tours[tour, SIZE]):
            plan.seq[tour, position] = work.seq_was[index, position]
            plan.tour[plan.seq[tour, position]] = tour
        plan.tours[tour, HEADS_FRESH] = plan.tours[tour, TAILS_FRESH] = 0
        work.tally[USED] += int(plan.tours[tour, SIZE] > 0) - int(was_used)


@inner
def put_in(timed: Timed, plan: Plan, work: Work, tour: int, position: int, stop: int, cost: int) -> None:
    """Insert a stop, which makes the tour so much longer."""
    log_tour(plan, work, tour)
    size = plan.tours[tour, SIZE]
    before, after = at(plan, tour, position - 1), at(plan, tour, position)
    plan.arcs[tour] ^= timed.arc[before, after] ^ timed.arc[before, stop] ^ timed.arc[stop, after]
    for index in range(size, position, -1):
        plan.seq[tour, index] = plan.seq[tour, index - 1]
    plan.seq[tour, position] = stop
    plan.tour[stop] = tour
    plan.tours[tour, SIZE] = size + 1
    plan.tours[tour, LOAD] += timed.stops[stop, DEMAND]
    plan.tours[tour, DURATION] += cost
    plan.tours[tour, HEADS_FRESH] = min(plan.tours[tour, HEADS_FRESH], position)
    plan.tours[tour, TAILS_FRESH] = min(plan.tours[tour, TAILS_FRESH], size - position)
    work.tally[USED] += int(size == 0)


@inner
def take_off(timed: Timed, plan: Plan, work: Work, tour: int, position: int) -> int:
    """Take a stop off and return it; the tour's duration is not brought up to date."""
    log_tour(plan, work, tour)
    size, stop = plan.tours[tour, SIZE], plan.seq[tour, position]
    before, after = at(plan, tour, position - 1), at(plan, tour, position + 1)
    plan.arcs[tour] ^= timed.arc[before, after] ^ timed.arc[before, stop] ^ timed.arc[stop, after]
    for index in range(position, size - 1):
        plan.seq[tour, index] = plan.seq[tour, index + 1]
    plan.tour[stop] = NOWHERE
    plan.tours[tour, SIZE] = size - 1
    plan.tours[tour, LOAD] -= timed.stops[stop, DEMAND]
    plan.tours[tour, HEADS_FRESH] = min(plan.tours[tour, HEADS_FRESH], position)
    plan.tours[tour, TAILS_FRESH] = min(plan.tours[tour, TAILS_FRESH], size - position - 1)
    work.tally[USED] -= int(size == 1)
    return stop


@part
def freshen_tails(timed: Timed, plan: Plan, tour: int) -> None:
    """Bring the tails of a tour's stops up to date."""
    size = plan.tours[tour, SIZE]
    for position in range(size - plan.tours[tour, TAILS_FRESH] - 1, -1, -1):
        stop = plan.seq[tour, position]
        extend_tail(timed, plan, stop, stop, at(plan, tour, position + 1))
    plan.tours[tour, TAILS_FRESH] = size


@part
def freshen_heads(timed: Timed, plan: Plan, tour: int) -> None:
    """Bring the heads of a tour's stops up to date."""
    size = plan.tours[tour, SIZE]
    for position in range(plan.tours[tour, HEADS_FRESH], size):
        extend_head(timed, plan, at(plan, tour, position - 1), plan.seq[tour, position])
    plan.tours[tour, HEADS_FRESH] = size


@part
def measure(timed: Timed, plan: Plan, memo: Memo, tour: int) -> int:
    """Bring the duration of a tour up to date and return it, FAR where it can't be driven in time."""
    if plan.tours[tour, SIZE] == 0:
        plan.tours[tour, DURATION] = 0
        return 0
    name = plan.arcs[tour]
    slot = slot_of(memo, name)
    if not known(memo, slot, name):
        freshen_tails(timed, plan, tour)
        memo.name[slot] = name
        memo.value[slot, 0] = across(timed, plan, 0, plan.seq[tour, 0])
    plan.tours[tour, DURATION] = memo.value[slot, 0]
    return plan.tours[tour, DURATION]


@inner
def note_change(plan: Plan, work: Work) -> None:
    """Bring the duration of the plan up to date from the tours in the log."""
    for index in range(work.tally[LOGGED]):
        work.tally[PRESENT] += plan.tours[work.logged[index], DURATION] - work.tours_was[index, DURATION]
