"""The city that a request of another contract is about: these know coordinates only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from data.model.city import City

LonLat = tuple[float, float]

MARGIN_DEGREES = 0.02
"""A place up to two kilometres beyond the last street may still be a city's."""


class Opened(Protocol):
    """A city that a server has open, and its file."""

    @property
    def city(self) -> City: ...
    @property
    def path(self) -> str: ...


def city_at(opened: Mapping[str, Opened], lon_lat: LonLat | None) -> Opened | None:
    """Return the city a point lies in, the first city where it is in none, ``None`` where none is open.

    What is asked about a point far from every city thus tells how far that is.
    """
    every = list(opened.values())
    if lon_lat is not None:
        for one in every:
            west, south, east, north = one.city.streets.bounds()
            inside = (
                west - MARGIN_DEGREES <= lon_lat[0] <= east + MARGIN_DEGREES
                and south - MARGIN_DEGREES <= lon_lat[1] <= north + MARGIN_DEGREES
            )
            if inside:
                return one
    return every[0] if every else None
