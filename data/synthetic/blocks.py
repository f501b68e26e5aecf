"""Blocks: every quarter between the arterials is cut in two, again and again, until its blocks have the right size.

Cuts run across a block's longer side with a little swing, so streets follow the shape of their quarter and meet in
T-junctions, as they do where land was sold field by field. Suburban blocks then get closes and crescents.
"""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.errors import GEOSException
from shapely.ops import split

from data.model.streets import RoadClass
from data.synthetic.outline import BOULEVARD_M, Outline, Road

PARK_SHARE = 0.025
COLLECTOR_M2 = 500_000.0
FIELD_M2 = 700_000.0


class _Ground:
    """What the ground is like at a point: how large blocks are and how askew streets run."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        for area in (outline.old_town, outline.within_boulevard, outline.within_ring):
            shapely.prepare(area)

    def kind(self, polygon: Polygon) -> str:
        point = polygon.representative_point()
        if self.outline.old_town.contains(point):
            return "old"
        if self.outline.within_boulevard.contains(point):
            return "town"
        if self.outline.within_ring.contains(point):
            return "inner"
        if any(math.hypot(point.x - x, point.y - y) < 720 for x, y in self.outline.estates):
            return "estate"
        if any(math.hypot(point.x - x, point.y - y) < 420 for x, y in self.outline.villages):
            return "village"
        return "suburb"

    def block_m2(self, kind: str, polygon: Polygon) -> float:
        """Return the area at which cutting stops."""
        point = polygon.centroid
        radius = math.hypot(point.x, point.y + 100)
        if kind == "old":
            return 4_200.0 + 6 * max(0.0, radius - 250)
        if kind == "town":
            return 14_500.0 + 9 * max(0.0, radius - 600)
        if kind == "inner":
            return 27_500.0 + 10 * max(0.0, radius - BOULEVARD_M)
        return {"estate": 80_000.0, "village": 23_000.0}.get(kind, 60_000.0)

    def settled(self, polygon: Polygon) -> bool:
        """Whether suburb has reached this far: along avenues and around villages further than elsewhere."""
        point = polygon.centroid
        reach = 4650 + 550 * math.sin(point.x / 900) * math.cos(point.y / 1100)
        if math.hypot(point.x, point.y) < reach:
            return True
        return any(math.hypot(point.x - x, point.y - y) < 900 for x, y in self.outline.villages)


SKEW = {"old": 0.24, "town": 0.10, "inner": 0.08, "estate": 0.04, "village": 0.20, "suburb": 0.13}
BEND = {"old": 0.07, "town": 0.03, "inner": 0.04, "estate": 0.02, "village": 0.08, "suburb": 0.11}
STREET = {"old": RoadClass.LIVING_STREET, "estate": RoadClass.UNCLASSIFIED}


def draw_streets(outline: Outline, rng: np.random.Generator) -> list[Road]:
    """Return every local street: the cuts of all quarters, and the closes and crescents inside suburban blocks."""
    ground = _Ground(outline)
    roads: list[Road] = []
    blocks: list[tuple[Polygon, str]] = []
    for quarter in _quarters(outline):
        _cut_quarter(quarter, ground, rng, roads, blocks)
    barrier = shapely.union_all([outline.water, outline.corridor]).buffer(3)
    shapely.prepare(barrier)
    for block, kind in blocks:
        roads += _inside(block, kind, barrier, rng)
    return roads


def _quarters(outline: Outline) -> list[Polygon]:
    lines = [road.line for road in outline.roads]
    lines += [outline.water.boundary, outline.corridor.boundary, outline.limit.boundary]
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(lines, grid_size=0.25))))
    barrier = shapely.union_all([outline.water, outline.corridor])
    inner = shapely.point_on_surface(faces)
    keep = outline.limit.contains(inner) & ~barrier.contains(inner) & (shapely.area(faces) > 1500)
    return [face for face, kept in zip(faces, keep, strict=True) if kept]


def _cut_quarter(
    quarter: Polygon,
    ground: _Ground,
    rng: np.random.Generator,
    roads: list[Road],
    blocks: list[tuple[Polygon, str]],
) -> None:
    stack = [quarter]
    while stack:
        block = stack.pop()
        kind = ground.kind(block)
        target = ground.block_m2(kind, block) * rng.uniform(0.75, 1.5)
        wild = kind == "suburb" and not ground.settled(block)
        if block.area < (FIELD_M2 if wild else target) or _is_park(block, kind, rng):
            blocks.append((block, "field" if wild else kind))
            continue
        halves, street = _cut(block, kind, rng)
        if street is None:
            blocks.append((block, kind))
            continue
        collector = block.area > COLLECTOR_M2 and kind != "old"
        road_class = RoadClass.TERTIARY if collector else STREET.get(kind, RoadClass.RESIDENTIAL)
        roads += [Road(part, road_class) for part in street]
        stack += halves


def _is_park(block: Polygon, kind: str, rng: np.random.Generator) -> bool:
    return kind in ("town", "inner", "suburb") and 20_000 < block.area < 160_000 and rng.random() < PARK_SHARE


def _cut(block: Polygon, kind: str, rng: np.random.Generator) -> tuple[list[Polygon], list[LineString] | None]:
    """Cut ``block`` across its longer side; try a few cuts and refuse slivers."""
    box = shapely.get_coordinates(shapely.oriented_envelope(block))
    long, short = box[1] - box[0], box[2] - box[1]
    if np.hypot(*long) < np.hypot(*short):
        long, short = short, long
    for _ in range(4):
        line = _swung_line(box[:4].mean(axis=0), long, short, kind, rng)
        try:
            parts = [part for part in split(block, line).geoms if isinstance(part, Polygon)]
        except GEOSException:
            continue
        if len(parts) < 2 or any(_is_sliver(part) for part in parts):
            continue
        cuts = shapely.get_parts(line.intersection(block))
        return parts, [cut for cut in cuts if isinstance(cut, LineString) and cut.length > 15]
    return [], None


def _swung_line(
    middle: np.ndarray, long: np.ndarray, short: np.ndarray, kind: str, rng: np.random.Generator
) -> LineString:
    """Return a slightly bent line across the box: parallel to ``short``, near the middle of ``long``."""
    length = float(np.hypot(*short))
    along, across = short / length, long / float(np.hypot(*long))
    turn = rng.normal(0, SKEW[kind])
    ahead = along * math.cos(turn) + across * math.sin(turn)
    aside = np.array([-ahead[1], ahead[0]])
    start = middle + long * rng.uniform(-0.13, 0.13)
    t = np.linspace(-0.8, 0.8, 9)
    bend = rng.normal(0, BEND[kind]) * length * (0.25 - t**2)
    return LineString(start + np.outer(t * length, ahead) + np.outer(bend, aside))


def _is_sliver(part: Polygon) -> bool:
    return bool(part.area < 900 or part.area / part.length**2 < 0.022)


def _inside(block: Polygon, kind: str, barrier: Polygon, rng: np.random.Generator) -> list[Road]:
    """Return the crescent or close that serves the heart of a suburban block, or nothing."""
    chance = {"suburb": 0.62, "inner": 0.16, "village": 0.2, "estate": 0.5}.get(kind, 0.0)
    if block.area < 16_000 or rng.random() > chance:
        return []
    edge = block.exterior
    doors = [edge.interpolate(share, normalized=True) for share in (rng.random() + np.array([0.0, 0.42])) % 1.0]
    if any(barrier.contains(door) for door in doors):
        return []
    first, last = (np.array([door.x, door.y]) for door in doors)
    heart = np.array([block.centroid.x, block.centroid.y]) + rng.normal(0, 12, 2)
    t = np.linspace(0, 1, 12)[:, None]
    if rng.random() < 0.45:
        curve = (1 - t) ** 2 * first + 2 * t * (1 - t) * (1.5 * heart - 0.25 * (first + last)) + t**2 * last
    else:
        side = np.array([heart[1] - first[1], first[0] - heart[0]]) * rng.normal(0, 0.22)
        curve = (1 - t) ** 2 * first + 2 * t * (1 - t) * ((first + heart) / 2 + side) + t**2 * heart
    line = LineString(curve)
    if not block.buffer(0.5).contains(line) or edge.distance(line.interpolate(0.5, normalized=True)) < 22:
        return []
    return [Road(line, STREET.get(kind, RoadClass.RESIDENTIAL))]
