"""Kernels for breaks on a tour: from when they may be taken, and which of them the way home still needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.jit import inner, part
from routing.problem import NO_LOCATION, Tables
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
def rest_from_s(tables: Tables, tours: Tours, vehicle: int, node: int) -> int:
    """Return from when on breaks may be taken at a node: at the start even before the departure."""
    return tours.end_s[node] if node < len(tables.release_s) else tables.veh_open_s[vehicle]


@part
def way_home(
    tables: Tables, vehicle: int, place: int, first: int, last: int, leave_s: int, rest_s: int
) -> tuple[int, int, int]:
    """Return :func:`arrival` at the end of a tour, left for at ``leave_s`` after as few breaks as it then needs.

    Breaks may be taken from ``rest_s`` on.
    """
    home, taken = tables.veh_end[vehicle], first
    while True:
        leave = max(leave_s, after_breaks(tables, first, taken, rest_s))
        if leave >= NEVER:
            return NEVER, -1, leave
        if home == NO_LOCATION:
            arrive, profile, depart = leave, -1, leave
        else:
            arrive, profile, depart = arrival(tables, tables.veh_class[vehicle], place, home, leave)
        if taken == last or not owes_break(tables, taken, last, arrive):
            return arrive, profile, depart
        taken += 1


@part
def latest_for_home(tables: Tables, tours: Tours, vehicle: int, node: int, first: int, last: int) -> int:
    """Return the latest end of the last service so that the tour, with the breaks it then needs, is over in time."""
    end = len(tables.release_s) + 2 * vehicle + 1
    best = -NEVER
    for taken in range(first, last + 1):
        by = latest_without(tables, taken, last, tours.latest_end_s[end])
        if tables.veh_end[vehicle] != NO_LOCATION:
            by = latest_departure(tables, tables.veh_class[vehicle], tours.location[node], tours.location[end], by)
        best = max(best, latest_rest(tables, vehicle, node, first, taken, by))
    return best


@inner
def latest_rest(tables: Tables, vehicle: int, node: int, first: int, last: int, by_s: int) -> int:
    """Return the latest end of the service at a node to have taken breaks there and leave by ``by_s``."""
    if node < len(tables.release_s):
        return before_breaks(tables, first, last, by_s)
    return by_s if after_breaks(tables, first, last, tables.veh_open_s[vehicle]) <= by_s else -NEVER
