"""A large day in parts: each hub a day of its own, planned apart from the others, and one plan joined of theirs.

No vehicle takes what another hub has, so that the parts are independent but for the places they share: the boxes and
relay places of those are divided beforehand. Each part has its own travel times: what is quadratic stays small. What
goes in and comes out is what any planner takes, so a part may be planned anywhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from data.model.city import City
from data.model.order import Order
from data.model.place import Place
from data.model.plan import Bound, Plan, Totals
from data.model.request import PlanRequest
from data.model.vehicle import Role, Vehicle
from routing.access import access_classes
from routing.publish import plan_id
from routing.shares import shared_places


def split(request: PlanRequest, city: City) -> tuple[PlanRequest, ...]:
    """Return a request per hub that has orders and vehicles, the one with most orders first; one hub stays as it is.

    Every part knows all hubs: what a plan counts from the first of them is counted alike in all. Vehicles and orders
    that are alone at their hub go with the largest part.
    """
    counts = Counter(order.hub_id for order in request.orders)
    manned = {vehicle.hub_id for vehicle in request.vehicles}
    hubs = sorted((hub.id for hub in request.hubs if hub.id in counts and hub.id in manned), key=lambda id: -counts[id])
    if len(hubs) < 2:
        return (request,)
    part_of = {hub.id: hub.id if hub.id in hubs else hubs[0] for hub in request.hubs}
    orders: dict[str, list[Order]] = defaultdict(list)
    vehicles: dict[str, list[Vehicle]] = defaultdict(list)
    for order in request.orders:
        orders[part_of[order.hub_id]].append(order)
    for vehicle in request.vehicles:
        vehicles[part_of[vehicle.hub_id]].append(vehicle)
    known = {place.id: place for place in (*city.places, *request.places)}
    brought = {place.id for place in request.places}
    shares = shared_places(request, orders, known)
    return tuple(
        _of_vehicles(request, vehicles[hub_id]).replace(
            orders=tuple(orders[hub_id]),
            places=tuple(
                shares[place_id][hub_id] if place_id in shares else known[place_id]
                for place_id in dict.fromkeys(_names(orders[hub_id]))
                if place_id in brought or place_id in shares
            ),
            done=tuple(sorted({*request.done} & {order.id for order in orders[hub_id]})),
            booked=tuple(each for each in request.booked if part_of[each.hub_id] == hub_id),
        )
        for hub_id in hubs
    )


def _of_vehicles(request: PlanRequest, vehicles: Sequence[Vehicle]) -> PlanRequest:
    """Return the request with these vehicles alone and what is said of them."""
    ids = {vehicle.id for vehicle in vehicles}
    return request.replace(
        vehicles=tuple(vehicles),
        statuses=tuple(status for status in request.statuses if status.vehicle_id in ids),
        exemptions=tuple(each for each in request.exemptions if each.vehicle_id in ids),
        down=tuple(vehicle_id for vehicle_id in request.down if vehicle_id in ids),
    )


def together(one: PlanRequest, other: PlanRequest) -> PlanRequest:
    """Return two parts of a day as one; of a place that both name, each has had a share."""
    places = {place.id: place for place in one.places}
    for place in other.places:
        places[place.id] = _with_more(places[place.id], place) if place.id in places else place
    return one.replace(
        vehicles=(*one.vehicles, *other.vehicles),
        orders=(*one.orders, *other.orders),
        places=tuple(places.values()),
        statuses=(*one.statuses, *other.statuses),
        done=(*one.done, *other.done),
        exemptions=(*one.exemptions, *other.exemptions),
        booked=(*one.booked, *other.booked),
        down=(*one.down, *other.down),
    )


def _with_more(place: Place, more: Place) -> Place:
    cap, other = place.daily_cap_parcels, more.daily_cap_parcels
    return place.replace(
        boxes=tuple(a.replace(free=a.free + b.free) for a, b in zip(place.boxes, more.boxes, strict=True)),
        daily_cap_parcels=None if cap is None or other is None else cap + other,
    )


def _names(orders: Iterable[Order]) -> Iterable[str]:
    """Yield the places that orders name."""
    for order in orders:
        yield from (option.place_id for option in order.options)
        if order.from_place is not None:
            yield order.from_place.place_id


def join(request: PlanRequest, city: City, plans: Sequence[Plan], seed: int, created_at: datetime) -> Plan:
    """Return the plan of ``request`` that the plans of its parts make together.

    Parameters
    ----------
    request : PlanRequest
        The one that was split.
    plans : sequence of Plan
        One of each part.
    """
    if len(plans) == 1:
        return plans[0]
    rank = {vehicle.id: row for row, vehicle in enumerate(request.vehicles)}
    vehicles = sorted(
        (vehicle for plan in plans for vehicle in plan.vehicles),
        key=lambda vehicle: (vehicle.role is Role.HIRED, rank[vehicle.id]),
    )
    known = {place.id: place for place in (*city.places, *request.places)}
    orders = {order.id: order for plan in plans for order in plan.orders}
    hires = sorted((hire for plan in plans for hire in plan.hire_options), key=lambda hire: hire.cents_per_order)
    whole = plans[0].replace(
        id="draft",
        created_at=created_at,
        seed=seed,
        vehicles=tuple(vehicles),
        places=tuple(known[place_id] for place_id in dict.fromkeys(p.id for plan in plans for p in plan.places)),
        place_hours=tuple({hours.place_id: hours for plan in plans for hours in plan.place_hours}.values()),
        orders=tuple(orders[order.id] for order in request.orders),
        exemptions=request.exemptions,
        access=access_classes(city.zones, vehicles, request.exemptions, request.day, request.time_zone),
        locks=tuple(lock for plan in plans for lock in plan.locks),
        tours=tuple(sorted((tour for plan in plans for tour in plan.tours), key=lambda tour: rank[tour.vehicle_id])),
        postponed=tuple(each for plan in plans for each in plan.postponed),
        unassigned=tuple(each for plan in plans for each in plan.unassigned),
        done=tuple(sorted(order_id for plan in plans for order_id in plan.done)),
        down=request.down,
        booked=request.booked,
        hire_options=tuple(hires),
        bound=_bound([plan.bound for plan in plans], len(orders)),
        totals=_totals([plan.totals for plan in plans]),
    )
    return whole.replace(id=plan_id(whole))


def _bound(bounds: Sequence[Bound], orders: int) -> Bound:
    """Return the sums, but for boxes: each part knows its share of them alone, and may say too little of all."""
    names = ("by_parcels", "by_load_g", "by_volume_dm3", "by_time")
    sums = {name: sum(getattr(bound, name) for bound in bounds) for name in names} | {"by_boxes": orders}
    texts = "; ".join(dict.fromkeys(bound.explanation for bound in bounds))
    return Bound(orders=min(sums.values()), explanation=f"hub by hub: {texts}", **sums)


def _totals(parts: Sequence[Totals]) -> Totals:
    """Return the sums of each figure."""
    names = Totals.__struct_fields__
    return Totals(**{name: sum(getattr(totals, name) for totals in parts) for name in names})
