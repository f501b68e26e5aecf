"""A classic vehicle routing problem, as its literature states it: the input of the lean search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

I32 = NDArray[np.int32]


@dataclass(frozen=True)
class Kind:
    """Vehicles that are alike.

    Parameters
    ----------
    capacity : int
    depot : int
        Where they start and end, 0 for the first depot.
    count : int
        How many there are.
    fixed : int
        Price of using one.
    unit : int
        Price of a unit of distance.
    longest : int, optional
        Most time from leaving the depot to being back; needs times.
    """

    capacity: int
    depot: int = 0
    count: int = 1
    fixed: int = 0
    unit: int = 1
    longest: int | None = None


@dataclass(frozen=True)
class Times:
    """When and how long, for every location.

    Attributes
    ----------
    duration : int32 [n + depots, n + depots]
        Driving alone, without service.
    service : int32 [n + depots]
    opens, closes : int32 [n + depots]
        When service may begin; for a depot when it may be left first and when it must be reached.
    """

    duration: I32
    service: I32
    opens: I32
    closes: I32


@dataclass(frozen=True)
class Classic:
    """Stops, depots and vehicles, all integers. Locations are the n stops, then the depots.

    Attributes
    ----------
    distance : int32 [n + depots, n + depots]
    demand : int32 [n]
    kinds : tuple of Kind
    times : Times, optional
        Without it time plays no part.
    group : int32 [n], optional
        Stops of one group stand for each other: exactly one of them is served. Groups count from 0, none is empty.
    """

    distance: I32
    demand: I32
    kinds: tuple[Kind, ...]
    times: Times | None = None
    group: I32 | None = None

    @property
    def stops(self) -> int:
        """Number of stops n."""
        return len(self.demand)
