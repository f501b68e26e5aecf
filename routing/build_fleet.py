"""Vehicles as flat arrays, and which vehicle may take which order at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.model.order import Order
from data.model.plan import AccessClass
from data.model.request import VehicleStatus
from data.model.vehicle import Break, Role, Vehicle
from routing.build_trips import Reloads
from routing.instance import ON_ROAD, elapsed_s
from routing.problem import COST_PER_CENT, FIRST_TRIP, LATER_TRIPS, NO_LOCATION

I64 = NDArray[np.int64]


@dataclass(frozen=True)
class FleetTables:
    """The vehicle part of :class:`routing.problem.Tables`."""

    access: I64
    start: I64
    end: I64
    open_s: I64
    close_s: I64
    capacity: I64
    cost: I64
    brk_ptr: I64
    brk_open: I64
    brk_close: I64
    brk_duration: I64
    brk_due: I64
    allowed: NDArray[np.uint8]


def fleet_tables(
    vehicles: tuple[Vehicle, ...],
    orders: tuple[Order, ...],
    access: tuple[AccessClass, ...],
    statuses: dict[str, VehicleStatus],
    location: dict[str, int],
    epoch_at: datetime,
    reloads: Reloads,
    down: Sequence[str] = (),
) -> FleetTables:
    """Return the arrays of ``vehicles``; one on the road starts where it is, when it was seen there."""
    access_of = {vehicle_id: row for row, group in enumerate(access) for vehicle_id in group.vehicle_ids}
    starts, opens, breaks = [], [], []
    for vehicle in vehicles:
        status = statuses.get(vehicle.id)
        opening = elapsed_s(epoch_at, vehicle.shift.start_at, up=True)
        if status is not None and status.at is not None:
            starts.append(location[ON_ROAD + vehicle.id])
            opening = max(opening, elapsed_s(epoch_at, status.at, up=True))
        else:
            starts.append(location[vehicle.hub_id])
        opens.append(opening)
        breaks.append([_break_span(pause, epoch_at) for pause in breaks_left(vehicle, epoch_at, opening)])
    flat = [entry for own in breaks for entry in own]
    columns = np.array(flat, dtype=np.int64).reshape(-1, 4)
    costs = [(v.costs.fixed_cents * COST_PER_CENT, v.costs.per_km_cents * 3600, v.costs.per_hour_cents * 1000)
             for v in vehicles]  # fmt: skip
    return FleetTables(
        access=np.array([access_of[vehicle.id] for vehicle in vehicles], dtype=np.int64),
        start=np.array(starts, dtype=np.int64),
        end=np.array([location[v.hub_id] if v.returns else NO_LOCATION for v in vehicles], dtype=np.int64),
        open_s=np.array(opens, dtype=np.int64),
        close_s=np.array([elapsed_s(epoch_at, vehicle.shift.end_at) for vehicle in vehicles], dtype=np.int64),
        capacity=np.array([(v.capacity_parcels, v.capacity_g, v.capacity_dm3) for v in vehicles], dtype=np.int64),
        cost=np.array(costs, dtype=np.int64),
        brk_ptr=np.cumsum([0, *(len(own) for own in breaks)], dtype=np.int64),
        brk_open=columns[:, 0].copy(),
        brk_close=columns[:, 1].copy(),
        brk_duration=columns[:, 2].copy(),
        brk_due=columns[:, 3].copy(),
        allowed=_allowed(vehicles, orders, statuses, reloads.slots, down),
    )


def breaks_left(vehicle: Vehicle, epoch_at: datetime, opening_s: int) -> list[Break]:
    """Return the breaks whose window is not over when the vehicle (re)starts, in order of time."""
    ahead = [pause for pause in vehicle.breaks if _break_span(pause, epoch_at)[1] >= opening_s]
    return sorted(ahead, key=lambda pause: _break_span(pause, epoch_at))


def _break_span(pause: Break, epoch_at: datetime) -> tuple[int, int, int, int]:
    opens, closes = elapsed_s(epoch_at, pause.window.start_at, up=True), elapsed_s(epoch_at, pause.window.end_at)
    due = elapsed_s(epoch_at, pause.window.start_at if pause.due_at is None else pause.due_at)
    return opens, closes, pause.duration_s, due


def may_take(vehicle: Vehicle, order: Order) -> str:
    """Return why a vehicle can never take an order, whatever else it does; empty if it may.

    Returns
    -------
    str
        A reason code of :mod:`routing.explain`, or an empty string.
    """
    if vehicle.hub_id != order.hub_id or any(parcel.hub_id not in ("", vehicle.hub_id) for parcel in order.parcels):
        return "HUB_CONSTRAINT"
    if not set(order.skills) <= set(vehicle.skills):
        return "SKILL_CONSTRAINT"
    if order.kinds & set(vehicle.refused_kinds):
        return "KIND_CONSTRAINT"
    size = vehicle.max_mm
    if size is not None and not all(parcel.size_mm.fits_in(size) for parcel in order.parcels):
        return "DIMENSION_CONSTRAINT"
    return ""


def _allowed(
    vehicles: tuple[Vehicle, ...],
    orders: tuple[Order, ...],
    statuses: dict[str, VehicleStatus],
    slots: Sequence[int],
    down: Sequence[str],
) -> NDArray[np.uint8]:
    """Return uint8 [V, N]: 1 where the vehicle may take the order, see :class:`routing.problem.Tables`.

    What is on board stays on its vehicle; a vehicle that has left or is being loaded takes nothing new (its own
    planned orders are let back in by the re-plan) before it is loaded again, ``slots`` times; but one on the road may
    still collect on its way. Hired vehicles take nothing until they are hired, those ``down`` nothing at all.
    """
    carrier = {order_id: status.vehicle_id for status in statuses.values() for order_id in status.on_board}
    known = {order.id for order in orders}
    for order_id, vehicle_id in carrier.items():
        if order_id not in known:
            raise InputError("unknown_order", f"status of {vehicle_id} has {order_id!r} on board", "#/statuses",
                             "every order on board must be among the plan's orders and not done")  # fmt: skip
    table = np.zeros((len(vehicles), len(orders)), dtype=np.uint8)
    alike: dict[tuple[object, ...], NDArray[np.uint8]] = {}
    held = {column: carrier[order.id] for column, order in enumerate(orders) if order.id in carrier}
    on_the_way = np.array([order.from_place is not None for order in orders], dtype=np.bool_)
    for row, vehicle in enumerate(vehicles):
        if vehicle.role is Role.HIRED or vehicle.id in down:
            continue
        kind = (vehicle.hub_id, vehicle.skills, vehicle.refused_kinds, vehicle.max_mm)  # all that may_take looks at
        if kind not in alike:
            alike[kind] = np.array([not may_take(vehicle, order) for order in orders], dtype=np.uint8)
        status = statuses.get(vehicle.id)
        if status is None or not (status.has_left or status.loading_started):
            table[row] = alike[kind]
        else:
            table[row] = alike[kind] * LATER_TRIPS if slots[row] else 0
            if status.has_left:
                table[row, on_the_way] = alike[kind][on_the_way]
        for column, holder in held.items():
            aboard = FIRST_TRIP if slots[row] else 1
            table[row, column] = aboard * alike[kind][column] if holder == vehicle.id else 0
    return table
