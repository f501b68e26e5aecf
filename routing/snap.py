"""Points to streets: where a vehicle leaves the street network for a door, and how far along the street that is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from data.errors import RoutingDataError
from data.model.streets import StreetNetwork
from data.units import EARTH_RADIUS_M
from routing.matrix.arrays import F64, I32, Bool

MAX_SNAP_M = 1_000
"""A point farther than this from every street is refused."""

NO_ARC = -1


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
        The arc, of the street's two the one with the lower index.
    twin : int32 [L]
        The other direction of the same street, :data:`NO_ARC` where there is none.
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
    twin: I32
    share: F64
    piece: I32
    lat: F64
    lon: F64
    distance_m: I32


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


class StreetIndex(NamedTuple):
    """The ``usable`` arcs, as lines in the plane with a search tree.

    All points of ``arcs`` follow each other from ``starts``; ``walked_m`` counts the metres along them.
    """

    arcs: I32
    usable: Bool
    starts: NDArray[np.intp]
    walked_m: F64
    lines: NDArray[np.object_]
    tree: shapely.STRtree


def street_index(streets: StreetNetwork, shapes: Shapes, usable: Bool) -> StreetIndex:
    """Return the index of the ``usable`` arcs."""
    arcs = np.flatnonzero(usable).astype(np.int32)
    count = shapes.first[arcs + 1] - shapes.first[arcs]
    starts = np.concatenate([[0], np.cumsum(count)])
    points = np.arange(starts[-1]) + np.repeat(shapes.first[arcs] - starts[:-1], count)
    x, y = plane_m(streets, shapes.lat[points], shapes.lon[points])
    lines = shapely.linestrings(np.column_stack([x, y]), indices=np.repeat(np.arange(len(arcs)), count))
    step = np.hypot(np.diff(x), np.diff(y))
    step[starts[1:-1] - 1] = 0.0  # from one arc's end to the next one's start
    walked_m = np.concatenate([[0.0], np.cumsum(step)])
    return StreetIndex(arcs, usable, starts, walked_m, lines, shapely.STRtree(lines))


def snap(streets: StreetNetwork, shapes: Shapes, index: StreetIndex, lat: F64, lon: F64) -> Snapped:
    """Return the nearest spot on any arc of ``index`` for each point.

    Raises
    ------
    RoutingDataError
        ``no_streets``, ``not_a_coordinate`` or ``far_from_streets``.
    """
    if len(index.arcs) == 0:
        raise RoutingDataError("no_streets", "no street is open to this vehicle category", action="check the city file")
    _refuse_nonsense(lat, lon)
    spots = shapely.points(*plane_m(streets, lat, lon))
    nearest, distance = _nearest(index.tree, spots)
    _refuse_far(streets, lat, lon, distance)
    lines = index.lines[nearest]
    along = shapely.line_locate_point(lines, spots)
    share = np.clip(along / shapely.length(lines), 0.0, 1.0)
    piece = _piece(index, nearest, along)
    on_street = shapely.line_interpolate_point(lines, along)
    scale = plane_m(streets, np.ones(1), np.ones(1))
    arc = index.arcs[nearest]
    twin = np.array([_twin(streets, shapes, index.usable, a) for a in arc.tolist()], dtype=np.int32)
    flip = (twin != NO_ARC) & (twin < arc)
    pieces = np.diff(shapes.first)[arc] - 1
    return Snapped(
        arc=np.where(flip, twin, arc).astype(np.int32),
        twin=np.where(flip, arc, twin).astype(np.int32),
        share=np.where(flip, 1.0 - share, share),
        piece=np.where(flip, pieces - 1 - piece, piece).astype(np.int32),
        lat=shapely.get_y(on_street) / scale[1],
        lon=shapely.get_x(on_street) / scale[0],
        distance_m=np.floor(distance + 0.5).astype(np.int32),
    )


def _nearest(tree: shapely.STRtree, spots: NDArray[np.object_]) -> tuple[NDArray[np.intp], F64]:
    """Return the nearest line of each spot, the first among equals, and its distance."""
    (spot, line), distance = tree.query_nearest(spots, return_distance=True, all_matches=True)
    order = np.lexsort((line, spot))
    first = order[np.searchsorted(spot[order], np.arange(len(spots)))]
    return line[first], distance[first]


def _piece(index: StreetIndex, line: NDArray[np.intp], along: F64) -> NDArray[np.intp]:
    """Return the straight piece of each line that ``along`` (metres from its start) falls on."""
    first, last = index.starts[line], index.starts[line + 1]
    at = np.searchsorted(index.walked_m, index.walked_m[first] + along, side="right") - 1
    return np.clip(at - first, 0, last - first - 2)


def _twin(streets: StreetNetwork, shapes: Shapes, usable: Bool, arc: int) -> int:
    """Return the arc that is ``arc`` driven backwards, or :data:`NO_ARC`."""
    tail, head = streets.tail[arc], streets.head[arc]
    mine = slice(shapes.first[arc], shapes.first[arc + 1])
    first, last = np.searchsorted(streets.tail, [head, head + 1])
    for other in range(first, last):
        same = streets.head[other] == tail and streets.way_id[other] == streets.way_id[arc]
        if not same or other == arc or not usable[other]:
            continue
        back = slice(shapes.first[other], shapes.first[other + 1])
        if np.array_equal(shapes.lat[mine], shapes.lat[back][::-1]):
            if np.array_equal(shapes.lon[mine], shapes.lon[back][::-1]):
                return int(other)
    return NO_ARC


def _refuse_nonsense(lat: F64, lon: F64) -> None:
    bad = np.flatnonzero(~(np.isfinite(lat) & np.isfinite(lon)))
    if len(bad):
        message = f"point {bad[0]} has latitude {lat[bad[0]]} and longitude {lon[bad[0]]}"
        raise RoutingDataError("not_a_coordinate", message, f"#/{bad[0]}", "give degrees")


def _refuse_far(streets: StreetNetwork, lat: F64, lon: F64, distance: F64) -> None:
    far = np.flatnonzero(distance > MAX_SNAP_M)
    if len(far) == 0:
        return
    worst = int(far[0])
    west, south, east, north = streets.bounds()
    swapped = west <= lat[worst] <= east and south <= lon[worst] <= north
    others = f"; so are {len(far) - 1} other points" if len(far) > 1 else ""
    message = f"point {worst} (lat {lat[worst]}, lon {lon[worst]}) is {distance[worst]:.0f} m from any street{others}"
    action = "latitude and longitude look swapped" if swapped else "check the point, or build a larger city"
    raise RoutingDataError("far_from_streets", message, f"#/{worst}", action)
