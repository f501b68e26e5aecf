"""The total capacity a plan offers: what it carries and what its vans could still take, nested as promises are sold.

A hub's day is around its tour groups, a group around its areas' options. A van belongs to the group of most of its
stops; one that stays in the yard could help any group, so each group counts it, and the hub's day counts it once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from data.model.fleet import FleetSettings, TourGroup
from data.model.levels import area_level, group_level, hub_level
from data.model.plan import Plan, Tour
from data.model.reservation import Capacity
from data.model.vehicle import Role, Vehicle

A_DAY_OF_STOPS_S = 240
"""Driving and service per order where no tour of the hub tells."""

AreaOf = Callable[[float, float], str]


class Offer(NamedTuple):
    """Parcels and dm3, planned and room together."""

    parcels: int
    dm3: int


NOTHING = Offer(0, 0)


def plan_capacities(
    plan: Plan, fleets: Iterable[FleetSettings], area_of: AreaOf, option_ids: Collection[str]
) -> tuple[Capacity, ...]:
    """Return the levels of a plan's hubs on its day, the outermost first.

    Parameters
    ----------
    fleets : iterable of FleetSettings
        The tour groups of each hub; a hub without any is left out.
    area_of : callable
        The area of a latitude and a longitude, an empty text where there is none.
    option_ids : collection of str
        The options that tours deliver.
    """
    found: list[Capacity] = []
    for fleet in fleets:
        offers, spare = _offers(plan, fleet, area_of)
        total = sum_of([*offers.values(), spare])
        hub = hub_level(fleet.hub_id, plan.day, total.parcels, total.dm3)
        found.append(hub)
        for group in fleet.groups:
            found += _levels(hub, group, sum_of([offers.get(group.id, NOTHING), spare]), option_ids)
    return tuple(found)


def sum_of(offers: Iterable[Offer]) -> Offer:
    """Return all together."""
    listed = list(offers)
    return Offer(sum(one.parcels for one in listed), sum(one.dm3 for one in listed))


def _levels(hub: Capacity, group: TourGroup, offer: Offer, option_ids: Collection[str]) -> Iterator[Capacity]:
    around = group_level(hub, group.id, offer.parcels, offer.dm3)
    yield around
    for area in group.areas:
        yield from (area_level(around, area, option) for option in option_ids)


def _offers(plan: Plan, fleet: FleetSettings, area_of: AreaOf) -> tuple[dict[str, Offer], Offer]:
    """Return what the tours of each group offer, and what the vans in the yard do."""
    vans = {one.id: one for one in plan.vehicles if one.hub_id == fleet.hub_id and one.role is not Role.HIRED}
    tours = [tour for tour in plan.tours if tour.vehicle_id in vans]
    sealed = {lock.vehicle_id for lock in plan.locks if lock.closed_to_others}
    pace_s = _seconds_per_parcel(tours)
    where = {place.id: area_of(place.lat, place.lon) for place in plan.places}
    offers: dict[str, Offer] = defaultdict(lambda: NOTHING)
    for tour in tours:
        van = vans[tour.vehicle_id]
        planned = Offer(tour.parcels, tour.load_dm3)
        group = _group_of(tour, fleet, where)
        offers[group] = sum_of([offers[group], planned, NOTHING if van.id in sealed else _room(van, tour, pace_s)])
    out = {tour.vehicle_id for tour in tours}
    spare = sum_of(_whole(van, pace_s) for van in vans.values() if van.id not in out and van.id not in sealed)
    return offers, spare


def _group_of(tour: Tour, fleet: FleetSettings, where: dict[str, str]) -> str:
    """Return the group of most of a tour's stops, the first of several."""
    group_of = {area: group.id for group in fleet.groups for area in group.areas}
    visits = Counter(group_of[area] for stop in tour.stops if (area := where.get(stop.place_id, "")) in group_of)
    return max(visits, key=lambda name: (visits[name], name)) if visits else fleet.groups[0].id


def _room(van: Vehicle, tour: Tour, pace_s: float) -> Offer:
    """Return what a tour could still take: in its van’s space over all trips, and in the time left of the shift."""
    left_s = (van.shift.end_at - tour.return_at).total_seconds()
    trips = van.max_trips - tour.start.trip + 1
    space = Offer(van.capacity_parcels * trips - tour.parcels, van.capacity_dm3 * trips - tour.load_dm3)
    return Offer(max(0, min(space.parcels, int(max(0.0, left_s) / pace_s))), max(0, space.dm3))


def _whole(van: Vehicle, pace_s: float) -> Offer:
    """Return what a van in the yard could take."""
    shift_s = (van.shift.end_at - van.shift.start_at).total_seconds()
    return Offer(min(van.capacity_parcels * van.max_trips, int(shift_s / pace_s)), van.capacity_dm3 * van.max_trips)


def _seconds_per_parcel(tours: Sequence[Tour]) -> float:
    """Return how long the tours take per parcel, from departure to return."""
    parcels = sum(tour.parcels for tour in tours)
    took_s = sum((tour.return_at - tour.departure_at).total_seconds() for tour in tours)
    return max(1.0, took_s / parcels) if parcels else A_DAY_OF_STOPS_S
