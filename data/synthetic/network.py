"""From the drawn graph to a :class:`StreetNetwork` in WGS84."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from data.model.streets import RoadClass, StreetNetwork
from data.synthetic.graph import Graph
from data.synthetic.outline import Outline
from data.synthetic.traffic_rules import access_bits, speed_kmh
from data.units import EARTH_RADIUS_M

ORIGIN_LAT, ORIGIN_LON = 47.40, 0.30
METRES_PER_DEGREE = EARTH_RADIUS_M * math.pi / 180
# What OSRM's car profile makes of a posted limit and of traffic lights: see data/sources/osm_speed.py, osm_nodes.py.
SHARE_OF_LIMIT = 0.8
LIGHT_MS = 2_000
Points = NDArray[np.float64]


def to_degrees(points: Points) -> Points:
    """Return local metres [n, 2] (east, north) as degrees [n, 2] (lon, lat), rounded to about a centimetre."""
    lon = ORIGIN_LON + points[:, 0] / (METRES_PER_DEGREE * math.cos(math.radians(ORIGIN_LAT)))
    lat = ORIGIN_LAT + points[:, 1] / METRES_PER_DEGREE
    degrees: Points = np.column_stack((lon, lat)).round(7)
    return degrees


def length_dm(lonlat: Points) -> int:
    """Return the haversine length along ``lonlat`` [k, 2] in decimetres, at least 1."""
    lon, lat = np.radians(lonlat).T
    half = np.sin(np.diff(lat) / 2) ** 2 + np.cos(lat[:-1]) * np.cos(lat[1:]) * np.sin(np.diff(lon) / 2) ** 2
    return max(1, round(float((2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(half))).sum()) * 10))


def street_network(graph: Graph, outline: Outline) -> StreetNetwork:
    """Return the arcs of ``graph``, one per open direction, without turn restrictions."""
    nodes = to_degrees(np.array(graph.nodes))
    rows = sorted(_arcs(graph, outline, nodes), key=lambda row: row[:3])
    shapes = [row[4] for row in rows]
    shape = np.vstack(shapes)
    facts = np.array([row[3] for row in rows], dtype=np.int64)
    head = np.array([row[1] for row in rows], dtype=np.int32)
    none = np.empty(0, dtype=np.int32)
    return StreetNetwork(
        node_lat=nodes[:, 1].copy(),
        node_lon=nodes[:, 0].copy(),
        node_id=np.arange(1, len(nodes) + 1),
        tail=np.array([row[0] for row in rows], dtype=np.int32),
        head=head,
        length_dm=facts[:, 0].astype(np.int32),
        speed_kmh=facts[:, 1].astype(np.uint8),
        cruise_kmh=(SHARE_OF_LIMIT * facts[:, 1]).astype(np.float32),
        obstacle_ms=_lights_ms(head, facts[:, 2], facts[:, 5]),
        road_class=facts[:, 2].astype(np.uint8),
        roundabout=facts[:, 5].astype(np.bool_),
        access=facts[:, 3].astype(np.uint8),
        arc_hours=(facts[:, 6] - 1).astype(np.int16),
        way_id=facts[:, 4],
        shape_ptr=np.concatenate(([0], np.cumsum([len(each) for each in shapes]))).astype(np.int32),
        shape_lat=shape[:, 1].copy(),
        shape_lon=shape[:, 0].copy(),
        shape_node_id=np.zeros(len(shape), dtype=np.int64),
        restriction_ptr=np.zeros(1, dtype=np.int32),
        restriction_arcs=none,
        restriction_only=np.empty(0, dtype=np.bool_),
        restriction_except=np.empty(0, dtype=np.uint8),
    )


def _lights_ms(head: NDArray[np.int32], road_class: NDArray[np.int64], circle: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return what each arc loses at the lights at its head: they stand where three or more main roads meet."""
    main = (road_class > RoadClass.TRUNK) & (road_class <= RoadClass.SECONDARY) & (circle == 0)
    meeting = np.bincount(head[main], minlength=int(head.max()) + 1)
    return np.where(meeting[head] >= 3, LIGHT_MS, 0).astype(np.int32)


Facts = tuple[int, int, int, int, int, bool, bool]  # length, speed, class, access, way, roundabout, delivery hours
Row = tuple[int, int, int, Facts, Points]


def _arcs(graph: Graph, outline: Outline, nodes: Points) -> Iterator[Row]:
    """Yield (tail, head, tie-break, facts, inner points) per open direction."""
    for index, edge in enumerate(graph.edges):
        lonlat = np.vstack((nodes[edge.u], to_degrees(edge.points[1:-1]), nodes[edge.v]))
        length, speed = length_dm(lonlat), speed_kmh(edge, outline)
        forward, backward = access_bits(edge, outline)
        if forward:
            facts = (length, speed, int(edge.road_class), forward, edge.way, edge.roundabout, edge.delivery)
            yield edge.u, edge.v, 2 * index, facts, lonlat[1:-1]
        if backward:
            facts = (length, speed, int(edge.road_class), backward, edge.way, edge.roundabout, edge.delivery)
            yield edge.v, edge.u, 2 * index + 1, facts, lonlat[1:-1][::-1]
