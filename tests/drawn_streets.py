"""A bent grid of streets with what makes travel times hard, and points on it, both drawn from a seed."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from data.clock import rng
from data.model.streets import ACCESS_BIT, RoadClass, StreetNetwork
from data.model.vehicle import Category
from data.units import haversine_m

EVERYBODY = sum(ACCESS_BIT.values())
BIKE = ACCESS_BIT[Category.CARGO_BIKE]
SIDE = 6
LAT, LON = 47.2, -1.55
STEP_LAT, STEP_LON = 0.001, 0.0015  # about 111 m and 113 m


def drawn_streets(seed: int = 5) -> StreetNetwork:
    """A bent grid: some streets one-way for motors, a dead end one can't leave, an island."""
    draw = rng(seed)
    lat = [LAT + STEP_LAT * (node // SIDE) for node in range(SIDE * SIDE)]
    lon = [LON + STEP_LON * (node % SIDE) for node in range(SIDE * SIDE)]
    lat += [LAT - STEP_LAT, LAT + 0.01, LAT + 0.01]  # a trap, and two nodes of an island
    lon += [LON, LON, LON + STEP_LON]
    trap, isle = SIDE * SIDE, SIDE * SIDE + 1
    rows = [(0, trap, EVERYBODY), (isle, isle + 1, EVERYBODY), (isle + 1, isle, EVERYBODY)]
    shapes: list[list[tuple[float, float]]] = [[], [], []]
    for here in range(SIDE * SIDE):
        right, up = here + 1 if (here + 1) % SIDE else None, here + SIDE if here + SIDE < SIDE * SIDE else None
        for there in (right, up):
            if there is None:
                continue
            bend = [(float(x), float(y)) for x, y in draw.uniform(0.2, 0.8, (int(draw.integers(0, 3)), 2))]
            inner = [
                (lat[here] + x * (lat[there] - lat[here]) + 1e-4 * y, lon[here] + x * (lon[there] - lon[here]))
                for x, y in sorted(bend)
            ]
            one_way = bool(draw.random() < 0.25) and 0 < here % SIDE < SIDE - 1 and 0 < here // SIDE < SIDE - 1
            rows += [(here, there, EVERYBODY), (there, here, BIKE if one_way else EVERYBODY)]
            shapes += [inner, inner[::-1]]
    return network(lat, lon, rows, shapes)


def network(
    lat: list[float], lon: list[float], rows: list[tuple[int, int, int]], shapes: list[list[tuple[float, float]]]
) -> StreetNetwork:
    order = sorted(range(len(rows)), key=lambda arc: rows[arc][0])
    rows, shapes = [rows[arc] for arc in order], [shapes[arc] for arc in order]
    length = []
    for (tail, head, _), inner in zip(rows, shapes):
        line = [(lat[tail], lon[tail]), *inner, (lat[head], lon[head])]
        length.append(max(1, round(sum(10 * haversine_m(*a, *b) for a, b in itertools.pairwise(line)))))
    flat = np.array([point for inner in shapes for point in inner], dtype=np.float64).reshape(-1, 2)
    tail, head, access = np.array(rows, dtype=np.int32).reshape(-1, 3).T
    return StreetNetwork(
        node_lat=np.array(lat, dtype=np.float64),
        node_lon=np.array(lon, dtype=np.float64),
        node_id=np.zeros(len(lat), dtype=np.int64),
        tail=tail.copy(),
        head=head.copy(),
        length_dm=np.array(length, dtype=np.int32),
        speed_kmh=np.full(len(rows), 30, dtype=np.uint8),
        cruise_kmh=np.full(len(rows), 24, dtype=np.float32),
        obstacle_ms=np.zeros(len(rows), dtype=np.int32),
        road_class=np.full(len(rows), RoadClass.RESIDENTIAL, dtype=np.uint8),
        roundabout=np.zeros(len(rows), dtype=np.bool_),
        access=access.astype(np.uint8),
        arc_hours=np.full(len(rows), -1, dtype=np.int16),
        way_id=np.minimum(tail, head).astype(np.int64) * 1000 + np.maximum(tail, head),
        shape_ptr=np.cumsum([0, *map(len, shapes)]).astype(np.int32),
        shape_lat=flat[:, 0].copy(),
        shape_lon=flat[:, 1].copy(),
        shape_node_id=np.zeros(len(flat), dtype=np.int64),
        restriction_ptr=np.zeros(1, dtype=np.int32),
        restriction_arcs=np.zeros(0, dtype=np.int32),
        restriction_only=np.zeros(0, dtype=np.bool_),
        restriction_except=np.zeros(0, dtype=np.uint8),
    )


def with_rules(streets: StreetNetwork, seed: int = 7) -> StreetNetwork:
    """Return the streets with road classes, lights, hours on one street in ten, and turns that some may not make."""
    draw = rng(seed)
    _, street = np.unique(streets.way_id, return_inverse=True)
    chosen = [RoadClass.SECONDARY, RoadClass.RESIDENTIAL, RoadClass.LIVING_STREET, RoadClass.PEDESTRIAN]
    walks = [_walk(streets, draw) for _ in range(40)]
    walks = [walk for walk in walks if len(walk) > 1]
    return replace(
        streets,
        road_class=np.array(chosen, dtype=np.uint8)[draw.integers(0, len(chosen), street.max() + 1)][street],
        cruise_kmh=draw.uniform(10, 40, streets.arcs).astype(np.float32),
        obstacle_ms=np.where(draw.random(streets.arcs) < 0.2, draw.integers(500, 15_000, streets.arcs), 0).astype("i4"),
        arc_hours=np.where(draw.random(street.max() + 1) < 0.1, 0, -1).astype(np.int16)[street],
        restriction_ptr=np.cumsum([0, *map(len, walks)]).astype(np.int32),
        restriction_arcs=np.concatenate(walks).astype(np.int32),
        restriction_only=draw.random(len(walks)) < 0.2,
        restriction_except=np.where(draw.random(len(walks)) < 0.5, BIKE, 0).astype(np.uint8),
    )


def _walk(streets: StreetNetwork, draw: np.random.Generator) -> list[int]:
    """Return two or three arcs that follow each other without turning back, fewer where the way ends."""
    arcs = [int(draw.integers(streets.arcs))]
    for _ in range(int(draw.integers(1, 3))):
        onward = np.flatnonzero((streets.tail == streets.head[arcs[-1]]) & (streets.head != streets.tail[arcs[-1]]))
        if len(onward):
            arcs.append(int(draw.choice(onward)))
    return arcs


def drawn_points(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    draw = rng(seed)
    lat = LAT + STEP_LAT * draw.uniform(-0.3, SIDE - 0.7, count)
    return lat, LON + STEP_LON * draw.uniform(-0.3, SIDE - 0.7, count)
