"""Who is present at a live: how many of the reach announced, and how their number goes with the orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.model.live import Live
from promise.course import RAMPS, USUAL_WEIGHT, gathered
from promise.cox import Floats
from promise.steps import Span, Watched

USUAL_PRESENT_LOG, USUAL_PRESENT_SD, USUAL_READING_SD = float(np.log(0.2)), 0.6, 0.4
USUAL_RAMP_LOG = np.array([-1.0, -0.2, 0.0, 0.0, 0.0, 0.0])
FEWEST_READINGS, EARLY = 8, 4


@dataclass(frozen=True)
class Crowd:
    """What past lives tell of viewers.

    Attributes
    ----------
    ramp_log : float64 [RAMPS]
        Log of viewers present as the crowd gathers, over those of the live's later part.
    present_log, present_sd
        Log of those over the reach announced; its spread over lives.
    reading_sd
        Noise of one step's reading within a live.
    """

    ramp_log: Floats
    present_log: float
    present_sd: float
    reading_sd: float


def learn(lives: Sequence[Live], grids: Sequence[Span], seen: Sequence[Watched]) -> Crowd:
    """Learn from what was seen of past lives."""
    sums, weight = USUAL_WEIGHT * USUAL_RAMP_LOG, np.full(RAMPS, USUAL_WEIGHT)
    found = []
    for live, grid, one in zip(lives, grids, seen):
        told = (one.viewers > 0) & (grid.lived > 0)
        part, logs = gathered(grid)[told], np.log(one.viewers[told])
        if told.sum() >= FEWEST_READINGS and live.reach:
            later = float(logs[len(logs) // 2 :].mean())
            times = np.bincount(part, minlength=RAMPS)
            sums = sums + np.bincount(part, logs - later, RAMPS) / np.maximum(times, 1)
            weight += times > 0
            found.append((part, logs - np.log(live.reach)))
    ramp_log = sums / weight
    rests = [logs - ramp_log[part] for part, logs in found]
    present_log, present_sd = pulled([float(rest.mean()) for rest in rests], USUAL_PRESENT_LOG, USUAL_PRESENT_SD)
    return Crowd(
        ramp_log, present_log, present_sd, pulled([_reading_sd(rest) for rest in rests], 0.0, USUAL_READING_SD)[1]
    )


def pulled(values: Sequence[float], usual: float, usual_sd: float) -> tuple[float, float]:
    """Return mean and spread, as if :data:`USUAL_WEIGHT` more values had shown the usual ones."""
    n = len(values)
    mean = (sum(values) + USUAL_WEIGHT * usual) / (n + USUAL_WEIGHT)
    square = sum((value - mean) ** 2 for value in values) + USUAL_WEIGHT * usual_sd**2
    return float(mean), float(np.sqrt(square / (n + USUAL_WEIGHT)))


def _reading_sd(rest: Floats) -> float:
    """Return the noise of a reading, were readings independent, by how far the first ones were off the others.

    They lean on one another (a platform pushes a live for half an hour), so the first few tell less than their number.
    """
    return float(np.sqrt(EARLY) * abs(rest[:EARLY].mean() - rest[EARLY:].mean()))
