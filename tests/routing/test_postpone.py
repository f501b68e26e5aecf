"""What does not fit the day: put off within the promise where there is room, else broken; what hiring would save."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from data.errors import InputError
from data.model.order import Order
from data.model.parcel import Parcel
from data.model.plan import HireOption, Postponed, Unassigned
from data.model.request import PlanRequest
from data.model.vehicle import Role, VehicleCosts
from routing.build import build_instance
from routing.instance import Instance
from routing.postpone import FILL, hire_options, settle_unserved
from routing.problem import COST_PER_CENT
from routing.solver.engine import construct
from routing.solver.tours import Tours
from tests.drawn_problems import routes_of
from tests.small_town import THURSDAY, home, order, request, town, vehicle
from tests.solver_naive import Route, route_cost, simulate
from tests.town_days import Days

FRIDAY, SATURDAY = THURSDAY + timedelta(days=1), THURSDAY + timedelta(days=2)
TOWN = town()


def left_out(wanted: PlanRequest) -> tuple[Instance, Tours, tuple[Postponed, ...], tuple[Unassigned, ...]]:
    instance = build_instance(wanted, TOWN)
    tours = construct(instance.problem)
    return instance, tours, *settle_unserved(instance, tours)


def days_of(postponed: tuple[Postponed, ...]) -> dict[str, date]:
    return {each.order_id: each.to_day for each in postponed}


def orders(count: int, promised_on: date, **changes: object) -> tuple[Order, ...]:
    name = str(changes.pop("name", promised_on.day))
    return tuple(order(f"{name}-{n}", "a", promised_on=promised_on, **changes) for n in range(count))


def test_orders_go_to_the_first_day_of_their_promise_with_room() -> None:
    """A van of ten serves ten; 8 (85 %) are counted on for each later day."""
    wanted = (*orders(10, THURSDAY, priority=100), *orders(9, FRIDAY), *orders(9, SATURDAY))
    _, tours, postponed, broken = left_out(
        request(orders=wanted, vehicles=(vehicle(capacity_parcels=10),), delivery_days=(SATURDAY, FRIDAY, THURSDAY))
    )
    assert int(FILL * 10) == 8 and int((tours.vehicle >= 0).sum()) == 10
    found = days_of(postponed)
    assert sum(day == FRIDAY for day in found.values()) == 8
    assert sum(day == SATURDAY for day in found.values()) == 8
    assert all(found[f"{FRIDAY.day}-{n}"] == FRIDAY for n in range(8))
    assert [each.order_id for each in broken] == [f"{FRIDAY.day}-8", f"{SATURDAY.day}-8"]
    assert all(each.reasons for each in (*postponed, *broken))


def test_the_more_urgent_promise_is_put_off_first() -> None:
    """Two vans of one parcel; for Friday one order (85 % of two) is counted on."""
    wanted = (*orders(1, THURSDAY, priority=100), *orders(2, SATURDAY, priority=50), *orders(1, FRIDAY))
    vans = tuple(vehicle(f"v{n}", capacity_parcels=1) for n in range(2))
    _, tours, postponed, broken = left_out(request(orders=wanted, vehicles=vans, delivery_days=(FRIDAY,)))
    assert int((tours.vehicle >= 0).sum()) == 2
    assert days_of(postponed) == {f"{FRIDAY.day}-0": FRIDAY}
    assert len(broken) == 1 and broken[0].order_id.startswith(str(SATURDAY.day))


def test_every_resource_of_the_later_day_counts() -> None:
    heavy = Parcel(id="p", load_g=60_000, volume_dm3=1)
    first = tuple(
        order(f"h{n}", "a", parcels=(heavy.replace(id=f"h{n}"),), promised_on=FRIDAY, priority=1) for n in range(4)
    )
    _, tours, postponed, broken = left_out(
        request(orders=first, vehicles=(vehicle(capacity_g=120_000),), delivery_days=(FRIDAY,))
    )
    assert int((tours.vehicle >= 0).sum()) == 2
    assert (len(postponed), len(broken)) == (1, 1), "102 kg are counted on for Friday"


def test_what_the_fleet_can_never_take_is_not_put_off() -> None:
    wanted = (order("cold", "a", skills=("cold",), promised_on=FRIDAY), order("fine", "a"), order("more", "b"))
    _, _, postponed, broken = left_out(request(orders=wanted, delivery_days=(FRIDAY,)))
    assert postponed == () and [each.order_id for each in broken] == ["cold"]


@pytest.mark.parametrize("part", range(3))
def test_nothing_is_put_off_beyond_its_promise(part: int) -> None:
    count = 0
    for seed in range(part * 30, part * 30 + 30):
        days = Days(seed)
        try:
            instance = build_instance(days.request(14), days.city)
        except InputError:
            continue
        tours = construct(instance.problem)
        postponed, broken = settle_unserved(instance, tours)
        known = {each.id: each for each in instance.orders}
        for each in postponed:
            assert days.day < each.to_day <= known[each.order_id].promised_on
            assert each.to_day in instance.request.delivery_days
        unserved = {instance.orders[row].id for row in np.flatnonzero(tours.vehicle[: len(instance.orders)] < 0)}
        assert {each.order_id for each in (*postponed, *broken)} == unserved
        assert len(postponed) + len(broken) == len(unserved)
        check_hire_options(instance, tours, broken)
        count += len(postponed)
    assert count > 0


def check_hire_options(instance: Instance, tours: Tours, broken: tuple[Unassigned, ...]) -> list[HireOption]:
    options = list(hire_options(instance, tours, broken))
    saved = [order_id for option in options for order_id in option.saves_order_ids]
    assert len(set(saved)) == len(saved) and set(saved) <= {each.order_id for each in broken}
    assert [option.cents_per_order for option in options] == sorted(option.cents_per_order for option in options)
    for option in options:
        assert next(each for each in instance.vehicles if each.id == option.vehicle_id).role is Role.HIRED
        assert option.saves_order_ids
        assert option.cents_per_order == -(-option.cost_cents // len(option.saves_order_ids))
    return options


def hired(vehicle_id: str, fixed_cents: int, **changes: object) -> object:
    costs = VehicleCosts(fixed_cents=fixed_cents, per_km_cents=10, per_hour_cents=1000)
    return vehicle(vehicle_id, role=Role.HIRED, costs=costs, **changes)


def test_what_hiring_saves_and_costs() -> None:
    """A hired van costs more than one broken promise weighs, and is still proposed: the price is the reader's call."""
    homes = (home("a", 2, 3), home("b", 3, 5))
    wanted = (order("kept", "a", priority=100), order("x", "b"), order("y", "b"), order("cold", "b", skills=("cold",)))
    vans = (vehicle(capacity_parcels=1), hired("big", 60_000), hired("small", 1_000, capacity_parcels=1))
    instance, tours, _, broken = left_out(request(orders=wanted, places=homes, vehicles=vans))
    assert {each.order_id for each in broken} == {"x", "y", "cold"}
    (option,) = check_hire_options(instance, tours, broken)
    assert (option.vehicle_id, set(option.saves_order_ids)) == ("big", {"x", "y"})
    tables = instance.problem.tables
    column = [each.id for each in instance.vehicles].index("big")
    rows = [row for row, each in enumerate(instance.orders) if each.id in option.saves_order_ids]
    route = Route(column, tuple(int(tables.opt_ptr[row]) for row in rows), (0, 0, 0))
    assert option.cost_cents == -(-route_cost(tables, route, simulate(tables, route)) // COST_PER_CENT)
    assert all(not each.options for each in routes_of(tables, tours) if each.vehicle == column), "only proposed"


def test_the_second_van_is_offered_for_what_the_first_leaves() -> None:
    wanted = tuple(order(f"o{n}", "b") for n in range(3))
    vans = (vehicle(capacity_parcels=0), hired("one", 100, capacity_parcels=1), hired("two", 100, capacity_parcels=2))
    instance, tours, _, broken = left_out(request(orders=wanted, vehicles=vans))
    options = check_hire_options(instance, tours, broken)
    assert sorted(len(option.saves_order_ids) for option in options) == [1, 2]


def test_without_broken_promises_nothing_is_proposed() -> None:
    vans = (vehicle(), hired("spare", 1))
    instance, tours, postponed, broken = left_out(request(orders=(order("o", "a"),), vehicles=vans))
    assert (postponed, broken, hire_options(instance, tours, broken)) == ((), (), ())
