"""The invented city's address register, in the columns of the Base Adresse Nationale.

Its streets get names and numbers of their own: odd on one side, even on the other, with gaps, and a few bis and ter.
Around the town lie communes that have some of its street names too; two of them share its postcode.
"""

from __future__ import annotations

import csv
import io
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from data.clock import rng as seeded
from data.codec import write_whole
from data.model.city import City
from data.model.streets import RoadClass, StreetNetwork
from data.synthetic.addresses import HOMES_PER_METRE, METRES_PER_DEGREE, NUMBER_EVERY_M
from data.synthetic.city import CITY_NAME, POSTCODE
from data.synthetic.street_names import street_names

COLUMNS = (
    *("id", "id_fantoir", "numero", "rep", "nom_voie", "code_postal", "code_insee", "nom_commune"),
    *("code_insee_ancienne_commune", "nom_ancienne_commune", "x", "y", "lon", "lat", "type_position", "alias"),
    *("nom_ld", "libelle_acheminement", "nom_afnor", "source_position", "source_nom_voie", "certification_commune"),
    "cad_parcelles",
)
"""As the register publishes them (adresse.data.gouv.fr, schema of the `adresses` CSV)."""

TOWN_M = 3400.0
KEPT = 0.25
BIS, TER = 0.05, 0.008
BACK_M = (6.0, 15.0)
LEAST_M = 30.0


@dataclass(frozen=True)
class Commune:
    """A commune: its INSEE code is invented, as its name is."""

    name: str
    postcode: str
    citycode: str


TOWN = Commune(CITY_NAME, POSTCODE, "37990")
AROUND = (
    Commune("Saint-Aubin-des-Prés", POSTCODE, "37991"),
    Commune("Brévelles", POSTCODE, "37992"),
    Commune("Sainte-Luce-sous-Bois", "37985", "37993"),
    Commune("L'Hermitage-en-Valmois", "37985", "37994"),
    Commune("Courcelles-lès-Valmont", "37981", "37995"),
)


@dataclass(frozen=True)
class Door:
    """One numbered door: degrees, and what is written on the envelope."""

    number: int
    rep: str
    street: str
    commune: Commune
    lat: float
    lon: float


def doors(city: City, seed: int = 1) -> list[Door]:
    """Return the numbered doors of a city, street by street, about 70,000 in the synthetic one."""
    rng = seeded(seed)
    streets = city.streets
    scale = np.array([math.cos(math.radians(float(np.mean(streets.node_lat)))), 1.0]) * METRES_PER_DEGREE
    ways = [way for way in _ways(streets) if len(way) and _length_m(way, scale) >= LEAST_M]
    communes = _communes(ways, scale)
    found: list[Door] = []
    for commune in dict.fromkeys(communes):
        inside = [way for way, where in zip(ways, communes, strict=True) if where == commune]
        inside.sort(key=lambda way: -_length_m(way, scale))
        names = street_names(rng, [way.road_class for way in inside])
        for way, name in zip(inside, names, strict=True):
            found += _along(rng, way, name, commune, scale)
    return found


def write_ban(found: list[Door], path: Path) -> None:
    """Write doors as the register's CSV: UTF-8, ``;``."""
    x, y = Transformer.from_crs(4326, 2154, always_xy=True).transform(
        [door.lon for door in found], [door.lat for door in found]
    )
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="", delimiter=";", lineterminator="\n")
    writer.writeheader()
    streets: dict[tuple[str, str], str] = {}
    for door, east, north in zip(found, x, y, strict=True):
        key = door.commune.citycode, door.street
        fantoir = streets.setdefault(key, f"{door.commune.citycode}_{len(streets):04d}")
        writer.writerow(_row(door, fantoir, float(east), float(north)))
    write_whole(path, text.getvalue().encode())


def _row(door: Door, fantoir: str, x: float, y: float) -> dict[str, object]:
    identifier = "_".join(part for part in (fantoir, f"{door.number:05d}", door.rep) if part)
    return {
        "id": identifier,
        "id_fantoir": fantoir,
        "numero": door.number,
        "rep": door.rep,
        "nom_voie": door.street[0].upper() + door.street[1:],
        "code_postal": door.commune.postcode,
        "code_insee": door.commune.citycode,
        "nom_commune": door.commune.name,
        "x": round(x, 2),
        "y": round(y, 2),
        "lon": round(door.lon, 6),
        "lat": round(door.lat, 6),
        "type_position": "entrée",
        "source_position": "commune",
        "source_nom_voie": "commune",
        "certification_commune": 1,
    }


@dataclass(frozen=True)
class _Way:
    """A street from end to end: its points, (lon, lat) degrees [n, 2]."""

    road_class: RoadClass
    points: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.points)


def _ways(streets: StreetNetwork) -> Iterator[_Way]:
    """Yield the streets homes are at; of one that forks, its longest stretch from an end."""
    arcs: dict[int, dict[frozenset[int], int]] = defaultdict(dict)
    homes = np.array([float(HOMES_PER_METRE.get(kind, 0)) for kind in RoadClass])
    for arc in np.flatnonzero(homes[streets.road_class] > 0).tolist():
        ends = frozenset((int(streets.tail[arc]), int(streets.head[arc])))
        arcs[int(streets.way_id[arc])].setdefault(ends, arc)
    for _, edges in sorted(arcs.items()):
        first = next(iter(edges.values()))
        yield _Way(RoadClass(int(streets.road_class[first])), _chain(streets, edges))


def _chain(streets: StreetNetwork, edges: dict[frozenset[int], int]) -> NDArray[np.float64]:
    at: dict[int, list[int]] = defaultdict(list)
    for ends, arc in edges.items():
        for node in ends:
            at[node].append(arc)
    node = min((node for node, arcs in at.items() if len(arcs) == 1), default=min(at))
    points: list[tuple[float, float]] = []
    used: set[int] = set()
    while arcs := [arc for arc in at[node] if arc not in used]:
        arc = arcs[0]
        used.add(arc)
        ahead = int(streets.tail[arc]) == node
        stretch = streets.arc_points(arc) if ahead else streets.arc_points(arc)[::-1]
        points += stretch[1:] if points else stretch
        node = int(streets.head[arc] if ahead else streets.tail[arc])
    return np.array(points)


def _length_m(way: _Way, scale: NDArray[np.float64]) -> float:
    return float(np.hypot(*np.diff(way.points * scale, axis=0).T).sum())


def _communes(ways: list[_Way], scale: NDArray[np.float64]) -> list[Commune]:
    """Return each street's commune: the town in the middle, the others around it by direction."""
    middles = np.array([way.points[len(way) // 2] for way in ways]) * scale
    east, north = (middles - np.median(middles, axis=0)).T
    sector = ((np.arctan2(north, east) / (2 * np.pi) + 0.5) * len(AROUND)).astype(int) % len(AROUND)
    inside = np.hypot(east, north) < TOWN_M
    return [TOWN if town else AROUND[k] for town, k in zip(inside.tolist(), sector.tolist(), strict=True)]


def _along(
    rng: np.random.Generator, way: _Way, name: str, commune: Commune, scale: NDArray[np.float64]
) -> Iterator[Door]:
    """Yield a street's doors from its beginning: odd numbers on the left, even ones on the right."""
    points = way.points * scale
    steps = np.hypot(*np.diff(points, axis=0).T)
    ends = np.cumsum(steps)
    share = KEPT * HOMES_PER_METRE[way.road_class]
    for number in range(1, 2 * int(ends[-1] // NUMBER_EVERY_M) + 1):
        if rng.random() >= share:
            continue
        draw = rng.random()
        reps = ("", "bis", "ter") if draw < TER else ("", "bis") if draw < BIS else ("",)
        for k, rep in enumerate(reps):
            along = ((number + 1) // 2 - 0.5) * NUMBER_EVERY_M + 2.5 * k
            step = min(int(np.searchsorted(ends, along)), len(steps) - 1)
            ahead = (points[step + 1] - points[step]) / max(float(steps[step]), 1e-9)
            aside = np.array([-ahead[1], ahead[0]]) * (1 if number % 2 else -1)
            spot = points[step] + ahead * (along - ends[step] + steps[step]) + aside * rng.uniform(*BACK_M)
            lon, lat = (spot / scale).tolist()
            yield Door(number, rep, name, commune, round(lat, 7), round(lon, 7))
