"""An instance as its file states it, and how its family counts distances and costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

Number = int | float


@dataclass(frozen=True)
class Convention:
    """How a family makes integers of distances and times, and what its costs are counted in.

    A distance d counts ``whole(scale * d)``; times and windows are multiplied by ``scale``; the published cost is the
    sum divided by ``per``. Without ``whole`` distances stay as they are.
    """

    scale: int
    whole: Callable[[float], int] | None
    per: int


def nearest(value: float) -> int:
    """Return the nearest integer, halves upwards, as VRPLIB rounds."""
    return math.floor(value + 0.5)


ROUNDED = Convention(1, nearest, 1)
DIMACS = Convention(10, math.floor, 10)
THOUSANDTHS = Convention(1000, nearest, 1)
EXACT_HUNDREDTHS = Convention(1, None, 100)
"""Unit and fixed costs come multiplied by 100 (HFVRP); the published costs are exact and divided by 100."""

CONVENTIONS: dict[str, tuple[Convention, ...]] = {
    "CVRP": (ROUNDED,),
    "VRPTW": (DIMACS,),
    "GVRP": (ROUNDED,),
    "MDVRPTW": (THOUSANDTHS,),
    "HFVRP": (EXACT_HUNDREDTHS, THOUSANDTHS),
}
"""Per family; where there are several, the published solution tells which one it follows, else the first holds."""


@dataclass(frozen=True)
class Vehicle:
    """One vehicle; capacities and prices as in the file."""

    capacity: int
    depot: int = 0
    fixed: int = 0
    unit: int = 1
    longest: Number | None = None


@dataclass(frozen=True)
class Instance:
    """What a file says, in its own units. Locations count from 0, depots among them.

    Attributes
    ----------
    coords : tuple of (x, y)
        Empty where ``matrix`` gives the distances.
    windows : tuple of (opens, closes) or None
    service : tuple of numbers or None
    groups : tuple of tuple of locations
        Exactly one of each is served. Customers in no group are groups of their own.
    by_vehicle : bool
        Whether the k-th route of a solution is the k-th vehicle's.
    known : tuple of tuple of locations
        The routes of the published solution; empty where there is none.
    bks : float or None
        Its cost.
    """

    name: str
    family: str
    depots: tuple[int, ...]
    demand: tuple[int, ...]
    vehicles: tuple[Vehicle, ...]
    coords: tuple[tuple[Number, Number], ...] = ()
    matrix: tuple[tuple[Number, ...], ...] = ()
    windows: tuple[tuple[Number, Number], ...] | None = None
    service: tuple[Number, ...] | None = None
    groups: tuple[tuple[int, ...], ...] = ()
    by_vehicle: bool = False
    known: tuple[tuple[int, ...], ...] = ()
    bks: float | None = None

    def distance(self, start: int, end: int) -> float:
        """Return the distance between two locations, unrounded."""
        if self.matrix:
            return float(self.matrix[start][end])
        (x, y), (u, v) = self.coords[start], self.coords[end]
        return math.sqrt((x - u) ** 2 + (y - v) ** 2)
