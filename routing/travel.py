"""Travel times: the one door to how long and how far, per vehicle class and time of day, and by which streets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.errors import RoutingDataError
from data.model.city import City
from data.model.plan import AccessClass
from data.model.vehicle import Category
from routing.access import horizon, zone_in_force
from routing.doors import Doors, Links, direct, doors, links, open_links, source_seeds, target_seeds
from routing.ground import Ground, ground_of, prepare_city
from routing.legs import Crossing, Drive, LegPath, trace
from routing.matrix.arrays import F64, I32, Bool, own_f64, own_i32
from routing.matrix.cost import INF
from routing.matrix.customize import customize
from routing.matrix.table import many_to_many
from routing.matrix.warm import warm
from routing.slices import FAR_S, Profile, day_slices
from routing.snap import Shapes, Snapped, snap

__all__ = [
    "FAR_S",
    "INF_S",
    "Crossing",
    "LegPath",
    "Profile",
    "TravelTimes",
    "prepare_city",
    "travel_times",
    "warm",
]

INF_S = INF
"""What both tables hold for a pair without a way (seconds and metres)."""


@dataclass(frozen=True, eq=False)
class LegFinder:
    """Finds legs on the streets the tables were computed on."""

    shapes: Shapes
    zone_of_arc: NDArray[np.int16]
    drives: tuple[Drive, ...]

    def legs(self, requests: ArrayLike) -> list[LegPath]:
        """Return the leg of each ``(profile, source, target)``."""
        wanted = np.asarray(requests, dtype=np.int32).reshape(-1, 3)
        found: dict[int, LegPath] = {}
        for profile in np.unique(wanted[:, 0]).tolist():
            rows = np.flatnonzero(wanted[:, 0] == profile)
            source, target = own_i32(wanted[rows, 1]), own_i32(wanted[rows, 2])
            legs = trace(self.shapes, self.zone_of_arc, self.drives[profile], source, target)
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
    safe_profile : int32 [C]
        The profile in which every zone is closed that is closed to class c at any time.
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
        if self.finder is None:
            message = "these travel times were given as tables: there are no streets to trace a leg on"
            raise RoutingDataError("no_streets_behind_tables", message, action="build them from a city")
        return self.finder.legs(requests)


def travel_times(
    city: City, lat: F64, lon: F64, classes: Sequence[AccessClass], day: date, time_zone: str
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

    Raises
    ------
    RoutingDataError
        ``far_from_streets``, ``not_a_coordinate``, ``no_streets``, ``unknown_zone`` or ``stale_hierarchy``.
    InputError
        ``unknown_time_zone``.
    """
    epoch_at, _ = horizon(day, time_zone)
    slices = day_slices(classes, city.zones, epoch_at)
    zone_of_arc = zone_in_force(city.arc_zones, city.zones, day)
    ground = ground_of(city)
    sites = {
        category: _site(ground, category, own_f64(lat), own_f64(lon))
        for category in dict.fromkeys(profile.category for profile in slices.profiles)
    }
    shape = (len(slices.profiles), len(lat), len(lat))
    duration_s, distance_m = np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.int32)
    drives = []
    for p, profile in enumerate(slices.profiles):
        drive = _drive(ground, sites[profile.category], np.isin(zone_of_arc, list(profile.closed)))
        pairs = direct(drive.links, len(lat))
        many_to_many(drive.metric, drive.sources, drive.targets, pairs, duration_s[p], distance_m[p], rounded=True)
        drives.append(drive)
    return TravelTimes(
        epoch_at=epoch_at,
        profiles=slices.profiles,
        duration_s=duration_s,
        distance_m=distance_m,
        slice_ptr=slices.ptr,
        slice_end_s=slices.end_s,
        slice_profile=slices.profile,
        safe_profile=slices.safe,
        snap_m=_worst_snap_m(sites, len(lat)),
        finder=LegFinder(ground.shapes, zone_of_arc, tuple(drives)),
    )


@dataclass(frozen=True)
class _Site:
    """What all profiles of one category share: where the points are on its streets."""

    weights_ms: I32
    snapped: Snapped
    doors: Doors
    links: Links


def _site(ground: Ground, category: Category, lat: F64, lon: F64) -> _Site:
    weights_ms, index = ground.open_to(category)
    snapped = snap(ground.streets, ground.shapes, index, lat, lon)
    found = doors(ground.streets, ground.shapes, snapped, weights_ms)
    _, same_point = np.unique(np.column_stack([lat, lon]), axis=0, return_inverse=True)
    return _Site(weights_ms, snapped, found, links(found, same_point.ravel()))


def _drive(ground: Ground, site: _Site, closed: Bool) -> Drive:
    """Return one profile: its metric, and how the points enter and leave its graph."""
    streets = ground.streets
    weights_ms = np.where(closed, np.int32(INF), site.weights_ms)
    return Drive(
        metric=customize(ground.topology, streets.tail, streets.head, ground.edge, weights_ms, streets.length_dm),
        weights_ms=weights_ms,
        snapped=site.snapped,
        doors=site.doors,
        sources=source_seeds(streets, site.doors, closed),
        targets=target_seeds(streets, site.doors, closed),
        links=open_links(site.links, closed),
    )


def _worst_snap_m(sites: dict[Category, _Site], points: int) -> I32:
    worst = np.zeros(points, dtype=np.int32)
    for site in sites.values():
        np.maximum(worst, site.snapped.distance_m, out=worst)
    return worst
