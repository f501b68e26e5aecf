"""When which zones are closed to whom: the day cut into time slices, each with one travel profile."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from data.errors import RoutingDataError
from data.model.plan import AccessClass, Closure
from data.model.vehicle import Category
from data.model.zone import Zone

FAR_S = 10**9
"""End of a day's last time slice."""

Span = tuple[int, int, int]  # zone index, closed from (s), closed until (s, excluded)


@dataclass(frozen=True)
class Profile:
    """What travel times depend on: a vehicle category and the closed zones (indices into ``city.zones``)."""

    category: Category
    closed: frozenset[int]


@dataclass(frozen=True)
class Slices:
    """Time slices of C access classes; those of class c are ``ptr[c]`` to ``ptr[c + 1] - 1``.

    A slice runs from the end of the one before it (the class's first from ever) to ``end_s``, excluded; the last ends
    at :data:`FAR_S`. ``safe[c]`` is the profile with everything closed that is ever closed to class c.
    """

    profiles: tuple[Profile, ...]
    ptr: NDArray[np.int32]
    end_s: NDArray[np.int32]
    profile: NDArray[np.int32]
    safe: NDArray[np.int32]


def day_slices(classes: Sequence[AccessClass], zones: Sequence[Zone], epoch_at: datetime) -> Slices:
    """Return the slices of ``classes`` on the axis of seconds elapsed since ``epoch_at``.

    Raises
    ------
    RoutingDataError
        ``unknown_zone``: a closure names a zone that is not among ``zones``.
    """
    index = {zone.id: z for z, zone in enumerate(zones)}
    number: dict[Profile, int] = {}
    ptr, ends, uses, safe = [0], [], [], []
    for access in classes:
        spans = [span for closure in access.closures for span in _spans(closure, access, index, epoch_at)]
        for end_s, closed in _cut(spans):
            ends.append(end_s)
            uses.append(number.setdefault(Profile(access.category, closed), len(number)))
        ptr.append(len(ends))
        ever = frozenset(zone for zone, _, _ in spans)
        safe.append(number.setdefault(Profile(access.category, ever), len(number)))
    ints = [np.array(values, dtype=np.int32) for values in (ptr, ends, uses, safe)]
    return Slices(tuple(number), *ints)


def elapsed_s(at: datetime, epoch_at: datetime) -> float:
    """Return the seconds really elapsed from ``epoch_at`` to ``at``, across a change of clocks too."""
    return (at.astimezone(UTC) - epoch_at.astimezone(UTC)).total_seconds()


def _spans(closure: Closure, access: AccessClass, index: dict[str, int], epoch_at: datetime) -> list[Span]:
    """Return the closed stretches from the epoch on, in whole seconds rounded outwards."""
    if closure.zone_id not in index:
        message = f"class {access.id} is banned from zone {closure.zone_id}, which the city file doesn't have"
        raise RoutingDataError("unknown_zone", message, action="build the city again with the zones in use")
    spans = []
    for window in closure.closed:
        start = max(0, math.floor(elapsed_s(window.start_at, epoch_at)))
        end = min(FAR_S, math.ceil(elapsed_s(window.end_at, epoch_at)))
        if start < end:
            spans.append((index[closure.zone_id], start, end))
    return spans


def _cut(spans: list[Span]) -> list[tuple[int, frozenset[int]]]:
    """Return ``(end_s, closed zones)`` of each stretch on which the set of closed zones is the same."""
    cuts = sorted({0, FAR_S, *(start for _, start, _ in spans), *(end for _, _, end in spans)})
    slices: list[tuple[int, frozenset[int]]] = []
    for start, end in pairwise(cuts):
        closed = frozenset(zone for zone, opens, closes in spans if opens <= start < closes)
        if slices and slices[-1][1] == closed:
            slices.pop()
        slices.append((end, closed))
    return slices
