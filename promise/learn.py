"""What events teach: the stages fitted again to what has happened by a morning, and who kept their promises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promise.delay_trees import Facts, StageModel, fit_stage

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]


def refit(facts: Facts, begin_day: I64, end_day: I64, log_factor: F64, today: int) -> StageModel:
    """Fit a stage on the morning of ``today`` to the days before it, parcels under way included.

    Parameters
    ----------
    facts : Facts
        Of N orders bought before today.
    begin_day, end_day : int64 [N]
        Ordinal days on which the stage began and ended; anything from today on counts as not happened.
    log_factor : float64 [N]
        What the load at the purchase adds to log days.
    """
    begun = np.flatnonzero(begin_day < today)
    done = end_day[begun] < today
    days = np.where(done, end_day[begun], today - 1) - begin_day[begun]
    return fit_stage(facts.take(begun), days, done, log_factor[begun])


@dataclass(frozen=True)
class Coverage:
    """Who kept their promises in one cell.

    Attributes
    ----------
    due, ontime : int
        Promises settled by today, kept or broken, and those kept.
    overdue : int
        Of the broken ones, those still not delivered.
    waiting : int
        Not due yet: not counted.
    """

    hub: int
    option: int
    due: int
    ontime: int
    overdue: int
    waiting: int

    @property
    def share(self) -> float:
        """Return the share on time, NaN where nothing is settled."""
        return self.ontime / self.due if self.due else float("nan")


def coverage(hub: I64, option: I64, promised_day: I64, delivered_day: I64, today: int) -> tuple[Coverage, ...]:
    """Report per hub and option whose promise was kept, as known on the morning of ``today``.

    A promise counts once its day has passed, delivered or not: parcels delivered ahead of a later date would make the
    share look better than it is going to be. Days are ordinals, int64 [N]; what has not happened is later than today.
    """
    settled = promised_day < today
    kept = delivered_day <= promised_day
    found = []
    for one, kind in sorted(set(zip(hub.tolist(), option.tolist(), strict=True))):
        cell = (hub == one) & (option == kind)
        due = cell & settled
        overdue = due & (delivered_day >= today)
        waiting = cell & ~settled
        counts = [int(chosen.sum()) for chosen in (due, due & kept, overdue, waiting)]
        found.append(Coverage(one, kind, *counts))
    return tuple(found)
