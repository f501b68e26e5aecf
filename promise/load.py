"""What a hub's load means: how far over what it can do, until when, which work binds, what more people would change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.model.schedule import STEP_S, Departures, Shift
from promise.hub import NO_LIMIT, HubState, Model, build_model
from promise.queue import PARCEL, Flows, run_flows

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

DAY_S = 86_400
WAVES = "waves"
"""The name of what binds where it is the room in departing waves, not a kind of work."""


class Span(NamedTuple):
    """From ``from_s`` until ``until_s`` (Unix seconds), ``resource`` holds up the most parcels."""

    resource: str
    from_s: int
    until_s: int


@dataclass(frozen=True)
class Load:
    """What goes on in a hub over the T steps of a forecast, S scenarios; counts are parcels.

    Parameters
    ----------
    begin_s : int
        When the first step begins, Unix seconds.
    inside : float64 [S, T]
        Parcels in the hub at the end of each step: waiting for work or for a wave to leave.
    waiting, capacity : float64 [K, T]
        Before each kind of work at the end of each step, and what it could get through in each step; means.
    unboarded : float64 [T]
        Loaded and aboard no wave yet; mean.
    departures : Departures
        The waves of the horizon.
    taken : float64 [S, W]
        Aboard each of them.
    ratio : float
        From the instant asked about, work over what can be done until the last cut-off of the next 24 hours (of more
        days where it rests on these), of the resource where it is highest: 1.43 is ``at 143 %``.
    binding : str
        That resource: a kind of work, or ``waves``.
    until_s : int, optional
        When it has caught up (Unix seconds): ``None`` where it is not over 1, or not within the horizon.
    kinds : tuple of str
        The kinds of work it does.
    """

    begin_s: int
    inside: F64
    waiting: F64
    capacity: F64
    unboarded: F64
    departures: Departures
    taken: F64
    ratio: float
    binding: str
    until_s: int | None
    kinds: tuple[str, ...]

    @property
    def parcel_hours(self) -> float:
        """Hours that parcels spend in the hub over the horizon; mean."""
        return float(self.inside.mean(axis=0).sum()) * STEP_S / 3600

    def bound(self) -> tuple[Span, ...]:
        """Return which kind of work holds up most, and when: more than it gets through in a quarter of an hour."""
        if not self.kinds:
            return ()
        usual = np.array([row[row > 0].mean() if (row > 0).any() else 0.0 for row in self.capacity])
        backed_up = np.where(self.waiting > 3 * usual[:, None], self.waiting, 0.0)
        worst = np.where(backed_up.max(axis=0) > 0, backed_up.argmax(axis=0), -1)
        edges = np.flatnonzero(np.diff(worst, prepend=-2, append=-2))
        return tuple(
            Span(self.kinds[worst[first]], self.begin_s + int(first) * STEP_S, self.begin_s + int(last) * STEP_S)
            for first, last in pairwise(edges)
            if worst[first] >= 0
        )


def run_load(hub: HubState, parcels: NDArray[np.float32], begin_s: int, seed: int = 0, at_s: int | None = None) -> Load:
    """Return what goes on in a hub; arguments and errors as in :func:`promise.hub.handover_cdf`.

    ``ratio``, ``binding`` and ``until_s`` are those of ``at_s`` (Unix seconds), by default of the first step.
    """
    model = build_model(hub, parcels, begin_s, seed)
    flows = run_flows(model.line, model.work, model.lanes)
    steps, waves = parcels.shape[1], len(model.which)
    taken = np.empty((len(parcels), waves))
    taken[:, model.which] = flows.taken * model.share / PARCEL
    ends = np.arange(1, steps + 1)
    aboard = taken[:, model.which] @ (model.line.cut_step[:, None] <= ends).astype(float)
    gone = taken @ (model.departures.waves_s[:, None] <= begin_s + STEP_S * ends).astype(float)
    capacity = model.line.capacity * model.work.pace.mean(axis=0)[model.line.day].T / PARCEL
    kinds = tuple(kind.value for kind in hub.kinds)
    waiting, unboarded = flows.waiting / PARCEL, (flows.loaded / PARCEL - aboard).mean(axis=0)
    first = 0 if at_s is None else int(np.clip((at_s - begin_s) // STEP_S, 0, steps - 1))
    last = _window_end(hub, model, begin_s, first)
    ratio, binding = _ratio(model, flows, capacity, first, last)
    names = (*kinds, WAVES)
    return Load(
        begin_s=begin_s,
        inside=flows.come / PARCEL - gone,
        waiting=waiting,
        capacity=capacity,
        unboarded=unboarded,
        departures=model.departures,
        taken=taken,
        ratio=ratio,
        binding=names[binding],
        until_s=_caught_up_s(waiting, capacity, unboarded, binding, begin_s, first) if ratio > 1 else None,
        kinds=kinds,
    )


def _ratio(model: Model, flows: Flows, capacity: F64, first: int, last: int) -> tuple[float, int]:
    """Return the highest ratio of work to what can be done of it, and which resource's it is (the last: waves).

    Counted over steps ``first`` to ``last``.
    """
    come = flows.come.mean(axis=0) / PARCEL
    there = model.work.backlog.sum(axis=0)[:-1] / PARCEL if first == 0 else flows.waiting[:, first - 1] / PARCEL
    before = float(model.work.backlog.sum()) / PARCEL if first == 0 else float(come[first - 1])
    todo = np.cumsum(there) + come[last - 1] - before
    able = capacity[:, first:last].sum(axis=1)
    ratios = [float(work / can) if can > 0 else float(np.inf if work > 0 else 0.0) for work, can in zip(todo, able)]
    ratios.append(_wave_ratio(model, flows, float(come[last - 1]), first, last))
    worst = int(np.argmax(ratios))
    return ratios[worst], worst


def _window_end(hub: HubState, model: Model, begin_s: int, first: int) -> int:
    """Return the step of the last cut-off within a day of step ``first``, the end of that day where there is none.

    Where a kind of work rests all that time by its timetable (a Sunday), further days are added.
    """
    steps = len(model.line.day)
    able = [np.cumsum(hub.schedule.capacity(kind, begin_s, steps)) for kind in hub.kinds]
    day_end = first
    while True:
        day_end = min(day_end + DAY_S // STEP_S, steps)
        ahead = model.line.cut_step[(model.line.cut_step > first) & (model.line.cut_step <= day_end)]
        last = int(ahead.max()) if len(ahead) else day_end
        if day_end == steps or all(sums[last - 1] > sums[first] for sums in able):
            return last


def _wave_ratio(model: Model, flows: Flows, come: float, first: int, last: int) -> float:
    """Return parcels to leave over the room in the waves to come, of the lane where it is highest; 0 where any fit."""
    found = [0.0]
    for lane in range(model.lanes):
        mine = model.line.lane == lane
        ahead = mine & (model.line.cut_step > first) & (model.line.cut_step <= last)
        room = model.line.room[ahead]
        if len(room) and (room < NO_LIMIT).all():
            gone = flows.taken[:, mine & (model.line.cut_step <= first)].sum(axis=1).mean() / PARCEL
            can = float(room.sum()) / PARCEL
            found.append((come - gone) / can if can > 0 else float(np.inf if come > gone else 0.0))
    return max(found)


def _caught_up_s(waiting: F64, capacity: F64, unboarded: F64, binding: int, begin_s: int, first: int) -> int | None:
    """Return when the resource that binds has no more waiting than it gets through in two steps, after a queue."""
    if binding < len(waiting):
        queue, grain = waiting[binding, first:], 2 * float(capacity[binding].max(initial=0.0))
    else:
        queue, grain = unboarded[first:], 0.5
    busy, free = np.flatnonzero(queue > grain), np.flatnonzero(queue <= grain)
    after = free[free > busy[0]] if len(busy) else free
    return begin_s + (first + int(after[0]) + 1) * STEP_S if len(after) else None


@dataclass(frozen=True)
class Move:
    """People moved from one shift to another, every time the two shifts take place within the horizon.

    ``saved_parcel_h`` are hours less that parcels spend in the hub; ``station_h`` the hours of the stations moved.
    """

    from_shift: int
    to_shift: int
    people: int
    station_h: float
    saved_parcel_h: float

    @property
    def per_station_h(self) -> float:
        """What an hour of one moved station is worth, in parcel-hours."""
        return self.saved_parcel_h / self.station_h if self.station_h else 0.0


def worth_of_hours(hub: HubState, parcels: NDArray[np.float32], begin_s: int, seed: int = 0) -> tuple[float, ...]:
    """Return for each shift of the timetable what an hour of one more station is worth, in parcel-hours.

    The shift is given one more station each time it takes place within the horizon.
    """
    before = run_load(hub, parcels, begin_s, seed).parcel_hours
    found = []
    for number in range(len(hub.schedule.shifts)):
        after = run_load(staffed(hub, {number: 1}), parcels, begin_s, seed).parcel_hours
        hours = shift_hours(hub, hub.schedule.shifts[number], begin_s, parcels.shape[1])
        found.append((before - after) / hours if hours else 0.0)
    return tuple(found)


def best_moves(
    hub: HubState, parcels: NDArray[np.float32], begin_s: int, people: int = 1, seed: int = 0
) -> tuple[Move, ...]:
    """Return what moving ``people`` from one shift to another would save, best first, those that save nothing left out.

    Every pair of shifts is tried by running the hub with it. A shift can't lose more stations than it has.
    """
    before = run_load(hub, parcels, begin_s, seed).parcel_hours
    found = []
    for giver, taker in _pairs(hub, people):
        after = run_load(staffed(hub, {giver: -people, taker: people}), parcels, begin_s, seed).parcel_hours
        hours = people * shift_hours(hub, hub.schedule.shifts[taker], begin_s, parcels.shape[1])
        if before - after > 1e-6:
            found.append(Move(giver, taker, people, hours, before - after))
    return tuple(sorted(found, key=lambda move: -move.saved_parcel_h))


def _pairs(hub: HubState, people: int) -> Iterator[tuple[int, int]]:
    shifts = hub.schedule.shifts
    for giver, shift in enumerate(shifts):
        if shift.stations >= people:
            yield from ((giver, taker) for taker in range(len(shifts)) if taker != giver)


def staffed(hub: HubState, changes: dict[int, int]) -> HubState:
    """Return the hub with stations added to its shifts (by their number in the timetable), or taken away.

    Raises
    ------
    InputError
        ``too_few_stations``.
    """
    shifts = list(hub.schedule.shifts)
    for number, more in changes.items():
        stations = shifts[number].stations + more
        if stations < 0:
            message = f"{-more} stations can't leave a shift of {shifts[number].stations}"
            raise InputError("too_few_stations", message, f"hub {hub.schedule.hub_id}, shift {number}")
        shifts[number] = shifts[number].replace(stations=stations)
    return replace(hub, schedule=hub.schedule.replace(shifts=tuple(shifts)))


def shift_hours(hub: HubState, shift: Shift, begin_s: int, steps: int) -> float:
    """Return how many hours a shift takes place within a horizon."""
    alone = hub.schedule.replace(shifts=(shift.replace(stations=1, parcels_per_hour=3600),))
    return float(alone.capacity(shift.workload, begin_s, steps).sum()) / 3600
