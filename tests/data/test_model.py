"""Rules of single values: windows, vehicles, zones, statuses, orders, streets."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.model.base import Count, Id, Latitude, Longitude, Seconds, Value, Window
from data.model.hub import Hub
from data.model.order import Order, PlaceOption
from data.model.parcel import Parcel, ParcelState
from data.model.place import Place, PlaceKind
from data.model.request import VehicleStatus
from data.model.streets import ACCESS_BIT, RoadClass, StreetNetwork
from data.model.vehicle import Category, Critair, Energy, Role, Vehicle
from data.model.zone import Exemption, Zone
from tests.drawn_values import instants, kinds, struct

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = date(2026, 11, 24)

# --- every value


@pytest.mark.parametrize("kind", [*kinds(), Zone], ids=lambda kind: kind.__name__)
def test_values_are_frozen_strict_and_by_keyword(kind: type[Value]) -> None:
    config = kind.__struct_config__
    assert config.frozen and config.forbid_unknown_fields and config.eq
    with pytest.raises(TypeError, match="positional"):
        kind("x")
    for field in struct(kind).fields:
        assert field.encode_name == field.name


LIMITS: list[tuple[object, object, object]] = [
    (Latitude, -90.0, 90.0),
    (Longitude, -180.0, 180.0),
    (Count, 0, 2_000_000_000),
    (Seconds, 0, 172_800),
    (Id, "x", "x" * 128),
]


@pytest.mark.parametrize(("kind", "least", "most"), LIMITS)
def test_limits(kind: object, least: float | str, most: float | str) -> None:
    assert msgspec.convert(least, kind) == least
    assert msgspec.convert(most, kind) == most
    beyond = ["", "x" * 129] if isinstance(least, str) or isinstance(most, str) else [least - 1, most + 1]
    for value in beyond:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(value, kind)


def test_values_are_equal_by_what_they_hold() -> None:
    hub = Hub(id="h", lat=47, lon=-1.5)
    assert hub == Hub(id="h", lat=47, lon=-1.5, name="") and hash(hub) == hash(hub.replace())
    assert hub != hub.replace(name="north")
    with pytest.raises(AttributeError):
        hub.name = "south"  # type: ignore[misc]
    with pytest.raises(TypeError):
        hub.replace(nome="south")


def test_defaults_are_left_out_when_written() -> None:
    assert msgspec.json.encode(Hub(id="h", lat=47, lon=-1.5)) == b'{"id":"h","lat":47,"lon":-1.5}'


# --- windows


@given(instants(), instants())
def test_a_window_opens_before_it_closes(one: datetime, other: datetime) -> None:
    window = Window(start_at=min(one, other), end_at=max(one, other))
    assert window.start_at <= window.end_at
    if one != other:
        with pytest.raises(ValueError, match="before it opens"):
            Window(start_at=max(one, other), end_at=min(one, other))


def test_a_window_is_judged_by_instants_not_by_the_wall() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=2)))  # 14:00+02:00
    assert Window(start_at=east, end_at=NOON) == Window(start_at=NOON, end_at=NOON)
    with pytest.raises(ValueError) as caught:
        Window(start_at=east, end_at=NOON - timedelta(seconds=1))
    message = "window closes (2026-11-24T11:59:59+00:00) before it opens (2026-11-24T14:00:00+02:00)"
    assert str(caught.value) == message


def test_a_changed_window_is_judged_again() -> None:
    with pytest.raises(ValueError, match="before it opens"):
        Window(start_at=NOON, end_at=NOON).replace(end_at=NOON - timedelta(microseconds=1))


# --- vehicles and what they may do


def test_critair_is_ranked_from_the_cleanest() -> None:
    assert [sticker.rank for sticker in Critair] == list(range(7))
    assert [sticker.value for sticker in sorted(Critair, key=lambda sticker: sticker.rank)] == [
        *("EL", "V1", "V2", "V3", "V4", "V5", "NC"),
    ]


def test_a_vehicle_is_own_unclassified_and_burns_diesel_unless_told() -> None:
    vehicle = Vehicle(
        id="v",
        hub_id="h",
        category=Category.VUL,
        capacity_parcels=1,
        capacity_g=1,
        capacity_dm3=1,
        shift=Window(start_at=NOON, end_at=NOON),
    )
    assert (vehicle.critair, vehicle.energy, vehicle.role) == (Critair.NC, Energy.DIESEL, Role.OWN)
    assert vehicle.breaks == () and vehicle.max_mm is None and vehicle.costs.fixed_cents == 0


def test_every_category_has_an_access_bit_of_its_own() -> None:
    assert set(ACCESS_BIT) == set(Category)
    bits = sorted(ACCESS_BIT.values())
    assert bits == [1 << place for place in range(len(bits))] and sum(bits) < 256


EXEMPTION = Exemption(vehicle_id="v", zone_id="z", valid_from=DAY, valid_to=DAY + timedelta(days=2))


@pytest.mark.parametrize(("days", "holds"), [(-1, False), (0, True), (1, True), (2, True), (3, False)])
def test_an_exemption_holds_from_its_first_to_its_last_day(days: int, holds: bool) -> None:
    assert EXEMPTION.holds_on(DAY + timedelta(days=days)) == holds


@pytest.mark.parametrize(
    ("quota", "used", "holds"), [(None, 0, True), (None, 400, True), (24, 23, True), (24, 24, False), (0, 0, False)]
)
def test_an_exemption_holds_while_days_are_left(quota: int | None, used: int, holds: bool) -> None:
    exemption = EXEMPTION.replace(yearly_quota=quota, used_days=used)
    assert exemption.holds_on(DAY) == holds
    assert not exemption.holds_on(DAY - timedelta(days=1))


# --- statuses


@given(st.none() | st.floats(-90, 90), st.none() | st.floats(-180, 180), st.none() | instants(), st.booleans())
def test_a_position_is_given_whole_or_not_at_all(
    lat: float | None, lon: float | None, at: datetime | None, loaded: bool
) -> None:
    given_parts = sum(part is not None for part in (lat, lon, at))
    on_board = ("o1",) if loaded else ()
    if given_parts == 3 or (given_parts == 0 and not loaded):
        status = VehicleStatus(vehicle_id="v", lat=lat, lon=lon, at=at, on_board=on_board)
        assert status.has_left == (given_parts == 3)
        return
    says = "needs lat, lon and at together" if given_parts else "on_board needs lat, lon and at"
    with pytest.raises(ValueError, match=says):
        VehicleStatus(vehicle_id="v", lat=lat, lon=lon, at=at, on_board=on_board)


def test_a_vehicle_at_its_hub_may_have_done_things() -> None:
    status = VehicleStatus(vehicle_id="v", loading_started=True, done=("o1",), breaks_done=("lunch",))
    assert not status.has_left
    assert VehicleStatus(vehicle_id="v", lat=0, lon=0, at=NOON).has_left  # 0 is a place


# --- orders


def test_an_order_sums_its_parcels() -> None:
    parcels = tuple(Parcel(id=f"p{n}", load_g=n, volume_dm3=10 * n) for n in (1, 2, 4))
    order = Order(id="o", hub_id="h", parcels=parcels, options=(PlaceOption(place_id="home"),), promised_on=DAY)
    assert (order.load_g, order.volume_dm3) == (7, 70)
    assert parcels[0].state is ParcelState.AT_HUB and parcels[0].ready_at is None
    assert order.options[0].windows == () and order.options[0].service_s is None


def test_a_place_is_open_and_takes_two_minutes_unless_told() -> None:
    place = Place(id="p", kind=PlaceKind.HOME, lat=47, lon=-1.5)
    assert (place.opening_hours, place.service_s, place.setup_s) == (None, 120, 0)


# --- streets


def bent_streets() -> StreetNetwork:
    """Two junctions; one arc straight, one back with two inner points that bulge out of the box of the junctions."""
    return StreetNetwork(
        node_lat=np.array([47.0, 47.001]),
        node_lon=np.array([2.0, 2.002]),
        node_id=np.array([11, 12], dtype=np.int64),
        tail=np.array([0, 1], dtype=np.int32),
        head=np.array([1, 0], dtype=np.int32),
        length_dm=np.array([1900, 2500], dtype=np.int32),
        speed_kmh=np.array([30, 30], dtype=np.uint8),
        cruise_kmh=np.array([24, 24], dtype=np.float32),
        obstacle_ms=np.zeros(2, dtype=np.int32),
        road_class=np.array([RoadClass.RESIDENTIAL] * 2, dtype=np.uint8),
        roundabout=np.zeros(2, dtype=np.bool_),
        access=np.array([31, 31], dtype=np.uint8),
        arc_hours=np.array([-1, -1], dtype=np.int16),
        way_id=np.array([7, 7], dtype=np.int64),
        shape_ptr=np.array([0, 0, 2], dtype=np.int32),
        shape_lat=np.array([47.0009, 47.0001]),
        shape_lon=np.array([2.0035, 2.001]),
        shape_node_id=np.array([13, 14], dtype=np.int64),
        restriction_ptr=np.array([0], dtype=np.int32),
        restriction_arcs=np.empty(0, dtype=np.int32),
        restriction_only=np.empty(0, dtype=np.bool_),
        restriction_except=np.empty(0, dtype=np.uint8),
    )


def test_arc_points_run_from_tail_to_head_longitude_first() -> None:
    streets = bent_streets()
    assert (streets.nodes, streets.arcs) == (2, 2)
    assert streets.arc_points(0) == [(2.0, 47.0), (2.002, 47.001)]
    assert streets.arc_points(1) == [(2.002, 47.001), (2.0035, 47.0009), (2.001, 47.0001), (2.0, 47.0)]
    assert all(type(value) is float for arc in (0, 1) for point in streets.arc_points(arc) for value in point)


def test_bounds_are_those_of_the_junctions() -> None:
    streets = bent_streets()
    bounds = streets.bounds()
    assert bounds == (2.0, 47.0, 2.002, 47.001)
    assert all(type(value) is float for value in bounds)


def test_road_classes_are_ordered_from_the_most_important() -> None:
    assert [road.value for road in RoadClass] == list(range(12))
    assert all(more < less for more, less in pairwise(RoadClass))
    assert RoadClass.MOTORWAY < RoadClass.RESIDENTIAL < RoadClass.TRACK
