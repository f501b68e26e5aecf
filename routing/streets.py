"""How long each class of vehicle takes on each arc, and from which arcs it gets everywhere and back.

Nobody drives the legal limit in town: a share of it, by road class, stands for lights, parking, double-parked vans
and traffic, plus a fixed time at each junction. The shares are our judgement, not a measurement: a van's trips across
Nantes come out at about 25 km/h. Recorded traffic belongs on top of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from data.model.streets import ACCESS_BIT, RoadClass, StreetNetwork
from data.model.vehicle import Category
from routing.matrix.cost import INF

SHARE_OF_LIMIT: dict[RoadClass, float] = {
    RoadClass.MOTORWAY: 0.85,
    RoadClass.TRUNK: 0.80,
    RoadClass.PRIMARY: 0.75,
    RoadClass.SECONDARY: 0.75,
    RoadClass.TERTIARY: 0.75,
    RoadClass.UNCLASSIFIED: 0.70,
    RoadClass.RESIDENTIAL: 0.75,
    RoadClass.LIVING_STREET: 0.75,
    RoadClass.SERVICE: 0.50,
    RoadClass.PEDESTRIAN: 0.50,
    RoadClass.CYCLEWAY: 0.75,
    RoadClass.TRACK: 0.50,
}
"""What a motor vehicle drives on average between junctions, as a share of the limit."""

CARGO_BIKE_KMH: dict[RoadClass, float] = {RoadClass.PEDESTRIAN: 6.0, RoadClass.TRACK: 12.0}
"""Where a cargo bike is slower than its own speed: walking pace among pedestrians."""

MAX_KMH: dict[Category, float] = {
    Category.VP: 130.0,
    Category.VUL: 110.0,
    Category.PL: 80.0,
    Category.TWO_WHEELER: 45.0,  # a delivery scooter (L1e)
    Category.CARGO_BIKE: 17.0,
}

JUNCTION_MS = 2_000
"""Lost at the end of an arc where three or more streets meet; not on motorways and trunk roads, which don't cross."""


def arc_weights_ms(streets: StreetNetwork, category: Category, closed_arcs: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the milliseconds ``category`` takes along each arc, junction at its end included.

    Parameters
    ----------
    closed_arcs : bool [m]
        Arcs closed to the class on top of ``streets.access``.

    Returns
    -------
    int32 [m]
        At least 1; :data:`~routing.matrix.cost.INF` where the arc is closed or not for this category.
    """
    time_ms = streets.length_dm * 360.0 / _speed_kmh(streets, category)
    slow = streets.road_class > RoadClass.TRUNK
    time_ms[slow & (_degree(streets)[streets.head] >= 3)] += JUNCTION_MS
    weights = np.maximum(np.floor(time_ms + 0.5), 1).astype(np.int32)
    weights[~may_drive(streets, category) | closed_arcs] = INF
    return weights


def may_drive(streets: StreetNetwork, category: Category) -> NDArray[np.bool_]:
    """Return which arcs are for this category, low-emission zones aside."""
    allowed: NDArray[np.bool_] = (streets.access & ACCESS_BIT[category]) != 0
    return allowed


def connected_arcs(streets: StreetNetwork, category: Category) -> NDArray[np.bool_]:
    """Return the arcs inside the largest strongly connected part of the category's streets, closures disregarded.

    From any of them one gets to all others and back; only these may a place be snapped to.
    """
    allowed = may_drive(streets, category)
    tail, head = streets.tail[allowed], streets.head[allowed]
    shape = (streets.nodes, streets.nodes)
    graph = csr_matrix((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=shape)
    _, part = connected_components(graph, directed=True, connection="strong")
    inside = allowed & (part[streets.tail] == part[streets.head])
    if not inside.any():
        return inside
    sizes = np.bincount(part[streets.tail[inside]])
    largest: NDArray[np.bool_] = inside & (part[streets.tail] == int(sizes.argmax()))
    return largest


def _speed_kmh(streets: StreetNetwork, category: Category) -> NDArray[np.float64]:
    limit = np.maximum(streets.speed_kmh, 1).astype(np.float64)
    if category is Category.CARGO_BIKE:
        own = np.array([CARGO_BIKE_KMH.get(road, MAX_KMH[category]) for road in RoadClass])
        return np.minimum(limit, own[streets.road_class])
    share = np.array([SHARE_OF_LIMIT[road] for road in RoadClass])
    return np.minimum(limit * share[streets.road_class], MAX_KMH[category])


def _degree(streets: StreetNetwork) -> NDArray[np.intp]:
    """Return how many other junctions each is joined to, in either direction."""
    ends = np.concatenate([streets.tail, streets.head]).astype(np.int64)
    others = np.concatenate([streets.head, streets.tail]).astype(np.int64)
    pairs = np.sort(ends * streets.nodes + others)  # numpy's unique() takes ten times as long
    new = np.diff(pairs, prepend=-1) != 0
    return np.bincount(pairs[new] // max(streets.nodes, 1), minlength=streets.nodes)
