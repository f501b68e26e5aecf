"""What a change before or during a live would do: orders, load, dates, stock, tours.

The same scenarios are run with and without the change (same chances, hub paces included), by the same forecast, queue
and date code that promises are made with, so that the difference is the change's alone. Counts are expected parcels,
not drawn ones: what varies is how well the live and the days go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from data.clock import PARIS
from data.clock import rng as seeded
from data.model.live import Live
from data.model.schedule import STEP_S
from data.units import ceil_int
from promise import nowcast
from promise.decide import first_kept
from promise.grid import Grid
from promise.hub import HubState, handover_cdf
from promise.load import Load, Move, best_moves, run_load, worth_of_hours
from promise.snapshot import Curves, HandOver, build, local_day
from promise.stock import PARCELS_PER_ORDER
from promise.stockout import StockEnd, Transfer, buffers, stock_ends
from promise.what_if_input import Change, Fleet, WhatIf, WhatIfHub, check_change

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

SCENARIOS = 100
SAFE = 0.9
"""Tours and buffers are for the load that nine scenarios in ten do not exceed."""
MOVE_SCENARIOS, MOVE_DAYS = 10, 4
LATE_DAYS = 4
"""So many days are looked at beyond the forecast for a date."""


@dataclass(frozen=True)
class Tours:
    """The tours a hub's parcels need on one day, and the vehicles to hire for them; ``parcels`` as :data:`SAFE`."""

    hub_id: str
    day: date
    parcels: int
    tours: int
    hired: int
    hire_cents: int


@dataclass(frozen=True)
class Outcome:
    """One side of the comparison: S scenarios, T steps of 300 s from ``begin_s`` on, H hubs, A areas, P classes.

    Parameters
    ----------
    hubs : tuple of HubState
        As they are run.
    parcels : float32 [S, T, H]
        That come in.
    live_parcels : float64 [S]
        What the live that changes sells.
    loads : tuple of Load
        By hub; their ratio is that of the day from the live's start on.
    dates : int64 [A, P]
        The day promised to an order placed when the live ends, as an ordinal; 0 where none can be.
    stock : tuple of StockEnd
        Of the live's products, the first to end first.
    transfers : tuple of Transfer
        What to move before the live.
    tours : tuple of Tours
        By hub and day.
    """

    begin_s: int
    hubs: tuple[HubState, ...]
    parcels: F32
    live_parcels: F64
    loads: tuple[Load, ...]
    dates: I64
    stock: tuple[StockEnd, ...]
    transfers: tuple[Transfer, ...]
    tours: tuple[Tours, ...]


def compare(given: WhatIf, change: Change, scenarios: int = SCENARIOS, seed: int = 1) -> tuple[Outcome, Outcome]:
    """Return what happens without and with a change.

    Raises
    ------
    InputError
        ``unknown_live``, ``unknown_hub``, ``missing_conversion``.
    """
    check_change(change, given)
    usual = Change(live_id=change.live_id)
    before, after = (_run(given, one, scenarios, seed) for one in (usual, change))
    return before, after


def worth_by_shift(outcome: Outcome, hub: int) -> tuple[float, ...]:
    """Return what an hour of one more station in each shift of a hub is worth; see `worth_of_hours`."""
    return worth_of_hours(outcome.hubs[hub], _next_days(outcome, hub), outcome.begin_s)


def helpful_moves(outcome: Outcome, hub: int, people: int = 2) -> tuple[Move, ...]:
    """Return what moving people between a hub's shifts would save over the next days, best first; see `best_moves`."""
    return best_moves(outcome.hubs[hub], _next_days(outcome, hub), outcome.begin_s, people)


def _next_days(outcome: Outcome, hub: int) -> F32:
    """Return a few scenarios of a hub's next days: each shift or pair of shifts tried is a run of its own."""
    return outcome.parcels[:MOVE_SCENARIOS, : MOVE_DAYS * 86_400 // STEP_S, hub]


def _run(given: WhatIf, change: Change, scenarios: int, seed: int) -> Outcome:
    begin_s = int(given.now_at.timestamp()) // STEP_S * STEP_S
    live = check_change(change, given)
    parcels = _ordinary(given, begin_s, scenarios, seed)
    wanted, sold = np.zeros((2, *parcels.shape[:2]))
    for number, one in enumerate(given.lives):
        asked, bought = _live_parcels(given, one, change, begin_s, scenarios, seed + 1 + number)
        parcels += bought[:, :, None] * _hub_shares(given, one)
        if one is live:
            wanted, sold = asked, bought
    arrivals = parcels.astype(np.float32)
    hubs = tuple(_state(given, hub, change, live) for hub in given.hubs)
    start_s = int(live.start_at.timestamp())
    loads = tuple(run_load(hub, arrivals[:, :, h], begin_s, seed, start_s) for h, hub in enumerate(hubs))
    ids = [hub.schedule.hub_id for hub in given.hubs]
    return Outcome(
        begin_s=begin_s,
        hubs=hubs,
        parcels=arrivals,
        live_parcels=sold.sum(axis=1),
        loads=loads,
        dates=_dates(given, hubs, arrivals, begin_s, change, int(live.end_at.timestamp()), seed),
        stock=stock_ends(live.sku_groups, wanted, begin_s),
        transfers=buffers(live.sku_groups, wanted.sum(axis=1)[:, None] * _hub_shares(given, live), ids, SAFE),
        tours=tuple(
            tours
            for hub, load in zip(given.hubs, loads)
            for tours in _tours(hub.schedule.hub_id, hub.fleet, load, change.speed)
        ),
    )


def _ordinary(given: WhatIf, begin_s: int, scenarios: int, seed: int) -> F64:
    """Return the ordinary parcels, float64 [S, T, H]."""
    moments = [datetime.fromtimestamp(begin_s + STEP_S * k, PARIS) for k in range(given.days * 86_400 // STEP_S)]
    hour, weekday = (np.array([getattr(at, name) if name else at.weekday() for at in moments]) for name in ("hour", ""))
    per_step = np.array([hub.hourly_parcels for hub in given.hubs]).T * STEP_S / 3600
    usual = per_step[hour] * np.array(given.weekday_factors)[weekday][:, None]
    day = np.array([at.toordinal() for at in moments]) - moments[0].toordinal()
    noise = seeded(seed).standard_normal((scenarios, given.days + 2)) * given.day_sigma - given.day_sigma**2 / 2
    drawn: F64 = np.exp(noise)[:, day][:, :, None] * usual
    return drawn


def _live_parcels(
    given: WhatIf, live: Live, change: Change, begin_s: int, scenarios: int, seed: int
) -> tuple[F64, F64]:
    """Return the parcels that a live's viewers want, and those its stock allows, each float64 [S, T]."""
    forecast = nowcast.live(nowcast.learn(given.past, {}), live, (), begin_s)
    demand = forecast.demand(scenarios, seeded(seed))
    steps = given.days * 86_400 // STEP_S
    first = (forecast.begin_s - begin_s) // STEP_S
    kept = max(0, min(demand.shape[1], steps - first))
    if live.id == change.live_id:
        demand = demand * _factor(live, change, forecast.begin_s, demand.shape[1])
    bought = forecast.shelf.sell(demand).sum(axis=0)
    wanted, sold = np.zeros((2, scenarios, steps))
    wanted[:, first : first + kept] = demand[:, :kept] * PARCELS_PER_ORDER
    sold[:, first : first + kept] = bought[:, :kept] * PARCELS_PER_ORDER
    return wanted, sold


def _factor(live: Live, change: Change, begin_s: int, steps: int) -> F64:
    """Return what the change does to a live's demand in each step."""
    factor = np.full(steps, change.reach)
    if change.conversion is not None and live.conversion:
        start_s = live.start_at.timestamp()
        edges = begin_s + STEP_S * np.arange(steps + 1)
        within = np.diff(np.clip(edges, start_s, start_s + change.conversion_s)) / STEP_S
        factor *= 1 + within * (change.conversion / live.conversion - 1)
    return factor


def _hub_shares(given: WhatIf, live: Live) -> F64:
    """Return what share of a live's parcels each hub sends, [H]."""
    by_hub = {hub.schedule.hub_id: 0.0 for hub in given.hubs}
    for area in given.areas:
        by_hub[area.hub_id] += live.area_shares.get(area.area.id, 0.0) if live.area_shares else area.share
    return np.array(list(by_hub.values()))


def _state(given: WhatIf, hub: WhatIfHub, change: Change, live: Live) -> HubState:
    start_s = int(live.start_at.timestamp())
    down = ((start_s, start_s + change.down_s),) if hub.schedule.hub_id == change.down_hub_id else ()
    return HubState(hub.schedule, np.array(hub.backlog), np.array(given.class_shares), hub.pace, outages=down)


def _dates(
    given: WhatIf, hubs: Sequence[HubState], arrivals: F32, begin_s: int, change: Change, placed_s: int, seed: int
) -> I64:
    """Return the day promised to an order placed at ``placed_s``, as an ordinal by area and class, 0 for none."""
    handed = [
        HandOver(hub.schedule, *handover_cdf(hub, arrivals[:, :, h], begin_s, placed_s, seed))
        for h, hub in enumerate(hubs)
    ]
    grid = Grid(tuple(area.area for area in given.areas), (given.option,))
    length = max(len(area.transit) for area in given.areas) + 1
    transit = np.array([[_slowed(area.transit, length, change.speed)] for area in given.areas])
    curves = Curves(transit, np.full((1, length), np.nan))
    snapshot = build(placed_s, handed, grid, curves, given.level, days=given.days + LATE_DAYS)
    ids = [hub.schedule.hub_id for hub in given.hubs]
    row = np.arange(len(given.areas))
    ontime = snapshot.ontime[np.array([ids.index(area.hub_id) for area in given.areas]), 0, :, row, 0, :]
    level = np.full(ontime.shape[:-1], np.float32(given.level))
    day = first_kept(ontime, level, np.broadcast_to(snapshot.open[row, 0][:, None], ontime.shape))
    return np.where(day < snapshot.days, local_day(placed_s) + day, 0)


def _slowed(transit: Sequence[float], length: int, speed: float) -> F64:
    """Return a transit curve over ``length`` days where ``1 - speed`` of the parcels take a day longer."""
    curve = np.full(length, transit[-1])
    curve[: len(transit)] = transit
    return speed * curve + (1 - speed) * np.concatenate([[0.0], curve[:-1]])


def _tours(hub_id: str, fleet: Fleet, load: Load, speed: float) -> list[Tours]:
    """Return the tours that carry on what the waves of each day bring."""
    days = np.array([local_day(at_s) for at_s in load.departures.waves_s.tolist()], dtype=np.int64)
    found = []
    for day in np.unique(days).tolist():
        parcels = float(np.quantile(load.taken[:, days == day].sum(axis=1), SAFE))
        by_room = parcels / fleet.parcels_per_vehicle
        by_stops = parcels / fleet.parcels_per_stop / (fleet.stops_per_tour * speed)
        tours = ceil_int(max(by_room, by_stops))
        hired = max(0, tours - fleet.vehicles)
        cents = hired * fleet.hire_cents
        found.append(Tours(hub_id, date.fromordinal(day), ceil_int(parcels), tours, hired, cents))
    return found
