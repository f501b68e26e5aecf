"""The house that the service is measured with: so many hubs, areas and options, and room that can't run out."""

from __future__ import annotations

from datetime import datetime, time

import numpy as np

from data import clock
from data.calendar import EVERY_DAY, OUVRABLES, OUVRES
from data.model.place import PlaceKind
from data.model.promise import Area, CarrierSla, DeliveryOption, Slot
from data.model.promise_state import HubLoad, Inflow, PromiseState, StageCurve
from data.model.schedule import HubSchedule, Shift, Wave, Workload

DEPARTMENTS = ("44", "67", "75", "57", "13")
TRANSIT_DAYS, GROUP = 6, 25
OPTIONS = (
    DeliveryOption(
        id="home",
        kind=PlaceKind.HOME,
        calendar=OUVRABLES,
        price_cents=590,
        slots=(Slot(begins=time(8), ends=time(12)), Slot(begins=time(18), ends=time(21), price_cents=300)),
    ),
    DeliveryOption(id="locker", kind=PlaceKind.LOCKER, calendar=EVERY_DAY, price_cents=350),
    DeliveryOption(
        id="express",
        kind=PlaceKind.HOME,
        calendar=OUVRES,
        carrier="express",
        sla=CarrierSla(transit_days=2),
        price_cents=990,
    ),
)


def postcode(number: int) -> str:
    """Return the postcode of the n-th area."""
    return f"{DEPARTMENTS[number % len(DEPARTMENTS)]}{number:03d}"


def house(at: datetime, hubs: int = 20, areas: int = 500) -> PromiseState:
    """Return hubs that all serve all areas, each for half of the country at noon and for the rest in the evening."""
    known = tuple(Area(id=f"a{number}", postcodes=(postcode(number),)) for number in range(areas))
    draws = clock.rng(1)
    return PromiseState(
        at=at,
        hubs=tuple(_hub(number, known, at) for number in range(hubs)),
        options=OPTIONS,
        areas=known,
        curves=tuple(
            StageCurve(
                option=option.id,
                hubs=(f"h{hub}",),
                areas=tuple(area.id for area in known[first : first + GROUP]),
                within=tuple(np.round(np.cumsum(draws.dirichlet(np.ones(TRANSIT_DAYS))), 4).clip(0, 1).tolist()),
            )
            for hub in range(hubs)
            for option in OPTIONS
            for first in range(0, areas, GROUP)
        ),
    )


def _hub(number: int, areas: tuple[Area, ...], at: datetime) -> HubLoad:
    half = tuple(area.id for area in areas[: len(areas) // 2])
    rest = tuple(area.id for area in areas[len(areas) // 2 :])
    shifts = tuple(
        Shift(workload=work, begins=time(6), ends=time(22), stations=12, parcels_per_hour=60) for work in Workload
    )
    waves = (
        Wave(id="noon", departs=time(12, number), cutoff_s=5400, areas=half),
        Wave(id="evening", departs=time(19, number), cutoff_s=5400, areas=rest),
        Wave(id="night", departs=time(23, number), cutoff_s=3600),
        Wave(id="express", departs=time(18, number), cutoff_s=3600, carrier="express"),
    )
    end_at = datetime.fromtimestamp(at.timestamp() + 4 * 3600, clock.PARIS)
    return HubLoad(
        schedule=HubSchedule(hub_id=f"h{number}", shifts=shifts, waves=waves),
        backlog=(300, 2000 + 100 * number),
        class_shares=(0.2, 0.8),
        inflow=(Inflow(begin_at=at, end_at=end_at, parcels=2000.0),),
    )
