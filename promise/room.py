"""Room in tours that nobody reserved and that is gone all the same: what was to go earlier goes first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]


def coming_back(held: I64, overdue: I64, opened: Bools, again: float) -> I64:
    """Return the parcels that will take room on days on which they hold none, int64 [..., D].

    Sold to the last place, every day would be short of room by those that the day before could not deliver.

    Parameters
    ----------
    held : int64 [..., D]
        Places held on the days to come.
    overdue : int64 [...]
        Parcels whose day is over: they go on the first open day.
    opened : bool [..., D]
        Days on which tours go.
    again : float
        Share of a day's parcels that are not delivered on it, and go on the next one.
    """
    waiting = overdue.astype(np.float64)
    back = np.zeros(held.shape)
    for day in range(held.shape[-1]):
        back[..., day] = np.where(opened[..., day], waiting, 0.0)
        waiting = np.where(opened[..., day], again * (held[..., day] + back[..., day]), waiting)
    return np.round(back).astype(np.int64)
