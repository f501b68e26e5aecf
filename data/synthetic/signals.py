"""Months of order counts by the minute, with weather, weekdays, lives and bursts: the test ground of the forecast.

Its truth is not what the forecast assumes, on purpose: days and levels have Student tails, minutes have Gamma noise,
market places import orders in clumps, viewers jump when a platform pushes a live, products drop in spikes, replays
decay by a power law, plateaus and decays of bursts are lognormal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from data.calendar import is_holiday
from data.clock import PARIS
from data.clock import rng as seeded

MINUTE_S, DAY_MINUTES = 60, 1440
WEEKDAYS = np.array([1.05, 0.98, 0.97, 1.0, 1.02, 0.92, 1.12])
DAY_BUMPS = ((10.5, 2.2, 0.9), (13.2, 1.0, 0.4), (20.8, 1.8, 1.5))  # hour, width in hours, height
NIGHT, TREND_PER_YEAR, HOLIDAY = 0.08, 0.25, 0.75
RAIN_EFFECT, RAIN_SHARE, RAIN_MM = 0.03, 0.25, 2.0
DAY_SD, DAY_TAIL, HOUR_SD, HOUR_LIFE_MIN, MINUTE_SHAPE = 0.07, 4, 0.10, 90, 12.0
CLUMPS_PER_DAY, CLUMP_MEAN, CLUMP_LEAST = 1.0, 4.0, 2
BURSTS_PER_MONTH, BURST_HOURS = 3.0, (8.0, 22.5)
BURST_TIMES, BURST_TIMES_SD, BURST_TIMES_LEAST, BURST_LEAST_PER_MINUTE = 8.0, 0.5, 4.0, 1.5
RAMP_MIN, PLATEAU_MIN, PLATEAU_SD, DECAY_MIN, DECAY_SD = (1.0, 4.0), 30.0, 0.7, 35.0, 0.5
BURST_WAVE_SD, BURST_WAVE_LIFE_MIN = 0.15, 20
BURST_LENGTH_MIN = 720


@dataclass(frozen=True)
class TrueBurst:
    """A burst as it was: ``hub`` is its column, ``onset_s`` its first second, ``orders`` int64 [minutes].

    What only an oracle knows: ``expected`` float64 [minutes], its mean course without the noise around it, and
    ``mood`` float64 [minutes], the factor by which its crowd wandered from it.
    """

    hub: int
    onset_s: int
    orders: NDArray[np.int64]
    expected: NDArray[np.float64]
    mood: NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """What hubs counted.

    Attributes
    ----------
    begin_s : int
        Midnight in Paris, Unix seconds.
    ordinary, burst : int64 [M, H]
        Orders of each minute: those of an ordinary day, and those of bursts nobody announced.
    rain_mm : float64 [M]
        In the hour around the minute.
    bursts : tuple of TrueBurst
        In the order of their onset.
    rate : float64 [M, H]
        What only an oracle knows: the ordinary orders expected of each minute, imports in clumps aside.
    """

    begin_s: int
    ordinary: NDArray[np.int64]
    burst: NDArray[np.int64]
    rain_mm: NDArray[np.float64]
    bursts: tuple[TrueBurst, ...]
    rate: NDArray[np.float64]

    @property
    def orders(self) -> NDArray[np.int64]:
        """All orders of each minute, int64 [M, H]."""
        return self.ordinary + self.burst

    def per_step(self, orders: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return minutes as steps of five, float64 [M / 5, H]."""
        return orders.reshape(-1, 5, orders.shape[1]).sum(axis=1).astype(np.float64)


def hub_counts(begin: date, days: int, orders_per_day: tuple[float, ...], seed: int) -> Counts:
    """Return ``days`` of one count a minute for each hub.

    Parameters
    ----------
    orders_per_day : tuple of float
        Mean of each hub.
    """
    rng = seeded(seed)
    begin_s = int(datetime(begin.year, begin.month, begin.day, tzinfo=PARIS).timestamp())
    minutes = days * DAY_MINUTES
    rain = _rain(rng, minutes)
    shape = _shape(begin_s, minutes) * np.exp(RAIN_EFFECT * rain)
    ordinary, burst = np.zeros((2, minutes, len(orders_per_day)), np.int64)
    rates = np.zeros(ordinary.shape)
    bursts: list[TrueBurst] = []
    for hub, daily in enumerate(orders_per_day):
        rates[:, hub] = rate = shape * daily / DAY_MINUTES * _noise(rng, minutes, days)
        ordinary[:, hub] = rng.poisson(rate * rng.gamma(MINUTE_SHAPE, 1 / MINUTE_SHAPE, minutes))
        clumps = np.flatnonzero(rng.random(minutes) < rate * CLUMPS_PER_DAY / daily)
        ordinary[clumps, hub] += CLUMP_LEAST + rng.poisson(CLUMP_MEAN, len(clumps))
        for minute in _onsets(rng, days):
            expected = _burst(rng, rate[minute])[: minutes - minute]
            orders, mood = _noisy(rng, expected)
            burst[minute : minute + len(orders), hub] += orders
            bursts.append(TrueBurst(hub, begin_s + minute * MINUTE_S, orders, expected, mood))
    return Counts(begin_s, ordinary, burst, rain, tuple(sorted(bursts, key=lambda one: one.onset_s)), rates)


def day_course(hour: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the order rate by the local hour of the day, relative to no mean in particular."""
    rate = np.full(len(hour), NIGHT)
    for middle, width, height in DAY_BUMPS:
        apart = np.abs(hour - middle)
        rate += height * np.exp(-(np.minimum(apart, 24 - apart) ** 2) / (2 * width**2))
    return rate


def wander(rng: np.random.Generator, sd: float, life: float, count: int) -> NDArray[np.float64]:
    """Return a stationary AR(1) path of ``count`` values that forgets within ``life`` of them."""
    kept = np.exp(-1 / life)
    shocks = rng.standard_normal(count) * sd * np.sqrt(1 - kept**2)
    path = np.empty(count)
    value = rng.standard_normal() * sd
    for k, shock in enumerate(shocks.tolist()):
        value = kept * value + shock
        path[k] = value
    return path


def _shape(begin_s: int, minutes: int) -> NDArray[np.float64]:
    """Return the mean rate of each minute over the mean of all, by the clock on the wall in Paris."""
    first = begin_s // 3600
    hours = [datetime.fromtimestamp((first + k) * 3600, UTC).astimezone(PARIS) for k in range(-(-minutes // 60))]
    hour = np.repeat([float(one.hour) for one in hours], 60)[:minutes] + np.arange(minutes) % 60 / 60
    factor = [WEEKDAYS[one.weekday()] * (HOLIDAY if is_holiday(one.date()) else 1.0) for one in hours]
    years = np.arange(minutes) / (365.25 * DAY_MINUTES)
    rate = day_course(hour) * np.repeat(factor, 60)[:minutes] * np.exp(TREND_PER_YEAR * years)
    return rate / rate.mean()


def _noise(rng: np.random.Generator, minutes: int, days: int) -> NDArray[np.float64]:
    """Return what days and hours are off by, as a factor on each minute."""
    day = np.repeat(np.clip(DAY_SD * rng.standard_t(DAY_TAIL, days), -0.4, 0.4), DAY_MINUTES)
    knots = wander(rng, HOUR_SD, HOUR_LIFE_MIN / 10, minutes // 10 + 2)
    return np.exp(day + np.interp(np.arange(minutes) / 10, np.arange(len(knots)), knots))


def _rain(rng: np.random.Generator, minutes: int) -> NDArray[np.float64]:
    """Return spells of rain, millimetres in the hour."""
    path = np.repeat(wander(rng, 1.0, 5.0, minutes // 60 + 1), 60)[:minutes]
    return np.maximum(path - np.quantile(path, 1 - RAIN_SHARE), 0) * RAIN_MM


def _onsets(rng: np.random.Generator, days: int) -> list[int]:
    """Return the minutes bursts begin at: never two on one day nor on the next."""
    found: list[int] = []
    for day in np.flatnonzero(rng.random(days) < BURSTS_PER_MONTH / 30).tolist():
        if not found or day > found[-1] // DAY_MINUTES + 1:
            found.append(day * DAY_MINUTES + int(rng.uniform(*BURST_HOURS) * 60))
    return found


def _burst(rng: np.random.Generator, rate: float) -> NDArray[np.float64]:
    """Return the expected orders of a burst by the minute: a ramp, a plateau, a decay."""
    times = max(BURST_TIMES * np.exp(BURST_TIMES_SD * rng.standard_normal()), BURST_TIMES_LEAST)
    peak = max((times - 1) * rate, BURST_LEAST_PER_MINUTE)
    ramp = rng.uniform(*RAMP_MIN)
    plateau = PLATEAU_MIN * np.exp(PLATEAU_SD * rng.standard_normal())
    decay = DECAY_MIN * np.exp(DECAY_SD * rng.standard_normal())
    minute = np.arange(BURST_LENGTH_MIN) + 0.5
    return peak * np.minimum(minute / ramp, 1) * np.exp(-np.maximum(minute - ramp - plateau, 0) / decay)


def _noisy(rng: np.random.Generator, expected: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return what was ordered, as the crowd wanders and minutes vary, and how the crowd wandered."""
    mood = np.exp(wander(rng, BURST_WAVE_SD, BURST_WAVE_LIFE_MIN, len(expected)))
    return rng.poisson(expected * mood * rng.gamma(MINUTE_SHAPE, 1 / MINUTE_SHAPE, len(expected))), mood
