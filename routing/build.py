"""From a request and a city to an :class:`Instance`: the one place where names become indices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

import h3
import numpy as np

from data.errors import InputError, RoutingDataError
from data.hours import open_windows, zone_named
from data.model.city import City
from data.model.order import Order
from data.model.place import Place
from data.model.plan import AccessClass
from data.model.request import PlanRequest, VehicleStatus
from data.model.traffic import Conditions
from data.model.vehicle import Role, Vehicle
from data.zoning import place_membership
from routing.access import access_classes, zone_in_force
from routing.build_fleet import FleetTables, fleet_tables
from routing.build_orders import OptionTables, option_tables, order_penalty_cents, order_release_s
from routing.build_trips import fleet_reloads, plan_extras, with_reloads
from routing.conditions import city_curves
from routing.instance import ON_ROAD, Instance
from routing.problem import COST_PER_CENT, FAR_FUTURE_S, INF_TRAVEL_S, U8, Extras, Problem, Tables
from routing.slices import stretches
from routing.travel import TravelTimes, travel_times

HORIZON = timedelta(hours=30)
CELL = 12
"""H3 resolution (about 20 m) by whose cells places are numbered."""


@dataclass(frozen=True)
class Locations:
    """The points of the travel-time table, each once: hubs, places, vehicles on the road.

    Neighbours have numbers close by: rows that a search looks at together lie together in memory.
    """

    index: dict[str, int]
    lat: np.ndarray
    lon: np.ndarray


def build_instance(request: PlanRequest, city: City, conditions: Conditions | None = None) -> Instance:
    """Return the instance of ``request`` on ``city``.

    Parameters
    ----------
    conditions : Conditions, optional
        How fast traffic is; without, the city's own speeds by the hour if it has any, else free flow.

    Raises
    ------
    InputError
        An option or a status names what does not exist, or a vehicle may not leave its hub (``hub_closed_by_zone``).
    RoutingDataError
        A point is too far from any street its vehicles may use.
    """
    request = with_transfers(request)
    epoch_at = datetime.combine(request.day, time(), tzinfo=zone_named(request.time_zone))
    done = frozenset(request.done).union(*(status.done for status in request.statuses))
    orders = tuple(order for order in request.orders if order.id not in done)
    rested = [vehicle.rested() for vehicle in request.vehicles]
    vehicles = tuple(sorted(rested, key=lambda vehicle: vehicle.role is Role.HIRED))
    places = _used_places(request, city)
    statuses = {status.vehicle_id: status for status in request.statuses}
    access = access_classes(city.zones, vehicles, request.exemptions, request.day, request.time_zone)
    where = _locations(request, places)
    travel = _travel(city, where, access, request, conditions or Conditions(curves=city_curves(city)))
    hours = {
        place.id: open_windows(place.opening_hours, epoch_at, epoch_at + HORIZON)
        for place in places.values()
        if place.opening_hours is not None
    }
    zone = zone_in_force(place_membership(where.lat, where.lon, city.zones), city.zones, request.day)
    collected = _collected(orders, statuses)
    reloads = fleet_reloads(vehicles, request.hubs, statuses, len(orders))
    fleet = fleet_tables(vehicles, orders, access, statuses, where.index, epoch_at, reloads, request.down)
    options = option_tables(orders, places, hours, where.index, access, city.zones, zone, epoch_at, collected)
    options = with_reloads(options, reloads, vehicles, where.index, access, city.zones, zone, epoch_at)
    extras = plan_extras(request, orders, len(orders) + len(collected), reloads, (where.lat, where.lon), epoch_at)
    tables = _tables(request, orders, collected, len(reloads.vehicles), fleet, options, travel, zone, extras, epoch_at)
    given = {vehicle.id: row for row, vehicle in enumerate(request.vehicles)}
    _check_hubs(vehicles, statuses, fleet, tables, access, given)
    problem = Problem(
        tables=tables,
        epoch_at=epoch_at,
        order_ids=(
            *(order.id for order in orders),
            *(orders[row].id for row in collected),
            *(f"{vehicles[row].id} loaded again" for row in reloads.vehicles),
        ),
        vehicle_ids=tuple(vehicle.id for vehicle in vehicles),
        location_names=tuple(where.index),
    )
    return Instance(
        request=request,
        city=city,
        access=access,
        travel=travel,
        problem=problem,
        orders=orders,
        vehicles=vehicles,
        places=places,
        hours=hours,
        location_zone=tuple(int(value) for value in zone),
        option_place=options.place_ids,
        option_index=options.indices,
        statuses=statuses,
        done=done,
    )


def with_transfers(request: PlanRequest) -> PlanRequest:
    """Return the request in which parcels at another hub are at their order's, as soon as a transfer brings them."""
    if not request.transfers:
        return request
    orders = []
    for order in request.orders:
        parcels = []
        for parcel in order.parcels:
            brings = [each.arrives_at for each in request.transfers if each.takes(parcel, order.hub_id)]
            parcels.append(parcel.replace(hub_id=order.hub_id, ready_at=min(brings)) if brings else parcel)
        orders.append(order.replace(parcels=tuple(parcels)))
    return request.replace(orders=tuple(orders))


def _used_places(request: PlanRequest, city: City) -> dict[str, Place]:
    """Return every place an order names; those of orders already handed over are published too."""
    known = {place.id: place for place in (*city.places, *request.places)}
    used: dict[str, Place] = {}
    for row, order in enumerate(request.orders):
        for column, option in enumerate(order.options):
            if option.place_id not in known:
                where = f"#/orders/{row}/options/{column}/place_id"
                raise InputError("unknown_place", f"order {order.id} names place {option.place_id!r}", where,
                                 "add it to `places` or build the city with its relay points")  # fmt: skip
            used[option.place_id] = known[option.place_id]
        if (place := order.from_place) is not None:
            if place.place_id not in known:
                where = f"#/orders/{row}/from_place/place_id"
                raise InputError("unknown_place", f"order {order.id} names place {place.place_id!r}", where,
                                 "add it to `places` or build the city with its relay points")  # fmt: skip
            used[place.place_id] = known[place.place_id]
    return used


def _collected(orders: tuple[Order, ...], statuses: dict[str, VehicleStatus]) -> list[int]:
    """Return the rows of the orders that are yet to be collected on the way."""
    on_board = {order_id for status in statuses.values() for order_id in status.on_board}
    return [row for row, order in enumerate(orders) if order.from_place is not None and order.id not in on_board]


def _locations(request: PlanRequest, places: dict[str, Place]) -> Locations:
    points = {hub.id: (hub.lat, hub.lon) for hub in request.hubs}
    if both := sorted(points.keys() & places.keys()):
        raise InputError("duplicate_id", f"{both[0]!r} names a hub and a place", "#/hubs", "give each its own id")
    points |= {place.id: (place.lat, place.lon) for place in places.values()}
    for status in request.statuses:
        if status.lat is not None and status.lon is not None:
            points[ON_ROAD + status.vehicle_id] = (status.lat, status.lon)
    names = sorted(points, key=lambda name: h3.latlng_to_cell(*points[name], CELL))
    lat, lon = np.array([points[name] for name in names], dtype=np.float64).reshape(-1, 2).T
    return Locations({name: index for index, name in enumerate(names)}, lat.copy(), lon.copy())


def _travel(
    city: City, where: Locations, access: tuple[AccessClass, ...], request: PlanRequest, conditions: Conditions
) -> TravelTimes:
    """Return the tables between all locations; a point no street serves is named, not numbered."""
    shifts = [vehicle.shift for vehicle in request.vehicles]
    if shifts:  # by the hour, speeds matter while somebody drives
        work = min(shift.start_at for shift in shifts), max(shift.end_at for shift in shifts)
        conditions = replace(conditions, work=work)
    try:
        return travel_times(city, where.lat, where.lon, access, request.day, request.time_zone, conditions)
    except RoutingDataError as error:
        row = error.where.removeprefix("#/")
        if not row.isdigit():
            raise
        name = list(where.index)[int(row)]
        pointers = {p.id: f"#/{key}/{n}" for key in ("hubs", "places") for n, p in enumerate(getattr(request, key))}
        raise RoutingDataError(error.code, f"{name}: {error.message}", pointers.get(name, ""), error.action) from None


def _tables(
    request: PlanRequest,
    orders: tuple[Order, ...],
    collected: list[int],
    again: int,
    fleet: FleetTables,
    options: OptionTables,
    travel: TravelTimes,
    zone: np.ndarray,
    extras: Extras | None,
    epoch_at: datetime,
) -> Tables:
    on_board = {order_id for status in request.statuses for order_id in status.on_board}
    loading_s = {hub.id: hub.loading_s for hub in request.hubs}
    closed = np.array([[z in profile.closed for z in zone.tolist()] for profile in travel.profiles], dtype=np.uint8)
    release = [
        0 if order.id in on_board else order_release_s(order, loading_s[order.hub_id], epoch_at) for order in orders
    ]
    penalty = [order_penalty_cents(order, request) * COST_PER_CENT for order in orders]
    load = np.array([(len(o.parcels), o.load_g, o.volume_dm3) for o in orders], dtype=np.int64).reshape(-1, 3)
    load = np.concatenate([load, load[collected], np.zeros((again, 3), dtype=np.int64)])
    pickup = np.zeros_like(load)
    partner = np.full(len(load), -1, dtype=np.int64)
    halves = np.arange(len(orders), len(load) - again)
    partner[collected], partner[halves] = halves, collected
    pickup[collected], pickup[halves] = -load[collected], load[halves]
    load[partner >= 0] = 0
    others = [0] * (len(collected) + again)
    kinds, apart = _kinds(request, (*orders, *(orders[row] for row in collected)))
    return Tables(
        duration_s=travel.duration_s,
        distance_m=travel.distance_m,
        slice_ptr=travel.slice_ptr.astype(np.int64),
        slice_end_s=travel.slice_end_s.astype(np.int64),
        slice_profile=travel.slice_profile.astype(np.int64),
        slice_safe=travel.safe_profile.astype(np.int64),
        slice_stretch=stretches(travel.profiles, travel.slice_ptr, travel.slice_profile),
        closed_loc=closed.reshape(len(travel.profiles), len(zone)),
        opt_ptr=options.ptr,
        opt_order=options.order,
        opt_loc=options.location,
        opt_service_s=options.service_s,
        opt_setup_s=options.setup_s,
        opt_cost=options.cost,
        win_first=options.win_first,
        win_last=options.win_last,
        win_open=options.win_open,
        win_close=options.win_close,
        win_arrive=options.win_arrive,
        res_ptr=options.res_ptr,
        res_row=options.res_row,
        res_amount=options.res_amount,
        res_cap=options.res_cap,
        load=load,
        pickup=pickup,
        penalty=np.array([*penalty, *others], dtype=np.int64),
        release_s=np.array([*release, *others], dtype=np.int64),
        partner=partner,
        kinds=np.pad(kinds, ((0, again), (0, 0))),
        apart=apart,
        veh_class=fleet.access,
        veh_start=fleet.start,
        veh_end=fleet.end,
        veh_open_s=fleet.open_s,
        veh_close_s=fleet.close_s,
        veh_cap=fleet.capacity,
        veh_cost=fleet.cost,
        brk_ptr=fleet.brk_ptr,
        brk_open=fleet.brk_open,
        brk_close=fleet.brk_close,
        brk_duration=fleet.brk_duration,
        brk_due=fleet.brk_due,
        allowed=np.pad(np.concatenate([fleet.allowed, fleet.allowed[:, collected]], axis=1), ((0, 0), (0, again))),
        extras=extras,
    )


def _kinds(request: PlanRequest, orders: tuple[Order, ...]) -> tuple[U8, U8]:
    """Return which order is of which kind, and which kinds are to be kept apart."""
    names = sorted({name for pair in request.apart for name in (pair.kind, pair.other)})
    kinds = np.array([[name in order.kinds for name in names] for order in orders], dtype=np.uint8)
    apart = np.zeros((len(names), len(names)), dtype=np.uint8)
    for pair in request.apart:
        one, other = names.index(pair.kind), names.index(pair.other)
        apart[one, other] = apart[other, one] = 1
    return kinds.reshape(len(orders), len(names)), apart


def _check_hubs(
    vehicles: tuple[Vehicle, ...],
    statuses: dict[str, VehicleStatus],
    fleet: FleetTables,
    tables: Tables,
    access: tuple[AccessClass, ...],
    given: dict[str, int],
) -> None:
    """Refuse a vehicle that can't leave its hub in its shift: the zone is closed to it, or no street serves it."""
    for row, vehicle in enumerate(vehicles):  # in the problem's order: hired ones last
        if vehicle.id in statuses and statuses[vehicle.id].has_left:
            continue
        cls, start = int(fleet.access[row]), int(fleet.start[row])
        slices = slice(tables.slice_ptr[cls], tables.slice_ptr[cls + 1])
        ends = tables.slice_end_s[slices]
        begins = np.concatenate([[-FAR_FUTURE_S], ends[:-1]])
        in_shift = (begins < tables.veh_close_s[row]) & (tables.veh_open_s[row] < ends)
        profiles = tables.slice_profile[slices][in_shift]
        where = f"#/vehicles/{given[vehicle.id]}"
        if len(profiles) and all(tables.closed_loc[profile, start] for profile in profiles):
            zones = ", ".join(closure.zone_id for closure in access[cls].closures)
            what = f"vehicle {vehicle.id} ({vehicle.category}, Crit'Air {vehicle.critair})"
            message = f"{what} may not leave hub {vehicle.hub_id}: it lies in {zones}"
            raise InputError("hub_closed_by_zone", message, where, "use a cleaner vehicle or add an exemption")
        cut_off = (tables.duration_s[profiles, start][:, tables.opt_loc] >= INF_TRAVEL_S).all()
        if len(tables.opt_loc) and cut_off and not access[cls].closures:
            raise RoutingDataError("hub_cut_off", f"from hub {vehicle.hub_id} vehicle {vehicle.id} reaches no place",
                                   where, "check the hub's coordinates and the streets around it")  # fmt: skip
