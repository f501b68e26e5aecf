"""What is told to help does help: each proposal is carried out on the request and the order then fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from data.errors import InputError
from data.model.change import Fix
from data.model.order import Order, PlaceOption
from data.model.parcel import Parcel
from data.model.plan import Plan
from data.model.request import PlanRequest
from data.model.vehicle import Critair, Role
from routing.build import build_instance
from routing.instance import Instance
from routing.propose import proposals
from routing.publish import publish
from routing.solver.engine import construct
from routing.solver.stop import Stop
from routing.solver.tours import Tours
from tests.drawn_problems import routes_of
from tests.small_plans import read_back
from tests.small_town import LARGE, THURSDAY, at, home, order, request, rule, town, vehicle, window, zone
from tests.solver_optimum import insertions
from tests.town_days import Days


def planned(wanted: PlanRequest, *zones: object) -> Plan:
    instance = build_instance(wanted, town(*zones))
    return read_back(
        publish(instance, construct(instance.problem), seed=1, created_at=at(THURSDAY, 5), propose=Stop(600))
    )


def fixes_of(wanted: PlanRequest, order_id: str, *zones: object) -> dict[str, Fix]:
    """Return what is proposed for one order, by code."""
    broken = {entry.order_id: entry for entry in planned(wanted, *zones).unassigned}
    return {fix.code: fix for fix in broken[order_id].fixes}


def test_a_relay_outside_the_zone_is_proposed() -> None:
    closed = zone(rules=(rule("24/7", Critair.V3),))
    found = fixes_of(request(orders=(order("in", "z"), order("near", "relay"))), "in", closed)
    assert found["OTHER_PLACE"].place_id == "relay" and "outside zone ZFE" in found["OTHER_PLACE"].text
    assert "MORE_VEHICLES" not in found, "one more van of that class may not drive there either"


def test_a_cleaner_van_to_hire_is_proposed() -> None:
    closed = zone(rules=(rule("24/7", Critair.V3),))
    vans = (vehicle(), vehicle("clean", critair=Critair.V1, role=Role.HIRED))
    found = fixes_of(request(orders=(order("in", "z"),), vehicles=vans), "in", closed)
    assert found["MORE_VEHICLES"].vehicle_id == "clean" and found["MORE_VEHICLES"].text.startswith("hiring clean")


def test_another_hour_is_proposed() -> None:
    early = PlaceOption(place_id="a", windows=(window(THURSDAY, 5, 6),))
    found = fixes_of(request(orders=(order("o", early),)), "o")
    assert found.keys() == {"OTHER_HOUR"} and found["OTHER_HOUR"].vehicle_id == "van"


def test_one_more_van_does_not_help_where_a_locker_is_full() -> None:
    large = Parcel(id="x", load_g=1, volume_dm3=1, size_mm=LARGE)
    orders = tuple(order(name, "locker", parcels=(large.replace(id=name),)) for name in ("first", "second"))
    assert "MORE_VEHICLES" not in fixes_of(request(orders=orders), "second")


def test_a_planned_order_that_could_make_room_is_named() -> None:
    """The van that may take the cold order is full with one that the other van could take."""
    vans = (vehicle("cold", capacity_parcels=1, skills=("cold",)), vehicle("plain", capacity_parcels=2, role=Role.OWN))
    orders = (order("warm", "a", priority=90), order("cool", "b", skills=("cold",)))
    wanted = request(orders=orders, vehicles=vans)
    instance = build_instance(wanted, town())
    instance.problem.tables.allowed[1, 0] = 0  # the plan in force has it on the cold van
    tours = construct(instance.problem)
    assert tours.vehicle[1] < 0
    (found,) = [fix for fix in proposals(instance, tours, ["cool"], Stop(600))["cool"] if fix.code == "MOVE_OTHER"]
    assert (found.order_id, found.vehicle_id) == ("warm", "plain")


def test_proposals_of_random_days_hold() -> None:
    """Each is carried out: the order gets the place, any hour, or the vehicle, and an oracle finds a position."""
    told = 0
    for seed in range(60):
        days = Days(seed)
        drawn = days.request(10)  # the oracle puts in orders, not loadings: one trip each
        wanted = drawn.replace(vehicles=tuple(van.replace(max_trips=1) for van in drawn.vehicles))
        try:
            instance = build_instance(wanted, days.city)
        except InputError:
            continue
        tours = construct(instance.problem)
        left_out = [instance.orders[row].id for row in np.flatnonzero(tours.vehicle[: len(instance.orders)] < 0)]
        for order_id, fixes in proposals(instance, tours, left_out, Stop(600)).items():
            for fix in fixes:
                if fix.code in ("OTHER_PLACE", "OTHER_HOUR"):
                    assert fits_changed(wanted, days, instance, tours, order_id, fix), (seed, order_id, fix)
                    told += 1
    assert told > 30


def fits_changed(wanted: PlanRequest, days: Days, instance: Instance, tours: Tours, order_id: str, fix: Fix) -> bool:
    """Return whether the order fits the tours once it asks for what was proposed."""
    orders = tuple(_changed(each, fix) if each.id == order_id else each for each in wanted.orders)
    again = build_instance(wanted.replace(orders=orders), days.city)
    row = next(row for row, each in enumerate(again.orders) if each.id == order_id)
    tables = again.problem.tables
    shift = int(tables.opt_ptr[row + 1] - tables.opt_ptr[row]) - len(instance.orders[row].options)
    end = int(instance.problem.tables.opt_ptr[row + 1])
    routes = [
        replace(route, options=tuple(k + shift if k >= end else k for k in route.options))
        for route in routes_of(instance.problem.tables, tours)
    ]
    return any(insertions(tables, routes, row, move_breaks=False))


def _changed(wanted: Order, fix: Fix) -> Order:
    if fix.code == "OTHER_PLACE":
        return wanted.replace(options=(*wanted.options, PlaceOption(place_id=fix.place_id)))
    return wanted.replace(options=tuple(option.replace(windows=()) for option in wanted.options))


def test_homes_are_no_other_place() -> None:
    places = (home("a", 2, 3), home("b", 3, 5.5), home("z", 6, 4))
    early = PlaceOption(place_id="a", windows=(window(THURSDAY, 5, 6),))
    assert "OTHER_PLACE" not in fixes_of(request(places=places, orders=(order("o", early), order("p", "b"))), "o")
