"""Kernels for breaks on a tour: from when they may be taken, and which of them the way home still needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.jit import inner, part
from routing.problem import NO_LOCATION
from routing.solver.rules import Rules
from routing.solver.timing import (
    NEVER,
    after_breaks,
    arrival,
    before_breaks,
    latest_departure,
    latest_without,
    owes_break,
)

if TYPE_CHECKING:
    from routing.solver.tours import Tours


@inner
def rest_from_s(rules: Rules, tours: Tours, vehicle: int, node: int) -> int:
    """Return from when on breaks may be taken at a node: at the start even before the departure."""
    return 0 + (tours.nodes[node].end_s if node < len(rules.orders) else rules.vehicles[vehicle].opens)


@part
def way_home(
    rules: Rules, vehicle: int, place: int, first: int, last: int, leave_s: int, rest_s: int
) -> tuple[int, int, int]:
    """Return :func:`arrival` at the end of a tour, left for at ``leave_s`` after as few breaks as it then needs.

    Breaks may be taken from ``rest_s`` on.
    """
    home, taken = 0 + rules.vehicles[vehicle].end, first
    while True:
        leave = max(leave_s, after_breaks(rules, first, taken, rest_s))
        if leave >= NEVER:
            return NEVER, -1, leave
        if home == NO_LOCATION:
            arrive, profile, depart = leave, -1, leave
        else:
            arrive, profile, depart = arrival(rules, 0 + rules.vehicles[vehicle].cls, place, home, leave)
        if taken == last or not owes_break(rules, taken, last, arrive):
            return arrive, profile, depart
        taken += 1


@part
def latest_for_home(rules: Rules, tours: Tours, vehicle: int, node: int, first: int, last: int) -> int:
    """Return the latest end of the last service so that the tour, with the breaks it then needs, is over in time."""
    end = len(rules.orders) + 2 * vehicle + 1
    best = -NEVER
    for taken in range(first, last + 1):
        by = latest_without(rules, taken, last, 0 + tours.nodes[end].latest_s)
        if rules.vehicles[vehicle].end != NO_LOCATION:
            here, home = 0 + tours.nodes[node].place, 0 + tours.nodes[end].place
            by = latest_departure(rules, 0 + rules.vehicles[vehicle].cls, here, home, by)
        best = max(best, latest_rest(rules, vehicle, node, first, taken, by))
    return best


@inner
def latest_rest(rules: Rules, vehicle: int, node: int, first: int, last: int, by_s: int) -> int:
    """Return the latest end of the service at a node to have taken breaks there and leave by ``by_s``."""
    if node < len(rules.orders):
        return before_breaks(rules, first, last, by_s)
    return by_s if after_breaks(rules, first, last, 0 + rules.vehicles[vehicle].opens) <= by_s else -NEVER
