"""What a simulated world's scans teach, day by day and wave by wave, through the code that learns from real ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from data.model.schedule import Departures
from data.synthetic.world import World
from data.synthetic.world_orders import F64, I64, midnight_s
from promise.calibrate import Correction
from promise.decide import first_kept
from promise.delay import TransitTable
from promise.pace import Pace, learn_pace
from promise.simulate_scans import Scans
from promise.simulate_truth import Truth

Bool = NDArray[np.bool_]
PACE_DAYS = 28
LANE_STEPS, LANE_POOLED = 60.0, 8.0
"""Lanes (hub to area) are thin and steady here: a long memory, and little leaning on the other lanes."""
LEAST_POSSIBLE = 40.0
"""A day teaches nothing about a kind of work that was busy for fewer parcels."""
SURPLUS_HALF_LIFE_DAYS, SURPLUS_WORTH, SURPLUS_MOST = 14.0, 2000.0, 0.03
LEVELS = 0.75, 0.985
"""No order is promised a day held less likely; and no more is asked than days within the horizon can reach."""
SAMPLE = 3000
"""Orders whose curves tell which level keeps the nominal share."""


@dataclass
class Learned:
    """All that is learnt from scans.

    Attributes
    ----------
    pace : list of Pace
        How well each hub keeps to its timetable.
    waves : tuple of Correction
        Hand-over of each hub, in waves.
    days : Correction
        Delivery by hub and option, in days.
    """

    truth: Truth
    scans: Scans
    pace: list[Pace] = field(init=False)
    waves: tuple[Correction, ...] = field(init=False)
    days: Correction = field(init=False)

    def __post_init__(self) -> None:
        world = self.truth.world
        hubs, areas, options = len(world.hubs), len(world.areas), len(world.options)
        self.pace = [Pace() for _ in world.hubs]
        self.waves = tuple(Correction(1, 1) for _ in world.hubs)
        self.days = Correction(hubs, options)
        self.departures = [_departures(world, hub) for hub in range(hubs)]
        self._transit = [
            TransitTable(hubs * areas, 1, half_life_steps=LANE_STEPS, pooled=LANE_POOLED) for _ in world.options
        ]
        self._open = open_days(world)
        self._done: list[list[F64]] = [[] for _ in world.hubs]
        self._possible: list[list[F64]] = [[] for _ in world.hubs]
        self._curves, self._allowed = np.zeros((0, 0)), np.zeros((0, 0), dtype=bool)
        self._cells = np.zeros((0, 2), dtype=np.int64)
        self._heard_s = [int(one.waves_s[0]) - 1 for one in self.departures]
        self._told = np.full(len(self.truth.orders), np.nan)
        self._due_day = np.full(len(self.truth.orders), -1, dtype=np.int64)
        self._came = np.zeros(len(self.truth.orders), dtype=bool)
        self._surplus, self._owed = 0.0, 0.0

    def transit_cdf(self) -> F64:
        """Return P(at most k delivery days after the wave's), [H, A, O, K + 1]."""
        world = self.truth.world
        tables = [table.transit_cdf() for table in self._transit]
        return np.concatenate(tables, axis=1).reshape(len(world.hubs), len(world.areas), len(world.options), -1)

    def note_promises(self, rows: I64, day: int, due_day: I64, curves: F64, allowed: Bool) -> None:
        """Note the days owed, and the curves P(delivered by the d-th day from ``day`` on) they rest on, [N, D]."""
        orders = self.truth.orders
        hub, option = orders.hub[rows].astype(np.int64), orders.option[rows].astype(np.int64)
        self.days.promise(rows, hub, option, curves, np.full(len(rows), day))
        told = self.days.corrected(curves, hub, option)
        self._told[rows] = told[np.arange(len(rows)), np.minimum(due_day - day, curves.shape[1] - 1)]
        self._due_day[rows] = due_day
        cells = np.column_stack([hub, option])
        if len(self._curves):
            curves, allowed = np.vstack([self._curves, curves]), np.vstack([self._allowed, allowed])
            cells = np.vstack([self._cells, cells])
        self._curves, self._allowed, self._cells = curves[-SAMPLE:], allowed[-SAMPLE:], cells[-SAMPLE:]

    def note_handover(self, hub: int, rows: I64, next_wave: int, cdf: F64) -> None:
        """Note the odds that orders (rows) were told to leave a hub by each wave from ``next_wave`` on, [W]."""
        nothing = np.zeros(len(rows), dtype=np.int64)
        odds = np.broadcast_to(cdf, (len(rows), len(cdf)))
        self.waves[hub].promise(rows, nothing, nothing, odds, np.full(len(rows), next_wave))

    def hear_waves(self, hub: int, now_s: int) -> None:
        """Count the waves that have left a hub since last asked."""
        waves_s = self.departures[hub].waves_s
        for wave in range(*np.searchsorted(waves_s, [self._heard_s[hub], now_s], side="right").tolist()):
            rows = self.scans.left(int(waves_s[wave]), int(waves_s[wave]) + 1)
            rows = rows[self.truth.orders.hub[rows] == hub]
            self.waves[hub].done(rows, np.full(len(rows), wave))
            self.waves[hub].refresh(wave)
        self._heard_s[hub] = now_s

    def hear_day(self, day: int) -> None:
        """Count the scans of a day (ordinal) that is over."""
        begin_s, end_s = midnight_s(day), midnight_s(day + 1)
        self._hear_work(begin_s, end_s)
        delivered, left = self.scans.delivered(day), self.scans.left(begin_s, end_s)
        self._hear_transit(day, left, delivered)
        self.days.done(delivered, np.full(len(delivered), day))
        self.days.refresh(day)
        self._settle(day, delivered)

    def _settle(self, day: int, delivered: I64) -> None:
        """Compare the promises due on a day with what was told of them."""
        self._came[delivered] = True
        due = self._due_day == day
        keep = 0.5 ** (1.0 / SURPLUS_HALF_LIFE_DAYS)
        self._surplus = keep * self._surplus + float((self._came[due] - self._told[due]).sum())
        self._owed = keep * self._owed + float(due.sum())

    def _hear_work(self, begin_s: int, end_s: int) -> None:
        for hub, (done, possible) in enumerate(zip(self._done, self._possible, strict=True)):
            worked = self.scans.worked(hub, begin_s, end_s)
            enough = worked[1] >= LEAST_POSSIBLE
            done.append(np.where(enough, worked[0], 0.0))
            possible.append(np.where(enough, worked[1], 0.0))
            self.pace[hub] = learn_pace(np.array(done[-PACE_DAYS:]), np.array(possible[-PACE_DAYS:]), Pace())

    def _hear_transit(self, day: int, left: I64, delivered: I64) -> None:
        orders = self.truth.orders
        cell = orders.hub.astype(np.int64) * len(self.truth.world.areas) + orders.area
        for option, table in enumerate(self._transit):
            step = int(self._open[option, : day - self.truth.first_day + 1].sum())
            gone = left[orders.option[left] == option]
            table.hand_over(gone, cell[gone], np.zeros_like(gone), np.full(len(gone), step))
            come = delivered[orders.option[delivered] == option]
            table.deliver(come, np.full(len(come), step))
            if self._open[option, day - self.truth.first_day]:
                table.refresh(step)

    def level(self) -> F64:
        """Return the level to ask for so that the nominal share is kept, [H, 1, O].

        First the one level of *true* odds whose dates, of the orders last promised, would be kept in that share: dates
        are whole days and mostly surer than asked for; less what is kept beyond what was told (adaptive conformal
        inference, Gibbs and Candès 2021: slow, as it waits for due days, but it leaves no lasting bias). Then, by hub
        and option, what to ask of the odds as predicted, within :data:`LEVELS`.
        """
        surplus = self._surplus / (self._owed + SURPLUS_WORTH)
        nominal = self.truth.world.nominal - float(np.clip(surplus, -SURPLUS_MOST, SURPLUS_MOST))
        if not len(self._curves):
            return np.full((len(self.truth.world.hubs), 1, len(self.truth.world.options)), nominal)
        true = self.days.corrected(self._curves, self._cells[:, 0], self._cells[:, 1])
        low, high = 0.5, 0.999
        for _ in range(20):
            middle = (low + high) / 2
            day = np.minimum(first_kept(true, np.full(len(true), middle), self._allowed), true.shape[1] - 1)
            kept = np.take_along_axis(true, day[:, None], 1).mean()
            low, high = (low, middle) if kept >= nominal else (middle, high)
        return np.clip(self.days.level(high), *LEVELS)[:, None, :]


def open_days(world: World) -> Bool:
    """Return on which of the world's days each option delivers, [O, days + 60]."""
    first = world.first_day.toordinal()
    calendars = [one.option.calendar for one in world.options]
    return np.array([one.open_mask(first, world.days + 60) for one in calendars])


def _departures(world: World, hub: int) -> Departures:
    first = world.first_day.toordinal()
    return world.hubs[hub].schedule.departures(midnight_s(first), midnight_s(first + world.days + 30))
