"""One vehicle class's streets at any moment of a day: what is closed then, and the roads that leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from data.model.city import City
from data.model.plan import AccessClass
from data.model.traffic import Conditions, Traffic
from routing.access import horizon, zone_in_force
from routing.conditions import closed_arcs, slice_weights
from routing.ground import Ground, ground_of
from routing.roads import Roads, roads_of
from routing.slice_spans import elapsed_s
from routing.slices import Profile, Slices, Speed, day_slices


def profile_roads(
    ground: Ground, profile: Profile, speed: Speed, zone_of_arc: NDArray[np.int16], traffic: Traffic
) -> Roads:
    """Return the roads of a profile that drives at ``speed``."""
    streets, category = ground.streets, profile.category
    closed = closed_arcs(profile, zone_of_arc, streets.arc_hours, traffic)
    free_flow_ms = ground.open_to(category).weights_ms
    return roads_of(ground, category, slice_weights(free_flow_ms, streets, category, speed, traffic, closed))


@dataclass(frozen=True, eq=False)
class DayRoads:
    """The roads of one class on one day.

    Attributes
    ----------
    epoch_at : aware datetime
        Local midnight of the day.
    zone_of_arc : int16 [m]
        The zone in force on each arc, -1 where there is none.
    """

    ground: Ground
    epoch_at: datetime
    zone_of_arc: NDArray[np.int16]
    slices: Slices
    traffic: Traffic

    def profile(self, from_at: datetime, until_at: datetime) -> Profile:
        """Return the profile of the speeds at ``from_at`` and of all that is closed at any time until ``until_at``.

        With one instant given twice, that is what holds at it.
        """
        from_s, until_s = floor(elapsed_s(from_at, self.epoch_at)), ceil(elapsed_s(until_at, self.epoch_at))
        first, last = np.searchsorted(self.slices.end_s, [from_s, max(until_s - 1, from_s)], side="right").tolist()
        met = [self.slices.profiles[self.slices.profile[piece]] for piece in range(first, last + 1)]
        closed, hours, blocked = (frozenset().union(*sets) for sets in zip(*(one.closures for one in met), strict=True))
        return Profile(met[0].category, closed, hours, blocked, met[0].speed)

    def roads(self, profile: Profile) -> Roads:
        """Return the roads of a profile of this day."""
        speed = self.slices.speeds[profile.speed]
        return profile_roads(self.ground, profile, speed, self.zone_of_arc, self.traffic)


def day_roads(city: City, access: AccessClass, day: date, time_zone: str, conditions: Conditions) -> DayRoads:
    """Return the roads of a class on ``day``.

    Raises
    ------
    RoutingDataError
        ``no_streets``, ``unknown_zone`` or ``stale_hierarchy``.
    InputError
        ``unknown_time_zone`` or ``unreadable_hours``.
    """
    epoch_at, _ = horizon(day, time_zone)
    slices = day_slices((access,), city.zones, epoch_at, city.street_hours, conditions)
    zone_of_arc = zone_in_force(city.arc_zones, city.zones, day)
    return DayRoads(ground_of(city), epoch_at, zone_of_arc, slices, conditions.traffic)
