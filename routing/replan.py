"""The re-plan: the plan in force, what has happened, and new orders -> a start that keeps what must not change.

status -> events -> freeze -> insert the burst -> improve -> diff. What is on board stays on its vehicle; a trip freezes
at its first loading scan, while later ones of the same vehicle are still open; stops announced before ``freeze_before``
keep their vehicle, order and times; every other planned order keeps its vehicle, or may change it at a price.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from data.cityfile import city_id
from data.errors import InputError
from data.model.change import ChangePrices
from data.model.city import City
from data.model.place import Place, PlaceKind
from data.model.plan import Lock, Plan, Tour
from data.model.request import OrderBook, PlanRequest, VehicleStatus
from data.model.traffic import Conditions
from data.model.vehicle import Vehicle
from data.sources.check import check_request
from routing.build import build_instance
from routing.instance import Instance
from routing.problem import FIRST_TRIP
from routing.replan_events import carry_back, take_in
from routing.replan_prices import Planned, priced
from routing.replan_settled import Settled
from routing.replan_silent import as_planned, heard, last_seen, presumed_by, silence_notes
from routing.replan_start import begin, hold
from routing.replan_visits import frozen_head, planned_at, trip_stops, visits_ahead
from routing.solver.tours import Tours


@dataclass(frozen=True)
class Replan:
    """A re-plan ready to solve.

    Attributes
    ----------
    start : Tours
        The tours in force, what is done left out, what must stay sealed.
    settled : Settled
        What has happened and is no longer to be planned.
    prices : ChangePrices
        What changing the plan counts; of no account where planned orders keep their vehicle.
    """

    instance: Instance
    start: Tours
    locks: tuple[Lock, ...]
    settled: Settled
    prices: ChangePrices


def prepare_replan(
    plan: Plan,
    burst: OrderBook,
    city: City,
    statuses: Sequence[VehicleStatus] = (),
    freeze_before: datetime | None = None,
    conditions: Conditions | None = None,
    prices: ChangePrices | None = None,
) -> Replan:
    """Return the start of a re-plan.

    Parameters
    ----------
    plan : Plan
        The plan in force.
    burst : OrderBook
        New orders, with the home places they bring; changed and cancelled ones.
    city : City
        The city the plan was made on.
    statuses : sequence of VehicleStatus
        What has happened; a vehicle without one is where the plan says, see :mod:`routing.replan_silent`.
    freeze_before : aware datetime, optional
        Stops planned to start before this instant keep vehicle, order and times.
    conditions : Conditions, optional
        How fast traffic is now, see :func:`routing.build.build_instance`.
    prices : ChangePrices, optional
        What an order that changes vehicle, or is handed over later than told, counts. Without, none changes vehicle.

    Raises
    ------
    InputError
        ``duplicate_id`` (an order of the burst is in the plan, or brings another place by the name of a known one),
        ``unknown_vehicle``, ``unknown_order``, ``wrong_city``, what :func:`data.sources.check.check_request` finds, or
        a vehicle on the road without a status (``status_missing``).
    """
    if city.name != plan.city or plan.city_id not in ("", city_id(city)):
        raise InputError("wrong_city", f"the plan was made on another {plan.city!r} than this {city.name!r}",
                         "--city", "give the city file the plan was made with")  # fmt: skip
    in_force, aboard = heard(plan, statuses)
    now_at = last_seen(statuses)
    silent = [] if now_at is None else as_planned(in_force, statuses, now_at)
    taken = {status.vehicle_id for status in silent}
    heard_of = (*(status for status in statuses if status.vehicle_id not in taken), *silent)
    told = (*heard_of, *_still_loading(in_force, heard_of))
    resolved = tuple(_resolve(in_force, status, aboard.get(status.vehicle_id, ())) for status in told)
    known, resolved, settled = take_in(in_force, burst, resolved)
    settled = replace(
        settled,
        presumed=(*in_force.presumed, *presumed_by(silent)),
        notes=(*settled.notes, *silence_notes(silent, aboard, now_at)),
    )
    request = _merged_request(known, burst, resolved, settled)
    check_request(request, city)
    tours = {tour.vehicle_id: tour for tour in known.tours}
    instance = _at_present(build_instance(request, city, conditions), tours, now_at)
    _let_own_orders_in(instance, tours)
    planned = () if prices is None else _may_move(instance, tours, freeze_before)
    if prices is not None and prices != ChangePrices():
        instance = priced(instance, planned, _hours_told(instance, tours), prices)
    begun = begin(instance, tours, freeze_before)
    stays = prices is not None and prices.max_moves == 0
    hold(begun.instance, begun.start, set() if stays else {each.row for each in planned})
    settled = carry_back(known, settled, begun.undeliverable)
    return Replan(begun.instance, begun.start, begun.locks, settled, prices or ChangePrices())


def _still_loading(plan: Plan, statuses: Sequence[VehicleStatus]) -> list[VehicleStatus]:
    """Return the vehicles that were being loaded when the plan was made and of which nothing newer is known."""
    known = {status.vehicle_id for status in statuses}
    away = [tour.vehicle_id for tour in plan.tours if not tour.start.at_hub and tour.vehicle_id not in known]
    if away:
        raise InputError("status_missing", f"{away[0]} was on the road in the plan, and no status says where it is now",
                         "status", "give the statuses of all vehicles that have left")  # fmt: skip
    closed = {lock.vehicle_id for lock in plan.locks if lock.closed_to_others} - known
    trips = {tour.vehicle_id: tour.start.trip for tour in plan.tours}
    return [VehicleStatus(vehicle_id=v, loading_started=True, trip=trips.get(v, 1)) for v in sorted(closed)]


def _resolve(plan: Plan, status: VehicleStatus, aboard: tuple[str, ...] = ()) -> VehicleStatus:
    """Fill in what a vehicle on the road still carries: everything planned on the trip it is on that is not done.

    What the plan lets it collect later than it was seen is not on board yet. ``aboard`` is there besides.
    """
    tour = next((tour for tour in plan.tours if tour.vehicle_id == status.vehicle_id), None)
    if status.vehicle_id not in {vehicle.id for vehicle in plan.vehicles}:
        raise InputError("unknown_vehicle", f"status of unknown vehicle {status.vehicle_id!r}", "status#/vehicle_id")
    known = {order.id for order in plan.orders}
    for order_id in (*status.done, *status.on_board):
        if order_id not in known:
            raise InputError("unknown_order", f"status of {status.vehicle_id} names unknown order {order_id!r}",
                             "status#/done")  # fmt: skip
    if not status.has_left or status.on_board:
        return status
    stops = trip_stops(tour, status.trip) if tour is not None else ()
    waiting = {order_id for stop in stops if status.at is None or stop.end_at > status.at
               for order_id, _, collects in planned_at(stop) if collects}  # fmt: skip
    planned = [order_id for stop in stops for order_id, _, collects in planned_at(stop) if not collects]
    gone = {*status.done, *waiting}
    return status.replace(on_board=(*aboard, *(order_id for order_id in planned if order_id not in gone)))


def _merged_request(plan: Plan, burst: OrderBook, statuses: tuple[VehicleStatus, ...], settled: Settled) -> PlanRequest:
    known = {order.id for order in plan.orders}
    twice = next((row for row, order in enumerate(burst.orders) if order.id in known), None)
    if twice is not None:
        raise InputError("duplicate_id", f"order {burst.orders[twice].id!r} is already in the plan",
                         f"burst#/orders/{twice}/id", "send only new orders")  # fmt: skip
    places = {place.id: place for place in plan.places}
    for row, place in enumerate(burst.places):
        if places.setdefault(place.id, place) != place:
            raise InputError("duplicate_id", f"place {place.id!r} is another one in the plan",
                             f"burst#/places/{row}/id", "give the new place its own id")  # fmt: skip
    done = {order_id for status in statuses for order_id in status.done}
    return PlanRequest(
        day=plan.day,
        time_zone=plan.time_zone,
        hubs=plan.hubs,
        vehicles=tuple(_rested(vehicle, statuses) for vehicle in plan.vehicles),
        places=tuple(
            _filled(place, plan, done) if place.kind is not PlaceKind.HOME else place for place in places.values()
        ),
        orders=(*plan.orders, *burst.orders),
        exemptions=plan.exemptions,
        statuses=statuses,
        done=(*plan.done, *sorted(settled.order_ids)),
        delivery_days=plan.delivery_days,
        apart=plan.apart,
        balance_cents_per_h2=plan.balance_cents_per_h2,
        compactness_cents_per_km2=plan.compactness_cents_per_km2,
        booked=plan.booked,
        transfers=plan.transfers,
        down=settled.down,
    )


def _filled(place: Place, plan: Plan, done: set[str]) -> Place:
    """Return the place with what was handed over there since the plan was made: those boxes and places are taken."""
    given = [
        handover
        for tour in plan.tours
        for stop in tour.stops
        for handover in stop.handovers
        if stop.place_id == place.id and handover.order_id in done and not handover.collects
    ]
    boxes = Counter(use.box for handover in given for use in handover.boxes)
    parcels = {order.id: len(order.parcels) for order in plan.orders}
    cap = place.daily_cap_parcels
    received = sum(parcels[handover.order_id] for handover in given)
    return place.replace(
        boxes=tuple(box.replace(free=max(0, box.free - boxes[size])) for size, box in enumerate(place.boxes)),
        daily_cap_parcels=None if cap is None else max(0, cap - received),
    )


def _rested(vehicle: Vehicle, statuses: tuple[VehicleStatus, ...]) -> Vehicle:
    """Return the vehicle without the breaks its driver has taken."""
    taken = {break_id for status in statuses if status.vehicle_id == vehicle.id for break_id in status.breaks_done}
    return vehicle.replace(breaks=tuple(pause for pause in vehicle.breaks if pause.id not in taken))


def _let_own_orders_in(instance: Instance, tours: dict[str, Tour]) -> None:
    """Let a vehicle that is being loaded keep the orders of that trip, and nobody else have them."""
    allowed = instance.problem.tables.allowed
    aboard = {order_id for status in instance.statuses.values() for order_id in status.on_board}
    rows = {order.id: row for row, order in enumerate(instance.orders) if order.id not in aboard}
    extras, partner = instance.problem.tables.extras, instance.problem.tables.partner
    for column, vehicle in enumerate(instance.vehicles):
        status = instance.statuses.get(vehicle.id)
        if status is None or not status.loading_started or status.has_left or vehicle.id not in tours:
            continue
        again = extras is not None and extras.reload_ptr[column] < extras.reload_ptr[column + 1]
        for stop in trip_stops(tours[vehicle.id], status.trip):
            for handover in stop.handovers:
                if handover.order_id in rows:
                    row = rows[handover.order_id]
                    both = [row, int(partner[row])] if partner[row] >= 0 else [row]
                    allowed[:, both] = 0
                    allowed[column, both] = FIRST_TRIP if again else 1


def _at_present(instance: Instance, tours: dict[str, Tour], now_at: datetime | None) -> Instance:
    """Return the instance at the present: what is still at its hub, parcel or vehicle, leaves it later.

    The next trips of a vehicle on the road go by when it was seen itself. A vehicle whose break's last moment is past
    keeps its hours, so that it may still take it: its parcels' hold it back.
    """
    if now_at is None:
        return instance
    tables, present_s = instance.problem.tables, instance.day_s(now_at)
    gone = [status for status in instance.statuses.values() if status.has_left]
    theirs = {order_id for status in gone for order_id in status.on_board}
    told = [stop for status in gone if status.vehicle_id in tours for stop in tours[status.vehicle_id].stops]
    theirs |= {order_id for stop in told for order_id, _, _ in planned_at(stop)}
    for row, order in enumerate(instance.orders):
        if order.from_place is None and order.id not in theirs:
            tables.release_s[row] = max(int(tables.release_s[row]), present_s)
    on_road = {status.vehicle_id for status in gone}
    for column, vehicle in enumerate(instance.vehicles):
        breaks = slice(int(tables.brk_ptr[column]), int(tables.brk_ptr[column + 1]))
        if vehicle.id not in on_road and (tables.brk_close[breaks] >= present_s).all():
            tables.veh_open_s[column] = max(int(tables.veh_open_s[column]), present_s)
    return replace(instance, present_s=present_s)


def _hours_told(instance: Instance, tours: dict[str, Tour]) -> dict[int, int]:
    """Return the second each order on a tour was told, by its row."""
    rows = {order.id: row for row, order in enumerate(instance.orders)}
    stops = (stop for tour in tours.values() for stop in tour.stops)
    given = (each for stop in stops for each in stop.handovers if not each.collects and each.order_id in rows)
    return {rows[each.order_id]: instance.day_s(each.start_at) for each in given}


def _may_move(instance: Instance, tours: dict[str, Tour], freeze_before: datetime | None) -> tuple[Planned, ...]:
    """Return the planned orders that are neither on board nor frozen."""
    allowed = instance.problem.tables.allowed
    rows = {order.id: row for row, order in enumerate(instance.orders)}
    free = []
    for column, vehicle in enumerate(instance.vehicles):
        tour, status = tours.get(vehicle.id), instance.statuses.get(vehicle.id)
        if tour is None:
            continue
        ahead = visits_ahead(instance, tour, {order_id for order_id, row in rows.items() if allowed[column, row]})
        fixed = {visit.order_id for visit in frozen_head(ahead, status, freeze_before)}
        fixed |= set(status.on_board) if status is not None else set()
        free += [
            Planned(rows[visit.order_id], column)
            for visit in ahead
            if visit.order_id and not visit.collects and visit.order_id not in fixed
        ]
    return tuple(free)
