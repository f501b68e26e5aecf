"""Builds a city from files: streets, then the zones and relay points that lie on them, then the order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data.errors import RoutingDataError
from data.model.city import City
from data.model.place import Place
from data.model.streets import StreetNetwork
from data.model.zone import Zone
from data.sources.osm import SourceReport, streets_from_graphml, streets_from_pbf, streets_from_place
from data.sources.relays import read_places, within
from data.sources.zfe import read_zones
from data.zoning import arc_membership, zones_for_city
from routing.travel import prepare_city

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Sources:
    """What a city is built from; ``streets`` is a file or a place name."""

    streets: str
    zones: tuple[Path, ...] = ()
    places: tuple[Path, ...] = ()
    name: str | None = None
    ignore_unreadable: bool = False


def build_city(sources: Sources, progress: Progress) -> tuple[City, list[str]]:
    """Return the city and notes for the user.

    Raises
    ------
    RoutingDataError
        The streets can't be read, or hold nothing to drive on.
    InputError
        A zone or relay file is wrong.
    """
    streets, report = _streets(sources.streets, progress)
    notes = list(report.warnings)
    zones, zone_notes = _zones(sources, streets)
    places, place_notes = _places(sources, streets)
    name = sources.name or Path(sources.streets).name.split(".")[0]
    bare = City(name, streets, zones, arc_membership(streets, zones), places, derived={})
    return prepare_city(bare, progress), [*notes, *zone_notes, *place_notes]


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
        notes.append("no low-emission zone of the files given touches this city")
    mine = {zone.id for zone in kept}
    return kept, [note for note in notes if any(zone_id in note for zone_id in mine) or not sources.zones or not kept]


def _places(sources: Sources, streets: StreetNetwork) -> tuple[tuple[Place, ...], list[str]]:
    kept: list[Place] = []
    notes: list[str] = []
    for path in sources.places:
        places, found = read_places(path)
        kept.extend(within(places, streets.bounds()))
        notes.extend(found)
    return tuple(kept), notes
