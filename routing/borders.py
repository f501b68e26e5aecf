"""Two neighbouring hubs planned together, from their tours as they are: orders cross the border where that is cheaper.

An order that a transfer brings to the other hub before anybody leaves there may be on either's vehicles: nothing else
about it changes, so that the problem stays what it is but for who may take what.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from data import clock
from data.model.city import City
from data.model.plan import Plan, Tour
from data.model.request import PlanRequest
from data.model.traffic import Conditions
from data.model.vehicle import Role
from routing.build import build_instance, with_transfers
from routing.instance import Instance
from routing.job import Settings, checked, without_last
from routing.publish import publish
from routing.rehub import at_hub, choices, may_take_there
from routing.replan_start import begin
from routing.solver.engine import construct, improve
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from routing.solver.tours import Tours

HOT = 0.5
"""First temperature of the search: the tours are good already."""
KEPT_S = 0.0008
"""Seconds an order takes when the plan is written and checked."""


def plan_border(
    request: PlanRequest,
    tours: Sequence[Tour],
    city: City,
    stop: Stop,
    settings: Settings,
    conditions: Conditions | None = None,
) -> Plan:
    """Return a checked plan of two hubs that is no worse than ``tours``; its orders are at the hub they go through."""
    instance = build_instance(request, city, conditions)
    start = begin(instance, {tour.vehicle_id: tour for tour in tours}, None).start
    _let_over(instance, request)
    search = without_last(stop, KEPT_S * len(request.orders))
    engine = RuinRecreateEngine(settings.seed, iterations=settings.iterations, threads=settings.threads, hot=HOT)
    found = improve(instance.problem, construct(instance.problem, start), search, (engine,))
    plan = publish(_as_carried(instance, request, found), found, seed=settings.seed, created_at=clock.now())
    checked(plan)
    return plan


def _let_over(instance: Instance, request: PlanRequest) -> None:
    """Let vehicles of the other hub take what is there in time; not those of which there is news."""
    rows = {order.id: row for row, order in enumerate(instance.orders)}
    columns: dict[str, list[int]] = defaultdict(list)
    for column, vehicle in enumerate(instance.vehicles):
        if vehicle.role is not Role.HIRED and vehicle.id not in instance.statuses and vehicle.id not in request.down:
            columns[vehicle.hub_id].append(column)
    taking: dict[tuple[object, ...], list[int]] = {}
    for order, hubs in zip(request.orders, choices(request, loaded=True), strict=True):
        for hub_id in hubs[1:]:
            key = (hub_id, order.skills, order.kinds, tuple(parcel.size_mm for parcel in order.parcels))
            if key not in taking:
                taking[key] = [row for row in columns[hub_id] if may_take_there(instance.vehicles[row], order)]
            instance.problem.tables.allowed[taking[key], rows[order.id]] = 1


def _as_carried(instance: Instance, request: PlanRequest, tours: Tours) -> Instance:
    """Return the instance with every order at the hub of the vehicle that has it."""
    hub_of = {
        order.id: instance.vehicles[vehicle].hub_id if vehicle >= 0 else order.hub_id
        for order, vehicle in zip(instance.orders, tours.vehicle.tolist())
    }
    orders = tuple(at_hub(order, hub_of[order.id]) for order in request.orders)
    there = with_transfers(request.replace(orders=orders))
    return replace(instance, request=there, orders=there.orders)
