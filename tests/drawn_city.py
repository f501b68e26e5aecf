"""The drawn streets as a city with two zones, and the classes and closures that travel times are asked for with."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from data.model.base import Window
from data.model.city import City
from data.model.plan import AccessClass, Closure
from data.model.streets import StreetNetwork
from data.model.vehicle import Category, Critair, Energy
from data.model.zone import Zone, ZoneKind
from tests.drawn_streets import SIDE

DAY = date(2026, 11, 23)
PARIS = "Europe/Paris"
MIDNIGHT = datetime(2026, 11, 23, tzinfo=ZoneInfo(PARIS))


def zone(name: str, rank: int = 0) -> Zone:
    square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    return Zone(id=name, rank=rank, kind=ZoneKind.AREA, geometry=square, valid_from=date(2020, 1, 1))


def city_of(streets: StreetNetwork) -> City:
    """Zone 0 covers every arc that touches the right third, zone 1 the arcs inside the bottom left corner."""
    row, column = streets.tail // SIDE, streets.tail % SIDE
    head_row, head_column = streets.head // SIDE, streets.head % SIDE
    east = np.maximum(column, head_column) >= SIDE - 2
    corner = np.maximum(np.maximum(column, head_column), np.maximum(row, head_row)) <= 1
    membership = east.astype(np.uint64) | (corner.astype(np.uint64) << np.uint64(1))
    zones = (zone("east"), zone("corner", rank=1))
    return City(name="grid", streets=streets, zones=zones, arc_zones=membership, places=(), derived={})


def between(start_h: float, end_h: float) -> Window:
    return Window(start_at=MIDNIGHT + timedelta(hours=start_h), end_at=MIDNIGHT + timedelta(hours=end_h))


def access(name: str, category: Category = Category.VUL, **closed: tuple[Window, ...]) -> AccessClass:
    closures = tuple(
        Closure(zone_id=zone_id, first_banned=Critair.V3, hours="", closed=windows)
        for zone_id, windows in closed.items()
    )
    return AccessClass(
        id=name, category=category, critair=Critair.V4, energy=Energy.DIESEL, vehicle_ids=(), closures=closures
    )


CLASSES = (
    access("clean"),
    access("old", east=(between(8, 10), between(17, 20)), corner=(between(9, 12),)),
    access("bike", Category.CARGO_BIKE),
)
