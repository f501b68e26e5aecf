"""What does not fit the day: postponed to a day its promise still holds and that has room, else a broken promise."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from data.model.plan import HireOption, Postponed, Unassigned
from data.model.vehicle import Role
from routing.build_fleet import may_take
from routing.explain import PERMANENT, Explainer
from routing.instance import Instance
from routing.problem import COST_PER_CENT
from routing.solver.insertion import fill_vehicle
from routing.solver.tours import Tours, copy_tours, tour_cost

FILL = 0.85
"""Share of a later day's fleet counted on for postponed orders: that day brings its own surprises."""


def settle_unserved(
    instance: Instance, tours: Tours, settled: frozenset[str] = frozenset()
) -> tuple[tuple[Postponed, ...], tuple[Unassigned, ...]]:
    """Return the unserved orders, postponed where a later day keeps the promise and has room, else unassigned.

    What the fleet can never take is not put off. A later day's room is what the hub's own and reserve vehicles carry
    (parcels, g, dm3) times :data:`FILL`, and as many orders as the hub serves on the planned day times :data:`FILL`.
    """
    explainer = Explainer(instance, tours)
    rooms: dict[tuple[str, date], NDArray[np.int64]] = {}
    postponed, unassigned = [], []
    left_out = [row for row in np.flatnonzero(tours.vehicle < 0).tolist() if row < len(instance.orders)]
    left_out = [row for row in left_out if instance.orders[row].id not in settled]
    for row in sorted(left_out, key=lambda row: _urgency(instance, row)):
        order = instance.orders[row]
        reasons = explainer.reasons(row)
        never = all(reason.code in PERMANENT for reason in reasons)
        day = None if never else _first_day_with_room(instance, tours, row, rooms)
        if day is None:
            unassigned.append(Unassigned(order_id=order.id, reasons=explainer.in_full(row)))
        else:
            postponed.append(Postponed(order_id=order.id, to_day=day, reasons=reasons))
    return tuple(postponed), tuple(unassigned)


def _urgency(instance: Instance, row: int) -> tuple[date, int, str]:
    order = instance.orders[row]
    return order.promised_on, -order.priority, order.id


def _first_day_with_room(
    instance: Instance, tours: Tours, row: int, rooms: dict[tuple[str, date], NDArray[np.int64]]
) -> date | None:
    order = instance.orders[row]
    tables = instance.problem.tables
    need = np.array([*(tables.load[row] + abs(tables.pickup[row])).tolist(), 1], dtype=np.int64)
    for day in sorted(instance.request.delivery_days):
        if instance.request.day < day <= order.promised_on:
            if (order.hub_id, day) not in rooms:
                rooms[order.hub_id, day] = _day_room(instance, tours, order.hub_id, day)
            room = rooms[order.hub_id, day]
            if (need <= room).all():
                room -= need
                return day
    return None


def _day_room(instance: Instance, tours: Tours, hub_id: str, day: date) -> NDArray[np.int64]:
    """Return the parcels, g, dm3 and orders that a later day has room for besides what is booked on it."""
    fleet = [row for row, v in enumerate(instance.vehicles) if v.hub_id == hub_id and v.role is not Role.HIRED]
    served = int(np.isin(tours.vehicle[: len(instance.orders)], fleet).sum())
    trips = np.array([instance.vehicles[row].max_trips for row in fleet], dtype=np.int64)[:, None]
    capacity = [*(instance.problem.tables.veh_cap[fleet] * trips).sum(axis=0).tolist(), served]
    booked = [one for one in instance.request.booked if (one.day, one.hub_id) == (day, hub_id)]
    taken = [sum(getattr(one, name) for one in booked) for name in ("parcels", "load_g", "volume_dm3", "orders")]
    return np.array([int(value * FILL) - less for value, less in zip(capacity, taken, strict=True)], dtype=np.int64)


def hire_options(instance: Instance, tours: Tours, broken: tuple[Unassigned, ...]) -> tuple[HireOption, ...]:
    """Return what hiring each hireable vehicle tonight would save, the best price per kept promise first.

    Vehicles are tried one after the other on what the ones before them left; each option's orders are its own.
    """
    if not broken:
        return ()
    tables = instance.problem.tables
    hireable = [row for row, vehicle in enumerate(instance.vehicles) if vehicle.role is Role.HIRED]
    rows = {order.id: row for row, order in enumerate(instance.orders)}
    left = np.array([rows[entry.order_id] for entry in broken], dtype=np.int64)
    trial = copy_tours(tours)
    options = []
    for vehicle in hireable:
        takes = np.zeros(instance.problem.orders, dtype=np.uint8)
        takes[: instance.first_reload] = [
            not may_take(instance.vehicles[vehicle], instance.order_of(row)) for row in range(instance.first_reload)
        ]
        fill_vehicle(tables, trial, vehicle, left, takes)
        saved = [row for row in left.tolist() if trial.vehicle[row] == vehicle]
        left = np.array([row for row in left.tolist() if trial.vehicle[row] < 0], dtype=np.int64)
        if saved:
            cents = -(-int(tour_cost(tables, trial, vehicle)) // COST_PER_CENT)
            options.append(
                HireOption(
                    vehicle_id=instance.vehicles[vehicle].id,
                    saves_order_ids=tuple(instance.orders[row].id for row in saved),
                    cost_cents=cents,
                    cents_per_order=-(-cents // len(saved)),
                )
            )
    return tuple(sorted(options, key=lambda option: option.cents_per_order))
