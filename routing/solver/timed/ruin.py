"""Ruin: strings of neighbouring stops come off their tours (SISR: Christiaens & Vanden Berghe 2020)."""

from __future__ import annotations

from data.jit import inner
from routing.solver.chance import below, uniform
from routing.solver.timed.state import CUT, FAR, NOWHERE, REMOVED, SIZE, TICK, USED, Memo, Plan, Timed, Work
from routing.solver.timed.tours import measure, take_off

MEAN_REMOVED = 10
LONGEST = 10
SPLIT = 0.5
DEEPER = 0.01
"""Share of the strings that keep a part in the middle, and chance that this part is a stop longer, each time."""


@inner
def ruin(timed: Timed, plan: Plan, memo: Memo, work: Work) -> bool:
    """Take strings around a random stop off; return whether what is left of their tours can be driven in time."""
    stops = len(plan.tour) - 1
    seed = 1 + below(work.state, stops)
    longest = min(LONGEST, max(1, stops // work.tally[USED]))
    strings = 1 + int(uniform(work.state) * max(1.0, 4.0 * MEAN_REMOVED / (1 + longest) - 1.0))
    for index in range(stops):
        stop = timed.near[seed, index]
        tour = plan.tour[stop]
        if tour == NOWHERE or plan.tours[tour, CUT] == work.tally[TICK]:
            continue
        plan.tours[tour, CUT] = work.tally[TICK]
        cut_string(timed, plan, work, stop, min(longest, plan.tours[tour, SIZE]))
        if measure(timed, plan, memo, tour) == FAR:
            return False
        strings -= 1
        if strings == 0:
            break
    return True


@inner
def cut_string(timed: Timed, plan: Plan, work: Work, stop: int, longest: int) -> None:
    """Take a string with a stop in it off, perhaps without its middle."""
    tour = plan.tour[stop]
    size, length = plan.tours[tour, SIZE], 1 + below(work.state, longest)
    kept = 0
    if length > 1 and uniform(work.state) < SPLIT:
        kept = min(1, size - length)
        while kept < size - length and uniform(work.state) < DEEPER:
            kept += 1
    position = 0
    while plan.seq[tour, position] != stop:
        position += 1
    first, last = max(0, position - (length + kept) + 1), min(position, size - (length + kept))
    start = first + below(work.state, last - first + 1)
    split = 1 + below(work.state, length - 1) if kept > 0 else length
    for count in range(length):
        where = start if count < split else start + kept
        work.removed[work.tally[REMOVED]] = take_off(timed, plan, work, tour, where)
        work.tally[REMOVED] += 1
