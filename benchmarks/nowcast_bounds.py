"""What nobody could beat in the world of benchmarks/nowcast.py, who is told its truth but not the chances to come.

*Detection*: the likelihood-ratio test of a window of one to five minutes, which for a known onset no test beats
(Neyman and Pearson), told the true ordinary rate of every minute, the odds of imports and the course and size of the
very burst it looks for; its threshold lets through as many false alarms as the watch has.

*Next hour*: ``bayes`` knows how bursts are drawn and the true ordinary rate, and weighs 20,000 of them by the minutes
seen; it says the number most likely to be within 20 %. ``oracle`` knows this very burst's course, too, and how its
crowd stands now. Both are more than any forecast can learn from data.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from data.clock import rng as seeded
from data.synthetic import signals as world
from data.synthetic.signals import Counts, TrueBurst

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

WINDOW_MIN, CANDIDATES, QUIET_MIN = 5, 1500, 240
PARTICLES, AHEAD_MIN, WITHIN = 20_000, 60, 0.2
MOST_CLUMPED = 14


def log_chance(orders: I64, rate: F64, shape: F64 | float, clump_odds: F64) -> F64:
    """Return the log chance of a minute's orders: negative binomial, and now and then an import on top."""
    clumped = np.zeros(np.broadcast(orders, rate).shape)
    for more in range(MOST_CLUMPED):
        part = np.exp(more * np.log(world.CLUMP_MEAN) - world.CLUMP_MEAN - gammaln(more + 1.0))
        rest = orders - world.CLUMP_LEAST - more
        clumped += np.where(rest >= 0, part * np.exp(_negative_binomial(np.maximum(rest, 0), rate, shape)), 0.0)
    return np.log((1 - clump_odds) * np.exp(_negative_binomial(orders, rate, shape)) + clump_odds * clumped + 1e-300)


def _negative_binomial(orders: I64, rate: F64, shape: F64 | float) -> F64:
    ways = gammaln(orders + shape) - gammaln(shape) - gammaln(orders + 1.0)
    found: F64 = ways + shape * np.log(shape / (shape + rate)) + orders * np.log(rate / (shape + rate))
    return found


def with_burst(rate: F64, burst: F64, wanders: float) -> tuple[F64, F64]:
    """Return mean and shape of a minute's orders in a burst; ``wanders`` is the variance of its log crowd."""
    mean = rate + burst * np.exp(wanders / 2)
    spread = (rate**2 + burst**2) / world.MINUTE_SHAPE + wanders * burst**2
    return mean, mean**2 / spread


def found_in_time(counts: Counts, begin: int, daily: tuple[float, ...], false_alarms_a_month: float) -> F64:
    """Return for each burst after minute ``begin`` whether the best test finds it within five minutes, 0 or 1."""
    found = []
    allowed = int(np.ceil(false_alarms_a_month * (len(counts.rate) - begin) / world.DAY_MINUTES / 30))
    for hub, per_day in enumerate(daily):
        rate, orders = counts.rate[begin:, hub], counts.ordinary[begin:, hub]
        starts = _suspicious(orders, rate)
        window = starts[:, None] + np.arange(WINDOW_MIN)
        odds = world.CLUMPS_PER_DAY / per_day
        calm = log_chance(orders[window], rate[window], world.MINUTE_SHAPE, rate[window] * odds)
        for one in counts.bursts:
            first = (one.onset_s - counts.begin_s) // world.MINUTE_S - begin
            if one.hub != hub or first < 0 or len(one.orders) < WINDOW_MIN:
                continue
            ratios = _ratio(orders[window], rate[window], one, odds) - calm
            threshold = _threshold(starts, np.cumsum(ratios, axis=1).max(axis=1), allowed)
            here = slice(first, first + WINDOW_MIN)
            seen, usual = orders[here] + one.orders[:WINDOW_MIN], rate[here]
            told = _ratio(seen, usual, one, odds) - log_chance(seen, usual, world.MINUTE_SHAPE, usual * odds)
            found.append(float(np.cumsum(told).max() > threshold))
    return np.array(found)


def _suspicious(orders: I64, rate: F64) -> I64:
    """Return the starts of the windows in which most more came than usual."""
    starts: set[int] = set()
    for length in range(1, WINDOW_MIN + 1):
        sums = [np.convolve(one, np.ones(length), "valid")[: len(rate) - WINDOW_MIN + 1] for one in (orders, rate)]
        score = (sums[0] - sums[1]) / np.sqrt(sums[1] + 1.0)
        starts.update(np.argpartition(-score, CANDIDATES)[:CANDIDATES].tolist())
    return np.array(sorted(starts))


def _ratio(orders: I64, rate: F64, one: TrueBurst, odds: float) -> F64:
    mean, shape = with_burst(rate, one.expected[:WINDOW_MIN], world.BURST_WAVE_SD**2)
    return log_chance(orders, mean, shape, rate * odds)


def _threshold(starts: I64, score: F64, allowed: int) -> float:
    """Return the score above which ``allowed`` alarms are raised, no two within hours."""
    alarms: list[int] = []
    for place in np.argsort(-score).tolist():
        if all(abs(int(starts[place] - other)) > QUIET_MIN for other in alarms):
            if len(alarms) == allowed:
                return float(score[place])
            alarms.append(int(starts[place]))
    return -np.inf


def next_hour(counts: Counts, one: TrueBurst, after: int, seed: int) -> tuple[float, float]:
    """Return the next hour's orders as ``bayes`` and as ``oracle`` would say them ``after`` minutes into a burst."""
    first = (one.onset_s - counts.begin_s) // world.MINUTE_S
    usual = counts.rate[first : first + after + AHEAD_MIN, one.hub]
    seen = counts.orders[first : first + after, one.hub]
    kept = np.exp(-(1 + np.arange(AHEAD_MIN)) / world.BURST_WAVE_LIFE_MIN)
    mood = one.mood[after - 1] ** kept * np.exp((1 - kept**2) * world.BURST_WAVE_SD**2 / 2)
    oracle = float((one.expected[after : after + AHEAD_MIN] * mood + usual[after:]).sum())
    rng = seeded(seed)
    burst = drawn(rng, float(usual[0]), after + AHEAD_MIN)
    mean, shape = with_burst(usual[:after], burst[:, :after], 0.0)
    weight = _negative_binomial(seen, mean, shape).sum(axis=1)
    coming = (burst[:, after:] + usual[after:]).sum(axis=1)
    weight = np.exp(weight - weight.max())
    return likeliest(rng.poisson(coming).astype(np.float64), weight), oracle


def drawn(rng: np.random.Generator, rate: float, minutes: int) -> F64:
    """Return bursts as :mod:`data.synthetic.signals` draws them, their crowds wandering, [PARTICLES, minutes]."""
    times, plateau, decay = (
        middle * np.exp(spread * rng.standard_normal((PARTICLES, 1)))
        for middle, spread in (
            (world.BURST_TIMES, world.BURST_TIMES_SD),
            (world.PLATEAU_MIN, world.PLATEAU_SD),
            (world.DECAY_MIN, world.DECAY_SD),
        )
    )
    ramp = rng.uniform(*world.RAMP_MIN, (PARTICLES, 1))
    peak = np.maximum((np.maximum(times, world.BURST_TIMES_LEAST) - 1) * rate, world.BURST_LEAST_PER_MINUTE)
    minute = np.arange(minutes) + 0.5
    kept = np.exp(-1 / world.BURST_WAVE_LIFE_MIN)
    mood = np.empty((PARTICLES, minutes))
    state = world.BURST_WAVE_SD * rng.standard_normal(PARTICLES)
    for step in range(minutes):
        state = kept * state + world.BURST_WAVE_SD * np.sqrt(1 - kept**2) * rng.standard_normal(PARTICLES)
        mood[:, step] = state
    course = np.minimum(minute / ramp, 1) * np.exp(-np.maximum(minute - ramp - plateau, 0) / decay)
    found: F64 = peak * course * np.exp(mood)
    return found


def likeliest(values: F64, weight: F64) -> float:
    """Return the number within 20 % of which most of the weight lies: values in [n / 1.2, n / 0.8]."""
    turn = np.argsort(values)
    ordered, total = values[turn], np.concatenate([[0.0], np.cumsum(weight[turn])])
    tried = ordered * (1 + WITHIN)
    inside = np.searchsorted(ordered, tried / (1 - WITHIN), side="right")
    return float(tried[np.argmax(total[inside] - total[np.searchsorted(ordered, ordered)])])
