"""OSRM's own binaries, to compare with: prepare an extract, serve it on loopback, ask it for tables.

They come in the ``osrm`` folder of the unzipped ``osrm-bindings`` wheel (``pip download --no-deps osrm-bindings``):
binaries in ``bin``, profiles in ``share/profiles``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data import clock
from routing.matrix.arrays import F64

READY_S = 120.0
"""How long the server may take to load."""


def arguments(document: str, *, n: list[int]) -> argparse.ArgumentParser:
    """Return the parser of what every comparison with OSRM is given; of several ``n`` any number may be."""
    parser = argparse.ArgumentParser(description=document.splitlines()[0])
    parser.add_argument("extract", type=Path)
    parser.add_argument("--osrm", type=Path, required=True)
    parser.add_argument("--n", type=int, **({"nargs": "+", "default": n} if len(n) > 1 else {"default": n[0]}))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    return parser


def prepared(extract: Path, osrm: Path, folder: Path) -> Path:
    """Return the base file of the streets, extracted and contracted with OSRM's car profile in ``folder``.

    What an earlier run left there is taken as it is.
    """
    copy = folder / extract.name
    base = folder / (extract.name.removesuffix(".osm.pbf") + ".osrm")
    if base.with_suffix(".osrm.hsgr").exists():
        return base
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(extract, copy)
    profile = osrm / "share" / "profiles" / "car.lua"
    for name, *words in (("osrm-extract", "-p", str(profile), str(copy)), ("osrm-contract", str(base))):
        print(f"{name}: {run(osrm, name, *words):.1f} CPU s")
    return base


def run(osrm: Path, name: str, *words: str) -> float:
    """Run one of OSRM's programs and return the CPU seconds it took."""
    before = os.times()
    subprocess.run([str(osrm / "bin" / name), *words], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


@contextmanager
def served(osrm: Path, base: Path, largest: int, algorithm: str = "ch") -> Iterator[tuple[int, str]]:
    """Serve the streets on loopback with one thread; yield the server's process and address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [str(osrm / "bin" / "osrm-routed"), "-i", "127.0.0.1", "-p", str(port), "-t", "1"]
    words += ["--algorithm", algorithm, "--max-table-size", str(largest), str(base)]
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


def table(address: str, lat: F64, lon: F64, options: str, flatbuffers: bool = False) -> bytes:
    """Return the server's answer, JSON or flatbuffers, on the table between all points."""
    places = ";".join(f"{x:.6f},{y:.6f}" for x, y in zip(lon.tolist(), lat.tolist()))
    encoding = ".flatbuffers" if flatbuffers else ""
    with urllib.request.urlopen(f"{address}/table/v1/driving/{places}{encoding}?{options}") as answer:
        content: bytes = answer.read()  # an error status raises
    return content


def used_cpu_s(pid: int) -> float:
    """Return the CPU seconds a process has used, all threads, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
