"""Which hub an order goes through, where a transfer leaves a choice: the near one, as long as its fleet has room.

A minimum-cost flow: every order to one hub it may go through, metres as the crow flies are the cost, and a hub's room
is its share of the hours that all own vehicles work. What that leaves to be gained is for the tours to find.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from math import ceil

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

from data.model.city import City
from data.model.order import Order
from data.model.request import PlanRequest
from data.model.vehicle import Role, Vehicle
from data.units import EARTH_RADIUS_M
from routing.build_fleet import may_take

I64 = NDArray[np.int64]

SLACK = 1.1
"""Orders a hub may get, in those that are its fleet's share."""
FAR_M = 100_000.0
"""What an order more than that costs, in metres: as much as a hub that is out of the question."""


def rehubbed(request: PlanRequest, city: City) -> PlanRequest:
    """Return the request with every order at the hub it is to go through; its parcels are where they were.

    An order may change its hub where the request says so, a transfer brings all of its parcels there before anybody
    could leave with them, and some vehicle there may take it.
    """
    if not request.change_hubs or not request.transfers:
        return request
    chosen = _assigned(request, choices(request), hubs_apart_m(request, city))
    return request.replace(orders=tuple(at_hub(order, hub_id) for order, hub_id in zip(request.orders, chosen)))


def at_hub(order: Order, hub_id: str) -> Order:
    """Return an order that is to go through a hub; its parcels are where they were."""
    if hub_id == order.hub_id:
        return order
    stays = tuple(parcel.replace(hub_id=parcel.hub_id or order.hub_id) for parcel in order.parcels)
    return order.replace(hub_id=hub_id, parcels=stays)


def may_take_there(vehicle: Vehicle, order: Order) -> bool:
    """Return whether a vehicle may take an order that has been brought to its hub."""
    parcels = tuple(parcel.replace(hub_id="") for parcel in order.parcels)
    return not may_take(vehicle, order.replace(hub_id=vehicle.hub_id, parcels=parcels))


def choices(request: PlanRequest, *, loaded: bool = False) -> list[list[str]]:
    """Return the hubs each order may go through, its own first; ``loaded``: those where nobody waits for it.

    A vehicle that may leave later than others there may still have to wait for what is not ``loaded`` by then.
    """
    away = {order_id for status in request.statuses for order_id in (*status.on_board, *status.done)} | {*request.done}
    fleets: dict[str, list[Vehicle]] = defaultdict(list)
    for vehicle in request.vehicles:
        if vehicle.role is not Role.HIRED and vehicle.id not in request.down:
            fleets[vehicle.hub_id].append(vehicle)
    loading = {hub.id: timedelta(seconds=hub.loading_s if loaded else 0) for hub in request.hubs}
    by = {hub_id: min(each.shift.start_at for each in fleet) - loading[hub_id] for hub_id, fleet in fleets.items()}
    alike = {
        hub_id: frozenset((each.skills, each.refused_kinds, each.max_mm) for each in fleet)
        for hub_id, fleet in fleets.items()
    }
    taken: dict[tuple[object, ...], bool] = {}

    def takes(hub_id: str, order: Order) -> bool:
        key = (alike[hub_id], order.skills, order.kinds, tuple(parcel.size_mm for parcel in order.parcels))
        if key not in taken:
            taken[key] = any(may_take_there(vehicle, order) for vehicle in fleets[hub_id])
        return taken[key]

    brought: dict[tuple[object, ...], list[str]] = {}

    def others(order: Order) -> list[str]:
        if order.id in away or order.from_place is not None:
            return []
        key = (order.hub_id, tuple((parcel.hub_id, parcel.ready_at) for parcel in order.parcels))
        if key not in brought:
            there = (hub_id for hub_id in fleets if hub_id != order.hub_id)
            brought[key] = [hub_id for hub_id in there if _brought(order, hub_id, request, by[hub_id])]
        return [hub_id for hub_id in brought[key] if takes(hub_id, order)]

    return [[order.hub_id, *others(order)] for order in request.orders]


def _brought(order: Order, hub_id: str, request: PlanRequest, by: datetime) -> bool:
    """Return whether all of an order's parcels are at a hub or brought there by an instant."""
    return all(
        parcel.hub_id == hub_id
        or any(
            transfer.takes(parcel.replace(hub_id=parcel.hub_id or order.hub_id), hub_id) and transfer.arrives_at <= by
            for transfer in request.transfers
        )
        for parcel in order.parcels
    )


def hubs_apart_m(request: PlanRequest, city: City) -> NDArray[np.float64]:
    """Return metres as the crow flies [orders, hubs] to the first place of each order, as on a plane."""
    known = {place.id: place for place in (*city.places, *request.places)}
    doors = [known[order.options[0].place_id] for order in request.orders]
    spots = np.radians([(door.lat, door.lon) for door in doors]).reshape(-1, 1, 2)
    sites = np.radians([(hub.lat, hub.lon) for hub in request.hubs])
    north, east = np.moveaxis(sites - spots, 2, 0)
    metres: NDArray[np.float64] = EARTH_RADIUS_M * np.hypot(north, east * np.cos(sites[:, 0].mean()))
    return metres


def _assigned(request: PlanRequest, hubs_of: list[list[str]], apart_m: NDArray[np.float64]) -> list[str]:
    """Return the hub of each order."""
    number = {hub.id: row for row, hub in enumerate(request.hubs)}
    rows = np.repeat(np.arange(len(hubs_of)), [len(hubs) for hubs in hubs_of])
    heads = np.array([number[hub_id] for hubs in hubs_of for hub_id in hubs], dtype=np.int64)
    room = _room(request, len(hubs_of))
    orders, hubs = apart_m.shape
    flow, sink = min_cost_flow.SimpleMinCostFlow(), orders + hubs
    metres = apart_m[rows, heads].astype(np.int64)
    arcs = flow.add_arcs_with_capacity_and_unit_cost(rows, orders + heads, np.ones_like(rows), metres)
    ends = np.full(hubs, sink)
    flow.add_arcs_with_capacity_and_unit_cost(orders + np.arange(hubs), ends, room, np.zeros(hubs, dtype=np.int64))
    flow.add_arcs_with_capacity_and_unit_cost(
        orders + np.arange(hubs), ends, np.full(hubs, orders), np.full(hubs, int(FAR_M))
    )
    flow.set_nodes_supplies(np.arange(sink + 1), np.array([1] * orders + [0] * hubs + [-orders]))
    assert flow.solve() == flow.OPTIMAL, "every order may stay where it is"
    taken = np.flatnonzero(flow.flows(arcs))
    chosen = np.empty(orders, dtype=np.int64)
    chosen[rows[taken]] = heads[taken]
    return [request.hubs[row].id for row in chosen.tolist()]


def _room(request: PlanRequest, orders: int) -> I64:
    """Return how many orders each hub may get without a penalty."""
    work_s = {hub.id: 0.0 for hub in request.hubs}
    for vehicle in request.vehicles:
        if vehicle.role is Role.OWN and vehicle.id not in request.down:
            work_s[vehicle.hub_id] += (vehicle.shift.end_at - vehicle.shift.start_at).total_seconds()
    total = sum(work_s.values()) or 1.0
    return np.array([ceil(SLACK * orders * work_s[hub.id] / total) for hub in request.hubs], dtype=np.int64)
