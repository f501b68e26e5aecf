"""Travel times: the one door to how long and how far, per vehicle class and time of day, and by which streets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.errors import RoutingDataError
from data.model.city import City
from data.model.plan import AccessClass
from data.model.traffic import Conditions, Traffic
from data.model.vehicle import Category
from routing.access import horizon, zone_in_force
from routing.ground import ground_of, prepare_city
from routing.legs import Crossing, LegPath, trace
from routing.matrix.arrays import F64, I32, own_f64, own_i32
from routing.matrix.cost import INF
from routing.matrix.warm import warm
from routing.moment import profile_roads
from routing.roads import Located, Roads, fill_table, locate_on, snap_to
from routing.slices import FAR_S, Profile, day_slices
from routing.snap import Snapped

__all__ = [
    "FAR_S",
    "INF_S",
    "Crossing",
    "LegPath",
    "Profile",
    "TravelTimes",
    "add_points",
    "prepare_city",
    "travel_times",
    "warm",
]

INF_S = INF
"""What both tables hold for a pair without a way (seconds and metres)."""


@dataclass(frozen=True, eq=False)
class LegFinder:
    """Finds legs on the streets the tables were computed on."""

    lat: F64
    lon: F64
    zone_of_arc: NDArray[np.int16]
    roads: tuple[Roads, ...]
    points: tuple[Located, ...]

    def legs(self, requests: ArrayLike) -> list[LegPath]:
        """Return the leg of each ``(profile, source, target)``."""
        wanted = np.asarray(requests, dtype=np.int32).reshape(-1, 3)
        found: dict[int, LegPath] = {}
        for profile in np.unique(wanted[:, 0]).tolist():
            rows = np.flatnonzero(wanted[:, 0] == profile)
            source, target = own_i32(wanted[rows, 1]), own_i32(wanted[rows, 2])
            legs = trace(self.roads[profile], self.points[profile], self.zone_of_arc, source, target)
            found.update(zip(rows.tolist(), legs))
        return [found[row] for row in range(len(wanted))]


@dataclass(frozen=True, eq=False)
class TravelTimes:
    """Durations and distances between L points for P profiles, and which profile holds when for C access classes.

    Attributes
    ----------
    epoch_at : aware datetime
        Local midnight of the day; seconds on the day axis are elapsed seconds since then.
    profiles : tuple of Profile
    duration_s, distance_m : int32 [P, L, L]
        From row to column, rounded half up; :data:`INF_S` in both where there is no way.
    slice_ptr : int32 [C + 1]
        The time slices of class c are ``slice_ptr[c]`` to ``slice_ptr[c + 1] - 1``.
    slice_end_s : int32
        End of each slice, excluded; a class's last ends at :data:`FAR_S`.
    slice_profile : int32
        Index of the profile that holds in it.
    safe_profile : int32
        Per slice, the profile of its speeds with everything closed that is closed to the class at any time.
    snap_m : int32 [L]
        From each point to the street it is served from, the worst over the categories.
    finder : LegFinder, optional
        Absent from tables that didn't come from streets.
    """

    epoch_at: datetime
    profiles: tuple[Profile, ...]
    duration_s: I32
    distance_m: I32
    slice_ptr: I32
    slice_end_s: I32
    slice_profile: I32
    safe_profile: I32
    snap_m: I32
    finder: LegFinder | None = None

    def leg(self, profile: int, source: int, target: int) -> LegPath:
        """Return the streets from one point to another; see :meth:`legs`."""
        return self.legs([(profile, source, target)])[0]

    def legs(self, requests: ArrayLike) -> list[LegPath]:
        """Return the streets driven for each row ``(profile, source, target)`` of ``requests`` [R, 3].

        Their arcs add up to the tables' entries.

        Raises
        ------
        RoutingDataError
            ``unreachable`` (the tables hold :data:`INF_S`) or ``no_streets_behind_tables``.
        """
        return self.streets().legs(requests)

    def streets(self) -> LegFinder:
        """Return the streets behind the tables.

        Raises
        ------
        RoutingDataError
            ``no_streets_behind_tables``.
        """
        if self.finder is None:
            message = "these travel times were given as tables: there are no streets behind them"
            raise RoutingDataError("no_streets_behind_tables", message, action="build them from a city")
        return self.finder


def travel_times(
    city: City,
    lat: F64,
    lon: F64,
    classes: Sequence[AccessClass],
    day: date,
    time_zone: str,
    conditions: Conditions | None = None,
) -> TravelTimes:
    """Return travel times between all points for every profile that ``classes`` need on ``day``.

    Parameters
    ----------
    city : City
        With the hierarchy :func:`prepare_city` adds; it is computed here, at a cost, where absent.
    lat, lon : float64 [L]
        WGS84 degrees.
    classes : sequence of AccessClass
        With their closures as instants.
    day : date
    time_zone : str
        IANA name.
    conditions : Conditions, optional
        Speeds by the hour, traffic and weather; free flow without.

    Raises
    ------
    RoutingDataError
        ``far_from_streets``, ``not_a_coordinate``, ``no_streets``, ``unknown_zone`` or ``stale_hierarchy``.
    InputError
        ``unknown_time_zone``.
    """
    lat, lon = own_f64(lat), own_f64(lon)
    traffic = conditions.traffic if conditions else Traffic()
    epoch_at, _ = horizon(day, time_zone)
    slices = day_slices(classes, city.zones, epoch_at, city.street_hours, conditions)
    zone_of_arc = zone_in_force(city.arc_zones, city.zones, day)
    ground = ground_of(city)
    snapped: dict[Category, Snapped] = {}
    roads, points = [], []
    shape = (len(slices.profiles), len(lat), len(lat))
    duration_s, distance_m = np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.int32)
    for p, profile in enumerate(slices.profiles):
        category = profile.category
        if category not in snapped:
            snapped[category] = snap_to(ground, category, lat, lon)
        roads.append(profile_roads(ground, profile, slices.speeds[profile.speed], zone_of_arc, traffic))
        points.append(locate_on(roads[p], snapped[category], lat, lon))
        fill_table(roads[p], points[p], duration_s[p], distance_m[p])
    return TravelTimes(
        epoch_at=epoch_at,
        profiles=slices.profiles,
        duration_s=duration_s,
        distance_m=distance_m,
        slice_ptr=slices.ptr,
        slice_end_s=slices.end_s,
        slice_profile=slices.profile,
        safe_profile=slices.safe,
        snap_m=_worst_snap_m(snapped, len(lat)),
        finder=LegFinder(lat, lon, zone_of_arc, tuple(roads), tuple(points)),
    )


def add_points(travel: TravelTimes, lat: F64, lon: F64) -> TravelTimes:
    """Return ``travel`` with K more points behind the L it has; only their rows and columns are computed.

    Raises
    ------
    RoutingDataError
        As :func:`travel_times`, or ``no_streets_behind_tables``.
    """
    finder, known, total = travel.streets(), len(travel.snap_m), len(travel.snap_m) + len(lat)
    every_lat, every_lon = np.concatenate([finder.lat, lat]), np.concatenate([finder.lon, lon])
    snapped: dict[Category, Snapped] = {}
    points = []
    shape = (len(travel.profiles), total, total)
    duration_s, distance_m = np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.int32)
    for p, roads in enumerate(finder.roads):
        if roads.category not in snapped:
            more = snap_to(roads.ground, roads.category, own_f64(lat), own_f64(lon))
            both = zip(finder.points[p].snapped, more, strict=True)
            snapped[roads.category] = Snapped(*[np.concatenate([np.asarray(a), np.asarray(b)]) for a, b in both])
        points.append(locate_on(roads, snapped[roads.category], every_lat, every_lon))
        duration_s[p, :known, :known] = travel.duration_s[p]
        distance_m[p, :known, :known] = travel.distance_m[p]
        for rows, columns in ((np.arange(known, total), np.arange(total)), (np.arange(known), np.arange(known, total))):
            block_s, block_m = np.empty((2, len(rows), len(columns)), dtype=np.int32)
            fill_table(roads, points[p], block_s, block_m, rows, columns)
            duration_s[p][np.ix_(rows, columns)], distance_m[p][np.ix_(rows, columns)] = block_s, block_m
    return replace(
        travel,
        duration_s=duration_s,
        distance_m=distance_m,
        snap_m=_worst_snap_m(snapped, total),
        finder=replace(finder, lat=every_lat, lon=every_lon, points=tuple(points)),
    )


def _worst_snap_m(snapped: dict[Category, Snapped], points: int) -> I32:
    worst = np.zeros(points, dtype=np.int32)
    for spots in snapped.values():
        np.maximum(worst, spots.distance_m, out=worst)
    return worst
