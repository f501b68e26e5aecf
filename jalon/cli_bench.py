"""``jalon bench``: what the engine costs on a network of the user's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from data.cityfile import read_city, write_city
from data.errors import InputError
from jalon.cli_bench_td import td
from jalon.cli_bench_vrp import vrp
from jalon.matrix_bench import CATEGORY, REPEATS, cores, least
from jalon.options import JsonOption
from jalon.terminal import StepBars, console, print_json, warm_if_cold
from routing.citybuild import Sources, build_city
from routing.travel import prepare_city
from routing.travel import warm as warm_travel

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Measure the engine on a network of yours.")
app.command()(vrp)
app.command()(td)

MEANINGS = {
    "n": "points",
    "cpu_s": f"snap and durations, CPU, least of {REPEATS}",
    "cpu_with_distances_s": "the same with distances",
    "wall_s": f"snap and durations, wall, least of {REPEATS}",
    "order_s": "order and topology, CPU, once per city",
    "customize_s": "customize, CPU, once per profile",
    "load_s": "read the city file, ready to answer, wall",
    "peak_rss_mb": "most memory held to load and answer, MiB",
    "threads": "threads that filled the tables",
}


@app.command()
def matrix(
    network: Annotated[Path, typer.Option("--network", metavar="FILE", help="Streets: a .osm.pbf or a .city file.")],
    n: Annotated[int, typer.Option("--n", min=1, metavar="N", help="Points, drawn along the streets.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="S", help="Another seed draws other points.")] = 1,
    threads: Annotated[int, typer.Option("--threads", min=1, metavar="T", help="Cores to fill the tables on.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Time a table of durations between N points.

    A van's streets at free flow; turn restrictions and the time that turns take are applied. cpu_s is the CPU to snap
    the points and fill the table, the least of 7 repeats once everything is warm. A process of its own loads the built
    city and answers: peak_rss_mb is what it holds at most, building left aside.
    """
    available = len(os.sched_getaffinity(0))
    if threads > available:
        raise InputError("too_many_threads", f"{threads} threads on {available} cores", "--threads", "ask for fewer")
    warm_if_cold(solver=False)
    with tempfile.TemporaryDirectory() as folder:
        built = _built(network, Path(folder))
        with console.status(f"measuring {n} x {n} for {CATEGORY.value}"):
            order_s = _order_s(built)
            measured = _measured_apart(built, n, seed, threads)
    measured["order_s"] = order_s
    figures: dict[str, int | float] = {"n": n, "threads": threads, **{k: round(v, 4) for k, v in measured.items()}}
    figures = {name: figures[name] for name in MEANINGS}
    if as_json:
        print_json(figures)
    else:
        console.print(_rows(figures))


def _built(network: Path, folder: Path) -> Path:
    """Return the city file; one is built from an extract first."""
    if network.suffix == ".city":
        return network
    if network.suffix != ".pbf":
        message = f"{network.name!r} is neither an extract nor a city file"
        raise InputError("unknown_network", message, "--network", "give a .osm.pbf or a .city file")
    with StepBars() as bars:
        city, _ = build_city(Sources(str(network)), bars)
    write_city(city, folder / "bench.city")
    return folder / "bench.city"


def _order_s(path: Path) -> float:
    city = read_city(path)
    warm_travel()
    with cores(1):
        return least(lambda: prepare_city(city), 1)[0]


def _measured_apart(path: Path, n: int, seed: int, threads: int) -> dict[str, float]:
    """Return what :func:`jalon.matrix_bench.measure` finds in a process of its own."""
    words = [sys.executable, "-m", "jalon.matrix_bench", str(path.absolute()), str(n), str(seed), str(threads)]
    found: dict[str, float] = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
    return found


def _rows(figures: dict[str, int | float]) -> Table:
    """Return the figures as a table of less than 80 columns."""
    table = Table(box=None, pad_edge=False)
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("what")
    for name, value in figures.items():
        table.add_row(name, str(value), MEANINGS[name])
    return table
