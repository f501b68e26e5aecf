"""Postal addresses as people write them, and where they were found to be."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from data.model.base import Latitude, Longitude, Value
from data.model.live import Share

Line = Annotated[str, Meta(max_length=512)]


class Level(StrEnum):
    """How near to the door a point is, best first."""

    HOUSENUMBER = "housenumber"
    INTERPOLATION = "interpolation"
    STREET = "street"
    LOCALITY = "locality"
    MUNICIPALITY = "municipality"


class Address(Value):
    """Where somebody lives, without their name.

    ``text`` is the street with its number, or all of it in one line; postcode and town may be left out then.
    """

    text: Line = ""
    postcode: Line = ""
    city: Line = ""


class Suggestion(Value, omit_defaults=False):
    """Another address that may be meant."""

    label: str
    score: Share
    level: Level
    citycode: str
    lat: Latitude
    lon: Longitude


class Located(Value, omit_defaults=False):
    """Where an address is.

    Attributes
    ----------
    lat, lon : float, optional
        WGS84 degrees; ``None`` where no street was found: a town's middle is nobody's door.
    score : float
        0..1, how well what was found agrees with what was asked for.
    level : Level, optional
        ``None`` where not even the town is known.
    citycode : str
        INSEE code of the commune.
    label : str
        The address as it is spelt officially.
    doubtful : bool
        Not to be driven to before somebody has looked at it; ``reason`` says why, a stable code.
    source : str
        ``ban``, ``geoplateforme``, ``correction``, or empty.
    """

    lat: Latitude | None = None
    lon: Longitude | None = None
    score: Share = 0.0
    level: Level | None = None
    citycode: str = ""
    label: str = ""
    postcode: str = ""
    city: str = ""
    doubtful: bool = True
    reason: str = ""
    suggestions: tuple[Suggestion, ...] = ()
    source: str = ""
