"""A street network as flat arrays: junctions, arcs with their shapes, and turn restrictions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from data.model.vehicle import Category

ACCESS_BIT: dict[Category, int] = {
    Category.VP: 1,
    Category.VUL: 2,
    Category.PL: 4,
    Category.TWO_WHEELER: 8,
    Category.CARGO_BIKE: 16,
}


class RoadClass(IntEnum):
    """Road classes, most important first; the value is stored per arc."""

    MOTORWAY = 0
    TRUNK = 1
    PRIMARY = 2
    SECONDARY = 3
    TERTIARY = 4
    UNCLASSIFIED = 5
    RESIDENTIAL = 6
    LIVING_STREET = 7
    SERVICE = 8
    PEDESTRIAN = 9
    CYCLEWAY = 10
    TRACK = 11


@dataclass(frozen=True)
class StreetNetwork:
    """Directed street graph of n junctions and m arcs, arcs sorted by ``tail``.

    Attributes
    ----------
    node_lat, node_lon : float64 [n]
        WGS84 degrees.
    node_id : int64 [n]
        The source's id of the node at each junction, 0 where it has none; two junctions share one where a barrier
        keeps them apart.
    tail, head : int32 [m]
        Junction indices of each arc.
    length_dm : int32 [m]
        Decimetres along the shape, at least 1.
    speed_kmh : uint8 [m]
        Legal or default speed.
    cruise_kmh : float32 [m]
        What a car keeps up at free flow between junctions.
    obstacle_ms : int32 [m]
        Lost at traffic lights, signs and gates on the arc, in its direction: those at its head count, at its tail not.
    road_class : uint8 [m]
        A :class:`RoadClass`.
    roundabout : bool [m]
    access : uint8 [m]
        Or of :data:`ACCESS_BIT`: who may drive this arc in this direction, at the arc's hours at least.
    arc_hours : int16 [m]
        Index into ``City.street_hours``: motor vehicles that deliver may use the arc at these hours only, bikes
        always; -1 where there are none.
    way_id : int64 [m]
        The source's id of the way, for messages and later traffic data.
    shape_ptr : int32 [m + 1]
        ``shape_lat[shape_ptr[a]:shape_ptr[a + 1]]`` are arc a's *inner* points, tail and head left out.
    shape_lat, shape_lon : float64 [...]
        Degrees.
    shape_node_id : int64 [...]
        The source's id of the node at each inner point, 0 where it has none.
    restriction_ptr : int32 [r + 1]
        Arcs of turn restriction k: ``restriction_arcs[ptr[k]:ptr[k + 1]]``, from first to last (via ways inside).
    restriction_arcs : int32 [...]
    restriction_only : bool [r]
        True: *only* this sequence is allowed after its first arcs; False: it is forbidden.
    restriction_except : uint8 [r]
        Or of :data:`ACCESS_BIT`: who is not concerned.
    """

    node_lat: NDArray[np.float64]
    node_lon: NDArray[np.float64]
    node_id: NDArray[np.int64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    length_dm: NDArray[np.int32]
    speed_kmh: NDArray[np.uint8]
    cruise_kmh: NDArray[np.float32]
    obstacle_ms: NDArray[np.int32]
    road_class: NDArray[np.uint8]
    roundabout: NDArray[np.bool_]
    access: NDArray[np.uint8]
    arc_hours: NDArray[np.int16]
    way_id: NDArray[np.int64]
    shape_ptr: NDArray[np.int32]
    shape_lat: NDArray[np.float64]
    shape_lon: NDArray[np.float64]
    shape_node_id: NDArray[np.int64]
    restriction_ptr: NDArray[np.int32]
    restriction_arcs: NDArray[np.int32]
    restriction_only: NDArray[np.bool_]
    restriction_except: NDArray[np.uint8]

    @property
    def nodes(self) -> int:
        """Number of junctions."""
        return len(self.node_lat)

    @property
    def arcs(self) -> int:
        """Number of arcs."""
        return len(self.tail)

    def arc_points(self, arc: int) -> list[tuple[float, float]]:
        """Return the ``(lon, lat)`` points of one arc, both ends included."""
        first, last = self.shape_ptr[arc], self.shape_ptr[arc + 1]
        inner = zip(self.shape_lon[first:last].tolist(), self.shape_lat[first:last].tolist(), strict=True)
        start, end = self.tail[arc], self.head[arc]
        return [
            (float(self.node_lon[start]), float(self.node_lat[start])),
            *inner,
            (float(self.node_lon[end]), float(self.node_lat[end])),
        ]

    def bounds(self) -> tuple[float, float, float, float]:
        """Return ``(min_lon, min_lat, max_lon, max_lat)``."""
        return (
            float(self.node_lon.min()),
            float(self.node_lat.min()),
            float(self.node_lon.max()),
            float(self.node_lat.max()),
        )
