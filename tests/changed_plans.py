"""Sample plans as re-plans: what was told before, moves, failures, a vehicle down, rules that can't be kept."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations, pairwise
from random import Random

from data.model.base import Window
from data.model.change import Booked, ChangePrices, Failure, FailureReason, Fix, Overrun, Returned, Told, Transfer
from data.model.order import Order
from data.model.plan import Handover, Plan, Postponed, Reason

SECOND = timedelta(seconds=1)


def with_changes(plan: Plan, rng: Random) -> Plan:
    """Return a valid plan as one that replaces another, and after a bad morning."""
    served = [
        (tour.vehicle_id, each)
        for tour in plan.tours
        for stop in tour.stops
        for each in stop.handovers
        if not each.collects
    ]
    plan = _late(plan, rng)
    prices = ChangePrices(
        move_cents=300,
        sorted_cents=rng.choice([0, 200]),
        eta_cents_per_minute=rng.choice([0, 10]),
        loading_cents=rng.choice([0, 25]),
    )
    told = tuple(_told(vehicle, each, plan, rng) for vehicle, each in served) if plan.replaces else ()
    left = [one for one in told if one.order_id in plan.moved]
    prices = prices.replace(max_moves=rng.choice([None, sum(not one.forced for one in left)]))
    spare = next(each.order_id for each in plan.postponed)
    known = next(order for order in plan.orders if order.id == spare)
    again, back = _copy(known, "again").replace(promised_on=plan.day), _copy(known, "back")
    second = Postponed(
        order_id="again",
        to_day=plan.delivery_days[0],
        reasons=(Reason(code="SECOND_PRESENTATION", text="Nobody was there."),),
        second=True,
    )
    failed = (
        Failure(order_id="again", reason=FailureReason.ABSENT, at=plan.created_at),
        Failure(order_id="back", reason=FailureReason.REFUSED),
        Failure(order_id=served[0][1].order_id, reason=FailureReason.CLOSED, place_id="elsewhere"),
    )
    fixes = (Fix(code="MORE_VEHICLES", text="One more van takes it.", vehicle_id="rent", cost_cents=4_000),)
    hub = plan.hubs[0].id
    return plan.replace(
        orders=(*plan.orders, again, back),
        told=told,
        change_prices=prices if plan.replaces else ChangePrices(),
        failed=failed,
        returned=(Returned(order_id="back", code="REFUSED", text="It was refused."),),
        postponed=(*plan.postponed, second),
        unassigned=(plan.unassigned[0].replace(fixes=fixes), *plan.unassigned[1:]),
        cancelled=("gone",),
        down=("idle",),
        booked=(Booked(day=plan.delivery_days[0], hub_id=hub, orders=4, parcels=5),),
        transfers=(
            Transfer(from_hub_id=hub, to_hub_id=hub, leaves_at=plan.created_at, arrives_at=plan.created_at + SECOND),
        ),
        totals=plan.totals.replace(
            orders=plan.totals.orders + 2,
            postponed=plan.totals.postponed + 1,
            returned=1,
            change_cents=_cents(told, plan, prices, [each for _, each in served]),
        ),
    )


def _told(vehicle_id: str, handover: Handover, plan: Plan, rng: Random) -> Told:
    was = "idle" if handover.order_id in plan.moved else vehicle_id
    start_at = handover.start_at + rng.choice([-1, 0, 1]) * timedelta(seconds=rng.randint(0, 4000))
    return Told(
        order_id=handover.order_id,
        vehicle_id=was,
        start_at=start_at,
        sorted=rng.random() < 0.3,
        forced=rng.random() < 0.2,
        place=rng.randint(0, 9),
    )


def _cents(told: tuple[Told, ...], plan: Plan, prices: ChangePrices, served: list[Handover]) -> int:
    starts = {each.order_id: each.start_at for each in served}
    cents = 0
    for one in told:
        if one.forced:
            continue
        if one.order_id in plan.moved:
            cents += prices.move_cents + one.sorted * prices.sorted_cents
        minutes = max(timedelta(), starts[one.order_id] - one.start_at) / timedelta(minutes=1)
        cents += int(minutes * prices.eta_cents_per_minute + 0.5 + 1e-9)
    stay = {one.order_id: one for one in told if not one.forced and one.order_id not in plan.moved}
    for tour in plan.tours:
        order_ids = [each.order_id for stop in tour.stops for each in stop.handovers if not each.collects]
        places = [stay[one].place for one in order_ids if one in stay]
        cents += prices.loading_cents * (len(places) - _most_rising(places))
    return cents


def _most_rising(places: list[int]) -> int:
    """Return the length of the longest strictly rising part, by trying all."""
    parts = (part for n in range(len(places), 0, -1) for part in combinations(places, n))
    return next((len(part) for part in parts if all(a < b for a, b in pairwise(part))), 0)


def _copy(order: Order, name: str) -> Order:
    parcels = tuple(parcel.replace(id=f"{name}.{n}") for n, parcel in enumerate(order.parcels))
    return order.replace(id=name, parcels=parcels)


def _late(plan: Plan, rng: Random) -> Plan:
    """Make the day of a vehicle on the road end too early, and a customer of its wait for longer than agreed."""
    for tour in plan.tours:
        handovers = [each for stop in tour.stops for each in stop.handovers if not each.collects]
        if tour.start.at_hub or not handovers or rng.random() < 0.2:
            continue
        late, last = rng.randint(1, 900), handovers[-1]
        shift = next(vehicle.shift for vehicle in plan.vehicles if vehicle.id == tour.vehicle_id)
        shift = Window(start_at=shift.start_at, end_at=tour.return_at - 60 * SECOND)
        agreed = Window(start_at=last.start_at - 2000 * SECOND, end_at=last.start_at - late * SECOND)
        overruns = (
            Overrun(vehicle_id=tour.vehicle_id, late_s=60, text="It has that on board."),
            Overrun(vehicle_id=tour.vehicle_id, order_id=last.order_id, late_s=late, text="It has that on board."),
        )
        return plan.replace(
            overruns=overruns,
            vehicles=tuple(v.replace(shift=shift) if v.id == tour.vehicle_id else v for v in plan.vehicles),
            orders=tuple(_agreed(order, last, agreed) if order.id == last.order_id else order for order in plan.orders),
        )
    return plan


def _agreed(order: Order, handover: Handover, window: Window) -> Order:
    options = tuple(
        option.replace(windows=(window,)) if n == handover.option else option for n, option in enumerate(order.options)
    )
    return order.replace(options=options)
