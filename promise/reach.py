"""How many orders a live will bring, from its reach and from the past lives of its creators and brands.

A linear regression of the log of the orders, with partial pooling: each creator and each brand has an effect of its
own, drawn from a common spread that the data choose. A creator never seen has the spread's uncertainty; one seen
twenty times has nearly their own mean. In closed form as a Gaussian process (Gelman & Hill, *Data Analysis Using
Regression and Multilevel/Hierarchical Models*, 2007, chapter 12).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from data.model.live import Live, PastLive
from promise.cox import Floats

USUAL_CONVERSION = 0.047
"""Orders per viewer where nobody says (TikTok's average)."""
USUAL_REACH, UNKNOWN_REACH_SD = 5_000, 1.0
"""Where none is announced: any number between some hundreds and some ten thousands."""

BASE_SD, REACH_SD, LENGTH_SD = 1.0, 0.4, 0.4
CREATOR_SDS, BRAND_SDS, NOISE_SDS = (0.1, 0.25, 0.4, 0.6, 0.9), (0.05, 0.2, 0.4), (0.2, 0.3, 0.4, 0.5, 0.65, 0.85, 1.1)
LIKELY_SDS, LIKELY_SPREAD = (0.4, 0.2, 0.5), 0.7
_CENTRE_LOG, _CENTRE_HOURS = np.log(500.0), 2.0
NORMAL_80 = 1.2816
TRUSTED_AFTER = 10


@dataclass(frozen=True)
class Reach:
    """The regression, ready to predict: the past it stands on, and the spreads it chose.

    ``stretch`` makes the 80 % interval hold 80 % of the past lives, each predicted from the others.
    """

    past: tuple[Live, ...]
    sds: tuple[float, float, float]
    inverse: Floats
    pull: Floats
    stretch: float

    def predict(self, live: Live) -> tuple[float, float]:
        """Return mean and standard deviation of the log of the orders during the live."""
        own = float(_kernel([live], [live], self.sds)[0, 0])
        across = _kernel([live], self.past, self.sds)[0]
        variance = own + self.sds[2] ** 2 - float(across @ self.inverse @ across)
        variance += 0.0 if live.reach else UNKNOWN_REACH_SD**2
        return float(_plain(live) + across @ self.pull), self.stretch * float(np.sqrt(variance))


def learn(past: Sequence[PastLive]) -> Reach:
    """Fit the regression to past lives; none is fine, then the prior speaks alone."""
    lives = tuple(one.live for one in past)
    found = np.array([np.log(max(one.orders_during, 0.5)) for one in past]) - np.array([_plain(live) for live in lives])
    sds = max(product(CREATOR_SDS, BRAND_SDS, NOISE_SDS), key=lambda tried: _evidence(lives, found, tried))
    inverse = np.linalg.inv(_kernel(lives, lives, sds) + sds[2] ** 2 * np.eye(len(lives))).astype(np.float64)
    pull: Floats = inverse @ found
    return Reach(lives, sds, inverse, pull, _stretch(inverse, pull))


def _stretch(inverse: Floats, pull: Floats) -> float:
    """Return the factor on the spread under which 80 % of the past fall into their leave-one-out interval."""
    return stretch(np.abs(pull) / np.sqrt(np.diag(inverse)))


def stretch(scores: Floats) -> float:
    """Return the factor on the spread under which 80 % of past errors, in standard deviations, are inside.

    The 80th percentile is the conformal one, (n + 1) in the place of n; few scores pull little away from 1.
    """
    n = len(scores)
    if not n:
        return 1.0
    rank = min(int(np.ceil(0.8 * (n + 1))), n) - 1
    return float((np.sort(scores)[rank] / NORMAL_80) ** (n / (n + TRUSTED_AFTER)))


def _evidence(lives: Sequence[Live], found: Floats, sds: tuple[float, float, float]) -> float:
    """Return the log marginal likelihood, with a weak pull towards likely spreads."""
    prior = -float(np.sum(np.log(np.array(sds) / LIKELY_SDS) ** 2)) / (2 * LIKELY_SPREAD**2)
    if not len(lives):
        return prior
    root = np.linalg.cholesky(_kernel(lives, lives, sds) + sds[2] ** 2 * np.eye(len(lives)))
    white = np.linalg.solve(root, found)
    return prior - float(white @ white) / 2 - float(np.log(np.diag(root)).sum())


def _kernel(left: Sequence[Live], right: Sequence[Live], sds: tuple[float, float, float]) -> Floats:
    """Return the prior covariance ``[left, right]`` of the log orders, without the noise of the single live."""
    reach = np.multiply.outer(*([_plain(live) - _CENTRE_LOG for live in lives] for lives in (left, right)))
    length = np.multiply.outer(*([np.log(hours(live) / _CENTRE_HOURS) for live in lives] for lives in (left, right)))
    creators = _alike([live.creators for live in left], [live.creators for live in right])
    brands = _alike([live.brands for live in left], [live.brands for live in right])
    fixed = BASE_SD**2 + REACH_SD**2 * reach + LENGTH_SD**2 * length
    known: Floats = fixed + sds[0] ** 2 * creators + sds[1] ** 2 * brands
    return known


def _alike(left: Sequence[Sequence[str]], right: Sequence[Sequence[str]]) -> Floats:
    """Return how much of the mean effect of two casts is shared: 1 for the same single name, 0 for none."""
    return np.array(
        [[len(set(one) & set(two)) / max(len(one) * len(two), 1) for two in right] for one in left], dtype=np.float64
    ).reshape(len(left), len(right))


def _plain(live: Live) -> float:
    """Return the log of the orders by reach and conversion alone."""
    conversion = USUAL_CONVERSION if live.conversion is None else live.conversion
    return float(np.log(max(reach_of(live) * conversion, 1.0)))


def reach_of(live: Live) -> int:
    """Return the viewers expected, or the usual number where none is announced."""
    return live.reach or USUAL_REACH


def hours(live: Live) -> float:
    """Return how long a live is planned to run, in hours."""
    return (live.end_at - live.start_at).total_seconds() / 3600
