"""What past lives taught: their course, their tail, what viewers and carts say, and how much all of it varies.

Everything is a mean over past lives, pulled towards a usual value as if :data:`USUAL_WEIGHT` more lives had shown it:
without a past the usual values speak. A refit takes a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data.model.live import Live, PastLive, Signal
from data.model.schedule import STEP_S
from promise import course, crowd, reach, variation
from promise.course import RAMPS, USUAL_WEIGHT, Course, gathered
from promise.cox import Floats
from promise.crowd import Crowd, pulled
from promise.steps import Span, Watched, span, watched

TAIL_S = 24 * 3600
USUAL_TAIL_LOG, USUAL_TAIL_SD, USUAL_TAIL_LIFE_S = float(np.log(0.2)), 0.5, 3 * 3600.0
USUAL_CARTS_LOG, USUAL_CARTS_SD = float(np.log(2.0)), 0.35
USUAL_START_SD = 0.2
FEWEST_ORDERS, FEWEST_EXPECTED, WHOLE = 20, 5, 0.99


@dataclass(frozen=True)
class Habits:
    """The prior of a live.

    Attributes
    ----------
    reach : Reach
        Predicts the log of the orders during the live.
    course : Course
        Order rate over the live's time.
    tail_log, tail_sd, tail_life_s
        Log of the orders after the live over those during it; the tail's mean age.
    crowd : Crowd
        How many are present, and how that goes with the orders.
    start_log, start_sd : float64 [RAMPS]
        How a live's start leaves its course beyond ``variation``: by a mean and a spread of each step's log rate.
    carts_log, carts_sd
        Log of additions to cart over orders.
    variation : Variation
        How a live's log rate leaves its course.
    stretch
        Factor on the spread once a live is on, see :func:`promise.nowcast.learn`.
    """

    reach: reach.Reach
    course: Course
    tail_log: float
    tail_sd: float
    tail_life_s: float
    crowd: Crowd
    start_log: Floats
    start_sd: Floats
    carts_log: float
    carts_sd: float
    variation: variation.Variation
    stretch: float = 1.0

    def span(self, live: Live) -> Span:
        """Return the steps of a live with its tail."""
        return span(live, TAIL_S)

    def tail_of(self, grid: Span) -> Floats:
        """Return what part of the orders of the tail falls into each step. Sums to 1."""
        after = (1 - grid.lived) * (grid.after_s > 0) * np.exp(-grid.after_s / self.tail_life_s)
        part: Floats = after / after.sum()
        return part


def learn(past: Sequence[PastLive], signals: Mapping[str, Sequence[Signal]]) -> Habits:
    """Learn the habits of lives.

    Parameters
    ----------
    past : sequence of PastLive
        Lives that are over.
    signals : mapping of live id to signals
        What was seen of some of them; a live without signals teaches its totals only.
    """
    told = [one for one in past if one.orders_during >= FEWEST_ORDERS and signals.get(one.live.id)]
    grids = [span(one.live, TAIL_S) for one in told]
    seen = [watched(grid, signals[one.live.id], grid.end_s + TAIL_S) for grid, one in zip(grids, told)]
    found = course.learn(grids, seen)
    tail_log, tail_sd = pulled(
        [np.log((one.orders - one.orders_during + 0.5) / one.orders_during) for one in past if one.orders_during > 0],
        USUAL_TAIL_LOG,
        USUAL_TAIL_SD,
    )
    carts_log, carts_sd = pulled(
        [_log_carts(one) for one in seen if one.carts.sum() > 0], USUAL_CARTS_LOG, USUAL_CARTS_SD
    )
    varied = variation.learn([_trace(grid, one, found) for grid, one in zip(grids, seen)])
    start_log, start_sd = _starts(grids, seen, found, varied)
    return Habits(
        reach=reach.learn(past),
        course=found,
        tail_log=tail_log,
        tail_sd=tail_sd,
        tail_life_s=_tail_life_s(grids, seen),
        crowd=crowd.learn([one.live for one in told], grids, seen),
        start_log=start_log,
        start_sd=start_sd,
        carts_log=carts_log,
        carts_sd=carts_sd,
        variation=varied,
    )


def _tail_life_s(grids: Sequence[Span], seen: Sequence[Watched]) -> float:
    """Return the mean age of the orders of the tail."""
    ages = [
        float((one.orders * grid.after_s).sum() / after)
        for grid, one in zip(grids, seen)
        if (after := float(one.orders[grid.after_s > 0].sum())) >= FEWEST_ORDERS
    ]
    return (sum(ages) + USUAL_WEIGHT * USUAL_TAIL_LIFE_S) / (len(ages) + USUAL_WEIGHT)


def _log_carts(one: Watched) -> float:
    return float(np.log((one.carts.sum() + 0.5) / (one.orders.sum() + 0.5)))


def _trace(grid: Span, one: Watched, usual: Course) -> variation.Trace:
    """Return what the orders of a live's whole steps were, and by the usual course."""
    told = (grid.lived > WHOLE) & (one.covered > WHOLE)
    expected = usual.during(grid)[told]
    orders = one.orders[told]
    begin_s = grid.middles_s[told] - STEP_S / 2
    return variation.Trace(begin_s, orders, expected * orders.sum() / expected.sum())


def _starts(
    grids: Sequence[Span], seen: Sequence[Watched], usual: Course, varied: variation.Variation
) -> tuple[Floats, Floats]:
    """Return how the steps of each part of the ramp leave the course: mean and further spread of the log rate."""
    shift, spread = np.zeros(RAMPS), np.zeros(RAMPS)
    for part in range(RAMPS - 1):
        rests, known = [], []
        for grid, one in zip(grids, seen):
            expected = usual.during(grid) * one.orders[grid.lived > 0].sum()
            told = (
                (gathered(grid) == part) & (grid.lived > WHOLE) & (one.covered > WHOLE) & (expected > FEWEST_EXPECTED)
            )
            variance = np.diag(varied.cov(grid.middles_s[told]))
            rests += (np.log((one.orders[told] + 0.5) / (expected[told] + 0.5)) + variance / 2).tolist()
            known += (variance + 1 / (one.orders[told] + 0.5)).tolist()
        shift[part], whole_sd = pulled(rests, 0.0, USUAL_START_SD)
        spread[part] = np.sqrt(max(whole_sd**2 - sum(known) / (len(known) + USUAL_WEIGHT), 0.0))
    return shift, spread
