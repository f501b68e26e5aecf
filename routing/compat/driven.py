"""A drive as what maps and navigation want of it: its line, how far and how long along it, and where it turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from data.units import EARTH_RADIUS_M
from routing.legs import LegPath
from routing.matrix.arrays import F64

TURN_DEGREES = 30.0
"""A bend at a junction as sharp as that is a turn; on one street it is only a bend."""
MODIFIERS = ((20, "straight"), (60, "slight"), (120, ""), (160, "sharp"), (181, "uturn"))


@dataclass(frozen=True, eq=False)
class Driven:
    """One leg: points ``lon_lat`` [p, 2] and, at each, the seconds and metres driven so far; where arcs end in it.

    ``reached`` [k] is the point at which the k-th arc is left, ``arcs`` [k] which it is.
    """

    lon_lat: F64
    seconds: F64
    metres: F64
    path: LegPath


class Step(NamedTuple):
    """A stretch up to a turn: points ``first`` to ``last``, and what is done at its begin.

    ``kind`` is depart, turn or arrive, ``modifier`` OSRM's; bearings are degrees, clockwise from north.
    """

    first: int
    last: int
    kind: str
    modifier: str
    before: int
    after: int


def driven(path: LegPath, duration_s: int, distance_m: int) -> Driven:
    """Return a leg whose seconds and metres end in the table's entries."""
    lon, lat = np.radians(path.points).T
    east, north = np.diff(lon) * np.cos((lat[1:] + lat[:-1]) / 2), np.diff(lat)
    metres = np.concatenate([[0.0], np.cumsum(np.hypot(east, north))]) * EARTH_RADIUS_M
    reached = np.concatenate([[0], path.reached])
    clock = np.concatenate([[0.0], np.cumsum(path.time_ms)]) / 1000
    seconds = np.interp(metres, metres[reached], clock)
    return Driven(path.points, _ending(seconds, duration_s), _ending(metres, distance_m), path)


def _ending(values: F64, end: int) -> F64:
    """Return values stretched so that the last one is ``end``."""
    return values * (end / values[-1]) if values[-1] > 0 else np.linspace(0, end, len(values))


def steps_of(leg: Driven) -> list[Step]:
    """Return the stretches of a leg between its turns, and an arrival without length."""
    last = len(leg.lon_lat) - 1
    turns = [(0, "depart", "", 0, bearing(leg, 0))]
    for point in leg.path.reached[:-1].tolist():
        before, after = bearing(leg, point - 1, back=True), bearing(leg, point)
        modifier = _modifier(before, after)
        if 0 < point < last and abs(_angle(before, after)) >= TURN_DEGREES:
            turns.append((point, "turn", modifier, before, after))
    turns.append((last, "arrive", "", bearing(leg, last - 1, back=True), 0))
    ends = [turn[0] for turn in turns[1:]] + [last]
    return [Step(turn[0], end, *turn[1:]) for turn, end in zip(turns, ends, strict=True)]


def bearing(leg: Driven, point: int, back: bool = False) -> int:
    """Return the degrees clockwise from north in which the leg goes on at a point; of points in one place, the next.

    With ``back``, of the last stretch up to the point after it.
    """
    places = range(point, -1, -1) if back else range(point, len(leg.lon_lat) - 1)
    for place in places:
        east, north = leg.lon_lat[place + 1] - leg.lon_lat[place]
        if east or north:
            shrink = np.cos(np.radians(leg.lon_lat[place, 1]))
            return round(float(np.degrees(np.arctan2(east * shrink, north)))) % 360
    return 0


def _angle(before: int, after: int) -> int:
    """Return by how much one turns, -180 (left) to 180 degrees."""
    return (after - before + 180) % 360 - 180


def _modifier(before: int, after: int) -> str:
    angle = _angle(before, after)
    name = next(name for most, name in MODIFIERS if abs(angle) <= most)
    if name in ("straight", "uturn"):
        return name
    return f"{name} {'right' if angle > 0 else 'left'}".strip()
