"""What a plan in force still has ahead: the visits of each tour, the trip a vehicle is on, and what is frozen of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from typing import NamedTuple

from data.model.plan import Stop, Tour
from data.model.request import VehicleStatus
from data.model.vehicle import Vehicle
from routing.instance import Instance


class Visit(NamedTuple):
    """A hand-over or collection that is still ahead: its option in the problem, and the stop it was planned in.

    Where the vehicle is loaded again, ``order_id`` is empty.
    """

    order_id: str
    option: int
    collects: bool
    stop: int
    start_at: datetime


def planned_at(stop: Stop) -> list[tuple[str, int, bool]]:
    """Return order, option and whether it is collected, of each hand-over at a stop."""
    return [(handover.order_id, handover.option, handover.collects) for handover in stop.handovers]


def visits_ahead(instance: Instance, tour: Tour | None, mine: set[str]) -> list[Visit]:
    """Return what a tour still has to do; the collection of what is on board is past, and so is its loading."""
    tables = instance.problem.tables
    rows = {order.id: row for row, order in enumerate(instance.orders)}
    status = instance.statuses.get(tour.vehicle_id) if tour else None
    trip = tour.start.trip if tour else 1
    first = trip if status is None else max(trip, status.trip)
    visits: list[Visit] = []
    for number, stop in enumerate(tour.stops if tour else ()):
        if stop.loading_list is not None:
            trip += 1
            if tour and trip > first and (again := _reload_option(instance, tour.vehicle_id, trip - first)) is not None:
                visits.append(Visit("", again, False, number, stop.start_at))
        for order_id, option, collects in planned_at(stop):
            row = int(tables.partner[rows[order_id]]) if order_id in mine and collects else rows.get(order_id, -1)
            if order_id in mine and row >= 0:
                visits.append(Visit(order_id, int(tables.opt_ptr[row]) + option, collects, number, stop.start_at))
    return visits


def _reload_option(instance: Instance, vehicle_id: str, time: int) -> int | None:
    """Return the option for loading a vehicle again for the first, second ... time; None beyond what it may."""
    extras = instance.problem.tables.extras
    row = next(row for row, vehicle in enumerate(instance.vehicles) if vehicle.id == vehicle_id)
    if extras is None or extras.reload_ptr[row] + time > extras.reload_ptr[row + 1]:
        return None
    return int(instance.problem.tables.opt_ptr[extras.reload_ptr[row] + time - 1])


def breaks_before(tour: Tour, vehicle: Vehicle, frozen: Sequence[Visit]) -> list[int]:
    """Return how many of the breaks still due are taken before each frozen visit."""
    due = {pause.id for pause in vehicle.breaks}
    pinned, seen = [], -1
    for visit in frozen:
        taken = [b for b in tour.breaks if b.after_stop == visit.stop and b.break_id in due and visit.stop != seen]
        pinned.append(len(taken))
        seen = visit.stop
    return pinned


def frozen_head(
    ahead: Sequence[Visit], status: VehicleStatus | None, freeze_before: datetime | None
) -> tuple[Visit, ...]:
    """Return the visits at the head of a tour that keep vehicle and order; what is not loaded yet only before it."""
    if status is not None and status.loading_started and not status.has_left:
        return tuple(takewhile(lambda visit: visit.order_id, ahead))
    if freeze_before is None:
        return ()
    return tuple(takewhile(lambda visit: visit.start_at < freeze_before, ahead))


def trip_stops(tour: Tour, number: int) -> tuple[Stop, ...]:
    """Return the stops of a vehicle's trip, counted over the day; none if the tour has no such trip."""
    reloads = [row for row, stop in enumerate(tour.stops) if stop.loading_list is not None]
    ends = [-1, *reloads, len(tour.stops)]
    row = number - tour.start.trip
    return tour.stops[ends[row] + 1 : ends[row + 1]] if 0 <= row < len(ends) - 1 else ()
