"""``jalon bench``: what the engine costs on a network of the user's own."""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from data import clock
from data.cityfile import read_city, write_city
from data.errors import InputError
from data.model.city import City
from jalon.matrix_bench import CATEGORY, REPEATS, measure, points_on_streets
from jalon.options import JsonOption
from jalon.terminal import StepBars, console, print_json, warm_if_cold
from routing.citybuild import Sources, build_city
from routing.ground import ground_of

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Measure the engine on a network of yours.")
KIB_PER_MIB = 1024

MEANINGS = {
    "n": "points",
    "cpu_s": f"snap and table, CPU, least of {REPEATS}",
    "cpu_with_distances_s": "the same: durations and distances come together",
    "wall_s": f"snap and table, wall, least of {REPEATS}",
    "order_s": "order and topology, CPU, once per city",
    "customize_s": "customize, CPU, once per profile",
    "load_s": "read the city file, wall",
    "peak_rss_mb": "most memory held by the command, MiB",
    "threads": "threads that filled the table",
}


@app.command()
def matrix(
    network: Annotated[Path, typer.Option("--network", metavar="FILE", help="Streets: a .osm.pbf or a .city file.")],
    n: Annotated[int, typer.Option("--n", min=1, metavar="N", help="Points, drawn along the streets.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="S", help="Another seed draws other points.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Time a table of durations and distances between N points, on one core.

    A van's streets at free flow. cpu_s is the CPU to snap the points and fill the table, the least of 7 repeats once
    everything is warm. Durations and distances are found together, so cpu_with_distances_s is the same measurement.
    Turn restrictions are not applied.
    """
    warm_if_cold()
    city, load_s = _loaded(network)
    with console.status(f"measuring {n} x {n} for {CATEGORY.value}"):
        lat, lon = points_on_streets(ground_of(city), n, seed)
        cost = measure(city, lat, lon)
    figures: dict[str, int | float] = {
        "n": n,
        "cpu_s": round(cost.cpu_s, 4),
        "cpu_with_distances_s": round(cost.cpu_s, 4),
        "wall_s": round(cost.wall_s, 4),
        "order_s": round(cost.order_s, 4),
        "customize_s": round(cost.customize_s, 4),
        "load_s": round(load_s, 4),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB, 1),
        "threads": 1,
    }
    if as_json:
        print_json(figures)
    else:
        console.print(_rows(figures))


def _loaded(network: Path) -> tuple[City, float]:
    """Return the city and the seconds its file took to read; an extract is built and written to a file first."""
    if network.suffix == ".city":
        return _timed_read(network)
    if network.suffix != ".pbf":
        message = f"{network.name!r} is neither an extract nor a city file"
        raise InputError("unknown_network", message, "--network", "give a .osm.pbf or a .city file")
    with tempfile.TemporaryDirectory() as folder, StepBars() as bars:
        city, _ = build_city(Sources(str(network)), bars)
        path = Path(folder) / "bench.city"
        write_city(city, path)
        return _timed_read(path)


def _timed_read(path: Path) -> tuple[City, float]:
    started_s = clock.elapsed_s()
    city = read_city(path)
    return city, clock.elapsed_s() - started_s


def _rows(figures: dict[str, int | float]) -> Table:
    """Return the figures as a table of less than 80 columns."""
    table = Table(box=None, pad_edge=False)
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("what")
    for name, value in figures.items():
        table.add_row(name, str(value), MEANINGS[name])
    return table
