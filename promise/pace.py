"""How well a hub keeps to its timetable: assumed at first, then learnt from what it gets done."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from data.clock import rng as seeded
from data.model.base import Value

F64 = NDArray[np.float64]


class Pace(Value):
    """How true paces differ from the timetable's: ``mean`` times, with two spreads (of logarithms) around it.

    ``spread`` is what we don't know and lasts; ``daily`` varies by day and kind of work. Assumed until
    :func:`learn_pace` has seen some days.
    """

    mean: Annotated[float, Meta(gt=0, le=5)] = 1.0
    spread: Annotated[float, Meta(ge=0, le=1)] = 0.05
    daily: Annotated[float, Meta(ge=0, le=1)] = 0.10

    def draw(self, scenarios: int, days: int, kinds: int, seed: int) -> F64:
        """Return paces [scenarios, days, kinds]; a scenario's are the same whatever the load: runs are coupled."""
        rng = seeded(seed)
        lasting = rng.standard_normal((scenarios, 1, 1)) * self.spread
        daily = rng.standard_normal((scenarios, days, kinds)) * self.daily
        drawn: F64 = self.mean * np.exp(lasting + daily - (self.spread**2 + self.daily**2) / 2)
        return drawn


ASSUMED = Pace()


def learn_pace(done: F64, possible: F64, prior: Pace = ASSUMED, worth_days: float = 5.0) -> Pace:
    """Return the pace of a hub from what it got done.

    Parameters
    ----------
    done, possible : float64 [D, K]
        Parcels a kind of work got through on a day, and what its timetable allows, both only over the time when there
        was work waiting for it: else nothing can be learnt (put 0). Days count by what was possible on them.
    prior : Pace
        What is believed before; it counts as much as ``worth_days`` average days.

    Returns
    -------
    Pace
        ``daily`` is what varies beyond the chance of small counts; ``spread`` shrinks with the days seen.
    """
    seen = possible > 0
    if not seen.any():
        return prior
    weight = possible[seen] / possible[seen].mean() / done.shape[1]  # sums to the days seen
    days = float(weight.sum())
    logs = np.log((done[seen] + 0.5) / (possible[seen] + 0.5))
    mean = float((np.log(prior.mean) - prior.daily**2 / 2) * worth_days + weight @ logs) / (worth_days + days)
    by_chance = 1.0 / (done[seen] + 1.0)
    beyond = max(0.0, float(weight @ ((logs - weight @ logs / days) ** 2 - by_chance)))
    daily = float(np.sqrt((prior.daily**2 * worth_days + beyond) / (worth_days + days)))
    spread = prior.spread * float(np.sqrt(worth_days / (worth_days + days)))
    return Pace(mean=min(5.0, float(np.exp(mean + daily**2 / 2))), spread=spread, daily=min(1.0, daily))
