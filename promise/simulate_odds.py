"""How likely the promises of a simulated world still are, by what its scanners and timetables tell.

The hub's queue and the days of a lane are the server's (:mod:`promise.hub`, :func:`promise.odds.on_the_road`); here
each order's place in its hub's line is known, and the roads' timetable: before a truck is there, nothing is delivered.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np

from data.clock import PARIS
from data.model.schedule import STEP_S
from data.synthetic.world_orders import F64, I64
from data.synthetic.world_roads import TOURS_HOUR, TOURS_S, local_days
from promise.hub import STAGES, HubState, handover_cdf
from promise.odds import on_the_road
from promise.simulate_engine import DAYS, QUEUE_DAYS, SCENARIOS, Desk
from promise.simulate_truth import A_DAY_S, Truth

LOADED = STAGES.index("loaded")
PLACES = 6
"""The queue is run for so many places in a line; the odds at a place between two are between theirs."""


class Outlook:
    """What is known at one moment of the orders that are not delivered yet.

    Days are numbered from the world's first.

    Parameters
    ----------
    opened : int64 [O, days]
        How many delivery days each option has had by the end of each day.
    """

    def __init__(self, truth: Truth, desk: Desk, opened: I64, now_s: int) -> None:
        now = datetime.fromtimestamp(now_s, PARIS)
        self.truth, self.desk, self.now_s, self._opened = truth, desk, now_s, opened
        self.today = now.toordinal() - truth.first_day
        self._over = self.today if now.hour >= TOURS_HOUR + TOURS_S // 3600 else self.today - 1
        self._road_days = np.array([area.road_days for area in truth.world.areas])
        self._transit = desk.learned.stages.transit_cdf()

    def odds(self, rows: I64) -> F64:
        """Return P(delivered by the d-th day from today on) of orders, float64 [n, DAYS]."""
        orders = self.truth.orders
        odds = np.empty((len(rows), DAYS))
        lanes = np.column_stack([orders.hub[rows], orders.area[rows], orders.option[rows]]).astype(np.int64)
        left = self.truth.left_s[rows] <= self.now_s
        left_day = local_days(self.truth.left_s[rows[left]]) - self.truth.first_day
        ways, way = np.unique(np.column_stack([lanes[left], left_day]), axis=0, return_inverse=True)
        odds[left] = np.array([self._on_road(*one) for one in ways.tolist()]).reshape(-1, DAYS)[way.ravel()]
        for hub in range(len(self.truth.world.hubs)):
            inside = ~left & (lanes[:, 0] == hub)
            wave_day, leaves = self._leaves(hub, rows[inside])
            likely = leaves.any(axis=0)
            wave_day, leaves = wave_day[likely], leaves[:, likely]
            found = np.empty((len(leaves), DAYS))
            for _, area, option in np.unique(lanes[inside], axis=0).tolist():
                by_wave = np.array([self._on_road(hub, area, option, day) for day in wave_day.tolist()])
                here = (lanes[inside, 1] == area) & (lanes[inside, 2] == option)
                found[here] = leaves[here] @ by_wave
            odds[inside] = found
        return odds

    def _on_road(self, hub: int, area: int, option: int, left_day: int) -> F64:
        """Return the same of orders that leave their hub on a day, given that they have not come yet, [DAYS]."""
        opened = self._opened[option]
        over = max(left_day + int(self._road_days[area, hub]) - 1, self._over)
        before = int(opened[over] - opened[left_day]) if over >= left_day else -1
        days = range(self.today, self.today + DAYS)
        curve = self._transit[hub, area, option]
        found = [on_the_road(curve, before, int(opened[day] - opened[left_day])) if day > over else 0.0 for day in days]
        return np.nan_to_num(np.array(found), nan=1.0)

    def _leaves(self, hub: int, rows: I64) -> tuple[I64, F64]:
        """Return the days of a hub's waves to come, [W], and the odds of orders in it to leave with each, [n, W].

        First come, first served: orders are numbered as they come, and those furthest on are first.
        """
        orders, waiting = self.truth.orders, self.desk.scans.backlog(hub, self.now_s)[0]
        everyone = (orders.hub == hub) & (orders.placed_s < self.now_s) & (self.truth.left_s > self.now_s)
        place = np.searchsorted(np.flatnonzero(everyone), rows) + 1
        end_s = self.now_s + QUEUE_DAYS * A_DAY_S
        waves_s = self.truth.world.hubs[hub].schedule.departures(self.now_s, end_s).waves_s
        gone = np.ones((len(rows), len(waves_s)))  # what is loaded leaves with the next one
        for stage in range(LOADED):
            ahead = int(waiting[stage + 1 :].sum())
            mine = (place > ahead) & (place <= ahead + waiting[stage])
            if mine.any():
                gone[mine] = self._gone(hub, waiting, stage, place[mine] - ahead)
        return local_days(waves_s.astype(np.float64)) - self.truth.first_day, np.diff(gone, axis=1, prepend=0.0)

    def _gone(self, hub: int, waiting: I64, stage: int, place: I64) -> F64:
        """Return the odds to be gone with each wave, for places in the line of a kind of work (1: the next), [n, W]."""
        nothing = np.zeros((SCENARIOS, QUEUE_DAYS * A_DAY_S // STEP_S), np.float32)
        tried = np.unique(np.linspace(place.min(), place.max(), PLACES).astype(np.int64))
        cdfs = []
        for last in tried.tolist():
            before = np.where(np.arange(len(waiting)) > stage, waiting, 0)
            before[stage] = last - 1  # the queue adds the order itself
            state = HubState(
                self.truth.world.hubs[hub].schedule, before[None, :], pace=self.desk.learned.stages.pace[hub]
            )
            cdfs.append(handover_cdf(state, nothing, self.now_s, self.now_s, seed=self.now_s).cdf[:, 0])
        return np.column_stack([np.interp(place, tried, wave) for wave in np.array(cdfs).T])
