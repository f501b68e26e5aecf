"""Whether what a plan names exists: unique ids, known ids, indices in range. Standard library only.

The other rules look things up freely and are only run on a plan without these violations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from routing.verify.facts import AccessClass, Hub, Option, Order, Place, Vehicle, Window
from routing.verify.format import Handover, Plan, Stop, Tour
from routing.verify.read import Violation


class Known(NamedTuple):
    """What a plan names, by id; ``access`` by vehicle (its first class), ``hours`` by place.

    ``overruns`` holds the orders, and the vehicles whose shift, the plan says it can't keep to.
    """

    hubs: dict[str, Hub]
    vehicles: dict[str, Vehicle]
    places: dict[str, Place]
    orders: dict[str, Order]
    access: dict[str, AccessClass]
    hours: dict[str, tuple[Window, ...]]
    overruns: set[str]


def index(plan: Plan) -> Known:
    """Return what ``plan`` names, by id."""
    return Known(
        hubs={hub.id: hub for hub in plan.hubs},
        vehicles={vehicle.id: vehicle for vehicle in plan.vehicles},
        places={place.id: place for place in plan.places},
        orders={order.id: order for order in plan.orders},
        access={vehicle: group for group in reversed(plan.access) for vehicle in group.vehicle_ids},
        hours={hours.place_id: hours.open for hours in plan.place_hours},
        overruns={overrun.order_id or overrun.vehicle_id for overrun in plan.overruns},
    )


def chosen(order: Order, handover: Handover) -> Option:
    """Return where an order is handed over or, where it is taken in, where that is."""
    return order.from_place if handover.collects and order.from_place else order.options[handover.option]


def collected(tour: Tour) -> set[str]:
    """Return the orders that a tour takes in on its way."""
    return {handover.order_id for stop in tour.stops for handover in stop.handovers if handover.collects}


def left_at(tour: Tour, s: int) -> int:
    """Return when the vehicle leaves stop ``s``, or its day is over there."""
    return tour.legs[s + 1].depart_at if s + 1 < len(tour.legs) else tour.return_at


def unresolved(plan: Plan, known: Known) -> Iterator[Violation]:
    """Yield ``duplicate_id`` and ``unknown_...`` violations."""
    yield from _duplicates(plan)
    yield from _facts(plan, known)
    for t, tour in enumerate(plan.tours):
        yield from _tour(tour, f"/tours/{t}", known)
    yield from _leftovers(plan, known)


def _duplicates(plan: Plan) -> Iterator[Violation]:
    yield from _twice((hub.id, f"/hubs/{n}/id") for n, hub in enumerate(plan.hubs))
    yield from _twice((vehicle.id, f"/vehicles/{n}/id") for n, vehicle in enumerate(plan.vehicles))
    yield from _twice((place.id, f"/places/{n}/id") for n, place in enumerate(plan.places))
    yield from _twice((hours.place_id, f"/place_hours/{n}/place_id") for n, hours in enumerate(plan.place_hours))
    yield from _twice((order.id, f"/orders/{n}/id") for n, order in enumerate(plan.orders))
    yield from _twice((group.id, f"/access/{n}/id") for n, group in enumerate(plan.access))
    yield from _twice(
        (parcel.id, f"/orders/{n}/parcels/{p}/id")
        for n, order in enumerate(plan.orders)
        for p, parcel in enumerate(order.parcels)
    )
    for n, vehicle in enumerate(plan.vehicles):
        yield from _twice((due.id, f"/vehicles/{n}/breaks/{b}/id") for b, due in enumerate(vehicle.breaks))


def _twice(ids: Iterable[tuple[str, str]]) -> Iterator[Violation]:
    first: dict[str, str] = {}
    for identifier, pointer in ids:
        if identifier in first:
            yield Violation("duplicate_id", pointer, f"{identifier!r} is already the id at {first[identifier]}")
        else:
            first[identifier] = pointer


def _facts(plan: Plan, known: Known) -> Iterator[Violation]:
    for n, vehicle in enumerate(plan.vehicles):
        yield from _named("hub", vehicle.hub_id, known.hubs, f"/vehicles/{n}/hub_id")
    for n, hours in enumerate(plan.place_hours):
        yield from _named("place", hours.place_id, known.places, f"/place_hours/{n}/place_id")
    for n, order in enumerate(plan.orders):
        yield from _named("hub", order.hub_id, known.hubs, f"/orders/{n}/hub_id")
        for p, parcel in enumerate(order.parcels):
            if parcel.hub_id:
                yield from _named("hub", parcel.hub_id, known.hubs, f"/orders/{n}/parcels/{p}/hub_id")
        for o, option in enumerate(order.options):
            yield from _named("place", option.place_id, known.places, f"/orders/{n}/options/{o}/place_id")
        if order.from_place is not None:
            yield from _named("place", order.from_place.place_id, known.places, f"/orders/{n}/from_place/place_id")
    for n, group in enumerate(plan.access):
        yield from _all_named("vehicle", group.vehicle_ids, known.vehicles, f"/access/{n}/vehicle_ids")


def _tour(tour: Tour, at: str, known: Known) -> Iterator[Violation]:
    yield from _named("vehicle", tour.vehicle_id, known.vehicles, f"{at}/vehicle_id")
    vehicle = known.vehicles.get(tour.vehicle_id)
    due = {item.id for item in vehicle.breaks} if vehicle else {taken.break_id for taken in tour.breaks}
    for b, taken in enumerate(tour.breaks):
        yield from _named("break", taken.break_id, due, f"{at}/breaks/{b}/break_id")
        if taken.after_stop > len(tour.stops):
            yield Violation(
                "unknown_stop", f"{at}/breaks/{b}/after_stop", f"the tour has {len(tour.stops)} stops, not so many"
            )
    for s, stop in enumerate(tour.stops):
        if stop.loading_list is None:
            yield from _named("place", stop.place_id, known.places, f"{at}/stops/{s}/place_id")
        else:
            yield from _named("hub", stop.place_id, known.hubs, f"{at}/stops/{s}/place_id")
        for h, handover in enumerate(stop.handovers):
            yield from _handover(handover, stop, f"{at}/stops/{s}/handovers/{h}", known)


def _handover(handover: Handover, stop: Stop, at: str, known: Known) -> Iterator[Violation]:
    yield from _named("order", handover.order_id, known.orders, f"{at}/order_id")
    order = known.orders.get(handover.order_id)
    if order is None:
        return
    if handover.option >= len(order.options):
        yield Violation("unknown_option", f"{at}/option", f"order {order.id} has {len(order.options)} options")
    if handover.collects and order.from_place is None:
        yield Violation("unknown_option", f"{at}/collects", f"order {order.id} is at the hub, not to be collected")
    place = known.places.get(stop.place_id)
    parcels = {parcel.id for parcel in order.parcels}
    for b, use in enumerate(handover.boxes):
        yield from _named("parcel", use.parcel_id, parcels, f"{at}/boxes/{b}/parcel_id")
        if place and use.box >= len(place.boxes):
            yield Violation("unknown_box", f"{at}/boxes/{b}/box", f"{place.id} has {len(place.boxes)} kinds of box")


def _leftovers(plan: Plan, known: Known) -> Iterator[Violation]:
    for n, lock in enumerate(plan.locks):
        yield from _named("vehicle", lock.vehicle_id, known.vehicles, f"/locks/{n}/vehicle_id")
        yield from _all_named("order", lock.order_ids, known.orders, f"/locks/{n}/order_ids")
    left_out = [(f"/postponed/{n}", item.order_id, item.reasons) for n, item in enumerate(plan.postponed)]
    left_out += [(f"/unassigned/{n}", item.order_id, item.reasons) for n, item in enumerate(plan.unassigned)]
    for at, order_id, reasons in left_out:
        yield from _named("order", order_id, known.orders, f"{at}/order_id")
        for r, reason in enumerate(reasons):
            if reason.vehicle_id:
                yield from _named("vehicle", reason.vehicle_id, known.vehicles, f"{at}/reasons/{r}/vehicle_id")
            if reason.place_id:
                yield from _named("place", reason.place_id, known.places, f"{at}/reasons/{r}/place_id")
    for n, unassigned in enumerate(plan.unassigned):
        for f, fix in enumerate(unassigned.fixes):
            for noun, name in (("place", fix.place_id), ("vehicle", fix.vehicle_id), ("order", fix.order_id)):
                if name:
                    yield from _named(noun, name, getattr(known, f"{noun}s"), f"/unassigned/{n}/fixes/{f}/{noun}_id")
    yield from _all_named("order", plan.done, known.orders, "/done")
    yield from _all_named("order", [each.order_id for each in plan.presumed], known.orders, "/presumed")
    yield from _all_named("vehicle", [each.vehicle_id for each in plan.presumed], known.vehicles, "/presumed")
    yield from _all_named("order", [told.order_id for told in plan.told], known.orders, "/told")
    yield from _all_named("vehicle", [told.vehicle_id for told in plan.told], known.vehicles, "/told")
    yield from _all_named("order", [failure.order_id for failure in plan.failed], known.orders, "/failed")
    yield from _all_named("order", [item.order_id for item in plan.returned], known.orders, "/returned")
    yield from _all_named("vehicle", plan.down, known.vehicles, "/down")
    yield from _all_named("hub", [booked.hub_id for booked in plan.booked], known.hubs, "/booked")
    for n, overrun in enumerate(plan.overruns):
        yield from _named("vehicle", overrun.vehicle_id, known.vehicles, f"/overruns/{n}/vehicle_id")
        if overrun.order_id:
            yield from _named("order", overrun.order_id, known.orders, f"/overruns/{n}/order_id")
    yield from _all_named("order", plan.moved, known.orders, "/moved")
    for n, hire in enumerate(plan.hire_options):
        yield from _named("vehicle", hire.vehicle_id, known.vehicles, f"/hire_options/{n}/vehicle_id")
        yield from _all_named("order", hire.saves_order_ids, known.orders, f"/hire_options/{n}/saves_order_ids")


def _named(noun: str, identifier: str, known: Iterable[str], pointer: str) -> Iterator[Violation]:
    if identifier not in known:
        yield Violation(f"unknown_{noun}", pointer, f"there is no {noun} {identifier!r}")


def _all_named(noun: str, identifiers: Iterable[str], known: Iterable[str], pointer: str) -> Iterator[Violation]:
    for n, identifier in enumerate(identifiers):
        yield from _named(noun, identifier, known, f"{pointer}/{n}")
