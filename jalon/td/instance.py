"""An instance as its files state it."""

from __future__ import annotations

from dataclasses import dataclass

Curve = tuple[tuple[float, ...], tuple[float, ...]]
"""Arrival over departure: breakpoints and values, linear between; two values at one breakpoint are a step upwards."""


@dataclass(frozen=True)
class Instance:
    """What the files say, in seconds. Location 0 is the depot, 1..n are customers.

    Attributes
    ----------
    horizon : (float, float)
        No departure outside of it.
    windows : tuple of (opens, closes)
        When service may begin; for the depot when it may be left first and when it must be reached.
    arcs : dict of (int, int) to Curve
        When one arrives, for every ordered pair of locations.
    known : tuple of tuple of int
        The routes of the best known solution; empty where none is next to the instance.
    known_departures : tuple of float
    bks : float or None
        Its cost.
    """

    name: str
    horizon: tuple[float, float]
    capacity: int
    vehicles: int
    demand: tuple[int, ...]
    service: tuple[float, ...]
    windows: tuple[tuple[float, float], ...]
    arcs: dict[tuple[int, int], Curve]
    known: tuple[tuple[int, ...], ...] = ()
    known_departures: tuple[float, ...] = ()
    bks: float | None = None
