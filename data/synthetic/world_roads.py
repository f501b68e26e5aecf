"""What really happens behind the hubs of a world: trucks that are late, and tours that carry so many parcels a day.

Tours take the parcels that are due first, then those that came first; what doesn't fit, or finds nobody at home, is
tried again on the option's next delivery day, and takes room again.
"""

from __future__ import annotations

from datetime import date, datetime

import numpy as np

from data.clock import PARIS
from data.synthetic.world import World
from data.synthetic.world_orders import F64, I64, LAST_LEG, ROADS, Draws, WorldOrders, midnight_s

NEVER = 9_000_000
"""The day (ordinal) of what does not happen in this world."""
FATES = 1 << 16
"""Chances of single parcels are drawn in blocks of so many per day, and read by the order's number."""
DEPOT_HOUR, TOURS_HOUR, TOURS_S = 5, 9, 9 * 3600
"""Trucks are unloaded, tours begin, and how long tours last."""


def local_days(at_s: F64) -> I64:
    """Return the day (ordinal) in Paris of instants, :data:`NEVER` for infinite ones."""
    known, where = np.unique(at_s, return_inverse=True)
    days = [datetime.fromtimestamp(one, PARIS).toordinal() if np.isfinite(one) else NEVER for one in known.tolist()]
    return np.array(days, dtype=np.int64)[where]


def depot_days(world: World, draws: Draws, orders: WorldOrders, left_s: F64) -> I64:
    """Return from which day (ordinal) on each parcel can go on a tour, by when it left its hub, [N]."""
    wave_day = local_days(left_s)
    days = wave_day + np.array([area.road_days for area in world.areas])[orders.area, orders.hub]
    number = np.arange(len(orders)) % FATES
    for day in np.unique(wave_day[wave_day < NEVER]).tolist():
        rng = draws.of(day, ROADS)
        roads = world.roads
        odds = roads.late_odds_bad_day if rng.random() < roads.bad_day_odds else roads.late_odds
        truck_late = rng.random((len(world.hubs), 24)) < odds
        astray = np.where(rng.random(FATES) < roads.astray, rng.integers(1, 3, FATES), 0)
        mine = np.flatnonzero(wave_day == day)
        hour = ((left_s[mine] - midnight_s(day)) // 3600).astype(int).clip(0, 23)
        days[mine] += truck_late[orders.hub[mine], hour] + astray[number[mine]]
    return np.minimum(days, NEVER)


def published_room(world: World) -> I64:
    """Return the parcels that tours carry per delivery day by area and option, as routing publishes it, [A, O]."""
    daily = np.array([hub.daily_orders for hub in world.hubs]) * np.mean(world.demand.weekdays)
    shares = np.array([area.hub_shares for area in world.areas])
    by_area = (shares / shares.sum(axis=0) * daily).sum(axis=1)
    likes = np.array([one.share for one in world.options])
    open_days = np.array([len(one.option.calendar.weekdays) for one in world.options])
    usual = by_area[:, None] * (likes / likes.sum()) * 7 / open_days
    wanted = np.ceil(usual * [one.room for one in world.options])
    return np.maximum(wanted, [one.room_min for one in world.options]).astype(np.int64)


class LastLeg:
    """The tours of a world, day after day, under one rule of promising.

    Parameters
    ----------
    depot_day : int64 [N]
        From when on each parcel can go on a tour; later entries may still be unknown (:data:`NEVER`).
    due_day : int64 [N]
        The promised days; read on the day a tour leaves, so that they may be filled in as orders come.

    Attributes
    ----------
    postponed : int64 [n]
        What was at the depots and not due yet on the last tours' day, when there was no room for it.
    """

    def __init__(self, world: World, draws: Draws, orders: WorldOrders, depot_day: I64, due_day: I64) -> None:
        self.world, self.draws, self.orders = world, draws, orders
        self.depot_day, self.due_day = depot_day, due_day
        self.room = published_room(world)
        self.delivered_day = np.full(len(orders), NEVER, dtype=np.int64)
        self.delivered_s = np.full(len(orders), np.inf)
        self.postponed = np.zeros(0, dtype=np.int64)
        self._cell = orders.area.astype(np.int64) * len(world.options) + orders.option
        self._arrivals = np.argsort(depot_day, kind="stable")
        self._seen = 0
        self._waiting = self._arrivals[:0]

    def true_room(self, rng: np.random.Generator) -> I64:
        """Return what the tours of a day really carry, [A, O]."""
        lost = rng.random(self.room.shape) < [one.lost_odds for one in self.world.options]
        share = np.where(lost, [one.lost_share for one in self.world.options], 0.0)
        return np.round(self.room * (1 - share)).astype(np.int64)

    def deliver(self, day: int) -> I64:
        """Drive the tours of a day (ordinal), the days in turn; return the rows delivered."""
        rng = self.draws.of(day, LAST_LEG)
        room, chance, hour = self.true_room(rng).ravel(), rng.random(FATES), rng.random(FATES)
        end = int(np.searchsorted(self.depot_day[self._arrivals], day, side="right"))
        waiting = np.concatenate([self._waiting, self._arrivals[self._seen : end]])
        self._seen = end
        is_open = np.array([one.option.calendar.is_open(date.fromordinal(day)) for one in self.world.options])
        line = waiting[np.lexsort((self.depot_day[waiting], self.due_day[waiting], self._cell[waiting]))]
        cell = self._cell[line]
        place = np.arange(len(line)) - np.searchsorted(cell, cell)
        tried = (place < room[cell]) & is_open[self.orders.option[line]]
        failed = np.array([one.failed for one in self.world.options])[self.orders.option[line]]
        done = tried & (chance[line % FATES] >= failed)
        self._waiting = line[~done]
        self.postponed = line[~tried & is_open[self.orders.option[line]] & (self.due_day[line] > day)]
        rows = line[done]
        self.delivered_day[rows] = day
        self.delivered_s[rows] = midnight_s(day) + TOURS_HOUR * 3600 + hour[rows % FATES] * TOURS_S
        return rows

    @property
    def waiting(self) -> I64:
        """Rows of the parcels that lie in the depots after the last tours."""
        return self._waiting
