"""The bound is never too low: against plans found by trying everything, and days filled in every way."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from data.model.parcel import Parcel
from data.model.request import VehicleStatus
from data.model.vehicle import Role
from routing.bound import fleet_bound
from routing.build import build_instance
from routing.solver.tours import empty_tours
from tests.small_town import LARGE, THURSDAY, at, home, order, request, spot, town, vehicle, window
from tests.solver_optimum import optimum
from tests.town_days import Days

TOWN = town()


def test_no_plan_serves_more() -> None:
    seen = 0
    for seed in range(10, 70):
        days = Days(seed)
        wanted = days.request(3)
        wanted = wanted.replace(vehicles=wanted.vehicles[:2], exemptions=(), delivery_days=())
        try:
            instance = build_instance(wanted, days.city)
        except InputError:
            continue
        best = optimum(instance.problem.tables).served
        bound = fleet_bound(instance)
        assert best <= bound.orders
        seen += best
    assert seen > 10


loads = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3)), min_size=1, max_size=5)


@given(loads, st.integers(0, 8), st.integers(0, 2))
@settings(max_examples=80, deadline=None)
def test_parcels_and_promises_in_every_way(drawn: list[tuple[int, int]], capacity: int, later_days: int) -> None:
    """Each order goes to one of the days up to its promise, or nowhere; a day takes so many parcels."""
    orders = tuple(
        order(
            f"o{n}",
            "a",
            parcels=tuple(Parcel(id=f"o{n}.{k}", load_g=1, volume_dm3=1) for k in range(count)),
            promised_on=THURSDAY + timedelta(days=day),
        )
        for n, (count, day) in enumerate(drawn)
    )
    delivery = tuple(THURSDAY + timedelta(days=n + 1) for n in range(later_days))
    wanted = request(orders=orders, vehicles=(vehicle(capacity_parcels=capacity),), delivery_days=delivery)
    bound = fleet_bound(build_instance(wanted, TOWN))
    best = 0
    for choice in product(range(-1, later_days + 1), repeat=len(drawn)):
        if any(day > last for day, (_, last) in zip(choice, drawn)):
            continue
        used = np.bincount([day + 1 for day in choice], [count for count, _ in drawn], minlength=2)[1:]
        if (used <= capacity).all():
            best = max(best, sum(day >= 0 for day in choice))
    assert bound.by_parcels >= best
    assert bound.orders == min(bound.by_parcels, bound.by_load_g, bound.by_volume_dm3, bound.by_time, bound.by_boxes)


def test_the_tightest_resource_is_named() -> None:
    orders = tuple(order(f"o{n}", "a") for n in range(5))
    bound = fleet_bound(build_instance(request(orders=orders, vehicles=(vehicle(capacity_g=2_500),)), TOWN))
    assert (bound.orders, bound.by_load_g, bound.by_parcels) == (2, 2, 5)
    assert "the tightest is grams" in bound.explanation


def test_time_is_service_and_the_way_in() -> None:
    homes = tuple(home(f"h{n}", 6, float(n), service_s=1800) for n in range(4))
    van = vehicle(shift=window(THURSDAY, 8, 9))
    orders = tuple(order(f"o{n}", f"h{n}") for n in range(4))
    bound = fleet_bound(build_instance(request(orders=orders, places=homes, vehicles=(van,)), TOWN))
    assert bound.by_time == 1, "twice half an hour and the way there is more than an hour"


def test_hired_vehicles_do_not_count() -> None:
    vans = (vehicle(capacity_parcels=1), vehicle("hired", role=Role.HIRED))
    bound = fleet_bound(build_instance(request(orders=(order("o", "a"), order("p", "b")), vehicles=vans), TOWN))
    assert bound.by_parcels == 1


def test_a_van_whose_day_is_over_takes_nothing_from_the_others() -> None:
    """It was seen two hours after its shift: it has no time left, not minus two hours."""
    lat, lon = spot(3, 3)
    late = VehicleStatus(vehicle_id="late", lat=lat, lon=lon, at=at(THURSDAY, 11))
    vans = (vehicle("late", shift=window(THURSDAY, 8, 9)), vehicle("other", shift=window(THURSDAY, 8, 9)))
    orders = (order("o", "a"), order("p", "b"))
    bound = fleet_bound(build_instance(request(orders=orders, vehicles=vans, statuses=(late,)), TOWN))
    assert bound.by_time == 2


def test_a_van_on_the_road_works_its_whole_shift_tomorrow() -> None:
    lat, lon = spot(3, 3)
    status = VehicleStatus(vehicle_id="van", lat=lat, lon=lon, at=at(THURSDAY, 17.95))
    tomorrow = THURSDAY + timedelta(days=1)
    orders = tuple(order(f"o{n}", "a", promised_on=tomorrow) for n in range(10))
    wanted = request(orders=orders, statuses=(status,), delivery_days=(tomorrow,))
    bound = fleet_bound(build_instance(wanted, TOWN))
    assert bound.by_time == 10


def test_orders_confined_to_a_locker_are_bound_by_its_boxes() -> None:
    large = Parcel(id="x", load_g=1, volume_dm3=1, size_mm=LARGE)
    orders = tuple(order(f"o{n}", "locker", parcels=(large.replace(id=f"x{n}"),)) for n in range(3))
    free = order("free", "locker", "a", parcels=(large.replace(id="y"),))
    bound = fleet_bound(build_instance(request(orders=(*orders, free)), TOWN))
    assert bound.by_boxes == bound.orders == 2, "one large box, and the order that may go home"


def test_no_orders_and_no_fleet() -> None:
    assert fleet_bound(build_instance(request(), TOWN)).orders == 0
    instance = build_instance(request(orders=(order("o", "a"),), vehicles=(vehicle(role=Role.HIRED),)), TOWN)
    assert fleet_bound(instance).orders == 0
    assert empty_tours(instance.problem.tables).size.tolist() == [0]
