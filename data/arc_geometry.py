"""Arcs as lines on a plane: which of them lie in an area, and how much of each runs along a line.

Everything is measured in metres on a plane around the city (equirectangular, good to 0.1 % over 50 km).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from data.model.streets import StreetNetwork
from data.units import EARTH_RADIUS_M

INSIDE_M = 10.0  # an arc is in an area when this much of it is, or half of it
STEP_M = 5.0  # an arc is compared with a line at points this far apart, and
ANGLE_COS = np.cos(np.radians(30))  # only where both point the same way, so that a crossing street doesn't count

Bounds = tuple[float, float, float, float]


class Plane:
    """Metres east and north of the centre of ``(min_lon, min_lat, max_lon, max_lat)``."""

    def __init__(self, bounds: Bounds) -> None:
        self.lon0, self.lat0 = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
        self.y_scale = np.pi / 180 * EARTH_RADIUS_M
        self.x_scale = self.y_scale * np.cos(np.radians(self.lat0))

    def xy(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return float64 [k, 2]."""
        return np.column_stack([(lon - self.lon0) * self.x_scale, (lat - self.lat0) * self.y_scale])

    def project(self, shape: shapely.Geometry) -> shapely.Geometry:
        """Return a shape given in degrees (lon, lat) on the plane."""
        return shapely.transform(shape, lambda points: self.xy(points[:, 0], points[:, 1]))


class ArcLines:
    """The arcs of a network as lines in their direction, with an index for finding those near a shape."""

    def __init__(self, streets: StreetNetwork) -> None:
        self.plane = Plane(streets.bounds())
        self.lines = _lines(streets, self.plane)
        self.tree = shapely.STRtree(self.lines)

    def in_area(self, area: shapely.Geometry) -> NDArray[np.int64]:
        """Return the arcs of which at least min(10 m, half the length) lies in ``area`` (on the plane)."""
        touching = self.tree.query(area, predicate="intersects")
        inside = self.tree.query(area, predicate="covers")
        crossing = np.setdiff1d(touching, inside)
        length = shapely.length(self.lines[crossing])
        within = shapely.length(shapely.intersection(self.lines[crossing], area))
        enough = within >= np.minimum(INSIDE_M, length / 2) - 1e-6
        return np.concatenate([inside, crossing[enough & (within > 0)]])

    def along(self, road: shapely.Geometry, reach_m: float, directed: bool = False) -> Along:
        """Return how much of each arc runs along ``road`` (lines on the plane), within ``reach_m`` and 30 degrees.

        With ``directed`` an arc must also head the way the line was drawn.
        """
        near = np.unique(self.tree.query(road, predicate="dwithin", distance=reach_m))
        if not len(near):
            return Along(near, np.zeros(0), np.zeros(0))
        points, headings, owner = _samples(self.lines[near])
        segments, segment_headings = _segments(road)
        sample, segment = shapely.STRtree(segments).query(points, predicate="dwithin", distance=reach_m)
        cosine = np.sum(headings[sample] * segment_headings[segment], axis=1)
        follows = np.zeros(len(points), dtype=np.bool_)
        follows[sample[(cosine if directed else np.abs(cosine)) >= ANGLE_COS]] = True
        share = np.bincount(owner, weights=follows, minlength=len(near)) / np.bincount(owner, minlength=len(near))
        return Along(near, share, share * shapely.length(self.lines[near]))


class Along(NamedTuple):
    """Arcs near a line: which, and the share and the metres of each that run along it."""

    arc: NDArray[np.int64]
    share: NDArray[np.float64]
    length_m: NDArray[np.float64]


def _lines(streets: StreetNetwork, plane: Plane) -> NDArray[np.object_]:
    inner = np.diff(streets.shape_ptr)
    starts = np.concatenate([[0], np.cumsum(inner + 2)])
    xy = np.empty((starts[-1], 2))
    xy[starts[:-1]] = plane.xy(streets.node_lon[streets.tail], streets.node_lat[streets.tail])
    xy[starts[1:] - 1] = plane.xy(streets.node_lon[streets.head], streets.node_lat[streets.head])
    is_inner = np.ones(len(xy), dtype=np.bool_)
    is_inner[starts[:-1]] = is_inner[starts[1:] - 1] = False
    xy[is_inner] = plane.xy(streets.shape_lon, streets.shape_lat)
    lines: NDArray[np.object_] = shapely.linestrings(xy, indices=np.repeat(np.arange(streets.arcs), inner + 2))
    return lines


def _samples(lines: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.float64], NDArray[np.int64]]:
    """Return evenly spaced points of each line, the unit headings there, and the line each belongs to."""
    length = shapely.length(lines)
    count = np.maximum(1, np.ceil(length / STEP_M)).astype(np.int64)
    owner = np.repeat(np.arange(len(lines)), count)
    order = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    along = (order + 0.5) / count[owner] * length[owner]
    points = shapely.line_interpolate_point(lines[owner], along)
    before, after = (shapely.line_interpolate_point(lines[owner], np.maximum(along + step, 0)) for step in (-0.5, 0.5))
    return points, _unit(shapely.get_coordinates(after) - shapely.get_coordinates(before)), owner


def _segments(road: shapely.Geometry) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    ends, part = shapely.get_coordinates(shapely.get_parts(road), return_index=True)
    same = part[1:] == part[:-1]
    pairs = np.stack([ends[:-1][same], ends[1:][same]], axis=1)
    pairs = pairs[np.any(pairs[:, 0] != pairs[:, 1], axis=1)]
    return shapely.linestrings(pairs), _unit(pairs[:, 1] - pairs[:, 0])


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    norm = np.hypot(vectors[:, 0], vectors[:, 1])
    return vectors / np.where(norm > 0, norm, 1.0)[:, None]
