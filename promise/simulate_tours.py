"""Tours under a rule of promising: days promised, room reserved, parcels delivered, in turn."""

from __future__ import annotations

from datetime import date

import numpy as np

from data.synthetic.world_orders import F64, I64
from data.synthetic.world_roads import LastLeg
from promise.simulate_truth import Truth


class Ledger:
    """The room left in tours: what was promised for a day holds its place until a scan tells that it is delivered.

    ``reserved`` [A, O, D] counts parcels by the world's ``D`` days.
    """

    def __init__(self, truth: Truth, leg: LastLeg) -> None:
        self.truth, self.leg = truth, leg
        self.reserved = np.zeros((*leg.room.shape, truth.world.days + 60), dtype=np.int64)
        self._held = np.zeros(len(truth.orders), dtype=bool)

    def reserve(self, row: int, day: int) -> int:
        """Hold a place for an order on its promised day (ordinal); return how many are left there."""
        orders = self.truth.orders
        place = orders.area[row], orders.option[row], day - self.truth.first_day
        self._held[row] = True
        self.reserved[place] += 1
        return int(self.leg.room[place[:2]] - self.reserved[place])

    def release(self, rows: I64) -> None:
        """Give back the places of delivered orders."""
        mine = rows[self._held[rows]]
        orders, due = self.truth.orders, self.leg.due_day[mine] - self.truth.first_day
        np.subtract.at(self.reserved, (orders.area[mine], orders.option[mine], due), 1)

    def of_days(self, day: int, days: int) -> I64:
        """Return the places held on ``days`` days from ``day`` (ordinal) on, [A, O, days]."""
        first = day - self.truth.first_day
        return self.reserved[..., first : first + days]


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
        closed = _closed(truth, day, days)
        for k in range(begin, end):
            row = rows[k]
            area, option = truth.orders.area[row], truth.orders.option[row]
            first = day - truth.first_day
            full = ledger.reserved[area, option, first : first + days] >= leg.room[area, option]
            due_day[row] = day + int(np.argmin(cost[k] + 1e4 * full + 1e6 * closed[option]))
            ledger.reserve(int(row), int(due_day[row]))
        ledger.release(delivered)
        begin = end
    return leg


def _closed(truth: Truth, day: int, days: int) -> F64:
    """Return 1 where an option does not deliver on the d-th day from ``day`` on, [O, D]; today is over."""
    calendars = [one.option.calendar for one in truth.world.options]
    is_open = [[d > 0 and one.is_open(date.fromordinal(day + d)) for d in range(days)] for one in calendars]
    return 1.0 - np.array(is_open)
