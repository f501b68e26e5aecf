"""What keeps predictions honest while the world drifts: observed over expected, and load outside the trees.

A prediction is a cumulative hazard that an order climbs as days pass. Deliveries observed over hazard climbed, by
stretch of the climb and with the past fading, is how much faster or slower the world has become: every order under
way counts at once, late ones by what they have *not* done, and nothing waits for a due date. Each cell (hub x option)
leans on its hub, hubs on all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

EDGES = np.array([0.0, 0.1, 0.3, 0.5, 0.7, 0.85, 0.93, 0.98])
"""Where stretches of the predicted probability begin; the last has no end."""
SURE = 1.0 - 1e-6
ALIKE = 0.1
"""Orders of a day or a wave share their troubles: the part of the variance of what befalls one that befalls all."""
GOLDEN = 0.6180339887498949
"""Multiples of it fill the unit interval evenly: where within its day an event falls, drawn without chance."""


def climbed(cdf: F64) -> F64:
    """Return the cumulative hazard of a distribution function."""
    return -np.log1p(-np.minimum(cdf, SURE))


class Correction:
    """How the realised shares differ from the predicted ones, per hub and option.

    One instance follows one stage. A *step* is what its distribution counts: days for a delivery, waves for a
    hand-over, which are known within hours.

    Parameters
    ----------
    hubs, options : int
    half_life_steps : float
        After so many steps an observation counts half.
    pooled : float
        How many expected events the level above is worth in a cell.
    alike : float
        What orders of a cell that began on one step have in common, 0 nothing to 1 all: n of them count like
        n / (1 + alike * (n - 1)) orders with fates of their own, so that one bad day in a burst is no new world.
    """

    def __init__(
        self, hubs: int, options: int, half_life_steps: float = 14.0, pooled: float = 40.0, alike: float = 0.0
    ) -> None:
        self.pooled, self.alike = pooled, alike
        self._keep = 0.5 ** (1.0 / half_life_steps)
        self._edges = climbed(EDGES)
        self._observed = np.zeros((hubs, options, len(EDGES)))
        self._expected = np.zeros((hubs, options, len(EDGES)))
        self._order = np.zeros(0, dtype=np.int64)
        self._cell = np.zeros((0, 3), dtype=np.int64)  # hub, option, step of k = 0
        self._climb = np.zeros((0, 0))
        self._done: dict[int, int] = {}

    def promise(self, order: I64, hub: I64, option: I64, cdf: F64, step: I64) -> None:
        """Note orders (int64 [N]) and the uncorrected ``cdf`` float64 [N, K+1] promised by from ``step`` on."""
        climb = climbed(cdf)
        self._climb = np.vstack([self._climb, climb]) if len(self._climb) else climb
        self._order = np.concatenate([self._order, order])
        self._cell = np.vstack([self._cell, np.column_stack([hub, option, step])])

    def done(self, order: I64, step: I64) -> None:
        """Note scans: orders (int64 [N]) whose stage ended on a step."""
        self._done.update(zip(order.tolist(), step.tolist(), strict=True))

    def refresh(self, step: int, postponed: I64 | None = None) -> None:
        """Count one step once its scans are in, also for the orders under way.

        Those ``postponed`` (int64 [N]) waited for us, as others were due before them: their clock stands still.
        """
        self._observed *= self._keep
        self._expected *= self._keep
        if not len(self._order):
            return
        if postponed is not None:
            self._cell[np.isin(self._order, postponed), 2] += 1
        age = step - self._cell[:, 2]
        last = self._climb.shape[1] - 1
        row = np.arange(len(age))
        after = self._climb[row, np.clip(age, 0, last)]
        before = np.where(age > 0, self._climb[row, np.clip(age - 1, 0, last)], 0.0)
        ended = np.array([self._done.get(int(one), step + 1) <= step for one in self._order], dtype=bool)
        after = np.where(ended, self._within(before, after), after)
        here = age >= 0
        self._count(row[here], before[here], after[here], ended[here])
        for one in self._order[ended].tolist():
            del self._done[one]
        kept = ~ended & (age < last)
        self._order, self._cell, self._climb = self._order[kept], self._cell[kept], self._climb[kept]

    def _within(self, before: F64, after: F64) -> F64:
        """Return where between two climbs an event fell: evenly in probability."""
        share = self._order * GOLDEN % 1.0
        return -np.log(np.exp(-before) * (1.0 - share) + np.exp(-after) * share)

    def _count(self, row: I64, before: F64, after: F64, ended: NDArray[np.bool_]) -> None:
        hub, option = self._cell[row, 0], self._cell[row, 1]
        upper = np.append(self._edges[1:], np.inf)
        climbs = np.clip(after[:, None], self._edges, upper) - np.clip(before[:, None], self._edges, upper)
        together, size = np.unique(self._cell[row], axis=0, return_inverse=True, return_counts=True)[1:]
        worth = 1.0 / (1.0 + self.alike * (size[together] - 1))
        np.add.at(self._expected, (hub, option), climbs * worth[:, None])
        stretch = np.searchsorted(self._edges, after[ended], side="right") - 1
        np.add.at(self._observed, (hub[ended], option[ended], stretch), worth[ended])

    def pace(self) -> F64:
        """Return observed over expected hazard, float64 [H, O, stretches]: below 1 the world is slower than told."""
        every = self._over(self._observed.sum((0, 1)), self._expected.sum((0, 1)), np.ones(len(EDGES)))
        hub = self._over(self._observed.sum(1), self._expected.sum(1), every)
        return self._over(self._observed, self._expected, hub[:, None, :])

    def _over(self, observed: F64, expected: F64, above: F64) -> F64:
        return (observed + self.pooled * above) / (expected + self.pooled)

    def corrected(self, cdf: F64, hub: I64 | int, option: I64 | int) -> F64:
        """Return ``cdf`` float64 [..., K+1] as the world now runs, never falling; hub, option broadcast over [...]."""
        pace = self.pace()
        cells = np.broadcast_to(np.asarray(hub) * pace.shape[1] + np.asarray(option), cdf.shape[:-1])
        result = np.empty_like(cdf, dtype=np.float64)
        for cell in np.unique(cells):
            chosen = cells == cell
            result[chosen] = 1.0 - np.exp(-self._climb_at(climbed(cdf[chosen]), pace.reshape(-1, len(EDGES))[cell]))
        return result

    def _climb_at(self, climb: F64, pace: F64) -> F64:
        upper = np.append(np.diff(self._edges), np.inf)
        total = np.zeros_like(climb)
        for edge, width, speed in zip(self._edges, upper, pace, strict=True):
            total += speed * np.clip(climb - edge, 0.0, width)
        return total


class LoadScale:
    """Durations grow with the load to some power; the power is learnt from who is delivered on the day and who is not.

    Each exponent of a grid predicts each day's scans before they arrive; its weight is its prior times the likelihood
    of what then happened (prequential, Dawid 1984), the past fading. A drift common to all orders is taken out, so
    that only the differences between orders bought under different loads count.
    """

    GRID = np.arange(0.0, 1.25, 0.1)

    def __init__(self, prior: float = 0.6, spread: float = 0.12, half_life_steps: float = 90.0) -> None:
        self._prior = -0.5 * ((self.GRID - prior) / spread) ** 2
        self._likelihood = np.zeros(len(self.GRID))
        self._counts = np.full((2, len(self.GRID)), 20.0)  # observed, expected: the drift under each exponent
        self._keep, self._drift_keep = 0.5 ** (1.0 / half_life_steps), 0.5 ** (1.0 / 14.0)

    @property
    def exponent(self) -> float:
        """The mean of the exponents by their weights."""
        score = self._prior + self._likelihood
        weight = np.exp(score - score.max())
        return float((weight * self.GRID).sum() / weight.sum())

    def factor(self, load: F64) -> F64:
        """Return what durations are multiplied with under a load (1 = usual)."""
        return np.asarray(load, dtype=np.float64) ** self.exponent

    def observe(self, climb: F64, ended: NDArray[np.bool_]) -> None:
        """Learn from a step: hazard climbed on it under each exponent, float64 [N, J], and whether each order ended."""
        drift = self._counts[0] / self._counts[1]
        ahead = np.maximum(drift * climb, 1e-9)
        likelihood = np.where(ended[:, None], np.log(-np.expm1(-ahead)), -ahead).sum(0)
        self._likelihood = self._keep * self._likelihood + ALIKE * likelihood
        self._counts = self._drift_keep * self._counts
        self._counts[0] += ended.sum()
        self._counts[1] += -np.expm1(-climb).sum(0)
