"""What makes driving slower than free flow: the hour, the weather, and what is reported of single streets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from data.model.vehicle import Category

SPEED_FACTOR = "speeds.factor"
"""Name under which a city's speed curves are kept in ``City.derived``."""

LEAST_FACTOR = 0.05
"""Slower than a twentieth of its free flow a street is closed, not slow."""

MOST_FACTOR = 2.0
"""Free flow is what a street allows without traffic: a curve may correct it upwards, within reason."""

WEATHER: dict[str, float] = {"dry": 1.0, "rain": 0.85, "snow": 0.65, "ice": 0.5}
"""Share of the usual speed. Rain and snow are in the middle of what the FHWA's Road Weather Management Program gives
for streets with traffic lights (10 to 25 % slower on wet, 30 to 40 % on snowy or slushy pavement); ice is our
judgement."""


@dataclass(frozen=True, eq=False)
class SpeedCurves:
    """How fast a city's motor traffic is by the hour.

    Attributes
    ----------
    factor : float64 [12, 7, 24]
        On the free-flow speed between junctions, by road class, weekday (Monday first) and hour of the local clock;
        a public holiday has Sunday's. What is lost at junctions and lights is not scaled.
    """

    factor: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Report:
    """What is reported of some arcs for a while; all of them slow or all of them closed.

    On arc ``arc[k]`` driving takes ``share[k]`` times as long as it otherwise would, and ``fixed_ms[k]`` on top: a
    measured speed on a part of an arc replaces the usual one there (share below 1), a factor of one half doubles the
    time (share 2, nothing on top).

    Attributes
    ----------
    arc : int32 [k]
        Each at most once.
    share : float64 [k]
    fixed_ms : float64 [k]
    closed : bool
        The arcs may not be driven at all; ``share`` and ``fixed_ms`` then don't matter.
    categories : frozenset of Category
        Whom it concerns.
    start_at, end_at : aware datetime, optional
        From when, until when (excluded); ``None`` is ever.
    """

    arc: NDArray[np.int32]
    share: NDArray[np.float64]
    fixed_ms: NDArray[np.float64]
    closed: bool
    categories: frozenset[Category]
    start_at: datetime | None = None
    end_at: datetime | None = None


@dataclass(frozen=True)
class Traffic:
    """Reports in the order they apply: each changes what those before it left."""

    reports: tuple[Report, ...] = ()


@dataclass(frozen=True, eq=False)
class Conditions:
    """What a day's driving is like, beside the streets themselves; the default is free flow.

    Attributes
    ----------
    curves : SpeedCurves, optional
        Usual speeds by the hour.
    traffic : Traffic
        What is reported.
    weather : float
        Share of the usual speed, see :data:`WEATHER`.
    work : (aware datetime, aware datetime), optional
        Speeds by the hour matter between these instants only: what is before has the first hour's, what is after the
        last one's. Fewer hours are fewer tables.
    """

    curves: SpeedCurves | None = None
    traffic: Traffic = Traffic()
    weather: float = 1.0
    work: tuple[datetime, datetime] | None = None
