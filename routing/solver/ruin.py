"""Ruin: strings of neighbouring stops come off their tours (Christiaens & Vanden Berghe 2020, SISR)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.jit import inner, part
from routing.solver.chance import below, uniform
from routing.solver.links import OPEN, is_sealed, pred, server, succ, unlink
from routing.solver.pairs import drop_halves
from routing.solver.reloads import drop_idle_reloads
from routing.solver.rules import Rules, is_reload
from routing.solver.schedule import reschedule, schedule_tour
from routing.solver.work import HOLES, REMOVED, STAMP, Work

if TYPE_CHECKING:
    from routing.solver.tours import Tours

MEAN_REMOVED = 10
LONGEST_STRING = 10
SMALL = 20
"""Up to so many orders, now and then every tour loses a string of any length."""
WHOLE = 0.005
"""Share of the ruins that take a whole tour off: what may save its vehicle, or let another kind drive."""
SPLIT = 0.5
"""Share of the strings that keep stops in their middle."""
DEEPER = 0.01
"""Chance of each further stop to stay there."""


@part
def ruin(rules: Rules, tours: Tours, work: Work) -> bool:
    """Take strings around a random order off their tours, listed in ``work.removed``.

    Sealed heads stay; pairs come off as a whole. Return False where a tour is infeasible without what came off (a
    vehicle would wait in a zone that closes) or a pair could not: the caller then undoes everything.
    """
    work.tally[REMOVED] = work.tally[HOLES] = 0
    work.tally[STAMP] += 1
    orders, in_use = len(rules.orders), tours.tally[OPEN]
    if in_use == 0:
        return True
    longest = min(LONGEST_STRING, max(1, orders // in_use))
    strings = 1 + int(uniform(work.state) * max(1.0, 4.0 * MEAN_REMOVED / (1 + longest) - 1.0))
    if orders <= SMALL and uniform(work.state) < 0.2:  # short tours must be able to come off whole, and all at once
        longest, strings = LONGEST_STRING, in_use
    elif uniform(work.state) < WHOLE:
        longest, strings = 0, 1
    seed = below(work.state, orders)
    for index in range(work.beside.shape[1]):
        node = 0 + work.beside[seed, index]
        vehicle = server(tours, node)
        if vehicle < 0 or is_reload(rules, node) or work.stamp[vehicle] == work.tally[STAMP] or is_sealed(tours, node):
            continue
        work.stamp[vehicle] = work.tally[STAMP]
        if not cut_string(rules, tours, work, node, vehicle, longest):
            return False
        strings -= 1
        if strings == 0:
            break
    return len(rules.pickup) == 0 or drop_and_schedule(rules, tours, work)


@inner
def drop_and_schedule(rules: Rules, tours: Tours, work: Work) -> bool:
    """Take the other halves of pairs off too, then time the tours; return whether they are feasible."""
    if not drop_halves(rules, tours, work):
        return False
    for vehicle in range(len(rules.vehicles)):
        if work.stamp[vehicle] == work.tally[STAMP]:
            drop_idle_reloads(rules, tours, vehicle)
            if not schedule_tour(rules, tours, vehicle):
                return False
    return True


@inner
def cut_string(rules: Rules, tours: Tours, work: Work, node: int, vehicle: int, longest: int) -> bool:
    """Take a string with ``node`` in it off, perhaps without its middle; return whether the tour stays feasible.

    All that may come off does where ``longest`` is 0. Where there may be pairs, that the tour stays feasible is only
    known once their other halves are off.
    """
    free = tours.fleet[vehicle].stops - tours.fleet[vehicle].sealed
    length = 1 + below(work.state, min(longest, free)) if longest > 0 else free
    kept = 0
    if length > 1 and uniform(work.state) < SPLIT:
        kept = min(1, free - length)
        while 0 < kept < free - length and uniform(work.state) < DEEPER:
            kept += 1
    at = string_start(rules, tours, work, node, length + kept)
    head = pred(tours, at)
    split = 1 + below(work.state, length - 1) if kept > 0 else length
    tail = take_run(rules, tours, work, at, split)
    if kept > 0:
        for _ in range(kept):
            tail = succ(tours, tail)
        tail = take_run(rules, tours, work, tail, length - split)
    return len(rules.pickup) > 0 or reschedule(rules, tours, vehicle, head, tail)


@inner
def string_start(rules: Rules, tours: Tours, work: Work, node: int, length: int) -> int:
    """Return where a string of ``length`` free stops with ``node`` in it begins, drawn evenly."""
    before, at = 0, node
    while before < length - 1 and pred(tours, at) < len(rules.orders) and not is_sealed(tours, pred(tours, at)):
        at = pred(tours, at)
        before += 1
    behind, end = 0, node
    while behind < length - 1 and tours.nodes[end].succ < len(rules.orders):
        end = succ(tours, end)
        behind += 1
    for _ in range(below(work.state, before + behind - length + 2)):
        at = succ(tours, at)
    return at


@inner
def take_run(rules: Rules, tours: Tours, work: Work, at: int, length: int) -> int:
    """Take ``length`` stops from ``at`` on off, times not updated; return the node that then follows."""
    work.holes[work.tally[HOLES]] = tours.nodes[at].pred
    work.tally[HOLES] += 1
    for _ in range(length):
        after = succ(tours, at)
        if not is_reload(rules, at):
            work.removed[work.tally[REMOVED]] = at
            work.tally[REMOVED] += 1
            unlink(rules, tours, at)
        at = after
    return at
