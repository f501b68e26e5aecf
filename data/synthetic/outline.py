"""The big shapes of the invented city, in local metres (x east, y north) around its cathedral.

Everything else is cut out of these: the river with its island, the boulevard on the former wall, the outer
boulevard, the ring road, the avenues, the riverside roads and the limit of the built-up land.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiLineString, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from data.model.streets import RoadClass

WALL_M, BOULEVARD_M, RING_M, ROCADE_M = 600.0, 1550.0, 3300.0, 4650.0
LIMIT_M = 6300.0
QUAY_M = 24.0
RIVER_AT_CENTRE_M = -520.0
CORRIDOR_M = 70.0
Points = NDArray[np.float64]
ALONG_M = np.linspace(-10_000, 10_000, 700)  # one sampling for banks and quays, so that they coincide


@dataclass(frozen=True)
class Road:
    """One drawn line, later noded with the others."""

    line: LineString
    road_class: RoadClass


@dataclass(frozen=True)
class Outline:
    """The city before its blocks are cut.

    Attributes
    ----------
    water, corridor : Polygon
        River without its island, and the strip the ring road occupies; no block touches either.
    old_town, within_boulevard, within_ring, limit : Polygon
        From the inside outwards.
    ring : LineString
        Centre line of the ring road, closed, counter-clockwise.
    avenues : tuple of LineString
        The radial roads that have a junction with the ring.
    roads : tuple of Road
        Every arterial on the ground, avenues included, the ring road not.
    open_axis : tuple of LineString
        The through route that stays open to all inside the low-emission zone.
    estates, villages : tuple of (x, y)
        Centres of the industrial estates and of the villages the suburbs have swallowed.
    """

    water: Polygon
    corridor: Polygon
    old_town: Polygon
    within_boulevard: Polygon
    within_ring: Polygon
    limit: Polygon
    ring: LineString
    avenues: tuple[LineString, ...]
    roads: tuple[Road, ...]
    open_axis: tuple[LineString, ...]
    estates: tuple[tuple[float, float], ...]
    villages: tuple[tuple[float, float], ...]


class _River:
    """The river's course as y(x) and half-width(x); a slow meander that keeps south of the old town."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.phase = rng.uniform(0.6, 1.4)
        self.swing = rng.uniform(650, 850)
        self.ripple = rng.uniform(150, 230)
        self.island_x = rng.uniform(1000, 1200)

    def y(self, x: Points) -> Points:
        slow = np.sin(x / 1700 + self.phase) - math.sin(self.phase)
        quick = np.sin(x / 720 + 2 * self.phase) - math.sin(2 * self.phase)
        calm = 1 - np.exp(-((x / 900) ** 2))
        course: Points = RIVER_AT_CENTRE_M + calm * (self.swing * slow + self.ripple * quick)
        return course

    def half_width(self, x: Points) -> Points:
        island = np.exp(-(((x - self.island_x) / 420) ** 4))
        half: Points = 62 + 10 * np.sin(x / 1300) + 95 * island
        return half

    def offset(self, x: Points, metres: Points) -> Points:
        """Return the points ``metres`` to the north of the course, measured across it."""
        y = self.y(x)
        slope = np.gradient(y, x)
        norm = np.hypot(1, slope)
        return np.column_stack((x - slope / norm * metres, y + metres / norm))

    def water(self) -> tuple[Polygon, Polygon]:
        """Return the river without its island, and the island."""
        x = ALONG_M
        north, south = self.offset(x, self.half_width(x)), self.offset(x, -self.half_width(x))
        ix = np.linspace(self.island_x - 390, self.island_x + 390, 60)
        lens = 88 * np.sqrt(np.clip(1 - ((ix - self.island_x) / 390) ** 2, 0, None))
        island = Polygon(np.vstack((self.offset(ix, lens), self.offset(ix, -lens)[::-1]))).buffer(0)
        return Polygon(np.vstack((north, south[::-1]))).buffer(0).difference(island), island


def _closed_curve(rng: np.random.Generator, radius: float, amount: float, centre: tuple[float, float]) -> Points:
    """Return a wobbly circle as 180 points, counter-clockwise, first = last."""
    angle = np.linspace(0, 2 * math.pi, 181)
    stretch = np.ones_like(angle)
    for k in (2, 3, 5):
        stretch += amount / k * rng.uniform(0.5, 1.0) * np.cos(k * angle + rng.uniform(0, 2 * math.pi))
    points = np.column_stack(
        (centre[0] + radius * stretch * np.cos(angle), centre[1] + radius * stretch * np.sin(angle))
    )
    points[-1] = points[0]
    return points


def _radial(
    rng: np.random.Generator, start: tuple[float, float], bearing: float, near: float, far: float
) -> LineString:
    """Return a gently winding road from ``near`` to ``far`` metres off ``start``; ``bearing`` in radians."""
    r = np.linspace(near, far, 60)
    bend = rng.choice((-1, 1)) * rng.uniform(0.06, 0.20) * np.sin((r - near) / rng.uniform(900, 1900))
    angle = bearing + bend + rng.normal(0, 0.03) * (r - near) / 4000
    return LineString(np.column_stack((start[0] + r * np.cos(angle), start[1] + r * np.sin(angle))))


def _pieces(geometry: BaseGeometry, shortest_m: float = 250.0) -> list[LineString]:
    parts = shapely.get_parts(shapely.line_merge(geometry) if isinstance(geometry, MultiLineString) else geometry)
    return [part for part in parts if isinstance(part, LineString) and part.length >= shortest_m]


def _bearings(rng: np.random.Generator, first: float, last: float, count: int) -> list[float]:
    spread = np.linspace(first, last, count) + rng.uniform(-5, 5, count)
    return [math.radians(float(degrees)) for degrees in spread]


def draw_outline(rng: np.random.Generator) -> Outline:
    """Return the city's big shapes for one generator state."""
    river = _River(rng)
    water, island = river.water()
    centre = (float(rng.uniform(-40, 40)), 60.0)
    wall = Polygon(_closed_curve(rng, WALL_M, 0.16, centre))
    boulevard = Polygon(_closed_curve(rng, BOULEVARD_M, 0.17, (60.0, -40.0)))
    ring = Polygon(_closed_curve(rng, RING_M, 0.17, (0.0, -150.0)))
    limit = Polygon(_closed_curve(rng, LIMIT_M, 0.20, (0.0, -150.0)))
    north_land, south_land = _banks(river)
    old_town = wall.intersection(north_land)
    roads = [*_quays(river, limit), *_island_street(island)]
    roads += [Road(line, RoadClass.PRIMARY) for line in _pieces(wall.exterior.intersection(north_land))]
    roads += [Road(LineString(boulevard.exterior.coords), RoadClass.PRIMARY)]
    bridges, heads = _central_bridges(river, rng)
    roads += bridges
    roads += [Road(line, RoadClass.RESIDENTIAL) for line in _old_axes(rng, old_town, centre)]
    avenues, minor = _radials(rng, centre, heads[0], old_town, (north_land, south_land), limit)
    roads += [Road(line, RoadClass.PRIMARY) for line in avenues]
    roads += [Road(line, RoadClass.TERTIARY) for line in minor]
    roads += _belts(rng, water, ring, limit)
    centre_line = LineString(ring.exterior.coords)
    corridor = centre_line.buffer(CORRIDOR_M)
    return Outline(
        water=water,
        corridor=corridor,
        old_town=old_town,
        within_boulevard=boulevard,
        within_ring=ring,
        limit=limit,
        ring=centre_line,
        avenues=tuple(line for line in avenues if line.intersects(centre_line)),
        roads=tuple(roads),
        open_axis=_open_axis(boulevard, ring, avenues),
        estates=_estates(rng, centre_line),
        villages=tuple((float(r * math.cos(a)), float(r * math.sin(a))) for r, a in _villages(rng)),
    )


def _banks(river: _River) -> tuple[Polygon, Polygon]:
    """Return the land north and south of the quays."""
    x = ALONG_M
    north = river.offset(x, river.half_width(x) + QUAY_M)
    south = river.offset(x, -river.half_width(x) - QUAY_M)
    far = 12_000.0
    up = Polygon([*map(tuple, north), (far, far), (-far, far)])
    down = Polygon([*map(tuple, south), (far, -far), (-far, -far)])
    return up.buffer(0), down.buffer(0)


def _quays(river: _River, limit: Polygon) -> list[Road]:
    """Quays in town that leave the banks further out and become riverside roads."""
    x = ALONG_M
    leave = np.clip((np.abs(x) - 2300) / 1600, 0, 1)
    gap = river.half_width(x) + QUAY_M + 260 * leave**2 * (3 - 2 * leave)
    roads = []
    for sign in (1.0, -1.0):
        line = LineString(river.offset(x, sign * gap)).intersection(limit)
        roads += [Road(piece, RoadClass.SECONDARY) for piece in _pieces(line)]
    return roads


def _island_street(island: Polygon) -> list[Road]:
    return [Road(LineString(island.buffer(-22).exterior.coords), RoadClass.RESIDENTIAL)]


def _central_bridges(river: _River, rng: np.random.Generator) -> tuple[list[Road], list[tuple[float, float]]]:
    """Return the two bridges of the old town and the points where they land in the south."""
    bridges, heads = [], []
    for x, road_class in ((rng.uniform(-60, 120), RoadClass.SECONDARY), (rng.uniform(-720, -600), RoadClass.PRIMARY)):
        at = np.array([x - 1, x, x + 1])
        reach = river.half_width(at) + QUAY_M
        north, south = river.offset(at, reach)[1], river.offset(at, -reach)[1]
        bridges.append(Road(LineString([north, south]), road_class))
        heads.append((float(south[0]), float(south[1])))
    return bridges, heads


def _old_axes(rng: np.random.Generator, old_town: Polygon, centre: tuple[float, float]) -> list[LineString]:
    """The two main streets that cross on the market square."""
    t = np.linspace(-1000, 1000, 40)
    lines = []
    for bearing in (math.pi / 2 + rng.normal(0, 0.06), rng.normal(0, 0.12)):
        bend = 26 * np.sin(t / rng.uniform(180, 260))
        x = centre[0] + t * math.cos(bearing) - bend * math.sin(bearing)
        y = centre[1] + t * math.sin(bearing) + bend * math.cos(bearing)
        lines += _pieces(LineString(np.column_stack((x, y))).intersection(old_town))
    return lines


def _radials(
    rng: np.random.Generator,
    centre: tuple[float, float],
    head: tuple[float, float],
    old_town: Polygon,
    banks: tuple[Polygon, Polygon],
    limit: Polygon,
) -> tuple[list[LineString], list[LineString]]:
    """Return the avenues and the lesser radial roads between them, each kept on its own bank."""
    north, south = banks
    major, minor = [], []
    for bearing in _bearings(rng, 18, 162, 5):
        major.append(_radial(rng, centre, bearing, 300, 9000).intersection(north.difference(old_town)))
    for bearing in _bearings(rng, 207, 333, 4):
        major.append(_radial(rng, head, bearing, 0, 9000).intersection(south))
    for bearing in _bearings(rng, 36, 144, 4):
        minor.append(_radial(rng, centre, bearing, WALL_M - 150, 6500).intersection(north.difference(old_town)))
    for bearing in _bearings(rng, 228, 312, 3):
        minor.append(_radial(rng, head, bearing, 900, 6000).intersection(south))
    keep = [max(_pieces(line.intersection(limit)), key=lambda piece: piece.length) for line in (*major, *minor)]
    return keep[: len(major)], keep[len(major) :]


def _belts(rng: np.random.Generator, water: Polygon, ring: Polygon, limit: Polygon) -> list[Road]:
    """Concentric roads with gaps: one half-way to the ring, one through the suburbs; no bridges."""
    roads = []
    for radius, gap_at, road_class in (
        (2650.0, rng.uniform(0, 2 * math.pi), RoadClass.SECONDARY),
        (ROCADE_M, rng.uniform(0, 2 * math.pi), RoadClass.SECONDARY),
    ):
        points = _closed_curve(rng, radius, 0.16, (0.0, -120.0))
        keep = np.abs(np.angle(np.exp(1j * (np.linspace(0, 2 * math.pi, 181) - gap_at)))) > 0.35
        start = int(np.argmax(~keep))
        line = LineString(np.roll(points[:-1], -start, axis=0)[np.roll(keep[:-1], -start)])
        clipped = line.difference(water.buffer(60)).intersection(limit)
        roads += [Road(piece, road_class) for piece in _pieces(clipped, 600)]
    return roads


def _open_axis(boulevard: Polygon, ring: Polygon, avenues: list[LineString]) -> tuple[LineString, ...]:
    """The boulevard's northern half and the outermost northern avenues from there to the ring."""
    curve = LineString(boulevard.exterior.coords)
    arms = [_pieces(avenues[index].intersection(ring).difference(boulevard))[0] for index in (0, 4)]
    first, last = sorted(curve.project(arm.interpolate(0)) for arm in arms)
    return (substring(curve, first, last), *arms)


def _estates(rng: np.random.Generator, ring: LineString) -> tuple[tuple[float, float], ...]:
    """Two industrial estates just outside the ring, on opposite sides, off the water."""
    spots = []
    start = rng.uniform(25, 65)
    for bearing in (start, start + 180 + rng.uniform(-15, 15)):
        angle = math.radians(bearing)
        edge = ring.intersection(LineString([(0, -150), (9000 * math.cos(angle), -150 + 9000 * math.sin(angle))]))
        spots.append((float(edge.x + 650 * math.cos(angle)), float(edge.y + 650 * math.sin(angle))))
    return tuple(spots)


def _villages(rng: np.random.Generator) -> list[tuple[float, float]]:
    bearings = np.radians(np.array([12.0, 75.0, 130.0, 172.0, 240.0, 300.0]) + rng.uniform(-14, 14, 6))
    return [(float(rng.uniform(4700, 6000)), float(bearing)) for bearing in bearings]
