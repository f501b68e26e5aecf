"""From tours in arrays to a published plan: exact times, merged stops, boxes, totals, reasons."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from data import codec
from data.cityfile import city_id
from data.emissions import factor_set_on
from data.model.plan import Lock, PlaceHours, Plan, Postponed, Totals, Tour, Unassigned
from routing.bound import fleet_bound
from routing.instance import Instance
from routing.postpone import hire_options, settle_unserved
from routing.publish_tour import TourWriter, assign_boxes
from routing.solver.tours import Tours, copy_tours


def publish(
    instance: Instance,
    tours: Tours,
    *,
    seed: int,
    created_at: datetime,
    locks: Sequence[Lock] = (),
    replaces: Plan | None = None,
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
    """
    writer = TourWriter(instance, copy_tours(tours), assign_boxes(instance, tours))
    written = tuple(writer.tour(row) for row in range(len(instance.vehicles)) if tours.size[row])
    postponed, unassigned = settle_unserved(instance, tours)
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
        postponed=postponed,
        unassigned=unassigned,
        done=tuple(sorted(instance.done)),
        moved=moved_orders(replaces, written) if replaces else (),
        hire_options=hire_options(instance, tours, unassigned),
        bound=fleet_bound(instance),
        emission_factors=factor_set_on(instance.request.day).id,
        totals=_totals(instance, written, postponed, unassigned),
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


def moved_orders(before: Plan, after: Sequence[Tour]) -> tuple[str, ...]:
    """Return the orders that are on a tour in both plans, but on another vehicle."""
    now = carriers(after)
    then = carriers(before.tours)
    return tuple(sorted(order_id for order_id, carrier in then.items() if now.get(order_id, carrier) != carrier))


def _totals(
    instance: Instance, tours: Sequence[Tour], postponed: Sequence[Postponed], unassigned: Sequence[Unassigned]
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
        orders=len(orders),
        served=sum(not handover.collects for handover in handovers),
        postponed=len(postponed),
        unassigned=len(unassigned),
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
