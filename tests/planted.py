"""Planted causes: an order that a small fleet would serve, one thing that stops it, and what refutes a reason."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from data.model.base import Window
from data.model.city import City
from data.model.order import Order, PlaceOption
from data.model.parcel import Apart, Dimensions, Parcel
from data.model.plan import Reason
from data.model.request import PlanRequest, VehicleStatus
from data.model.vehicle import Critair, Role, Vehicle
from routing.build import build_instance
from tests.small_town import (
    LARGE,
    THURSDAY,
    at,
    home,
    hub,
    order,
    request,
    rule,
    shared_places,
    spot,
    town,
    vehicle,
    zone,
)
from tests.small_town import window as hours
from tests.solver_naive import Route
from tests.solver_optimum import break_count, insertions

LONG = Dimensions(length_mm=3000, width_mm=10, height_mm=10)
NAME = "planted"


class Case(NamedTuple):
    """A request in which one order is stopped, the city, the code that says by what, and the same without it."""

    wanted: PlanRequest
    city: City
    code: str
    innocent: PlanRequest


def drawn(seed: int) -> Case:
    """Return the case of a seed: kinds take turns, all else is drawn."""
    rng = Random(seed)
    kinds = list(CAUSES.items())
    code, plant = kinds[seed % len(kinds)]
    places = tuple(home(f"h{n}", rng.uniform(0.5, 3), rng.uniform(0.5, 6)) for n in range(5))
    vans = tuple(_van(f"v{n}", rng) for n in range(rng.randint(1, 3)))
    others = tuple(order(f"o{n}", f"h{n}", priority=90) for n in range(rng.randint(0, 3)))
    base = request(places=(*places, home("in", 6, 4)), vehicles=vans, orders=others, hubs=(hub(), hub("far", 1, 6)))
    innocent = base.replace(orders=(*others, order(NAME, "h4", parcels=_parcels(rng))))
    wanted, city, innocent = plant(innocent, rng)
    return Case(wanted, city, code.partition("/")[0], innocent)


def _van(name: str, rng: Random) -> Vehicle:
    return vehicle(
        name, capacity_parcels=rng.randint(8, 20), critair=rng.choice([Critair.V3, Critair.V4]), max_mm=LARGE
    )


def _parcels(rng: Random) -> tuple[Parcel, ...]:
    return tuple(Parcel(id=f"p{n}", load_g=rng.randint(100, 5000), volume_dm3=5) for n in range(rng.randint(1, 2)))


def _with(wanted: PlanRequest, **changes: object) -> PlanRequest:
    """Return the request with the planted order changed."""
    return wanted.replace(orders=(*wanted.orders[:-1], wanted.orders[-1].replace(**changes)))


def _parcel(wanted: PlanRequest, **changes: object) -> PlanRequest:
    first, *rest = wanted.orders[-1].parcels
    return _with(wanted, parcels=(first.replace(**changes), *rest))


def _vans(wanted: PlanRequest, **changes: object) -> PlanRequest:
    return wanted.replace(vehicles=tuple(van.replace(**changes) for van in wanted.vehicles))


Planted = tuple[PlanRequest, City, PlanRequest]


def _plain(change: Callable[[PlanRequest, Random], PlanRequest]) -> Callable[[PlanRequest, Random], Planted]:
    return lambda wanted, rng: (change(wanted, rng), town(), wanted)


def _closed_relay(wanted: PlanRequest, rng: Random) -> Planted:
    lunch = rng.uniform(12.1, 13.0)
    at_lunch = PlaceOption(place_id="relay", windows=(hours(THURSDAY, lunch, lunch + 0.5),))
    return _with(wanted, options=(at_lunch,)), town(), _with(wanted, options=(PlaceOption(place_id="relay"),))


def _full_locker(wanted: PlanRequest, rng: Random) -> Planted:
    locker = shared_places()[1]
    full = locker.replace(boxes=tuple(box.replace(free=0) for box in locker.boxes))
    innocent = _with(wanted, options=(PlaceOption(place_id="locker"),), parcels=wanted.orders[-1].parcels[:1])
    small = _parcel(innocent, size_mm=Dimensions(length_mm=200, width_mm=100, height_mm=50))
    return small.replace(places=(*small.places, full)), town(), small


def _zone(wanted: PlanRequest, rng: Random) -> Planted:
    clock = rng.choice(["24/7", "07:00-20:00", "Mo-Fr 06:00-22:00"])
    inside = _with(wanted, options=(PlaceOption(place_id="in"),))
    return inside, town(zone(rules=(rule(clock, Critair.V3),))), wanted


def _window(wanted: PlanRequest, rng: Random) -> Planted:
    begin = rng.choice([rng.uniform(2, 6), rng.uniform(18.2, 22)])
    option = PlaceOption(place_id="h4", windows=(Window(start_at=at(THURSDAY, begin), end_at=at(THURSDAY, begin + 1)),))
    return _with(wanted, options=(option,)), town(), wanted


def _away(wanted: PlanRequest, rng: Random) -> Planted:
    lat, lon = spot(3, 3)
    seen = tuple(
        VehicleStatus(vehicle_id=van.id, lat=lat, lon=lon, at=at(THURSDAY, rng.uniform(8.5, 11)))
        for van in wanted.vehicles
    )
    return wanted.replace(statuses=seen), town(), wanted


def _full_fleet(wanted: PlanRequest, rng: Random) -> Planted:
    wanted = _vans(wanted, capacity_parcels=rng.randint(8, 20))  # alike, so that no van takes what fills another
    count = len(wanted.orders[-1].parcels)
    fillers = tuple(order(f"x{n}", "h0", priority=95, parcels=tuple(
        Parcel(id=f"x{n}.{k}", load_g=1, volume_dm3=1) for k in range(van.capacity_parcels - count + 1)
    )) for n, van in enumerate(wanted.vehicles))  # fmt: skip
    return wanted.replace(orders=(*fillers, wanted.orders[-1])), town(), wanted


def _apart(wanted: PlanRequest, rng: Random) -> Planted:
    wanted = _vans(wanted, capacity_parcels=rng.randint(8, 20))
    paint = tuple(order(f"x{n}", "h0", priority=95, parcels=tuple(
        Parcel(id=f"x{n}.{k}", load_g=1, volume_dm3=1, kind="paint") for k in range(van.capacity_parcels // 2 + 1)
    )) for n, van in enumerate(wanted.vehicles))  # fmt: skip
    food = _with(wanted, parcels=tuple(each.replace(kind="food") for each in wanted.orders[-1].parcels))
    mixed = food.replace(orders=(*paint, food.orders[-1]))
    return mixed.replace(apart=(Apart(kind="food", other="paint"),)), town(), mixed


CAUSES: dict[str, Callable[[PlanRequest, Random], Planted]] = {
    "HUB_CONSTRAINT": _plain(lambda wanted, rng: _with(wanted, hub_id="far")),
    "SKILL_CONSTRAINT": _plain(lambda wanted, rng: _with(wanted, skills=(rng.choice(["cold", "two-men"]),))),
    "DIMENSION_CONSTRAINT": _plain(lambda wanted, rng: _parcel(wanted, size_mm=LONG)),
    "DIMENSION_CONSTRAINT/relay": lambda wanted, rng: (
        _parcel(_with(wanted, options=(PlaceOption(place_id="relay"),)), load_g=rng.randint(20_001, 90_000)),
        town(),
        _with(wanted, options=(PlaceOption(place_id="relay"),)),
    ),
    "CAPACITY_CONSTRAINT": _plain(lambda wanted, rng: _parcel(wanted, load_g=rng.randint(500_001, 900_000))),
    "CAPACITY_CONSTRAINT/dm3": _plain(lambda wanted, rng: _parcel(wanted, volume_dm3=rng.randint(5_001, 9_000))),
    "KIND_CONSTRAINT": lambda wanted, rng: (
        _vans(_parcel(wanted, kind="paint"), refused_kinds=("paint",)), town(), _parcel(wanted, kind="paint")
    ),
    "RELEASE_CONSTRAINT": _plain(lambda wanted, rng: _parcel(wanted, ready_at=at(THURSDAY, rng.uniform(17.83, 20)))),
    "TIME_WINDOW_CONSTRAINT": _window,
    "TIME_WINDOW_CONSTRAINT/shift": lambda wanted, rng: (
        _vans(wanted.replace(orders=wanted.orders[-1:]), shift=hours(THURSDAY, 8, 8.03)), town(), wanted
    ),
    "OPENING_HOURS_CONSTRAINT": _closed_relay,
    "LOCKER_CAPACITY_CONSTRAINT": _full_locker,
    "ZFE_CONSTRAINT": _zone,
    "LOCKED_VEHICLE": _away,
    "VEHICLE_DOWN": _plain(lambda wanted, rng: wanted.replace(down=tuple(van.id for van in wanted.vehicles))),
    "NO_VEHICLE": _plain(lambda wanted, rng: _vans(wanted, role=Role.HIRED)),
    "FLEET_FULL": _full_fleet,
    "MIX_CONSTRAINT": _apart,
}  # fmt: skip


def refuted(case: Case, reason: Reason) -> str:
    """Return what brute force says against a reason of the planted order; empty if nothing.

    A rule is lifted in the request itself, an instance is built anew, and a simulation tries the order alone on every
    vehicle: with the rule it must fit none of those that the reason speaks of, without it at least one.
    """
    lifted = LIFTED.get(reason.code)
    if lifted is None:
        return ""
    with_rule, without = fitting(case.wanted, case.city), fitting(*lifted(case))
    if not without - with_rule:
        return f"{reason.code}: lifting the rule lets the order onto {without or 'no vehicle'}, before {with_rule}"
    return ""


def fitting(wanted: PlanRequest, city: City) -> set[str]:
    """Return the vehicles that the planted order could be all that they do, tried one by one."""
    alone = wanted.replace(orders=wanted.orders[-1:])
    instance = build_instance(alone, city)
    tables = instance.problem.tables
    return {
        van.id
        for column, van in enumerate(instance.vehicles)
        if any(insertions(tables, [Route(column, (), (break_count(tables, column),))], 0, move_breaks=True))
    }


def _last(case: Case) -> Order:
    return case.wanted.orders[-1]


def _same_but(case: Case, **changes: object) -> tuple[PlanRequest, City]:
    return _with(case.wanted, **changes), case.city


LIFTED: dict[str, Callable[[Case], tuple[PlanRequest, City]]] = {
    "HUB_CONSTRAINT": lambda case: _same_but(case, hub_id="hub"),
    "SKILL_CONSTRAINT": lambda case: _same_but(case, skills=()),
    "KIND_CONSTRAINT": lambda case: (_vans(case.wanted, refused_kinds=()), case.city),
    "CAPACITY_CONSTRAINT": lambda case: _same_but(
        case, parcels=tuple(each.replace(load_g=1, volume_dm3=1) for each in _last(case).parcels)
    ),
    "DIMENSION_CONSTRAINT": lambda case: _same_but(
        case, parcels=tuple(each.replace(load_g=1, size_mm=Parcel(id="p", load_g=1, volume_dm3=1).size_mm)
                            for each in _last(case).parcels)
    ),
    "RELEASE_CONSTRAINT": lambda case: _same_but(
        case, parcels=tuple(each.replace(ready_at=None) for each in _last(case).parcels)
    ),
    "OPENING_HOURS_CONSTRAINT": lambda case: (
        case.wanted.replace(places=(*case.wanted.places, shared_places()[0].replace(opening_hours=None))), case.city
    ),
    "LOCKER_CAPACITY_CONSTRAINT": lambda case: (case.innocent, case.city),
    "ZFE_CONSTRAINT": lambda case: (case.wanted, town()),
    "LOCKED_VEHICLE": lambda case: (case.wanted.replace(statuses=()), case.city),
    "VEHICLE_DOWN": lambda case: (case.wanted.replace(down=()), case.city),
}  # fmt: skip
