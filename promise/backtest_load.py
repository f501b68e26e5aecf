"""How full the pipe is at each purchase: parcels in it over what left it lately, compared with the weeks before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

DAY_S = 86_400
RECENT_DAYS = 14
USUAL_DAYS = 56
LOST_DAYS = 60
"""A parcel under way for longer is not what others wait for."""
SURGE_S = DAY_S // 2
SURGE_WEEKS = 4
SURGE_SIGMAS = 3.0
SURGE_LASTS = 2.0
"""A surge of orders is taken to last so many times the window it was seen in."""
MOST, LEAST = 4.0, 0.5


def loads(purchased_s: I64, handed_s: I64, delivered_s: I64) -> F64:
    """Return the load of both stages at each purchase, float64 [2, N], 1 = usual.

    The first counts what waits for its hand-over, over hand-overs; the second everything under way, over deliveries:
    what waits today is in a van before what is bought now. Both count the orders that a surge going on will still
    bring. Times are int64 [N] seconds, purchases ascending; only what happened before each purchase counts.
    """
    surge = _surge(purchased_s)
    return np.stack([_load(purchased_s, purchased_s, ends, surge) for ends in (handed_s, delivered_s)])


def _load(at_s: I64, begins_s: I64, ends_s: I64, surge: F64) -> F64:
    mornings = np.arange(at_s[0] // DAY_S, at_s[-1] // DAY_S + 1) * DAY_S
    ends = np.sort(ends_s)
    gone = np.sort(np.minimum(ends_s, begins_s + LOST_DAYS * DAY_S))

    def full(moments: I64, more: F64 | float) -> F64:
        under_way = np.searchsorted(begins_s, moments) - np.searchsorted(gone, moments) + more
        left = np.searchsorted(ends, moments) - np.searchsorted(ends, moments - RECENT_DAYS * DAY_S)
        return (under_way + 1.0) / (left / RECENT_DAYS + 1.0)

    daily = full(mornings, 0.0)
    usual = np.array([np.median(daily[max(0, day - USUAL_DAYS) : day + 1]) for day in range(len(daily))])
    return np.clip(full(at_s, surge) / usual[at_s // DAY_S - mornings[0] // DAY_S], LEAST, MOST)


def _surge(at_s: I64) -> F64:
    """Return the orders above the usual that are still to come at each purchase."""

    def bought(until_s: I64) -> F64:
        return (np.searchsorted(at_s, until_s) - np.searchsorted(at_s, until_s - SURGE_S)).astype(np.float64)

    before = np.stack([bought(at_s - week * 7 * DAY_S) for week in range(1, SURGE_WEEKS + 1)])
    usual = before.mean(0)
    more = bought(at_s) - usual
    seen = at_s >= at_s[0] + (SURGE_WEEKS * 7 * DAY_S + SURGE_S)
    return np.where(seen & (more > SURGE_SIGMAS * np.sqrt(usual + 1.0)), more * SURGE_LASTS, 0.0)
