"""Every reason is the true one: one case per code, and random days against a simulation that tries everything."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from data.errors import InputError
from data.model.city import City
from data.model.order import Order, PlaceOption
from data.model.parcel import Dimensions, Parcel
from data.model.plan import Reason
from data.model.request import PlanRequest, VehicleStatus
from data.model.vehicle import Break, Critair, Role
from routing.build import build_instance
from routing.explain import PERMANENT, TEXT, Explainer
from routing.instance import Instance
from routing.relaxed import Alone, insertion_cost, priceless
from routing.solver.engine import construct
from routing.solver.tours import Tours
from tests.drawn_problems import routes_of
from tests.small_town import LARGE, THURSDAY, at, home, hub, order, request, rule, spot, town, vehicle, window, zone
from tests.solver_naive import Route
from tests.solver_optimum import break_count, insertions
from tests.town_days import Days

IN_PLAN = {"FLEET_FULL", "COST_CONSTRAINT", "MIX_CONSTRAINT"}
ALONE = {*TEXT, "ZFE_CONSTRAINT", "OPENING_HOURS_CONSTRAINT", "LOCKER_CAPACITY_CONSTRAINT", "NO_VEHICLE"}


def explained(wanted: PlanRequest, city: City | None = None) -> tuple[Instance, Tours, dict[str, tuple[Reason, ...]]]:
    """Return the reasons of every order that the insertion leaves out."""
    instance = build_instance(wanted, city or town())
    tours = construct(instance.problem)
    explainer = Explainer(instance, tours)
    rows = np.flatnonzero(tours.vehicle[: len(instance.orders)] < 0).tolist()
    return instance, tours, {instance.orders[row].id: explainer.reasons(row) for row in rows}


def only_reason(*orders: Order, city: City | None = None, **changes: object) -> Reason:
    """Return the one reason why the one order is left out."""
    _, _, reasons = explained(request(orders=orders, **changes), city)
    ((reason,),) = reasons.values()
    assert reason.text
    return reason


def parcel(**changes: object) -> Parcel:
    return Parcel(id="p", load_g=1000, volume_dm3=5).replace(**changes)


LONG = Dimensions(length_mm=3000, width_mm=10, height_mm=10)


@pytest.mark.parametrize(
    ("wanted", "van", "code"),
    [
        (order("o", "a", hub_id="hub2"), vehicle(), "HUB_CONSTRAINT"),
        (order("o", "a", skills=("cold",)), vehicle(), "SKILL_CONSTRAINT"),
        (order("o", "a", parcels=(parcel(size_mm=LONG),)), vehicle(max_mm=LARGE), "DIMENSION_CONSTRAINT"),
        (order("o", "a", parcels=(parcel(load_g=600_000),)), vehicle(), "CAPACITY_CONSTRAINT"),
        (order("o", "a", parcels=(parcel(ready_at=at(THURSDAY, 17.83)),)), vehicle(), "RELEASE_CONSTRAINT"),
        (
            order("o", PlaceOption(place_id="a", windows=(window(THURSDAY, 5, 6),))),
            vehicle(),
            "TIME_WINDOW_CONSTRAINT",
        ),
        (order("o", "a"), vehicle(shift=window(THURSDAY, 8, 8.05)), "TIME_WINDOW_CONSTRAINT"),
        (
            order("o", PlaceOption(place_id="relay", windows=(window(THURSDAY, 12.5, 13.5),))),
            vehicle(),
            "OPENING_HOURS_CONSTRAINT",
        ),
        (order("o", "relay", parcels=(parcel(load_g=25_000),)), vehicle(), "DIMENSION_CONSTRAINT"),
        (order("o", "locker", parcels=(parcel(size_mm=LONG),)), vehicle(), "LOCKER_CAPACITY_CONSTRAINT"),
        (order("o", "a"), vehicle(role=Role.HIRED), "NO_VEHICLE"),
    ],
)
def test_the_only_true_reason_is_told(wanted: Order, van: object, code: str) -> None:
    reason = only_reason(wanted, vehicles=(van,), hubs=(hub(), hub("hub2", 1, 6)))
    assert reason.code == code


def test_an_unlucky_break_is_a_matter_of_time() -> None:
    pause = Break(id="late", window=window(THURSDAY, 8, 8), duration_s=36_000)
    assert only_reason(order("o", "a"), vehicles=(vehicle(breaks=(pause,)),)).code == "TIME_WINDOW_CONSTRAINT"


@pytest.mark.parametrize("hours", ["24/7", "07:00-20:00"])
def test_a_zone_is_named_with_its_rule(hours: str) -> None:
    city = town(zone(rules=(rule(hours, Critair.V2),)))
    reason = only_reason(order("o", "z"), city=city)
    assert (reason.code, reason.zone_id) == ("ZFE_CONSTRAINT", "ZFE")
    assert "Crit'Air V2" in reason.text and hours in reason.text and "arrete" in reason.text


def test_a_zone_is_no_excuse_for_a_window_in_the_night() -> None:
    night = PlaceOption(place_id="z", windows=(window(THURSDAY, 2, 3),))
    assert only_reason(order("o", night), city=town(zone())).code == "TIME_WINDOW_CONSTRAINT"


def test_a_zone_closed_in_the_only_window_is_the_reason() -> None:
    city = town(zone(rules=(rule("10:00-12:00"),)))
    morning = PlaceOption(place_id="z", windows=(window(THURSDAY, 10.5, 11.5),))
    assert only_reason(order("o", morning), city=city).code == "ZFE_CONSTRAINT"
    assert explained(request(orders=(order("o", "z"),)), city)[2] == {}


def test_a_locker_without_a_free_box_is_the_reason() -> None:
    full = town().places[1].replace(boxes=tuple(box.replace(free=0) for box in town().places[1].boxes))
    reason = only_reason(order("o", "locker"), places=(full,))
    assert (reason.code, reason.place_id) == ("LOCKER_CAPACITY_CONSTRAINT", "locker")


def test_a_locker_that_the_plan_fills_is_the_reason() -> None:
    large = Parcel(id="x", load_g=1, volume_dm3=1, size_mm=LARGE)
    orders = tuple(order(name, "locker", parcels=(large.replace(id=name),)) for name in ("first", "second"))
    reason = only_reason(*orders)
    assert (reason.code, reason.place_id) == ("LOCKER_CAPACITY_CONSTRAINT", "locker")


def test_a_full_fleet_is_the_reason() -> None:
    reason = only_reason(order("o1", "a"), order("o2", "b"), vehicles=(vehicle(capacity_parcels=1),))
    assert reason.code == "FLEET_FULL"


def test_a_price_above_the_penalty_is_the_reason() -> None:
    """Opening a van costs more than keeping the order for tomorrow, when its promise still holds."""
    tomorrow = THURSDAY + timedelta(days=1)
    van = vehicle(costs=vehicle().costs.replace(fixed_cents=9_000))
    wanted = order("o", "a", promised_on=tomorrow)
    assert only_reason(wanted, vehicles=(van,), delivery_days=(tomorrow,)).code == "COST_CONSTRAINT"


def test_a_van_on_the_road_is_locked() -> None:
    lat, lon = spot(3, 3)
    status = VehicleStatus(vehicle_id="van", lat=lat, lon=lon, at=at(THURSDAY, 9))
    assert only_reason(order("o", "a"), statuses=(status,)).code == "LOCKED_VEHICLE"


def test_a_place_no_street_leads_to_and_back_is_out_of_reach() -> None:
    instance = build_instance(request(orders=(order("o", "a"),)), town())
    tables = instance.problem.tables
    tables.duration_s[:, :, 1] = tables.duration_s[:, 1, :] = 10**9
    (reason,) = Explainer(instance, construct(instance.problem)).reasons(0)
    assert (reason.code, reason.place_id) == ("REACHABLE_CONSTRAINT", "a")
    tables.duration_s[:, :, 1] = 60  # there, but not back
    assert Explainer(instance, construct(instance.problem)).reasons(0)[0].code == "REACHABLE_CONSTRAINT"


def test_equal_reasons_of_several_vehicles_are_told_once_with_their_number() -> None:
    vans = (vehicle("v1"), vehicle("v2"), vehicle("v3", skills=("cold",), capacity_g=1))
    _, _, reasons = explained(request(orders=(order("o", "a", skills=("cold",)),), vehicles=vans))
    found = {reason.code: reason.text for reason in reasons["o"]}
    assert found["SKILL_CONSTRAINT"].startswith("2 vehicles: ") and found["CAPACITY_CONSTRAINT"].startswith(
        "1 vehicle: "
    )


def test_an_option_that_refuses_the_parcel_is_told_besides() -> None:
    options = ("relay", PlaceOption(place_id="a", windows=(window(THURSDAY, 5, 6),)))
    wanted = order("o", *options, parcels=(parcel(load_g=25_000),))
    _, _, reasons = explained(request(orders=(wanted,)))
    assert [reason.code for reason in reasons["o"]] == ["TIME_WINDOW_CONSTRAINT", "DIMENSION_CONSTRAINT"]


def fits_by_hand(instance: Instance, row: int, vehicle_row: int) -> bool:
    """Return whether an order can be all that a vehicle does, trying every option and break position."""
    tables = instance.problem.tables
    idle = Route(vehicle_row, (), (break_count(tables, vehicle_row),))
    return any(insertions(tables, [idle], row, move_breaks=True))


@pytest.mark.parametrize("part", range(4))
def test_reasons_of_random_days_are_true(part: int) -> None:
    told = 0
    for seed in range(part * 25, part * 25 + 25):
        days = Days(seed)
        try:
            instance, tours, reasons = explained(days.request(8), days.city)
        except InputError:
            continue
        rows = {each.id: row for row, each in enumerate(instance.orders)}
        for order_id, found in reasons.items():
            check_reasons(instance, tours, rows[order_id], found)
            told += len(found)
    assert told > 50


def check_reasons(instance: Instance, tours: Tours, row: int, reasons: tuple[Reason, ...]) -> None:
    """Assert that what is told of one order is so."""
    tables = instance.problem.tables
    codes = {reason.code for reason in reasons}
    fleet = range(len(instance.vehicles))
    alone = any(fits_by_hand(instance, row, column) for column in fleet)
    for column in fleet:
        assert fits_alone_by_kernel(instance, row, column) == fits_by_hand(instance, row, column)
    if codes & IN_PLAN:
        assert alone
    elif alone:
        assert codes & {"LOCKER_CAPACITY_CONSTRAINT"}
    else:
        assert codes <= {
            *TEXT,
            "ZFE_CONSTRAINT",
            "OPENING_HOURS_CONSTRAINT",
            "LOCKER_CAPACITY_CONSTRAINT",
            "NO_VEHICLE",
        }
    routes = routes_of(tables, tours)
    possible = any(insertions(tables, routes, row, move_breaks=False))
    assert possible == (insertion_cost(priceless(tables), tours, row) is not None)
    if "COST_CONSTRAINT" in codes:
        assert possible
    for reason in reasons:
        if reason.code == "CAPACITY_CONSTRAINT":
            carried = tables.load[row] + abs(tables.pickup[row])
            assert any((carried > tables.veh_cap[column]).any() for column in fleet)
    assert set(TEXT) > PERMANENT


def fits_alone_by_kernel(instance: Instance, row: int, column: int) -> bool:
    """The relaxed check with nothing lifted; it asks for one vehicle, allowed or not."""
    allowed = bool(instance.problem.tables.allowed[column, row])
    return allowed and Alone(instance).fits(row, column)


def test_homes_far_apart_are_not_the_reason_of_each_other() -> None:
    """Two orders, one of which has no box: each has its own reason."""
    full = town().places[1].replace(boxes=tuple(box.replace(free=0) for box in town().places[1].boxes))
    orders = (order("boxless", "locker"), order("unskilled", "a", skills=("cold",)))
    _, _, reasons = explained(request(orders=orders, places=(full, home("a", 2, 3))))
    assert {order_id: found[0].code for order_id, found in reasons.items()} == {
        "boxless": "LOCKER_CAPACITY_CONSTRAINT",
        "unskilled": "SKILL_CONSTRAINT",
    }
