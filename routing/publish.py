"""From tours in arrays to a published plan: exact times, merged stops, boxes, totals, reasons."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from data import codec
from data.cityfile import city_id
from data.emissions import factor_set_on
from data.model.change import ChangePrices, Told
from data.model.plan import Lock, PlaceHours, Plan, Postponed, Totals, Tour, Unassigned
from routing.bound import fleet_bound
from routing.instance import Instance, elapsed_s
from routing.postpone import hire_options, settle_unserved
from routing.propose import proposals
from routing.publish_tour import TourWriter, assign_boxes
from routing.replan_late import overruns
from routing.replan_loading import restowed
from routing.replan_prices import is_sorted
from routing.replan_settled import Settled, again_or_back
from routing.solver.stop import Stop
from routing.solver.tours import Tours, copy_tours


def publish(
    instance: Instance,
    tours: Tours,
    *,
    seed: int,
    created_at: datetime,
    locks: Sequence[Lock] = (),
    replaces: Plan | None = None,
    settled: Settled | None = None,
    prices: ChangePrices | None = None,
    propose: Stop | None = None,
) -> Plan:
    """Return the plan of ``tours``, self-contained and ready to be checked.

    Parameters
    ----------
    instance : Instance
        The instance the tours belong to.
    tours : Tours
        Feasible tours; left unchanged.
    seed : int
        Recorded in the plan.
    created_at : aware datetime
        When the plan was made.
    locks : sequence of Lock
        What the plan had to keep; printed so that a checker can see it was.
    replaces : Plan, optional
        The plan before: its id and the orders that changed vehicle are recorded.
    settled : Settled, optional
        What has happened and is not planned any more.
    prices : ChangePrices, optional
        What changing the plan before counts.
    propose : Stop, optional
        Add to broken promises what would keep them, the most urgent first, until this ends: many take a second or two.
    """
    settled, prices = settled or Settled(), prices or ChangePrices()
    writer = TourWriter(instance, copy_tours(tours), assign_boxes(instance, tours))
    written = tuple(writer.tour(row) for row in range(len(instance.vehicles)) if tours.size[row])
    out = settled.order_ids
    postponed, unassigned = settle_unserved(instance, tours, out)
    settled, unassigned = again_or_back(instance.request.day, instance.request.delivery_days, settled, unassigned)
    if propose is not None and unassigned:
        fixes = proposals(instance, tours, [entry.order_id for entry in unassigned], propose)
        unassigned = tuple(entry.replace(fixes=fixes.get(entry.order_id, ())) for entry in unassigned)
    told = told_before(replaces, instance, settled) if replaces else ()
    plan = Plan(
        id="draft",
        day=instance.request.day,
        time_zone=instance.request.time_zone,
        created_at=created_at,
        city=instance.city.name,
        city_id=city_id(instance.city),
        seed=seed,
        replaces=replaces.id if replaces else "",
        hubs=instance.request.hubs,
        vehicles=instance.vehicles,
        places=tuple(instance.places.values()),
        place_hours=tuple(PlaceHours(place_id=key, open=windows) for key, windows in instance.hours.items()),
        orders=instance.request.orders,
        delivery_days=instance.request.delivery_days,
        exemptions=instance.request.exemptions,
        apart=instance.request.apart,
        balance_cents_per_h2=instance.request.balance_cents_per_h2,
        compactness_cents_per_km2=instance.request.compactness_cents_per_km2,
        access=instance.access,
        locks=tuple(locks),
        tours=written,
        postponed=(*postponed, *settled.again),
        unassigned=unassigned,
        done=tuple(sorted(instance.done - out)),
        presumed=settled.presumed,
        moved=moved_orders(told, written),
        told=told,
        change_prices=prices,
        overruns=tuple(overruns(instance, written)),
        failed=settled.failed,
        returned=settled.returned,
        cancelled=settled.cancelled,
        down=instance.request.down,
        booked=instance.request.booked,
        transfers=instance.request.transfers,
        hire_options=hire_options(instance, tours, unassigned),
        bound=fleet_bound(instance),
        emission_factors=factor_set_on(instance.request.day).id,
        totals=_totals(instance, written, postponed, unassigned, settled, change_cents(told, written, prices)),
    )
    return plan.replace(id=plan_id(plan))


def plan_id(plan: Plan) -> str:
    """Return the plan's id: its day and a hash of everything but the moment it was made."""
    epoch = datetime.fromtimestamp(0, plan.created_at.tzinfo)
    digest = hashlib.sha256(codec.encode(plan.replace(id="draft", created_at=epoch))).hexdigest()
    return f"{plan.day.isoformat()}-{digest[:12]}"


def carriers(tours: Sequence[Tour]) -> dict[str, str]:
    """Return which vehicle carries each order."""
    return {handover.order_id: tour.vehicle_id for tour in tours for stop in tour.stops for handover in stop.handovers}


def told_before(before: Plan, instance: Instance, settled: Settled) -> tuple[Told, ...]:
    """Return vehicle and hour in the plan before of every order that is still there to be delivered."""
    rows = {order.id: row for row, order in enumerate(instance.orders) if order.id not in settled.order_ids}
    return tuple(
        Told(
            order_id=handover.order_id,
            vehicle_id=tour.vehicle_id,
            start_at=handover.start_at,
            sorted=is_sorted(instance, rows[handover.order_id]),
            forced=handover.order_id in settled.forced,
            place=place,
        )
        for tour in before.tours
        for place, handover in enumerate(each for stop in tour.stops for each in stop.handovers if not each.collects)
        if handover.order_id in rows
    )


def moved_orders(told: Sequence[Told], after: Sequence[Tour]) -> tuple[str, ...]:
    """Return the orders that were and are on a tour, but on another vehicle."""
    now = carriers(after)
    return tuple(sorted(one.order_id for one in told if now.get(one.order_id, one.vehicle_id) != one.vehicle_id))


def change_cents(told: Sequence[Told], after: Sequence[Tour], prices: ChangePrices) -> int:
    """Return what moves, later hours and other loading orders count; minutes are rounded to the cent per order."""
    now = {
        handover.order_id: (tour.vehicle_id, handover.start_at, number)
        for tour in after
        for number, handover in enumerate(each for stop in tour.stops for each in stop.handovers)
        if not handover.collects
    }
    cents, stays = 0, dict[str, list[tuple[int, int]]]()
    for one in told:
        if one.forced or one.order_id not in now:
            continue
        vehicle_id, start_at, number = now[one.order_id]
        later_s = max(0, elapsed_s(one.start_at.replace(microsecond=0), start_at))
        cents += (2 * later_s * prices.eta_cents_per_minute + 60) // 120
        if vehicle_id == one.vehicle_id:
            stays.setdefault(vehicle_id, []).append((number, one.place))
        else:
            cents += prices.move_cents + (prices.sorted_cents if one.sorted else 0)
    return cents + prices.loading_cents * sum(restowed([at for _, at in sorted(each)]) for each in stays.values())


def _totals(
    instance: Instance,
    tours: Sequence[Tour],
    postponed: Sequence[Postponed],
    unassigned: Sequence[Unassigned],
    settled: Settled,
    change_cents: int,
) -> Totals:
    orders = {order.id: order for order in instance.orders}
    handovers = [handover for tour in tours for stop in tour.stops for handover in stop.handovers]
    option_cents = sum(orders[each.order_id].option_at(each.option, each.collects).cost_cents for each in handovers)
    vehicle_cents = sum(tour.cost_cents for tour in tours)
    late_cents, balance_cents, compactness_cents = (
        sum(getattr(tour, name) for tour in tours) for name in ("late_cents", "balance_cents", "compactness_cents")
    )
    reloads = sum(stop.loading_list is not None for tour in tours for stop in tour.stops)
    return Totals(
        orders=len(orders.keys() | settled.order_ids),
        served=sum(not handover.collects for handover in handovers),
        postponed=len(postponed) + len(settled.again),
        unassigned=len(unassigned),
        returned=len(settled.returned),
        change_cents=change_cents,
        tours=len(tours),
        stops=sum(len(tour.stops) for tour in tours) - reloads,
        reloads=reloads,
        late=sum(each.late_s > 0 for each in handovers),
        distance_m=sum(tour.distance_m for tour in tours),
        travel_s=sum(tour.travel_s for tour in tours),
        service_s=sum(tour.service_s for tour in tours),
        waiting_s=sum(tour.waiting_s for tour in tours),
        vehicle_cents=vehicle_cents,
        option_cents=option_cents,
        late_cents=late_cents,
        balance_cents=balance_cents,
        compactness_cents=compactness_cents,
        cost_cents=vehicle_cents + option_cents + late_cents + balance_cents + compactness_cents,
        co2e_g=sum(tour.co2e_g for tour in tours),
    )
