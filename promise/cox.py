"""Counts whose log rate is Gaussian: the one mathematics behind the calm level, a live and a burst.

A log-Gaussian Cox process: ``counts ~ Poisson(background + exp(rows @ state + offset))`` with
``state ~ N(mean, cov)``. The posterior is Laplace's: Newton's method in the dual variable (Rasmussen & Williams,
*Gaussian Processes for Machine Learning*, 2006, algorithm 3.1), with the expected curvature, so that a background
keeps the problem well posed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Floats = NDArray[np.float64]

_ROUNDS = 60
_TOLERANCE = 1e-8
_LARGEST_LOG = 30.0
_SMALLEST_WEIGHT = 1e-10
_JITTER = 1e-9


@dataclass(frozen=True)
class Belief:
    """A Gaussian over the state: ``mean [N]``, ``cov [N, N]``."""

    mean: Floats
    cov: Floats

    def draw(self, scenarios: int, rng: np.random.Generator, first: int = 0, last: int | None = None) -> Floats:
        """Return ``[scenarios, n]`` joint draws of the entries from ``first`` up to ``last``."""
        mean, cov = self.mean[first:last], self.cov[first:last, first:last]
        if not len(mean):
            return np.zeros((scenarios, 0))
        root = np.linalg.cholesky(cov + _JITTER * (1.0 + np.trace(cov) / len(mean)) * np.eye(len(mean)))
        drawn: Floats = mean + rng.standard_normal((scenarios, len(mean))) @ root.T
        return drawn


@dataclass(frozen=True)
class Seen:
    """What was observed: ``M`` counts, and ``R`` readings of the log rate itself.

    Parameters
    ----------
    rows : float64 [M + R, N]
        Which entries of the state add up to each observed log rate.
    counts, offset, background : float64 [M]
        Events counted, the log of exposure times known factors, and the expected events of other causes.
    readings, variances : float64 [R]
        Log rates read with Gaussian noise.
    """

    rows: Floats
    counts: Floats
    offset: Floats
    background: Floats
    readings: Floats
    variances: Floats


def condition(belief: Belief, seen: Seen) -> tuple[Belief, float]:
    """Return the Laplace posterior of the state, and the log evidence up to a constant of what was seen.

    Raises
    ------
    ValueError
        If the shapes of ``seen`` don't agree with one another.
    """
    total = len(seen.counts) + len(seen.readings)
    if seen.rows.shape != (total, len(belief.mean)):
        raise ValueError(f"rows are {seen.rows.shape}, observations and state are {(total, len(belief.mean))}")
    if not total:
        return belief, 0.0
    across = belief.cov @ seen.rows.T
    gram = seen.rows @ across
    centre = seen.rows @ belief.mean
    centre[: len(seen.counts)] += seen.offset
    dual = _climb(gram, centre, seen)
    weight, _ = _linearised(centre + gram @ dual, seen)
    factor = cho_factor(gram + np.diag(1 / weight), lower=True)
    cov = belief.cov - across @ cho_solve(factor, across.T)
    occam = float(np.log(np.diag(factor[0])).sum() + np.log(weight).sum() / 2)
    return Belief(belief.mean + across @ dual, (cov + cov.T) / 2), -_objective(dual, gram, centre, seen) - occam


def _climb(gram: Floats, centre: Floats, seen: Seen) -> Floats:
    """Return the dual variable at the mode; every step is halved until it lowers the objective."""
    dual = np.zeros(len(centre))
    value = np.inf
    for round_ in range(_ROUNDS):
        # The first step starts from the counts themselves: from a vague prior, Newton's would overshoot.
        eta = _first_guess(centre, seen) if round_ == 0 else centre + gram @ dual
        weight, target = _linearised(eta, seen)
        aim = cho_solve(cho_factor(gram + np.diag(1 / weight), lower=True), target - centre)
        step, found = 1.0, np.inf
        while step > _TOLERANCE:
            trial = dual + step * (aim - dual)
            found = _objective(trial, gram, centre, seen)
            if found < value:
                break
            step /= 2
        if not found < value - _TOLERANCE:
            break
        dual, value = dual + step * (aim - dual), found
    return dual


def _first_guess(centre: Floats, seen: Seen) -> Floats:
    n = len(seen.counts)
    counted = np.log(np.maximum(seen.counts - seen.background, 0.5))
    return np.concatenate([counted, centre[n:]])


def _linearised(eta: Floats, seen: Seen) -> tuple[Floats, Floats]:
    """Return the weights and working responses of the observations around ``eta``."""
    n = len(seen.counts)
    rate = np.exp(np.clip(eta[:n], -_LARGEST_LOG, _LARGEST_LOG))
    whole = rate + seen.background
    weight = np.maximum(rate * rate / whole, _SMALLEST_WEIGHT)
    response = eta[:n] + (seen.counts / whole - 1) * rate / weight
    return np.concatenate([weight, 1 / seen.variances]), np.concatenate([response, seen.readings])


def _objective(dual: Floats, gram: Floats, centre: Floats, seen: Seen) -> float:
    """Return the negative log posterior, up to a constant."""
    n = len(seen.counts)
    shift = gram @ dual
    eta = centre + shift
    whole = np.exp(np.clip(eta[:n], -_LARGEST_LOG, _LARGEST_LOG)) + seen.background
    misfit = float(np.sum(whole - seen.counts * np.log(whole)))
    misread = float(np.sum((eta[n:] - seen.readings) ** 2 / seen.variances)) / 2
    return misfit + misread + float(dual @ shift) / 2
