"""What really happens in the hubs of a world: days that are never quite as planned, and waves that leave as planned.

Each kind of work (pick, pack, sort, load) serves parcels in the order they came in. With ``C(t)`` the parcels it could
have worked on until ``t``, the n-th parcel in line, there from ``a_n`` on, is done when ``C`` reaches
``v_n = max(C(a_n), v_(n-1)) + 1``: Lindley's recursion in the clock of the capacity, hence a running maximum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.model.schedule import STEP_S, HubSchedule, Workload
from data.synthetic.world import World, WorldHub
from data.synthetic.world_orders import F64, HUBS, Draws, midnight_s

Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class HubDays:
    """One hub's true capacity over the world.

    Parameters
    ----------
    begin_s : int
        When the steps begin, in seconds since the epoch.
    factor : array [days, kinds]
        True over nominal pace, breakdowns aside.
    down : array of bool [T]
        Steps in which a breakdown stops the sorting.
    pace : array [kinds, T]
        Parcels that each kind of work, in the order of the work, could do in each step.
    """

    begin_s: int
    factor: F64
    down: Bool
    pace: F64

    def done_s(self, placed_s: F64) -> F64:
        """Return when parcels, in the order they came in, leave each kind of work: seconds [kinds, N], may be inf."""
        done = np.empty((len(self.pace), len(placed_s)))
        ready_s = placed_s
        for kind, pace in enumerate(self.pace):
            ready_s = done[kind] = self._through(pace, ready_s)
        return done

    def _through(self, pace: F64, ready_s: F64) -> F64:
        grid_s = (self.begin_s + STEP_S * np.arange(len(pace) + 1)).astype(np.float64)
        could = np.concatenate([[0.0], np.cumsum(pace)])
        place = np.arange(len(ready_s))
        clock = (np.maximum.accumulate(np.interp(ready_s, grid_s, could) - place) + place + 1.0).astype(np.float64)
        return when_reached(grid_s, could, clock)


def when_reached(grid_s: F64, could: F64, level: F64) -> F64:
    """Return when a curve that never falls first reaches each level, inf where it never does."""
    right = np.searchsorted(could, level - 1e-9)
    inside = right < len(could)
    right = np.clip(right, 1, len(could) - 1)
    rise = np.maximum(could[right] - could[right - 1], 1e-12)
    part = np.clip((level - could[right - 1]) / rise, 0.0, 1.0)
    return np.where(inside, grid_s[right - 1] + part * (grid_s[right] - grid_s[right - 1]), np.inf)


def kinds_of(schedule: HubSchedule) -> list[Workload]:
    """Return the kinds of work a hub does, in their order."""
    return [kind for kind in Workload if any(shift.workload is kind for shift in schedule.shifts)]


def draw_factors(rng: np.random.Generator, hub: WorldHub, size: tuple[int, ...]) -> F64:
    """Return true over nominal paces: how well the hub really works, a good or a bad day, absent staff."""
    truth = hub.truth
    good = rng.lognormal(-(truth.sigma**2) / 2, truth.sigma, size)
    absent = np.where(rng.random(size) < truth.absent_odds, 1.0 - truth.absent_loss, 1.0)
    drawn: F64 = truth.rate * good * absent
    return drawn


def draw_standstill(rng: np.random.Generator, hub: WorldHub, steps: int, starts_down: bool = False) -> Bool:
    """Return in which of the coming steps sorting stands still; memoryless, so an old breakdown lasts like a new."""
    down = np.zeros(steps, dtype=bool)
    starts = np.flatnonzero(rng.random(steps) < hub.truth.breakdowns_per_day * STEP_S / 86_400)
    lengths = np.ceil(rng.exponential(hub.truth.breakdown_s / STEP_S, len(starts) + 1)).astype(int)
    if starts_down:
        down[: lengths[0]] = True
    for start, length in zip(starts.tolist(), lengths[1:].tolist(), strict=True):
        down[start : start + length] = True
    return down


def draw_hub(world: World, draws: Draws, row: int) -> HubDays:
    """Return one hub's true capacity over the world's days."""
    hub = world.hubs[row]
    first = world.first_day.toordinal()
    kinds = kinds_of(hub.schedule)
    edges_s = [midnight_s(first + k) for k in range(world.days + 1)]
    lengths = np.diff(edges_s) // STEP_S
    factor, down = np.empty((world.days, len(kinds))), []
    for day, steps in enumerate(lengths.tolist()):
        rng = draws.of(first + day, HUBS, row)
        factor[day] = draw_factors(rng, hub, (len(kinds),))
        down.append(draw_standstill(rng, hub, steps))
    standstill = np.concatenate(down)
    pace = nominal_pace(hub.schedule, edges_s[0], int(lengths.sum())) * np.repeat(factor, lengths, axis=0).T
    pace[[kind is Workload.SORT for kind in kinds]] *= ~standstill
    return HubDays(edges_s[0], factor, standstill, pace)


def nominal_pace(schedule: HubSchedule, begin_s: int, steps: int) -> F64:
    """Return the scheduled parcels per step of each kind of work, [kinds, steps]."""
    return np.array([schedule.capacity(kind, begin_s, steps) for kind in kinds_of(schedule)])


def leaves_s(schedule: HubSchedule, ready_s: F64, begin_s: int, end_s: int) -> F64:
    """Return when parcels leave a hub, by when they are ready: with the first wave whose cut-off they make, else inf.

    Parameters
    ----------
    ready_s : array, any shape
        When the last work on each was done.
    begin_s, end_s : int
        Which waves there are, seconds since the epoch.
    """
    departures = schedule.departures(begin_s, end_s)
    waves_s = np.append(departures.waves_s.astype(np.float64), np.inf)
    left_s: F64 = waves_s[np.searchsorted(departures.cutoffs_s, ready_s)]
    return left_s
