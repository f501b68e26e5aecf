"""Tables of travel times on one core: ours against OSRM's contraction hierarchy, same extract, same points, same run.

Run: ``python benchmarks/matrix_vs_osrm.py EXTRACT --osrm FOLDER [--n 1000 4000] [--keep OSRM_FILES] [--scale]``.
EXTRACT is a .osm.pbf. FOLDER holds OSRM's binaries and profiles: ``osrm_server.py`` says where they come from. With
``--keep``, what OSRM prepared is kept there for the next run.

What is compared, in CPU seconds, the minimum of the repeats; turn restrictions and turn costs apply on both sides:

- ours: snapping and the table, int32 arrays in memory (``cpu_s`` and ``cpu_with_distances_s`` of ``jalon bench
  matrix``), for a van at free flow.
- OSRM: user and system time of ``osrm-routed`` (CH, one thread, car profile) around each ``/table`` request, from
  ``/proc``, which counts hundredths of a second. Its answer is encoded and sent, which ours is not: flatbuffers is the
  cheaper of its formats, JSON the usual one; hints and waypoints are left out.

``--scale`` adds what libraries take on our turn graph, from N states to all others: scipy's Dijkstra whole, networkx's
estimated from a few rows.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import networkx
import numpy as np
from osrm_server import arguments, prepared, served, used_cpu_s
from osrm_server import table as osrm_table
from rich.console import Console
from rich.table import Table
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from data import clock
from jalon.matrix_bench import CATEGORY, cores, least, points_on_streets, table
from routing.citybuild import Sources, build_city
from routing.ground import ground_of
from routing.matrix.arrays import F64
from routing.matrix.cost import INF
from routing.roads import Roads, roads_of
from routing.travel import warm

SCALE_N = 1000
NETWORKX_ROWS = 3
SCIPY_ROWS = 50
"""At a time: a row of its answer has an entry for every state."""


def osrm_cpu_s(pid: int, address: str, lat: F64, lon: F64, annotations: str, flatbuffers: bool, repeats: int) -> float:
    """Return the least CPU seconds the server took for one table between the points."""
    options = f"annotations={annotations}&generate_hints=false&skip_waypoints=true"
    spent_s = []
    for _ in range(repeats):
        before_s = used_cpu_s(pid)
        size = len(osrm_table(address, lat, lon, options, flatbuffers))
        spent_s.append(used_cpu_s(pid) - before_s)
        tables = annotations.count(",") + 1
        if size < (4 if flatbuffers else 2) * tables * len(lat) ** 2:
            raise RuntimeError(f"{size} bytes don't hold {tables} tables of {len(lat)} x {len(lat)}")
    return min(spent_s)


def ours_cpu_s(roads: Roads, lat: F64, lon: F64, distances: bool, repeats: int) -> float:
    """Return the least CPU seconds of the table between the points."""
    duration_s = np.empty((len(lat), len(lat)), dtype=np.int32)
    distance_m = np.empty_like(duration_s) if distances else None
    with cores(1):
        return least(partial(table, roads, lat, lon, duration_s, distance_m), repeats)[0]


def libraries_cpu_s(roads: Roads, count: int, seed: int) -> dict[str, float]:
    """Return what libraries take from ``count`` states of the turn graph to all others."""
    turns = roads.ground.turns
    time_ms = roads.weights_ms[turns.arc[turns.tail]].astype(np.int64) + roads.turn_ms
    kept = time_ms < INF
    tail, head, time_ms = turns.tail[kept], turns.head[kept], time_ms[kept]
    states = len(turns.arc)
    graph = csr_array((time_ms.astype(np.float64), (tail, head)), shape=(states, states))
    usable = np.flatnonzero(roads.ground.open_to(CATEGORY).usable)
    start = clock.rng(seed).choice(usable, count, replace=False)

    def with_scipy() -> None:
        for first in range(0, count, SCIPY_ROWS):
            dijkstra(graph, indices=start[first : first + SCIPY_ROWS])

    other = networkx.DiGraph()
    other.add_weighted_edges_from(zip(tail.tolist(), head.tolist(), time_ms.tolist()))

    def with_networkx() -> None:
        for state in start[:NETWORKX_ROWS].tolist():
            networkx.single_source_dijkstra_path_length(other, state)

    with cores(1):
        return {
            "scipy dijkstra": least(with_scipy, 1)[0],
            f"networkx, from {NETWORKX_ROWS} rows": least(with_networkx, 1)[0] * count / NETWORKX_ROWS,
        }


def main() -> None:
    """Print the table."""
    parser = arguments(__doc__, n=[1000, 4000])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--osrm-repeats", type=int, default=3)
    parser.add_argument("--scale", action="store_true")
    given = parser.parse_args()
    warm()
    city, _ = build_city(Sources(str(given.extract)), lambda step, share: None)
    roads = roads_of(ground_of(city), CATEGORY)
    rows = Table(title=f"{city.name}: CPU seconds, one core, turn restrictions on both sides")
    for name in ("n", "tables", "ours", "peer", "seconds", "÷ ours"):
        rows.add_column(name, justify="left" if name in ("tables", "peer") else "right")
    with tempfile.TemporaryDirectory() as folder:
        base = prepared(given.extract, given.osrm, given.keep or Path(folder))
        with served(given.osrm, base, max(given.n)) as (pid, address):
            for n in given.n:
                lat, lon = points_on_streets(roads.ground, n, given.seed)
                for annotations, name in (("duration", "durations"), ("duration,distance", "and distances")):
                    ours_s = ours_cpu_s(roads, lat, lon, "," in annotations, given.repeats)
                    for flatbuffers in (True, False):
                        peer_s = osrm_cpu_s(pid, address, lat, lon, annotations, flatbuffers, given.osrm_repeats)
                        peer = f"OSRM CH, {'flatbuffers' if flatbuffers else 'JSON'}"
                        rows.add_row(str(n), name, f"{ours_s:.4f}", peer, f"{peer_s:.2f}", f"{peer_s / ours_s:.1f}")
    if given.scale:
        ours_s = ours_cpu_s(roads, *points_on_streets(roads.ground, SCALE_N, given.seed), False, given.repeats)
        for peer, peer_s in libraries_cpu_s(roads, SCALE_N, given.seed).items():
            cells = ("durations", f"{ours_s:.4f}", peer, f"{peer_s:.1f}", f"{peer_s / ours_s:.0f}")
            rows.add_row(str(SCALE_N), *cells)
    Console(width=110).print(rows)


if __name__ == "__main__":
    main()
