"""What has happened since a plan was made, turned into a plan and statuses that a re-plan can start from.

Failed hand-overs, cancelled and changed orders and vehicles that broke down are settled here, before anything is
solved: what is left is orders to deliver, where each is, and who may take it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from data.errors import InputError
from data.model.change import Failure, FailureReason, Returned
from data.model.order import Order, PlaceOption
from data.model.parcel import ParcelState
from data.model.place import Place, PlaceKind, smallest_box
from data.model.plan import Plan, Postponed, Reason, Tour
from data.model.request import OrderBook, VehicleStatus
from routing.replan_settled import Settled
from routing.replan_visits import planned_at, trip_stops

PICK_UP_S = 60
"""Collecting one order's parcels from a vehicle that broke down."""
WORDS = {
    FailureReason.ABSENT: "nobody was there",
    FailureReason.CLOSED: "the place was closed",
    FailureReason.FULL: "no box was free",
    FailureReason.LATE: "its vehicle can't hand it over any more that day",
    FailureReason.REFUSED: "it was refused",
    FailureReason.ADDRESS: "there is no such address",
    FailureReason.DAMAGED: "it is damaged",
}


@dataclass
class _Events:
    """The plan as it changes, event by event."""

    plan: Plan
    statuses: dict[str, VehicleStatus]
    orders: dict[str, Order]
    places: dict[str, Place] = field(default_factory=dict)
    """Places that are new, or not what they were."""
    settled: Settled = field(default_factory=Settled)
    off: set[str] = field(default_factory=set)
    """Orders whose planned hand-over is void."""
    done: frozenset[str] = frozenset()

    def note(self, text: str) -> None:
        """Add to what could not be done as asked."""
        self.settled = replace(self.settled, notes=(*self.settled.notes, text))


def take_in(
    plan: Plan, book: OrderBook, statuses: Sequence[VehicleStatus]
) -> tuple[Plan, tuple[VehicleStatus, ...], Settled]:
    """Return the plan with what is void taken out, the statuses of the vehicles that still drive, and what is settled.

    Parameters
    ----------
    statuses : sequence of VehicleStatus
        With ``on_board`` complete.

    Raises
    ------
    InputError
        ``unknown_order``: a failed, cancelled or changed order is not in the plan.
    """
    known = Settled(
        again=tuple(item for item in plan.postponed if item.second),
        returned=plan.returned,
        failed=plan.failed,
        cancelled=plan.cancelled,
        down=tuple(vehicle for vehicle in plan.down if vehicle not in {status.vehicle_id for status in statuses}),
    )
    events = _Events(
        plan,
        {s.vehicle_id: s for s in statuses},
        {o.id: o for o in plan.orders},
        settled=known,
        done=frozenset(plan.done).union(*(status.done for status in statuses)),
    )
    for status in statuses:
        for number, failure in enumerate(status.failed):
            _known(events, failure.order_id, f"status#/{status.vehicle_id}/failed/{number}")
            _fail(events, status.vehicle_id, failure)
    for number, order_id in enumerate(book.cancelled):
        _known(events, order_id, f"burst#/cancelled/{number}")
        _cancel(events, order_id)
    for number, order in enumerate(book.changed):
        _known(events, order.id, f"burst#/changed/{number}")
        _change(events, order)
    for status in statuses:
        if status.down:
            _break_down(events, status.vehicle_id)
    forced = frozenset(_forced(plan, events.statuses.values(), events.settled.down)) | events.off
    settled = replace(events.settled, forced=forced)
    return _without(events), tuple(events.statuses.values()), settled


def carry_back(plan: Plan, settled: Settled, order_ids: Sequence[str]) -> Settled:
    """Return what is settled once orders on board turn out to be undeliverable that day."""
    events = _Events(plan, {}, {order.id: order for order in plan.orders}, settled=settled)
    for order_id in order_ids:
        shut = {settled.shut.get(option.place_id) for option in events.orders[order_id].options}
        reason = next(iter(shut)) if len(shut) == 1 else None
        failure = Failure(order_id=order_id, reason=reason or FailureReason.LATE)
        events.settled = replace(events.settled, failed=(*events.settled.failed, failure))
        _present_again(events, events.orders[order_id], WORDS[failure.reason])
    return events.settled


def _known(events: _Events, order_id: str, where: str) -> None:
    if order_id not in events.orders:
        message = f"order {order_id!r} is not in the plan"
        raise InputError("unknown_order", message, where, "name an order of the plan")


def _fail(events: _Events, vehicle_id: str, failure: Failure) -> None:
    """Send a parcel to another place of its order today, to a second presentation, or back."""
    order = events.orders[failure.order_id]
    tried = failure.place_id or _planned_place(events.plan, order)
    events.settled = replace(events.settled, failed=(*events.settled.failed, failure.replace(place_id=tried)))
    if failure.reason in (FailureReason.FULL, FailureReason.CLOSED):
        _shut(events, order, tried, failure.reason)
    events.off.add(order.id)
    elsewhere = tuple(option for option in order.options if option.place_id != tried)
    if not failure.reason.comes_back:
        _send_back(events, order.id, failure.reason.value.upper(), WORDS[failure.reason])
    elif elsewhere:
        events.orders[order.id] = order.replace(options=elsewhere)
        _aboard(events, vehicle_id, order.id)
    else:
        _present_again(events, order, WORDS[failure.reason])


def _shut(events: _Events, order: Order, place_id: str, reason: FailureReason) -> None:
    """Send nothing more that day to a relay point or locker that took an order no more.

    A full locker still has the smaller boxes it is known to have: they are too small for what it did not take.
    """
    place = events.places.get(place_id) or next((each for each in events.plan.places if each.id == place_id), None)
    if place is None or place.kind is PlaceKind.HOME:
        return
    needs = [smallest_box(parcel, place) or 0 for parcel in order.parcels]
    first = max(needs) if reason is FailureReason.FULL else 0
    boxes = tuple(box.replace(free=0) if size >= first else box for size, box in enumerate(place.boxes))
    cap = place.daily_cap_parcels if place.kind is PlaceKind.LOCKER and reason is FailureReason.FULL else 0
    events.places[place_id] = place.replace(boxes=boxes, daily_cap_parcels=cap)
    events.settled = replace(events.settled, shut={**events.settled.shut, place_id: reason})


def _present_again(events: _Events, order: Order, why: str) -> None:
    day = next_day(events.plan)
    if day is None:
        _send_back(events, order.id, "NO_DELIVERY_DAY", f"{why}, and no later delivery day is planned")
        return
    reason = Reason(code="SECOND_PRESENTATION", text=f"{why}: presented again on {day:%d.%m.}")
    again = Postponed(order_id=order.id, to_day=day, reasons=(reason,), second=True)
    events.settled = replace(events.settled, again=(*events.settled.again, again))
    _ashore(events, order.id)


def next_day(plan: Plan) -> date | None:
    """Return the first delivery day after the plan's, if there is any."""
    return min((day for day in plan.delivery_days if day > plan.day), default=None)


def _send_back(events: _Events, order_id: str, code: str, why: str) -> None:
    back = Returned(order_id=order_id, code=code, text=f"{why}: it goes back to the hub")
    events.settled = replace(events.settled, returned=(*events.settled.returned, back))
    _ashore(events, order_id)


def _cancel(events: _Events, order_id: str) -> None:
    """Take an order out of the plan; what is loaded comes back with its vehicle."""
    if order_id in events.done:
        events.note(f"{order_id} is handed over already: it can't be cancelled any more")
        return
    events.off.add(order_id)
    if order_id in events.settled.order_ids:
        return
    carrier = _carrier(events, order_id)
    if carrier:
        _send_back(events, order_id, "CANCELLED", f"cancelled when it was on {carrier} already")
        return
    del events.orders[order_id]
    events.settled = replace(events.settled, cancelled=(*events.settled.cancelled, order_id))


def _change(events: _Events, order: Order) -> None:
    """Replace an order; on board it stays, but one that is being loaded goes as it is."""
    if order.id in events.done:
        events.note(f"{order.id} is handed over already: its change is not taken in")
        return
    carrier = _carrier(events, order.id)
    if carrier and not events.statuses[carrier].has_left:
        events.note(f"{order.id} is being loaded on {carrier}: its change is not taken in, try again once it has left")
        return
    events.orders[order.id] = order
    events.off.add(order.id)
    if carrier:
        _aboard(events, carrier, order.id)


def _break_down(events: _Events, vehicle_id: str) -> None:
    """Leave a vehicle where it is; what it carries is collected there or handed back to its hub."""
    status = events.statuses[vehicle_id]
    events.statuses[vehicle_id] = VehicleStatus(vehicle_id=vehicle_id, done=status.done)
    events.settled = replace(events.settled, down=(*events.settled.down, vehicle_id))
    for order_id in status.on_board:
        order = events.orders[order_id]
        if status.hand_back_at is not None or status.lat is None or status.lon is None or status.at is None:
            parcels = tuple(
                parcel.replace(state=ParcelState.AT_HUB, ready_at=status.hand_back_at) for parcel in order.parcels
            )
            events.orders[order_id] = order.replace(parcels=parcels, from_place=None)
            continue
        here = f"{vehicle_id} stands here"
        events.places[here] = Place(id=here, kind=PlaceKind.HOME, lat=status.lat, lon=status.lon, service_s=PICK_UP_S)
        parcels = tuple(parcel.replace(ready_at=status.at) for parcel in order.parcels)
        events.orders[order_id] = order.replace(parcels=parcels, from_place=PlaceOption(place_id=here))


def _carrier(events: _Events, order_id: str) -> str:
    """Return the vehicle that has an order on board or is being loaded with it; empty if none."""
    for status in events.statuses.values():
        if order_id in status.on_board:
            return status.vehicle_id
        tour = _tour_of(events.plan, status.vehicle_id)
        if tour is not None and status.loading_started and not status.has_left:
            stops = trip_stops(tour, status.trip)
            if order_id in {planned for stop in stops for planned, _, _ in planned_at(stop)}:
                return status.vehicle_id
    return ""


def _aboard(events: _Events, vehicle_id: str, order_id: str) -> None:
    status = events.statuses[vehicle_id]
    if order_id not in status.on_board and status.has_left:
        events.statuses[vehicle_id] = status.replace(on_board=(*status.on_board, order_id))


def _ashore(events: _Events, order_id: str) -> None:
    for vehicle_id, status in events.statuses.items():
        left = tuple(each for each in status.on_board if each != order_id)
        events.statuses[vehicle_id] = status.replace(on_board=left)


def _planned_place(plan: Plan, order: Order) -> str:
    for tour in plan.tours:
        for stop in tour.stops:
            if any(order_id == order.id and not collects for order_id, _, collects in planned_at(stop)):
                return stop.place_id
    return order.options[0].place_id


def _tour_of(plan: Plan, vehicle_id: str) -> Tour | None:
    return next((tour for tour in plan.tours if tour.vehicle_id == vehicle_id), None)


def _forced(plan: Plan, statuses: Iterable[VehicleStatus], down: Sequence[str]) -> set[str]:
    """Return the orders that what has happened takes off the vehicle they were planned on."""
    aboard = {order_id: status.vehicle_id for status in statuses for order_id in status.on_board}
    gone = {status.vehicle_id: status.trip for status in statuses if status.has_left}
    forced = set()
    for tour in plan.tours:
        left = {
            order_id
            for stop in trip_stops(tour, gone.get(tour.vehicle_id, 0))
            for order_id, _, collects in planned_at(stop)
            if not collects and order_id not in aboard
        }
        planned = {order_id for stop in tour.stops for order_id, _, _ in planned_at(stop)}
        elsewhere = {order_id for order_id in planned if aboard.get(order_id, tour.vehicle_id) != tour.vehicle_id}
        forced |= planned if tour.vehicle_id in down else left | elsewhere
    return forced


def _without(events: _Events) -> Plan:
    """Return the plan without the hand-overs that are void."""
    plan = events.plan
    void = events.off | events.settled.order_ids
    tours = []
    for tour in plan.tours:
        if tour.vehicle_id in events.settled.down:
            continue
        stops = tuple(
            stop.replace(handovers=tuple(each for each in stop.handovers if each.order_id not in void))
            for stop in tour.stops
        )
        tours.append(tour.replace(stops=stops))
    places = {place.id: place for place in plan.places} | events.places
    return plan.replace(tours=tuple(tours), orders=tuple(events.orders.values()), places=tuple(places.values()))
