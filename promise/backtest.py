"""The dates we would have promised on past deliveries: day by day, with what had happened by then and nothing else.

Each morning the scans of the day before are counted (promise/calibrate.py), every two weeks the stages are fitted
again (promise/learn.py). An order's two stages, purchase to hand-over and hand-over to delivery, are each
stretched by the load it meets, corrected, and put together; its date is the one that costs least at the price of a day
at which the orders of the last weeks, under the load of the moment, would be on time at the level asked for.

The first six weeks are only learnt from. When an order was approved is not looked at: a date is promised at the
purchase, before the approval, and the wait for it is part of the first stage, whose residuals hold it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.sources.deliveries import NEVER, Deliveries
from promise.backtest_load import loads
from promise.calibrate import Correction, LoadScale, climbed
from promise.decide import cheapest_days, price_of_day
from promise.delay_trees import Facts, StageModel, chain
from promise.learn import refit

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

HORIZON = 110
REFIT_DAYS = 14
LEAST_DELIVERED, LEAST_DAYS = 300, 42
LOOKS_BACK = 300
"""Orders on which the price of a day is set."""
BLOCK = 40
FLOOR_BELOW = 0.10
"""No order is promised by a day at which it is less likely on time than the level less this."""
FIRST_LOAD_DAYS = 21
WEEKDAY_DAYS = 56
PRIOR_EXPONENTS = (0.35, 0.45)
"""Of both stages' loads, until a burst has taught better: about what the drawn worlds ask for."""
HALF_LIFE_DAYS = 10.0
LEVELS = (0.80, 0.85, 0.88, 0.90, 0.92, 0.94, 0.955, 0.97, 0.98, 0.99)
Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class Promises:
    """What was promised, out of sample.

    Attributes
    ----------
    rows : int64 [N]
        The orders, as they stand in the deliveries.
    levels : float64 [L]
    days : int64 [L, N]
        Whole days from the day of purchase, by level.
    """

    rows: I64
    levels: F64
    days: I64


@dataclass
class Stage:
    """One of the two stages as it is followed; arrays are per order of the file."""

    begin_day: I64
    end_day: I64
    load: F64
    scale: LoadScale
    correction: Correction
    model: StageModel = field(init=False)

    def __post_init__(self) -> None:
        n = len(self.load)
        self.place, self.spread, self.log_factor = np.zeros(n), np.ones(n), np.zeros(n)
        self.followed = np.zeros(n, dtype=bool)

    def climbs(self, rows: I64, age: I64) -> F64:
        """Return the hazard climbed at an age (whole days) under each exponent, float64 [N, J]."""
        steps = np.log(self.load[rows])[:, None] * self.scale.GRID
        place, spread = self.place[rows][:, None] + steps, self.spread[rows][:, None]
        after, before = ((np.log(np.maximum(day, 1e-9))[:, None] - place) / spread for day in (age + 1.0, age + 0.0))
        return climbed(self.model.at(after)) - climbed(self.model.at(before))


class Backtest:
    """Follows a file of deliveries day by day. Nothing that happened at or after the moment of a question is used."""

    def __init__(self, deliveries: Deliveries, levels: F64) -> None:
        self.deliveries = deliveries
        self.levels = levels
        n = len(deliveries)
        self.facts = order_facts(deliveries)
        self.option = np.unique(deliveries.option, return_inverse=True)[1]
        bought, handed, delivered = deliveries.purchased_day, deliveries.handed_day, deliveries.delivered_day
        handed = np.where(handed < NEVER, np.maximum(handed, bought), delivered)
        handed = np.minimum(handed, delivered)
        handed_s = np.minimum(deliveries.handed_s, deliveries.delivered_s)
        load = loads(deliveries.purchased_s, handed_s, deliveries.delivered_s)
        load[:, bought < bought[0] + FIRST_LOAD_DAYS] = 1.0
        options = int(self.option.max()) + 1
        self.stages = tuple(
            Stage(begin, end, load[k], LoadScale(PRIOR_EXPONENTS[k]), Correction(1, options, HALF_LIFE_DAYS))
            for k, (begin, end) in enumerate(((bought, handed), (handed, delivered)))
        )
        self.weekdays = np.ones(7)
        self.promised = np.full((len(levels), n), -1, dtype=np.int64)

    def run(self, progress: Progress) -> Promises:
        """Promise every order from the first fit on."""
        bought = self.deliveries.purchased_day
        first, last = int(bought[0]), int(bought[-1])
        fitted = None
        for day in range(first, last + 1):
            progress("promising", (day - first) / (last + 1 - first))
            known = int(np.searchsorted(bought, day))
            until = int(np.searchsorted(bought, day + 1))
            delivered = int((self.deliveries.delivered_day[:known] < day).sum())
            if fitted is None and (day - first < LEAST_DAYS or delivered < LEAST_DELIVERED):
                continue
            if fitted is None or day - fitted >= REFIT_DAYS:
                self._fit(day, known)
                fitted = day
            self._count(day - 1)
            if until > known:
                self._promise(known, until)
        progress("promising", 1.0)
        rows = np.flatnonzero(self.promised[0] >= 0)
        if not len(rows):
            message = f"too few deliveries to learn from: {LEAST_DELIVERED} over {LEAST_DAYS} days come first"
            raise InputError("too_few_deliveries", message, action="give a longer file")
        return Promises(rows, self.levels, self.promised[:, rows])

    def _fit(self, day: int, known: int) -> None:
        """Fit both stages on the morning of a day to what the days before show."""
        for stage in self.stages:
            factor = np.log(stage.scale.factor(stage.load[:known]))
            facts = self.facts.take(np.arange(known))
            stage.model = refit(facts, stage.begin_day[:known], stage.end_day[:known], factor, day)
        self._place(np.arange(max(0, known - LOOKS_BACK), known))

    def _place(self, rows: I64) -> None:
        """Predict both stages of some orders."""
        facts = self.facts.take(rows)
        for stage in self.stages:
            stage.place[rows], stage.spread[rows] = stage.model.place_spread(facts)
            stage.followed[rows] = True

    def _count(self, day: int) -> None:
        """Count what a day showed: who was under way in each stage, and whose stage ended."""
        delivered = self.deliveries.delivered_day
        recent = (delivered <= day) & (delivered > day - WEEKDAY_DAYS)
        self.weekdays = (np.bincount(delivered[recent] % 7, minlength=7) + 10.0) / (recent.sum() / 7 + 10.0)
        for stage in self.stages:
            rows = np.flatnonzero(stage.followed & (stage.begin_day <= day) & (stage.end_day >= day))
            age = day - stage.begin_day[rows]
            ended = stage.end_day[rows] == day
            entered = rows[age == 0]
            self._enter(stage, entered)
            stage.correction.done(rows[ended], np.full(int(ended.sum()), day))
            stage.correction.refresh(day)
            stage.scale.observe(stage.climbs(rows, age), ended)

    def _enter(self, stage: Stage, rows: I64) -> None:
        none = np.zeros(len(rows), dtype=np.int64)
        cdf = stage.model.cdf(stage.place[rows] + stage.log_factor[rows], stage.spread[rows], HORIZON)
        stage.correction.promise(rows, none, self.option[rows], cdf, stage.begin_day[rows])

    def _promise(self, known: int, until: int) -> None:
        """Promise the orders of a day, a few at a time: the price of a day is that of the first one's moment."""
        self._place(np.arange(known, until))
        for start in range(known, until, BLOCK):
            block = np.arange(start, min(start + BLOCK, until))
            past = np.arange(max(0, start - LOOKS_BACK), start)
            for stage in self.stages:
                stage.log_factor[block] = np.log(stage.scale.factor(stage.load[block]))
            asked = self._cdf(block, [stage.log_factor[block] for stage in self.stages])
            alike = self._cdf(past, [np.full(len(past), stage.log_factor[start]) for stage in self.stages])
            for k, level in enumerate(self.levels):
                floor = level - FLOOR_BELOW
                price = price_of_day(alike, level, floor)
                self.promised[k, block] = cheapest_days(asked, price, floor)

    def _cdf(self, rows: I64, log_factors: list[F64]) -> F64:
        """Return P(delivered within k days of the purchase), float64 [N, HORIZON + 1]."""
        parts = []
        for stage, factor in zip(self.stages, log_factors, strict=True):
            cdf = stage.model.cdf(stage.place[rows] + factor, stage.spread[rows], HORIZON)
            parts.append(stage.correction.corrected(cdf, 0, self.option[rows]))
        return on_weekdays(one_after_the_other(*parts), self.deliveries.purchased_day[rows], self.weekdays)


def one_after_the_other(first: F64, then: F64) -> F64:
    """Return the distribution of the sum of two stages from theirs, float64 [N, K+1] each."""
    size = 2 * first.shape[1]
    mass = np.diff(first, axis=1, prepend=0.0)
    both = np.fft.irfft(np.fft.rfft(mass, size) * np.fft.rfft(then, size), size)[:, : first.shape[1]]
    return np.maximum.accumulate(np.clip(both, 0.0, 1.0), axis=1)


def on_weekdays(cdf: F64, day: I64, share: F64) -> F64:
    """Return ``cdf`` float64 [N, K+1] from days [N] on with each day's mass as weekdays have it.

    ``share`` float64 [7] is how much more than the mean is delivered on ordinal days of that remainder by 7.
    """
    mass = np.diff(cdf, axis=1, prepend=0.0)
    shaped = mass * share[(day[:, None] + np.arange(cdf.shape[1])) % 7]
    scale = cdf[:, -1:] / np.maximum(shaped.sum(1, keepdims=True), 1e-12)
    return np.minimum(np.cumsum(shaped * scale, axis=1), 1.0)


def order_facts(deliveries: Deliveries) -> Facts:
    """Return what is known of each order at its purchase."""
    lane = np.char.add(np.char.add(deliveries.origin_area, ">"), deliveries.destination_area)
    names = (
        (*chain(deliveries.destination_area), lane),
        (*chain(deliveries.origin_area), deliveries.origin),
        (deliveries.option,),
    )
    weekday = (deliveries.purchased_day - 1) % 7
    hour = deliveries.purchased_s // 3600 % 24
    numbers = [deliveries.distance_m, deliveries.weight_g, weekday, hour]
    return Facts(names, np.column_stack(numbers).astype(np.float64))
