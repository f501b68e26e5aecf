"""Requests that contradict themselves or their city."""

from __future__ import annotations

from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from data.clock import PARIS
from data.errors import InputError
from data.model.base import Window
from data.model.city import City
from data.model.hub import Hub
from data.model.order import Order, PlaceOption
from data.model.parcel import Parcel
from data.model.place import Place, PlaceKind
from data.model.request import PlanRequest, VehicleStatus
from data.model.vehicle import Category, Energy, Vehicle
from data.model.zone import Exemption, Zone, ZoneKind
from data.sources.check import check_request

DAY = date(2026, 11, 24)
STREETS = SimpleNamespace(bounds=lambda: (-1.6, 47.1, -1.5, 47.3))
ZONE = Zone(id="Z@2025-01-01", rank=0, kind=ZoneKind.AREA, geometry={}, valid_from=date(2025, 1, 1))


def window(start: int, end: int) -> Window:
    return Window(
        start_at=datetime(2026, 11, 24, start, tzinfo=PARIS), end_at=datetime(2026, 11, 24, end, tzinfo=PARIS)
    )


def city(*places: Place) -> City:
    none = np.zeros(0, np.uint64)
    return City(name="Nantes", streets=cast(Any, STREETS), zones=(ZONE,), arc_zones=none, places=places, derived={})


HUB = Hub(id="H", lat=47.2, lon=-1.55)
HOME = Place(id="home", kind=PlaceKind.HOME, lat=47.2, lon=-1.55)
RELAY = HOME.replace(id="relay", kind=PlaceKind.RELAY)
VAN = Vehicle(
    id="V", hub_id="H", category=Category.VUL, capacity_parcels=9, capacity_g=9, capacity_dm3=9, shift=window(8, 18)
)
PARCEL = Parcel(id="P", load_g=1, volume_dm3=1)
ORDER = Order(id="O", hub_id="H", parcels=(PARCEL,), options=(PlaceOption(place_id="home"),), promised_on=DAY)
GOOD = PlanRequest(day=DAY, city="nantes.city", hubs=(HUB,), vehicles=(VAN,), places=(HOME,), orders=(ORDER,))


def problems(request: PlanRequest, where: City | None) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        check_request(request, where)
    return [(caught.value.code, caught.value.where)]


def test_a_good_request() -> None:
    assert check_request(GOOD, city()) == ()
    assert check_request(GOOD, None) == ()
    by_relay = GOOD.replace(orders=(ORDER.replace(options=(PlaceOption(place_id="relay"),)),))
    assert check_request(by_relay, city(RELAY)) == ()
    assert check_request(by_relay, None) == ()  # one of the city it names


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"hubs": (HUB, HUB)}, "duplicate_id", "#/hubs/1/id"),
        ({"vehicles": (VAN, VAN)}, "duplicate_id", "#/vehicles/1/id"),
        ({"places": (HOME, HOME)}, "duplicate_id", "#/places/1/id"),
        ({"orders": (ORDER.replace(parcels=(PARCEL, PARCEL)),)}, "duplicate_id", "#/orders/0/parcels/1/id"),
        ({"vehicles": (VAN.replace(hub_id="X"),)}, "unknown_hub", "#/vehicles/0/hub_id"),
        ({"orders": (ORDER.replace(hub_id="X"),)}, "unknown_hub", "#/orders/0/hub_id"),
        (
            {"orders": (ORDER.replace(options=(PlaceOption(place_id="hom"),)),)},
            "unknown_place",
            "#/orders/0/options/0/place_id",
        ),
        (
            {"hubs": (HUB, HUB.replace(id="G")), "orders": (ORDER.replace(parcels=(PARCEL.replace(hub_id="G"),)),)},
            "several_hubs",
            "#/orders/0/parcels/0/hub_id",
        ),
        ({"places": (HOME.replace(lat=-1.55, lon=47.2),)}, "invalid_coordinates", "#/places/0/lat"),
        ({"places": (HOME.replace(lat=47.36),)}, "outside_city", "#/places/0/lat"),
        ({"hubs": (HUB.replace(lon=-1.7),)}, "outside_city", "#/hubs/0/lat"),
        ({"statuses": (VehicleStatus(vehicle_id="X"),)}, "unknown_vehicle", "#/statuses/0/vehicle_id"),
        ({"statuses": (VehicleStatus(vehicle_id="V", done=("X",)),)}, "unknown_order", "#/statuses/0/done/0"),
        ({"statuses": (VehicleStatus(vehicle_id="V", done=("O", "O")),)}, "duplicate_id", "#/statuses/0/done/1"),
        (
            {"exemptions": (Exemption(vehicle_id="V", zone_id="Y", valid_from=DAY, valid_to=DAY),)},
            "unknown_zone",
            "#/exemptions/0/zone_id",
        ),
        ({"vehicles": (VAN.replace(category=Category.CARGO_BIKE),)}, "invalid_value", "#/vehicles/0/energy"),
    ],
)
def test_contradictions(changes: dict[str, object], code: str, where: str) -> None:
    assert problems(GOOD.replace(**changes), city()) == [(code, where)]


def test_what_is_allowed() -> None:
    near = HOME.replace(lat=47.34)  # 4.4 km outside
    bike = VAN.replace(category=Category.CARGO_BIKE, energy=Energy.ELECTRIC)
    both = tuple(Exemption(vehicle_id="V", zone_id=name, valid_from=DAY, valid_to=DAY) for name in ("Z", ZONE.id))
    assert check_request(GOOD.replace(places=(near,), vehicles=(bike,), exemptions=both), city()) == ()


def test_without_a_city_all_places_must_be_there() -> None:
    by_relay = GOOD.replace(city="", orders=(ORDER.replace(options=(PlaceOption(place_id="relay"),)),))
    assert problems(by_relay, None) == [("unknown_place", "#/orders/0/options/0/place_id")]


def test_warnings() -> None:
    late = ORDER.replace(options=(PlaceOption(place_id="home", windows=(window(19, 20),)),))
    (warning,) = check_request(GOOD.replace(orders=(late,)), city())
    assert warning.startswith("#/orders/0: no vehicle of hub H works in any window")
    (warning,) = check_request(GOOD.replace(orders=(ORDER.replace(promised_on=date(2026, 11, 23)),)), city())
    assert "promised for 2026-11-23" in warning
    (warning,) = check_request(GOOD.replace(orders=(ORDER.replace(late_cents_per_hour=5),)), city())
    assert warning.endswith("a price on being late but no `promised_by`")


def test_all_problems_at_once() -> None:
    with pytest.raises(InputError) as caught:
        check_request(GOOD.replace(hubs=(HUB, HUB), vehicles=(VAN.replace(hub_id="h"),)), None)
    assert caught.value.message.startswith("2 problems:")
    assert "did you mean" in caught.value.message or "add the hub" in caught.value.message


def test_a_shift_on_another_day_is_refused() -> None:
    request = PlanRequest(day=date(2026, 11, 25), hubs=(HUB,), vehicles=(VAN,))
    with pytest.raises(InputError, match="not on the planned day") as caught:
        check_request(request, None)
    assert caught.value.code == "shift_outside_day"
    night = Window(start_at=datetime(2026, 11, 23, 22, tzinfo=PARIS), end_at=datetime(2026, 11, 24, 5, tzinfo=PARIS))
    assert check_request(request.replace(day=DAY, vehicles=(VAN.replace(shift=night),)), None) == ()
