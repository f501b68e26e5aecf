"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON value on stdout, all else on stderr.")]
MapOption = Annotated[
    Path | None, typer.Option("--map", metavar="FILE", help="Write a map: one HTML file that needs no network.")
]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit 1 when a promise is broken.")]
OutOption = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write the plan here; else it is printed on stdout."),
]
ListOption = Annotated[
    bool, typer.Option("--loading", help="Print the loading lists in full, one line per tour, last stop first.")
]
