"""``jalon city``: build a city file from a source, look into one, and sample a day and a burst on it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from data import clock
from data.cityfile import city_id, read_city, write_city
from data.errors import InputError
from data.model.city import City
from data.model.traffic import SPEED_FACTOR
from data.synthetic.city import synthetic_city
from data.synthetic.sample import write_sample
from jalon.cli_geocode import ban
from jalon.inputs import refuse_unused, require_writable
from jalon.options import JsonOption
from jalon.terminal import StepBars, print_json, say, warm_if_cold
from routing.citybuild import Sources, build_city, speed_arrays
from routing.travel import prepare_city

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="City files: build, look into, sample.")
SYNTHETIC = "synthetic"

CityFile = Annotated[Path, typer.Argument(metavar="CITY", help="A .city file.")]


@app.command()
def build(
    source: Annotated[
        str, typer.Argument(metavar="SRC", help=".osm.pbf, .graphml, a place name (from the network) or `synthetic`.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The .city file to write.")],
    zfe: Annotated[
        list[Path] | None,
        typer.Option("--zfe", metavar="FILE", help="Low-emission zones: GeoJSON as in the BNZFE; repeatable."),
    ] = None,
    relays: Annotated[
        list[Path] | None,
        typer.Option("--relays", metavar="FILE", help="Relay points: CSV, GeoJSON or .osm.pbf; repeatable."),
    ] = None,
    speeds: Annotated[
        Path | None,
        typer.Option("--speeds", metavar="FILE", help="Speeds by the hour: CSV of road class, weekday, hours, factor."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The city's name, else the file's.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Which synthetic city.")] = 1,
    ignore_unreadable: Annotated[
        bool, typer.Option("--ignore-unreadable-zones", help="Drop zone rules whose hours nobody can read.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Build a city file from streets, zones and relay points.

    The streets are ordered once, so that travel times are fast ever after.
    """
    require_writable(output)
    warm_if_cold()
    started_s = clock.elapsed_s()
    notes: list[str] = []
    with StepBars() as bars:
        if source == SYNTHETIC:
            refuse_unused("the synthetic city", {"--zfe": zfe, "--relays": relays, "--name": name})
            bars("drawing the city", 0.0)
            city = synthetic_city(seed)
            city = prepare_city(replace(city, derived={**city.derived, **speed_arrays(speeds)}), bars)
        else:
            found = Sources(source, tuple(zfe or ()), tuple(relays or ()), name, ignore_unreadable, speeds)
            city, notes = build_city(found, bars)
    write_city(city, output)
    for note in notes:
        say("note", note, "yellow")
    _show(city, output, as_json, {"build_s": round(clock.elapsed_s() - started_s, 2), "notes": notes})


@app.command()
def info(path: CityFile, as_json: JsonOption = False) -> None:
    """Verify a city file and say what it holds."""
    _show(read_city(path), path, as_json, {})


@app.command()
def sample(
    path: CityFile,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the files go.")],
    orders: Annotated[int, typer.Option("--orders", min=1, metavar="N", help="Orders of the normal day.")] = 400,
    burst: Annotated[int, typer.Option("--burst", min=0, metavar="N", help="Orders of the live burst.")] = 1200,
    day: Annotated[
        str | None, typer.Option("--day", metavar="DATE", help="The planned day, YYYY-MM-DD; else tomorrow.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Another seed is another day.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Invent a day and a live burst on a city.

    Writes request.json, burst.json and burst.csv, to try the engine with.
    """
    try:
        planned = date.fromisoformat(day) if day else clock.now().date() + timedelta(days=1)
    except ValueError:
        raise InputError("bad_date", f"{day!r} is no date", "--day", "write YYYY-MM-DD") from None
    files = [output / file for file in ("request.json", "burst.json", "burst.csv")]
    require_writable(*files)
    city = read_city(path)
    write_sample(city, planned, orders, burst, seed, output, os.path.relpath(path, output))
    if as_json:
        print_json({"day": planned.isoformat(), "orders": orders, "burst": burst, "files": [str(f) for f in files]})
    say("written", ", ".join(str(file) for file in files))


app.command()(ban)


def _show(city: City, path: Path, as_json: bool, extra: dict[str, Any]) -> None:
    west, south, east, north = (round(degrees, 5) for degrees in city.streets.bounds())
    figures = {
        "city": city.name,
        "path": str(path),
        "id": city_id(city),
        "junctions": city.streets.nodes,
        "arcs": city.streets.arcs,
        "turn_restrictions": len(city.streets.restriction_only),
        "zones": len(city.zones),
        "places": len(city.places),
        "speeds_by_hour": SPEED_FACTOR in city.derived,
        "bounds": [west, south, east, north],
        "bytes": path.stat().st_size,
        **extra,
    }
    if as_json:
        print_json(figures)
    for key, value in figures.items():
        if key != "notes" and not as_json:
            say(f"{key:>18}", str(value), "bold")
