"""Unit conversions at the edges; inside, everything is an integer of the unit its name ends in."""

from __future__ import annotations

import math

EARTH_RADIUS_M = 6_371_008.8


def ceil_int(value: float) -> int:
    """Return ``value`` rounded up, tolerating float noise below 1e-9."""
    return math.ceil(value - 1e-9)


def grams(kilograms: float) -> int:
    """Return kilograms as grams, rounded up: a load is never understated."""
    return ceil_int(kilograms * 1000)


def dm3(litres: float) -> int:
    """Return litres as dm3, rounded up and at least one."""
    return max(1, ceil_int(litres))


def euros(cents: int) -> str:
    """Return cents as ``1 234.56 EUR``."""
    return f"{cents / 100:,.2f} EUR".replace(",", " ")


def haversine_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Return the great-circle distance in metres between two WGS84 points in degrees."""
    phi_a, phi_b = math.radians(lat_a), math.radians(lat_b)
    half_phi = (phi_b - phi_a) / 2
    half_lambda = math.radians(lon_b - lon_a) / 2
    chord = math.sin(half_phi) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lambda) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))
