"""What the scanners have told by a moment: the only door through which a simulated world is looked at."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from data.model.schedule import STEP_S, Workload
from data.synthetic.world_hub import kinds_of, nominal_pace
from data.synthetic.world_orders import F64, I64
from data.synthetic.world_roads import LastLeg
from promise.hub import STAGES
from promise.simulate_truth import Truth

BUSY = 3
"""A kind of work had enough to do in a step if so many parcels waited for it before and after."""


class Scans:
    """Scans of a world under one rule of promising; every method asks for what happened before an instant."""

    def __init__(self, truth: Truth, leg: LastLeg) -> None:
        self._truth, self._leg = truth, leg
        self._left = np.argsort(truth.left_s, kind="stable")
        self._left_s = truth.left_s[self._left]
        self._sorted_left_s = [np.sort(truth.left_s[mine]) for mine in truth.rows]

    def ordered(self, from_s: int, to_s: int) -> I64:
        """Return the orders (rows) that came in during [from_s, to_s)."""
        first, last = np.searchsorted(self._truth.orders.placed_s, [from_s, to_s])
        return np.arange(first, last)

    def left(self, from_s: int, to_s: int) -> I64:
        """Return the orders whose parcels left their hub during [from_s, to_s)."""
        first, last = np.searchsorted(self._left_s, [from_s, to_s])
        return self._left[first:last]

    def left_s(self, rows: I64) -> I64:
        """Return when parcels that have left their hub did so."""
        return self._truth.left_s[rows].astype(np.int64)

    def delivered(self, day: int) -> I64:
        """Return the orders delivered on a day (ordinal) that is over."""
        return np.flatnonzero(self._leg.delivered_day == day)

    @property
    def postponed(self) -> I64:
        """The orders that the last tours left in the depots, not due yet, for want of room."""
        return self._leg.postponed

    def backlog(self, hub: int, now_s: int) -> I64:
        """Return the parcels in a hub by what they wait for (:data:`promise.hub.STAGES`), int64 [1, 5]."""
        truth = self._truth
        passed = [np.searchsorted(truth.orders.placed_s[truth.rows[hub]], now_s)]
        passed += [np.searchsorted(done_s, now_s, side="right") for done_s in truth.done_s[hub]]
        passed += [np.searchsorted(self._sorted_left_s[hub], now_s, side="right")]
        waiting = np.zeros((1, len(STAGES)), dtype=np.int64)
        columns = [list(Workload).index(kind) for kind in kinds_of(truth.world.hubs[hub].schedule)]
        waiting[0, [*columns, -1]] = -np.diff(passed)
        return waiting

    def worked(self, hub: int, from_s: int, to_s: int) -> tuple[F64, F64]:
        """Return what each kind of work got done and what its timetable allows while enough waited for it, [K] each."""
        truth = self._truth
        edges_s = np.arange(from_s, to_s + 1, STEP_S)
        curves = [np.searchsorted(truth.orders.placed_s[truth.rows[hub]], edges_s)]
        curves += [np.searchsorted(done_s, edges_s, side="right") for done_s in truth.done_s[hub]]
        nominal = nominal_pace(truth.world.hubs[hub].schedule, from_s, len(edges_s) - 1)
        done, possible = np.zeros(len(nominal)), np.zeros(len(nominal))
        for kind, (ready, gone) in enumerate(pairwise(curves)):
            waiting = ready - gone
            busy = (waiting[:-1] >= BUSY) & (waiting[1:] >= BUSY) & (nominal[kind] > 0)
            done[kind], possible[kind] = np.diff(gone)[busy].sum(), nominal[kind][busy].sum()
        return done, possible
