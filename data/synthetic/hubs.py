"""Where two hubs would stand in any city: by a fast road, where few people live, on opposite sides."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from data.errors import InputError
from data.model.city import City
from data.model.hub import Hub
from data.model.streets import RoadClass, StreetNetwork
from data.model.vehicle import Category
from data.synthetic.addresses import METRES_PER_DEGREE
from data.synthetic.reach import largest_core

LOADING_S = 900
QUIET_M = 300.0
FAR_SHARE = 0.70
POINTS = ("Est", "Nord-Est", "Nord", "Nord-Ouest", "Ouest", "Sud-Ouest", "Sud", "Sud-Est")


def hub_sites(city: City) -> tuple[Hub, Hub]:
    """Return two hubs at junctions that vans and cargo bikes reach.

    A site scores by its way to the fastest class of road the city has, by how few junctions are around it, by lying
    at about 70 % of the city's spread from its middle, outside low-emission zones, and by an industrial or service
    road at its door.

    Raises
    ------
    InputError
        ``no_hub_site`` where vans and cargo bikes share fewer than two junctions.
    """
    streets = city.streets
    sites = np.flatnonzero(largest_core(streets, Category.VUL) & largest_core(streets, Category.CARGO_BIKE))
    if len(sites) < 2:
        raise InputError("no_hub_site", f"vans and cargo bikes share no streets in {city.name}", "streets")
    spots = _metres(streets)
    away = spots[sites] - np.median(spots[sites], axis=0)
    score = _score(city, spots, sites, np.hypot(*away.T))
    first = int(score.argmin())
    bearing = np.arctan2(away[:, 1], away[:, 0])
    score += 3 * (1 + np.cos(bearing - bearing[first]))
    score[first] = np.inf
    second = int(score.argmin())
    return _hub(1, streets, int(sites[first]), bearing[first]), _hub(2, streets, int(sites[second]), bearing[second])


def _metres(streets: StreetNetwork) -> NDArray[np.float64]:
    shrink = math.cos(math.radians(float(streets.node_lat.mean())))
    spots: NDArray[np.float64] = np.column_stack((streets.node_lon * shrink, streets.node_lat)) * METRES_PER_DEGREE
    return spots


def _score(
    city: City, spots: NDArray[np.float64], sites: NDArray[np.int64], away_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a penalty per site; each term is 0 to 2, the estate's -1.5."""
    streets = city.streets
    fastest = max(int(RoadClass.TRUNK), int(streets.road_class.min()))
    fast_nodes = np.unique(streets.tail[streets.road_class <= fastest])
    to_fast_m, _ = cKDTree(spots[fast_nodes]).query(spots[sites])
    crowd = cKDTree(spots).query_ball_point(spots[sites], QUIET_M, return_length=True)
    target_m = max(1.0, float(np.quantile(away_m, FAR_SHARE)))
    works = np.zeros(streets.nodes, dtype=bool)
    works[streets.tail[np.isin(streets.road_class, (RoadClass.UNCLASSIFIED, RoadClass.SERVICE))]] = True
    zoned = np.zeros(streets.nodes, dtype=bool)
    zoned[streets.tail[city.arc_zones > 0]] = True
    penalty: NDArray[np.float64] = np.minimum(to_fast_m / 600, 2.0)
    penalty += np.minimum(crowd / max(1.0, float(np.median(crowd))), 2.0)
    penalty += np.minimum(np.abs(away_m - target_m) / (0.5 * target_m), 2.0)
    return penalty + 2.0 * zoned[sites] - 1.5 * works[sites]


def _hub(number: int, streets: StreetNetwork, node: int, bearing: float) -> Hub:
    side = POINTS[round(float(bearing) / (math.pi / 4)) % 8]
    return Hub(
        id=f"hub-{number}",
        lat=float(streets.node_lat[node]),
        lon=float(streets.node_lon[node]),
        name=f"Hub {side}",
        loading_s=LOADING_S,
    )
