"""Why there is no way between two points: which closure alone keeps them apart, or that nothing connects them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.matrix.arrays import F64, Bool
from routing.matrix.cost import INF
from routing.moment import DayRoads
from routing.roads import Located, Roads, fill_table, locate_on
from routing.slices import Profile
from routing.snap import Snapped


class Reason(StrEnum):
    """What keeps two points apart."""

    ZONE = "closed_zone"
    HOURS = "closed_street_hours"
    TRAFFIC = "traffic_closure"
    SEVERAL = "several_closures"
    DISCONNECTED = "disconnected"


class Cause(NamedTuple):
    """A reason; ``zone`` is an index into ``city.zones`` where the reason is one zone, else -1."""

    reason: Reason
    zone: int = -1


@dataclass(eq=False)
class Unreached:
    """Counts the pairs of a table without a way, by cause.

    A pair counts for the first closure that would let it through were it open and all others closed: zones in the
    city's order, then street hours, then traffic. Where none does so alone but all together do, it counts as several.

    Attributes
    ----------
    day : DayRoads
    profile : Profile
        The one the table was found in.
    snapped : Snapped
    lat, lon : float64 [L]
        The points before they were snapped.
    pairs : Counter
        Of :class:`Cause`.
    """

    day: DayRoads
    profile: Profile
    snapped: Snapped
    lat: F64
    lon: F64
    pairs: Counter[Cause] = field(default_factory=Counter)
    _opened: dict[Cause, tuple[Roads, Located]] = field(default_factory=dict)

    def count(self, missing: Bool, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> None:
        """Count the pairs ``missing`` [rows, columns] from points ``rows`` to points ``columns``."""
        from_row, to_column = np.flatnonzero(missing.any(axis=1)), np.flatnonzero(missing.any(axis=0))
        left = missing[np.ix_(from_row, to_column)]
        time_s = np.empty(left.shape, dtype=np.int32)
        for cause, without in self._closures():
            if not left.any():
                return
            roads, points = self._open(cause, without)
            fill_table(roads, points, time_s, None, rows[from_row], columns[to_column])
            solved = left & (time_s < INF)
            self._add(cause, solved)
            left &= ~solved
        self._add(Cause(Reason.DISCONNECTED), left)

    def _add(self, cause: Cause, pairs: Bool) -> None:
        if pairs.any():
            self.pairs[cause] += int(pairs.sum())

    def _closures(self) -> Iterator[tuple[Cause, Profile]]:
        """Yield each closure with the profile that lacks it, then all of them if they are several."""
        profile, nothing = self.profile, frozenset[int]()
        for zone in sorted(profile.closed):
            yield Cause(Reason.ZONE, zone), replace(profile, closed=profile.closed - {zone})
        if profile.hours:
            yield Cause(Reason.HOURS), replace(profile, hours=nothing)
        if profile.blocked:
            yield Cause(Reason.TRAFFIC), replace(profile, blocked=nothing)
        if len(profile.closed) + bool(profile.hours) + bool(profile.blocked) > 1:
            yield Cause(Reason.SEVERAL), replace(profile, closed=nothing, hours=nothing, blocked=nothing)

    def _open(self, cause: Cause, profile: Profile) -> tuple[Roads, Located]:
        if cause not in self._opened:
            roads = self.day.roads(profile)
            self._opened[cause] = roads, locate_on(roads, self.snapped, self.lat, self.lon)
        return self._opened[cause]
