"""``jalon live``: what a live-shopping session would do to hubs, dates, stock and tours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.errors import InputError
from data.model.traffic import WEATHER
from jalon.inputs import require_writable
from jalon.kernels import warm_promise_if_cold
from jalon.options import JsonOption, SeedOption
from jalon.terminal import console, print_json, say
from jalon.what_if_report import figures, plot_format, tables, write_plot
from promise.what_if import SCENARIOS, compare
from promise.what_if_input import SAMPLE_PATH, Change, WhatIf, read_what_if

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Live sessions: what if.")


@app.callback()
def common() -> None:
    """Hold what goes before every command."""


@app.command("what-if")
def what_if(
    input_path: Annotated[
        Path | None, typer.Argument(metavar="[INPUT]", help="Hubs, areas and lives as JSON; a sample if left out.")
    ] = None,
    live: Annotated[str | None, typer.Option("--live", metavar="ID", help="Which live; the first if left out.")] = None,
    conversion: Annotated[
        float | None,
        typer.Option("--conversion", min=0, max=100, metavar="PERCENT", help="Orders per 100 viewers, for a while."),
    ] = None,
    minutes: Annotated[
        int, typer.Option("--for", min=1, max=1440, metavar="MINUTES", help="How long, from the live's start on.")
    ] = 30,
    reach: Annotated[float, typer.Option("--reach", min=0.01, max=1000, metavar="TIMES", help="So many viewers.")] = 1,
    down: Annotated[str, typer.Option("--down", metavar="HUB", help="A hub that stands still.")] = "",
    down_hours: Annotated[
        float, typer.Option("--down-for", min=0.1, max=336, metavar="HOURS", help="From the live's start on.")
    ] = 24,
    weather: Annotated[str, typer.Option("--weather", metavar="NAME", help="dry, rain, snow or ice.")] = "dry",
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw it: .png, .svg or .pdf.")] = None,
    seed: SeedOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Compare the days to come with what they would be.

    Orders, load and queue of each hub, the dates promised at the end of the live, what is sold out when and what to
    move before it, the tours and the vehicles to hire. Changes add up: --conversion 8 --reach 3 --weather snow.
    """
    require_writable(plot)
    if plot is not None:
        plot_format(plot)
    given = read_what_if(input_path or SAMPLE_PATH)
    change = Change(
        live_id=live or given.lives[0].id,
        conversion=None if conversion is None else conversion / 100,
        conversion_s=minutes * 60,
        reach=reach,
        down_hub_id=down,
        down_s=round(down_hours * 3600),
        speed=_speed(weather),
    )
    _require_change(change, given)
    warm_promise_if_cold()
    before, after = compare(given, change, seed=seed)
    if plot is not None:
        write_plot(plot, given, before, after)
    told = {
        "input_path": str(input_path) if input_path else None,
        "scenarios": SCENARIOS,
        "seed": seed,
        **figures(given, change, before, after),
        "plot_path": str(plot) if plot else None,
    }
    if as_json:
        print_json(told)
        return
    parcels = {side: told["live_parcels"][side] for side in ("before", "after")}
    both = (f"{one['mean']:.0f} parcels ({one['low']:.0f} to {one['high']:.0f})" for one in parcels.values())
    say(f"live {told['live_id']}", "; if so ".join(both), "bold")
    for table in tables(told):
        console.print()
        console.print(table)


def _speed(weather: str) -> float:
    """Return what is left of the speed on the road."""
    if weather not in WEATHER:
        raise InputError("unknown_weather", f"`{weather}` is no weather", "--weather", f"one of {', '.join(WEATHER)}")
    return WEATHER[weather]


def _require_change(change: Change, given: WhatIf) -> None:
    """Refuse to compare the days with themselves."""
    if change.replace(conversion_s=1800, down_s=86_400) == Change(live_id=change.live_id):
        action = "give --conversion, --reach, --down or --weather"
        raise InputError("no_change", f"nothing differs for live `{change.live_id}`", "", action)
