"""How long each category of vehicle takes along each arc.

A motor vehicle drives what a car keeps up on the arc at free flow (``StreetNetwork.cruise_kmh``: the figures of OSRM's
car profile where the streets come from OpenStreetMap), as far as its category may, and loses time at lights, signs and
gates. What turning into the next arc costs is not part of it, nor is traffic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.model.streets import ACCESS_BIT, RoadClass, StreetNetwork
from data.model.vehicle import Category
from routing.matrix.cost import INF

MAX_KMH: dict[Category, float] = {
    Category.VP: 130.0,
    Category.VUL: 110.0,
    Category.PL: 80.0,
    Category.TWO_WHEELER: 45.0,  # a delivery scooter (L1e)
    Category.CARGO_BIKE: 17.0,
}

CARGO_BIKE_KMH: dict[RoadClass, float] = {RoadClass.PEDESTRIAN: 6.0, RoadClass.TRACK: 12.0}
"""Where a cargo bike is slower than its own speed: walking pace among pedestrians."""

CARGO_BIKE_OBSTACLES_MS = 10_000
"""The most a cargo bike loses to obstacles on one arc: there is a way past the gates that hold up a car."""


def arc_weights_ms(streets: StreetNetwork, category: Category) -> NDArray[np.int32]:
    """Return the milliseconds ``category`` takes along each arc at free flow, lights, signs and gates included.

    Returns
    -------
    int32 [m]
        At least 1; :data:`~routing.matrix.cost.INF` where the arc is not for this category.
    """
    time_ms = streets.length_dm * 360.0 / _speed_kmh(streets, category) + standing_ms(streets, category)
    weights = np.maximum(np.floor(time_ms + 0.5), 1).astype(np.int32)
    weights[(streets.access & ACCESS_BIT[category]) == 0] = INF
    return weights


def standing_ms(streets: StreetNetwork, category: Category) -> NDArray[np.int32]:
    """Return the part of :func:`arc_weights_ms` that is lost at lights, signs and gates, whatever the traffic."""
    if category is Category.CARGO_BIKE:
        return np.minimum(streets.obstacle_ms, np.int32(CARGO_BIKE_OBSTACLES_MS))
    return streets.obstacle_ms


def _speed_kmh(streets: StreetNetwork, category: Category) -> NDArray[np.float64]:
    if category is Category.CARGO_BIKE:
        own = np.array([CARGO_BIKE_KMH.get(road, MAX_KMH[category]) for road in RoadClass])
        return np.minimum(np.maximum(streets.speed_kmh, 1.0), own[streets.road_class])
    return np.minimum(streets.cruise_kmh.astype(np.float64), MAX_KMH[category])
