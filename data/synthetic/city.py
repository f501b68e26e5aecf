"""A seeded French city that does not exist: Valmont-sur-Loire, drawn by rules, the same for the same seed.

It has a river with bridges, an old centre inside the boulevard that replaced its wall, faubourgs, a ring road with a
low-emission zone inside, suburbs, villages, two industrial estates, relay shops and lockers. Position (about
47.4 N, 0.3 E), names, brands, decrees and postcode are invented.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from shapely import LineString, Point

from data.clock import rng as seeded
from data.model.city import City
from data.model.streets import RoadClass
from data.synthetic.addresses import Addresses
from data.synthetic.blocks import draw_streets
from data.synthetic.graph import Edge, Graph, plane_graph
from data.synthetic.network import street_network
from data.synthetic.outline import Outline, draw_outline
from data.synthetic.places import handover_places
from data.synthetic.ring import add_ring
from data.synthetic.roundabouts import add_roundabouts
from data.synthetic.traffic_rules import DELIVERY_HOURS, set_rules
from data.synthetic.turns import with_turn_restrictions
from data.synthetic.ways import join_ways
from data.synthetic.zones import low_emission_zones
from data.zoning import arc_membership

CITY_NAME, POSTCODE = "Valmont-sur-Loire", "37990"
FOOTBRIDGE_X_M = -280.0


def synthetic_city(seed: int = 1) -> City:
    """Return the invented city: about 6,500 junctions and 17,000 arcs.

    Parameters
    ----------
    seed : int
        Another seed is another city of the same kind.
    """
    rng = seeded(seed)
    outline = draw_outline(rng)
    graph = plane_graph([*outline.roads, *draw_streets(outline, rng)])
    _add_footbridge(graph, outline)
    add_roundabouts(graph, outline, add_ring(graph, outline))
    set_rules(graph, join_ways(graph), outline, rng)
    streets = with_turn_restrictions(street_network(graph, outline), rng)
    zones = low_emission_zones(outline, graph)
    membership, hours = arc_membership(streets, zones), (DELIVERY_HOURS,)
    bare = City(CITY_NAME, streets, zones, membership, places=(), derived={}, street_hours=hours)
    return replace(bare, places=handover_places(Addresses(bare, POSTCODE), rng))


def _add_footbridge(graph: Graph, outline: Outline) -> None:
    """Add a bridge for walkers and bikes between the two quays, west of the old bridge."""
    across = LineString([(FOOTBRIDGE_X_M, 0), (FOOTBRIDGE_X_M, -2000)]).intersection(outline.water)
    nodes = np.array(graph.nodes)
    quays = sorted(
        {node for edge in graph.edges if edge.road_class == RoadClass.SECONDARY for node in (edge.u, edge.v)}
    )
    banks = []
    for end in (across.coords[0], across.coords[-1]):
        away = np.hypot(*(nodes[quays] - np.array(Point(end).coords[0])).T)
        banks.append(quays[int(away.argmin())])
    north, south = banks
    graph.edges.append(Edge(north, south, nodes[[north, south]], RoadClass.CYCLEWAY))
