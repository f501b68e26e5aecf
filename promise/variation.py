"""How a live's order rate leaves its usual course: in the long run, for some minutes, and from step to step.

The spreads that make the past lives likeliest, each live's level left free (restricted maximum likelihood), with a
weak pull towards usual ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
from scipy.optimize import minimize

from data.model.schedule import STEP_S
from promise.cox import Floats

USUAL = (0.25, 0.25, 900.0, 0.15)
PULL_SD, FREE_LEVEL_SD = 1.0, 10.0
FEWEST_STEPS, MOST_STEPS, ROUNDS = 6, 48, 120
DRIFT_LIFE_S = 3600.0
BOUNDS = ((0.02, 2.0), (0.02, 1.5), (STEP_S, 1800.0), (0.02, 1.0))


@dataclass(frozen=True)
class Variation:
    """Standard deviations of the log rate: ``drift_sd`` of a wandering that forgets in ``DRIFT_LIFE_S`` (to 1/e),
    ``wave_sd`` of one that does in ``wave_life_s``, ``grain_sd`` of each step by itself.
    """

    drift_sd: float
    wave_sd: float
    wave_life_s: float
    grain_sd: float

    def cov(self, begin_s: Floats) -> Floats:
        """Return the covariance ``[n, n]`` of the log rate of steps that begin at ``begin_s``, without the level."""
        apart_s = np.abs(begin_s[:, None] - begin_s)
        wave = self.wave_sd**2 * np.exp(-apart_s / self.wave_life_s)
        cov: Floats = (
            wave + self.drift_sd**2 * np.exp(-apart_s / DRIFT_LIFE_S) + self.grain_sd**2 * np.eye(len(begin_s))
        )
        return cov


@dataclass(frozen=True)
class Trace:
    """One past live: ``orders`` counted and ``expected`` by the usual course, in steps; each float64 [n]."""

    begin_s: Floats
    orders: Floats
    expected: Floats


def learn(traces: Sequence[Trace]) -> Variation:
    """Return the likeliest variation; without lives the usual one."""
    batches = _batches(traces)
    centre = np.log(USUAL)

    def cost(logs: Floats) -> float:
        tried = Variation(*np.exp(logs).tolist())
        return float(((logs - centre) ** 2).sum()) / (2 * PULL_SD**2) - sum(_evidence(tried, one) for one in batches)

    if not batches:
        return Variation(*USUAL)
    options = {"maxfev": ROUNDS, "xatol": 0.03, "fatol": 0.1}
    found = minimize(cost, centre, method="Nelder-Mead", bounds=np.log(BOUNDS), options=options)
    return Variation(*np.exp(found.x).tolist())


def _batches(traces: Sequence[Trace]) -> list[list[Trace]]:
    """Return the traces by their length: those of one length are reckoned with in one go."""
    told = [one for one in traces if len(one.orders) >= FEWEST_STEPS]
    cut = [Trace(*(values[:MOST_STEPS] for values in astuple(one))) for one in told]
    return [[one for one in cut if len(one.orders) == count] for count in sorted({len(one.orders) for one in cut})]


def _evidence(tried: Variation, batch: Sequence[Trace]) -> float:
    """Return the log likelihood of lives' log rates under Gaussian counting noise."""
    counted = np.array([one.orders + 0.5 for one in batch])
    rest = np.log(counted / np.array([one.expected for one in batch]))
    cov = np.array([tried.cov(one.begin_s) for one in batch]) + FREE_LEVEL_SD**2
    cov += np.eye(counted.shape[1]) / counted[:, None, :]
    root = np.linalg.cholesky(cov)
    white = np.linalg.solve(root, rest[:, :, None])
    return -float((white**2).sum()) / 2 - float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum())
