"""Which hub an order goes through, where a transfer leaves a choice: the near one, as long as its fleet has room.

A minimum-cost flow: every order to one hub it may go through, metres as the crow flies are the cost, and a hub's room
is its share of the hours that all own vehicles work. What that leaves to be gained is for the tours to find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

from data.model.city import City
from data.model.order import Order
from data.model.place import Place
from data.model.request import PlanRequest
from data.model.vehicle import Role, Vehicle
from data.units import EARTH_RADIUS_M
from routing.build_fleet import may_take

I64 = NDArray[np.int64]

SLACK = 1.1
"""Orders a hub may get, in those that are its fleet's share."""
OVER_M = 100_000
"""What an order more than that costs, in metres."""


def rehubbed(request: PlanRequest, city: City) -> PlanRequest:
    """Return the request with every order at the hub it is to go through; its parcels are where they were.

    An order may change its hub where the request says so, a transfer brings all of its parcels there before anybody
    could leave with them, and some vehicle there may take it.
    """
    if not request.change_hubs or not request.transfers:
        return request
    known = {place.id: place for place in (*city.places, *request.places)}
    choices = _choices(request)
    chosen = _assigned(request, choices, known)
    return request.replace(orders=tuple(_at(order, hub_id) for order, hub_id in zip(request.orders, chosen)))


def _at(order: Order, hub_id: str) -> Order:
    if hub_id == order.hub_id:
        return order
    stays = tuple(parcel.replace(hub_id=parcel.hub_id or order.hub_id) for parcel in order.parcels)
    return order.replace(hub_id=hub_id, parcels=stays)


def _choices(request: PlanRequest) -> list[list[str]]:
    """Return the hubs each order may go through, its own first."""
    away = {order_id for status in request.statuses for order_id in (*status.on_board, *status.done)} | {*request.done}
    fleets: dict[str, list[Vehicle]] = defaultdict(list)
    for vehicle in request.vehicles:
        if vehicle.role is not Role.HIRED and vehicle.id not in request.down:
            fleets[vehicle.hub_id].append(vehicle)
    opens = {hub_id: min(vehicle.shift.start_at for vehicle in fleet) for hub_id, fleet in fleets.items()}
    taken: dict[tuple[object, ...], bool] = {}

    def takes(hub_id: str, order: Order) -> bool:
        there = order.replace(hub_id=hub_id, parcels=tuple(parcel.replace(hub_id=hub_id) for parcel in order.parcels))
        key = (hub_id, order.skills, order.kinds, tuple(parcel.size_mm for parcel in order.parcels))
        if key not in taken:
            taken[key] = any(not may_take(vehicle, there) for vehicle in fleets[hub_id])
        return taken[key]

    return [
        [order.hub_id]
        + [
            hub_id
            for hub_id in fleets
            if hub_id != order.hub_id
            and order.id not in away
            and order.from_place is None
            and _brought(order, hub_id, request, opens[hub_id])
            and takes(hub_id, order)
        ]
        for order in request.orders
    ]


def _brought(order: Order, hub_id: str, request: PlanRequest, by: datetime) -> bool:
    """Return whether transfers bring all of an order's parcels to a hub by an instant."""
    return all(
        parcel.hub_id == hub_id
        or any(
            transfer.takes(parcel.replace(hub_id=parcel.hub_id or order.hub_id), hub_id) and transfer.arrives_at <= by
            for transfer in request.transfers
        )
        for parcel in order.parcels
    )


def _assigned(request: PlanRequest, choices: list[list[str]], known: Mapping[str, Place]) -> list[str]:
    """Return the hub of each order."""
    number = {hub.id: row for row, hub in enumerate(request.hubs)}
    rows = np.repeat(np.arange(len(choices)), [len(hubs) for hubs in choices])
    heads = np.array([number[hub_id] for hubs in choices for hub_id in hubs], dtype=np.int64)
    doors = [known[order.options[0].place_id] for order in request.orders]
    spots = np.array([(door.lat, door.lon) for door in doors])
    sites = np.array([(hub.lat, hub.lon) for hub in request.hubs])
    metres = _apart_m(spots[rows], sites[heads])
    room = _room(request, choices)
    orders, hubs = len(choices), len(sites)
    flow, sink = min_cost_flow.SimpleMinCostFlow(), orders + hubs
    arcs = flow.add_arcs_with_capacity_and_unit_cost(rows, orders + heads, np.ones_like(rows), metres)
    ends = np.full(hubs, sink)
    flow.add_arcs_with_capacity_and_unit_cost(orders + np.arange(hubs), ends, room, np.zeros(hubs, dtype=np.int64))
    flow.add_arcs_with_capacity_and_unit_cost(
        orders + np.arange(hubs), ends, np.full(hubs, orders), np.full(hubs, OVER_M)
    )
    flow.set_nodes_supplies(np.arange(sink + 1), np.array([1] * orders + [0] * hubs + [-orders]))
    assert flow.solve() == flow.OPTIMAL, "every order may stay where it is"
    taken = np.flatnonzero(flow.flows(arcs))
    chosen = np.empty(orders, dtype=np.int64)
    chosen[rows[taken]] = heads[taken]
    return [request.hubs[row].id for row in chosen.tolist()]


def _apart_m(spots: NDArray[np.float64], sites: NDArray[np.float64]) -> I64:
    """Return metres as the crow flies between points in degrees, as on a plane: they are in one region."""
    north, east = np.radians(sites - spots).T
    return (EARTH_RADIUS_M * np.hypot(north, east * np.cos(np.radians(sites[:, 0].mean())))).astype(np.int64)


def _room(request: PlanRequest, choices: list[list[str]]) -> I64:
    """Return how many orders each hub may get without a penalty."""
    work_s = {hub.id: 0.0 for hub in request.hubs}
    for vehicle in request.vehicles:
        if vehicle.role is Role.OWN and vehicle.id not in request.down:
            work_s[vehicle.hub_id] += (vehicle.shift.end_at - vehicle.shift.start_at).total_seconds()
    total = sum(work_s.values()) or 1.0
    return np.array([int(SLACK * len(choices) * work_s[hub.id] / total) for hub in request.hubs], dtype=np.int64)
