"""What a simulated world's scans tell, day by day and wave by wave, handed to the code that learns from real ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.model.schedule import Departures
from data.synthetic.world import World
from data.synthetic.world_orders import I64, midnight_s
from promise.simulate_scans import Scans
from promise.simulate_truth import Truth
from promise.stages import Stages

Bool = NDArray[np.bool_]


class Learned:
    """All that is learnt from scans.

    Attributes
    ----------
    stages : Stages
        What has been learnt.
    departures : list of Departures
        The waves of each hub, as they are numbered here.
    """

    def __init__(self, truth: Truth, scans: Scans) -> None:
        world = truth.world
        self.truth, self.scans = truth, scans
        self.stages = Stages(len(world.hubs), len(world.areas), len(world.options), world.nominal)
        self.departures = [_departures(world, hub) for hub in range(len(world.hubs))]
        self._open = open_days(world)
        self._heard_s = [int(one.waves_s[0]) - 1 for one in self.departures]
        self._came: set[int] = set()

    def next_wave(self, hub: int, at_s: int) -> int:
        """Return the number of a hub's next wave."""
        return int(np.searchsorted(self.departures[hub].waves_s, at_s))

    def hear_waves(self, hub: int, now_s: int) -> None:
        """Count the waves that have left a hub since last asked."""
        waves_s = self.departures[hub].waves_s
        for wave in range(*np.searchsorted(waves_s, [self._heard_s[hub], now_s], side="right").tolist()):
            rows = self.scans.left(int(waves_s[wave]), int(waves_s[wave]) + 1)
            self.stages.hear_wave(hub, wave, rows[self.truth.orders.hub[rows] == hub])
        self._heard_s[hub] = now_s

    def hear_day(self, day: int) -> None:
        """Count the scans of a day (ordinal) that is over."""
        begin_s, end_s = midnight_s(day), midnight_s(day + 1)
        for hub in range(len(self.departures)):
            self.stages.hear_work(hub, *self.scans.worked(hub, begin_s, end_s))
        self._hear_roads(day, self.scans.left(begin_s, end_s), self.scans.delivered(day), self.scans.postponed)
        self.stages.hear_due(day, self._came)

    def _hear_roads(self, day: int, left: I64, delivered: I64, postponed: I64) -> None:
        orders, today = self.truth.orders, day - self.truth.first_day
        self._came.update(delivered.tolist())
        for option, opened in enumerate(self._open):
            step = int(opened[: today + 1].sum())
            gone, come, kept = (rows[orders.option[rows] == option] for rows in (left, delivered, postponed))
            self.stages.hear_left(option, step, gone, orders.hub[gone].astype(np.int64), orders.area[gone])
            if opened[today]:
                self.stages.hear_delivered(option, step, come, kept)


def open_days(world: World) -> Bool:
    """Return on which of the world's days each option delivers, [O, days + 60]."""
    first = world.first_day.toordinal()
    calendars = [one.option.calendar for one in world.options]
    return np.array([one.open_mask(first, world.days + 60) for one in calendars])


def _departures(world: World, hub: int) -> Departures:
    first = world.first_day.toordinal()
    return world.hubs[hub].schedule.departures(midnight_s(first), midnight_s(first + world.days + 30))
