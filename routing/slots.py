"""What a plan in force can still take: each new order tried in each window, exactly as a re-plan would put it in.

An order fits where it goes into a tour without taking another off it or to another vehicle; those behind it may come
later, within their own windows. Every rule is the solver's own, which the independent checker holds plans against.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import numpy as np

from data.errors import InputError, RoutingDataError
from data.model.base import Window
from data.model.city import City
from data.model.order import Order, PlaceOption
from data.model.parcel import Dimensions, Parcel
from data.model.place import Place, PlaceKind
from data.model.plan import Plan
from data.model.request import OrderBook, PlanRequest, VehicleStatus
from data.model.slots import OrderSlots, Slot, SlotAnswer, SlotQuery
from data.model.traffic import Conditions
from data.sources.check import check_request
from routing.instance import Instance
from routing.problem import COST_PER_CENT
from routing.replan import prepare_replan
from routing.seat import PLACES, SPARE, Seat
from routing.solver.insertion import insert_each
from routing.solver.schedule import tours_cost
from routing.solver.tours import Tours, copy_tours

TEXTS = {
    "HUB_CONSTRAINT": "no vehicle of its hub works that day",
    "SKILL_CONSTRAINT": "no vehicle has the skills it needs",
    "KIND_CONSTRAINT": "no vehicle carries goods of that kind",
    "DIMENSION_CONSTRAINT": "a parcel is too large",
    "LOCKED_VEHICLE": "every vehicle that could take it is loaded, on the road or down",
    "LOCKER_CAPACITY_CONSTRAINT": "the boxes or places it needs are taken",
    "OPENING_HOURS_CONSTRAINT": "the place is closed, or may not be reached, in all of this window",
    "TIME_WINDOW_CONSTRAINT": "no tour can be there inside the window; at another hour it fits",
    "FLEET_FULL": "no tour has room and time left for it, at any hour",
}


class _Ready(NamedTuple):
    """A plan's tables with a seat for one order more; ``cost`` is that of its tours."""

    instance: Instance
    tours: Tours
    seat: Seat
    cost: int


class OpenPlan:
    """A plan in force made ready to be asked: a second to open, a few milliseconds per order.

    The first order that is collected on the way takes another second: tables with such orders search slower, so that
    they are kept apart.

    Parameters
    ----------
    statuses, freeze_before, conditions
        As of a re-plan; what a query says of them is not looked at again.
    """

    def __init__(
        self,
        plan: Plan,
        city: City,
        statuses: Sequence[VehicleStatus] = (),
        freeze_before: datetime | None = None,
        conditions: Conditions | None = None,
    ) -> None:
        self.plan, self.city = plan, city
        self._prepared = partial(_prepared, plan, city, statuses, freeze_before, conditions)
        self._ready = {False: self._prepared(False)}
        self._known = self._ready[False].instance.places
        self._places = {place.id: place for place in (*city.places, *self._known.values())}
        self._known_orders = {order.id for order in plan.orders}

    def answer(self, query: SlotQuery) -> SlotAnswer:
        """Return what is open to each order.

        Raises
        ------
        InputError, RoutingDataError
            With JSON pointers into the query: ``duplicate_id``, ``conflicting_place``, ``too_many_places``, a place far
            from any street, or what :func:`data.sources.check.check_request` finds.
        """
        brought = self._checked(query)
        found: list[OrderSlots] = []
        for group in self._rounds(query.orders, brought):
            for collects in {order.from_place is not None for order in group}:
                if collects not in self._ready:
                    self._ready[collects] = self._prepared(collects)
                new = {name: brought[name] for order in group for name in self._new_places(order, brought)}
                self._bring(self._ready[collects].seat, list(new.values()), query)
            found += [self._order(order, query, brought) for order in group]
        return SlotAnswer(plan_id=self.plan.id, time_zone=self.plan.time_zone, orders=tuple(found))

    def _checked(self, query: SlotQuery) -> dict[str, Place]:
        """Return the places that orders name, by id, sure that all is well with the query."""
        for row, order in enumerate(query.orders):
            if order.id in self._known_orders:
                raise InputError("duplicate_id", f"order `{order.id}` is already in the plan", f"#/orders/{row}/id",
                                 "ask for new orders")  # fmt: skip
        for row, place in enumerate(query.places):
            if self._places.get(place.id, place) != place and place.id in self._known:
                raise InputError("conflicting_place", f"the plan knows place `{place.id}` with other details",
                                 f"#/places/{row}", "give the new place an id of its own")  # fmt: skip
        own = {place.id for place in query.places}
        named = {option.place_id for order in query.orders for option in _every_option(order)} - own
        known = tuple(self._places[name] for name in sorted(named & self._places.keys()))
        check_request(
            PlanRequest(
                day=self.plan.day,
                time_zone=self.plan.time_zone,
                hubs=self.plan.hubs,
                vehicles=self.plan.vehicles,
                places=(*query.places, *known),
                orders=query.orders,
                transfers=self.plan.transfers,
            ),
            self.city,
        )
        return {place.id: place for place in (*known, *query.places)}

    def _new_places(self, order: Order, brought: dict[str, Place]) -> set[str]:
        named = {option.place_id for option in _every_option(order)}
        return {name for name in named if name not in self._known and name in brought}

    def _rounds(self, orders: Sequence[Order], brought: dict[str, Place]) -> Iterator[list[Order]]:
        """Yield orders in groups whose new places fit on the map together."""
        group: list[Order] = []
        names: set[str] = set()
        for row, order in enumerate(orders):
            new = self._new_places(order, brought)
            if len(new) > PLACES:
                raise InputError("too_many_places", f"order `{order.id}` names {len(new)} places that are new",
                                 f"#/orders/{row}/options", f"{PLACES} is the most")  # fmt: skip
            if len(names | new) > PLACES:
                yield group
                group, names = [], set()
            group.append(order)
            names |= new
        yield group

    def _bring(self, seat: Seat, places: Sequence[Place], query: SlotQuery) -> None:
        try:
            seat.bring(places)
        except RoutingDataError as error:
            number = error.where.removeprefix("#/")
            if not number.isdigit():
                raise
            rows = {place.id: row for row, place in enumerate(query.places)}
            place = places[int(number)]
            where = f"#/places/{rows[place.id]}" if place.id in rows else "#/orders"
            raise RoutingDataError(error.code, f"`{place.id}`: {error.message}", where, error.action) from None

    def _order(self, order: Order, query: SlotQuery, brought: dict[str, Place]) -> OrderSlots:
        ready = self._ready[order.from_place is not None]
        row, refused = ready.seat.seat(order)
        if order.from_place is not None:
            refused = refused or ready.seat.collect(row, order, order.from_place, brought[order.from_place.place_id])
        slots: list[Slot] = []
        for number, option in enumerate(order.options):
            place = brought[option.place_id]
            for window in option.windows or query.windows or (None,):
                asked = Slot(option=number, place_id=place.id, window=window, fits=False)
                slots += self._tried(ready, row, order, place, asked, refused, query.each_vehicle)
        fitting = [index for index, slot in enumerate(slots) if slot.fits]
        best = min(fitting, key=lambda index: (slots[index].cost_cents, index), default=None)
        return OrderSlots(order_id=order.id, slots=tuple(slots), best=best)

    def _tried(
        self, ready: _Ready, row: int, order: Order, place: Place, asked: Slot, refused: str, each: bool
    ) -> list[Slot]:
        """Return what becomes of one place and window: the cheapest vehicle, or every one that could."""
        option = order.options[asked.option]
        windows = (asked.window,) if asked.window else ()
        seat, rows = ready.seat, ready.seat.rows(row)
        refused = refused or seat.offer(row, order, option, place, windows)
        if refused:
            return [_no(asked, refused)]
        found: list[Slot] = []
        if each:
            allowed = seat.rules.allowed[:, rows].copy()
            for column in np.flatnonzero(allowed[:, 0]).tolist():
                seat.rules.allowed[:, rows] = 0
                seat.rules.allowed[column, rows] = allowed[column]
                slot = _inserted(ready, row, asked)
                found.append(slot or _no(asked, "FLEET_FULL").replace(vehicle_id=ready.instance.vehicles[column].id))
            seat.rules.allowed[:, rows] = allowed
        elif slot := _inserted(ready, row, asked):
            found.append(slot)
        if any(slot.fits for slot in found):
            return found
        why = _why(ready, row, order, place, option, windows)
        return [slot.replace(reason=why, text=TEXTS[why]) for slot in found] or [_no(asked, why)]


def _inserted(ready: _Ready, row: int, asked: Slot) -> Slot | None:
    """Return the slot as it would be served, with the seated order where it is cheapest."""
    rules, trial = ready.seat.rules, copy_tours(ready.tours)
    if not insert_each(rules, trial, np.array([row], dtype=np.int64)):
        return None
    on_tour = ready.tours.vehicle >= 0
    later_s = (trial.start_s[: trial.orders] - ready.tours.start_s[: trial.orders])[on_tour]
    return asked.replace(
        fits=True,
        vehicle_id=ready.instance.vehicles[int(trial.vehicle[row])].id,
        eta_at=ready.instance.at(int(trial.start_s[row])),
        cost_cents=-(-(int(tours_cost(rules, trial)) - ready.cost) // COST_PER_CENT),
        delayed=int((later_s > 0).sum()),
        delay_s=max(0, int(later_s.max(initial=0))),
    )


def _why(ready: _Ready, row: int, order: Order, place: Place, option: PlaceOption, windows: Sequence[Window]) -> str:
    """Return the rule without which it would fit: free boxes, then the window; else the fleet is full."""
    rules = ready.seat.rules
    at = int(rules.orders["first"][row])
    rules.options["last"][at] = rules.options["first"][at]
    if _inserted(ready, row, Slot(option=0, place_id=place.id, fits=False)):
        return "LOCKER_CAPACITY_CONSTRAINT"
    if windows and not ready.seat.offer(row, order, option, place, ()):
        if _inserted(ready, row, Slot(option=0, place_id=place.id, fits=False)):
            return "TIME_WINDOW_CONSTRAINT"
    return "FLEET_FULL"


def _no(asked: Slot, why: str) -> Slot:
    return asked.replace(reason=why, text=TEXTS[why])


def _every_option(order: Order) -> tuple[PlaceOption, ...]:
    """Return every place that an order may be handed over at, and the one where it is collected."""
    return order.options if order.from_place is None else (*order.options, order.from_place)


def _prepared(
    plan: Plan,
    city: City,
    statuses: Sequence[VehicleStatus],
    freeze_before: datetime | None,
    conditions: Conditions | None,
    collects: bool,
) -> _Ready:
    """Return a plan's tables with a seat for an order from its hub or, with ``collects``, one from elsewhere."""
    begun = prepare_replan(plan, _spare_book(plan, collects), city, statuses, freeze_before, conditions)
    seat = Seat(begun.instance)
    return _Ready(begun.instance, begun.start, seat, int(tours_cost(seat.rules, begun.start)))


def _spare_book(plan: Plan, collects: bool) -> OrderBook:
    """Return the orders that stand for none, one per hub, all at one place."""
    nothing = Dimensions(length_mm=1, width_mm=1, height_mm=1)
    hub = plan.hubs[0]
    by = max(vehicle.shift.end_at for vehicle in plan.vehicles) + timedelta(days=1)
    return OrderBook(
        places=(Place(id=SPARE, kind=PlaceKind.HOME, lat=hub.lat, lon=hub.lon),),
        orders=tuple(
            Order(
                id=f"{SPARE} {number}",
                hub_id=each.id,
                parcels=(Parcel(id=f"{SPARE} {number}", load_g=0, volume_dm3=0, size_mm=nothing),),
                options=(PlaceOption(place_id=SPARE),),
                from_place=PlaceOption(place_id=SPARE) if collects else None,
                promised_on=plan.day,
                promised_by=by,
                late_cents_per_hour=1,
            )
            for number, each in enumerate(plan.hubs)
        ),
    )
