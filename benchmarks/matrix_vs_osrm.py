"""Tables of travel times on one core: ours against OSRM's contraction hierarchy, same extract, same points, same run.

Run: ``python benchmarks/matrix_vs_osrm.py EXTRACT --osrm FOLDER [--n 1000 4000] [--repeats 7] [--osrm-repeats 3]``.
EXTRACT is a .osm.pbf. FOLDER is the ``osrm`` folder of the unzipped ``osrm-bindings`` wheel, which holds OSRM's own
binaries (``bin``) and profiles (``share/profiles``): ``pip download --no-deps osrm-bindings``, then unzip it.

What is compared, in CPU seconds, the minimum of the repeats:

- ours: snapping and the table, durations and distances, int32 arrays in memory (what ``jalon bench matrix`` calls
  ``cpu_s``). Junctions are the nodes, so turn restrictions and turn costs are **not** applied.
- OSRM: user and system time of ``osrm-routed`` (CH, one thread, car profile, **with** turn restrictions and costs)
  around each ``/table`` request, from ``/proc``, which counts hundredths of a second. The answer is in flatbuffers, the
  cheaper of its formats, without hints and waypoints, but it is encoded and sent, which ours is not. Once with
  durations alone, OSRM's default, once with distances.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from data import clock
from jalon.matrix_bench import free_flow, least, one_core, points_on_streets, table
from routing.citybuild import Sources, build_city
from routing.ground import ground_of
from routing.matrix.arrays import F64
from routing.travel import warm

READY_S = 120.0
"""How long the server may take to load."""


def prepared(extract: Path, osrm: Path, folder: Path) -> Path:
    """Extract and contract the streets with OSRM's car profile; return its base file."""
    copy = folder / extract.name
    shutil.copy(extract, copy)
    base = folder / (extract.name.removesuffix(".osm.pbf") + ".osrm")
    profile = osrm / "share" / "profiles" / "car.lua"
    for words in (["osrm-extract", "-p", str(profile), str(copy)], ["osrm-contract", str(base)]):
        before = os.times()
        subprocess.run([str(osrm / "bin" / words[0]), *words[1:]], check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        spent_s = after.children_user + after.children_system - before.children_user - before.children_system
        print(f"{words[0]}: {spent_s:.1f} CPU s")
    return base


@contextmanager
def served(osrm: Path, base: Path, largest: int) -> Iterator[tuple[int, str]]:
    """Serve the streets on loopback with one thread; yield the server's process and address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [str(osrm / "bin" / "osrm-routed"), "-i", "127.0.0.1", "-p", str(port), "-t", "1"]
    words += ["--max-table-size", str(largest), str(base)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as server:
        try:
            _wait_until_open(port, server)
            yield server.pid, f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_until_open(port: int, server: subprocess.Popen[bytes]) -> None:
    started_s = clock.elapsed_s()
    while clock.elapsed_s() - started_s < READY_S:
        if server.poll() is not None:
            raise RuntimeError(f"osrm-routed ended with {server.returncode}")
        with socket.socket() as attempt:
            attempt.settimeout(0.2)
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise TimeoutError("osrm-routed does not listen")


def used_cpu_s(pid: int) -> float:
    """Return the CPU seconds a process has used, all threads, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def osrm_cpu_s(pid: int, address: str, lat: F64, lon: F64, annotations: str, repeats: int) -> float:
    """Return the least CPU seconds the server took for one table between the points."""
    places = ";".join(f"{x:.6f},{y:.6f}" for x, y in zip(lon.tolist(), lat.tolist()))
    options = f"annotations={annotations}&generate_hints=false&skip_waypoints=true"
    url = f"{address}/table/v1/driving/{places}.flatbuffers?{options}"
    spent_s = []
    for _ in range(repeats):
        before_s = used_cpu_s(pid)
        with urllib.request.urlopen(url) as answer:  # an error status raises
            size = len(answer.read())
        spent_s.append(used_cpu_s(pid) - before_s)
        tables = annotations.count(",") + 1
        if size < 4 * tables * len(lat) ** 2:
            raise RuntimeError(f"{size} bytes don't hold {tables} float32 tables of {len(lat)} x {len(lat)}")
    return min(spent_s)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("extract", type=Path)
    parser.add_argument("--osrm", type=Path, required=True)
    parser.add_argument("--n", type=int, nargs="+", default=[1000, 4000])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--osrm-repeats", type=int, default=3)
    given = parser.parse_args()
    warm()
    city, _ = build_city(Sources(str(given.extract)), lambda step, share: None)
    ground = ground_of(city)
    metric = free_flow(ground)
    rows = Table(title=f"{city.name}: CPU seconds, one core; OSRM ÷ ours in brackets")
    for name in ("n", "ours (both)", "OSRM durations", "OSRM durations and distances"):
        rows.add_column(name, justify="right")
    with tempfile.TemporaryDirectory() as folder:
        base = prepared(given.extract, given.osrm, Path(folder))
        with served(given.osrm, base, max(given.n)) as (pid, address):
            for n in given.n:
                lat, lon = points_on_streets(ground, n, given.seed)
                with one_core():
                    ours_s, _ = least(partial(table, ground, metric, lat, lon), given.repeats)
                cells = [str(n), f"{ours_s:.3f}"]
                for annotations in ("duration", "duration,distance"):
                    osrm_s = osrm_cpu_s(pid, address, lat, lon, annotations, given.osrm_repeats)
                    cells.append(f"{osrm_s:.2f} ({osrm_s / ours_s:.1f}x)")
                rows.add_row(*cells)
    Console(width=110).print(rows)
    print("Ours applies no turn restrictions (junctions are the nodes); OSRM's car profile does, on a larger graph.")


if __name__ == "__main__":
    main()
