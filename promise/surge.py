"""A burst nobody announced, nowcast as a live of unknown length: a level, a plateau, a decay.

Its course is one of a few (how long the plateau, how fast the decay); each is conditioned on the counts since the
onset, on top of the ordinary orders, and weighs as much as it explains them (its Laplace evidence). Past bursts tell
which courses are usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from data.model.schedule import STEP_S
from promise.cox import Belief, Floats, Seen, condition
from promise.nowcast import Nowcast
from promise.stock import shelf

PLATEAUS_S = (0.0, 600.0, 1200.0, 2400.0, 4800.0, 9600.0)
DECAYS_S = (600.0, 1200.0, 2400.0, 4800.0)
COURSES = tuple(product(PLATEAUS_S, DECAYS_S))
HORIZON_S = 12 * 3600
USUAL_LOG_TIMES, LEVEL_SD, WAVE_SD, WAVE_LIFE_S, GRAIN_SD = 1.5, 1.5, 0.2, 2400.0, 0.15
USUAL_WEIGHT = 10.0
RAMP_S, LEAST_COVERED, LEAST_BACKGROUND = 150.0, 0.1, 1e-6


@dataclass(frozen=True)
class Burst:
    """Orders of a series since a burst's onset.

    Attributes
    ----------
    onset_s : int
        Unix seconds.
    counts, background : float64 [n]
        All orders, and the ordinary ones expected, of the steps from the one the onset lies in; both only of the part
        of the step after the onset and before ``now_s``.
    now_s : int
        Until when was counted.
    """

    onset_s: int
    now_s: int
    counts: Floats
    background: Floats

    @property
    def begin_s(self) -> int:
        """First instant of the step the onset lies in."""
        return self.onset_s // STEP_S * STEP_S


def learn(past: Sequence[Burst]) -> Floats:
    """Return how usual each of :data:`COURSES` is, float64 [courses], from bursts that are over."""
    counted = np.full(len(COURSES), USUAL_WEIGHT / len(COURSES))
    for one in past:
        counted += _explain(one, np.full(len(COURSES), 1 / len(COURSES)))[1]
    return counted / counted.sum()


def nowcast(burst: Burst, usual: Floats | None = None) -> Nowcast:
    """Return what is believed of a burst.

    Parameters
    ----------
    usual : float64 [courses], optional
        As :func:`learn` returns it; without, all courses are alike before anything is seen.
    """
    prior = np.full(len(COURSES), 1 / len(COURSES)) if usual is None else usual
    beliefs, weights, covered = _explain(burst, prior)
    orders = np.zeros(len(covered))
    seen = min(len(burst.counts), len(orders))
    orders[:seen] = np.maximum(burst.counts[:seen] - burst.background[:seen], 0.0)
    past = (burst.begin_s + STEP_S * np.arange(len(covered)) < burst.onset_s) * (burst.onset_s - burst.begin_s) / STEP_S
    return Nowcast(burst.begin_s, orders, 1 - covered - past, shelf(()), beliefs, weights)


def _explain(burst: Burst, prior: Floats) -> tuple[tuple[Belief, ...], Floats, Floats]:
    """Return the posterior of each course, its weight, and which part of each step was counted."""
    begin_s, steps = burst.begin_s, -(-HORIZON_S // STEP_S)
    edges = np.clip(
        begin_s + STEP_S * np.arange(steps + 1, dtype=np.float64), burst.onset_s, max(burst.now_s, burst.onset_s)
    )
    covered = np.diff(edges) / STEP_S
    exposed = np.diff(_gathered_s(edges - burst.onset_s)) / STEP_S
    told = np.flatnonzero(covered[: len(burst.counts)] > 0)
    seen = Seen(
        rows=np.eye(steps)[told],
        counts=burst.counts[told],
        offset=np.log(exposed[told]),
        background=np.maximum(burst.background[told], LEAST_BACKGROUND),
        readings=np.zeros(0),
        variances=np.zeros(0),
    )
    level = np.log(max(float(burst.background.sum() / max(covered.sum(), LEAST_COVERED)), 1.0)) + USUAL_LOG_TIMES
    explained = [condition(_prior(begin_s, burst.onset_s, steps, level, *course), seen) for course in COURSES]
    evidence = np.array([one[1] for one in explained]) + np.log(prior)
    weights = np.exp(evidence - evidence.max())
    return tuple(belief for belief, _ in explained), weights / weights.sum(), covered


def _gathered_s(age_s: Floats) -> Floats:
    """Return how long a burst at its full rate takes for what it brings up to an age, with its ramp."""
    gathered: Floats = np.where(age_s < RAMP_S, age_s**2 / (2 * RAMP_S), age_s - RAMP_S / 2)
    return gathered


def _prior(begin_s: int, onset_s: int, steps: int, level: float, plateau_s: float, decay_s: float) -> Belief:
    age_s = np.maximum(begin_s + STEP_S * (np.arange(steps) + 0.5) - onset_s, 0.0)
    apart_s = STEP_S * np.abs(np.subtract.outer(np.arange(steps), np.arange(steps)))
    varied = WAVE_SD**2 * np.exp(-apart_s / WAVE_LIFE_S) + GRAIN_SD**2 * np.eye(steps)
    mean = level - np.maximum(age_s - plateau_s, 0.0) / decay_s
    return Belief(mean, varied + LEVEL_SD**2)
