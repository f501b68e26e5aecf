"""A hub parcel by parcel, station by station, second by second: slow, and nothing like the fluid queue."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from data.model.schedule import HubSchedule, Workload

NEVER_S = 10**12


@dataclass
class Parcel:
    """One parcel; ``turn`` is its place among all that ever come, ``rank`` its class, 0 goes first."""

    turn: int
    rank: int
    ready_s: int
    wave: int | None = None


@dataclass
class Station:
    spans: list[tuple[int, int]]
    takes_s: float
    holds: Parcel | None = None
    left_s: float = 0.0

    def work(self, second: int, waiting: list[tuple[int, int, Parcel]]) -> Parcel | None:
        """Work for a second; return the parcel that is done."""
        if not any(first_s <= second < last_s for first_s, last_s in self.spans):
            return None
        if self.holds is None and waiting:
            self.holds, self.left_s = heapq.heappop(waiting)[2], self.left_s + self.takes_s
        if self.holds is None:
            self.left_s = 0.0
            return None
        self.left_s -= 1.0
        if self.left_s > 1e-9:
            return None
        done, self.holds = self.holds, None
        return done


def load(parcels: Sequence[Parcel], schedule: HubSchedule, begin_s: int, end_s: int) -> None:
    """Move ``ready_s`` of each parcel on to the second it is loaded.

    A free station takes the parcel of the best class that came first, and works on it without a pause, its shifts
    aside.
    """
    for kind in Workload:
        shifts = [shift for shift in schedule.shifts if shift.workload is kind]
        if shifts:
            stations = [
                Station(schedule._spans(shift, begin_s, end_s), 3600 / shift.parcels_per_hour)
                for shift in shifts
                for _ in range(shift.stations)
            ]
            _pass(parcels, stations, begin_s, end_s)


def _pass(parcels: Sequence[Parcel], stations: list[Station], begin_s: int, end_s: int) -> None:
    coming = sorted(parcels, key=lambda parcel: (parcel.ready_s, parcel.turn))
    waiting: list[tuple[int, int, Parcel]] = []
    arrived = 0
    for second in range(begin_s, end_s):
        while arrived < len(coming) and coming[arrived].ready_s <= second:
            parcel = coming[arrived]
            heapq.heappush(waiting, (parcel.rank, parcel.turn, parcel))
            parcel.ready_s = NEVER_S
            arrived += 1
        for station in stations:
            done = station.work(second, waiting)
            if done is not None:
                done.ready_s = second + 1
    for parcel in coming[arrived:]:
        parcel.ready_s = NEVER_S


def leave(parcels: Sequence[Parcel], schedule: HubSchedule, begin_s: int, end_s: int, shift_s: int = 0) -> None:
    """Put loaded parcels aboard the waves, best class first, with cut-offs ``shift_s`` seconds later."""
    departures = schedule.departures(begin_s, end_s)
    for wave, (cutoff_s, which) in enumerate(zip(departures.cutoffs_s.tolist(), departures.which.tolist())):
        room = schedule.waves[which].parcels_max
        there = [one for one in parcels if one.wave is None and one.ready_s <= cutoff_s + shift_s]
        there.sort(key=lambda one: (one.rank, one.turn))
        for parcel in there[: len(there) if room is None else room]:
            parcel.wave = wave
