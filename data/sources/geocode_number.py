"""A house number in a street of the register: the door itself, between its neighbours, or somewhere in the street."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from data.model.address import Level
from data.sources.ban import Register, Street
from data.units import EARTH_RADIUS_M

OTHER_REP, BETWEEN, BEYOND, SOMEWHERE, UNNUMBERED = 0.98, 0.95, 0.88, 0.8, 0.85
GAP_M = 150.0
"""Farther apart than that, neighbours say little of what is between them."""
NEAR_M = 50.0
BEYOND_MOST = 6
_METRES = EARTH_RADIUS_M * math.pi / 180


class Spot(NamedTuple):
    """A point in a street.

    Attributes
    ----------
    trust : float
        0..1, what the number adds to the doubt.
    reason : str
        Why it may be far from the door; empty where it isn't.
    """

    lat: float
    lon: float
    level: Level
    trust: float
    reason: str = ""
    label: str = ""


def metres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the metres between two points of one region."""
    east = (lon - other_lon) * math.cos(math.radians((lat + other_lat) / 2))
    return math.hypot(lat - other_lat, east) * _METRES


def place(register: Register, street: Street, number: int | None, rep: str) -> Spot:
    """Return where a number is in a street, or the street itself."""
    numbers = register.number[street.first : street.last]
    if numbers[-1] == 0:
        return _middle(register, street, Level.LOCALITY, "no_number")
    if number is None:
        return _middle(register, street, Level.STREET, "no_number")
    first, last = (int(k) for k in np.searchsorted(numbers, (number, number + 1)))
    if first < last:
        return _door(register, street, street.first + first, street.first + last, rep)
    return _between(register, street, number)


def _door(register: Register, street: Street, first: int, last: int, rep: str) -> Spot:
    """Return a number that exists: with its repetition, else the first of that number."""
    same = [row for row in range(first, last) if register.rep[row] == rep]
    others = same or [row for row in range(first, last) if rep and register.rep[row][:1] == rep[:1]]
    row = (others or [first])[0]
    lat, lon = float(register.lat[row]), float(register.lon[row])
    apart = max(metres(lat, lon, float(register.lat[k]), float(register.lon[k])) for k in range(first, last))
    label = f"{int(register.number[row])}{' ' if register.rep[row] else ''}{register.rep[row]}"
    trust = 1.0 if same else OTHER_REP
    return Spot(lat, lon, Level.HOUSENUMBER, trust, "number_twice" if apart > NEAR_M else "", label)


def _between(register: Register, street: Street, number: int) -> Spot:
    """Return a number that is missing: between its neighbours on the same side, or just beyond the last."""
    numbers = register.number[street.first : street.last]
    side = np.flatnonzero((numbers % 2 == number % 2) & (numbers > 0)) + street.first
    if not len(side):
        return _middle(register, street, Level.STREET, "number_unknown")
    at = int(np.searchsorted(register.number[side], number))
    low, high = int(side[max(at - 1, 0)]), int(side[min(at, len(side) - 1)])
    if 0 < at < len(side):
        n, m = int(register.number[low]), int(register.number[high])
        share = (number - n) / (m - n)
        ends = [(float(register.lat[row]), float(register.lon[row])) for row in (low, high)]
        lat, lon = (a + (b - a) * share for a, b in zip(*ends, strict=True))
        far = metres(*ends[0], *ends[1]) > GAP_M
        return Spot(lat, lon, Level.INTERPOLATION, BETWEEN, "number_unknown" if far else "", str(number))
    end = (float(register.lat[low]), float(register.lon[low]))
    if abs(int(register.number[low]) - number) <= BEYOND_MOST:
        return Spot(*end, Level.INTERPOLATION, BEYOND, "", str(number))
    return Spot(*end, Level.STREET, SOMEWHERE, "number_unknown")


def _middle(register: Register, street: Street, level: Level, reason: str) -> Spot:
    """Return the door nearest to a street's middle; a street short enough is near to all of its doors."""
    lats, lons = register.lat[street.first : street.last], register.lon[street.first : street.last]
    middle = float(lats.mean()), float(lons.mean())
    squeeze = math.cos(math.radians(middle[0]))
    k = int(np.hypot(lats - middle[0], (lons - middle[1]) * squeeze).argmin())
    lat, lon = float(lats[k]), float(lons[k])
    reach_m = float(np.hypot(lats - lat, (lons - lon) * squeeze).max()) * _METRES
    near = level is Level.STREET and reason == "no_number" and reach_m <= NEAR_M
    return Spot(lat, lon, level, UNNUMBERED if reason == "no_number" else SOMEWHERE, "" if near else reason)
