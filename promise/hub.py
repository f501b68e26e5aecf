"""How full a hub is, and with which wave an order placed now leaves it.

What is in the hub, what will come in by every scenario of the forecast, and what the timetable lets through make a
queue (:mod:`promise.queue`); the share of scenarios in which an order is gone by a wave is its chance. A queue
extrapolates to loads that nobody has seen yet; a table of past delays does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.model.schedule import STEP_S, Departures, HubSchedule, Shift, Wave, Workload, instant_s
from promise.pace import ASSUMED, Pace
from promise.queue import PARCEL, Line, Work, run_flows, waves_of_orders

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

NO_LIMIT = np.int64(1) << 60
"""The room of a wave that holds any number of parcels."""
STAGES = (*Workload, "loaded")
"""The columns of a full backlog: what waits for each kind of work, and what is loaded and waits for its wave."""


@dataclass(frozen=True)
class HubState:
    """A hub and what is in it.

    Parameters
    ----------
    schedule : HubSchedule
        Its timetable.
    backlog : int array [P] or [P, 5]
        Parcels in it by class of priority, the first goes first (orders owed for J+1 and J+2, say): all waiting for
        the first kind of work, or by :data:`STAGES`.
    class_shares : float array [P]
        What share of new orders each class is.
    pace : Pace
        How well it keeps to its timetable.
    wave_shares : float array [waves of the schedule], optional
        What share of the hub's parcels goes with the lane (carrier and areas) of each wave. Only needed where several
        lanes have waves of limited size.
    outages : tuple of (int, int)
        From when until when (Unix seconds) the hub stands still: nobody works, no wave is filled.

    Raises
    ------
    InputError
        ``invalid_backlog`` or ``invalid_shares``.
    """

    schedule: HubSchedule
    backlog: NDArray[np.int_]
    class_shares: F64 = field(default_factory=lambda: np.ones(1))
    pace: Pace = ASSUMED
    wave_shares: F64 | None = None
    outages: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        where = f"hub {self.schedule.hub_id}"
        shares, backlog = np.asarray(self.class_shares), np.asarray(self.backlog)
        if shares.ndim != 1 or (shares < 0).any() or not np.isclose(shares.sum(), 1.0, atol=1e-6):
            raise InputError("invalid_shares", f"class shares are {shares.tolist()}, not parts of one", where)
        if backlog.shape not in ((len(shares),), (len(shares), len(STAGES))) or (backlog < 0).any():
            action = f"give one count a class, or {len(STAGES)} (pick, pack, sort, load, loaded), none below 0"
            raise InputError("invalid_backlog", f"a backlog of shape {backlog.shape}", where, action)

    @property
    def kinds(self) -> list[Workload]:
        """The kinds of work it does, in their order."""
        return [kind for kind in Workload if any(shift.workload is kind for shift in self.schedule.shifts)]

    def staged(self) -> I64:
        """Return the backlog by the hub's kinds of work and last what is loaded, parcels [P, K + 1].

        What waits for a kind of work the hub does not do waits for the next one it does.
        """
        kinds = self.kinds
        staged = np.zeros((len(self.class_shares), len(kinds) + 1), dtype=np.int64)
        if np.ndim(self.backlog) == 1:
            staged[:, 0] = self.backlog
            return staged
        order = list(Workload)
        for column in range(len(STAGES)):
            after = [k for k, kind in enumerate(kinds) if order.index(kind) >= column]
            staged[:, after[0] if after else len(kinds)] += np.asarray(self.backlog)[:, column]
        return staged


class Model(NamedTuple):
    """A hub as its queue: kernel arguments, its departures, and which of them each of the kernel's waves is."""

    line: Line
    work: Work
    departures: Departures
    which: I64
    lanes: int
    share: F64
    """What share of all parcels goes with each of the kernel's waves' lanes, [W]."""


class Handover(NamedTuple):
    """When orders placed at a moment leave the hub.

    Parameters
    ----------
    departures : Departures
        The waves of the horizon, in the order they leave.
    cdf : float64 [W, P]
        Chance that an order of each class leaves with wave w or one of its lane before: for an order that several
        lanes may take, the running maximum over the waves that serve it. Never falls within a lane; below 1 at the
        end where the horizon may not be enough.
    """

    departures: Departures
    cdf: F64


def handover_cdf(hub: HubState, parcels: NDArray[np.float32], begin_s: int, now_s: int, seed: int = 0) -> Handover:
    """Return the chance that an order placed now leaves with each wave.

    With more backlog, more arrivals (scenario by scenario) or a later ``now_s`` and all else the same, no value is
    ever larger.

    Parameters
    ----------
    parcels : float32 [S, T]
        Parcels that come in, by scenario and step of 300 s from ``begin_s`` on: a hub's part of a ``Forecast``.
    begin_s : int
        When the backlog was counted, Unix seconds.
    now_s : int
        When the order is placed, in [``begin_s``, ``begin_s`` + T * 300).
    seed : int
        Fixes the paces.

    Raises
    ------
    InputError
        ``outside_horizon``, ``invalid_forecast``, ``missing_shares`` or ``invalid_shares``.
    """
    departures, cdf = handover_cdfs(hub, parcels, begin_s, (now_s,), seed)
    return Handover(departures, cdf[0])


def handover_cdfs(
    hub: HubState, parcels: NDArray[np.float32], begin_s: int, moments_s: Sequence[int], seed: int = 0
) -> Handover:
    """Return the same for orders placed at several moments, by one run of the queue: ``cdf`` float64 [E, W, P]."""
    model = build_model(hub, parcels, begin_s, seed)
    step, rest_s = np.divmod(np.array(moments_s, dtype=np.int64) - begin_s, STEP_S)
    if ((step < 0) | (step >= parcels.shape[1])).any():
        message = f"not all of {list(moments_s)} are among the {parcels.shape[1]} steps from {begin_s} on"
        raise InputError("outside_horizon", message)
    found = waves_of_orders(model.line, model.work, model.lanes, step, rest_s / STEP_S)
    waves = len(model.which)
    left_with = np.append(model.which, waves)[found]
    lane = np.empty(waves, dtype=np.int64)
    lane[model.which] = model.line.lane
    cdf = np.empty((len(step), waves, len(hub.class_shares)))
    for wave in range(waves):
        cdf[:, wave] = (left_with[:, :, lane[wave]] <= wave).mean(axis=0)
    return Handover(model.departures, cdf)


def build_model(hub: HubState, parcels: NDArray[np.float32], begin_s: int, seed: int = 0) -> Model:
    """Return the queue of a hub over the steps of a forecast; arguments and errors as in :func:`handover_cdf`."""
    if parcels.ndim != 2 or not parcels.size or not np.isfinite(parcels).all() or (parcels < 0).any():
        message = f"parcels of shape {parcels.shape} are no finite counts by scenario and step"
        raise InputError("invalid_forecast", message, f"hub {hub.schedule.hub_id}")
    scenarios, steps = parcels.shape
    kinds = hub.kinds
    nominal = np.array([hub.schedule.capacity(kind, begin_s, steps) for kind in kinds]).reshape(len(kinds), steps)
    nominal *= _part_up(hub, begin_s, steps)
    day = _day_rows(hub.schedule, begin_s, steps)
    departures = hub.schedule.departures(begin_s, begin_s + steps * STEP_S)
    lane, share = _lanes(hub)
    cut_step = _cut_steps(departures, lane, begin_s, steps)
    which = np.argsort(cut_step, kind="stable")
    of_schedule = departures.which[which]
    room = np.where(_stopped(hub, departures.waves_s), 0, _room(hub, share)[departures.which])
    line = Line(nominal * PARCEL, day, cut_step[which], lane[of_schedule], room[which])
    paces = hub.pace.draw(scenarios, int(day[-1]) + 1, len(kinds), seed)
    arrivals = np.require(parcels, np.float32, ["C", "W"])  # a kernel would be compiled again for any other layout
    work = Work(arrivals, np.array(hub.class_shares, float), hub.staged() * PARCEL, paces)
    return Model(line, work, departures, which, int(lane.max()) + 1, share[of_schedule])


def _day_rows(schedule: HubSchedule, begin_s: int, steps: int) -> I64:
    """Return for each step how many midnights have passed since the first, [T]."""
    first = datetime.fromtimestamp(begin_s, ZoneInfo(schedule.time_zone)).date()
    days = range(1, steps * STEP_S // 86_400 + 3)
    midnights = [instant_s(first + timedelta(days=k), datetime.min.time(), schedule.time_zone) for k in days]
    return np.searchsorted(midnights, begin_s + STEP_S * np.arange(steps), side="right").astype(np.int64)


def _part_up(hub: HubState, begin_s: int, steps: int) -> F64:
    """Return what part of each step the hub does not stand still, [T]."""
    edges = begin_s + STEP_S * np.arange(steps + 1, dtype=np.float64)
    down_s = sum((np.diff(np.clip(edges, first_s, last_s)) for first_s, last_s in hub.outages), np.zeros(steps))
    part: F64 = 1.0 - np.minimum(down_s / STEP_S, 1.0)
    return part


def _stopped(hub: HubState, at_s: I64) -> NDArray[np.bool_]:
    """Return which instants fall into an outage."""
    stopped = np.zeros(len(at_s), dtype=bool)
    for first_s, last_s in hub.outages:
        stopped |= (at_s >= first_s) & (at_s < last_s)
    return stopped


def _lanes(hub: HubState) -> tuple[I64, F64]:
    """Return the lane of each wave of the schedule and the share of all parcels that goes with it."""
    waves = hub.schedule.waves
    keys = [(wave.carrier, frozenset(wave.areas)) for wave in waves]
    known = list(dict.fromkeys(keys))
    lane = np.array([known.index(key) for key in keys], dtype=np.int64)
    if hub.wave_shares is None:
        if len(known) > 1 and any(wave.parcels_max is not None for wave in waves):
            message = f"{len(known)} lanes share the hub, and a wave's size is limited"
            where = f"hub {hub.schedule.hub_id}"
            raise InputError("missing_shares", message, where, "say what share of the parcels goes with each wave")
        return lane, np.ones(len(waves)) / len(known)
    shares = np.asarray(hub.wave_shares, dtype=float)
    if shares.shape != (len(waves),) or not ((shares > 0) & (shares <= 1)).all():
        raise InputError("invalid_shares", f"wave shares are {shares.tolist()}", f"hub {hub.schedule.hub_id}")
    return lane, shares


def _room(hub: HubState, share: F64) -> I64:
    """Return what each wave of the schedule holds, as if all parcels went with its lane."""
    sizes = [wave.parcels_max for wave in hub.schedule.waves]
    return np.array(
        [NO_LIMIT if size is None else round(size * PARCEL / part) for size, part in zip(sizes, share)], np.int64
    )


def _cut_steps(departures: Departures, lane: I64, begin_s: int, steps: int) -> I64:
    """Return after how many steps each wave is filled.

    A wave is filled no later than those of its lane that leave after it, lest an order be told to take the later one.
    """
    cut = np.clip((departures.cutoffs_s - begin_s) // STEP_S, 0, steps)
    of_wave = lane[departures.which]
    for one in np.unique(of_wave):
        cut[of_wave == one] = np.minimum.accumulate(cut[of_wave == one][::-1])[::-1]
    return cut


def warm() -> None:
    """Compile the queue's kernels into the on-disk cache."""
    shift = Shift(workload=Workload.PACK, begins=time(6), ends=time(20), stations=1, parcels_per_hour=60)
    schedule = HubSchedule(hub_id="warm", shifts=(shift,), waves=(Wave(id="evening", departs=time(18)),))
    hub, parcels = HubState(schedule, np.array([1])), np.ones((1, 2), dtype=np.float32)
    handover_cdf(hub, parcels, 0, 0)
    model = build_model(hub, parcels, 0)
    run_flows(model.line, model.work, model.lanes)
