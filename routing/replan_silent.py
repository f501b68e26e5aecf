"""Vehicles that have left and of which nothing is heard: each is where the plan says and has done what the plan says.

An order that is only presumed to be handed over stays known as such until its vehicle is heard of. What that status
does not name as done is then still on board: nobody's parcel is taken for delivered for good because a phone was off.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from data.model.change import Presumed
from data.model.plan import Plan, Tour
from data.model.request import VehicleStatus
from routing.replan_visits import planned_at


def heard(plan: Plan, statuses: Sequence[VehicleStatus]) -> tuple[Plan, dict[str, tuple[str, ...]]]:
    """Return the plan without what statuses tell to be not handed over after all, and by vehicle what that is.

    Orders that a status names as failed are no longer done either; they are no part of the second value.
    """
    known = {status.vehicle_id: status for status in statuses}
    told = [each for each in plan.presumed if each.vehicle_id in known]
    open_again = {each.order_id for each in told if each.order_id not in known[each.vehicle_id].done}
    failed = {failure.order_id for status in statuses for failure in status.failed}
    aboard = {
        vehicle_id: tuple(
            each.order_id for each in told if each.vehicle_id == vehicle_id and each.order_id in open_again - failed
        )
        for vehicle_id in known
    }
    done = tuple(order_id for order_id in plan.done if order_id not in open_again)
    left = tuple(each for each in plan.presumed if each.vehicle_id not in known)
    return plan.replace(done=done, presumed=left), aboard


def last_seen(statuses: Sequence[VehicleStatus]) -> datetime | None:
    """Return the present as far as statuses know it: the latest moment a vehicle was seen on the road."""
    return max((status.at for status in statuses if status.at is not None), default=None)


def as_planned(plan: Plan, statuses: Sequence[VehicleStatus], now_at: datetime) -> list[VehicleStatus]:
    """Return a status for each vehicle that has left by the plan and was not seen since: what that says of the present.

    That it was being loaded some time ago is nothing new of a vehicle that had to leave since.
    """
    known = {status.vehicle_id for status in statuses if status.has_left or status.down}
    said = {order_id for status in statuses for order_id in (*status.done, *status.on_board)}
    said |= {failure.order_id for status in statuses for failure in status.failed}
    return [
        _as_planned(plan, tour, now_at, said)
        for tour in plan.tours
        if tour.vehicle_id not in known and (tour.departure_at < now_at or not tour.start.at_hub)
    ]


def _as_planned(plan: Plan, tour: Tour, now_at: datetime, said: set[str]) -> VehicleStatus:
    """Return where the plan has a vehicle; a stop that has begun is over before anything else happens.

    A vehicle on the way to its next stop is free since it left the last one: sent elsewhere, what it has driven counts
    as if it had been towards there. One that has no next stop waits: at its hub, once it is back there.
    """
    spots = {place.id: (place.lat, place.lon) for place in plan.places}
    spots |= {hub.id: (hub.lat, hub.lon) for hub in plan.hubs}
    reached = list(takewhile(lambda stop: stop.arrival_at <= now_at, tour.stops))
    begun = list(takewhile(lambda stop: stop.start_at <= now_at, reached))
    rested = [pause for pause in tour.breaks if pause.start_at <= now_at]
    waits = len(begun) < len(reached)
    lat, lon = spots[reached[-1].place_id] if reached else (tour.start.lat, tour.start.lon)
    free_at = reached[-1].arrival_at if waits else begun[-1].end_at if begun else tour.departure_at
    if len(begun) == len(tour.stops):
        free_at = max(free_at, now_at)
        vehicle = next(one for one in plan.vehicles if one.id == tour.vehicle_id)
        if vehicle.returns and tour.return_at <= now_at:
            lat, lon = spots[vehicle.hub_id]
    given = [order_id for stop in begun for order_id, _, collects in planned_at(stop) if not collects]
    return VehicleStatus(
        vehicle_id=tour.vehicle_id,
        loading_started=True,
        trip=tour.start.trip + sum(stop.loading_list is not None for stop in begun),
        lat=lat,
        lon=lon,
        at=max([free_at, *(pause.start_at + timedelta(seconds=pause.duration_s) for pause in rested)]),
        done=tuple(order_id for order_id in given if order_id not in said),
        breaks_done=tuple(pause.break_id for pause in rested),
    )


def presumed_by(statuses: Sequence[VehicleStatus]) -> tuple[Presumed, ...]:
    """Return what :func:`as_planned` takes to be handed over."""
    return tuple(
        Presumed(order_id=order_id, vehicle_id=status.vehicle_id) for status in statuses for order_id in status.done
    )


def silence_notes(
    silent: Sequence[VehicleStatus], aboard: dict[str, tuple[str, ...]], now_at: datetime | None
) -> tuple[str, ...]:
    """Return what a dispatcher should know about both."""
    notes = [
        f"nothing is heard of {status.vehicle_id}: it is taken to be where the plan has it at {now_at:%H:%M}, with "
        f"{len(status.done)} more {'order' if len(status.done) == 1 else 'orders'} handed over"
        for status in silent
    ]
    notes += [
        f"{vehicle_id} was presumed to have handed over {', '.join(order_ids)}; its status does not say so"
        for vehicle_id, order_ids in aboard.items()
        if order_ids
    ]
    return tuple(notes)
