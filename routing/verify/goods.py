"""Whether the goods go along: loads, sizes, places, boxes, readiness, loading list. Standard library only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from routing.verify.facts import Order, Parcel, Place
from routing.verify.format import Handover, Plan, Stop, Tour
from routing.verify.read import Violation
from routing.verify.references import Known, chosen
from routing.verify.trips import Trip, trips


def goods(plan: Plan, known: Known) -> Iterator[Violation]:
    """Yield what is wrong with what each tour carries and where it hands it over."""
    for t, tour in enumerate(plan.tours):
        at = f"/tours/{t}"
        yield from _load(tour, at, known)
        yield from _kinds(tour, at, plan, known)
        for trip in trips(tour):
            yield from _loading_list(trip, f"{at}{trip.at}", known)
            for s, h, handover in trip.handovers():
                where = f"{at}/stops/{s}/handovers/{h}"
                order = known.orders[handover.order_id]
                yield from _carried(order, tour, trip, where, known)
                yield from _placed(order, handover, tour.stops[s], where, known)
    yield from _place_limits(plan, known)


def _parcels(stop: Stop, known: Known) -> list[Parcel]:
    """Return what is handed over at a stop."""
    given = (handover for handover in stop.handovers if not handover.collects)
    return [parcel for handover in given for parcel in known.orders[handover.order_id].parcels]


def _loaded(stop: Stop, away: set[str], known: Known) -> list[Parcel]:
    """Return what of a stop's parcels was on board when the trip began; orders ``away`` were not."""
    given = (handover for handover in stop.handovers if handover.order_id not in away)
    return [parcel for handover in given for parcel in known.orders[handover.order_id].parcels]


def _load(tour: Tour, at: str, known: Known) -> Iterator[Violation]:
    """What is printed is what is handed over; what is on board at any time fits."""
    vehicle = known.vehicles[tour.vehicle_id]
    parcels = [parcel for stop in tour.stops for parcel in _parcels(stop, known)]
    most = [max(amounts) for amounts in zip(*(_most_on_board(trip, known) for trip in trips(tour)))]
    for n, (key, printed, carried, capacity) in enumerate(
        (
            ("parcels", tour.parcels, len(parcels), vehicle.capacity_parcels),
            ("load_g", tour.load_g, sum(parcel.load_g for parcel in parcels), vehicle.capacity_g),
            ("load_dm3", tour.load_dm3, sum(parcel.volume_dm3 for parcel in parcels), vehicle.capacity_dm3),
        )
    ):
        if printed != carried:
            yield Violation("wrong_sum", f"{at}/{key}", f"{printed} printed, its orders have {carried}")
        if most[n] > capacity:
            yield Violation("over_capacity", f"{at}/{key}", f"{most[n]}, vehicle {vehicle.id} takes {capacity}")


def _most_on_board(trip: Trip, known: Known) -> list[int]:
    """Return the most parcels, grams and dm3 on board at any time of a trip."""
    away = trip.collected()
    start = [parcel for stop in trip.stops for parcel in _loaded(stop, away, known)]
    changes = [(1, start)]
    for _, _, handover in trip.handovers():
        changes.append((1 if handover.collects else -1, list(known.orders[handover.order_id].parcels)))
    now, most = [0, 0, 0], [0, 0, 0]
    for sign, moved in changes:
        sums = (len(moved), sum(p.load_g for p in moved), sum(p.volume_dm3 for p in moved))
        now = [before + sign * change for before, change in zip(now, sums)]
        most = [max(pair) for pair in zip(most, now)]
    return most


def _loading_list(trip: Trip, at: str, known: Known) -> Iterator[Violation]:
    """The last stop's parcels come first; those of one stop may come in any order. What is collected is not loaded."""
    rest, away = list(trip.loading_list), trip.collected()
    for s in range(len(trip.stops) - 1, -1, -1):
        expected = sorted(parcel.id for parcel in _loaded(trip.stops[s], away, known))
        if sorted(rest[: len(expected)]) != expected:
            message = f"the parcels of stop {trip.first + s} are not where they belong, last stop first"
            yield Violation("loading_list", at, message)
            return
        del rest[: len(expected)]
    if rest:
        yield Violation("loading_list", at, f"{len(rest)} entries more than the trip has parcels")


def _kinds(tour: Tour, at: str, plan: Plan, known: Known) -> Iterator[Violation]:
    """What the vehicle refuses, and what may not be on one tour."""
    first: dict[str, str] = {}
    for stop in tour.stops:
        for parcel in _parcels(stop, known):
            if parcel.kind:
                first.setdefault(parcel.kind, parcel.id)
    for kind in first.keys() & set(known.vehicles[tour.vehicle_id].refused_kinds):
        message = f"{tour.vehicle_id} refuses {kind}, parcel {first[kind]} is that"
        yield Violation("kind_refused", f"{at}/vehicle_id", message)
    for pair in plan.apart:
        if pair.kind in first and pair.other in first:
            message = f"{pair.kind} ({first[pair.kind]}) and {pair.other} ({first[pair.other]}) are to be kept apart"
            yield Violation("kinds_together", f"{at}/stops", message)


def _carried(order: Order, tour: Tour, trip: Trip, at: str, known: Known) -> Iterator[Violation]:
    """What an order asks of the vehicle it is on."""
    vehicle = known.vehicles[tour.vehicle_id]
    missing = set(order.skills) - set(vehicle.skills)
    if missing:
        yield Violation("missing_skill", at, f"order {order.id} needs {', '.join(sorted(missing))} of {vehicle.id}")
    hub_ids = {order.hub_id, *(parcel.hub_id or order.hub_id for parcel in order.parcels)}
    if hub_ids != {vehicle.hub_id}:
        message = f"order {order.id} leaves from {', '.join(sorted(hub_ids))}, {vehicle.id} from {vehicle.hub_id}"
        yield Violation("wrong_hub", at, message)
    loaded_by = trip.leaves_at - known.hubs[vehicle.hub_id].loading_s
    for parcel in order.parcels:
        if vehicle.max_mm is not None and not parcel.size_mm.fits(vehicle.max_mm):
            yield Violation("parcel_too_large", at, f"parcel {parcel.id} does not go into {vehicle.id}")
        at_hub = trip.at_hub and order.id not in trip.collected()
        if at_hub and parcel.ready_at is not None and parcel.ready_at > loaded_by:
            message = f"parcel {parcel.id} is ready {float(parcel.ready_at - loaded_by):g} s too late to be loaded"
            yield Violation("not_ready", at, message)


def _placed(order: Order, handover: Handover, stop: Stop, at: str, known: Known) -> Iterator[Violation]:
    """What the place asks of an order handed over, or taken in, there."""
    place = known.places[stop.place_id]
    option = chosen(order, handover)
    if option.place_id != place.id:
        yield Violation("wrong_place", f"{at}/option", f"option {handover.option} of {order.id} is {option.place_id}")
    if handover.collects:
        if handover.boxes:
            yield Violation("box_unexpected", f"{at}/boxes", "nothing is put into a box where it is collected")
        return
    for parcel in order.parcels:
        if place.max_load_g is not None and parcel.load_g > place.max_load_g:
            message = f"{place.id} accepts {place.max_load_g} g, parcel {parcel.id} is {parcel.load_g} g"
            yield Violation("place_refuses", at, message)
        if place.max_mm is not None and not parcel.size_mm.fits(place.max_mm):
            yield Violation("place_refuses", at, f"parcel {parcel.id} is larger than {place.id} accepts")
    if place.kind == "locker":
        yield from _boxed(order, handover, place, at)
    elif handover.boxes:
        yield Violation("box_unexpected", f"{at}/boxes", f"{place.id} is no locker")


def _boxed(order: Order, handover: Handover, place: Place, at: str) -> Iterator[Violation]:
    given = Counter(use.parcel_id for use in handover.boxes)
    parcels = {parcel.id: parcel for parcel in order.parcels}
    for parcel_id in parcels:
        if given[parcel_id] != 1:
            code = "box_twice" if given[parcel_id] else "box_missing"
            yield Violation(code, f"{at}/boxes", f"parcel {parcel_id} has {given[parcel_id]} boxes")
    for b, use in enumerate(handover.boxes):
        parcel, box = parcels[use.parcel_id], place.boxes[use.box]
        if not parcel.size_mm.fits(box.inner_mm) or parcel.load_g > box.max_load_g:
            message = f"parcel {parcel.id} does not go into box {box.size} of {place.id}"
            yield Violation("box_too_small", f"{at}/boxes/{b}", message)


def _place_limits(plan: Plan, known: Known) -> Iterator[Violation]:
    """What a place takes in a day, over all tours."""
    received: Counter[str] = Counter()
    boxes: Counter[tuple[str, int]] = Counter()
    for tour in plan.tours:
        for stop in tour.stops:
            received[stop.place_id] += len(_parcels(stop, known))
            boxes.update((stop.place_id, use.box) for handover in stop.handovers for use in handover.boxes)
    for n, place in enumerate(plan.places):
        if place.daily_cap_parcels is not None and received[place.id] > place.daily_cap_parcels:
            message = f"{received[place.id]} parcels, {place.id} takes {place.daily_cap_parcels} a day"
            yield Violation("place_full", f"/places/{n}/daily_cap_parcels", message)
        for b, box in enumerate(place.boxes):
            if boxes[place.id, b] > box.free:
                message = f"{boxes[place.id, b]} parcels for {box.free} free boxes {box.size} of {place.id}"
                yield Violation("boxes_exceeded", f"/places/{n}/boxes/{b}/free", message)
