"""Relay shops, parcel lockers and post offices of an invented city; brands are invented too."""

from __future__ import annotations

import math

import numpy as np

from data.model.parcel import Dimensions
from data.model.place import BoxType, Place, PlaceKind
from data.synthetic.addresses import METRES_PER_DEGREE, Address, Addresses

RELAYS, LOCKERS, POST_OFFICES = 60, 25, 8
RELAY_BRAND, LOCKER_BRAND, POST_BRAND = "Point Fil", "Casier Vif", "Bureau Ligérien"
SHOPS = (
    ("Tabac-presse Le Balto", "Mo-Sa 07:00-19:30; PH off"),
    ("Épicerie du Coin", "Tu-Sa 08:30-12:30,15:00-20:00; Su 09:00-12:30; PH off"),
    ("Pressing des Halles", "Tu-Fr 09:00-12:30,14:00-19:00; Sa 09:00-12:30,14:00-18:00; PH off"),
    ("Supérette Le Panier", "Mo-Sa 08:00-20:00; Su 09:00-12:30"),
    ("Librairie La Marge", "Tu-Sa 10:00-19:00; PH off"),
    ("Fleuriste Pivoine", "Tu-Sa 09:00-12:30,14:30-19:00; Su 09:30-12:30"),
    ("Boulangerie Au Fournil", "Tu-Sa 06:30-13:30,15:30-19:30; Su 06:30-13:00"),
    ("Cordonnerie Talon", "Tu-Sa 09:00-12:00,14:00-18:30; PH off"),
    ("Téléphonie Allo", "Mo 14:00-19:00; Tu-Sa 10:00-19:00; PH off"),
    ("Garage du Faubourg", "Mo-Fr 08:00-12:00,14:00-18:00; PH off"),
    ("Jardinerie Les Serres", "Mo-Sa 09:00-12:00,14:00-19:00"),
    ("Café de la Gare", "Mo-Fr 06:30-20:00; Sa 07:30-20:00; PH off"),
)
LOCKER_SITES = ("gare", "supermarché", "station-service", "parking relais", "laverie", "centre commercial", "campus")
POST_HOURS = "Mo-Fr 09:00-12:00,14:00-18:00; Sa 09:00-12:00; PH off"
SMALL, MEDIUM, LARGE = (Dimensions(length_mm=640, width_mm=380, height_mm=height) for height in (90, 190, 410))
RELAY_MAX = Dimensions(length_mm=1200, width_mm=600, height_mm=600)


def handover_places(addresses: Addresses, rng: np.random.Generator) -> tuple[Place, ...]:
    """Return relay shops, then lockers, then post offices, spread over the city's addresses."""
    return (
        *(_relay(k, door, rng) for k, door in enumerate(_spread(addresses, rng, RELAYS))),
        *(_locker(k, door, rng) for k, door in enumerate(_spread(addresses, rng, LOCKERS))),
        *(_post_office(k, door) for k, door in enumerate(_spread(addresses, rng, POST_OFFICES))),
    )


def _spread(addresses: Addresses, rng: np.random.Generator, count: int) -> list[Address]:
    """Return ``count`` addresses that keep their distance where they can."""
    doors = addresses.sample(rng, 12 * count)
    scale = np.array([METRES_PER_DEGREE, METRES_PER_DEGREE * math.cos(math.radians(doors[0].lat))])
    spots = np.array([(door.lat, door.lon) for door in doors]) * scale
    apart_m = 0.40 * math.sqrt(float(np.prod(np.ptp(spots, axis=0))) / count)
    chosen: list[int] = []
    while len(chosen) < count:
        for k in range(len(doors)):
            if len(chosen) == count:
                break
            if k not in chosen and all(np.hypot(*(spots[k] - spots[other])) >= apart_m for other in chosen):
                chosen.append(k)
        apart_m *= 0.7
    return [doors[k] for k in chosen]


def _relay(k: int, door: Address, rng: np.random.Generator) -> Place:
    name, hours = SHOPS[k % len(SHOPS)]
    return Place(
        id=f"relay-{k + 1:03d}",
        kind=PlaceKind.RELAY,
        lat=door.lat,
        lon=door.lon,
        name=f"{name} {k // len(SHOPS) + 1}",
        address=door.text,
        postcode=door.postcode,
        brand=RELAY_BRAND,
        opening_hours=hours,
        setup_s=150,
        service_s=45,
        daily_cap_parcels=int(rng.integers(15, 41)),
        max_load_g=20_000,
        max_mm=RELAY_MAX,
    )


def _locker(k: int, door: Address, rng: np.random.Generator) -> Place:
    """Free boxes are what yesterday's parcels left: about half of a column-built locker."""
    sizes = (("S", SMALL, rng.integers(4, 13)), ("M", MEDIUM, rng.integers(4, 12)), ("L", LARGE, rng.integers(1, 6)))
    site = LOCKER_SITES[k % len(LOCKER_SITES)]
    return Place(
        id=f"locker-{k + 1:03d}",
        kind=PlaceKind.LOCKER,
        lat=door.lat,
        lon=door.lon,
        name=f"Consigne {site} {k // len(LOCKER_SITES) + 1}",
        address=door.text,
        postcode=door.postcode,
        brand=LOCKER_BRAND,
        opening_hours="24/7" if site != "centre commercial" else "Mo-Sa 08:30-20:30; PH off",
        setup_s=90,
        service_s=35,
        boxes=tuple(
            BoxType(size=size, free=int(free), inner_mm=inner, max_load_g=20_000) for size, inner, free in sizes
        ),
    )


def _post_office(k: int, door: Address) -> Place:
    return Place(
        id=f"post-{k + 1:03d}",
        kind=PlaceKind.POST_OFFICE,
        lat=door.lat,
        lon=door.lon,
        name=f"Bureau de poste {k + 1}",
        address=door.text,
        postcode=door.postcode,
        brand=POST_BRAND,
        opening_hours=POST_HOURS,
        setup_s=180,
        service_s=40,
        daily_cap_parcels=120,
        max_load_g=30_000,
        max_mm=RELAY_MAX,
    )
