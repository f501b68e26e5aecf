"""Read the street graphs OSMnx saves, or let OSMnx download a place; both become ways like an extract's.

OSMnx is imported inside the functions: it pulls in geopandas, which nobody who reads an extract should wait for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from data.errors import RoutingDataError
from data.sources.osm_access import BIKE_HIGHWAYS, DENIES
from data.sources.osm_nodes import obstacle_at
from data.sources.osm_pbf import drive_only_warning
from data.sources.osm_raw import RawStreets
from data.sources.osm_tags import Course, WayRules, is_relevant, way_rules

if TYPE_CHECKING:
    import networkx as nx

# A street between two nodes: both ids, and the (lon, lat) points between them.
_Line = tuple[int, int, tuple[tuple[float, float], ...]]

_WAY_TAGS = (
    "access access:conditional area bicycle bridge cycleway cycleway:both cycleway:left cycleway:right"
    " delivery:conditional goods goods:conditional hgv hgv:conditional highway junction maxspeed maxspeed:advisory"
    " maxspeed:backward maxspeed:forward maxspeed:type maxweight motor_vehicle motor_vehicle:conditional motorcar"
    " motorcar:conditional motorcycle motorroad oneway oneway:bicycle service smoothness source:maxspeed surface"
    " tracktype vehicle vehicle:conditional zone:maxspeed"
)
_NODE_TAGS = (
    "barrier bollard locked access vehicle motor_vehicle motorcar goods hgv motorcycle bicycle highway direction stop"
    " traffic_signals:direction"
)


def read_graphml(path: Path) -> tuple[RawStreets, int]:
    """Return the ways of a graph saved by OSMnx, and how many edges nobody may use.

    Raises
    ------
    RoutingDataError
        ``unreadable_graph`` for a file that is absent, truncated, no GraphML, or not in degrees.
    """
    import osmnx
    from networkx import NetworkXError

    try:
        graph = osmnx.load_graphml(path)
        return ways_of_graph(graph)
    except (OSError, EOFError, ParseError, NetworkXError, ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}" if str(error) else "it holds no graph"
        raise RoutingDataError(
            "unreadable_graph",
            f"can't be read as an OSMnx graph: {reason}",
            str(path),
            "save it again with osmnx.save_graphml, unprojected",
        ) from None


def download_place(name: str) -> tuple[RawStreets, int]:
    """Return the ways of the place called ``name``, and how many edges nobody may use; needs the network.

    Raises
    ------
    RoutingDataError
        ``place_not_loaded`` where the place is unknown or the service can't be reached.
    """
    import osmnx

    try:
        with _osmnx_settings():
            graph = osmnx.graph_from_place(name, custom_filter='["highway"]', simplify=False, retain_all=True)
            _forget_other_nodes(graph)
            # One edge per way and block, so that every edge has its way's own tags.
            graph = osmnx.simplify_graph(
                graph, edge_attrs_differ=["osmid"], node_attrs_include=["barrier", "highway"], remove_rings=False
            )
        return ways_of_graph(graph)
    except (OSError, ValueError, TypeError) as error:
        raise RoutingDataError(
            "place_not_loaded",
            f"OSMnx could not load it: {error}",
            name,
            "check the name and the network, or build from an .osm.pbf extract",
        ) from None


def _forget_other_nodes(graph: nx.MultiDiGraph) -> None:
    """Take the tag off pedestrian crossings and the like, so that only lights and signs stay nodes of their own."""
    for _, data in graph.nodes(data=True):
        if obstacle_at(data) is None:
            data.pop("highway", None)


def ways_of_graph(graph: nx.MultiDiGraph) -> tuple[RawStreets, int]:
    """Return the ways of an OSMnx graph in degrees, both directions of a street joined, and how many edges are closed.

    An edge whose ``oneway`` is a bool stands for its own direction only (OSMnx's default); one that kept the tag's
    text (``all_oneway``) stands for both.
    """
    raw = RawStreets()
    highways: set[str] = set()
    streets: dict[_Line, tuple[int, WayRules]] = {}
    dropped = 0
    for tail, head, edge in graph.edges(data=True):
        highways.update(_values(edge.get("highway", "")))
        rules = _edge_rules(edge)
        if rules is None:
            dropped += 1
            continue
        line = (tail, head, tuple(edge["geometry"].coords)[1:-1] if "geometry" in edge else ())
        if edge.get("reversed") is True:
            line, rules = _reverse(line), _turned(rules)  # lights and signs speak of the way's own direction
        _join(streets, line, int(_values(edge["osmid"])[0]), rules)
    nodes = {node: (float(data["y"]), float(data["x"])) for node, data in graph.nodes(data=True)}
    if any(abs(lat) > 90 or abs(lon) > 180 for lat, lon in nodes.values()):
        raise ValueError("coordinates are not degrees")
    _add_streets(raw, streets, nodes)
    for node, data in graph.nodes(data=True):
        raw.add_node(node, {key: str(value) for key, value in data.items()})
    if streets and not BIKE_HIGHWAYS & highways:
        raw.warnings.append(drive_only_warning())
    raw.warnings.append("an OSMnx graph has no turn restrictions: forbidden turns will be planned")
    return raw, dropped


def _add_streets(
    raw: RawStreets, streets: dict[_Line, tuple[int, WayRules]], nodes: dict[int, tuple[float, float]]
) -> None:
    """Append every street; the points between its ends get ids of their own, below zero as OSM never has them."""
    fresh = count(-1, -1)
    for (tail, head, inner), (way_id, rules) in streets.items():
        refs = [tail, *(next(fresh) for _ in inner), head]
        lats = [nodes[tail][0], *(lat for _, lat in inner), nodes[head][0]]
        lons = [nodes[tail][1], *(lon for lon, _ in inner), nodes[head][1]]
        raw.add_way(way_id, rules, refs, lats, lons)


def _join(streets: dict[_Line, tuple[int, WayRules]], line: _Line, way_id: int, rules: WayRules) -> None:
    """Add ``rules`` to the street along ``line``, whichever way round it was seen first."""
    if line not in streets and _reverse(line) in streets:
        line, rules = _reverse(line), _turned(rules)
    if line in streets:
        way_id, before = streets[line]
        rules = _merged(before, rules)
    streets[line] = (way_id, rules)


def _reverse(line: _Line) -> _Line:
    tail, head, inner = line
    return head, tail, inner[::-1]


def _turned(rules: WayRules) -> WayRules:
    return rules._replace(forward=rules.backward, backward=rules.forward)


def _merged(one: WayRules, other: WayRules) -> WayRules:
    return one._replace(
        forward=_joint(one.forward, other.forward),
        backward=_joint(one.backward, other.backward),
        ignores_hours=one.ignores_hours or other.ignores_hours,
    )


def _joint(one: Course, other: Course) -> Course:
    told = one if one.access else other
    return told._replace(access=one.access | other.access)


def _edge_rules(edge: dict[str, Any]) -> WayRules | None:
    """Return the rules of one edge in its own direction; the strictest where OSMnx merged several ways into it."""
    tags = {key: _strictest(_values(value)) for key, value in edge.items() if is_relevant(key)}
    oneway = edge.get("oneway")
    tags.pop("oneway", None)
    if oneway is True or oneway in ("-1", "reverse"):
        # OSMnx has already turned the points of a street that is one-way against them.
        tags["oneway"] = "yes"
    elif isinstance(oneway, str):
        tags["oneway"] = oneway
    found = [way_rules({**tags, "highway": highway}) for highway in _values(edge.get("highway", ""))]
    known = [rules for rules in found if rules is not None]
    if len(known) < len(found):
        return None
    rules = max(known, key=lambda one: one.road_class)
    for one in known:
        rules = rules._replace(
            forward=rules.forward._replace(access=rules.forward.access & one.forward.access),
            backward=rules.backward._replace(access=rules.backward.access & one.backward.access),
        )
    if oneway is not False:
        return rules
    along = _turned(rules) if edge.get("reversed") is True else rules
    return along._replace(backward=along.backward._replace(access=0))


def _values(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _strictest(values: list[str]) -> str:
    """Return a denial if there is one, or else all values as OSM lists them (speeds: the lowest counts)."""
    return next((value for value in values if value in DENIES), ";".join(values))


@contextmanager
def _osmnx_settings() -> Iterator[None]:
    """Set OSMnx's global settings for one download, and put them back.

    Its folders default to ``./cache``, ``./logs`` and ``./data``, the last of which is our package.
    """
    from osmnx import settings

    base = os.environ.get("JALON_CACHE") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "jalon" / "osmnx"
    wanted: dict[str, Any] = {
        "cache_folder": folder / "cache",
        "data_folder": folder / "data",
        "logs_folder": folder / "logs",
        "imgs_folder": folder / "images",
        "all_oneway": True,
        "useful_tags_way": _WAY_TAGS.split(),
        "useful_tags_node": _NODE_TAGS.split(),
    }
    before = {name: getattr(settings, name) for name in wanted}
    for name, value in wanted.items():
        setattr(settings, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)
