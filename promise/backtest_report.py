"""The figures of a backtest: on time and days, ours and the incumbent's, overall, by month, and in each burst."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.clock import rng as seeded
from data.errors import InputError
from data.sources.deliveries import NEVER, Deliveries
from promise.backtest import Promises
from promise.learn import coverage

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]

RESAMPLES = 1000
SETTLED_DAYS = 60
"""An order that is not delivered by then is late; a younger one is not scored."""
BURST_RATIO, BURST_WEEKS, BURST_DAYS = 1.6, 8, 7


@dataclass(frozen=True, eq=False)
class Scored:
    """N promised orders whose fate is known.

    Attributes
    ----------
    every : int64 [M]
        Ordinal days of all purchases of the file.
    bought : int64 [N]
        Ordinal day of purchase.
    took, promised, incumbent : int64 [N], [L, N], [N]
        Whole days to the delivery, to our date by level, to the date that was promised.
    """

    every: I64
    bought: I64
    levels: F64
    took: I64
    promised: I64
    incumbent: I64

    def ontime(self) -> NDArray[np.bool_]:
        """Return who is on time at each level, [L, N]."""
        return self.took <= self.promised

    def curve(self, chosen: Bools | I64) -> tuple[F64, F64]:
        """Return on-time share and mean days by level, over some orders."""
        return self.ontime()[:, chosen].mean(1), self.promised[:, chosen].mean(1)


def scored(deliveries: Deliveries, promises: Promises) -> Scored:
    """Return the orders with a known fate at the end of the file: delivered, or overdue for good."""
    times = np.concatenate([deliveries.purchased_day, deliveries.handed_day, deliveries.delivered_day])
    end = int(times[times < NEVER].max())
    bought, delivered = deliveries.purchased_day[promises.rows], deliveries.delivered_day[promises.rows]
    known = (delivered < NEVER) | (end - bought >= SETTLED_DAYS)
    if not known.any():
        raise InputError("nothing_to_score", "no promised order was delivered", action="give a longer file")
    incumbent = deliveries.promised_day[promises.rows] - bought
    took = np.where(delivered < NEVER, delivered - bought, NEVER)
    return Scored(
        deliveries.purchased_day, bought[known], promises.levels, took[known], promises.days[:, known], incumbent[known]
    )


def report(one: Scored, level: float) -> dict[str, Any]:
    """Return the object that ``jalon promise backtest --json`` prints."""
    every = np.ones(len(one.took), dtype=bool)
    months = np.array([date.fromordinal(int(day)).strftime("%Y-%m") for day in one.bought])
    return {
        "n": len(one.took),
        **_shares(one, every, level),
        "days_at_incumbent_ontime": round(_days_at_incumbent(one, every), 3),
        "ratio_interval90": [round(end, 4) for end in ratio_interval(one)],
        "by_month": [
            {
                "month": str(month),
                "n": int((months == month).sum()),
                **_shares(one, months == month, level),
                "days_at_incumbent_ontime": round(_days_at_incumbent(one, months == month), 3),
            }
            for month in np.unique(months)
        ],
        "bursts": [
            {"from": str(first), "to": str(last), "n": int(chosen.sum()), **_shares(one, chosen, level)}
            for first, last, chosen in _burst_orders(one)
        ],
    }


def by_option(deliveries: Deliveries, promises: Promises, level: float) -> list[dict[str, Any]]:
    """Return by option which promises were due when the file ends, and which of these were kept.

    Unlike the scored orders, a promise counts on the day after its date, delivered or not.
    """
    times = np.concatenate([deliveries.purchased_day, deliveries.handed_day, deliveries.delivered_day])
    today = int(times[times < NEVER].max()) + 1
    bought, delivered = deliveries.purchased_day[promises.rows], deliveries.delivered_day[promises.rows]
    due = bought + promises.days[int(np.argmin(np.abs(promises.levels - level)))]
    names, option = np.unique(deliveries.option[promises.rows], return_inverse=True)
    return [
        {
            "option": str(names[cell.option]),
            "due": cell.due,
            "ontime": round(cell.share, 4) if cell.due else None,
            "overdue": cell.overdue,
            "waiting": cell.waiting,
        }
        for cell in coverage(np.zeros_like(option), option, due, delivered, today)
    ]


def _shares(one: Scored, chosen: Bools, level: float) -> dict[str, float]:
    ontime, days = (values[int(np.argmin(np.abs(one.levels - level)))] for values in one.curve(chosen))
    return {
        "ontime": round(float(ontime), 4),
        "mean_promised_days": round(float(days), 3),
        "incumbent_ontime": round(float((one.took <= one.incumbent)[chosen].mean()), 4),
        "incumbent_mean_promised_days": round(float(one.incumbent[chosen].mean()), 3),
    }


def _days_at_incumbent(one: Scored, chosen: Bools | I64) -> float:
    """Return our mean days at the level at which as many orders are on time as the incumbent's."""
    ontime, days = one.curve(chosen)
    return float(np.interp((one.took <= one.incumbent)[chosen].mean(), np.maximum.accumulate(ontime), days))


def ratio_interval(one: Scored, resamples: int = RESAMPLES, seed: int = 1) -> tuple[float, float]:
    """Return the 90 % interval of our days over the incumbent's at its on-time rate, weeks of purchase drawn anew."""
    week = (one.bought - one.bought[0]) // 7
    weeks = int(week.max()) + 1
    count = np.bincount(week, minlength=weeks).astype(np.float64)
    ontime = np.stack([np.bincount(week, kept, weeks) for kept in one.ontime()])
    days = np.stack([np.bincount(week, promised, weeks) for promised in one.promised])
    kept = np.bincount(week, one.took <= one.incumbent, weeks)
    theirs = np.bincount(week, one.incumbent, weeks)
    drawn = seeded(seed).multinomial(weeks, np.full(weeks, 1.0 / weeks), resamples).astype(np.float64)
    drawn = drawn[drawn @ count > 0]
    ratios = []
    for times in drawn:
        total = times @ count
        curve = np.maximum.accumulate(ontime @ times / total)
        ratios.append(np.interp(times @ kept / total, curve, days @ times / total) / (times @ theirs / total))
    low, high = np.quantile(ratios, (0.05, 0.95))
    return float(low), float(high)


def _burst_orders(one: Scored) -> list[tuple[date, date, Bools]]:
    found = []
    for first in burst_weeks(one.every):
        chosen = (one.bought >= first) & (one.bought < first + BURST_DAYS)
        if chosen.any():
            found.append((date.fromordinal(first), date.fromordinal(first + BURST_DAYS - 1), chosen))
    return found


def burst_weeks(bought: I64) -> list[int]:
    """Return the first day of each burst: the fullest seven days, where they hold 1.6 times the usual week.

    Usual is the median of the eight weeks before; at least four are needed.
    """
    first, last = int(bought.min()), int(bought.max())
    by_day = np.bincount(bought - first, minlength=last - first + 1)
    by_week = np.convolve(by_day, np.ones(BURST_DAYS, dtype=np.int64))[BURST_DAYS - 1 :][: len(by_day) - BURST_DAYS + 1]
    excess = np.zeros(max(len(by_week), 0))
    for day in range(4 * BURST_DAYS, len(by_week)):
        before = [by_week[day - BURST_DAYS * k] for k in range(1, BURST_WEEKS + 1) if day >= BURST_DAYS * k]
        excess[day] = by_week[day] / max(float(np.median(before)), 1.0)
    found: list[int] = []
    while len(excess) and excess.max() >= BURST_RATIO:
        near = np.flatnonzero(excess >= BURST_RATIO)
        peak = int(near[np.argmax(by_week[near])])
        found.append(first + peak)
        excess[max(0, peak - 2 * BURST_DAYS) : peak + 4 * BURST_DAYS] = 0.0
    return sorted(found)
