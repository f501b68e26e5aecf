"""Builds a city from files: streets, then the zones and relay points that lie on them, then the order."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from data.errors import RoutingDataError
from data.model.city import City
from data.model.place import Place
from data.model.streets import StreetNetwork
from data.model.traffic import SPEED_FACTOR
from data.model.zone import Zone
from data.sources.osm import SourceReport, streets_from_graphml, streets_from_pbf, streets_from_place
from data.sources.relays import read_places, within
from data.sources.speeds import read_speed_curves
from data.sources.zfe import read_zones
from data.units import EARTH_RADIUS_M
from data.zoning import arc_membership, published_id, zones_for_city
from routing.travel import prepare_city

Progress = Callable[[str, float], None]

PLACE_REACH_M = 800
"""A relay point farther than that from any street point is not this city's."""


@dataclass(frozen=True)
class Sources:
    """What a city is built from; ``streets`` is a file or a place name."""

    streets: str
    zones: tuple[Path, ...] = ()
    places: tuple[Path, ...] = ()
    name: str | None = None
    ignore_unreadable: bool = False
    speeds: Path | None = None


def build_city(sources: Sources, progress: Progress) -> tuple[City, list[str]]:
    """Return the city and notes for the user.

    Raises
    ------
    RoutingDataError
        The streets can't be read, or hold nothing to drive on.
    InputError
        A zone, relay or speed file is wrong.
    """
    derived = speed_arrays(sources.speeds)
    streets, report = _streets(sources.streets, progress)
    notes = list(report.warnings)
    zones, zone_notes = _zones(sources, streets)
    places, place_notes = _places(sources, streets)
    name = sources.name or Path(sources.streets).name.split(".")[0]
    bare = City(name, streets, zones, arc_membership(streets, zones), places, derived, street_hours=report.street_hours)
    return prepare_city(bare, progress), [*notes, *zone_notes, *place_notes]


def speed_arrays(path: Path | None) -> dict[str, NDArray[np.generic]]:
    """Return what a city keeps of a file of speed curves, by the name it is kept under; nothing without a file."""
    return {} if path is None else {SPEED_FACTOR: read_speed_curves(path).factor}


def _streets(source: str, progress: Progress) -> tuple[StreetNetwork, SourceReport]:
    path = Path(source)
    if source.endswith(".pbf"):
        return streets_from_pbf(path, progress)
    if source.endswith((".graphml", ".graphml.bz2")):
        return streets_from_graphml(path)
    if path.exists() or path.suffix:
        raise RoutingDataError("unknown_source", "streets come from .osm.pbf, .graphml or a place name", source,
                               "convert the file, or name a place such as 'Nantes, France'")  # fmt: skip
    return streets_from_place(source)


def _zones(sources: Sources, streets: StreetNetwork) -> tuple[tuple[Zone, ...], list[str]]:
    every: list[Zone] = []
    notes: list[str] = []
    for path in sources.zones:
        zones, found = read_zones(path)
        every.extend(zone.replace(rank=zone.rank + len(every)) for zone in zones)
        notes.extend(found)
    kept = zones_for_city(every, streets.bounds(), sources.ignore_unreadable)
    if sources.zones and not kept:
        return (), ["no low-emission zone of the files given touches this city: give one with --zfe"]
    mine = {published_id(zone) for zone in kept}
    return kept, [note for note in notes if note.split(":")[0] in mine]


def _places(sources: Sources, streets: StreetNetwork) -> tuple[tuple[Place, ...], list[str]]:
    """Return the places of the files that a street of the city serves."""
    found: list[Place] = []
    notes: list[str] = []
    for path in sources.places:
        places, told = read_places(path)
        found.extend(within(places, streets.bounds()))
        notes.extend(told)
    kept = [place for place, near in zip(found, _near_streets(found, streets), strict=True) if near]
    if len(kept) < len(found):
        notes.append(f"left out, more than {PLACE_REACH_M} m from any street: {len(found) - len(kept)}")
    return tuple(kept), notes


def _near_streets(places: list[Place], streets: StreetNetwork) -> list[bool]:
    """Return whether each place lies near a junction or a point of a street's shape."""
    if not places:
        return []
    lat = np.concatenate([streets.node_lat, streets.shape_lat])
    lon = np.concatenate([streets.node_lon, streets.shape_lon])
    metre = EARTH_RADIUS_M * math.pi / 180
    scale = np.array([metre, metre * math.cos(math.radians(float(lat.mean())))])
    tree = cKDTree(np.column_stack([lat, lon]) * scale)
    reach, _ = tree.query(np.array([(place.lat, place.lon) for place in places]) * scale)
    return [bool(metres <= PLACE_REACH_M) for metres in reach]
