"""A town of eight by eight streets with a low-emission zone, and random days in it: everything a request may hold.

Built once per run. A block is about 250 m and a drive across takes some five minutes, so that tours of a few stops
fill the short shifts drawn here.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache

import numpy as np

from data.clock import PARIS
from data.hours import with_offset
from data.model.base import Window
from data.model.city import City
from data.model.hub import Hub
from data.model.order import Order, PlaceOption
from data.model.parcel import Dimensions, Parcel
from data.model.place import BoxType, Place, PlaceKind
from data.model.request import PlanRequest
from data.model.streets import RoadClass, StreetNetwork
from data.model.vehicle import Category, Critair, Energy, Vehicle, VehicleCosts
from data.model.zone import Zone, ZoneKind, ZoneRule
from data.zoning import arc_membership
from routing.travel import prepare_city

SIDE = 8
WEST, SOUTH, STEP_LAT, STEP_LON = -1.56, 47.21, 0.00225, 0.0033
THURSDAY, SPRING_FORWARD, FALL_BACK = date(2026, 6, 18), date(2026, 3, 29), date(2026, 10, 25)
SMALL, LARGE = (Dimensions(length_mm=400, width_mm=300, height_mm=height) for height in (100, 300))
KINDS = (
    (Category.VUL, Critair.V1, Energy.PETROL),
    (Category.VUL, Critair.V3, Energy.DIESEL),
    (Category.VUL, Critair.V4, Energy.DIESEL),
    (Category.VUL, Critair.EL, Energy.ELECTRIC),
    (Category.CARGO_BIKE, Critair.EL, Energy.HUMAN),
)


def spot(column: float, row: float) -> tuple[float, float]:
    """Return ``(lat, lon)`` of a place on the grid, in blocks from the south-west corner."""
    return SOUTH + row * STEP_LAT, WEST + column * STEP_LON


def zone(zone_id: str = "ZFE", rank: int = 0, first: float = 3.5, **changes: object) -> Zone:
    """Return a zone over the columns from ``first`` on, banning vans of Crit'Air 3 and dirtier on workdays by day."""
    (south, west), (north, east) = spot(first, -0.5), spot(SIDE, SIDE)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    plain = Zone(
        id=zone_id,
        rank=rank,
        kind=ZoneKind.AREA,
        geometry={"type": "Polygon", "coordinates": [ring]},
        valid_from=date(2025, 1, 1),
        rules=(rule("Mo-Fr 07:00-20:00"),),
        decree_url="https://example.org/arrete",
    )
    return plain.replace(**changes)


def rule(hours: str, first_banned: Critair = Critair.V3) -> ZoneRule:
    """Return a rule for vans."""
    return ZoneRule(category=Category.VUL, first_banned=first_banned, hours=hours)


def town(*zones: Zone) -> City:
    """Return the town with these zones."""
    return _town(tuple(zones))


@cache
def _streets() -> StreetNetwork:
    nodes = [(column, row) for row in range(SIDE) for column in range(SIDE)]
    arcs = [(a, b) for a, (c, r) in enumerate(nodes) for b, (d, s) in enumerate(nodes) if abs(c - d) + abs(r - s) == 1]
    lat, lon = np.array([spot(*node) for node in nodes]).T
    count = len(arcs)
    return StreetNetwork(
        node_lat=lat.copy(),
        node_lon=lon.copy(),
        node_id=np.zeros(len(lat), np.int64),
        tail=np.array([a for a, _ in arcs], np.int32),
        head=np.array([b for _, b in arcs], np.int32),
        length_dm=np.full(count, 2500, np.int32),
        speed_kmh=np.full(count, 30, np.uint8),
        cruise_kmh=np.full(count, 24, np.float32),
        obstacle_ms=np.zeros(count, np.int32),
        road_class=np.full(count, RoadClass.RESIDENTIAL, np.uint8),
        roundabout=np.zeros(count, np.bool_),
        access=np.full(count, 31, np.uint8),
        arc_hours=np.full(count, -1, np.int16),
        way_id=np.zeros(count, np.int64),
        shape_ptr=np.zeros(count + 1, np.int32),
        shape_lat=np.zeros(0),
        shape_lon=np.zeros(0),
        shape_node_id=np.zeros(0, np.int64),
        restriction_ptr=np.zeros(1, np.int32),
        restriction_arcs=np.zeros(0, np.int32),
        restriction_only=np.zeros(0, np.bool_),
        restriction_except=np.zeros(0, np.uint8),
    )


_known: dict[tuple[str, ...], City] = {}


def _town(zones: tuple[Zone, ...]) -> City:
    key = tuple(repr(each) for each in zones)
    if key not in _known:
        streets = _streets()
        bare = City("Petite-Ville", streets, zones, arc_membership(streets, zones), shared_places(), derived={})
        _known[key] = prepare_city(bare)
    return _known[key]


def shared_places() -> tuple[Place, ...]:
    """Return a relay with a cap and shop hours, and a locker of two sizes inside the zone."""
    relay_lat, relay_lon = spot(2, 5.4)
    locker_lat, locker_lon = spot(5.3, 3)
    boxes = (BoxType(size="S", free=2, inner_mm=SMALL), BoxType(size="L", free=1, inner_mm=LARGE))
    relay = Place(
        id="relay",
        kind=PlaceKind.RELAY,
        lat=relay_lat,
        lon=relay_lon,
        opening_hours="Mo-Su 09:00-12:00,14:00-19:00",
        setup_s=120,
        service_s=40,
        daily_cap_parcels=4,
        max_load_g=20_000,
    )
    locker = Place(
        id="locker",
        kind=PlaceKind.LOCKER,
        lat=locker_lat,
        lon=locker_lon,
        setup_s=90,
        service_s=30,
        boxes=boxes,
    )
    return relay, locker


def home(home_id: str, column: float, row: float, **changes: object) -> Place:
    """Return a home on the grid."""
    lat, lon = spot(column, row)
    return Place(id=home_id, kind=PlaceKind.HOME, lat=lat, lon=lon, service_s=120).replace(**changes)


def at(day: date, hour: float) -> datetime:
    """Return a wall time of a day in Paris, its hour as a number."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=PARIS)
    return with_offset(midnight + timedelta(seconds=round(hour * 3600)))


def window(day: date, first: float, last: float) -> Window:
    """Return the window between two wall times."""
    return Window(start_at=at(day, first), end_at=at(day, last))


def order(order_id: str, *options: PlaceOption | str, **changes: object) -> Order:
    """Return an order of one small parcel for the day itself; a plain name is an option without windows."""
    plain = Order(
        id=order_id,
        hub_id="hub",
        parcels=(Parcel(id=f"{order_id}.p", load_g=1000, volume_dm3=5),),
        options=tuple(PlaceOption(place_id=each) if isinstance(each, str) else each for each in options),
        promised_on=THURSDAY,
    )
    return plain.replace(**changes)


def vehicle(vehicle_id: str = "van", **changes: object) -> Vehicle:
    """Return a van of Crit'Air 3 that works from 8 to 18."""
    plain = Vehicle(
        id=vehicle_id,
        hub_id="hub",
        category=Category.VUL,
        critair=Critair.V3,
        energy=Energy.DIESEL,
        capacity_parcels=50,
        capacity_g=500_000,
        capacity_dm3=5_000,
        shift=window(THURSDAY, 8, 18),
        costs=VehicleCosts(fixed_cents=2_000, per_km_cents=30, per_hour_cents=2_000),
    )
    return plain.replace(**changes)


def hub(hub_id: str = "hub", column: float = 0.2, row: float = 1) -> Hub:
    """Return a hub on the grid, outside the zone."""
    lat, lon = spot(column, row)
    return Hub(id=hub_id, lat=lat, lon=lon, loading_s=600)


def request(**changes: object) -> PlanRequest:
    """Return a request for Thursday with one van, a home ``a`` outside the zone and a home ``z`` in it."""
    plain = PlanRequest(
        day=THURSDAY,
        hubs=(hub(),),
        vehicles=(vehicle(),),
        places=(home("a", 2, 3), home("b", 3, 5.5), home("z", 6, 4)),
        orders=(),
    )
    return plain.replace(**changes)
