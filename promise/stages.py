"""An order's stages followed scan by scan, each judged from where it began: what is told of tomorrow rests on it.

The hub's pace and its hand-overs wave by wave are known within hours; from the hand-over on, days to the delivery are
a stage of their own. A delay so counts once, where it arose: parcels that left late say nothing of the roads.

Orders of a burst share their fates, so many of them count like few (:class:`promise.calibrate.Correction`). What waits
in a depot because others are due before it does not age: it could have gone.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np
from numpy.typing import NDArray

from promise.calibrate import Correction
from promise.decide import first_kept
from promise.delay import TransitTable
from promise.pace import Pace, learn_pace

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

PACE_DAYS = 28
LEAST_POSSIBLE = 40.0
"""A day teaches nothing about a kind of work that was busy for fewer parcels."""
LANE_STEPS, LANE_POOLED = 60.0, 8.0
"""Lanes (hub to area) are thin and steady: a long memory, and little leaning on the other lanes."""
ALIKE, DAY_ALIKE = 0.3, 0.1
"""What parcels of a wave, and promises due on a day, have in common."""
SURPLUS_HALF_LIFE_DAYS, SURPLUS_WORTH, SURPLUS_MOST = 42.0, 100.0, 0.02
USUAL_SURPLUS = -0.006
"""What is kept beyond what was told, until seen: full tours keep a little less than the curves, that know no room."""
HALVINGS = 12
LEVELS = 0.75, 0.985
"""No order is promised a day held less likely; and no more is asked than days within the horizon can reach."""
QUEUED_WAVES, QUEUED_SURE, QUEUED_MORE = 2, 0.9, 0.015
"""A hub has a queue while an order placed now is not this sure to be gone with the third wave. Orders in a queue share
its fate, and dates broken by the thousand cost more than by ones: so much more than the nominal share is aimed at."""
SAMPLE = 3000
"""Orders whose curves tell which level keeps the nominal share."""


class Stages:
    """What is learnt of every stage, by H hubs, A areas and O options.

    Parameters
    ----------
    nominal : float
        Share of promises to be kept.

    Attributes
    ----------
    pace : list of Pace
        How well each hub keeps to its timetable.
    waves : tuple of Correction
        Hand-over of each hub, in waves as the caller numbers them.
    """

    def __init__(self, hubs: int, areas: int, options: int, nominal: float) -> None:
        self.nominal, self._shape = nominal, (hubs, areas, options)
        self.pace = [Pace() for _ in range(hubs)]
        self.waves = tuple(Correction(1, 1, alike=ALIKE) for _ in range(hubs))
        self._lanes = [TransitTable(hubs * areas, 1, half_life_steps=LANE_STEPS, pooled=LANE_POOLED)
                       for _ in range(options)]  # fmt: skip
        self._roads = [Correction(hubs, 1, alike=ALIKE) for _ in range(options)]
        self._done: list[list[F64]] = [[] for _ in range(hubs)]
        self._possible: list[list[F64]] = [[] for _ in range(hubs)]
        self._curves, self._allowed = np.zeros((0, 0)), np.zeros((0, 0), dtype=bool)
        self._owed: dict[int, dict[int, float]] = {}  # by due day and order: how likely it was held
        self._surplus, self._settled = 0.0, 0.0
        self._levels: tuple[float, float] | None = None

    def hear_work(self, hub: int, done: F64, possible: F64) -> None:
        """Note a day of a hub: parcels done and possible by kind of work, float64 [K], as in :func:`learn_pace`."""
        enough = possible >= LEAST_POSSIBLE
        self._done[hub].append(np.where(enough, done, 0.0))
        self._possible[hub].append(np.where(enough, possible, 0.0))
        days = slice(-PACE_DAYS, None)
        self.pace[hub] = learn_pace(np.array(self._done[hub][days]), np.array(self._possible[hub][days]), Pace())

    def note_handover(self, hub: int, orders: I64, next_wave: int, cdf: F64) -> None:
        """Note the uncorrected odds [W] that orders leave a hub by each wave from ``next_wave`` on."""
        nothing = np.zeros(len(orders), dtype=np.int64)
        odds = np.broadcast_to(cdf, (len(orders), len(cdf)))
        self.waves[hub].promise(orders, nothing, nothing, odds, np.full(len(orders), next_wave))

    def hear_wave(self, hub: int, wave: int, orders: I64) -> None:
        """Count a wave that has left a hub, with these orders."""
        self.waves[hub].done(orders, np.full(len(orders), wave))
        self.waves[hub].refresh(wave)

    def hear_left(self, option: int, step: int, orders: I64, hub: I64, area: I64) -> None:
        """Note orders of an option (int64 [N], with their hubs and areas) that left after ``step`` delivery days.

        The day they left counts among these if the option delivers on it.
        """
        lane = hub * self._shape[1] + area
        nothing, since = np.zeros(len(orders), dtype=np.int64), np.full(len(orders), step)
        self._roads[option].promise(orders, hub, nothing, self._lanes[option].transit_cdf()[lane, 0], since)
        self._lanes[option].hand_over(orders, lane, nothing, since)

    def hear_delivered(self, option: int, step: int, delivered: I64, postponed: I64) -> None:
        """Count a delivery day of an option, its ``step``-th; ``postponed`` waited though there, as not due yet."""
        came = np.full(len(delivered), step)
        self._roads[option].done(delivered, came)
        self._lanes[option].deliver(delivered, came)
        self._roads[option].refresh(step, postponed)
        self._lanes[option].refresh(step, postponed)

    def transit_cdf(self) -> F64:
        """Return P(at most k delivery days after the wave's), as the roads now run, [H, A, O, K + 1]."""
        hubs, areas, options = self._shape
        hub = np.repeat(np.arange(hubs), areas)
        found = [
            roads.corrected(table.transit_cdf()[:, 0], hub, 0)
            for table, roads in zip(self._lanes, self._roads, strict=True)
        ]
        return np.stack(found, axis=1).reshape(hubs, areas, options, -1)

    def note_promises(self, orders: I64, day: int, due_day: I64, curves: F64, allowed: Bools) -> None:
        """Note the days owed (ordinals), and the curves they rest on.

        Parameters
        ----------
        curves, allowed : float64, bool [N, D]
            P(delivered by the d-th day from ``day`` on), and the days that could be promised.
        """
        told = curves[np.arange(len(orders)), np.minimum(due_day - day, curves.shape[1] - 1)]
        for order, due, odds in zip(orders.tolist(), due_day.tolist(), told.tolist(), strict=True):
            self._owed.setdefault(due, {})[order] = odds
        if len(self._curves):
            curves, allowed = np.vstack([self._curves, curves]), np.vstack([self._allowed, allowed])
        self._curves, self._allowed = curves[-SAMPLE:], allowed[-SAMPLE:]

    def hear_due(self, day: int, came: Container[int]) -> None:
        """Compare the promises due on a day (ordinal) that is over with what was told; ``came`` are all delivered."""
        owed = self._owed.pop(day, {})
        keep = 0.5 ** (1.0 / SURPLUS_HALF_LIFE_DAYS)
        worth = 1.0 / (1.0 + DAY_ALIKE * (len(owed) - 1)) if owed else 0.0
        surplus = sum((order in came) - told for order, told in owed.items())
        self._surplus = keep * self._surplus + worth * surplus
        self._settled = keep * self._settled + worth * len(owed)
        self._levels = None

    def levels(self, gone: Sequence[F64]) -> F64:
        """Return the probability that a date must reach at each hub so that the nominal share is kept, [H].

        Parameters
        ----------
        gone : sequence of float64 [W]
            By hub, the odds that an order placed now has left with each of the next waves.
        """
        if self._levels is None:
            self._levels = self._level(0.0), self._level(QUEUED_MORE)
        return np.array([self._levels[int(odds[QUEUED_WAVES] < QUEUED_SURE)] for odds in gone])

    def _level(self, more: float) -> float:
        """Return the level for the nominal share and ``more``, within :data:`LEVELS`.

        The one whose dates, of the orders last promised, would be kept in that share: dates are whole days and mostly
        surer than asked for; less what is kept beyond what was told (adaptive conformal inference, Gibbs and Candès
        2021: slow, as it waits for due days, but it leaves no lasting bias).
        """
        surplus = (self._surplus + SURPLUS_WORTH * USUAL_SURPLUS) / (self._settled + SURPLUS_WORTH)
        wanted = self.nominal + more - float(np.clip(surplus, -SURPLUS_MOST, SURPLUS_MOST))
        if not len(self._curves):
            return wanted
        low, high = LEVELS
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            reached = first_kept(self._curves, np.full(len(self._curves), middle), self._allowed)
            day = np.minimum(reached, self._curves.shape[1] - 1)
            kept = np.take_along_axis(self._curves, day[:, None], 1).mean()
            low, high = (low, middle) if kept >= wanted else (middle, high)
        return high
