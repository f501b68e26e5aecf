"""Points to streets: where a vehicle leaves the street network for a door, and how far along the street that is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.errors import RoutingDataError
from data.model.streets import StreetNetwork
from data.units import EARTH_RADIUS_M
from routing.matrix.arrays import F64, I32, I64, Bool, own_f64, own_i32
from routing.matrix.nearest import NOTHING, Grid, grid_of, nearest

MAX_SNAP_M = 1_000
"""A point farther than this from every street is refused."""

NO_ARC = NOTHING


class Shapes(NamedTuple):
    """Every arc's points, both ends included, in one array: arc a's are ``first[a]`` to ``first[a + 1] - 1``."""

    first: I32
    lat: F64
    lon: F64


class Snapped(NamedTuple):
    """L points on streets, each given on one arc of its street.

    Attributes
    ----------
    arc : int32 [L]
        The arc: of the street's two the one with the lower index, if it is usable.
    reverse : int32 [L]
        The other direction of the same street, usable or not, :data:`NO_ARC` where there is none.
    share : float64 [L]
        How far along ``arc``, 0 at its tail to 1 at its head.
    piece : int32 [L]
        Which straight piece of ``arc``, counted from its tail.
    lat, lon : float64 [L]
        The spot on the street.
    distance_m : int32 [L]
        From the point to that spot.
    """

    arc: I32
    reverse: I32
    share: F64
    piece: I32
    lat: F64
    lon: F64
    distance_m: I32


class StreetIndex(NamedTuple):
    """The streets as lines in the plane, found by place; one index serves all categories.

    ``walked_m`` [points] counts the metres along all arcs' points, one arc after the other.
    """

    grid: Grid
    walked_m: F64


def arc_shapes(streets: StreetNetwork) -> Shapes:
    """Return the points of all arcs."""
    arcs = np.arange(streets.arcs + 1, dtype=np.int32)
    first = streets.shape_ptr + 2 * arcs
    lat = np.empty(first[-1])
    lon = np.empty(first[-1])
    inner = np.ones(first[-1], dtype=bool)
    inner[first[:-1]] = inner[first[1:] - 1] = False
    lat[inner], lon[inner] = streets.shape_lat, streets.shape_lon
    for values, nodes in ((lat, streets.node_lat), (lon, streets.node_lon)):
        values[first[:-1]] = nodes[streets.tail]
        values[first[1:] - 1] = nodes[streets.head]
    return Shapes(first, lat, lon)


def plane_m(streets: StreetNetwork, lat: F64, lon: F64) -> tuple[F64, F64]:
    """Return metres east and north of the network's mean latitude and the zero meridian (equirectangular)."""
    shrink = np.cos(np.radians(streets.node_lat.mean())) if streets.nodes else 1.0
    return np.radians(lon) * EARTH_RADIUS_M * shrink, np.radians(lat) * EARTH_RADIUS_M


def street_index(streets: StreetNetwork, shapes: Shapes, reverse: I32) -> StreetIndex:
    """Return the index of all streets; ``reverse`` [m] is the arc that drives each one backwards or ``NO_ARC``."""
    x, y = plane_m(streets, shapes.lat, shapes.lon)
    step_m = np.hypot(np.diff(x), np.diff(y))
    step_m[shapes.first[1:-1] - 1] = 0.0  # from one arc's end to the next one's start
    walked_m = np.concatenate([[0.0], np.cumsum(step_m)])
    return StreetIndex(grid_of(shapes.first, x, y, own_i32(reverse)), walked_m)


def snap(streets: StreetNetwork, shapes: Shapes, index: StreetIndex, usable: Bool, lat: F64, lon: F64) -> Snapped:
    """Return the nearest spot on any ``usable`` arc for each point, the first arc among equals.

    Parameters
    ----------
    streets : StreetNetwork
    shapes : Shapes
    index : StreetIndex
    usable : bool [m]
    lat, lon : float64 [L]
        WGS84 degrees.

    Raises
    ------
    RoutingDataError
        ``no_streets``, ``not_a_coordinate`` or ``far_from_streets``.
    """
    if not usable.any():
        raise RoutingDataError("no_streets", "no street is open to this vehicle category", action="check the city file")
    lat, lon = own_f64(lat), own_f64(lon)
    _refuse_nonsense(lat, lon)
    found = nearest(index.grid, usable, *plane_m(streets, lat, lon), float(MAX_SNAP_M))
    far = np.flatnonzero(found.piece == NOTHING)
    if len(far):
        raise _far(streets, index, usable, lat, lon, far)
    arc, share = _along(shapes, index, found.piece, found.share)
    piece = found.piece - shapes.first[arc]
    pieces = shapes.first[arc + 1] - shapes.first[arc] - 1
    reverse = index.grid.reverse[arc]
    flip = ~usable[arc]  # then its reverse is usable, or the street had not been found
    return Snapped(
        arc=np.where(flip, reverse, arc),
        reverse=np.where(flip, arc, reverse),
        share=np.where(flip, 1.0 - share, share),
        piece=np.where(flip, pieces - 1 - piece, piece),
        lat=_between(shapes.lat, found.piece, found.share),
        lon=_between(shapes.lon, found.piece, found.share),
        distance_m=np.floor(found.distance_m + 0.5).astype(np.int32),
    )


def _along(shapes: Shapes, index: StreetIndex, piece: I32, share: F64) -> tuple[I32, F64]:
    """Return the arc of each piece, and from a share of the piece the share of the arc."""
    arc = index.grid.line[piece]
    start, end = index.walked_m[shapes.first[arc]], index.walked_m[shapes.first[arc + 1] - 1]
    whole = end - start
    passed = _between(index.walked_m, piece, share) - start
    return arc, np.divide(passed, whole, out=np.zeros(len(arc)), where=whole > 0).clip(0.0, 1.0)


def _between(values: F64, piece: I32, share: F64) -> F64:
    """Return the value at a share of each piece, from the values at its ends."""
    start = values[piece]
    return start + share * (values[piece + 1] - start)


def _refuse_nonsense(lat: F64, lon: F64) -> None:
    bad = np.flatnonzero(~((np.abs(lat) <= 180) & (np.abs(lon) <= 180)))  # latitudes up to 180: they may be swapped
    if len(bad):
        message = f"point {bad[0]} has latitude {lat[bad[0]]} and longitude {lon[bad[0]]}"
        raise RoutingDataError("not_a_coordinate", message, f"#/{bad[0]}", "give degrees")


def _far(streets: StreetNetwork, index: StreetIndex, usable: Bool, lat: F64, lon: F64, far: I64) -> RoutingDataError:
    """Return the error about the first point that is far from all streets."""
    worst = int(far[0])
    x, y = plane_m(streets, lat[worst : worst + 1], lon[worst : worst + 1])
    away_m = nearest(index.grid, usable, x, y, np.inf).distance_m[0]
    west, south, east, north = streets.bounds()
    swapped = west <= lat[worst] <= east and south <= lon[worst] <= north
    others = f"; so are {len(far) - 1} other points" if len(far) > 1 else ""
    message = f"point {worst} (lat {lat[worst]}, lon {lon[worst]}) is {away_m:.0f} m from any street{others}"
    action = "latitude and longitude look swapped" if swapped else "check the point, or build a larger city"
    return RoutingDataError("far_from_streets", message, f"#/{worst}", action)
