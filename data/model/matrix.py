"""A table of travel times asked for: which points, as which vehicle finds the streets, when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from data.model.base import Count, Instant, Latitude, Longitude, Value
from data.model.vehicle import Category, Critair, Energy

MOST_POINTS = 10_000


class Point(Value):
    """Where something is."""

    lat: Latitude
    lon: Longitude


class Profile(Value):
    """As which vehicle: what zones and streets look at."""

    category: Category = Category.VUL
    critair: Critair = Critair.NC
    energy: Energy = Energy.DIESEL


Indices = Annotated[tuple[Count, ...], Meta(min_length=1, max_length=MOST_POINTS)]


class MatrixQuery(Value):
    """Points to measure between, from ``sources`` to ``targets`` (indices; all where not given).

    ``departure_at`` is one instant for the whole table: what is closed then is closed, and traffic is as it is then;
    now, where none is given.
    """

    points: Annotated[tuple[Point, ...], Meta(min_length=1, max_length=MOST_POINTS)]
    city: str = ""
    profile: Profile = Profile()
    departure_at: Instant | None = None
    sources: Indices | None = None
    targets: Indices | None = None
    distances: bool = True


class Matrix(Value, omit_defaults=False):
    """Whole seconds and metres, row by source and column by target; ``null`` where there is no way.

    ``snap_m`` is how far each point lies from its street.
    """

    city: str
    departure_at: datetime
    duration_s: tuple[tuple[int | None, ...], ...]
    distance_m: tuple[tuple[int | None, ...], ...] | None
    snap_m: tuple[int, ...]
