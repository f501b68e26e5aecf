"""``jalon matrix``: travel times and distances between the points of a file, as one vehicle finds them at one time."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from data import clock
from data.codec import whole
from data.errors import InputError
from data.sources.points import read_points
from jalon.inputs import load_city, load_conditions, require_writable
from jalon.matrix_table import FAR_M, Asked, ask, fill, profile_figures, table_figures
from jalon.options import AtOption, JsonOption, TrafficOption, WeatherOption, departure, vehicle_kind
from jalon.terminal import print_json, say, warm_if_cold
from routing.access import class_access
from routing.moment import day_roads
from routing.table_file import TABLE_FILES, json_stream
from routing.unreached import Unreached

SHOWN = 5


def matrix(
    points: Annotated[Path, typer.Argument(metavar="POINTS", help="CSV (id, lat, lon) or GeoJSON points.")],
    city: Annotated[str, typer.Option("--city", metavar="FILE", help="A .city file.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Where the table goes: .npz, .parquet or .json."),
    ] = None,
    targets: Annotated[
        Path | None, typer.Option("--targets", metavar="POINTS", help="To these points, else to the same ones.")
    ] = None,
    vehicle: Annotated[
        str, typer.Option("--vehicle", metavar="KIND", help="Category, Crit'Air class and energy, or a category.")
    ] = "vul-NC-diesel",
    at: AtOption = None,
    traffic: TrafficOption = None,
    weather: WeatherOption = None,
    durations_only: Annotated[
        bool, typer.Option("--durations-only", help="Leave distances out: a third less time.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure seconds and metres between all points of a file.

    As one vehicle finds the streets at one time: turns, zones, hours, traffic and weather as in a plan. Pairs without
    a way are null, in .npz 1000000000 (`unreachable` in the file) in both tables. Without -o the table is printed as
    JSON; --json prints a summary instead.
    """
    started_s = clock.elapsed_s()
    kind = vehicle_kind(vehicle)
    leaves_at = departure(at)
    _require_format(output)
    require_writable(output)
    sources, ends = read_points(points), read_points(targets) if targets else None
    place = load_city(city, "", Path())
    conditions, notes = load_conditions(place, traffic, weather)
    for note in notes:
        say("note", note, "yellow")
    warm_if_cold(solver=False)
    access = class_access(place.zones, kind, leaves_at.date(), clock.PARIS.key)
    day = day_roads(place, access, leaves_at.date(), clock.PARIS.key, conditions)
    asked = ask(sources, ends, day, day.profile(leaves_at, leaves_at))
    unreached = _write(asked, output, not durations_only, as_json)
    figures = {
        **table_figures(place, asked, unreached),
        "vehicle": access.id,
        "at": leaves_at.isoformat(),
        "profile": profile_figures(place, day, asked.profile, leaves_at),
        "durations_only": durations_only,
        "seconds": round(clock.elapsed_s() - started_s, 3),
        "path": str(output) if output else None,
    }
    if as_json:
        print_json(figures)
    _tell(figures)


def _require_format(output: Path | None) -> None:
    if output is not None and output.suffix.casefold() not in TABLE_FILES:
        message = f"{output.name!r} doesn't end like a table"
        raise InputError("unknown_format", message, "-o", f"name it {', '.join(f'*{end}' for end in TABLE_FILES)}")


def _write(asked: Asked, output: Path | None, distances: bool, as_json: bool) -> Unreached:
    """Fill the table into the file, onto stdout, or nowhere where only the summary is asked for."""
    ids = asked.ids(distances)
    if output is not None:
        with whole(output) as draft, TABLE_FILES[output.suffix.casefold()](draft, ids) as write:
            return fill(asked, distances, write)
    if as_json:
        return fill(asked, distances, lambda duration_s, distance_m: None)
    with json_stream(sys.stdout.buffer, ids) as write:
        return fill(asked, distances, write)


def _tell(figures: dict[str, Any]) -> None:
    """Say what a person should know about the table."""
    snap, profile = figures["snap"], figures["profile"]
    shape = f"{figures['points']} x {figures['targets']} in {figures['seconds']} s"
    say("table", f"{shape} for {figures['vehicle']} at {figures['at']}", "bold")
    if profile["closed_zones"]:
        say("closed", f"zones {', '.join(profile['closed_zones'])}", "yellow")
    for reason in figures["reasons"]:
        name = " ".join([reason["reason"].replace("_", " "), reason["zone_id"] or ""]).strip()
        say("no way", f"for {reason['pairs']} pairs: {name}", "yellow")
    say("streets", f"{snap['median_m']:g} m away in the median, {snap['max_m']} m at most")
    if far := snap["far"]:
        named = ", ".join(f"{point['id']} ({point['snap_m']} m)" for point in far[:SHOWN])
        say("note", f"{len(far)} points are farther than {FAR_M} m from their street: {named}", "yellow")
    if figures["path"]:
        say("written", figures["path"])
