"""Tours under a rule of promising: days promised, room reserved, parcels delivered, in turn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from data.synthetic.world_orders import F64, I64
from data.synthetic.world_roads import LastLeg
from promise.room import coming_back
from promise.simulate_truth import Truth


class Left:
    """Parcels left in the tours by area, option and day, int64 [A, O, D], as quotes ask for it (a ``Room``)."""

    def __init__(self, parcels: I64) -> None:
        self.parcels = parcels

    def free(self, hubs: Sequence[int], cell: int, day: int, parcels: int, dm3: int) -> list[int]:
        """Return all of the hubs or none, see :class:`promise.lookup.Room`."""
        area, option = divmod(cell, self.parcels.shape[1])
        return list(hubs) if self.parcels[area, option, day] >= parcels else []

    def take(self, area: int, option: int, day: int) -> None:
        """Take a place on a day; beyond the last one there is enough."""
        if day < self.parcels.shape[2]:
            self.parcels[area, option, day] -= 1


class Ledger:
    """The room left in tours: what was promised for a day holds its place until a scan tells that it is delivered.

    ``reserved`` [A, O, D] counts parcels by the world's ``D`` days.
    """

    def __init__(self, truth: Truth, leg: LastLeg) -> None:
        self.truth, self.leg = truth, leg
        self.reserved = np.zeros((*leg.room.shape, truth.world.days + 60), dtype=np.int64)
        self._held = np.zeros(len(truth.orders), dtype=bool)

    def reserve(self, row: int, day: int) -> None:
        """Hold a place for an order on its promised day (ordinal)."""
        orders = self.truth.orders
        place = orders.area[row], orders.option[row], day - self.truth.first_day
        self._held[row] = True
        self.reserved[place] += 1

    def release(self, rows: I64) -> None:
        """Give back the places of delivered orders."""
        mine = rows[self._held[rows]]
        orders, due = self.truth.orders, self.leg.due_day[mine] - self.truth.first_day
        np.subtract.at(self.reserved, (orders.area[mine], orders.option[mine], due), 1)

    def left(self, day: int, days: int) -> Left:
        """Return the room left on ``days`` days from ``day`` (ordinal) on, whose own tours are under way.

        Places held and parcels that come back are gone: as many promises are broken as the nominal share allows.
        """
        first = day - self.truth.first_day
        held = self.reserved[..., first : first + days]
        overdue = self.reserved[..., :first].sum(-1)
        back = coming_back(held, overdue, self._open(day, days), 1.0 - self.truth.world.nominal)
        return Left(self.leg.room[..., None] - held - back)

    def _open(self, day: int, days: int) -> NDArray[np.bool_]:
        calendars = [one.option.calendar for one in self.truth.world.options]
        opened = np.array([one.open_mask(day, days) for one in calendars])
        return np.broadcast_to(opened, (len(self.reserved), *opened.shape))


def promised_by_cost(truth: Truth, odds: F64, per_day: float, floor: float, due_day: I64) -> LastLeg:
    """Promise scored orders by cost, drive all tours, and return them; ``due_day`` of scored orders is filled in.

    Parameters
    ----------
    odds : float64 [n, D]
        P(on time) of each scored order by its d-th day.
    per_day : float
        What a day costs, over the cost of a broken promise.
    floor : float
        Days less certain than this are not promised, unless there is no other.
    due_day : int64 [N]
        The days owed for the other orders.
    """
    leg = LastLeg(truth.world, truth.draws, truth.orders, truth.depot_day, due_day)
    ledger = Ledger(truth, leg)
    rows, days = truth.scored(), odds.shape[1]
    cost = per_day * np.arange(days) - odds + np.where(odds < floor, 1e3, 0.0)
    ends = np.searchsorted(truth.placed_day[rows], np.arange(truth.first_day, truth.first_day + truth.world.days) + 1)
    begin = 0
    for day, end in zip(range(truth.first_day, truth.first_day + truth.world.days), ends.tolist(), strict=True):
        delivered = leg.deliver(day)
        closed, left = _closed(truth, day, days), ledger.left(day, days)
        for k in range(begin, end):
            row = rows[k]
            area, option = truth.orders.area[row], truth.orders.option[row]
            full = left.parcels[area, option] <= 0
            due_day[row] = day + int(np.argmin(cost[k] + 1e4 * full + 1e6 * closed[option]))
            ledger.reserve(int(row), int(due_day[row]))
            left.take(area, option, int(due_day[row]) - day)
        ledger.release(delivered)
        begin = end
    return leg


def _closed(truth: Truth, day: int, days: int) -> F64:
    """Return 1 where an option does not deliver on the d-th day from ``day`` on, [O, D]; today is over."""
    calendars = [one.option.calendar for one in truth.world.options]
    is_open = [[d > 0 and one.is_open(date.fromordinal(day + d)) for d in range(days)] for one in calendars]
    return 1.0 - np.array(is_open)
