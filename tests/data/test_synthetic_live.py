"""The live burst: similar parcels, in spikes, from a few brands, with promises that leave room."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from data import codec
from data.errors import InputError
from data.model.city import City
from data.model.place import PlaceKind, refuses
from data.model.request import OrderBook, PlanRequest
from data.sources.orders import read_orders
from data.synthetic import burst, normal_day, synthetic_city, write_sample
from data.synthetic.day import at

TUESDAY, MONDAY = date(2026, 11, 24), date(2026, 11, 23)


@pytest.fixture(scope="module")
def city() -> City:
    return synthetic_city(1)


@pytest.fixture(scope="module")
def request_400(city: City) -> PlanRequest:
    return normal_day(city, TUESDAY, 400, 1)


@pytest.fixture(scope="module")
def book(city: City, request_400: PlanRequest) -> OrderBook:
    return burst(city, request_400, 1200, 1)


def test_one_seed_is_one_burst(city: City, request_400: PlanRequest, book: OrderBook) -> None:
    assert burst(city, request_400, 1200, 1) == book
    assert burst(city, request_400, 1200, 2) != book
    assert codec.decode(codec.encode(book), OrderBook) == book


def test_ids_are_new(city: City, request_400: PlanRequest, book: OrderBook) -> None:
    orders = [order.id for order in (*request_400.orders, *book.orders)]
    parcels = [parcel.id for order in (*request_400.orders, *book.orders) for parcel in order.parcels]
    places = [place.id for place in (*city.places, *request_400.places, *book.places)]
    assert all(len(set(ids)) == len(ids) for ids in (orders, parcels, places))


def test_orders_are_well_formed(city: City, request_400: PlanRequest, book: OrderBook) -> None:
    places = {place.id: place for place in (*city.places, *book.places)}
    assert len(book.orders) == 1200
    for order in book.orders:
        assert order.hub_id in {hub.id for hub in request_400.hubs}
        for option in order.options:
            assert not any(refuses(parcel, places[option.place_id]) for parcel in order.parcels)
        for parcel in order.parcels:
            assert parcel.ready_at is not None
            assert at(TUESDAY, 5, 30) <= parcel.ready_at <= at(TUESDAY, 7, 30)
    assert {place.id for place in book.places} <= {o.place_id for order in book.orders for o in order.options}


def test_orders_come_in_spikes_between_eight_and_ten(book: OrderBook) -> None:
    created = [order.created_at for order in book.orders if order.created_at]
    assert created == sorted(created)
    assert at(MONDAY, 20) <= created[0] < created[-1] < at(MONDAY, 22)
    per_minute = Counter(instant.strftime("%H:%M") for instant in created)
    assert max(per_minute.values()) > 3 * 1200 / 120, "product drops are spikes"


def test_ten_brands_sell_few_products(book: OrderBook) -> None:
    assert len({order.shipper for order in book.orders}) == 10
    goods = {(parcel.size_mm, parcel.load_g) for order in book.orders for parcel in order.parcels}
    assert 20 <= len(goods) <= 40


def test_promises_leave_room_to_postpone(request_400: PlanRequest, book: OrderBook) -> None:
    share = Counter(order.promised_on for order in book.orders)
    for day, wanted in zip((TUESDAY, *request_400.delivery_days), (0.4, 0.35, 0.25), strict=True):
        assert share[day] / 1200 == pytest.approx(wanted, abs=0.05)


def test_lockers_run_short(city: City, book: OrderBook) -> None:
    lockers = {place.id: place for place in city.places if place.kind is PlaceKind.LOCKER}
    wanted = Counter(o.options[0].place_id for o in book.orders if o.options[0].place_id in lockers)
    short = [key for key, count in wanted.items() if count > sum(box.free for box in lockers[key].boxes)]
    assert len(short) >= 3


def test_homes_crowd_around_a_few_spots(request_400: PlanRequest, book: OrderBook) -> None:
    def busiest(places: tuple[object, ...]) -> float:
        cells = Counter((round(place.lat / 0.008), round(place.lon / 0.012)) for place in places)  # type: ignore[attr-defined]
        return sum(count for _, count in cells.most_common(6)) / len(places)

    assert busiest(book.places) > 1.3 * busiest(request_400.places)


def test_nonsense_is_refused(city: City, request_400: PlanRequest) -> None:
    with pytest.raises(InputError, match="-5 orders"):
        burst(city, request_400, -5, 1)
    assert burst(city, request_400, 0, 1).orders == ()


def test_a_request_without_later_days_promises_today(city: City, request_400: PlanRequest) -> None:
    book = burst(city, request_400.replace(delivery_days=()), 30, 1)
    assert {order.promised_on for order in book.orders} == {TUESDAY}


def test_the_sample_can_be_read_back(city: City, tmp_path: Path) -> None:
    write_sample(city, TUESDAY, 40, 120, 1, tmp_path, city_path="valmont.city")
    request = codec.read(tmp_path / "request.json", PlanRequest)
    assert request.city == "valmont.city"
    book = codec.read(tmp_path / "burst.json", OrderBook)
    assert (len(request.orders), len(book.orders)) == (40, 120)
    assert read_orders(tmp_path / "burst.csv", "hub-1", TUESDAY, "Europe/Paris") == book
