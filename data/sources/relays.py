"""Relay points, lockers and post offices from our CSV, La Poste's open data, GeoJSON points or an OSM extract."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from data.errors import near_miss
from data.model.parcel import Dimensions
from data.model.place import Place, PlaceKind
from data.sources.coordinates import trouble
from data.sources.geojson import read_features
from data.sources.relay_rules import ASSUMED_FREE, BOX_SIZES, Notes, boxes, usable_hours
from data.sources.relays_osm import read_osm_places
from data.sources.table import Problems, Row, canonical, parse_number, read_rows, read_text
from data.units import grams

_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "identifiant", "ref", "num"),
    "name": ("name", "nom", "libelle"),
    "kind": ("kind", "type"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "lng", "longitude"),
    "address": ("address", "adresse"),
    "postcode": ("postcode", "code_postal", "cp"),
    "city": ("city", "ville", "localite", "commune"),
    "opening_hours": ("opening_hours", "horaires"),
    "brand": ("brand", "marque", "enseigne"),
    "capacity_small": ("capacity_small", "capacite_petit"),
    "capacity_medium": ("capacity_medium", "capacite_moyen"),
    "capacity_large": ("capacity_large", "capacite_grand"),
    "daily_cap_parcels": ("daily_cap_parcels", "capacite_jour"),
    "max_weight_kg": ("max_weight_kg", "poids_max_kg"),
    "max_dims_cm": ("max_dims_cm", "dimensions_max_cm"),
    "cutoff_time": ("cutoff_time", "heure_limite"),
    "active": ("active", "actif"),
    "setup_s": ("setup_s",),
    "service_s": ("service_s",),
}
COLUMNS = {name: column for column, names in _NAMES.items() for name in names}

KINDS = {
    "locker": PlaceKind.LOCKER,
    "consigne": PlaceKind.LOCKER,
    "relay": PlaceKind.RELAY,
    "relais": PlaceKind.RELAY,
    "point_relais": PlaceKind.RELAY,
    "post_office": PlaceKind.POST_OFFICE,
    "bureau_de_poste": PlaceKind.POST_OFFICE,
}

_LA_POSTE = {
    "identifiant_du_site": "id",
    "libelle_du_site": "name",
    "caracteristique_du_site": "kind",
    "adresse": "address",
    "code_postal": "postcode",
    "localite": "city",
    "latitude": "lat",
    "longitude": "lon",
}
_LA_POSTE_UNUSED = (
    *("site_acores_de_rattachement", "complement_d_adresse", "lieu_dit", "code_insee", "pays", "latlong"),
    *("precision_du_geocodage", "numero_de_telephone"),
)
_LA_POSTE_KINDS: dict[str, tuple[PlaceKind, str]] = {
    "bureau_de_poste": (PlaceKind.POST_OFFICE, ""),
    "agence_postale_communale": (PlaceKind.POST_OFFICE, "Mo-Fr 09:00-12:00; PH off"),
    "agence_postale_intercommunale": (PlaceKind.POST_OFFICE, "Mo-Fr 09:00-12:00; PH off"),
    "relais_poste_commercant": (PlaceKind.RELAY, ""),
}
"""Kind by ``Caractéristique``, and assumed hours where they differ from the kind's (a town hall's counter)."""

Bounds = tuple[float, float, float, float]


def read_places(path: Path) -> tuple[tuple[Place, ...], tuple[str, ...]]:
    """Read places where parcels may be handed over, from any supported file.

    ``.pbf``/``.osm`` are read as OSM, ``.geojson``/``.json`` as GeoJSON points with our CSV's column names as
    properties, everything else as CSV: La Poste's where it starts with that file's first header, ours otherwise.
    Sizes of boxes and assumed hours are those of :mod:`data.sources.relay_rules`.

    Returns
    -------
    places : tuple of Place
        In the file's order.
    notes : tuple of str
        What was left out or assumed, counted.

    Raises
    ------
    InputError
        With ``file:line`` or a JSON pointer; several problems are listed together.
    """
    notes, problems = Notes(), Problems()
    if path.suffix.casefold() in (".pbf", ".osm"):
        return read_osm_places(path)
    if path.suffix.casefold() in (".geojson", ".json"):
        places = list(_read_geojson(path, notes, problems))
    elif canonical(re.split("[;,\t]", read_text(path), maxsplit=1)[0]) == "identifiant_du_site":
        places = list(_read_la_poste(path, notes, problems))
    else:
        rows = read_rows(path, COLUMNS, ("id", "kind", "lat", "lon"), problems)
        places = [place for row in rows if (place := _place(row, notes))]
    for place_id, uses in Counter(place.id for place in places).items():
        if uses > 1:
            problems.add("duplicate_id", f"{uses} places are called `{place_id}`", str(path), "give each its own id")
    problems.raise_if_any()
    return tuple(places), notes.lines()


def within(places: Iterable[Place], bounds: Bounds) -> tuple[Place, ...]:
    """Return the places inside ``(min_lon, min_lat, max_lon, max_lat)``, borders included."""
    west, south, east, north = bounds
    return tuple(place for place in places if west <= place.lon <= east and south <= place.lat <= north)


def parse_dimensions_cm(text: str) -> Dimensions | None:
    """Return ``64x38x41`` (also ``*`` or ``×``, decimals allowed) as millimetres, or ``None``."""
    sides = [parse_number(side) for side in re.split(r"[x*×X]", text)]
    if len(sides) != 3 or any(side is None or not 0 < side <= 1000 for side in sides):
        return None
    length, width, height = (round((side or 0) * 10) for side in sides)
    return Dimensions(length_mm=length, width_mm=width, height_mm=height)


def _place(row: Row, notes: Notes) -> Place | None:
    """Return one row's place; ``None`` where it is left out (counted) or wrong (noted as a problem)."""
    before = len(row.problems.found)
    place_id, kind = row.text("id"), KINDS.get(canonical(row.text("kind")))
    if not place_id:
        row.wrong("missing_value", "the place has no id")
    if kind is None:
        hint = near_miss(canonical(row.text("kind")), KINDS) or f"one of {', '.join(KINDS)}"
        row.wrong("invalid_value", f"unknown kind `{row.text('kind')}`", hint)
    position = _position(row)
    limits = _limits(row)
    if position is None or kind is None or len(row.problems.found) > before:
        return None
    if not row.flag("active", default=True):
        notes.count("left out, not active")
        return None
    if row.text("cutoff_time"):
        notes.count("cutoff_time not used")
    usable, hours = usable_hours(row.text("opening_hours"), kind, place_id, notes)
    place = Place(
        id=place_id,
        kind=kind,
        lat=position[0],
        lon=position[1],
        name=row.text("name"),
        address=", ".join(part for part in (row.text("address"), row.text("city")) if part),
        postcode=row.text("postcode"),
        brand=row.text("brand"),
        opening_hours=hours,
    )
    place = place.replace(**limits, **_capacity(row, kind, limits["max_load_g"], notes))
    return place if usable and len(row.problems.found) == before else None


def _position(row: Row) -> tuple[float, float] | None:
    lat, lon = row.number("lat"), row.number("lon")
    if not row.text("lat") or not row.text("lon"):
        row.wrong("missing_value", "the place has no coordinates", "add latitude and longitude")
    if lat is None or lon is None:
        return None
    if wrong := trouble(lat, lon):
        row.wrong("invalid_coordinates", wrong)
        return None
    return lat, lon


def _limits(row: Row) -> dict[str, object]:
    """Return what of the place's limits and times is given, by the model's names."""
    kilograms = row.number("max_weight_kg", 0, 1000)
    size = parse_dimensions_cm(row.text("max_dims_cm"))
    if row.text("max_dims_cm") and size is None:
        row.wrong("invalid_value", f"max_dims_cm is `{row.text('max_dims_cm')}`", "write it like 64x38x41")
    limits: dict[str, object] = {"max_load_g": None if kilograms is None else grams(kilograms), "max_mm": size}
    for column in ("setup_s", "service_s"):
        seconds = row.whole(column, high=86_400)
        limits |= {} if seconds is None else {column: seconds}
    return limits


def _capacity(row: Row, kind: PlaceKind, max_load_g: object, notes: Notes) -> dict[str, object]:
    """Return a locker's boxes, or how many parcels a shop takes in a day: its own figure, or the sum of the sizes."""
    free = [row.whole(f"capacity_{size}") for size in BOX_SIZES]
    cap = row.whole("daily_cap_parcels")
    given = [count for count in free if count is not None]
    if kind is not PlaceKind.LOCKER:
        return {"daily_cap_parcels": cap if cap is not None or not given else sum(given)}
    if not given:
        notes.count(f"locker without capacity, {ASSUMED_FREE} free boxes small/medium/large assumed")
        given = list(ASSUMED_FREE)
    else:
        given = [count or 0 for count in free]
    small, medium, large = given
    limit = max_load_g if isinstance(max_load_g, int) else None
    return {"boxes": boxes((small, medium, large), limit), "daily_cap_parcels": cap}


def _read_la_poste(path: Path, notes: Notes, problems: Problems) -> Iterator[Place]:
    names = _LA_POSTE | dict.fromkeys(_LA_POSTE_UNUSED, "")
    for row in read_rows(path, names, ("id", "kind", "lat", "lon"), problems):
        known = _LA_POSTE_KINDS.get(canonical(row.text("kind")))
        if known is None:
            notes.count(f"left out, {row.text('kind')}")
            continue
        if not row.text("lat") or not row.text("lon"):
            notes.count("left out, no coordinates")
            continue
        position = _position(row)
        kind, assumed = known
        if assumed:
            notes.count(f"{row.text('kind')} without hours, `{assumed}` assumed")
        hours = assumed or usable_hours("", kind, row.text("id"), notes)[1]
        if position:
            yield Place(
                id=f"laposte-{row.text('id')}",
                kind=kind,
                lat=position[0],
                lon=position[1],
                name=row.text("name"),
                address=", ".join(part for part in (row.text("address"), row.text("city")) if part),
                postcode=row.text("postcode"),
                brand="La Poste",
                opening_hours=hours,
            )


def _read_geojson(path: Path, notes: Notes, problems: Problems) -> Iterator[Place]:
    for where, feature in read_features(path):
        geometry = feature.get("geometry")
        point = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
        if not isinstance(point, list) or len(point) < 2:
            problems.add("invalid_geometry", "expected a Point", f"{where}/geometry", "export points, not areas")
            continue
        cells = {"id": str(feature.get("id", "")), "lon": str(point[0]), "lat": str(point[1])}
        for name, value in feature["properties"].items():
            column = COLUMNS.get(canonical(name))
            if column is None:
                notes.count(f"property `{name}` not used")
            elif column not in ("lat", "lon") and value is not None:
                cells[column] = str(value).strip()
        if place := _place(Row(cells, where, problems), notes):
            yield place
