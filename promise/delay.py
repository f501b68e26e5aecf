"""How long a stage takes, in whole days, with the parcels still under way counted: they are at risk, never ignored.

Statistics of delivered parcels only run fast in a burst: the slow ones are not in them yet. Here a parcel counts for
every day it was seen to be still under way (Kaplan and Meier 1958), and the table follows the *days* that pass, not
the parcels that left together: yesterday's deliveries tell about every age at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]


def kaplan_meier(days: I64, done: NDArray[np.bool_], horizon: int, weight: F64 | None = None) -> F64:
    """Return P(duration <= k days) for k = 0..horizon, float64 [horizon + 1].

    Parameters
    ----------
    days : int64 [N]
        Days a stage took, or how many have passed so far: not done by the end of day ``days``.
    done : bool [N]
        Whether it is over.
    weight : float64 [N], optional
        How much each counts, else 1.
    """
    weights = np.ones(len(days)) if weight is None else weight
    last = np.minimum(days, horizon + 1)
    ended = np.bincount(last[done], weights[done], horizon + 2)
    left = np.bincount(last, weights, horizon + 2)
    at_risk = np.cumsum(left[::-1])[::-1]
    hazard = np.divide(ended, at_risk, out=np.zeros(horizon + 2), where=at_risk > 0)
    return 1.0 - np.cumprod(1.0 - hazard[: horizon + 1], dtype=np.float64)


class TransitTable:
    """Days from hand-over to delivery per area and option, kept up to date scan by scan.

    Steps are the delivery days of the option's calendar, numbered by the caller. Cells with few parcels lean on their
    option, options on all parcels.

    Parameters
    ----------
    areas, options : int
    horizon : int
        Largest number of steps told apart, K.
    half_life_steps : float
        After so many steps an observation counts half.
    pooled : float
        How many parcels at risk the level above is worth in a cell.
    """

    def __init__(
        self, areas: int, options: int, horizon: int = 10, half_life_steps: float = 20.0, pooled: float = 20.0
    ) -> None:
        self.horizon = horizon
        self.pooled = pooled
        self._keep = 0.5 ** (1.0 / half_life_steps)
        self._at_risk = np.zeros((areas, options, horizon + 1))
        self._ended = np.zeros((areas, options, horizon + 1))
        self._prior = np.full((options, horizon + 1), 0.5)
        self._prior_at_risk = 1.0
        self._under_way = np.zeros((0, 4), dtype=np.int64)  # parcel, area, option, step of hand-over
        self._delivered: dict[int, int] = {}

    def seed(self, cdf: F64, parcels: float) -> None:
        """Begin with what is thought of each option: ``cdf`` float64 [O, K+1], worth so many parcels at every age."""
        left = 1.0 - np.concatenate([np.zeros((len(cdf), 1)), cdf[:, :-1]], axis=1)
        self._prior = np.divide(np.diff(cdf, axis=1, prepend=0.0), left, out=np.ones_like(cdf), where=left > 1e-12)
        self._prior_at_risk = parcels

    def hand_over(self, parcel: I64, area: I64, option: I64, step: I64) -> None:
        """Note parcels (int64 [N] each) that left with a wave on a step."""
        self._under_way = np.vstack([self._under_way, np.column_stack([parcel, area, option, step])])

    def deliver(self, parcel: I64, step: I64) -> None:
        """Note parcels (int64 [N] each) delivered on a step."""
        self._delivered.update(zip(parcel.tolist(), step.tolist(), strict=True))

    def refresh(self, step: int, postponed: I64 | None = None) -> None:
        """Count one step once its scans are in: who was under way on it, and who was delivered.

        Those ``postponed`` (int64 [N]) could have gone, but others were due before them: their clock stands still.
        """
        self._at_risk *= self._keep
        self._ended *= self._keep
        if postponed is not None:
            self._under_way[np.isin(self._under_way[:, 0], postponed), 3] += 1
        _, area, option, left_at = self._under_way.T
        age = np.minimum(step - left_at, self.horizon)
        here = age >= 0
        ended = np.array([self._delivered.get(int(one), step + 1) <= step for one in self._under_way[:, 0]], dtype=bool)
        np.add.at(self._at_risk, (area[here], option[here], age[here]), 1.0)
        np.add.at(self._ended, (area[here & ended], option[here & ended], age[here & ended]), 1.0)
        for one in self._under_way[ended, 0].tolist():
            del self._delivered[one]
        self._under_way = self._under_way[~ended]

    def transit_cdf(self) -> F64:
        """Return P(delivered within k steps of the hand-over), float64 [A, O, K+1], never falling in k."""
        every = self._pooled(self._ended.sum((0, 1)), self._at_risk.sum((0, 1)), self._prior, self._prior_at_risk)
        option = self._pooled(self._ended.sum(0), self._at_risk.sum(0), every, self.pooled)
        hazard = self._pooled(self._ended, self._at_risk, option, self.pooled)
        return 1.0 - np.cumprod(1.0 - hazard, axis=-1, dtype=np.float64)

    def _pooled(self, ended: F64, at_risk: F64, above: F64, worth: float) -> F64:
        """Return hazards that lean on those of the level above."""
        return np.clip((ended + worth * above) / (at_risk + worth), 0.0, 1.0)
