"""Small worlds for the laws of promises: hubs, waves, areas, options, curves and room, drawn by hypothesis.

Probabilities are eighths, so that a curve often meets its level exactly, where a rounding error would show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
from hypothesis import strategies as st

from data.calendar import EVERY_DAY, OUVRABLES, OUVRES
from data.clock import PARIS
from data.model.place import PlaceKind
from data.model.promise import Area, CarrierSla, Cart, DayCount, DeliveryOption, Pool, QuoteRequest
from data.model.schedule import HubSchedule, Wave
from promise.grid import Grid
from promise.snapshot import Curves, HandOver, Snapshot, build

DAYS, HORIZON_S, STEPS_OF_TRANSIT = 9, 6 * 86_400, 4
BEGINS = [
    datetime(2026, 3, 27, 17, 30, tzinfo=PARIS),  # the clocks go forward on Sunday
    datetime(2026, 10, 24, 21, 10, tzinfo=PARIS),  # and back that night
    datetime(2026, 4, 2, 11, 0, tzinfo=PARIS),  # Good Friday is next, in Alsace-Moselle
    datetime(2026, 12, 24, 9, 45, tzinfo=PARIS),
    datetime(2026, 11, 24, 20, 30, tzinfo=PARIS),
]
AREAS = (Area(id="nantes", postcodes=("44000",)), Area(id="metz", postcodes=("57000",)))
POSTCODES = ("44000", "57000", "67000", "75001", "97400")
eighths = st.integers(0, 8).map(lambda count: count / 8)


@dataclass(frozen=True, eq=False)
class World:
    """What a snapshot is built from."""

    now: datetime
    hubs: tuple[HandOver, ...]
    grid: Grid
    curves: Curves
    level: np.ndarray
    pools: tuple[Pool, ...]
    valid_s: int

    @property
    def now_s(self) -> int:
        return int(self.now.timestamp())

    def snapshot(self) -> Snapshot:
        return build(
            self.now_s, self.hubs, self.grid, self.curves, self.level, self.pools, days=DAYS, valid_s=self.valid_s
        )


def options() -> tuple[DeliveryOption, ...]:
    return (
        DeliveryOption(id="home", kind=PlaceKind.HOME, calendar=OUVRES),
        DeliveryOption(id="locker", kind=PlaceKind.LOCKER, calendar=OUVRABLES, sla=CarrierSla(transit_days=2)),
        DeliveryOption(id="express", kind=PlaceKind.HOME, calendar=OUVRABLES, carrier="express", widest_days=3),
    )


def rising(draw: Any, *shape: int) -> np.ndarray:
    """Return curves of eighths that never fall along the last axis."""
    count = int(np.prod(shape))
    return np.sort(np.array(draw(st.lists(eighths, min_size=count, max_size=count))).reshape(shape), axis=-1)


@st.composite
def schedules(draw: Any, hub_id: str) -> HubSchedule:
    waves = [
        Wave(
            id=f"w{number}",
            departs=time(draw(st.integers(0, 23)), draw(st.sampled_from([0, 30]))),
            weekdays=draw(st.sampled_from([(1, 2, 3, 4, 5), (1, 2, 3, 4, 5, 6, 7)])),
            cutoff_s=draw(st.sampled_from([0, 1800, 7200])),
            areas=draw(st.sampled_from([(), ("nantes",), ("nantes", "metz")])),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    express = Wave(id="express", departs=time(draw(st.integers(6, 20))), cutoff_s=3600, carrier="express")
    calendar = draw(st.sampled_from([EVERY_DAY, OUVRABLES]))
    return HubSchedule(hub_id=hub_id, waves=(*waves, express), calendar=calendar)


@st.composite
def hand_overs(draw: Any, now_s: int, hub_id: str) -> HandOver:
    schedule = draw(schedules(hub_id))
    departures = schedule.departures(now_s, now_s + HORIZON_S)
    cdf = rising(draw, 2, len(departures.waves_s)).T
    unknown = draw(st.integers(0, 7)) == 0
    return HandOver(schedule, departures, np.full_like(cdf, np.nan) if unknown else cdf)


@st.composite
def pools(draw: Any, now: datetime) -> Pool:
    return Pool(
        day=now.date() + timedelta(days=draw(st.integers(0, DAYS))),
        parcels=draw(st.integers(0, 3)),
        dm3=draw(st.sampled_from([None, 0, 50])),
        areas=draw(st.sampled_from([(), ("nantes",)])),
        options=draw(st.sampled_from([(), ("home",), ("home", "locker")])),
    )


@st.composite
def worlds(draw: Any) -> World:
    now = draw(st.sampled_from(BEGINS))
    now_s = int(now.timestamp())
    hubs = tuple(draw(hand_overs(now_s, f"hub-{number}")) for number in range(draw(st.integers(1, 2))))
    offered = options()
    if draw(st.booleans()):
        full = CarrierSla(transit_days=1, quota_parcels=2, taken=(DayCount(day=now.date(), parcels=2),))
        offered = (*offered[:2], offered[2].replace(sla=full))
    grid = Grid(AREAS, offered)
    shape = len(hubs), len(AREAS), len(offered)
    model, table = rising(draw, *shape, STEPS_OF_TRANSIT), rising(draw, shape[0], shape[2], STEPS_OF_TRANSIT)
    model[:, :, draw(st.integers(0, 2))] = np.nan
    table[:, draw(st.integers(0, 2))] = np.nan
    level = np.array(draw(st.lists(eighths, min_size=6, max_size=6))).reshape(2, 3)
    room = tuple(draw(st.lists(pools(now), max_size=6)))
    return World(now, hubs, grid, Curves(model, table), level, room, draw(st.sampled_from([900, 2 * 86_400])))


@st.composite
def busier(draw: Any, world: World) -> World:
    """Return the world with more load: later hand-overs, slower transit, more places taken."""
    hubs = tuple(replace(hub, cdf=np.minimum(hub.cdf, rising(draw, *hub.cdf.T.shape).T)) for hub in world.hubs)
    model, table = (np.minimum(curve, rising(draw, *curve.shape)) for curve in world.curves)
    taken = [pool.replace(reserved=pool.reserved + draw(st.integers(0, 3))) for pool in world.pools]
    fuller = draw(st.lists(pools(world.now), max_size=3))
    return replace(world, hubs=hubs, curves=Curves(model, table), pools=(*taken, *fuller))


@st.composite
def requests(draw: Any) -> QuoteRequest:
    return QuoteRequest(
        cart=Cart(parcels=draw(st.integers(1, 2)), volume_dm3=draw(st.sampled_from([0, 40, 60]))),
        postcode=draw(st.sampled_from(POSTCODES)),
        priority=draw(st.integers(0, 3)),
        confidence=draw(st.none() | eighths),
    )


def days_of(promises: tuple[Any, ...]) -> list[date]:
    return [promise.date for promise in promises]
