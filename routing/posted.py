"""What a TMS posts, made into what a worker reads: names filled in from what was told before, people set apart.

Who an order is for goes to the contacts, by the order's id, and nowhere else: neither a job's row nor a plan's has
names or addresses of homes. What others add to orders, vehicles, places and hubs (``extensions``) is kept beside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from data.errors import InputError, TooLargeError, near_miss
from data.hours import parse_hours, zone_named
from data.model.base import Value, Window
from data.model.change import ChangePrices
from data.model.city import City
from data.model.contact import Contact
from data.model.order import Order
from data.model.place import Place, PlaceKind
from data.model.plan import Plan
from data.model.request import OrderBook, PlanRequest, VehicleStatus
from data.model.told import ToldDriver, ToldHub, ToldOrder, ToldPlace, ToldRequest, ToldVehicle
from data.model.vehicle import Vehicle
from data.sources.check import check_request, check_unique_at
from data.sources.table import Problems
from data.store.resources import ResourceKind

V = TypeVar("V", bound=Value)
P = TypeVar("P", bound=Place)

MOST_ORDERS = 20_000
MOST_VEHICLES = 2_000
TEXT_MAX = 512
Stored = Callable[[ResourceKind], Mapping[str, str]]
"""What was told before of a kind: JSON by id."""
Extended = dict[ResourceKind, dict[str, dict[str, Any]]]


class ReplanPost(OrderBook):
    """What a re-plan takes in: new, changed and cancelled orders, what has happened, and what changes may cost.

    Without ``prices`` no planned order changes vehicle.
    """

    orders: tuple[ToldOrder, ...] = ()
    places: tuple[ToldPlace, ...] = ()
    statuses: tuple[VehicleStatus, ...] = ()
    freeze_before: datetime | None = None
    prices: ChangePrices | None = None


class Beside(msgspec.Struct):
    """What is kept beside orders: who they are for, and what others add."""

    contacts: dict[str, Contact] = {}
    extensions: Extended = {}


def complete(told: ToldRequest, stored: Stored, city: City) -> tuple[ToldRequest, Beside]:
    """Return a request with nothing left to look up, and what is kept beside it.

    Raises
    ------
    InputError, TooLargeError
        ``missing_hubs``, ``missing_vehicles``, ``unknown_hub``, ``unknown_vehicle``, ``unknown_place``, ``bad_date``,
        ``too_many_orders``, ``too_many_vehicles``, or what :func:`data.sources.check.check_request` finds.
    """
    require_size(told.orders, told.vehicles)
    if not 2000 <= told.day.year < 2100:
        raise InputError("bad_date", f"{told.day} is no day to plan", "#/day", "write one of this century")
    zone = zone_named(told.time_zone)
    hubs = _named(told.hubs, ToldHub, "hub", stored(ResourceKind.HUB), all_where_none=True)
    vehicles = _vehicles(told, {hub.id for hub in hubs}, stored, zone)
    extensions: Extended = {}
    places = _bare(_places(told, stored, city), ResourceKind.PLACE_ADDED, extensions)
    orders = _bare(told.orders, ResourceKind.ORDER_ADDED, extensions)
    whole = told.replace(
        city="",
        hubs=_bare(hubs, ResourceKind.HUB_ADDED, extensions),
        vehicles=_bare(vehicles, ResourceKind.VEHICLE_ADDED, extensions),
        places=places,
        orders=orders,
    )
    check_places(places)
    check_request(whole, city)
    named, contacts = apart(places, orders)
    return whole.replace(places=named), Beside(contacts, extensions)


def complete_burst(post: ReplanPost, plan: Plan, city: City) -> tuple[OrderBook, Beside]:
    """Return the order book of a re-plan, checked against the plan it is for, and what is kept beside it."""
    require_size((*plan.orders, *post.orders), plan.vehicles)
    check_places(post.places)
    check_new(plan, post.orders, post.places, city, post.changed)
    extensions: Extended = {}
    places = _bare(post.places, ResourceKind.PLACE_ADDED, extensions)
    orders = _bare(post.orders, ResourceKind.ORDER_ADDED, extensions)
    places, contacts = apart(places, orders)
    book = OrderBook(places=places, orders=orders, changed=post.changed, cancelled=post.cancelled)
    return book, Beside(contacts, extensions)


def require_size(orders: Sequence[Order], vehicles: Sequence[Any]) -> None:
    """Refuse more than one plan may hold."""
    for what, found, most in (("orders", len(orders), MOST_ORDERS), ("vehicles", len(vehicles), MOST_VEHICLES)):
        if found > most:
            message = f"{found:,} {what} in one plan, {most:,} is the most"
            raise TooLargeError(f"too_many_{what}", message, f"#/{what}", "plan each hub on its own")


def check_places(places: Sequence[Place]) -> None:
    """Refuse opening hours that can't be read."""
    for row, place in enumerate(places):
        if place.opening_hours is not None:
            try:
                parse_hours(place.opening_hours)
            except InputError as error:
                raise InputError(error.code, error.message, f"#/places/{row}/opening_hours", error.action) from None


def check_new(
    plan: Plan, orders: Sequence[Order], places: Sequence[Place], city: City, changed: Sequence[Order] = ()
) -> None:
    """Refuse orders that a plan knows already, places it knows otherwise, and what is wrong with either."""
    problems = Problems()
    planned = [(f"plan {plan.id}", order.id) for order in plan.orders]
    again = "send only new orders, each with ids of its own"
    check_unique_at(
        [*planned, *((f"#/orders/{row}/id", order.id) for row, order in enumerate(orders))], problems, again
    )
    known = {place.id: place for place in plan.places}
    for row, place in enumerate(places):
        same = known.get(place.id)
        if same is not None and _nameless(same) != _nameless(place):
            message = f"the plan knows place `{place.id}` with other details"
            problems.add("conflicting_place", message, f"#/places/{row}", "give the new place an id of its own")
    problems.raise_if_any()
    brought = {place.id for place in places}
    named = {option.place_id for order in (*orders, *changed) for option in order.options} - brought
    check_request(
        PlanRequest(
            day=plan.day,
            time_zone=plan.time_zone,
            hubs=plan.hubs,
            vehicles=plan.vehicles,
            places=(*places, *(known[name] for name in sorted(named & known.keys()))),
            orders=(*orders, *changed),
            delivery_days=plan.delivery_days,
            transfers=plan.transfers,
        ),
        city,
    )


def apart(places: Sequence[P], orders: Sequence[Order]) -> tuple[tuple[P, ...], dict[str, Contact]]:
    """Return homes without names and addresses, and these as contacts by order."""
    people = {place.id: place for place in places if _has_name(place)}
    contacts = {}
    for order in orders:
        home = next((people[option.place_id] for option in order.options if option.place_id in people), None)
        if home is not None:
            texts = {name: getattr(home, name)[:TEXT_MAX] for name in ("name", "address", "postcode")}
            contacts[order.id] = Contact(**texts)
    return tuple(_nameless(place) for place in places), contacts


def together(plan: Plan, contacts: Mapping[str, Contact]) -> Plan:
    """Return a plan whose homes have the names and addresses of those its orders are for."""
    if not contacts:
        return plan
    who: dict[str, Contact] = {}
    for order in plan.orders:
        if order.id in contacts:
            for option in order.options:
                who.setdefault(option.place_id, contacts[order.id])
    places = tuple(
        place.replace(name=who[place.id].name, address=who[place.id].address)
        if place.kind is PlaceKind.HOME and place.id in who else place
        for place in plan.places
    )  # fmt: skip
    return plan.replace(places=places)


def _has_name(place: Place) -> bool:
    return place.kind is PlaceKind.HOME and bool(place.name or place.address)


def _nameless(place: P) -> P:
    return place.replace(name="", address="") if _has_name(place) else place


def _named(
    given: Sequence[V | str], kind: type[V], noun: str, stored: Mapping[str, str], all_where_none: bool = False
) -> list[V]:
    """Return values given whole or by id."""
    if not given and all_where_none:
        if not stored:
            action = f"give {noun}s, or tell them first: PUT /v1/{noun}s"
            raise InputError(f"missing_{noun}s", f"the request has no {noun}s and none was told", f"#/{noun}s", action)
        given = tuple(stored)
    found: list[V] = []
    for row, one in enumerate(given):
        if not isinstance(one, str):
            found.append(one)
        elif one in stored:
            found.append(msgspec.json.decode(stored[one], type=kind))
        else:
            hint = near_miss(one, stored) or f"give it whole, or tell it first: PUT /v1/{noun}s/{one[:80]}"
            raise InputError(f"unknown_{noun}", f"no {noun} `{one[:80]}` was told", f"#/{noun}s/{row}", hint)
    return found


def _vehicles(told: ToldRequest, hub_ids: set[str], stored: Stored, zone: ZoneInfo) -> list[ToldVehicle]:
    """Return the vehicles, those told before on the planned day and with their drivers in them."""
    known = stored(ResourceKind.VEHICLE) if not told.vehicles or any(isinstance(v, str) for v in told.vehicles) else {}
    named = _named(told.vehicles, ToldVehicle, "vehicle", known, all_where_none=True)
    by_name = {each for each in told.vehicles if isinstance(each, str)} if told.vehicles else set(known)
    if not told.vehicles:
        named = [vehicle for vehicle in named if vehicle.hub_id in hub_ids]
    if not by_name:
        return named
    bodies = stored(ResourceKind.DRIVER).values()
    drivers = {each.vehicle_id: each for each in (msgspec.json.decode(body, type=ToldDriver) for body in bodies)}
    found = []
    for vehicle in named:
        if vehicle.id in by_name:
            driven = drivers[vehicle.id].drives(vehicle) if vehicle.id in drivers else vehicle
            vehicle = vehicle.replace(**_on_day(driven, told.day, zone))
        found.append(vehicle)
    return found


def _on_day(vehicle: Vehicle, day: date, zone: ZoneInfo) -> dict[str, Any]:
    """Return shift, breaks and skills of a vehicle with its hours by the local clock of another day."""
    first = vehicle.shift.start_at.astimezone(zone).date()

    def moved(instant: datetime) -> datetime:
        local = instant.astimezone(zone)
        return datetime.combine(day + (local.date() - first), local.time(), zone)

    def window(given: Window) -> Window:
        return Window(start_at=moved(given.start_at), end_at=moved(given.end_at))

    breaks = tuple(
        pause.replace(window=window(pause.window), due_at=None if pause.due_at is None else moved(pause.due_at))
        for pause in vehicle.breaks
    )
    return {
        "shift": window(vehicle.shift),
        "breaks": breaks,
        "break_rule": vehicle.break_rule,
        "skills": vehicle.skills,
    }


def _places(told: ToldRequest, stored: Stored, city: City) -> list[ToldPlace]:
    """Return the places, those that orders name and that were only told before too."""
    given = {one if isinstance(one, str) else one.id for one in told.places}
    named = {option.place_id for order in told.orders for option in order.options}
    named |= {order.from_place.place_id for order in told.orders if order.from_place is not None}
    named -= given | {place.id for place in city.places}
    known = stored(ResourceKind.PLACE) if named or any(isinstance(one, str) for one in told.places) else {}
    more = sorted(named & known.keys())
    return _named((*told.places, *more), ToldPlace, "place", known)


def _bare(values: Sequence[V], kind: ResourceKind, extensions: Extended) -> tuple[V, ...]:
    """Return values without what others added to them, which is noted."""
    found = []
    for one in values:
        added = getattr(one, "extensions", None)
        if added:
            extensions.setdefault(kind, {})[one.id] = added  # type: ignore[attr-defined]
            one = one.replace(extensions={})
        found.append(one)
    return tuple(found)
