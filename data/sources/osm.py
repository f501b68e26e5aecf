"""Street networks from OpenStreetMap: an extract, an OSMnx graph, or a place by name."""

from __future__ import annotations

from pathlib import Path

from data.model.streets import StreetNetwork
from data.sources.osm_build import build_network
from data.sources.osm_graphml import download_place, read_graphml
from data.sources.osm_pbf import Progress, read_extract
from data.sources.osm_raw import SourceReport

__all__ = ["Progress", "SourceReport", "streets_from_graphml", "streets_from_pbf", "streets_from_place"]


def streets_from_pbf(path: Path, progress: Progress | None = None) -> tuple[StreetNetwork, SourceReport]:
    """Return the streets of an OpenStreetMap extract (``.osm.pbf``; osmium's other formats work too).

    Parameters
    ----------
    path : Path
    progress : callable, optional
        Called with a stage's name and the share done, 0 to 1.

    Raises
    ------
    RoutingDataError
        ``unreadable_extract`` or ``no_streets``.
    """
    raw, dropped_ways = read_extract(path, progress)
    if progress:
        progress("building arcs", 0.7)
    found = build_network(raw, dropped_ways, str(path))
    if progress:
        progress("done", 1.0)
    return found


def streets_from_graphml(path: Path) -> tuple[StreetNetwork, SourceReport]:
    """Return the streets of a graph saved by OSMnx (``.graphml``, or ``.graphml.bz2`` / ``.gz``).

    Such a graph has no turn restrictions, and a saved simplified one no barriers either.

    Raises
    ------
    RoutingDataError
        ``unreadable_graph`` or ``no_streets``.
    """
    raw, dropped_ways = read_graphml(path)
    return build_network(raw, dropped_ways, str(path))


def streets_from_place(name: str) -> tuple[StreetNetwork, SourceReport]:
    """Return the streets of a place by its name ("Nantes, France"), downloaded with OSMnx; needs the network.

    Raises
    ------
    RoutingDataError
        ``place_not_loaded`` or ``no_streets``.
    """
    raw, dropped_ways = download_place(name)
    return build_network(raw, dropped_ways, name)
