"""An upper bound on the orders a fleet can carry within their promises, and where each figure comes from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data.model.plan import Bound
from data.model.vehicle import Role
from routing.instance import Instance
from routing.problem import INF_TRAVEL_S

I64 = NDArray[np.int64]


def fleet_bound(instance: Instance) -> Bound:
    """Return how many orders own and reserve vehicles can carry at most on the day and the delivery days after it.

    Each resource alone: the smallest orders fill the whole fleet on all of its trips, as if it were one vehicle. By
    time, an order takes at least its shortest service and the drive from the nearest other place. With ``d`` days up
    to a date, no more than ``d`` fleets' worth of the orders promised by then can be kept. Each figure is
    therefore never too low.
    """
    days = [instance.request.day, *(day for day in instance.request.delivery_days if day > instance.request.day)]
    last_day = np.array([sum(day <= order.promised_on for day in days) or 1 for order in instance.orders])
    tables = instance.problem.tables
    fleet = [row for row, vehicle in enumerate(instance.vehicles) if vehicle.role is not Role.HIRED]
    again = 0 if tables.extras is None else np.diff(tables.extras.reload_ptr)[fleet, None]
    caps = (tables.veh_cap[fleet] * (again + 1)).sum(axis=0)
    whole_day = np.array([instance.vehicles[row].max_trips for row in fleet], dtype=np.int64)[:, None]
    caps_later = (tables.veh_cap[fleet] * whole_day).sum(axis=0)
    today_s, later_s = _work_s(instance, fleet)
    load = tables.load[: len(instance.orders)]  # what is collected on the way need not fit all at once
    needs = [load[:, 0], load[:, 1], load[:, 2], least_time_s(instance)]
    limits = [*caps_later.tolist(), later_s]
    first_day = [*caps.tolist(), today_s]
    by = [
        _within_deadlines(need, [today, *[limit] * (len(days) - 1)], last_day)
        for need, today, limit in zip(needs, first_day, limits, strict=True)
    ]
    by.append(_by_boxes(instance, last_day, len(days)))
    names = ("parcels", "grams", "dm3", "seconds of work", "boxes and relay places")
    tightest = int(np.argmin(by))
    explanation = (
        f"{len(fleet)} own and reserve vehicles on {len(days)} day(s); per day {first_day[0]} parcels, "
        f"{first_day[1]} g, {first_day[2]} dm3, {today_s} s of work (later {later_s} s); "
        f"the tightest is {names[tightest]}"
    )
    return Bound(
        orders=min(by),
        by_parcels=by[0],
        by_load_g=by[1],
        by_volume_dm3=by[2],
        by_time=by[3],
        by_boxes=by[4],
        explanation=explanation,
    )


def _by_boxes(instance: Instance, last_day: I64, days: int) -> int:
    """Return the orders that free boxes and relay places leave possible.

    An order all of whose options need the same resource is confined to it; what a place's resources can't take of
    those is lost whatever the fleet. No order is confined to two places, so the losses add up.
    """
    tables = instance.problem.tables
    confined: dict[int, list[int]] = {}
    for row in range(len(instance.orders)):
        for resource in set.intersection(*(set(needs) for needs in _needs_of(instance, row))):
            confined.setdefault(resource, []).append(row)
    lost: dict[str, int] = {}
    for resource, rows in confined.items():
        least = [min(needs[resource] for needs in _needs_of(instance, row)) for row in rows]
        kept = _within_deadlines(np.array(least), [int(tables.res_cap[resource])] * days, last_day[rows])
        place_id = instance.option_place[int(tables.opt_ptr[rows[0]])]
        lost[place_id] = max(lost.get(place_id, 0), len(rows) - kept)
    return len(instance.orders) - sum(lost.values())


def _needs_of(instance: Instance, row: int) -> list[dict[int, int]]:
    """Return, per option of an order, how much it takes of each shared resource."""
    tables = instance.problem.tables
    spans = (
        slice(tables.res_ptr[k], tables.res_ptr[k + 1]) for k in range(tables.opt_ptr[row], tables.opt_ptr[row + 1])
    )
    return [dict(zip(tables.res_row[span].tolist(), tables.res_amount[span].tolist(), strict=True)) for span in spans]


def least_time_s(instance: Instance) -> I64:
    """Return, per order, the least seconds any vehicle spends on it: service plus the nearest way in."""
    tables = instance.problem.tables
    used = np.unique(np.concatenate([tables.opt_loc, tables.veh_start]))
    between = tables.duration_s[:, used[:, None], used[None, :]].min(axis=0)
    np.fill_diagonal(between, INF_TRAVEL_S)
    into = between.min(axis=0)[np.searchsorted(used, tables.opt_loc)].astype(np.int64)
    shared = np.bincount(tables.opt_loc)[tables.opt_loc] > 1
    nearest = np.where(shared, 0, into)
    way_in = np.where(nearest >= INF_TRAVEL_S, 0, nearest)
    least = tables.opt_service_s + np.where(shared, 0, tables.opt_setup_s) + way_in
    return np.array(
        [least[tables.opt_ptr[row] : tables.opt_ptr[row + 1]].min() for row in range(len(instance.orders))],
        dtype=np.int64,
    )


def _within_deadlines(need: I64, per_day: Sequence[int], last_day: I64) -> int:
    """Return the least, over each day d, of: orders due later + the smallest orders due by d that d fleets take."""
    counts = [_smallest_fitting(need, sum(per_day))]
    for day in range(1, len(per_day) + 1):
        due = last_day <= day
        counts.append(int((~due).sum()) + _smallest_fitting(need[due], sum(per_day[:day])))
    return min(counts)


def _smallest_fitting(need: I64, limit: int) -> int:
    return int(np.searchsorted(np.cumsum(np.sort(need)), limit, side="right"))


def _work_s(instance: Instance, fleet: Sequence[int]) -> tuple[int, int]:
    """Return the seconds of work that are left today, and those of a later day, when nobody is on the road yet."""
    tables = instance.problem.tables
    today, later = 0, 0
    for row in fleet:
        shift = instance.vehicles[row].shift
        own = slice(tables.brk_ptr[row], tables.brk_ptr[row + 1])
        breaks = list(zip(tables.brk_due[own].tolist(), tables.brk_duration[own].tolist(), strict=True))
        begins, ends = instance.day_s(shift.start_at), instance.day_s(shift.end_at)
        today += _longest_s(int(tables.veh_open_s[row]), int(tables.veh_close_s[row]), breaks)
        all_ahead = len(breaks) == len(instance.vehicles[row].breaks)
        later += _longest_s(begins, ends, breaks if all_ahead else [])
    return today, later


def _longest_s(begins_s: int, ends_s: int, breaks: list[tuple[int, int]]) -> int:
    """Return the most work between two instants: all breaks taken, or home when the first of those left is due."""
    most = 0
    for taken in range(len(breaks) + 1):
        over_s = min([ends_s, *(due_s for due_s, _ in breaks[taken:])])
        most = max(most, over_s - begins_s - sum(length_s for _, length_s in breaks[:taken]))
    return most
