"""Street addresses of a city that has none: sampled along its streets, where people are likely to live."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from data.errors import InputError
from data.model.city import City
from data.model.streets import RoadClass
from data.model.vehicle import Category
from data.synthetic.reach import largest_core
from data.units import EARTH_RADIUS_M

METRES_PER_DEGREE = EARTH_RADIUS_M * math.pi / 180
HOMES_PER_METRE = {
    RoadClass.PRIMARY: 0.5,
    RoadClass.SECONDARY: 0.7,
    RoadClass.TERTIARY: 0.8,
    RoadClass.UNCLASSIFIED: 0.15,
    RoadClass.RESIDENTIAL: 1.0,
    RoadClass.LIVING_STREET: 1.3,
    RoadClass.SERVICE: 0.1,
    RoadClass.PEDESTRIAN: 0.6,
}
NEIGHBOURHOOD_M, CROWDED = 250.0, 40  # from 40 junctions around on, streets are built up all along
NUMBER_EVERY_M = 7
STREET_NAMES = (
    "des Tanneurs", "du Moulin", "de la Gare", "Victor Hugo", "des Écoles", "du Port", "de l'Abbaye", "Jean Jaurès",
    "des Lilas", "du Château", "de la Fontaine", "Pasteur", "des Vignes", "du Faubourg", "de la Paix", "George Sand",
    "des Acacias", "du Vieux Pont", "de Verdun", "Marie Curie", "des Bateliers", "du Lavoir", "de la Mairie", "Zola",
    "des Peupliers", "du Puits", "de la Levée", "Rabelais", "des Cordeliers", "du Marché", "de Touraine", "Balzac",
    "des Jardins", "du Stade", "de la République", "Ronsard", "des Mariniers", "du Clos", "de la Varenne", "Descartes",
)  # fmt: skip
STREET_KINDS = {
    RoadClass.PRIMARY: ("avenue", "boulevard"),
    RoadClass.SECONDARY: ("boulevard", "route", "quai"),
    RoadClass.TERTIARY: ("rue", "avenue"),
    RoadClass.PEDESTRIAN: ("rue", "passage", "place"),
    RoadClass.RESIDENTIAL: ("rue", "rue", "allée", "impasse", "chemin"),
}


@dataclass(frozen=True)
class Address:
    """A front door: degrees, the street it is on, its postcode."""

    lat: float
    lon: float
    text: str
    postcode: str


class Addresses:
    """Samples front doors of one city, all on streets a van and a cargo bike can reach.

    Parameters
    ----------
    city : City
        Any city; street names are invented from way ids.
    postcode : str, optional
        By default the one most of the city's places have, if any.
    """

    def __init__(self, city: City, postcode: str | None = None) -> None:
        streets = city.streets
        self._streets, self._town = streets, city.name
        known = Counter(place.postcode for place in city.places).most_common(1)
        self._postcode = postcode if postcode is not None else known[0][0] if known else ""
        self._weight = _home_weights(city)
        if not self._weight.any():
            raise InputError("no_addresses", f"{city.name} has no street where a van can stop at a home", "streets")
        points = np.column_stack((streets.node_lon, streets.node_lat))
        middle = (points[streets.tail] + points[streets.head]) / 2
        self._scale = np.array([math.cos(math.radians(float(np.mean(streets.node_lat)))), 1.0]) * METRES_PER_DEGREE
        self._middle_m = middle * self._scale

    def sample(self, rng: np.random.Generator, count: int) -> list[Address]:
        """Return ``count`` front doors all over the city."""
        return self._at(rng, rng.choice(len(self._weight), count, p=self._weight / self._weight.sum()))

    def sample_near(
        self, rng: np.random.Generator, count: int, lat: float, lon: float, spread_m: float
    ) -> list[Address]:
        """Return ``count`` front doors around a point, thinning out as a Gaussian of ``spread_m``."""
        away = np.hypot(*(self._middle_m - np.array([lon, lat]) * self._scale).T)
        weight = self._weight * np.exp(-0.5 * (away / spread_m) ** 2)
        if weight.sum() <= 0:
            return self.sample(rng, count)
        return self._at(rng, rng.choice(len(weight), count, p=weight / weight.sum()))

    def _at(self, rng: np.random.Generator, arcs: NDArray[np.int64]) -> list[Address]:
        share, back = rng.uniform(0.08, 0.92, len(arcs)), rng.uniform(6, 15, len(arcs))
        return [self._door(int(arc), float(t), float(metres)) for arc, t, metres in zip(arcs, share, back, strict=True)]

    def _door(self, arc: int, share: float, back_m: float) -> Address:
        """Return the door ``share`` of the way along an arc, ``back_m`` to the right of it."""
        points = np.array(self._streets.arc_points(arc)) * self._scale
        steps = np.hypot(*np.diff(points, axis=0).T)
        along = share * steps.sum()
        k = min(int(np.searchsorted(np.cumsum(steps), along)), len(steps) - 1)
        ahead = (points[k + 1] - points[k]) / max(steps[k], 1e-9)
        spot = points[k] + ahead * (along - steps[:k].sum()) + np.array([ahead[1], -ahead[0]]) * back_m
        lon, lat = spot / self._scale
        right_side = self._streets.tail[arc] < self._streets.head[arc]
        number = 2 * int(along // NUMBER_EVERY_M + 1) - int(right_side)
        text = f"{number} {self._street(arc)}, {self._postcode} {self._town}".replace("  ", " ")
        return Address(round(float(lat), 7), round(float(lon), 7), text, self._postcode)

    def _street(self, arc: int) -> str:
        way = int(self._streets.way_id[arc])
        road_class = RoadClass(int(self._streets.road_class[arc]))
        kinds = STREET_KINDS.get(road_class, ("rue",))
        return f"{kinds[way % len(kinds)]} {STREET_NAMES[way * 7 % len(STREET_NAMES)]}"


def _home_weights(city: City) -> NDArray[np.float64]:
    """Return homes per arc, up to a factor: by class, length, and how closely built the neighbourhood is."""
    streets = city.streets
    per_metre = np.zeros(len(RoadClass))
    for road_class, homes in HOMES_PER_METRE.items():
        per_metre[road_class] = homes
    van, bike = (largest_core(streets, category) for category in (Category.VUL, Category.CARGO_BIKE))
    near_van = van[streets.tail] | van[streets.head]
    reachable = near_van & bike[streets.tail] & bike[streets.head]
    scale = np.array([math.cos(math.radians(float(np.mean(streets.node_lat)))), 1.0]) * METRES_PER_DEGREE
    nodes_m = np.column_stack((streets.node_lon, streets.node_lat)) * scale
    tree = cKDTree(nodes_m)
    crowd = tree.query_ball_point(nodes_m, NEIGHBOURHOOD_M, return_length=True)
    built = np.minimum(crowd, CROWDED) ** 0.75
    weight: NDArray[np.float64] = per_metre[streets.road_class] * streets.length_dm * built[streets.tail] * reachable
    return weight
