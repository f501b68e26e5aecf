"""``jalon city``: build a city file from a source, look into one, and sample a day and a burst on it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from data import clock
from data.cityfile import read_city, write_city
from data.errors import InputError
from data.model.city import City
from data.synthetic.city import synthetic_city
from data.synthetic.sample import write_sample
from jalon.terminal import StepBars, console, print_json
from routing.citybuild import Sources, build_city
from routing.travel import prepare_city

app = typer.Typer(no_args_is_help=True, help="City files: streets, zones, relay points, and what is computed once.")

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


@app.command()
def build(
    source: Annotated[str, typer.Argument(help=".osm.pbf, .graphml[.bz2], 'synthetic', or a place name (network).")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The .city file to write.")],
    zfe: Annotated[list[Path] | None, typer.Option("--zfe", help="BNZFE GeoJSON (areas or roads); repeatable.")] = None,
    relays: Annotated[list[Path] | None, typer.Option("--relays", help="Relay points: CSV, GeoJSON or pbf.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The city's name, else the file's.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="For the synthetic city.")] = 1,
    ignore_unreadable: Annotated[
        bool, typer.Option("--ignore-unreadable-zones", help="Drop zone rules whose hours nobody can read.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Build a city: streets, zones and relay points, ordered once for fast travel times."""
    started = clock.elapsed_s()
    with StepBars() as bars:
        if source == "synthetic":
            city, notes = prepare_city(synthetic_city(seed), bars), []
        else:
            found = Sources(source, tuple(zfe or ()), tuple(relays or ()), name, ignore_unreadable)
            city, notes = build_city(found, bars)
    write_city(city, output)
    for note in notes:
        console.print(f"[yellow]note[/] {note}", highlight=False)
    _show(city, output, as_json, {"build_s": round(clock.elapsed_s() - started, 2), "notes": notes})


@app.command()
def info(path: Annotated[Path, typer.Argument(help="A .city file.")], as_json: JsonOption = False) -> None:
    """Verify a city file and say what it holds."""
    _show(read_city(path), path, as_json, {})


@app.command()
def sample(
    path: Annotated[Path, typer.Argument(help="A .city file.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for request.json and burst.csv.")],
    orders: Annotated[int, typer.Option("--orders", min=1, help="Orders of the normal day.")] = 400,
    burst: Annotated[int, typer.Option("--burst", min=0, help="Orders of the live burst.")] = 1200,
    day: Annotated[str | None, typer.Option("--day", help="The planned day, YYYY-MM-DD; tomorrow if left out.")] = None,
    seed: Annotated[int, typer.Option("--seed")] = 1,
) -> None:
    """Write a made-up but realistic day and live burst for a city, to try the engine with."""
    try:
        planned = date.fromisoformat(day) if day else clock.now().date() + timedelta(days=1)
    except ValueError:
        raise InputError("bad_date", f"{day!r} is no date", "--day", "write YYYY-MM-DD") from None
    write_sample(read_city(path), planned, orders, burst, seed, output)
    console.print(f"wrote {output}/request.json and {output}/burst.csv")


def _show(city: City, path: Path, as_json: bool, extra: dict[str, Any]) -> None:
    figures = {
        "city": city.name,
        "path": str(path),
        "junctions": city.streets.nodes,
        "arcs": city.streets.arcs,
        "turn_restrictions": len(city.streets.restriction_only),
        "zones": len(city.zones),
        "places": len(city.places),
        "bytes": path.stat().st_size,
        **extra,
    }
    if as_json:
        print_json(figures)
    else:
        for key, value in figures.items():
            if key != "notes":
                console.print(f"{key:>18} {value}", highlight=False)
