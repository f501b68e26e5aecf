"""Low-emission zones from the Base nationale des ZFE, or from a user's GeoJSON with the same properties.

Scheme: etalab/schema-zfe 0.8.2. Two files may be given, areas and special roads (``voies``). What the published data
leaves unclear is never guessed: a rule whose hours can't be read keeps them as published, the notes name its zone,
and :func:`data.zoning.zones_for_city` refuses to build a city on it unless told otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import shapely

from data.errors import InputError
from data.hours import normalise_hours
from data.model.vehicle import Category, Critair
from data.model.zone import Zone, ZoneKind, ZoneRule
from data.sources.coordinates import trouble
from data.sources.geojson import read_features

COLUMNS: dict[Category, str] = {
    Category.VP: "vp",
    Category.VUL: "vul",
    Category.PL: "pl",
    Category.TWO_WHEELER: "deux_rm",
}
_NESTING = {"LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
_NOTHING = {"", "<nul>", "null", "none"}


def read_zones(*paths: Path) -> tuple[tuple[Zone, ...], tuple[str, ...]]:
    """Read zones from one or more files; their order sets ``rank``.

    Ids that appear more than once (steps of a calendar) get their first day appended, ``ID@2025-01-01``, and a
    count where that is not enough, ``ID@2025-01-01#2``.

    Returns
    -------
    zones : tuple of Zone
    notes : tuple of str
        What was read in an obvious way, what could not be read, and with which zone.

    Raises
    ------
    InputError
        Not a FeatureCollection in WGS84, a missing id or date, an unknown class, or an impossible geometry; with
        a JSON pointer.
    """
    notes: list[str] = []
    zones: list[Zone] = []
    for path in paths:
        for where, feature in read_features(path):
            zones.append(_zone(feature, where, len(zones), notes))
    notes.extend(_surprising_order(zones))
    return tuple(_unique(zones, notes)), tuple(notes)


def _zone(feature: dict[str, Any], where: str, rank: int, notes: list[str]) -> Zone:
    properties = feature["properties"]
    at = f"{where}/properties"
    zone_id = _text(properties.get("id"))
    if not zone_id:
        raise InputError("missing_value", "the zone has no id", f"{at}/id", "give it one")
    kind, geometry = _geometry(feature.get("geometry"), f"{where}/geometry", zone_id, notes)
    publisher = feature.get("publisher")
    names = [publisher.get("nom")] if isinstance(publisher, dict) else []
    for name in properties:
        if name.startswith(("date_debut_", "date_fin_")) and _text(properties[name]):
            notes.append(f"{zone_id}: `{name}` is not in the scheme: {_text(properties[name])} has no effect")
    valid_from = _date(properties.get("date_debut"), f"{at}/date_debut")
    if valid_from is None:
        raise InputError("missing_value", f"{zone_id} has no first day", f"{at}/date_debut", "write YYYY-MM-DD")
    valid_to = _date(properties.get("date_fin"), f"{at}/date_fin")
    if valid_to and valid_to < valid_from:
        notes.append(f"{zone_id}: ends on {valid_to}, before it starts on {valid_from}: never in force")
    return Zone(
        id=zone_id,
        rank=rank,
        kind=kind,
        geometry=geometry,
        valid_from=valid_from,
        valid_to=valid_to,
        rules=tuple(_rules(properties, at, zone_id, notes)),
        name=next((_text(name) for name in [*names, properties.get("nom"), properties.get("Name")] if _text(name)), ""),
        decree_url=_text(properties.get("url_arrete")),
        legal_persons_only=_legal_persons_only(properties.get("proprietaire_vehicule"), zone_id, notes),
    )


def _rules(properties: dict[str, Any], at: str, zone_id: str, notes: list[str]) -> Iterator[ZoneRule]:
    for category, column in COLUMNS.items():
        published = _text(properties.get(f"{column}_critair")).upper()
        if not published:
            continue
        if published == "EC":
            notes.append(f"{zone_id}: {column}_critair `EC` of older files read as `EL`, which bans every vehicle")
            published = "EL"
        if published not in set(Critair):
            message = f"unknown class `{published}` in {zone_id}"
            raise InputError("invalid_value", message, f"{at}/{column}_critair", f"one of {', '.join(Critair)} or null")
        hours = _raw_text(properties.get(f"{column}_horaires"))
        try:
            hours, note = normalise_hours(hours)
        except InputError as error:
            note = f"{error.message}: the ban of {published} is kept as published and not resolved"
        if note:
            notes.append(f"{zone_id}: {column}_horaires: {note}")
        yield ZoneRule(category=category, first_banned=Critair(published), hours=hours)


def _geometry(geometry: Any, where: str, zone_id: str, notes: list[str]) -> tuple[ZoneKind, dict[str, Any]]:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in _NESTING:
        message = f"{zone_id} has geometry `{kind}`, expected one of {', '.join(_NESTING)}"
        raise InputError("invalid_geometry", message, where)
    plain = {
        "type": kind,
        "coordinates": _coordinates(geometry.get("coordinates"), _NESTING[kind], where + "/coordinates"),
    }
    is_area = kind.endswith("Polygon")
    for pointer, points in _paths(plain["coordinates"], _NESTING[kind], where + "/coordinates"):
        if is_area and (len(points) < 4 or points[0] != points[-1]):
            raise InputError("invalid_geometry", "a ring needs four points, the last equal to the first", pointer)
        if len(points) < 2:
            raise InputError("invalid_geometry", "a line needs two points", pointer)
    shape = shapely.geometry.shape(plain)
    if not shape.is_valid:
        notes.append(f"{zone_id}: outline repaired ({shapely.is_valid_reason(shape)})")
    return (ZoneKind.AREA if is_area else ZoneKind.ROAD), plain


def _coordinates(value: Any, depth: int, where: str) -> list[Any]:
    """Return nested positions as [lon, lat], altitude dropped."""
    if not isinstance(value, list) or not value:
        raise InputError("invalid_geometry", "expected a list of positions", where)
    if depth:
        return [_coordinates(child, depth - 1, f"{where}/{index}") for index, child in enumerate(value)]
    if len(value) < 2 or any(isinstance(number, bool) or not isinstance(number, int | float) for number in value):
        raise InputError("invalid_geometry", f"not a position [lon, lat]: {value}", where)
    lon, lat = float(value[0]), float(value[1])
    if wrong := trouble(lat, lon):
        raise InputError("invalid_coordinates", wrong, where, "GeoJSON positions are [longitude, latitude]")
    return [lon, lat]


def _paths(coordinates: list[Any], depth: int, where: str) -> Iterator[tuple[str, list[list[float]]]]:
    if depth == 1:
        yield where, coordinates
        return
    for index, child in enumerate(coordinates):
        yield from _paths(child, depth - 1, f"{where}/{index}")


def _surprising_order(zones: list[Zone]) -> Iterator[str]:
    """Say where the last in the file wins over a rule of the same publisher that is newer, as the scheme wants it."""
    areas = [(zone, shapely.geometry.shape(zone.geometry)) for zone in zones if zone.kind is ZoneKind.AREA]
    for (first, first_shape), (last, last_shape) in combinations(areas, 2):
        together = (first.valid_to or date.max) >= last.valid_from and (last.valid_to or date.max) >= first.valid_from
        if first.name == last.name and first.valid_from > last.valid_from and together and first.rules != last.rules:
            if shapely.area(shapely.make_valid(first_shape).intersection(shapely.make_valid(last_shape))) > 0:
                yield (
                    f"{last.id}: in force from {last.valid_from}, it stands after the newer {first.id} (from "
                    f"{first.valid_from}) in the file, overlaps it and so wins over it"
                )


def _unique(zones: list[Zone], notes: list[str]) -> Iterator[Zone]:
    uses = Counter(zone.id for zone in zones)
    dated = Counter((zone.id, zone.valid_from) for zone in zones)
    seen: Counter[tuple[str, date]] = Counter()
    for zone in zones:
        if uses[zone.id] == 1:
            yield zone
            continue
        step = (zone.id, zone.valid_from)
        seen[step] += 1
        unique = f"{zone.id}@{zone.valid_from}" + (f"#{seen[step]}" if dated[step] > 1 else "")
        notes.append(f"{zone.id}: used by {uses[zone.id]} features, this one is called {unique}")
        yield zone.replace(id=unique)


def _legal_persons_only(value: Any, zone_id: str, notes: list[str]) -> bool:
    text = _text(value).upper()
    if text and text != "PERSONNE MORALE":
        notes.append(
            f"{zone_id}: proprietaire_vehicule `{_text(value)}` is not known: its rules are applied to everybody"
        )
    return text == "PERSONNE MORALE"


def _date(value: Any, where: str) -> date | None:
    text = _text(value)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError("invalid_date", f"not a date: `{text}`", where, "write YYYY-MM-DD") from None


def _text(value: Any) -> str:
    text = _raw_text(value)
    return "" if text.casefold() in _NOTHING else text


def _raw_text(value: Any) -> str:
    return "" if value is None else str(value).strip()
