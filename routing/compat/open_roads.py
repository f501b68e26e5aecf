"""A city's streets at free flow with nothing closed: what contracts drive on that know no dates and no vehicles."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from data.model.city import City
from data.model.vehicle import Category
from routing.ground import ground_of
from routing.legs import LegPath, trace
from routing.matrix.arrays import F64, I32, own_f64, own_i32
from routing.matrix.cost import INF
from routing.roads import Located, Roads, fill_table, locate_on, roads_of, snap_to

CATEGORIES = {
    **dict.fromkeys(("car", "driving-car", "driving", "van"), Category.VUL),
    **dict.fromkeys(("truck", "hgv", "driving-hgv"), Category.PL),
    **dict.fromkeys(("bike", "bicycle", "cycling", "cargo_bike", "cargo-bike"), Category.CARGO_BIKE),
    **dict.fromkeys(("cycling-regular", "cycling-electric", "cycling-road"), Category.CARGO_BIKE),
}
"""Which of our vehicles drives what VROOM, openrouteservice and OSRM call a profile."""

_roads: dict[tuple[int, Category], Roads] = {}
_lock = threading.Lock()


def open_roads(city: City, category: Category) -> Roads:
    """Return the roads of a category, kept for as long as the city object lives."""
    key = id(city), category
    with _lock:
        if key not in _roads:
            _roads[key] = roads_of(ground_of(city), category)
            weakref.finalize(city, _roads.pop, key, None)
        return _roads[key]


@dataclass(frozen=True, eq=False)
class Drives:
    """L points on open roads, and the drives between them.

    Attributes
    ----------
    lat, lon : float64 [L]
        WGS84 degrees, as given.
    """

    roads: Roads
    lat: F64
    lon: F64
    points: Located

    def table(
        self, rows: NDArray[np.intp] | None = None, columns: NDArray[np.intp] | None = None, distances: bool = True
    ) -> tuple[I32, I32 | None]:
        """Return seconds and metres [rows, columns], :data:`~routing.matrix.cost.INF` in both where there is no way."""
        every = np.arange(len(self.lat))
        rows, back = np.unique(every if rows is None else rows, return_inverse=True)
        columns, across = np.unique(every if columns is None else columns, return_inverse=True)
        shape = len(rows), len(columns)
        duration_s = np.empty(shape, dtype=np.int32)
        distance_m = np.empty(shape, dtype=np.int32) if distances else None
        fill_table(self.roads, self.points, duration_s, distance_m, rows, columns)
        whole = np.ix_(back, across)
        return duration_s[whole], None if distance_m is None else distance_m[whole]

    def legs(self, source: Sequence[int], target: Sequence[int]) -> list[LegPath]:
        """Return the leg of each pair of points; raises ``RoutingDataError`` (``unreachable``) where there is none."""
        return trace(self.roads, self.points, self._no_zones, own_i32(source), own_i32(target))

    def along(self) -> tuple[I32, I32]:
        """Return seconds and metres from each point to the next, ``INF`` where there is no way."""
        duration_s, distance_m = self.table()
        assert distance_m is not None
        return np.diagonal(duration_s, 1), np.diagonal(distance_m, 1)

    @cached_property
    def _no_zones(self) -> NDArray[np.int16]:
        return np.full(self.roads.ground.streets.arcs, -1, dtype=np.int16)


def drives(city: City, category: Category, lat: F64, lon: F64) -> Drives:
    """Return points on a city's open roads.

    Raises
    ------
    RoutingDataError
        ``far_from_streets`` or ``not_a_coordinate``, the point named as ``#/index``, or ``no_streets``.
    """
    lat, lon = own_f64(lat), own_f64(lon)
    roads = open_roads(city, category)
    return Drives(roads, lat, lon, locate_on(roads, snap_to(roads.ground, category, lat, lon), lat, lon))


def reached(duration_s: I32) -> NDArray[np.bool_]:
    """Return where there is a way."""
    return duration_s < INF
