"""The watch for a burst nobody announced: one alarm as soon as counts leave the baseline for good.

A Shiryaev-Roberts sum of likelihood ratios (an e-detector: Shin, Ramdas & Rinaldo, *E-detectors*, 2024) of a burst of
one of a few sizes against the baseline, both negative binomial: counts vary more than Poisson's. The logarithm of a
single minute's ratio is bounded (Huber's robust test), so that no minute raises the alarm alone: a market place's
import of twenty orders at once is no burst. The level of the baseline is followed with the same caution.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from promise.cox import Floats

MINUTE_S = 60
TIMES = np.array([4.0, 8.0, 16.0])
"""Sizes of burst looked for: orders over the ordinary ones."""
LEAST_PER_MINUTE = 0.15
"""Ordinary orders are never taken for fewer: at night, three orders in a row are no burst."""
LEAST_EXCESS = 1.5
"""Fewer orders a minute more than usual are no burst, whatever they are a multiple of."""
FALSE_ALARM_S = 11 * 86_400
"""Mean time between false alarms the threshold stands for: a bound, where the counts are as the baseline says. With
the noise of data/synthetic/signals.py it is a month (benchmarks/nowcast.py)."""
BOUND_PART = 0.6
LEVEL_LIFE_S, LEVEL_WORTH = 3 * 3600, 20.0
LEVEL_REACH = 3.0


class Watch:
    """The watch over ``H`` series, fed minute by minute.

    Parameters
    ----------
    dispersion : float64 [H]
        Of a minute's count: ``variance = mean + dispersion * mean**2``; more than 0.
    false_alarm_s : float
        Mean time between false alarms of one series, were the counts what the baseline says.
    """

    def __init__(self, dispersion: Floats, false_alarm_s: float = FALSE_ALARM_S) -> None:
        series = len(dispersion)
        self.dispersion = dispersion
        self.threshold = float(np.log(false_alarm_s / MINUTE_S))
        self._sums = np.full((len(TIMES), series), -np.inf)
        self._run = np.zeros((len(TIMES), series))
        self._onset_s = np.zeros((len(TIMES), series), np.int64)
        self._counted = np.full(series, LEVEL_WORTH)
        self._expected = np.full(series, LEVEL_WORTH)

    @property
    def level(self) -> Floats:
        """Orders over the baseline in the last hours, float64 [H]."""
        return self._counted / self._expected

    def step(self, begin_s: int, counts: Floats, mean: Floats, muted: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Take one minute's counts.

        Parameters
        ----------
        begin_s : int
            When the minute began, Unix seconds.
        counts, mean : float64 [H]
            Orders counted, and those the baseline expects.
        muted : bool [H]
            Series not watched now: a burst is known or a live is on.

        Returns
        -------
        int64 [H]
            When the burst began, where the alarm is raised now; -1 elsewhere.
        """
        expected = np.maximum(mean * self.level, LEAST_PER_MINUTE)
        bound = BOUND_PART * self.threshold
        told = np.clip(self._log_ratio(counts, expected), -bound, bound)
        self._onset_s = np.where(self._run > 0, self._onset_s, begin_s)
        self._run = np.where(muted, 0.0, np.maximum(self._run + told, 0.0))
        self._sums = np.where(muted, -np.inf, np.logaddexp(0.0, self._sums) + told)
        alarm = np.logaddexp.reduce(self._sums, axis=0) - np.log(len(TIMES)) > self.threshold
        strongest = self._sums.argmax(axis=0)
        onset_s = np.where(alarm, self._onset_s[strongest, np.arange(len(counts))], -1)
        self._sums[:, alarm] = -np.inf
        self._follow(counts, mean, expected, muted)
        return onset_s

    def _log_ratio(self, counts: Floats, expected: Floats) -> Floats:
        """Return the log likelihood ratio of each size of burst against none, float64 [sizes, H]."""
        burst = np.maximum(expected * TIMES[:, None], expected + LEAST_EXCESS)
        calm, raised = 1 + self.dispersion * expected, 1 + self.dispersion * burst
        ratio: Floats = counts * np.log(burst / expected * calm / raised) - np.log(raised / calm) / self.dispersion
        return ratio

    def _follow(self, counts: Floats, mean: Floats, expected: Floats, muted: NDArray[np.bool_]) -> None:
        """Let the level follow, forgetting within ``LEVEL_LIFE_S``; a count out of reach pulls no harder."""
        kept = np.exp(-MINUTE_S / LEVEL_LIFE_S)
        reached = np.minimum(counts, expected + LEVEL_REACH * np.sqrt(expected + self.dispersion * expected**2))
        worth = LEVEL_WORTH * (1 - kept)
        self._counted = np.where(muted, self._counted, kept * self._counted + worth + reached)
        self._expected = np.where(muted, self._expected, kept * self._expected + worth + mean)
