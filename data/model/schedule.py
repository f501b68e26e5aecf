"""A hub's timetable: who works when on what, and when goods leave.

Times are those of the clock on the wall of ``HubSchedule.time_zone``. On the night the clocks go forward, a time that
does not exist is read with the offset before the change (02:30 is 03:30); where a time exists twice, the first counts.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from data.calendar import EVERY_DAY, Calendar, Weekday
from data.model.base import Count, Id, Seconds, Value

STEP_S = 300
"""Load is counted in steps of five minutes."""

LocalTime = Annotated[time, Meta(tz=False, description="Wall time, such as 17:30:00")]
EVERY_WEEKDAY = (1, 2, 3, 4, 5, 6, 7)


class Workload(StrEnum):
    """What a station does; every parcel passes them in this order."""

    PICK = "pick"
    PACK = "pack"
    SORT = "sort"
    LOAD = "load"


class Shift(Value):
    """Stations at work between two wall times; one that ends no later than it begins ends on the next day.

    ``parcels_per_hour`` is what one station gets through.
    """

    workload: Workload
    begins: LocalTime
    ends: LocalTime
    stations: Count
    parcels_per_hour: Count
    weekdays: tuple[Weekday, ...] = EVERY_WEEKDAY
    id: str = ""


class Wave(Value):
    """A departure of goods from a hub.

    Attributes
    ----------
    departs : time
        Wall time.
    cutoff_s : int
        So long before it leaves, a parcel must be sorted and loaded; an order placed later misses it for sure.
    carrier : str
        Who takes it: only options of that carrier go with it; empty is our own linehaul or tours.
    areas : tuple of str
        Area ids it serves; empty is all.
    parcels_max : int, optional
        What it holds.
    """

    id: Id
    departs: LocalTime
    weekdays: tuple[Weekday, ...] = EVERY_WEEKDAY
    cutoff_s: Seconds = 0
    carrier: str = ""
    areas: tuple[Id, ...] = ()
    parcels_max: Count | None = None


class Departures(NamedTuple):
    """Dated waves in the order they leave: ``waves_s``, ``cutoffs_s`` (Unix seconds), ``which`` of the schedule's
    ``waves`` it is; each int64 [W].
    """

    waves_s: NDArray[np.int64]
    cutoffs_s: NDArray[np.int64]
    which: NDArray[np.int64]


class HubSchedule(Value):
    """When a hub works and what leaves it; ``calendar`` says on which days, by the day a shift or a wave begins."""

    hub_id: Id
    shifts: tuple[Shift, ...] = ()
    waves: Annotated[tuple[Wave, ...], Meta(min_length=1)]
    calendar: Calendar = EVERY_DAY
    time_zone: str = "Europe/Paris"

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"unknown time zone `{self.time_zone}`") from None
        if len({wave.id for wave in self.waves}) < len(self.waves):
            raise ValueError("two waves of a hub share an id")

    def departures(self, begin_s: int, end_s: int) -> Departures:
        """Return the waves that leave in [``begin_s``, ``end_s``), Unix seconds."""
        dated = sorted(
            (leaves_s, index)
            for day in self._days(begin_s, end_s)
            for index, wave in enumerate(self.waves)
            if day.isoweekday() in wave.weekdays
            and begin_s <= (leaves_s := instant_s(day, wave.departs, self.time_zone)) < end_s
        )
        waves_s = np.array([leaves_s for leaves_s, _ in dated], np.int64)
        which = np.array([index for _, index in dated], np.int64)
        cutoff_s = np.array([self.waves[k].cutoff_s for _, k in dated], np.int64)
        return Departures(waves_s, waves_s - cutoff_s, which)

    def capacity(self, workload: Workload, begin_s: int, steps: int) -> NDArray[np.float64]:
        """Return how many parcels the stations of one kind get through in each step of :data:`STEP_S`.

        Returns
        -------
        float64 [steps]
            Step t covers [``begin_s`` + t * STEP_S, ``begin_s`` + (t + 1) * STEP_S); a shift counts with its share.
        """
        edges = begin_s + STEP_S * np.arange(steps + 1, dtype=np.float64)
        parcels = np.zeros(steps)
        for shift in self.shifts:
            if shift.workload is workload:
                per_s = shift.stations * shift.parcels_per_hour / 3600
                for first_s, last_s in self._spans(shift, begin_s, begin_s + steps * STEP_S):
                    parcels += per_s * np.diff(np.clip(edges, first_s, last_s))
        return parcels

    def _spans(self, shift: Shift, begin_s: int, end_s: int) -> list[tuple[int, int]]:
        """Return when a shift is at work around a horizon."""
        overnight = timedelta(days=1 if shift.ends <= shift.begins else 0)
        return [
            (instant_s(day, shift.begins, self.time_zone), instant_s(day + overnight, shift.ends, self.time_zone))
            for day in self._days(begin_s, end_s)
            if day.isoweekday() in shift.weekdays
        ]

    def _days(self, begin_s: int, end_s: int) -> list[date]:
        """Return the hub's working days a horizon touches, the one before it included."""
        zone = ZoneInfo(self.time_zone)
        first = datetime.fromtimestamp(begin_s, zone).date() - timedelta(days=1)
        count = (datetime.fromtimestamp(end_s, zone).date() - first).days + 1
        return [day for day in (first + timedelta(days=k) for k in range(count)) if self.calendar.is_open(day)]


def instant_s(day: date, wall: time, time_zone: str) -> int:
    """Return the Unix second at which the clock on the wall shows ``wall`` on ``day``."""
    return int(datetime.combine(day, wall, ZoneInfo(time_zone)).timestamp())
