"""A few turn restrictions at busy crossings: no left turn, or straight on only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from data.model.streets import ACCESS_BIT, RoadClass, StreetNetwork
from data.model.vehicle import Category

NO_LEFT, STRAIGHT_ONLY = 32, 4
MOTOR = sum(ACCESS_BIT.values()) - ACCESS_BIT[Category.CARGO_BIKE]


def with_turn_restrictions(streets: StreetNetwork, rng: np.random.Generator) -> StreetNetwork:
    """Return ``streets`` with at most one restriction at each of some four-armed main crossings; bikes are spared."""
    crossings = _crossings(streets)
    chosen = sorted(rng.permutation(crossings)[: NO_LEFT + STRAIGHT_ONLY].tolist())
    only_at = set(rng.permutation(chosen)[:STRAIGHT_ONLY].tolist())
    pairs, only = [], []
    for node in chosen:
        wanted = 0.0 if node in only_at else np.pi / 2
        pair = _turn(streets, node, wanted)
        if pair:
            pairs.append(pair)
            only.append(node in only_at)
    return replace(
        streets,
        restriction_ptr=np.arange(0, 2 * len(pairs) + 1, 2, dtype=np.int32),
        restriction_arcs=np.array(pairs, dtype=np.int32).reshape(-1),
        restriction_only=np.array(only, dtype=np.bool_),
        restriction_except=np.full(len(pairs), ACCESS_BIT[Category.CARGO_BIKE], dtype=np.uint8),
    )


def _crossings(streets: StreetNetwork) -> list[int]:
    """Return junctions with four or more two-way arms, two of them of a main road."""
    open_arc = (streets.access & MOTOR) > 0
    leaving = np.bincount(streets.tail[open_arc], minlength=streets.nodes)
    arriving = np.bincount(streets.head[open_arc], minlength=streets.nodes)
    main = open_arc & (streets.road_class <= RoadClass.SECONDARY) & (streets.road_class > RoadClass.TRUNK)
    main_arms = np.bincount(streets.tail[main], minlength=streets.nodes)
    return np.flatnonzero((leaving >= 4) & (arriving >= 4) & (main_arms >= 2)).tolist()


def _turn(streets: StreetNetwork, node: int, wanted_rad: float) -> tuple[int, int] | None:
    """Return the (arriving main arc, leaving arc) whose turn to the left is closest to ``wanted_rad``."""
    open_arc = (streets.access & MOTOR) > 0
    main = open_arc & (streets.road_class <= RoadClass.SECONDARY)
    best, error = None, 0.5
    for first in np.flatnonzero((streets.head == node) & main).tolist():
        for second in np.flatnonzero((streets.tail == node) & open_arc).tolist():
            turn = _heading(streets, second, 0) - _heading(streets, first, -2)
            off = abs((turn - wanted_rad + np.pi) % (2 * np.pi) - np.pi)
            if off < error and streets.head[second] != streets.tail[first]:
                best, error = (first, second), off
    return best


def _heading(streets: StreetNetwork, arc: int, step: int) -> float:
    """Return the direction of the arc's first (0) or last (-2) segment, in radians."""
    points = np.array(streets.arc_points(arc))
    lon, lat = points[step + 1] - points[step]
    return float(np.arctan2(lat, lon * np.cos(np.radians(points[step][1]))))
