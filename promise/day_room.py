"""What a hub's day may carry until a plan says so, from its timetable and its vans; and how totals are published.

A hub's day is around its tour groups, a group around its areas' options: areas share vans, so each area's total is that
of its group, and only all of them together are bound by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from data.model.fleet import FleetSettings
from data.model.levels import area_level, group_level, hub_level
from data.model.promise import Area, DeliveryOption
from data.model.reservation import Capacity, Owner
from data.model.schedule import STEP_S, HubSchedule, Wave, Workload, instant_s
from promise.ledger import Ledger, Replies
from promise.reserve import Publish, Request

A_DAY_S = 86_400
AT_ONCE = 500
"""Levels published by one request, so that reservations need not wait for all of them."""

NO_LIMIT = 2_000_000_000


def publish(ledger: Ledger, tenant: str, capacities: Sequence[Capacity], now_s: int) -> Replies:
    """Publish totals, each level after the one around it; what is as published already stays untouched.

    A total below what is reserved is recorded as a deficit, with a notice: nothing is cancelled.
    """
    commands = [Publish(capacity=one) for one in capacities]
    some = (tuple(commands[first : first + AT_ONCE]) for first in range(0, len(commands), AT_ONCE))
    requests = [Request(owner=Owner(tenant), commands=those, now_s=now_s) for those in some]
    return tuple(reply for request in requests for reply in ledger.do(request))


def day_capacities(
    schedule: HubSchedule, fleet: FleetSettings, areas: Sequence[Area], options: Sequence[DeliveryOption], day: date
) -> tuple[Capacity, ...]:
    """Return a hub's levels on a day, the outermost first, for the options its own tours deliver.

    The hub's day has what its vans hold, and no more than its waves take and its stations load in the 24 hours before
    the last of them; without a wave of our own it is closed. An area that no wave serves, or an option that does not
    deliver that day, is closed.

    Parameters
    ----------
    areas : sequence of Area
        Those of the fleet's groups that are not among them are left out.
    """
    waves = [
        wave
        for wave in schedule.waves
        if not wave.carrier and day.isoweekday() in wave.weekdays and schedule.calendar.is_open(day)
    ]
    vans = sum(group.vans for group in fleet.groups)
    total = min(vans * fleet.parcels_per_van, _handled(schedule, waves, day)) if waves else 0
    hub = hub_level(fleet.hub_id, day, total, _dm3(fleet, vans))
    known = {area.id: area for area in areas}
    found = [hub]
    for group in fleet.groups:
        around = group_level(hub, group.id, min(total, group.vans * fleet.parcels_per_van), _dm3(fleet, group.vans))
        found.append(around)
        for area_id in group.areas:
            if area_id in known:
                found += _options(around, known[area_id], options, _is_served(area_id, waves))
    return tuple(found)


def _options(group: Capacity, area: Area, options: Sequence[DeliveryOption], served: bool) -> Iterator[Capacity]:
    for option in options:
        if not option.carrier:
            is_open = served and option.calendar.at(area.region).is_open(group.day)
            yield area_level(group, area.id, option.id, is_open)


def _is_served(area_id: str, waves: Sequence[Wave]) -> bool:
    return any(not wave.areas or area_id in wave.areas for wave in waves)


def _dm3(fleet: FleetSettings, vans: int) -> int | None:
    return None if fleet.dm3_per_van is None else vans * fleet.dm3_per_van


def _handled(schedule: HubSchedule, waves: Sequence[Wave], day: date) -> int:
    """Return how many parcels can leave with waves: what they take, and what is loaded in the day before the last."""
    ends_s = max(instant_s(day, wave.departs, schedule.time_zone) - wave.cutoff_s for wave in waves)
    bounds = [
        int(schedule.capacity(workload, ends_s - A_DAY_S, A_DAY_S // STEP_S).sum() + 1e-6)
        for workload in Workload
        if any(shift.workload is workload for shift in schedule.shifts)
    ]
    taken = [wave.parcels_max for wave in waves if wave.parcels_max is not None]
    if len(taken) == len(waves):
        bounds.append(sum(taken))
    return min(bounds, default=NO_LIMIT)
