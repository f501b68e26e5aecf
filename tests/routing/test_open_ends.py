"""Vehicles whose day is over where their last stop is."""

from __future__ import annotations

from data.model.order import PlaceOption
from data.model.vehicle import Break
from tests.small_plans import planned
from tests.small_town import THURSDAY, at, home, order, request, vehicle, window, zone

HOMES = tuple(home(f"h{n}", 1 + n, 2 + n % 3) for n in range(6))
ORDERS = tuple(order(f"o{n}", f"h{n}") for n in range(4))


def test_a_tour_ends_with_its_last_stop_and_spares_the_way_home() -> None:
    back = planned(request(places=HOMES, orders=ORDERS))
    there = planned(request(places=HOMES, orders=ORDERS, vehicles=(vehicle(returns=False),)))
    (tour,) = there.tours
    assert len(tour.legs) == len(tour.stops) and tour.return_at == tour.stops[-1].end_at
    assert there.totals.distance_m < back.totals.distance_m and there.totals.served == 4


def test_the_shift_has_to_reach_the_last_stop_only() -> None:
    late = order("late", PlaceOption(place_id="h5", windows=(window(THURSDAY, 9.9, 10),)))
    short = vehicle(shift=window(THURSDAY, 8, 10))
    assert planned(request(places=HOMES, orders=(late,), vehicles=(short,))).totals.served == 0
    plan = planned(request(places=HOMES, orders=(late,), vehicles=(short.replace(returns=False),)))
    assert plan.totals.served == 1 and plan.tours[0].return_at <= at(THURSDAY, 10)


def test_a_break_due_on_the_way_is_taken_before_the_day_is_over() -> None:
    rest = Break(id="rest", window=window(THURSDAY, 8, 8.5), duration_s=1800, due_at=at(THURSDAY, 8))
    plan = planned(request(places=HOMES, orders=ORDERS, vehicles=(vehicle(returns=False, breaks=(rest,)),)))
    assert plan.totals.served == 4 and [each.break_id for each in plan.tours[0].breaks] == ["rest"]


def test_it_may_end_where_the_zone_is_still_open() -> None:
    inside = (home("z", 6, 4), *HOMES)
    early = order("z", PlaceOption(place_id="z", windows=(window(THURSDAY, 6, 7),)))
    van = vehicle(returns=False, shift=window(THURSDAY, 6, 12))
    plan = planned(request(places=inside, orders=(early,), vehicles=(van,)), zone())
    assert plan.totals.served == 1 and plan.tours[0].stops[-1].zone_ids


def test_several_trips_end_anywhere_too() -> None:
    van = vehicle(returns=False, capacity_parcels=2, max_trips=2)
    plan = planned(request(places=HOMES, orders=ORDERS, vehicles=(van,)))
    assert plan.totals.served == 4 and plan.totals.reloads == 1
    assert plan.tours[0].return_at == plan.tours[0].stops[-1].end_at
