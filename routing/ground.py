"""What every question about one city's streets starts from, computed once per loaded city and category."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from data.errors import RoutingDataError
from data.model.city import City
from data.model.streets import StreetNetwork
from data.model.vehicle import Category
from routing.matrix.arrays import I32, own_i32
from routing.matrix.order import nested_dissection
from routing.matrix.topology import MISSING, Topology, chordal, from_arrays, locate
from routing.snap import Shapes, StreetIndex, arc_shapes, plane_m, street_index
from routing.streets import arc_weights_ms, connected_arcs

RANK, UP_PTR, UP_HEAD = "cch.rank", "cch.up_ptr", "cch.up_head"

Progress = Callable[[str, float], None]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Ground:
    """One city's streets, ready for travel times.

    Attributes
    ----------
    topology : Topology
        The hierarchy of the junctions.
    edge : int32 [m]
        The hierarchy's edge each arc lies on.
    shapes : Shapes
    """

    streets: StreetNetwork
    topology: Topology
    edge: I32
    shapes: Shapes
    _open: dict[Category, tuple[I32, StreetIndex]] = field(default_factory=dict)

    def open_to(self, category: Category) -> tuple[I32, StreetIndex]:
        """Return the milliseconds per arc with nothing closed, and the index of arcs a point may be snapped to."""
        if category not in self._open:
            weights_ms = arc_weights_ms(self.streets, category, np.zeros(self.streets.arcs, dtype=bool))
            index = street_index(self.streets, self.shapes, connected_arcs(self.streets, category))
            self._open[category] = weights_ms, index
        return self._open[category]


def prepare_city(city: City, progress: Progress | None = None) -> City:
    """Return ``city`` with the hierarchy of its streets under ``derived``: what all weight vectors share.

    ``progress`` is called with a stage's name and the share done, 0 to 1.
    """
    report = progress or (lambda stage, share: None)
    streets = city.streets
    report("ordering junctions", 0.0)
    x, y = plane_m(streets, streets.node_lat, streets.node_lon)
    rank = nested_dissection(streets.nodes, streets.tail, streets.head, x, y)
    report("building the hierarchy", 0.9)
    topology = chordal(rank, streets.tail, streets.head)
    report("done", 1.0)
    derived = {RANK: topology.rank, UP_PTR: topology.ptr, UP_HEAD: topology.head}
    return replace(city, derived={**city.derived, **derived})


_grounds: dict[int, Ground] = {}


def ground_of(city: City) -> Ground:
    """Return the ground of ``city``, kept for as long as the city object lives.

    Raises
    ------
    RoutingDataError
        ``stale_hierarchy``.
    """
    if id(city) not in _grounds:
        topology, edge = _hierarchy(city)
        _grounds[id(city)] = Ground(city.streets, topology, edge, arc_shapes(city.streets))
        weakref.finalize(city, _grounds.pop, id(city), None)
    return _grounds[id(city)]


def _hierarchy(city: City) -> tuple[Topology, I32]:
    """Return the hierarchy, from the city or computed now, and the edge each arc lies on."""
    if RANK not in city.derived:
        _log.warning("city %s holds no hierarchy: ordering %d junctions now", city.name, city.streets.nodes)
        city = prepare_city(city)
    rank, ptr, head = (own_i32(city.derived[name]) for name in (RANK, UP_PTR, UP_HEAD))
    if len(rank) == city.streets.nodes and len(ptr) == len(rank) + 1 and ptr[-1] == len(head):
        topology = from_arrays(rank, ptr, head)
        edge = locate(topology, city.streets.tail, city.streets.head)
        if not (edge == MISSING).any():
            return topology, edge
    message = f"the hierarchy kept with city {city.name} is not that of its streets"
    raise RoutingDataError("stale_hierarchy", message, action="build the city file again")
