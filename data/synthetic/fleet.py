"""A mixed fleet for a day in any city, sized to the orders.

Prices are round figures of the French trade for a van and its driver; Crit'Air classes follow the law, so the
Crit'Air 1 van burns petrol (no diesel is better than 2) and the Crit'Air 3 one is an old diesel.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from data.clock import rng
from data.errors import InputError
from data.model.base import Window
from data.model.city import City
from data.model.hub import Hub
from data.model.parcel import Dimensions
from data.model.streets import StreetNetwork
from data.model.vehicle import Break, Category, Critair, Energy, Role, Vehicle, VehicleCosts
from data.synthetic.addresses import METRES_PER_DEGREE
from data.synthetic.day import window
from data.synthetic.hubs import hub_sites
from data.synthetic.reach import largest_core

USED_SHARE = 0.70
PARCELS_PER_ORDER = 1.18
HANDOVER_S, STEM_S = 175, 3000
VAN_M_PER_S = 6.2  # 22 km/h between stops in town
DETOUR = 1.3
CELL_M = 500.0
VAN_MM = Dimensions(length_mm=3300, width_mm=1700, height_mm=1800)
BIKE_MM = Dimensions(length_mm=1150, width_mm=750, height_mm=900)
Clock = tuple[int, int]


@dataclass(frozen=True)
class Model:
    """One type of vehicle with its driver's shift."""

    name: str
    category: Category
    critair: Critair
    energy: Energy
    parcels: int
    load_kg: int
    volume_dm3: int
    shift: tuple[Clock, Clock]
    costs: VehicleCosts
    use_per_100km_milli: int
    max_mm: Dimensions = VAN_MM
    skills: tuple[str, ...] = ("age_check",)
    role: Role = Role.OWN


VAN_COSTS = VehicleCosts(fixed_cents=5200, per_km_cents=29, per_hour_cents=2350)
ELECTRIC_VAN = Model(
    "Fourgon électrique 11 m3", Category.VUL, Critair.EL, Energy.ELECTRIC, 130, 900, 7500, ((8, 0), (16, 0)),
    VehicleCosts(fixed_cents=6100, per_km_cents=14, per_hour_cents=2350), 28_000, skills=("age_check", "bulky"),
)  # fmt: skip
PETROL_VAN = Model(
    "Fourgon essence 12 m3", Category.VUL, Critair.V1, Energy.PETROL, 150, 1000, 8500, ((8, 30), (17, 0)),
    VAN_COSTS, 11_500, skills=("age_check", "bulky"),
)  # fmt: skip
DIESEL_VAN = Model(
    "Fourgon diesel 12 m3", Category.VUL, Critair.V2, Energy.DIESEL, 150, 1100, 8500, ((7, 0), (15, 0)),
    VAN_COSTS, 9_600, skills=("age_check", "bulky"),
)  # fmt: skip
OLD_VAN = Model(
    "Fourgon diesel 12 m3 ancien", Category.VUL, Critair.V3, Energy.DIESEL, 160, 1200, 8500, ((7, 0), (15, 0)),
    VehicleCosts(fixed_cents=3900, per_km_cents=33, per_hour_cents=2350), 10_800, skills=("bulky",),
)  # fmt: skip
CARGO_BIKE = Model(
    "Vélo-cargo 1,5 m3", Category.CARGO_BIKE, Critair.EL, Energy.ELECTRIC, 45, 150, 1200, ((8, 0), (15, 30)),
    VehicleCosts(fixed_cents=1800, per_km_cents=4, per_hour_cents=2150), 2_200, max_mm=BIKE_MM,
)  # fmt: skip
RESERVE_VAN = Model(
    "Fourgon de réserve 12 m3", Category.VUL, Critair.V2, Energy.DIESEL, 150, 1100, 8500, ((8, 0), (16, 0)),
    VehicleCosts(fixed_cents=9800, per_km_cents=32, per_hour_cents=3100), 9_600, skills=("bulky",), role=Role.RESERVE,
)  # fmt: skip
HIRED_VAN = Model(
    "Fourgon loué 20 m3 avec chauffeur", Category.VUL, Critair.V1, Energy.PETROL, 220, 1000, 14_000,
    ((7, 30), (17, 30)), VehicleCosts(fixed_cents=36_000), 12_500, skills=("bulky",), role=Role.HIRED,
)  # fmt: skip
# What the first and the second hub get in turn until the fleet is large enough.
OWN_MODELS = (
    (ELECTRIC_VAN, ELECTRIC_VAN),
    (CARGO_BIKE, CARGO_BIKE),
    (DIESEL_VAN, OLD_VAN),
    (PETROL_VAN, DIESEL_VAN),
    (ELECTRIC_VAN, PETROL_VAN),
)


def fleet_and_hubs(
    city: City, day: date, seed: int, orders: int = 400, hubs: tuple[Hub, ...] | None = None
) -> tuple[tuple[Hub, ...], tuple[Vehicle, ...]]:
    """Return hubs and the vehicles of one day, such that ``orders`` use about 70 % of the own ones.

    Parameters
    ----------
    city : City
        Any city, invented or built from OpenStreetMap.
    seed : int
        Draws number plates only; the fleet follows from city, day and orders.
    orders : int
        A usual day's orders. Each hub has at least an electric van and a cargo bike, so small days use less.
    hubs : tuple of Hub, optional
        One hub or more; by default two chosen by :func:`~data.synthetic.hubs.hub_sites`.

    Returns
    -------
    hubs, vehicles
        Own vehicles, then per hub one in reserve and one that can be hired at a fixed price.

    Raises
    ------
    InputError
        ``invalid_count`` where ``orders`` is negative.
    """
    if orders < 0:
        raise InputError("invalid_count", f"{orders} orders asked for", action="ask for 0 or more")
    hubs = hubs or hub_sites(city)
    plates = (rng(seed).permutation(900) + 100).tolist()
    fleet: list[Vehicle] = []
    for place, model in _own(len(hubs), day, orders, seconds_per_order(city.streets, orders)):
        fleet.append(_vehicle(len(fleet), model, hubs[place], day, plates))
    for model, hub in itertools.product((RESERVE_VAN, HIRED_VAN), hubs):
        fleet.append(_vehicle(len(fleet), model, hub, day, plates))
    return hubs, tuple(fleet)


def orders_per_day(vehicle: Vehicle, seconds_per_order: float) -> float:
    """Return about what one vehicle hands over in its shift: as many as it can carry or as its time allows."""
    work = vehicle.shift.end_at - vehicle.shift.start_at
    pause_s = sum(each.duration_s for each in vehicle.breaks)
    return min(
        vehicle.capacity_parcels / PARCELS_PER_ORDER, (work.total_seconds() - pause_s - STEM_S) / seconds_per_order
    )


def seconds_per_order(streets: StreetNetwork, orders: int) -> float:
    """Return handing over plus driving to the next, with the tour length of Beardwood, Halton and Hammersley (1959)."""
    reached = largest_core(streets, Category.VUL)
    shrink = math.cos(math.radians(float(streets.node_lat.mean())))
    spots = np.column_stack((streets.node_lon * shrink, streets.node_lat))[reached] * METRES_PER_DEGREE
    area_m2 = len(np.unique(np.floor(spots / CELL_M), axis=0)) * CELL_M**2
    apart_m = 0.7124 * math.sqrt(area_m2 / max(orders, 1)) * DETOUR
    return HANDOVER_S + apart_m / VAN_M_PER_S


def _own(hubs: int, day: date, orders: int, rate_s: float) -> Iterator[tuple[int, Model]]:
    """Yield (hub, model) until the orders fit; a small rest is left to a cargo bike."""
    missing = orders / USED_SHARE
    nowhere = Hub(id="any", lat=0.0, lon=0.0)
    takes = {
        model: orders_per_day(_vehicle(0, model, nowhere, day, [0]), rate_s) for pair in OWN_MODELS for model in pair
    }
    for turn in itertools.count():
        for place in range(hubs):
            if turn > 1 and missing <= 0:
                return
            small = turn > 1 and missing <= takes[CARGO_BIKE]
            model = CARGO_BIKE if small else OWN_MODELS[turn % len(OWN_MODELS)][place % 2]
            missing -= takes[model]
            yield place, model


def _vehicle(index: int, model: Model, hub: Hub, day: date, plates: list[int]) -> Vehicle:
    shift = window(day, *model.shift)
    vehicle_id = f"v{index + 1:02d}"
    return Vehicle(
        id=vehicle_id,
        hub_id=hub.id,
        category=model.category,
        critair=model.critair,
        energy=model.energy,
        capacity_parcels=model.parcels,
        capacity_g=model.load_kg * 1000,
        capacity_dm3=model.volume_dm3,
        shift=shift,
        breaks=legal_breaks(f"{vehicle_id}-break", shift),
        costs=model.costs,
        skills=model.skills,
        role=model.role,
        max_mm=model.max_mm,
        use_per_100km_milli=model.use_per_100km_milli,
        name=f"{model.name} n° {plates[index % len(plates)]}",
    )


def legal_breaks(break_id: str, shift: Window) -> tuple[Break, ...]:
    """Return the break French law asks of road transport staff (code des transports, L3312-2).

    Never more than 6 h in a row; 30 min for 6 to 9 h of work, 45 min above. Its window keeps both parts of the shift
    under 6 h and leaves the morning alone.
    """
    length = shift.end_at - shift.start_at
    if length <= timedelta(hours=6):
        return ()
    pause = timedelta(minutes=30 if length - timedelta(minutes=30) <= timedelta(hours=9) else 45)
    latest = min(shift.start_at + timedelta(hours=6), shift.end_at - pause)
    earliest = max(shift.end_at - pause - timedelta(hours=6), latest - timedelta(hours=2))
    return (Break(id=break_id, window=Window(start_at=earliest, end_at=latest), duration_s=int(pause.total_seconds())),)
