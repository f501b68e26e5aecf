"""What a relay or a locker may take on a day: its daily cap, the days it is closed, its boxes by size.

A locker's boxes are nested by size: a parcel that needs size k takes one of the boxes of size k or larger, and those of
them are enough exactly when, for each k, the parcels that need k or more are no more than the boxes from k on (Hall's
condition). So the level of size k is within the level of the next smaller one, the smallest within the place's day,
and a reservation that debits its own size's level debits all that matter.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from data.clock import PARIS
from data.hours import open_windows
from data.model.place import Place, PlaceKind
from data.model.reservation import Capacity, level_id

CAUTION = 1.28
"""Boxes are kept free for as many uncollected parcels as there are on nine days of ten (standard deviations)."""


class InBox(NamedTuple):
    """A parcel that takes a box on a day, unless it is collected by then; ``stays`` is the chance that it is not."""

    size: int
    stays: float


def still_there(stay: Sequence[float], days_before: int, days_ahead: int) -> float:
    """Return the chance that a parcel brought ``days_before`` ago, uncollected by now, still is in ``days_ahead``.

    Parameters
    ----------
    stay : sequence of float
        ``stay[n]``: the share not collected n days after it was brought; past its end nothing stays.
    """
    if days_before >= len(stay) or stay[days_before] <= 0:
        return 1.0  # it should not be there any more, and it is
    return stay[days_before + days_ahead] / stay[days_before] if days_before + days_ahead < len(stay) else 0.0


def free_boxes(boxes: Sequence[int], held: Collection[InBox], caution: float = CAUTION) -> tuple[int, ...]:
    """Return for each size how many boxes of it or larger may be used.

    That is what there are, less the uncollected and the reserved ones, plus those expected to be collected: the
    expectation of what stays and ``caution`` standard deviations more.

    Parameters
    ----------
    boxes : sequence of int
        How many the locker has, from the smallest size to the largest.
    """
    found = []
    for size in range(len(boxes)):
        stays = [one.stays for one in held if one.size >= size]
        mean, variance = math.fsum(stays), math.fsum(one * (1 - one) for one in stays)
        taken = math.ceil(mean + caution * math.sqrt(variance) - 1e-9)
        found.append(max(0, sum(boxes[size:]) - min(taken, len(stays))))
    return tuple(found)


def place_capacities(
    around: Capacity,
    place: Place,
    boxes: Sequence[int] = (),
    held: Collection[InBox] = (),
    closed: Collection[date] = (),
    zone: ZoneInfo = PARIS,
) -> tuple[Capacity, ...]:
    """Return the levels of a place on a day, the outermost first, within its area's option.

    Parameters
    ----------
    around : Capacity
        The area's option on that day.
    boxes : sequence of int
        Of a locker: how many it has of each of ``place.boxes``.
    held : collection of InBox
        Parcels in it by now, and those reserved for days before.
    closed : collection of date
        Days the place has said it is closed on; its opening hours close others.
    """
    is_open = around.day not in closed and _opens(place, around.day, zone)
    cap = around.parcels if place.daily_cap_parcels is None else min(around.parcels, place.daily_cap_parcels)
    outer = around.replace(
        id=level_id(around.hub_id, around.day, around.area_id, around.option_id, place.id),
        parent_id=around.id,
        place_id=place.id,
        parcels=cap if is_open else 0,
    )
    found = [outer]
    if place.kind is PlaceKind.LOCKER:
        for size, free in enumerate(free_boxes(boxes, held)):
            name = box_level_id(outer, size)
            found.append(outer.replace(id=name, parent_id=found[-1].id, parcels=min(free, outer.parcels)))
    return tuple(found)


def box_level_id(place: Capacity, size: int) -> str:
    """Return the level a parcel takes that needs a box of a size, counted from the smallest, or larger."""
    return level_id(place.hub_id, place.day, place.area_id, place.option_id, place.place_id, f"box{size}")


def _opens(place: Place, day: date, zone: ZoneInfo) -> bool:
    begin = datetime.combine(day, time(), zone)
    return bool(open_windows(place.opening_hours, begin, datetime.combine(day + timedelta(days=1), time(), zone)))
