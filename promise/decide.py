"""Which date to promise: a day later costs sales, a broken promise costs more, and no order goes below a floor.

Let F(d) be the probability that an order is delivered by day d. Promising d costs ``ratio * d - F(d)``, in units of
what a broken promise costs; ``ratio`` is what a day of delay costs in them. The best d* spends days where they buy
much certainty and saves them where they buy little, which one quantile for all orders can't do.

That rule alone is not monotone: on a worse day F may flatten so that waiting no longer pays, and the date gets
*earlier*. So costs are weighed once, on the curve of calm days, and turned into a *level* per cell; every day then
takes the first date that reaches the level. The level is the lowest with which nothing is given up on a calm day: a day
more than d* is worth its price as soon as what it adds, F(d* + 1) less what d* still holds, exceeds ``ratio``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
HALVINGS = 16


def cheapest_days(cdf: Floats, ratio: float | Floats, floor: float) -> NDArray[np.int64]:
    """Return the day that costs least, the earliest of equals, int64 [...].

    Parameters
    ----------
    cdf : float [..., K + 1]
        P(delivered within k days), not decreasing along k.
    ratio : float, or array [...]
        Cost of promising a day later over the cost of a broken promise.
    floor : float
        No day on which less is delivered, unless none reaches it: then the first that reaches the most.
    """
    days = np.arange(cdf.shape[-1])
    allowed = cdf >= np.minimum(floor, cdf[..., -1:])
    return np.where(allowed, np.asarray(ratio)[..., None] * days - cdf, np.inf).argmin(-1)


def levels(calm_cdf: Floats, ratio: float, floor: float) -> Floats:
    """Return the probability of being on time that a date must reach, per cell.

    Parameters
    ----------
    calm_cdf : float [..., K + 1]
        P(delivered within k days) on ordinary days, not decreasing along k; beyond K nothing is gained.
    ratio, floor : float
        As in :func:`cheapest_days`; no level is below the floor.

    Returns
    -------
    float64 [...]
        ``floor`` where the curve is unknown (NaN).
    """
    cdf = np.asarray(calm_cdf, np.float64)
    after = np.minimum(cheapest_days(cdf, ratio, floor) + 1, cdf.shape[-1] - 1)
    return np.fmax(np.take_along_axis(cdf, after[..., None], -1)[..., 0] - ratio, floor)


def price_of_day(cdf: Floats, nominal: float, floor: float, weights: Floats | None = None) -> float:
    """Return the ``ratio`` with which a share ``nominal`` of the orders is on time on average.

    So a shop that knows its target but not its costs gets the same average certainty for the fewest days.

    Parameters
    ----------
    cdf : float [..., K + 1]
        Known cells only.
    weights : float [...], optional
        Orders of each cell, else all alike.
    """
    low, high = -16.0, 0.0  # logarithms
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        kept = np.take_along_axis(cdf, cheapest_days(cdf, float(np.exp(middle)), floor)[..., None], -1)[..., 0]
        low, high = (middle, high) if np.average(kept, weights=weights) > nominal else (low, middle)
    return float(np.exp(low))


def first_kept(
    ontime: NDArray[np.floating[Any]], level: NDArray[np.floating[Any]], allowed: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the first allowed day on which ``ontime`` reaches ``level``.

    Parameters
    ----------
    ontime : float [..., D]
        Not decreasing along d.
    level : float [...]
    allowed : bool [..., D]
        Open days with room.

    Returns
    -------
    int64 [...]
        D where there is none. It never falls when ``ontime`` falls, ``level`` rises or ``allowed`` shrinks.
    """
    reached = (ontime >= np.asarray(level)[..., None]) & allowed
    return np.where(reached.any(-1), reached.argmax(-1), ontime.shape[-1])
