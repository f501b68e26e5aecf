"""What is loaded and can no longer be delivered in time: the rule that gives way, by how little, and who says so.

A dispatcher can't be told that there is no plan while the parcels are on the road. First the windows of what a vehicle
holds give way, at a price per second, then its shift, to when it is back with nothing new on board. Hours of places
and zones never do; what even so can't be handed over stays on board and is reported like any order left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from data.model.change import Overrun
from data.model.order import Order
from data.model.plan import Tour
from routing.build_orders import busy_s, closed_spans, visit_windows
from routing.instance import Instance, elapsed_s
from routing.problem import COST_PER_CENT, FAR_FUTURE_S, Tables, no_extras

LATE_CENTS_PER_MINUTE = 500
"""Far above any driving: the plan found is late by as little as may be."""


def with_late_windows(instance: Instance, column: int, rows: Sequence[int]) -> Instance:
    """Return the instance in which one vehicle may hand over some orders after their windows, at a price."""
    tables = instance.problem.tables
    cls, epoch_at = int(tables.veh_class[column]), instance.problem.epoch_at
    closed = closed_spans(instance.access_of(column), instance.city.zones, epoch_at)
    extras = tables.extras or no_extras(tables)
    late, first, last = extras.late.copy(), tables.win_first.copy(), tables.win_last.copy()
    pool = list(zip(tables.win_open.tolist(), tables.win_close.tolist(), tables.win_arrive.tolist(), strict=True))
    for row in rows:
        order = instance.orders[row]
        ends = []
        for k in range(int(tables.opt_ptr[row]), int(tables.opt_ptr[row + 1])):
            option = order.options[instance.option_index[k]]
            if not option.windows or first[cls, k] == last[cls, k]:
                continue
            ends.append(max(elapsed_s(epoch_at, window.end_at) for window in option.windows))
            place = instance.places[option.place_id]
            spans = closed.get(instance.location_zone[int(tables.opt_loc[k])], ())
            pieces = visit_windows(option, instance.hours.get(place.id), spans, busy_s(option, place), epoch_at)
            anytime = visit_windows(
                option.replace(windows=()), instance.hours.get(place.id), spans, busy_s(option, place), epoch_at
            )
            pieces += [
                (max(opens, ends[-1] + 1), closes, arrive) for opens, closes, arrive in anytime if closes > ends[-1]
            ]
            first[cls, k], last[cls, k] = len(pool), len(pool) + len(pieces)
            pool += pieces
        if ends:
            late[row] = max(ends), LATE_CENTS_PER_MINUTE * (COST_PER_CENT // 60)
    opens, closes, arrive = (np.ascontiguousarray(values) for values in np.array(pool, dtype=np.int64).T)
    tables = tables._replace(
        win_first=first, win_last=last, win_open=opens, win_close=closes, win_arrive=arrive,
        extras=extras._replace(late=late),
    )  # fmt: skip
    return _with(instance, tables)


def with_shift_end(instance: Instance, column: int, end_s: int, rows: Sequence[int]) -> Instance:
    """Return the instance in which one vehicle is back by another second and takes nothing but some orders."""
    tables = instance.problem.tables
    close_s, allowed = tables.veh_close_s.copy(), tables.allowed.copy()
    close_s[column] = end_s
    others = np.ones(allowed.shape[1], dtype=np.bool_)
    others[list(rows)] = False
    others[[int(tables.partner[row]) for row in rows if tables.partner[row] >= 0]] = False
    allowed[column, others] = 0
    return _with(instance, tables._replace(veh_close_s=close_s, allowed=allowed))


def without_shift(instance: Instance, column: int, rows: Sequence[int]) -> Instance:
    """Return the instance in which one vehicle's day has no end, for some orders alone."""
    return with_shift_end(instance, column, FAR_FUTURE_S, rows)


def _with(instance: Instance, tables: Tables) -> Instance:
    return replace(instance, problem=replace(instance.problem, tables=tables))


def overruns(instance: Instance, tours: Sequence[Tour]) -> Iterator[Overrun]:
    """Yield every window and shift that published tours don't keep."""
    orders = {order.id: order for order in instance.orders}
    shifts = {vehicle.id: vehicle.shift for vehicle in instance.vehicles}
    for tour in tours:
        for stop in tour.stops:
            for handover in stop.handovers:
                order = orders[handover.order_id]
                if not handover.collects and (late_s := _late_s(order, handover.option, handover.start_at)):
                    text = f"handed over at {handover.start_at:%H:%M}, {_minutes(late_s)} after its window: no earlier "
                    text += f"way was found for what {tour.vehicle_id} carries"
                    yield Overrun(vehicle_id=tour.vehicle_id, order_id=order.id, late_s=late_s, text=text)
        late_s = elapsed_s(shifts[tour.vehicle_id].end_at.replace(microsecond=0), tour.return_at)
        if late_s > 0:
            text = f"back at {tour.return_at:%H:%M}, {_minutes(late_s)} after its shift: it has that on board"
            yield Overrun(vehicle_id=tour.vehicle_id, late_s=late_s, text=text)


def _late_s(order: Order, option: int, start_at: datetime) -> int:
    windows = order.options[option].windows
    since = [elapsed_s(window.end_at.replace(microsecond=0), start_at) for window in windows]
    inside = any(window.start_at <= start_at <= window.end_at for window in windows)
    return 0 if inside else min((each for each in since if each > 0), default=0)


def _minutes(seconds: int) -> str:
    return f"{-(-seconds // 60)} min"
