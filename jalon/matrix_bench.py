"""What a table of travel times costs, in a process that does nothing else: what an engine in service holds.

``python -m jalon.matrix_bench CITY N SEED THREADS`` loads a built city, answers, and prints one JSON object. It imports
neither the solver nor what builds cities, so that its peak memory is that of the tables.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from data import clock
from data.cityfile import read_city
from data.model.vehicle import Category
from routing.ground import Ground, ground_of
from routing.matrix.arrays import F64, I32
from routing.roads import Roads, fill_table, locate_on, roads_of, snap_to
from routing.travel import warm

REPEATS = 7
CATEGORY = Category.VUL
KIB_PER_MIB = 1024


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
    arc = np.flatnonzero(ground.open_to(CATEGORY).usable)
    walked_m, first = ground.index.walked_m, ground.shapes.first
    start_m = walked_m[first[arc]]
    end_m = np.cumsum(walked_m[first[arc + 1] - 1] - start_m)
    drawn_m = clock.rng(seed).uniform(0.0, end_m[-1], count)
    chosen = np.searchsorted(end_m, drawn_m, side="right")
    before_m = np.concatenate([[0.0], end_m])[chosen]
    at_m = start_m[chosen] + drawn_m - before_m
    # No metre lies between one arc's end and the next one's start, so no point falls between arcs.
    return np.interp(at_m, walked_m, ground.shapes.lat), np.interp(at_m, walked_m, ground.shapes.lon)


def table(roads: Roads, lat: F64, lon: F64, duration_s: I32, distance_m: I32 | None) -> None:
    """Snap points and fill the tables [L, L] between them, as :func:`routing.travel.travel_times` does.

    Raises
    ------
    RoutingDataError
        ``far_from_streets``, ``not_a_coordinate`` or ``no_streets``.
    """
    snapped = snap_to(roads.ground, roads.category, lat, lon)
    fill_table(roads, locate_on(roads, snapped, lat, lon), duration_s, distance_m)


@contextmanager
def cores(count: int) -> Iterator[None]:
    """Keep this thread, and those it starts meanwhile, on so many cores; a table takes a thread per core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
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


def measure(path: Path, count: int, seed: int, threads: int) -> dict[str, float]:
    """Return seconds to load a city, to customize, and for tables between ``count`` points; and the peak (MiB)."""
    warm()
    with cores(threads):
        started_s = clock.elapsed_s()
        ground = ground_of(city := read_city(path))
        load_s = clock.elapsed_s() - started_s
        assert city.streets is ground.streets  # the ground lives as long as its city
        lat, lon = points_on_streets(ground, count, seed)
        customize_s, _ = least(lambda: roads_of(ground, CATEGORY), REPEATS)
        roads = roads_of(ground, CATEGORY)
        duration_s = np.empty((count, count), dtype=np.int32)
        cpu_s, wall_s = least(lambda: table(roads, lat, lon, duration_s, None), REPEATS)
        distance_m = np.empty_like(duration_s)
        cpu_with_distances_s, _ = least(lambda: table(roads, lat, lon, duration_s, distance_m), REPEATS)
    return {
        "cpu_s": cpu_s,
        "cpu_with_distances_s": cpu_with_distances_s,
        "wall_s": wall_s,
        "customize_s": customize_s,
        "load_s": load_s,
        "peak_rss_mb": _peak_mib(),
    }


def _peak_mib() -> float:
    """Return the most memory this program held; ``getrusage`` would count what its parent held when it started it."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / KIB_PER_MIB


if __name__ == "__main__":
    given, *numbers = sys.argv[1:]
    sys.stdout.write(json.dumps(measure(Path(given), *map(int, numbers))))
