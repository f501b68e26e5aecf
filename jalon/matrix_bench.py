"""What a table of travel times costs: points drawn along the streets, then snapped and answered again and again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from data import clock
from data.model.city import City
from data.model.vehicle import Category
from routing.doors import direct, doors, links, open_links, source_seeds, target_seeds
from routing.ground import Ground, ground_of, prepare_city
from routing.matrix.arrays import F64, I32
from routing.matrix.customize import Metric, customize
from routing.matrix.table import many_to_many
from routing.snap import snap
from routing.travel import warm

REPEATS = 7
CATEGORY = Category.VUL


@dataclass(frozen=True)
class TableCost:
    """Seconds; ``cpu_s`` and ``wall_s`` are minima over :data:`REPEATS` repeats of snapping and filling the table."""

    cpu_s: float
    wall_s: float
    order_s: float
    customize_s: float


def points_on_streets(ground: Ground, count: int, seed: int) -> tuple[F64, F64]:
    """Return ``count`` WGS84 points, evenly drawn along the metres of the arcs open to :data:`CATEGORY`.

    Parameters
    ----------
    ground : Ground
    count : int
    seed : int
        Equal seeds draw equal points.

    Returns
    -------
    lat, lon : float64 [count]
    """
    _, index = ground.open_to(CATEGORY)
    sizes = np.diff(index.starts)
    points = np.arange(index.starts[-1]) + np.repeat(ground.shapes.first[index.arcs] - index.starts[:-1], sizes)
    at_m = clock.rng(seed).uniform(0.0, index.walked_m[-1], count)
    # No metre lies between one arc's end and the next one's start, so no point falls between arcs.
    lat = np.interp(at_m, index.walked_m, ground.shapes.lat[points])
    return lat, np.interp(at_m, index.walked_m, ground.shapes.lon[points])


def free_flow(ground: Ground) -> Metric:
    """Return the metric of :data:`CATEGORY` with nothing closed."""
    weights_ms, _ = ground.open_to(CATEGORY)
    streets = ground.streets
    return customize(ground.topology, streets.tail, streets.head, ground.edge, weights_ms, streets.length_dm)


def table(ground: Ground, metric: Metric, lat: F64, lon: F64) -> tuple[I32, I32]:
    """Return durations and distances [L, L] between points, as :func:`routing.travel.travel_times` fills them.

    Whole seconds and metres; :data:`routing.travel.INF_S` where there is no way.

    Raises
    ------
    RoutingDataError
        ``far_from_streets``, ``not_a_coordinate`` or ``no_streets``.
    """
    streets, count = ground.streets, len(lat)
    weights_ms, index = ground.open_to(CATEGORY)
    closed = np.zeros(streets.arcs, dtype=bool)
    found = doors(streets, ground.shapes, snap(streets, ground.shapes, index, lat, lon), weights_ms)
    _, same_point = np.unique(np.column_stack([lat, lon]), axis=0, return_inverse=True)
    pairs = direct(open_links(links(found, same_point.ravel()), closed), count)
    duration_s, distance_m = np.empty((count, count), dtype=np.int32), np.empty((count, count), dtype=np.int32)
    sources, targets = source_seeds(streets, found, closed), target_seeds(streets, found, closed)
    many_to_many(metric, sources, targets, pairs, duration_s, distance_m, rounded=True)
    return duration_s, distance_m


def measure(city: City, lat: F64, lon: F64) -> TableCost:
    """Return what the table between the points costs on one core, kernels compiled before the first measurement."""
    warm()
    with one_core():
        order_s, _ = least(lambda: prepare_city(city), 1)
        ground = ground_of(city)
        customize_s, _ = least(lambda: free_flow(ground), REPEATS)
        metric = free_flow(ground)
        cpu_s, wall_s = least(lambda: table(ground, metric, lat, lon), REPEATS)
    return TableCost(cpu_s, wall_s, order_s, customize_s)


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this thread, and those it starts meanwhile, on one core; a table then takes one thread."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def least(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Return the least CPU and the least wall seconds ``work`` took."""
    cpu_s, wall_s = [], []
    for _ in range(repeats):
        cpu, wall = clock.cpu_s(), clock.elapsed_s()
        work()
        cpu_s.append(clock.cpu_s() - cpu)
        wall_s.append(clock.elapsed_s() - wall)
    return min(cpu_s), min(wall_s)
