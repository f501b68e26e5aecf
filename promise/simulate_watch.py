"""A simulated world's promises watched as the server does it: who will be disappointed is told, for good reason.

A date is at risk when the odds that it is kept (:mod:`promise.simulate_odds`) are below what the server's watcher acts
on, or when tomorrow's tours, planned when the last wave of the evening has left, have no room for the parcel. It moves
at once to the first day that is sure, and is watched like a new one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.synthetic.world_orders import F64, I64, midnight_s
from data.synthetic.world_roads import local_days
from promise.simulate_engine import DAYS, Desk
from promise.simulate_odds import Outlook
from promise.simulate_truth import Truth
from promise.watch import UNLIKELY

PLANNED_S = 21 * 3600 + 900
"""When the last wave has left and tomorrow's tours are planned, from midnight on."""
LOOKS_S = (8 * 3600, 14 * 3600, 18 * 3600, PLANNED_S)
"""When all promises are looked at, from midnight on."""
SURE = 0.9
"""A promise moves to the first day that is this likely."""


class Told(NamedTuple):
    """A notice: an order (row), the day (ordinal) that is at risk, the one it moves to, and when that was told."""

    row: int
    day: int
    new_day: int
    at_s: int


class Lookout:
    """Watches a world's promises.

    Attributes
    ----------
    told : list of Told
        All notices, in their order.
    """

    def __init__(self, truth: Truth, unlikely: float = UNLIKELY) -> None:
        self.truth, self.unlikely = truth, unlikely
        self.told: list[Told] = []
        self._moved_to = np.zeros(len(truth.orders), dtype=np.int64)
        first, count = truth.first_day, truth.world.days + 60
        self._open = np.array([one.option.calendar.open_mask(first, count) for one in truth.world.options])
        self._opened = np.cumsum(self._open, axis=1)
        road_days = np.array([area.road_days for area in truth.world.areas])
        self._planned_day = local_days(truth.left_s) + road_days[truth.orders.area, truth.orders.hub]

    def look(self, desk: Desk, now_s: int) -> None:
        """Tell of the promises for days to come that are unlikely by now."""
        outlook = Outlook(self.truth, desk, self._opened, now_s)
        today = outlook.today + self.truth.first_day
        due = np.where(self._moved_to, self._moved_to, desk.leg.due_day) - today
        under_way = np.isfinite(desk.confidence) & ~(desk.leg.delivered_s <= now_s)
        rows = np.flatnonzero(under_way & (due > 0) & (due < DAYS))
        odds, due = outlook.odds(rows), due[rows]
        if now_s >= midnight_s(today) + PLANNED_S:
            odds[(due == 1) & np.isin(rows, self._left_out(desk, today + 1, now_s)), 1] = 0.0
        for number in np.flatnonzero(odds[np.arange(len(rows)), due] < self.unlikely).tolist():
            self._tell(int(rows[number]), today, int(due[number]), odds[number], now_s)

    def _tell(self, row: int, today: int, due: int, odds: F64, now_s: int) -> None:
        begin = today - self.truth.first_day
        allowed = self._open[self.truth.orders.option[row], begin : begin + DAYS] & (np.arange(DAYS) > due)
        sure = np.flatnonzero(allowed & (odds >= SURE))
        new = int(sure[0]) if len(sure) else int(np.flatnonzero(allowed)[-1])
        self._moved_to[row] = today + new
        self.told.append(Told(row, today + due, today + new, now_s))

    def _left_out(self, desk: Desk, day: int, now_s: int) -> I64:
        """Return the orders that a day's tours have no room for, as all will be there that has left in time for it."""
        orders, due_day = self.truth.orders, desk.leg.due_day
        there = (self.truth.left_s <= now_s) & ~(desk.leg.delivered_s <= now_s) & (self._planned_day <= day)
        line = np.flatnonzero(there)
        cell = orders.area[line].astype(np.int64) * len(self.truth.world.options) + orders.option[line]
        turn = np.lexsort((self._planned_day[line], due_day[line], cell))
        line, cell = line[turn], cell[turn]
        place = np.arange(len(line)) - np.searchsorted(cell, cell)
        return line[place >= desk.leg.room.ravel()[cell]]
