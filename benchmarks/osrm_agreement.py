"""Durations of cars at free flow, ours against those of OSRM's car profile: same extract, same points.

Run: ``python benchmarks/osrm_agreement.py EXTRACT --osrm FOLDER [--n 1000] [--seed 1] [--keep OSRM_FILES]``.
EXTRACT is a .osm.pbf. FOLDER holds OSRM's binaries and profiles: ``osrm_server.py`` says where they come from. With
``--keep``, what OSRM prepared is kept there for the next run.

The points lie on streets open to our cars, halfway along an arc, so that both engines start on the same street. Left
out, and counted, are those for which OSRM finds no street within 2 m and pairs without a way in either engine. What
differs by design:

- Delivery vehicles enter ``destination``, ``delivery`` and ``customers`` streets; OSRM's car avoids them.
- We drive ``highway=road`` (a road of unknown kind) and leave out ``access=private``; OSRM the other way round.
- A barrier drawn on a junction of three streets closes none of them here, all of them in OSRM.
- What is lost at lights and gates of an arc is charged behind every point on it, wherever on the arc they stand.
- Of several speed limits tagged on one way we take the lowest, OSRM the first.
- OSRM takes the two carriageways of a divided road for one street where they join: turning from one into the other
  is a U-turn there, and their bearings are averaged.
- OSRM adds up tenths of a second per segment, we milliseconds per arc.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from osrm_server import arguments, prepared, served, table

from data import clock
from data.model.vehicle import Category
from routing.citybuild import Sources, build_city
from routing.ground import Ground, ground_of
from routing.matrix.arrays import F64
from routing.matrix.cost import INF
from routing.roads import fill_table, locate_on, roads_of, snap_to

SAME_SPOT_M = 2.0
QUANTILES = (0.5, 0.9, 0.95, 0.99, 1.0)


def halfway_points(ground: Ground, count: int, seed: int) -> tuple[F64, F64]:
    """Return ``lat, lon`` [count] of points halfway along arcs that cars may use, drawn evenly."""
    usable = np.flatnonzero(ground.open_to(Category.VP).usable)
    arcs = clock.rng(seed).choice(usable, count, replace=False)
    spots = [_halfway(np.array(ground.streets.arc_points(int(arc)))) for arc in arcs]
    lon, lat = np.array(spots).T
    return lat.copy(), lon.copy()


def _halfway(points: F64) -> F64:
    steps = np.hypot(*(np.diff(points, axis=0) * [np.cos(np.radians(points[0, 1])), 1.0]).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    return np.array([np.interp(along[-1] / 2, along, axis) for axis in points.T])


def ours_s(ground: Ground, lat: F64, lon: F64) -> F64:
    """Return seconds [n, n] between the points, not a number where there is no way."""
    roads = roads_of(ground, Category.VP)
    points = locate_on(roads, snap_to(ground, Category.VP, lat, lon), lat, lon)
    duration_s = np.empty((len(lat), len(lat)), dtype=np.int32)
    fill_table(roads, points, duration_s, None)
    return np.where(duration_s >= INF, np.nan, duration_s.astype(np.float64))


def osrm_s(address: str, lat: F64, lon: F64) -> tuple[F64, NDArray[np.bool_]]:
    """Return seconds [n, n] between the points, and which of them OSRM finds a street at."""
    answer = json.loads(table(address, lat, lon, "annotations=duration&generate_hints=false"))
    durations = np.array(answer["durations"], dtype=np.float64)  # null becomes not a number
    return durations, np.array([spot["distance"] <= SAME_SPOT_M for spot in answer["sources"]])


def report(ours: F64, theirs: F64, on_street: NDArray[np.bool_]) -> None:
    """Print how well the two tables agree."""
    pairs = on_street[:, None] & on_street & ~np.eye(len(ours), dtype=bool)
    both = pairs & np.isfinite(ours) & np.isfinite(theirs)
    print(f"{on_street.sum()} of {len(ours)} points are on a street of OSRM's")
    print(f"{both.sum()} pairs compared; {(pairs & ~both).sum()} have no way in one of the two")
    print(f"correlation (Pearson): {np.corrcoef(ours[both], theirs[both])[0, 1]:.6f}")
    print(f"mean: ours {ours[both].mean():.1f} s, OSRM {theirs[both].mean():.1f} s")
    far = both & (theirs > 0)
    error = np.quantile(np.abs(ours[far] / theirs[far] - 1), QUANTILES)
    print("relative error: " + ", ".join(f"{q:.0%} within {e:.2%}" for q, e in zip(QUANTILES, error)))


def main() -> None:
    """Print how well the two agree."""
    parser = arguments(__doc__, n=[1000])
    given = parser.parse_args()
    city, _ = build_city(Sources(str(given.extract)), lambda step, share: None)
    ground = ground_of(city)
    lat, lon = halfway_points(ground, given.n, given.seed)
    with tempfile.TemporaryDirectory() as scratch:
        base = prepared(given.extract, given.osrm, given.keep or Path(scratch))
        with served(given.osrm, base, given.n) as (_, address):
            theirs, on_street = osrm_s(address, lat, lon)
    report(ours_s(ground, lat, lon), theirs, on_street)


if __name__ == "__main__":
    main()
