"""One vehicle's drive through a few points at one moment, and what low-emission zones add to it.

Whoever sets out drives at the speeds of the departure. What closes before the arrival is closed from the start: no
leg begins in a zone that will be forbidden before the drive is over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from data.errors import RoutingDataError
from data.hours import zone_named
from data.model.city import City
from data.model.plan import AccessClass, Closure
from data.model.traffic import Conditions
from data.model.zone import Zone
from routing.access import VehicleKind, class_access, horizon
from routing.legs import Crossing, trace
from routing.matrix.arrays import F64, I32, own_f64, own_i32
from routing.matrix.cost import INF
from routing.moment import DayRoads, day_roads
from routing.roads import Located, Roads, fill_table, locate_on, snap_to
from routing.slices import Profile
from routing.snap import NO_ARC, Snapped


@dataclass(frozen=True, eq=False)
class Way:
    """A drive through the points, in their order.

    Attributes
    ----------
    travel_s, distance_m : int
        Sums of the legs' entries in the travel-time table.
    points : float64 [p, 2]
        Longitude and latitude.
    crossings : tuple of Crossing
        Zones in force that it runs through.
    """

    travel_s: int
    distance_m: int
    points: F64
    crossings: tuple[Crossing, ...]


@dataclass(frozen=True)
class Ban:
    """A zone that is closed to the vehicle during its drive: by which rule, since when, until when.

    ``until_at`` is ``None`` where it is still closed at 06:00 of the next day: nobody has looked further.
    """

    zone: Zone
    closure: Closure
    since_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, eq=False)
class Trip:
    """A drive, and the one the vehicle would make were all zones open to it.

    Attributes
    ----------
    snap_m : int32 [L]
        From each point to its street.
    way : Way
    with_zones_open : Way
    avoided : tuple of Ban
        Zones on ``with_zones_open`` that are closed to the vehicle: what it drives around.
    """

    access: AccessClass
    snap_m: I32
    way: Way
    with_zones_open: Way
    avoided: tuple[Ban, ...]

    @property
    def extra_s(self) -> int:
        """Seconds that closed zones add."""
        return self.way.travel_s - self.with_zones_open.travel_s

    @property
    def extra_m(self) -> int:
        """Metres that closed zones add, below 0 where the slower way is the shorter one."""
        return self.way.distance_m - self.with_zones_open.distance_m


def find_trip(
    city: City, kind: VehicleKind, lat: F64, lon: F64, depart_at: datetime, time_zone: str, conditions: Conditions
) -> Trip:
    """Return the fastest drive from the first point through the others to the last.

    Parameters
    ----------
    lat, lon : float64 [L]
        WGS84 degrees, at least two points.
    depart_at : aware datetime
    time_zone : str
        The clock that the zones' hours speak of.

    Raises
    ------
    RoutingDataError
        ``far_from_streets`` or ``not_a_coordinate``; ``zone_closed``: a point lies in a zone that is closed to the
        vehicle, or behind one; ``unreachable``: there is no way even through open zones. All but the last name the
        point as ``#/index``.
    """
    depart_at = depart_at.astimezone(zone_named(time_zone))
    finder = _finder(city, kind, own_f64(lat), own_f64(lon), depart_at, time_zone, conditions)
    profile = finder.day.profile(depart_at, depart_at)
    while True:
        with_zones_open = finder.way(replace(profile, closed=frozenset()))
        if with_zones_open is None:
            message = f"no street that {kind.category.value} may use at that time leads through all the points"
            raise RoutingDataError("unreachable", message, action="check the points, or leave at another time")
        bans = finder.bans(profile, depart_at)
        way = finder.way(profile) if bans else with_zones_open
        if way is None:
            raise finder.refusal(bans, with_zones_open)
        later = finder.day.profile(depart_at, depart_at + timedelta(seconds=way.travel_s))
        if later == profile:
            break
        profile = later
    crossed = {crossing.zone for crossing in with_zones_open.crossings}
    avoided = tuple(ban for index, ban in bans.items() if index in crossed)
    return Trip(finder.access, finder.snapped.distance_m, way, with_zones_open, avoided)


@dataclass(frozen=True, eq=False)
class _Finder:
    """Finds ways of one class through some points on one day."""

    city: City
    access: AccessClass
    day: DayRoads
    lat: F64
    lon: F64
    snapped: Snapped

    def way(self, profile: Profile) -> Way | None:
        """Return the fastest way in a profile, ``None`` where there is none."""
        roads = self.day.roads(profile)
        points = locate_on(roads, self.snapped, self.lat, self.lon)
        count = len(self.lat)
        duration_s, distance_m = (np.empty((count, count), dtype=np.int32) for _ in range(2))
        fill_table(roads, points, duration_s, distance_m)
        if (np.diagonal(duration_s, 1) >= INF).any():
            return None
        return _joined(roads, points, self.day, np.diagonal(duration_s, 1), np.diagonal(distance_m, 1))

    def bans(self, profile: Profile, depart_at: datetime) -> dict[int, Ban]:
        """Return the zones closed in a profile, by index, each with the window that is or comes next."""
        _, end_at = horizon(self.day.epoch_at.date(), str(self.day.epoch_at.tzinfo))
        bans: dict[int, Ban] = {}
        for index in sorted(profile.closed):
            zone = self.city.zones[index]
            found = [
                (window.start_at, closure, window)
                for closure in self.access.closures
                if closure.zone_id == zone.id
                for window in closure.closed
                if window.end_at > depart_at
            ]
            _, closure, window = min(found, key=lambda each: each[0])
            bans[index] = Ban(zone, closure, window.start_at, window.end_at if window.end_at < end_at else None)
        return bans

    def refusal(self, bans: dict[int, Ban], with_zones_open: Way) -> RoutingDataError:
        """Return the error about the zone that keeps the vehicle from a point, or from the way there."""
        for point, (arc, reverse) in enumerate(zip(self.snapped.arc, self.snapped.reverse, strict=True)):
            arcs = [arc] if reverse == NO_ARC else [arc, reverse]
            zones = {int(zone) for zone in self.day.zone_of_arc[arcs]}
            if zones <= bans.keys():
                return _closed(self.access, bans[min(zones)], "the street it is served from lies in", f"#/{point}")
        crossed = [crossing.zone for crossing in with_zones_open.crossings if crossing.zone in bans]
        return _closed(self.access, bans[crossed[0]], "every way runs through", "")


def _finder(
    city: City, kind: VehicleKind, lat: F64, lon: F64, depart_at: datetime, time_zone: str, conditions: Conditions
) -> _Finder:
    day = depart_at.date()
    access = class_access(city.zones, kind, day, time_zone)
    roads = day_roads(city, access, day, time_zone, conditions)
    return _Finder(city, access, roads, lat, lon, snap_to(roads.ground, access.category, lat, lon))


def _joined(roads: Roads, points: Located, day: DayRoads, duration_s: I32, distance_m: I32) -> Way:
    """Return the legs from each point to the next as one way."""
    numbers = np.arange(len(duration_s) + 1)
    legs = trace(roads, points, day.zone_of_arc, own_i32(numbers[:-1]), own_i32(numbers[1:]))
    crossings: list[Crossing] = []
    begun_s = 0
    for leg, travel_s in zip(legs, duration_s.tolist(), strict=True):
        for zone, enter_s, exit_s in leg.crossings:
            now = Crossing(zone, begun_s + enter_s, begun_s + min(exit_s, travel_s))
            if crossings and (crossings[-1].zone, crossings[-1].exit_s) == (zone, now.enter_s):
                now = Crossing(zone, crossings.pop().enter_s, now.exit_s)
            crossings.append(now)
        begun_s += travel_s
    shape = np.concatenate([leg.points for leg in legs])
    return Way(int(duration_s.sum()), int(distance_m.sum()), shape, tuple(crossings))


def _closed(access: AccessClass, ban: Ban, how: str, where: str) -> RoutingDataError:
    until = f"until {ban.until_at:%Y-%m-%d %H:%M}" if ban.until_at else "with no end in sight"
    message = (
        f"{how} zone {ban.zone.id} ({ban.zone.name or 'no name'}), which is closed to {access.category.value} from "
        f"Crit'Air {ban.closure.first_banned.value} on, {ban.closure.hours}; {access.id} is kept out from "
        f"{ban.since_at:%Y-%m-%d %H:%M} {until}"
    )
    action = "take a cleaner vehicle or a bike" + (", or leave when it is open" if ban.until_at else "")
    return RoutingDataError("zone_closed", message, where, action)
