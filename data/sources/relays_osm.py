"""Relay points, lockers and post offices from an OSM extract.

Selection (wiki pages of ``amenity=parcel_locker`` and ``post_office=post_partner``): a locker unless it hands out no
parcels; a shop that is a post partner unless it hands out none; a post office. ``post_office:opening_hours`` comes
before ``opening_hours``. Private places are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import osmium
from osmium.osm import Node, Way

from data.errors import InputError
from data.model.place import BoxType, Place, PlaceKind
from data.sources.relay_rules import ASSUMED_FREE, Notes, boxes, usable_hours

_BRANDS = {
    "mondial relay": "Mondial Relay",
    "inpost": "InPost",
    "amazon": "Amazon",
    "vinted": "Vinted Go",
    "relais colis": "Relais Colis",
    "chronopost": "Chronopost",
    "pickup": "Pickup",
    "la poste": "La Poste",
}
_CLOSED_TO_US = {"no", "private"}


def read_osm_places(path: Path) -> tuple[tuple[Place, ...], tuple[str, ...]]:
    """Read places from a ``.osm.pbf`` or ``.osm`` file; ids are ``osm-n123`` (node) or ``osm-w123`` (way).

    Returns
    -------
    places : tuple of Place
        A way stands where the middle of its corners is.
    notes : tuple of str
        What was left out or assumed, counted.

    Raises
    ------
    InputError
        ``unreadable_file``.
    """
    notes = Notes()
    try:
        places = tuple(place for found in _objects(path) if (place := _place(*found, notes)))
    except (OSError, RuntimeError) as error:
        raise InputError("unreadable_file", str(error), str(path), "expected an OSM extract") from None
    return places, notes.lines()


def kind_of(tags: Mapping[str, str]) -> PlaceKind | None:
    """Return what a tagged object is for us, ``None`` where parcels can't be collected there."""
    amenity = tags.get("amenity", "")
    if amenity == "parcel_locker":
        return None if tags.get("parcel_pickup") == "no" else PlaceKind.LOCKER
    if amenity == "vending_machine" and "parcel_pickup" in tags.get("vending", "").split(";"):
        return PlaceKind.LOCKER
    if tags.get("post_office") == "post_partner":
        handed_out = tags.get("post_office:parcel_pickup") or tags.get("post_office:parcel_to")
        return None if handed_out == "no" else PlaceKind.RELAY
    return PlaceKind.POST_OFFICE if amenity == "post_office" else None


def brand_of(tags: Mapping[str, str]) -> str:
    """Return the carrier, under one name for its usual spellings."""
    keys = ("brand", "post_office:brand", "operator")
    text = next((tags[key] for key in keys if tags.get(key)), "").split(";")[0].strip()
    return next((name for part, name in _BRANDS.items() if part in text.casefold()), text)


def _objects(path: Path) -> Iterator[tuple[str, float, float, dict[str, str]]]:
    wanted = osmium.filter.KeyFilter("amenity", "post_office")
    for entity in osmium.FileProcessor(str(path)).with_locations().with_filter(wanted):
        if isinstance(entity, Node):
            yield f"osm-n{entity.id}", entity.lat, entity.lon, dict(entity.tags)
        elif isinstance(entity, Way):
            corners = [
                node for node in list(entity.nodes)[: -1 if entity.is_closed() else None] if node.location.valid()
            ]
            if corners:
                lat = sum(node.lat for node in corners) / len(corners)
                lon = sum(node.lon for node in corners) / len(corners)
                yield f"osm-w{entity.id}", lat, lon, dict(entity.tags)


def _place(place_id: str, lat: float, lon: float, tags: dict[str, str], notes: Notes) -> Place | None:
    kind = kind_of(tags)
    if kind is None:
        return None
    if tags.get("access") in _CLOSED_TO_US:
        notes.count(f"{kind} left out, private")
        return None
    text = tags.get("post_office:opening_hours") or tags.get("opening_hours", "")
    usable, hours = usable_hours(text, kind, place_id, notes)
    if not usable:
        return None
    street = " ".join(part for part in (tags.get("addr:housenumber", ""), tags.get("addr:street", "")) if part)
    place = Place(
        id=place_id,
        kind=kind,
        lat=round(lat, 7),
        lon=round(lon, 7),
        name=tags.get("name", ""),
        address=", ".join(part for part in (street, tags.get("addr:city", "")) if part),
        postcode=tags.get("addr:postcode", ""),
        brand=brand_of(tags),
        opening_hours=hours,
    )
    return place.replace(boxes=_boxes(tags, notes)) if kind is PlaceKind.LOCKER else place


def _boxes(tags: dict[str, str], notes: Notes) -> tuple[BoxType, ...]:
    """Return a locker's boxes: its ``capacity`` spread over the sizes as in the assumed locker."""
    assumed = sum(ASSUMED_FREE)
    capacity = tags.get("capacity", "")
    if not capacity.isdigit():
        notes.count(f"locker without capacity, {ASSUMED_FREE} free boxes small/medium/large assumed")
        return boxes(ASSUMED_FREE)
    notes.count("locker whose capacity was spread over the sizes, all boxes taken as free")
    medium, large = (int(capacity) * share // assumed for share in ASSUMED_FREE[1:])
    return boxes((int(capacity) - medium - large, medium, large))
