"""What every question about one city's streets starts from, computed once per loaded city and category."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from data.errors import RoutingDataError
from data.model.city import City
from data.model.streets import StreetNetwork
from data.model.vehicle import Category
from routing.matrix.arrays import I32, Bool, own_i32
from routing.matrix.order import arc_order
from routing.matrix.topology import MISSING, Half, Topology, build_topology, from_halves, locate
from routing.snap import Shapes, StreetIndex, arc_shapes, plane_m, street_index
from routing.streets import arc_weights_ms
from routing.turns import TurnGraph, connected, turn_graph, turn_ms

RANK = "cch.rank"
HALVES = ("cch.up_ptr", "cch.up_end", "cch.down_ptr", "cch.down_end")
TURNS = tuple(f"turns.{field}" for field in TurnGraph._fields)

Progress = Callable[[str, float], None]

_log = logging.getLogger(__name__)


class OpenStreets(NamedTuple):
    """What one category may use, nothing closed and at free flow.

    Attributes
    ----------
    weights_ms : int32 [m]
        Along each arc.
    turn_ms : int32 [t]
        Of each turn, on top of the arc before it.
    usable : bool [m]
        Arcs a point may be snapped to.
    """

    weights_ms: I32
    turn_ms: I32
    usable: Bool


@dataclass(frozen=True, eq=False)
class Ground:
    """One city's streets, ready for travel times.

    Attributes
    ----------
    turns : TurnGraph
    topology : Topology
        The hierarchy of the turn graph's states.
    edge : int32 [t]
        The hierarchy's edge of each turn.
    shapes : Shapes
    index : StreetIndex
    """

    streets: StreetNetwork
    turns: TurnGraph
    topology: Topology
    edge: I32
    shapes: Shapes
    index: StreetIndex
    _open: dict[Category, OpenStreets] = field(default_factory=dict)

    def open_to(self, category: Category) -> OpenStreets:
        """Return what the category may use."""
        if category not in self._open:
            self._open[category] = OpenStreets(
                arc_weights_ms(self.streets, category),
                turn_ms(self.streets, self.turns, category),
                connected(self.streets, self.turns, category),
            )
        return self._open[category]


def prepare_city(city: City, progress: Progress | None = None) -> City:
    """Return ``city`` with its turns and their hierarchy under ``derived``: what all weight vectors share.

    ``progress`` is called with a stage's name and the share done, 0 to 1.
    """
    report = progress or (lambda stage, share: None)
    streets = city.streets
    report("finding turns", 0.0)
    turns = turn_graph(streets)
    report("ordering streets", 0.1)
    x, y = plane_m(streets, streets.node_lat, streets.node_lon)
    rank = arc_order(streets.nodes, streets.tail[turns.arc], streets.head[turns.arc], x, y)
    report("building the hierarchy", 0.9)
    topology = build_topology(rank, turns.tail, turns.head)
    report("done", 1.0)
    hierarchy = (topology.rank, *topology.up, *topology.down)
    kept = {name: np.asarray(array) for name, array in zip((*TURNS, RANK, *HALVES), (*turns, *hierarchy), strict=True)}
    return replace(city, derived={**city.derived, **kept})


_grounds: dict[int, Ground] = {}


def ground_of(city: City) -> Ground:
    """Return the ground of ``city``, kept for as long as the city object lives.

    Raises
    ------
    RoutingDataError
        ``no_streets`` or ``stale_hierarchy``.
    """
    if id(city) not in _grounds:
        if city.streets.arcs == 0:
            raise RoutingDataError("no_streets", f"city {city.name} has no streets", action="check the city's source")
        turns, topology, edge = _hierarchy(city)
        shapes = arc_shapes(city.streets)
        index = street_index(city.streets, shapes, turns.reverse)
        _grounds[id(city)] = Ground(city.streets, turns, topology, edge, shapes, index)
        weakref.finalize(city, _grounds.pop, id(city), None)
    return _grounds[id(city)]


def _hierarchy(city: City) -> tuple[TurnGraph, Topology, I32]:
    """Return the turns and their hierarchy, from the city or computed now, and the edge of each turn."""
    if RANK not in city.derived:
        _log.warning("city %s holds no hierarchy: ordering %d streets now", city.name, city.streets.arcs)
        city = prepare_city(city)
    if all(name in city.derived for name in (*TURNS, RANK, *HALVES)):
        turns = TurnGraph(*(np.require(city.derived[name], requirements=["C", "W"]) for name in TURNS))
        rank, *halves = (own_i32(city.derived[name]) for name in (RANK, *HALVES))
        if _turned_on(city.streets, turns) and len(rank) == len(turns.arc) and _matching(len(rank), *halves):
            topology = from_halves(rank, Half(*halves[:2]), Half(*halves[2:]))
            edge = locate(topology, turns.tail, turns.head)
            if not (edge[turns.tail != turns.head] == MISSING).any():
                return turns, topology, edge
    message = f"the hierarchy kept with city {city.name} is not that of its streets"
    raise RoutingDataError("stale_hierarchy", message, action="build the city file again")


def _turned_on(streets: StreetNetwork, turns: TurnGraph) -> bool:
    """Return whether the kept turns lead from arcs of these streets to arcs that start where those end."""
    if len(turns.reverse) != streets.arcs or (turns.arc >= streets.arcs).any():
        return False
    return np.array_equal(streets.head[turns.arc[turns.tail]], streets.tail[turns.arc[turns.head]])


def _matching(nodes: int, up_ptr: I32, up_end: I32, down_ptr: I32, down_end: I32) -> bool:
    """Return whether the kept arrays fit each other: kernels trust them."""
    sizes = len(up_ptr) == len(down_ptr) == nodes + 1
    return sizes and up_ptr[-1] == len(up_end) and down_ptr[-1] == len(down_end)
