"""The options that several commands share, and what the words given for them mean."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from data import clock
from data.errors import InputError, near_miss
from data.model.vehicle import Category, Critair, Energy
from routing.access import VehicleKind

A_DAY_S = 86_400.0

CityOption = Annotated[
    str | None, typer.Option("--city", metavar="FILE", help="A .city file; else the one the request names.")
]
SecondsOption = Annotated[
    float, typer.Option("-l", "--limit", min=0.0, max=A_DAY_S, metavar="SECONDS", help="Search for at most this long.")
]
SeedOption = Annotated[
    int, typer.Option("--seed", min=0, help="Fixes the search's chances; recorded in the plan.", metavar="N")
]
ThreadsOption = Annotated[
    int, typer.Option("-t", "--threads", min=1, max=64, metavar="T", help="Searches side by side, one a core.")
]
IterationsOption = Annotated[
    int | None,
    typer.Option(
        "--iterations", min=1, metavar="N", help="End each search after so many: with one thread a seed fixes the plan."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON value on stdout, all else on stderr.")]
MapOption = Annotated[
    Path | None, typer.Option("--map", metavar="FILE", help="Write a map: one HTML file that needs no network.")
]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit 1 when a promise is broken.")]
TrafficOption = Annotated[
    Path | None,
    typer.Option(
        "--traffic", metavar="FILE", help="Live traffic: segment speeds (CSV as OSRM's) or incidents (GeoJSON)."
    ),
]
WeatherOption = Annotated[
    str | None,
    typer.Option("--weather", metavar="NAME", help="dry, rain, snow, ice, or a factor on the usual speed such as 0.8."),
]
VehicleOption = Annotated[
    list[str],
    typer.Option("--vehicle", metavar="KIND", help="Category, Crit'Air class, energy: vul-V3-diesel; repeatable."),
]
AtOption = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help="When it leaves, 2026-11-24T08:30 (French time); else now.")
]
OutOption = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write the plan here; else it is printed on stdout."),
]
StreamOption = Annotated[
    str | None,
    typer.Option("--stream", metavar="FILE", help="Each better checked plan, a line of JSON; - is stdout."),
]
ListOption = Annotated[
    bool, typer.Option("--loading", help="Print the loading lists in full, one line per tour, last stop first.")
]


def vehicle_kind(text: str) -> VehicleKind:
    """Return the kind of vehicle that ``vul-V3-diesel`` names: category, Crit'Air class, energy.

    A category alone has no sticker; it burns diesel, or is a cargo bike.
    """
    words = text.split("-")
    if len(words) not in (1, len(VehicleKind._fields)):
        action = "write category, Crit'Air class and energy, such as vul-V3-diesel or cargo_bike-EL-human"
        raise InputError("unknown_vehicle", f"{text!r} is no kind of vehicle", "--vehicle", action)
    category = Category(_named(words[0], Category, "category"))
    if len(words) == 1:
        return VehicleKind(category, Critair.NC, Energy.HUMAN if category is Category.CARGO_BIKE else Energy.DIESEL)
    return VehicleKind(
        category, Critair(_named(words[1], Critair, "Crit'Air class")), Energy(_named(words[2], Energy, "energy"))
    )


def _named(word: str, known: type[StrEnum], noun: str) -> str:
    names = {name.value.casefold(): name.value for name in known}
    if word.casefold() not in names:
        action = near_miss(word, names.values()) or f"one of {', '.join(names.values())}"
        raise InputError("unknown_vehicle", f"{word!r} is no {noun}", "--vehicle", action)
    return names[word.casefold()]


def departure(text: str | None) -> datetime:
    """Return the instant that ``2026-11-24T08:30`` names, in French time where it tells no offset; now without."""
    try:
        at = clock.now() if text is None else datetime.fromisoformat(text)
    except ValueError:
        action = "write 2026-11-24T08:30, or 2026-11-24T08:30:00+01:00"
        raise InputError("bad_time", f"{text!r} is no time", "--at", action) from None
    return (at.replace(tzinfo=clock.PARIS) if at.tzinfo is None else at.astimezone(clock.PARIS)).replace(microsecond=0)


def point(text: str, option: str) -> tuple[float, float]:
    """Return latitude and longitude of ``47.2184,-1.5536``."""
    found = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*", text)
    if not found:
        action = "write latitude and longitude in degrees, such as 47.2184,-1.5536"
        raise InputError("not_a_point", f"{text!r} is no point", option, action)
    return float(found[1]), float(found[2])
