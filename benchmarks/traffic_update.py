"""From new traffic to a fresh table on one core: ours against OSRM, same extract, same points, same speeds.

Run: ``python benchmarks/traffic_update.py EXTRACT --osrm FOLDER [--n 1000] [--share 0.1] [--keep OSRM_FILES]``.
EXTRACT is a .osm.pbf. FOLDER holds OSRM's binaries and profiles: ``osrm_server.py`` says where they come from. With
``--keep``, what OSRM prepared is kept there for the next run.

New speeds for a share of all streets, piece by piece, come in OSRM's own format (CSV of OSM node pairs). What is
measured, in CPU seconds and by the clock on the wall:

- ours: reading the file, new weights, customizing, snapping and a table of durations; the minimum of the repeats.
- OSRM MLD: ``osrm-customize`` with the file, a server that loads the result, a table of durations; once.
- OSRM CH: ``osrm-contract`` with the file, then the same; once.

The last column is how well durations agree with ours (correlation over all pairs that both connect).
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import pairwise
from pathlib import Path

import numpy as np
from osrm_server import arguments, prepared, run, served, used_cpu_s
from osrm_server import table as osrm_table
from rich.console import Console
from rich.table import Table

from data import clock
from data.model.city import City
from data.model.streets import StreetNetwork
from data.model.traffic import Conditions
from data.model.vehicle import Critair, Energy
from data.sources.traffic import read_traffic
from jalon.matrix_bench import CATEGORY, cores, least, points_on_streets, table
from routing.access import VehicleKind, class_access
from routing.citybuild import Sources, build_city
from routing.ground import ground_of
from routing.matrix.arrays import F64, I32
from routing.matrix.cost import INF
from routing.moment import day_roads
from routing.travel import warm

DAY = date(2026, 11, 24)
KIND = VehicleKind(CATEGORY, Critair.EL, Energy.ELECTRIC)
OPTIONS = "annotations=duration&generate_hints=false&skip_waypoints=true"
KMH = (5, 50)


@dataclass(frozen=True)
class Update:
    """What one engine took to take the traffic in, to be ready to answer with it, and to answer."""

    take_in_s: float
    load_s: float
    table_s: float
    wall_s: float
    duration_s: F64

    @property
    def cpu_s(self) -> float:
        """CPU seconds in all."""
        return self.take_in_s + self.load_s + self.table_s


def write_speeds(streets: StreetNetwork, share: float, seed: int, path: Path) -> int:
    """Write new speeds for all pieces of a share of the arcs and return how many pieces that are."""
    rng = clock.rng(seed)
    lines = []
    for arc in np.flatnonzero(rng.random(streets.arcs) < share).tolist():
        inner = streets.shape_node_id[streets.shape_ptr[arc] : streets.shape_ptr[arc + 1]].tolist()
        nodes = [int(streets.node_id[streets.tail[arc]]), *inner, int(streets.node_id[streets.head[arc]])]
        kmh = rng.integers(*KMH)
        lines += [f"{start},{end},{kmh}" for start, end in pairwise(nodes)]
    path.write_text("\n".join(lines) + "\n")
    return len(lines)


def ours(city: City, speeds: Path, lat: F64, lon: F64, repeats: int) -> Update:
    """Return the least of the repeats."""
    ground = ground_of(city)
    at = datetime.combine(DAY, time(10), clock.PARIS)
    access = class_access(city.zones, KIND, DAY, clock.PARIS.key)
    duration_s: I32 = np.empty((len(lat), len(lat)), dtype=np.int32)

    def take_in() -> None:
        read_traffic(speeds, city.streets)

    def load() -> None:
        day = day_roads(city, access, DAY, clock.PARIS.key, Conditions(traffic=traffic))
        day.roads(day.profile(at, at))

    def answer() -> None:
        table(roads, lat, lon, duration_s, None)

    with cores(1):
        traffic, _ = read_traffic(speeds, city.streets)
        day = day_roads(city, access, DAY, clock.PARIS.key, Conditions(traffic=traffic))
        roads = day.roads(day.profile(at, at))
        assert roads.ground is ground
        parts = [least(work, repeats) for work in (take_in, load, answer)]
    found = np.where(duration_s < INF, duration_s, np.nan)
    return Update(parts[0][0], parts[1][0], parts[2][0], sum(wall_s for _, wall_s in parts), found)


def osrm_with(osrm: Path, base: Path, program: str, algorithm: str, speeds: Path, lat: F64, lon: F64) -> Update:
    """Return what OSRM took with one of its algorithms."""
    started_s = clock.elapsed_s()
    take_in_s = run(osrm, program, "-t", "1", "--segment-speed-file", str(speeds), str(base))
    with served(osrm, base, len(lat), algorithm) as (pid, address):
        load_s = used_cpu_s(pid)
        osrm_table(address, lat, lon, OPTIONS, flatbuffers=True)
        table_s = used_cpu_s(pid) - load_s
        wall_s = clock.elapsed_s() - started_s
        durations = json.loads(osrm_table(address, lat, lon, OPTIONS))["durations"]
    return Update(take_in_s, load_s, table_s, wall_s, np.array(durations, dtype=np.float64))


def agreement(one: Update, other: Update) -> float:
    """Return the correlation of durations over the pairs that both connect."""
    both = np.isfinite(one.duration_s) & np.isfinite(other.duration_s)
    return float(np.corrcoef(one.duration_s[both], other.duration_s[both])[0, 1])


def main() -> None:
    """Print the table."""
    parser = arguments(__doc__, n=[1000])
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    warm()
    city, _ = build_city(Sources(str(given.extract)), lambda step, share: None)
    lat, lon = points_on_streets(ground_of(city), given.n, given.seed)
    with tempfile.TemporaryDirectory() as scratch:
        speeds = Path(scratch) / "speeds.csv"
        pieces = write_speeds(city.streets, given.share, given.seed, speeds)
        mine = ours(city, speeds, lat, lon, given.repeats)
        kept = prepared(given.extract, given.osrm, given.keep or Path(scratch) / "kept")
        base = shutil.copytree(kept.parent, Path(scratch) / "updated") / kept.name  # the kept one stays without traffic
        run(given.osrm, "osrm-partition", "-t", "1", str(base))
        updates = {
            "Jalon": mine,
            "OSRM MLD": osrm_with(given.osrm, base, "osrm-customize", "mld", speeds, lat, lon),
            "OSRM CH": osrm_with(given.osrm, base, "osrm-contract", "ch", speeds, lat, lon),
        }
    rows = Table(title=f"{city.name}: {pieces} new speeds, {given.n} x {given.n}; CPU seconds, one core")
    for name in ("engine", "take in", "load", "table", "total", "÷ ours", "wall", "agreement"):
        rows.add_column(name, justify="left" if name == "engine" else "right")
    for name, update in updates.items():
        parts = (update.take_in_s, update.load_s, update.table_s, update.cpu_s)
        cells = [f"{seconds:.3f}" for seconds in parts]
        ratio = f"{update.cpu_s / mine.cpu_s:.0f}"
        rows.add_row(name, *cells, ratio, f"{update.wall_s:.2f}", f"{agreement(mine, update):.5f}")
    Console(width=110).print(rows)
    print("take in: ours reads the file, OSRM runs its preparation; load: ours customizes, OSRM's server starts")


if __name__ == "__main__":
    main()
