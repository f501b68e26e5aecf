"""Which streets and places lie in which zone, as one bit per zone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import shapely
from numpy.typing import NDArray

from data.arc_geometry import ArcLines, Bounds
from data.errors import InputError
from data.hours import parse_hours
from data.model.streets import StreetNetwork
from data.model.zone import Zone, ZoneKind

MAX_ZONES = 64
ROAD_M = 8.0  # two sources draw the same road this far apart at most


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
    arcs = ArcLines(streets)
    member = np.zeros(streets.arcs, dtype=np.uint64)
    steps: dict[tuple[ZoneKind, bytes], int] = {}  # the steps of a calendar share one outline: it is searched once
    for index, zone in enumerate(zones):
        outline = zone.kind, shapely.to_wkb(_repaired(zone))
        steps[outline] = steps.get(outline, 0) | 1 << index
    for (kind, wkb), bits in steps.items():
        shape = arcs.plane.project(shapely.from_wkb(wkb))
        inside = arcs.in_area(shape) if kind is ZoneKind.AREA else _on_road(arcs, shape)
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


def _on_road(arcs: ArcLines, road: shapely.Geometry) -> NDArray[np.int64]:
    along = arcs.along(road, ROAD_M)
    return along.arc[along.share >= 0.5]


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
