"""A leg as it is published: how it runs through the day's speeds, and when it is inside which zone."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor

from data.model.plan import Pace, ZoneCrossing
from data.model.zone import Zone
from routing.problem import Tables
from routing.travel import Crossing


def leg_paces(
    tables: Tables, cls: int, profile: int, source: int, target: int, depart_s: int, travel_s: int
) -> tuple[Pace, ...]:
    """Return what all of the leg would take at each speed met on it, the first from its departure on."""
    first, last = int(tables.slice_ptr[cls]), int(tables.slice_ptr[cls + 1])
    begun = next(piece for piece in range(first, last) if depart_s < tables.slice_end_s[piece] or piece == last - 1)
    profiles = tables.slice_safe if tables.slice_safe[begun] == profile else tables.slice_profile
    paces: list[Pace] = []
    from_s = 0
    for piece in range(begun, last):
        whole_s = int(tables.duration_s[profiles[piece], source, target])
        if not paces or paces[-1].whole_s != whole_s:
            paces.append(Pace(from_s=from_s, whole_s=whole_s))
        from_s = int(tables.slice_end_s[piece]) - depart_s
        if from_s >= travel_s:
            break
    return tuple(paces)


def zone_crossings(
    crossings: Sequence[Crossing], zones: Sequence[Zone], paces: Sequence[Pace], travel_s: int
) -> tuple[ZoneCrossing, ...]:
    """Return when a leg is inside which zone; ``crossings`` are told at its first pace.

    Rounded outwards, they would last longer than the drive, which is rounded half up.
    """
    whole_s = max(paces[0].whole_s, 1)
    return tuple(
        ZoneCrossing(
            zone_id=zones[zone].id,
            enter_s=min(floor(elapsed_s(paces, Fraction(enter, whole_s))), travel_s),
            exit_s=min(ceil(elapsed_s(paces, Fraction(leave, whole_s))), travel_s),
        )
        for zone, enter, leave in crossings
    )


def elapsed_s(paces: Sequence[Pace], share: Fraction) -> Fraction:
    """Return the seconds after which a share of the leg is driven; beyond 1 it goes on at the last pace."""
    for pace, after in zip(paces, [*paces[1:], None], strict=True):
        needed = share * pace.whole_s
        if after is None or needed <= after.from_s - pace.from_s:
            break
        share -= Fraction(after.from_s - pace.from_s, pace.whole_s)
    return pace.from_s + needed
