"""Snapping: the grid against every piece of every line, spots on streets walked along, and points that are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.clock import rng
from data.errors import RoutingDataError
from data.model.streets import StreetNetwork
from data.units import haversine_m
from routing.arc_ends import reverse_arcs
from routing.matrix.nearest import NOTHING, Grid, grid_of, nearest
from routing.snap import NO_ARC, Snapped, StreetIndex, arc_shapes, plane_m, snap, street_index
from tests.drawn_streets import (
    BIKE,
    EVERYBODY,
    LAT,
    LON,
    SIDE,
    STEP_LAT,
    STEP_LON,
    drawn_points,
    drawn_streets,
    network,
)

STREETS = drawn_streets()
SHAPES = arc_shapes(STREETS)
REVERSE = reverse_arcs(STREETS)
INDEX = street_index(STREETS, SHAPES, REVERSE)
ANYBODY = np.ones(STREETS.arcs, dtype=bool)
MOTORS = (STREETS.access & ~np.uint8(BIKE)) != 0


def lines_of(*lines: list[tuple[float, float]], reverse: list[int] | None = None) -> Grid:
    first = np.cumsum([0, *map(len, lines)]).astype(np.int32)
    x, y = np.array([point for line in lines for point in line], dtype=np.float64).reshape(-1, 2).T.copy()
    return grid_of(first, x, y, np.array(reverse or [NOTHING] * len(lines), dtype=np.int32))


def find(
    grid: Grid, usable: np.ndarray, *spots: tuple[float, float], limit_m: float = np.inf
) -> list[tuple[int, float]]:
    x, y = np.array(spots, dtype=np.float64).reshape(-1, 2).T.copy()
    found = nearest(grid, usable, x, y, float(limit_m))
    return list(zip(found.piece.tolist(), np.round(found.distance_m, 6).tolist(), strict=True))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 60), metres=st.sampled_from([1.0, 40.0, 3000.0]))
def test_the_grid_finds_what_looking_at_every_piece_finds(seed: int, count: int, metres: float) -> None:
    draw = rng(seed)
    shape = (count, 3, 2)
    points = draw.uniform(0, 1000, (count, 1, 2)) + draw.normal(0, metres, shape)
    if seed % 3 == 0:
        points = np.round(points / 100) * 100  # many lines share ends, cross, lie on each other or have no length
    first = np.arange(0, 3 * count + 1, 3, dtype=np.int32)
    x, y = np.ascontiguousarray(points[..., 0].ravel()), np.ascontiguousarray(points[..., 1].ravel())
    reverse = np.full(count, NOTHING, dtype=np.int32)
    usable = draw.random(count) < 0.7
    limit_m = float(draw.choice([50.0, 1000.0, np.inf]))
    spots = draw.uniform(-1500, 2500, (40, 2))
    found = nearest(grid_of(first, x, y, reverse), usable, *spots.T.copy(), limit_m)
    away = np.full((40, 3 * count), np.inf)
    for line in np.flatnonzero(usable):
        for piece in (3 * line, 3 * line + 1):
            ends = shapely.linestrings(np.column_stack([x[piece : piece + 2], y[piece : piece + 2]]))
            away[:, piece] = shapely.distance(ends, shapely.points(spots))
    best = away.min(axis=1)
    near = np.isfinite(best) & (best <= limit_m)
    assert (found.piece[~near] == NOTHING).all() and np.isinf(found.distance_m[~near]).all()
    assert np.abs(found.distance_m[near] - best[near]).max(initial=0) < 1e-6
    assert (away[near, found.piece[near]] - best[near]).max(initial=0) < 1e-6
    at = found.piece[near]
    spot_x, spot_y = (v[at] + found.share[near] * (v[at + 1] - v[at]) for v in (x, y))
    to_spot = np.hypot(spot_x - spots[near, 0], spot_y - spots[near, 1])
    assert np.abs(to_spot - found.distance_m[near]).max(initial=0) < 1e-6


def test_the_first_piece_among_equals() -> None:
    """Six lines from one point, in both directions, and spots from which that point is the nearest of all."""
    ends = [(10, 0), (10, 1), (10, 2), (10, -1), (10, -2), (10, 3)]
    lines = [[(0.1, 0.2), end] if k % 2 else [end, (0.1, 0.2)] for k, end in enumerate(ends)]
    grid = lines_of(*lines)
    spots = [(-5.0, 0.2), (-77.0, 1.3), (-0.3, 0.2)]
    assert [piece for piece, _ in find(grid, np.ones(6, dtype=bool), *spots)] == [0, 0, 0]
    assert [piece for piece, _ in find(grid, np.arange(6) > 2, *spots)] == [6, 6, 6]


def test_a_reverse_line_counts_for_its_street() -> None:
    grid = lines_of([(0, 0), (9, 0)], [(9, 0), (0, 0)], [(0, 5), (9, 5)], reverse=[1, 0, NOTHING])
    assert 2 not in grid.piece
    for usable in ([True, False, True], [False, True, True], [True, True, True]):
        assert find(grid, np.array(usable), (4, 1)) == [(0, 1.0)]
    assert find(grid, np.array([False, False, True]), (4, 1)) == [(4, 4.0)]
    assert find(grid, np.zeros(3, dtype=bool), (4, 1)) == [(NOTHING, np.inf)]


def test_grids_of_hardly_anything() -> None:
    anything = np.ones(1, dtype=bool)
    assert find(lines_of(), anything[:0], (3, 4)) == [(NOTHING, np.inf)]
    assert find(lines_of([(0, 0), (0, 0)]), anything, (3, 4)) == [(0, 5.0)]
    assert find(lines_of([(0, 0), (0, 900)]), anything, (-3, 904), limit_m=5.01) == [(0, 5.0)]
    assert find(lines_of([(0, 0), (900, 0)]), anything, (450, 6), limit_m=5) == [(NOTHING, np.inf)]
    far_away = find(lines_of([(0, 0), (900, 0)], [(0, 1), (0, 2)]), np.ones(2, dtype=bool), (2e7, 0), (0, -1e7))
    assert far_away == [(0, 2e7 - 900), (0, 1e7)]


def snapped(usable: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> Snapped:
    return snap(STREETS, SHAPES, INDEX, usable, lat, lon)


@pytest.mark.parametrize("usable", [ANYBODY, MOTORS], ids=["anybody", "motors"])
def test_points_are_snapped_to_the_nearest_usable_street(usable: np.ndarray) -> None:
    lat, lon = drawn_points(300)
    found = snapped(usable, lat, lon)
    x, y = plane_m(STREETS, SHAPES.lat, SHAPES.lon)
    spots = shapely.points(*plane_m(STREETS, lat, lon))
    for point in range(len(lat)):
        arc, reverse = int(found.arc[point]), int(found.reverse[point])
        assert usable[arc] and reverse == REVERSE[arc]
        assert reverse == NO_ARC or arc < reverse or not usable[reverse]
        first, last = SHAPES.first[arc], SHAPES.first[arc + 1] - 1
        steps = np.hypot(np.diff(x[first : last + 1]), np.diff(y[first : last + 1]))
        walked = steps[: found.piece[point]].sum() / steps.sum(), steps[: found.piece[point] + 1].sum() / steps.sum()
        assert 0 <= found.piece[point] < last - first
        assert walked[0] - 1e-9 <= found.share[point] <= walked[1] + 1e-9
        line = shapely.linestrings(np.column_stack([x[first : last + 1], y[first : last + 1]]))
        spot = shapely.line_interpolate_point(line, found.share[point], normalized=True)
        here = plane_m(STREETS, found.lat[point], found.lon[point])
        assert shapely.distance(spot, shapely.points(*here)) < 1e-6
        assert abs(found.distance_m[point] - shapely.distance(spots[point], spot)) <= 0.5 + 1e-6
        assert (
            abs(haversine_m(lat[point], lon[point], found.lat[point], found.lon[point]) - found.distance_m[point]) < 1
        )
    lines = [
        shapely.linestrings(np.column_stack([x[a:b], y[a:b]]))
        for a, b, kept in zip(SHAPES.first[:-1], SHAPES.first[1:], usable, strict=True)
        if kept
    ]
    away = shapely.distance(np.array(lines)[:, None], spots).min(axis=0)
    assert np.abs(found.distance_m - away).max() <= 0.5 + 1e-6


def test_a_one_way_street_may_be_the_later_of_two_arcs() -> None:
    """Where only the arc with the higher index is usable, the spot is the same and counted from the other end."""
    later = np.flatnonzero((REVERSE != NO_ARC) & (np.arange(STREETS.arcs) > REVERSE))
    only_later = np.zeros(STREETS.arcs, dtype=bool)
    only_later[later] = True
    lat, lon = drawn_points(100)
    both, one = snapped(only_later | only_later[REVERSE], lat, lon), snapped(only_later, lat, lon)
    assert (one.arc == both.reverse).all() and (one.reverse == both.arc).all()
    assert (one.lat == both.lat).all() and (one.lon == both.lon).all() and (one.distance_m == both.distance_m).all()
    assert np.allclose(one.share, 1 - both.share, rtol=0, atol=1e-12)
    assert (one.piece + both.piece == np.diff(SHAPES.first)[one.arc] - 2).all()


def alone(lat: list[float], lon: list[float], rows: list[tuple[int, int, int]]) -> tuple[StreetNetwork, StreetIndex]:
    streets = network(lat, lon, rows, [[] for _ in rows])
    return streets, street_index(streets, arc_shapes(streets), reverse_arcs(streets))


def test_a_street_without_length_is_a_spot() -> None:
    streets, index = alone([LAT, LAT], [LON, LON], [(0, 1, EVERYBODY), (1, 0, EVERYBODY)])
    found = snap(streets, arc_shapes(streets), index, np.ones(2, dtype=bool), np.array([LAT]), np.array([LON]))
    assert (found.arc, found.reverse, found.share, found.piece, found.distance_m) == (0, 1, 0.0, 0, 0)


def test_no_points() -> None:
    found = snapped(ANYBODY, np.zeros(0), np.zeros(0))
    assert all(len(column) == 0 for column in found)
    assert [column.dtype.name for column in found] == [
        "int32",
        "int32",
        "float64",
        "int32",
        "float64",
        "float64",
        "int32",
    ]


@pytest.mark.parametrize(
    ("lat", "lon", "code", "says"),
    [
        (LAT + 0.1, LON, "far_from_streets", "point 1 (lat"),
        (LAT + SIDE * STEP_LAT + 0.02, LON, "far_from_streets", "so are 1 other points"),
        (LON, LAT, "far_from_streets", "look swapped"),
        (LON, LAT + 90, "far_from_streets", "build a larger city"),
        (float("nan"), LON, "not_a_coordinate", "point 1 has latitude nan"),
        (LAT, float("inf"), "not_a_coordinate", "longitude inf"),
        (355_000.0, 6_689_000.0, "not_a_coordinate", "give degrees"),
    ],
)
def test_points_that_cannot_be_served_are_named(lat: float, lon: float, code: str, says: str) -> None:
    with pytest.raises(RoutingDataError) as error:
        snapped(ANYBODY, np.array([LAT, lat, lat]), np.array([LON, lon, lon]))
    assert error.value.code == code and says in str(error.value) and error.value.where == "#/1"


def test_the_limit_is_a_kilometre_and_the_distance_is_told() -> None:
    streets, index = alone([LAT, LAT], [LON, LON + STEP_LON], [(0, 1, EVERYBODY)])
    metres = np.degrees(1 / 6_371_008.8)

    def distance_m(north_m: float) -> int:
        lat, lon = np.array([LAT + north_m * metres]), np.array([LON + STEP_LON / 2])
        return int(snap(streets, arc_shapes(streets), index, np.ones(1, dtype=bool), lat, lon).distance_m[0])

    assert [distance_m(999.0), distance_m(-999.4)] == [999, 999]
    for north_m in (1001.0, 123_456.0):
        with pytest.raises(RoutingDataError, match=f"is {north_m:.0f} m from any street"):
            distance_m(north_m)


def test_a_category_without_streets_is_refused() -> None:
    with pytest.raises(RoutingDataError) as error:
        snapped(~ANYBODY, *drawn_points(1))
    assert error.value.code == "no_streets"
    nowhere = replace(STREETS, access=np.zeros_like(STREETS.access))
    assert (street_index(nowhere, SHAPES, REVERSE).grid.ptr == INDEX.grid.ptr).all(), "one index serves all categories"
