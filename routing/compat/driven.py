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
    seconds[0], seconds[-1] = 0.0, clock[-1]  # turns at either end, where nothing is driven, take their time too
    return Driven(path.points, _ending(seconds, duration_s), _ending(metres, distance_m), path)


def _ending(values: F64, end: int) -> F64:
    """Return values stretched so that the last one is ``end``."""
    return values * (end / values[-1]) if values[-1] > 0 else np.linspace(0, end, len(values))


def steps_of(leg: Driven) -> list[Step]:
    """Return the stretches of a leg between its turns, and an arrival without length."""
    last = len(leg.lon_lat) - 1
    arriving, leaving = _bearings(leg)
    turns = [(0, "depart", "", 0, leaving[0])]
    for point in leg.path.reached[:-1].tolist():
        if 0 < point < last and abs(_angle(arriving[point], leaving[point])) >= TURN_DEGREES:
            modifier = _modifier(arriving[point], leaving[point])
            turns.append((point, "turn", modifier, arriving[point], leaving[point]))
    turns.append((last, "arrive", "", arriving[last], 0))
    ends = [turn[0] for turn in turns[1:]] + [last]
    return [Step(turn[0], end, *turn[1:]) for turn, end in zip(turns, ends, strict=True)]


def _bearings(leg: Driven) -> tuple[list[int], list[int]]:
    """Return the degrees clockwise from north in which each point is reached and left; 0 where nothing is driven."""
    east, north = np.diff(leg.lon_lat, axis=0).T
    headings = np.degrees(np.arctan2(east * np.cos(np.radians(leg.lon_lat[:-1, 1])), north))
    headings = np.rint(headings).astype(np.int64) % 360
    driven_on = np.flatnonzero((east != 0) | (north != 0))  # points in one place have the bearing of the next ones
    if not len(driven_on):
        return [0] * len(leg.lon_lat), [0] * len(leg.lon_lat)
    points = np.arange(len(leg.lon_lat))
    before = np.searchsorted(driven_on, points) - 1
    after = np.searchsorted(driven_on, points)
    arriving = np.where(before < 0, 0, headings[driven_on[before.clip(min=0)]])
    leaving = np.where(after >= len(driven_on), 0, headings[driven_on[after.clip(max=len(driven_on) - 1)]])
    return arriving.tolist(), leaving.tolist()


def _angle(before: int, after: int) -> int:
    """Return by how much one turns, -180 (left) to 180 degrees."""
    return (after - before + 180) % 360 - 180


def _modifier(before: int, after: int) -> str:
    angle = _angle(before, after)
    name = next(name for most, name in MODIFIERS if abs(angle) <= most)
    if name in ("straight", "uturn"):
        return name
    return f"{name} {'right' if angle > 0 else 'left'}".strip()
