"""A normal day: hubs, a fleet that suits it, and orders that can be delivered."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import codec
from data.errors import InputError
from data.model.base import Window
from data.model.city import City
from data.model.order import Order
from data.model.place import PlaceKind, refuses
from data.model.request import PlanRequest
from data.model.streets import RoadClass, StreetNetwork
from data.model.vehicle import Category, Role
from data.synthetic import fleet_and_hubs, normal_day, synthetic_city
from data.synthetic.day import at, next_working_days
from data.synthetic.fleet import legal_breaks, orders_per_day, seconds_per_order
from data.synthetic.reach import largest_core

TUESDAY = date(2026, 11, 24)
SPRING_FORWARD, FALL_BACK = date(2026, 3, 29), date(2026, 10, 25)


@pytest.fixture(scope="module")
def city() -> City:
    return synthetic_city(1)


@pytest.fixture(scope="module")
def request_400(city: City) -> PlanRequest:
    return normal_day(city, TUESDAY, 400, 1)


def tiny_city() -> City:
    """Four junctions in a square, two-way streets all round, no places, no zones."""
    tail = np.array([0, 0, 1, 1, 2, 2, 3, 3], dtype=np.int32)
    head = np.array([1, 3, 0, 2, 1, 3, 0, 2], dtype=np.int32)
    arcs = len(tail)
    return City(
        name="Carré",
        streets=StreetNetwork(
            node_lat=np.array([47.0, 47.0, 47.001, 47.001]),
            node_lon=np.array([2.0, 2.002, 2.002, 2.0]),
            node_id=np.zeros(4, dtype=np.int64),
            tail=tail,
            head=head,
            length_dm=np.full(arcs, 1300, dtype=np.int32),
            speed_kmh=np.full(arcs, 30, dtype=np.uint8),
            cruise_kmh=np.full(arcs, 24, dtype=np.float32),
            obstacle_ms=np.zeros(arcs, dtype=np.int32),
            road_class=np.full(arcs, RoadClass.RESIDENTIAL, dtype=np.uint8),
            roundabout=np.zeros(arcs, dtype=np.bool_),
            access=np.full(arcs, 31, dtype=np.uint8),
            arc_hours=np.full(arcs, -1, dtype=np.int16),
            way_id=np.arange(arcs, dtype=np.int64),
            shape_ptr=np.zeros(arcs + 1, dtype=np.int32),
            shape_lat=np.empty(0),
            shape_lon=np.empty(0),
            shape_node_id=np.empty(0, dtype=np.int64),
            restriction_ptr=np.zeros(1, dtype=np.int32),
            restriction_arcs=np.empty(0, dtype=np.int32),
            restriction_only=np.empty(0, dtype=np.bool_),
            restriction_except=np.empty(0, dtype=np.uint8),
        ),
        zones=(),
        arc_zones=np.zeros(arcs, dtype=np.uint64),
        places=(),
        derived={},
    )


def check_well_formed(city: City, request: PlanRequest, orders: tuple[Order, ...]) -> None:
    """Assert what every order promises its reader: known ids, parcels its places take, a vehicle that may carry it."""
    places = {place.id: place for place in (*city.places, *request.places)}
    hubs = {hub.id for hub in request.hubs}
    for order in orders:
        assert order.hub_id in hubs
        assert order.promised_on >= request.day
        assert order.created_at is not None
        assert order.created_at < at(request.day, 0)
        carriers = [vehicle for vehicle in request.vehicles if vehicle.hub_id == order.hub_id]
        assert any(set(order.skills) <= set(vehicle.skills) for vehicle in carriers)
        for option in order.options:
            assert not any(refuses(parcel, places[option.place_id]) for parcel in order.parcels)
            assert len({each.place_id for each in order.options}) == len(order.options)
        for parcel in order.parcels:
            assert parcel.volume_dm3 * 1_000_000 >= math.prod(parcel.size_mm.sorted_mm())
            assert parcel.ready_at is None or parcel.ready_at < at(request.day, 8)
            able = [
                v for v in carriers if v.max_mm and parcel.size_mm.fits_in(v.max_mm) and parcel.load_g <= v.capacity_g
            ]
            assert able


def test_one_seed_is_one_day(city: City, request_400: PlanRequest) -> None:
    assert normal_day(city, TUESDAY, 400, 1) == request_400
    assert normal_day(city, TUESDAY, 400, 2).orders != request_400.orders
    assert normal_day(city, TUESDAY + timedelta(days=1), 400, 1).orders != request_400.orders


def test_survives_the_codec(request_400: PlanRequest) -> None:
    assert codec.decode(codec.encode(request_400), PlanRequest) == request_400


def test_ids_are_unique(city: City, request_400: PlanRequest) -> None:
    for ids in (
        [order.id for order in request_400.orders],
        [parcel.id for order in request_400.orders for parcel in order.parcels],
        [place.id for place in (*city.places, *request_400.places)],
        [vehicle.id for vehicle in request_400.vehicles],
        [hub.id for hub in request_400.hubs],
    ):
        assert len(set(ids)) == len(ids)


def test_orders_are_well_formed(city: City, request_400: PlanRequest) -> None:
    check_well_formed(city, request_400, request_400.orders)
    assert request_400.delivery_days == (date(2026, 11, 25), date(2026, 11, 26))


def test_shares_are_the_stated_ones(city: City) -> None:
    request = normal_day(city, TUESDAY, 3000, 5)
    homes = {place.id for place in request.places}
    wishes = Counter(frozenset(option.place_id in homes for option in order.options) for order in request.orders)
    share = {key: count / 3000 for key, count in wishes.items()}
    assert share[frozenset({True})] == pytest.approx(0.55, abs=0.03)
    assert share[frozenset({True, False})] == pytest.approx(0.25, abs=0.03)
    assert share[frozenset({False})] == pytest.approx(0.20, abs=0.03)
    slots = [option.windows[0] for order in request.orders for option in order.options if option.windows]
    assert len(slots) / 3000 == pytest.approx(0.30, abs=0.03)
    assert all(timedelta(hours=2) <= slot.end_at - slot.start_at <= timedelta(hours=4) for slot in slots)
    today = sum(order.promised_on == TUESDAY for order in request.orders) / 3000
    assert today == pytest.approx(0.78, abs=0.03)
    chosen = [order.options[0] for order in request.orders]
    assert all(option.cost_cents == 0 for option in chosen)
    assert all(option.cost_cents > 0 for order in request.orders for option in order.options[1:])


def test_homes_stand_by_streets_that_vans_and_bikes_reach(city: City, request_400: PlanRequest) -> None:
    streets = city.streets
    both = largest_core(streets, Category.VUL) & largest_core(streets, Category.CARGO_BIKE)
    scale = np.array([111_195.0, 111_195.0 * math.cos(math.radians(47.4))])
    arcs = np.flatnonzero(both[streets.tail] & both[streets.head] & ((streets.access & 2) > 0))
    owner, points = [], []
    for arc in arcs:
        for lon, lat in streets.arc_points(int(arc)):
            owner.append(arc)
            points.append((lat, lon))
    first = np.array(points[:-1]) * scale
    step = np.array(points[1:]) * scale - first
    same = np.array(owner[:-1]) == np.array(owner[1:])
    first, step = first[same], step[same]
    for place in request_400.places[::5]:
        spot = np.array([place.lat, place.lon]) * scale
        share = np.clip(((spot - first) * step).sum(axis=1) / (step**2).sum(axis=1), 0, 1)
        away_m = np.hypot(*(first + share[:, None] * step - spot).T).min()
        assert away_m < 160, f"{place.id} is {away_m:.0f} m from any street a van reaches"
        assert place.kind is PlaceKind.HOME
        assert place.address.endswith(f"{place.postcode} {city.name}")


def test_hubs_stand_apart_outside_the_zone(city: City, request_400: PlanRequest) -> None:
    assert len(request_400.hubs) == 2
    streets = city.streets
    core = largest_core(streets, Category.VUL) & largest_core(streets, Category.CARGO_BIKE)
    for hub in request_400.hubs:
        node = int(np.hypot(streets.node_lat - hub.lat, streets.node_lon - hub.lon).argmin())
        assert core[node]
        assert not city.arc_zones[streets.tail == node].any()
    first, second = request_400.hubs
    assert abs(first.lat - second.lat) + abs(first.lon - second.lon) > 0.04


@pytest.mark.parametrize(("orders", "low", "high"), [(400, 0.60, 0.75), (1000, 0.65, 0.75), (4000, 0.65, 0.75)])
def test_the_fleet_is_sized_to_the_orders(city: City, orders: int, low: float, high: float) -> None:
    _, vehicles = fleet_and_hubs(city, TUESDAY, 1, orders)
    rate_s = seconds_per_order(city.streets, orders)
    capacity = sum(orders_per_day(vehicle, rate_s) for vehicle in vehicles if vehicle.role is Role.OWN)
    assert low <= orders / capacity <= high


def test_each_hub_gets_the_share_its_fleet_takes(request_400: PlanRequest) -> None:
    shares = []
    for hub in request_400.hubs:
        takes = sum(orders_per_day(v, 260) for v in request_400.vehicles if v.hub_id == hub.id and v.role is Role.OWN)
        shares.append(sum(order.hub_id == hub.id for order in request_400.orders) / takes)
    assert shares[0] == pytest.approx(shares[1], rel=0.25)


def test_the_fleet_is_mixed(request_400: PlanRequest) -> None:
    own = {
        (vehicle.category.value, vehicle.critair.value) for vehicle in request_400.vehicles if vehicle.role is Role.OWN
    }
    assert own == {("vul", "EL"), ("vul", "V1"), ("vul", "V2"), ("vul", "V3"), ("cargo_bike", "EL")}
    roles = Counter(vehicle.role for vehicle in request_400.vehicles)
    assert roles[Role.RESERVE] == roles[Role.HIRED] == 2
    for vehicle in request_400.vehicles:
        if vehicle.role is Role.HIRED:
            assert vehicle.costs.fixed_cents > 0
            assert vehicle.costs.per_km_cents == vehicle.costs.per_hour_cents == 0


@given(start=st.integers(0, 12 * 4), quarters=st.integers(4, 48))
@settings(max_examples=60, deadline=None)
def test_breaks_keep_the_law(start: int, quarters: int) -> None:
    """Whenever it is taken, the break leaves no stretch over 6 h, for any shift up to 12 h 30."""
    start_at = at(TUESDAY, 0) + timedelta(minutes=15 * start)
    shift = Window(start_at=start_at, end_at=start_at + timedelta(minutes=15 * quarters))
    breaks = legal_breaks("b", shift)
    if shift.end_at - shift.start_at <= timedelta(hours=6):
        assert breaks == ()
        return
    (pause,) = breaks
    length = timedelta(seconds=pause.duration_s)
    assert pause.window.start_at >= shift.start_at
    assert pause.window.end_at - shift.start_at <= timedelta(hours=6)
    assert shift.end_at - pause.window.start_at - length <= timedelta(hours=6)
    work = shift.end_at - shift.start_at - length
    assert length >= timedelta(minutes=45 if work > timedelta(hours=9) else 30)


@pytest.mark.parametrize("day", [SPRING_FORWARD, FALL_BACK, date(2026, 12, 25), date(2027, 1, 1)])
def test_days_of_clock_changes_and_holidays_work(city: City, day: date) -> None:
    request = normal_day(city, day, 60, 3)
    check_well_formed(city, request, request.orders)
    assert codec.decode(codec.encode(request), PlanRequest) == request
    for vehicle in request.vehicles:
        hours = (vehicle.shift.end_at.astimezone(UTC) - vehicle.shift.start_at.astimezone(UTC)).total_seconds() / 3600
        assert 7 <= hours <= 10.5


def test_working_days_skip_weekends_and_holidays() -> None:
    assert next_working_days(date(2026, 12, 24), 2) == (date(2026, 12, 28), date(2026, 12, 29))
    assert next_working_days(date(2026, 5, 7), 1) == (date(2026, 5, 11),)


@pytest.mark.parametrize("orders", [0, 1, 25])
def test_a_tiny_city_without_places_works(orders: int) -> None:
    city = tiny_city()
    request = normal_day(city, TUESDAY, orders, 4)
    assert len(request.orders) == len(request.places) == orders
    check_well_formed(city, request, request.orders)


def test_nonsense_is_refused(city: City) -> None:
    with pytest.raises(InputError, match="-1 orders"):
        normal_day(city, TUESDAY, -1, 1)
