"""Which streets and places lie in which zone, as one bit per zone.

Everything is measured in metres on a plane around the city (equirectangular, good to 0.1 % over 50 km).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import shapely
from numpy.typing import NDArray

from data.errors import InputError
from data.hours import parse_hours
from data.model.streets import StreetNetwork
from data.model.zone import Zone, ZoneKind
from data.units import EARTH_RADIUS_M

MAX_ZONES = 64
INSIDE_M = 10.0  # an arc is in an area when this much of it is, or half of it
ROAD_M = 8.0  # two sources draw the same road this far apart at most
ROAD_STEP_M = 5.0  # an arc is compared with a road at points this far apart, and
ROAD_ANGLE_COS = np.cos(np.radians(30))  # only where both point the same way, so that a crossing street doesn't count

Bounds = tuple[float, float, float, float]


def zones_for_city(zones: Sequence[Zone], bounds: Bounds, ignore_unreadable: bool = False) -> tuple[Zone, ...]:
    """Return the zones that touch a city, in their order.

    Consecutive roads with the same rules and dates become one zone, ``FIRST..LAST``, which changes no winner.

    Parameters
    ----------
    bounds : (min_lon, min_lat, max_lon, max_lat)
    ignore_unreadable : bool
        Drop rules whose hours can't be read, instead of refusing them: their zone then restricts nobody by them.

    Raises
    ------
    InputError
        ``unreadable_hours`` naming every such zone, or ``too_many_zones`` over 64.
    """
    box = shapely.box(*bounds)
    touching = [zone for zone in zones if shapely.geometry.shape(zone.geometry).intersects(box)]
    unreadable = {
        zone.id: bad for zone in touching if (bad := [rule for rule in zone.rules if not _readable(rule.hours)])
    }
    if unreadable and not ignore_unreadable:
        listed = "; ".join(
            f"{zone_id} bans {rule.category} from {rule.first_banned}, hours `{rule.hours}`"
            for zone_id, rules in unreadable.items()
            for rule in rules
        )
        action = "correct the hours in the file, or ignore unreadable rules explicitly"
        raise InputError("unreadable_hours", f"zones of this city have hours nobody can tell: {listed}", action=action)
    kept = [
        zone.replace(rules=tuple(rule for rule in zone.rules if rule not in unreadable.get(zone.id, ())))
        for zone in touching
    ]
    merged = [_merge(list(run)) for _, run in groupby(kept, key=_run_key)]
    if len(merged) > MAX_ZONES:
        message = f"{len(merged)} zones touch this city, at most {MAX_ZONES} are supported"
        raise InputError("too_many_zones", message, action="leave out the steps of the calendar that are over")
    return tuple(merged)


def published_id(zone: Zone) -> str:
    """Return the id the zone was published under, without the date that made it unique."""
    return zone.id.partition("@")[0]


def arc_membership(streets: StreetNetwork, zones: Sequence[Zone]) -> NDArray[np.uint64]:
    """Return for every arc the zones it lies in.

    An arc is in an area when at least min(10 m, half its length) of it is; it is in a road zone when it runs along
    the zone's line, within 8 m and 30 degrees, for at least half its length.

    Returns
    -------
    uint64 [m]
        Bit z is set for ``zones[z]``.
    """
    plane = _Plane(streets.bounds())
    arcs = _arc_lines(streets, plane)
    tree = shapely.STRtree(arcs)
    member = np.zeros(streets.arcs, dtype=np.uint64)
    steps: dict[tuple[ZoneKind, bytes], int] = {}  # the steps of a calendar share one outline: it is searched once
    for index, zone in enumerate(zones):
        outline = zone.kind, shapely.to_wkb(_repaired(zone))
        steps[outline] = steps.get(outline, 0) | 1 << index
    for (kind, wkb), bits in steps.items():
        shape = plane.project(shapely.from_wkb(wkb))
        inside = _arcs_in_area(arcs, tree, shape) if kind is ZoneKind.AREA else _arcs_on_road(arcs, tree, shape)
        member[inside] |= np.uint64(bits)
    return member


def place_membership(lat: NDArray[np.float64], lon: NDArray[np.float64], zones: Sequence[Zone]) -> NDArray[np.uint64]:
    """Return for every place the areas it lies in, borders included; roads hold no place.

    Returns
    -------
    uint64 [k]
        Bit z is set for ``zones[z]``.
    """
    member = np.zeros(len(lat), dtype=np.uint64)
    for index, zone in enumerate(zones):
        if zone.kind is ZoneKind.AREA:
            shape = _repaired(zone)
            shapely.prepare(shape)
            member[shapely.intersects_xy(shape, lon, lat)] |= np.uint64(1 << index)
    return member


class _Plane:
    """Metres east and north of a city's centre."""

    def __init__(self, bounds: Bounds) -> None:
        self.lon0, self.lat0 = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
        self.y_scale = np.pi / 180 * EARTH_RADIUS_M
        self.x_scale = self.y_scale * np.cos(np.radians(self.lat0))

    def xy(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([(lon - self.lon0) * self.x_scale, (lat - self.lat0) * self.y_scale])

    def project(self, shape: shapely.Geometry) -> shapely.Geometry:
        return shapely.transform(shape, lambda points: self.xy(points[:, 0], points[:, 1]))


def _arc_lines(streets: StreetNetwork, plane: _Plane) -> NDArray[np.object_]:
    inner = np.diff(streets.shape_ptr)
    starts = np.concatenate([[0], np.cumsum(inner + 2)])
    xy = np.empty((starts[-1], 2))
    xy[starts[:-1]] = plane.xy(streets.node_lon[streets.tail], streets.node_lat[streets.tail])
    xy[starts[1:] - 1] = plane.xy(streets.node_lon[streets.head], streets.node_lat[streets.head])
    is_inner = np.ones(len(xy), dtype=np.bool_)
    is_inner[starts[:-1]] = is_inner[starts[1:] - 1] = False
    xy[is_inner] = plane.xy(streets.shape_lon, streets.shape_lat)
    lines: NDArray[np.object_] = shapely.linestrings(xy, indices=np.repeat(np.arange(streets.arcs), inner + 2))
    return lines


def _arcs_in_area(arcs: NDArray[np.object_], tree: shapely.STRtree, area: shapely.Geometry) -> NDArray[np.int64]:
    touching = tree.query(area, predicate="intersects")
    inside = tree.query(area, predicate="covers")
    crossing = np.setdiff1d(touching, inside)
    length = shapely.length(arcs[crossing])
    within = shapely.length(shapely.intersection(arcs[crossing], area))
    enough = within >= np.minimum(INSIDE_M, length / 2) - 1e-6
    return np.concatenate([inside, crossing[enough & (within > 0)]])


def _arcs_on_road(arcs: NDArray[np.object_], tree: shapely.STRtree, road: shapely.Geometry) -> NDArray[np.int64]:
    near = np.unique(tree.query(road, predicate="dwithin", distance=ROAD_M))
    if not len(near):
        return near
    points, headings, owner = _samples(arcs[near])
    segments, segment_headings = _segments(road)
    sample, segment = shapely.STRtree(segments).query(points, predicate="dwithin", distance=ROAD_M)
    cosine = np.abs(np.sum(headings[sample] * segment_headings[segment], axis=1))
    follows = np.zeros(len(points), dtype=np.bool_)
    follows[sample[cosine >= ROAD_ANGLE_COS]] = True
    share = np.bincount(owner, weights=follows, minlength=len(near)) / np.bincount(owner, minlength=len(near))
    return near[share >= 0.5]


def _samples(lines: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.float64], NDArray[np.int64]]:
    """Return evenly spaced points of each line, the unit headings there, and the line each belongs to."""
    length = shapely.length(lines)
    count = np.maximum(1, np.ceil(length / ROAD_STEP_M)).astype(np.int64)
    owner = np.repeat(np.arange(len(lines)), count)
    order = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    along = (order + 0.5) / count[owner] * length[owner]
    points = shapely.line_interpolate_point(lines[owner], along)
    before, after = (shapely.line_interpolate_point(lines[owner], np.maximum(along + step, 0)) for step in (-0.5, 0.5))
    return points, _unit(shapely.get_coordinates(after) - shapely.get_coordinates(before)), owner


def _segments(road: shapely.Geometry) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    ends, part = shapely.get_coordinates(shapely.get_parts(road), return_index=True)
    same = part[1:] == part[:-1]
    pairs = np.stack([ends[:-1][same], ends[1:][same]], axis=1)
    pairs = pairs[np.any(pairs[:, 0] != pairs[:, 1], axis=1)]
    return shapely.linestrings(pairs), _unit(pairs[:, 1] - pairs[:, 0])


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    norm = np.hypot(vectors[:, 0], vectors[:, 1])
    return vectors / np.where(norm > 0, norm, 1.0)[:, None]


def _repaired(zone: Zone) -> shapely.Geometry:
    shape = shapely.geometry.shape(zone.geometry)
    return shape if shape.is_valid else shapely.make_valid(shape)


def _readable(hours: str) -> bool:
    try:
        parse_hours(hours)
    except InputError:
        return False
    return True


def _run_key(zone: Zone) -> tuple[object, ...]:
    alone = zone.id if zone.kind is ZoneKind.AREA else ""
    return (zone.kind, alone, zone.valid_from, zone.valid_to, zone.rules, zone.decree_url, zone.legal_persons_only)


def _merge(run: list[Zone]) -> Zone:
    first, last = run[0], run[-1]
    if len(run) == 1:
        return first
    parts = shapely.get_parts([shapely.geometry.shape(zone.geometry) for zone in run])
    lines = [shapely.get_coordinates(part).tolist() for part in parts]
    return last.replace(id=f"{first.id}..{last.id}", geometry={"type": "MultiLineString", "coordinates": lines})
