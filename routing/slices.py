"""When what is closed to whom, and how fast traffic is: the day cut into time slices, each with one travel profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from data.model.plan import AccessClass
from data.model.traffic import Conditions
from data.model.vehicle import Category
from data.model.zone import Zone
from routing.slice_spans import FAR_S, FREE_FLOW, Kind, Restriction, Span, Speed, closed_spans, speed_changes

__all__ = ["FAR_S", "FREE_FLOW", "Profile", "Slices", "Speed", "day_slices", "stretches"]

Piece = tuple[int, frozenset[Restriction], Speed]  # end (s), what is closed, how fast


@dataclass(frozen=True)
class Profile:
    """What travel times depend on: a vehicle category, what is closed to it, and how fast traffic is.

    Attributes
    ----------
    closed : frozenset of int
        Indices into ``city.zones``.
    hours : frozenset of int
        Indices into ``city.street_hours``: streets that are outside of their hours.
    blocked : frozenset of int
        Indices of the traffic reports that close streets.
    speed : int
        Index into ``Slices.speeds``.
    """

    category: Category
    closed: frozenset[int]
    hours: frozenset[int] = frozenset()
    blocked: frozenset[int] = frozenset()
    speed: int = 0

    @property
    def closures(self) -> tuple[frozenset[int], ...]:
        """Everything that is closed."""
        return self.closed, self.hours, self.blocked


@dataclass(frozen=True)
class Slices:
    """S time slices of C access classes; those of class c are ``ptr[c]`` to ``ptr[c + 1] - 1``.

    Attributes
    ----------
    profiles : tuple of Profile
        Each once; equal conditions are one profile, whatever the class or the hour.
    speeds : tuple of Speed
        What ``Profile.speed`` points into.
    ptr : int32 [C + 1]
    end_s : int32 [S]
        A slice runs from the end of the one before it (the class's first from ever) to here, excluded; the last ends
        at :data:`FAR_S`.
    profile : int32 [S]
        The profile that holds in it.
    safe : int32 [S]
        The profile of the same speed with everything closed that is ever closed to the class.
    """

    profiles: tuple[Profile, ...]
    speeds: tuple[Speed, ...]
    ptr: NDArray[np.int32]
    end_s: NDArray[np.int32]
    profile: NDArray[np.int32]
    safe: NDArray[np.int32]


def day_slices(
    classes: Sequence[AccessClass],
    zones: Sequence[Zone],
    epoch_at: datetime,
    street_hours: Sequence[str] = (),
    conditions: Conditions | None = None,
) -> Slices:
    """Return the slices of ``classes`` on the axis of seconds elapsed since ``epoch_at``, the planned day's midnight.

    Parameters
    ----------
    classes : sequence of AccessClass
        With their closures as instants.
    street_hours : sequence of str
        ``City.street_hours``: when vans, lorries and cars may use the streets that point there.
    conditions : Conditions, optional
        Speeds by the hour, traffic and weather; free flow without.

    Raises
    ------
    RoutingDataError
        ``unknown_zone``: a closure names a zone that is not among ``zones``.
    InputError
        ``unreadable_hours``.
    """
    given = conditions or Conditions()
    number: dict[Profile, int] = {}
    speeds: dict[Speed, int] = {}
    ptr, ends, uses, safe = [0], [], [], []
    for access in classes:
        spans = closed_spans(access, zones, epoch_at, street_hours, given.traffic)
        ever = frozenset(span.what for span in spans)
        for end_s, closed, speed in _cut(spans, speed_changes(access.category, epoch_at, given)):
            ends.append(end_s)
            at = speeds.setdefault(speed, len(speeds))
            uses.append(number.setdefault(_profile(access.category, closed, at), len(number)))
            safe.append(number.setdefault(_profile(access.category, ever, at), len(number)))
        ptr.append(len(ends))
    ints = [np.array(values, dtype=np.int32) for values in (ptr, ends, uses, safe)]
    return Slices(tuple(number), tuple(speeds), *ints)


def stretches(profiles: Sequence[Profile], ptr: NDArray[np.int32], profile: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return, per slice, one past the last slice in which the same things stay closed without a break, int64 [S].

    A leg runs on over the ends of the slices of one stretch, where nothing but the speed changes.
    """
    last = np.arange(1, len(profile) + 1, dtype=np.int64)
    for first, end in pairwise(ptr.tolist()):
        for piece in range(end - 2, first - 1, -1):
            if profiles[profile[piece]].closures == profiles[profile[piece + 1]].closures:
                last[piece] = last[piece + 1]
    return last


def _profile(category: Category, closed: frozenset[Restriction], speed: int) -> Profile:
    zones, hours, reports = (
        frozenset(restriction.which for restriction in closed if restriction.kind is kind) for kind in Kind
    )
    return Profile(category, zones, hours, reports, speed)


def _cut(spans: Sequence[Span], changes: Sequence[tuple[int, Speed]]) -> Iterator[Piece]:
    """Yield each stretch on which the same things are closed and traffic is equally fast."""
    edges = [edge for span in spans for edge in (span.start_s, span.end_s)]
    cuts = sorted({0, FAR_S, *edges, *(start for start, _ in changes)})
    pieces: list[Piece] = []
    for start, end in pairwise(cuts):
        closed = frozenset(span.what for span in spans if span.start_s <= start < span.end_s)
        speed = [speed for since, speed in changes if since <= start][-1]
        if pieces and pieces[-1][1:] == (closed, speed):
            pieces.pop()
        pieces.append((end, closed, speed))
    yield from pieces
