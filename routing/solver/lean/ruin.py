"""Ruin: strings of neighbouring stops come off their tours (SISR: Christiaens & Vanden Berghe 2020)."""

from __future__ import annotations

from data.jit import inner
from routing.solver.chance import below, uniform
from routing.solver.lean.links import take_off
from routing.solver.lean.state import ABSENT, FAR, HOLES, NOWHERE, REMOVED, ROUND, USED, Lean, Plan, Work
from routing.solver.lean.times import backward, forward, meets

MEAN_REMOVED = 10
LONGEST = 10
SPLIT = 0.5
DEEPER = 0.01
"""Share of the strings that keep a part in the middle, and chance that this part is a stop longer, each time."""


@inner
def ruin(lean: Lean, plan: Plan, work: Work) -> int:
    """Take strings around a random stop off; return what is saved, FAR where a tour is late without them."""
    if work.tally[USED] == 0:
        return 0
    seed = below(work.state, len(lean.stops))
    while plan.nodes[seed].tour == NOWHERE:
        seed = below(work.state, len(lean.stops))
    served = len(lean.group_ptr) - 1 - work.tally[ABSENT]
    longest = min(LONGEST, max(1, served // work.tally[USED]))
    strings = 1 + int(uniform(work.state) * max(1.0, 4.0 * MEAN_REMOVED / (1 + longest) - 1.0))
    saved, cut = 0, 0
    for index in range(lean.beside.shape[1]):
        node = lean.beside[seed, index]
        tour = plan.nodes[node].tour
        if tour == NOWHERE or plan.tours[tour].round == work.tally[ROUND]:
            continue
        gained = cut_string(lean, plan, work, node, min(longest, plan.tours[tour].size))
        if gained == FAR:
            return FAR
        saved += gained
        cut += 1
        if cut == strings:
            break
    return saved


@inner
def cut_string(lean: Lean, plan: Plan, work: Work, node: int, longest: int) -> int:
    """Take a string with ``node`` in it off, perhaps without its middle; return what is saved, FAR where it is late."""
    tour = plan.nodes[node].tour
    length = 1 + below(work.state, longest)
    kept = 0
    if length > 1 and uniform(work.state) < SPLIT:
        spare = plan.tours[tour].size - length
        kept = min(1, spare)
        while kept < spare and uniform(work.state) < DEEPER:
            kept += 1
    at = string_start(lean, plan, work, node, length + kept)
    split = 1 + below(work.state, length - 1) if kept > 0 else length
    saved = take_run(lean, plan, work, at, split)
    if kept > 0 and saved != FAR:
        at = plan.nodes[work.holes[work.tally[HOLES] - 1]].succ
        for _ in range(kept):
            at = plan.nodes[at].succ
        more = take_run(lean, plan, work, at, length - split)
        saved = saved + more if more != FAR else FAR
    return saved


@inner
def string_start(lean: Lean, plan: Plan, work: Work, node: int, length: int) -> int:
    """Return where a string of ``length`` stops with ``node`` in it begins, drawn evenly."""
    stops = len(lean.stops)
    before, at = 0, node
    while before < length - 1 and plan.nodes[at].pred < stops:
        at = plan.nodes[at].pred
        before += 1
    behind, end = 0, node
    while behind < length - 1 and plan.nodes[end].succ < stops:
        end = plan.nodes[end].succ
        behind += 1
    for _ in range(below(work.state, before + behind - length + 2)):
        at = plan.nodes[at].succ
    return at


@inner
def take_run(lean: Lean, plan: Plan, work: Work, at: int, length: int) -> int:
    """Take ``length`` stops from ``at`` on off; return what is saved, FAR where the tour is late without them.

    That can be: rounded legs break the triangle inequality by a unit.
    """
    before = plan.nodes[at].pred
    saved = 0
    for _ in range(length):
        after = plan.nodes[at].succ
        work.removed[work.tally[REMOVED]] = at
        work.tally[REMOVED] += 1
        saved += take_off(lean, plan, work, at)
        at = after
    if lean.windows is not None:
        if not meets(lean, plan, before, at):
            return FAR
        forward(lean, plan, work, before)
        backward(lean, plan, work, at)
    work.holes[work.tally[HOLES]] = before
    work.tally[HOLES] += 1
    return saved
