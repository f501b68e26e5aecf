"""Times along a tour, kept so that joining two parts is a test of a few numbers.

What a tour up to a node can do is told by ``ready`` (earliest it is left); what the rest needs by ``late`` (latest
service may begin). Where a tour may take only so long, a part also knows how long it takes without waiting and when
it must begin or can end: the shortest tour of two parts follows (Vidal et al. 2013, on segments with windows).
"""

from __future__ import annotations

from data.jit import inner
from routing.solver.lean.log import log_node
from routing.solver.lean.state import Lean, Plan, Work


@inner
def set_ready(lean: Lean, plan: Plan, node: int, before: int) -> bool:
    """Derive a stop's times from the node before it; return whether any changed."""
    stop, seconds = lean.stops[node], lean.out[plan.nodes[before].place, node].s
    ready = max(plan.nodes[before].ready + seconds, stop.opens) + stop.service
    changed = ready != plan.nodes[node].ready
    plan.nodes[node].ready = ready
    if lean.shifts is not None:
        driven = plan.spans[before].driven + seconds
        leave = min(plan.spans[before].leave, stop.closes - driven)
        driven += stop.service
        changed = changed or driven != plan.spans[node].driven or leave != plan.spans[node].leave
        plan.spans[node].driven, plan.spans[node].leave = driven, leave
    return changed


@inner
def set_late(lean: Lean, plan: Plan, node: int, after: int) -> bool:
    """Derive a stop's times from the node after it; return whether any changed."""
    stop = lean.stops[node]
    takes = stop.service + lean.out[node, plan.nodes[after].place].s
    late = min(plan.nodes[after].late - takes, stop.closes)
    changed = late != plan.nodes[node].late
    plan.nodes[node].late = late
    if lean.shifts is not None:
        rest = takes + plan.spans[after].rest
        home = max(plan.spans[after].home, stop.opens + rest)
        changed = changed or rest != plan.spans[node].rest or home != plan.spans[node].home
        plan.spans[node].rest, plan.spans[node].home = rest, home
    return changed


@inner
def forward(lean: Lean, plan: Plan, work: Work, node: int) -> None:
    """Bring the times of what follows a node up to date, as far as they change."""
    before, at = node, plan.nodes[node].succ
    while at < len(lean.stops):
        log_node(lean, plan, work, at)
        if not set_ready(lean, plan, at, before):
            break
        before, at = at, plan.nodes[at].succ


@inner
def backward(lean: Lean, plan: Plan, work: Work, node: int) -> None:
    """Bring the times of what goes before a node up to date, as far as they change."""
    after, at = node, plan.nodes[node].pred
    while at < len(lean.stops):
        log_node(lean, plan, work, at)
        if not set_late(lean, plan, at, after):
            break
        after, at = at, plan.nodes[at].pred


@inner
def meets(lean: Lean, plan: Plan, before: int, after: int) -> bool:
    """Return whether a tour up to ``before`` and a rest from ``after`` on go together in time."""
    if lean.windows is None:
        return True
    seconds = lean.out[plan.nodes[before].place, plan.nodes[after].place].s
    if plan.nodes[before].ready + seconds > plan.nodes[after].late:
        return False
    if lean.shifts is not None:
        ready, driven, leave = plan.nodes[before].ready, plan.spans[before].driven, plan.spans[before].leave
        return shortest(plan, ready, driven, leave, seconds, after) <= longest(lean, plan, before)
    return True


@inner
def shortest(plan: Plan, ready: int, driven: int, leave: int, seconds: int, after: int) -> int:
    """Return how long a tour takes at least that goes on with ``after``, ``seconds`` away from what is left behind."""
    rest = seconds + plan.spans[after].rest
    begun = min(leave, plan.nodes[after].late - seconds - driven)
    return max(driven + rest, max(plan.spans[after].home, ready + rest) - begun)


@inner
def longest(lean: Lean, plan: Plan, node: int) -> int:
    """Return how long the tour of a node may take."""
    return lean.kinds[plan.tours[plan.nodes[node].tour].kind].longest
