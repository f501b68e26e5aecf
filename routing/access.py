"""Who may drive where and when, on one day: low-emission rules, exemptions and dates resolved to instants.

Our fleet belongs to a legal person, so a zone that spares private persons' vehicles doesn't spare ours. Which zone's
rule holds at a spot is decided once per spot, not per class: the winner holds wholesale, and a category it doesn't
mention is free there, whatever the zones below say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.hours import open_windows, zone_named
from data.model.plan import AccessClass, Closure
from data.model.vehicle import Category, Critair, Energy, Vehicle
from data.model.zone import Exemption, Zone, ZoneKind, ZoneRule
from data.zoning import published_id

HORIZON_END = time(6)  # tours that run past midnight are still this day's

Key = tuple[Category, Critair, Energy, tuple[str, ...]]


class VehicleKind(NamedTuple):
    """What the rules ask of a vehicle."""

    category: Category
    critair: Critair
    energy: Energy


def horizon(day: date, time_zone: str) -> tuple[datetime, datetime]:
    """Return the planned day's first instant and 06:00 of the next, in the clock of ``time_zone``.

    Raises
    ------
    InputError
        ``unknown_time_zone``.
    """
    zone = zone_named(time_zone)
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), HORIZON_END, zone)


def in_force(zone: Zone, day: date) -> bool:
    """Return whether ``zone`` is in force on ``day``; its first and last day both count."""
    return zone.valid_from <= day and (zone.valid_to is None or day <= zone.valid_to)


def zone_in_force(membership: NDArray[np.uint64], zones: Sequence[Zone], day: date) -> NDArray[np.int16]:
    """Return for every arc or place the zone whose rule holds there on ``day``.

    A road beats any area; among roads, and among areas, the last in the file wins.

    Parameters
    ----------
    membership : uint64 [k]
        Bit z is set where ``zones[z]`` covers the arc or place.

    Returns
    -------
    int16 [k]
        Index into ``zones``, -1 where none is in force.
    """
    winner = np.full(len(membership), -1, dtype=np.int16)
    valid = [index for index, zone in enumerate(zones) if in_force(zone, day)]
    for index in sorted(valid, key=lambda z: (zones[z].kind is ZoneKind.ROAD, zones[z].rank)):
        winner[(membership & np.uint64(1 << index)) != 0] = index
    return winner


def access_classes(
    zones: Sequence[Zone],
    vehicles: Sequence[Vehicle],
    exemptions: Sequence[Exemption],
    day: date,
    time_zone: str,
) -> tuple[AccessClass, ...]:
    """Group vehicles that may drive the same streets at the same times on ``day``.

    A class holds vehicles of one category, sticker, energy and set of exemptions that matter to them; its closures
    cover ``day`` 00:00 to 06:00 of the next, under the rules and exemptions of ``day``. An electric vehicle counts as
    ``EL`` whatever its sticker. Cargo bikes and what people's legs drive are never banned.

    Returns
    -------
    tuple of AccessClass
        In the order their first vehicles are given; each vehicle is in exactly one.

    Raises
    ------
    InputError
        ``unreadable_hours`` or ``unknown_time_zone``.
    """
    start, end = horizon(day, time_zone)
    valid = [zone for zone in zones if in_force(zone, day)]
    groups: dict[Key, list[str]] = {}
    for vehicle in vehicles:
        critair = sticker(vehicle)
        banning = [zone for zone in valid if _bans(zone, vehicle.category, vehicle.energy, critair)]
        exempt = tuple(zone.id for zone in banning if _is_exempt(vehicle.id, zone, exemptions, day))
        groups.setdefault((vehicle.category, critair, vehicle.energy, exempt), []).append(vehicle.id)
    names = _names(list(groups))
    return tuple(_access_class(names[key], key, tuple(ids), valid, start, end) for key, ids in groups.items())


def class_access(zones: Sequence[Zone], kind: VehicleKind, day: date, time_zone: str) -> AccessClass:
    """Return the class of any vehicle of a kind that has no exemption; see :func:`access_classes`."""
    start, end = horizon(day, time_zone)
    key: Key = (kind.category, _sticker(kind.energy, kind.critair), kind.energy, ())
    valid = [zone for zone in zones if in_force(zone, day)]
    return _access_class(_names([key])[key], key, (), valid, start, end)


def sticker(vehicle: Vehicle) -> Critair:
    """Return the vehicle's Crit'Air class: an electric vehicle is ``EL`` even where none was given."""
    return _sticker(vehicle.energy, vehicle.critair)


def _sticker(energy: Energy, critair: Critair) -> Critair:
    return Critair.EL if energy is Energy.ELECTRIC else critair


def _access_class(
    name: str, key: Key, vehicle_ids: tuple[str, ...], valid: Sequence[Zone], start: datetime, end: datetime
) -> AccessClass:
    return AccessClass(
        id=name,
        category=key[0],
        critair=key[1],
        energy=key[2],
        vehicle_ids=vehicle_ids,
        exempt_zone_ids=key[3],
        closures=tuple(closure for zone in valid for closure in _closures(zone, key, start, end)),
    )


def _closures(zone: Zone, key: Key, start: datetime, end: datetime) -> Iterator[Closure]:
    category, critair, energy, exempt = key
    if zone.id in exempt:
        return
    for rule in _bans(zone, category, energy, critair):
        if closed := open_windows(rule.hours, start, end):
            yield Closure(
                zone_id=zone.id,
                first_banned=rule.first_banned,
                hours=rule.hours,
                decree_url=zone.decree_url,
                closed=closed,
            )


def _bans(zone: Zone, category: Category, energy: Energy, critair: Critair) -> list[ZoneRule]:
    """Return the zone's rules that ban such a vehicle, hours aside."""
    if category is Category.CARGO_BIKE or energy is Energy.HUMAN:
        return []
    return [rule for rule in zone.rules if rule.category is category and critair.rank >= rule.first_banned.rank]


def _is_exempt(vehicle_id: str, zone: Zone, exemptions: Sequence[Exemption], day: date) -> bool:
    """An exemption names a zone by its own id, or by the published one and then covers every step of its calendar."""
    return any(
        exemption.vehicle_id == vehicle_id
        and exemption.zone_id in (zone.id, published_id(zone))
        and exemption.holds_on(day)
        for exemption in exemptions
    )


def _names(keys: list[Key]) -> dict[Key, str]:
    """Name classes ``vul-V4-diesel``, with ``-x1``, ``-x2`` for those with exemptions."""
    names: dict[Key, str] = {}
    for key in keys:
        base = f"{key[0]}-{key[1]}-{key[2]}"
        exempt = [other for other in keys if other[:3] == key[:3] and other[3]]
        names[key] = f"{base}-x{exempt.index(key) + 1}" if key[3] else base
    return names
