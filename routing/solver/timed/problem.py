"""A time-dependent vehicle routing problem with free departure times: the input of the timed search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

I32 = NDArray[np.int32]


@dataclass(frozen=True)
class Timed:
    """Stops 1..n around depot 0; the day is cut in ``slices`` of ``step`` seconds from 0 on.

    Who leaves i for j at ``t`` in slice k, ``step * k < t <= step * (k + 1)`` (0 belongs to the first), arrives at
    ``min(t + travel[i, j, k, 0], travel[i, j, k, 1])``. Arrivals never decrease with ``t`` (FIFO); after the last
    slice nobody leaves. A tour costs the time from leaving the depot to being back, and leaves when it likes.

    Attributes
    ----------
    travel : int32 [n + 1, n + 1, slices, 2]
        Driving time in a slice, and the arrival that is late enough for all who leave in it (who leaves next is
        faster); seconds.
    step : int
        Seconds.
    service : int32 [n + 1]
        Seconds; 0 for the depot.
    opens, closes : int32 [n + 1]
        When service may begin; for the depot when it may be left first and when it must be reached. Seconds.
    demand : int32 [n + 1]
    capacity : int
    fleet : int
        Most tours.
    """

    travel: I32
    step: int
    service: I32
    opens: I32
    closes: I32
    demand: I32
    capacity: int
    fleet: int

    @property
    def stops(self) -> int:
        """Number of stops n."""
        return len(self.demand) - 1
