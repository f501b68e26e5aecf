"""``jalon promise backtest``: the dates we would have promised on past deliveries, out of sample."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from data.errors import InputError
from data.sources.deliveries import COLUMNS, read_deliveries
from jalon.inputs import require_writable
from jalon.options import JsonOption
from jalon.terminal import StepBars, print_json, say

LEAST_LEVEL, MOST_LEVEL = 0.5, 0.995


def backtest(
    deliveries: Annotated[
        Path, typer.Option("--deliveries", metavar="FILE", help=f".csv or .parquet: {', '.join(COLUMNS)}.")
    ],
    level: Annotated[float, typer.Option("--level", help="The share to be on time, 0.5 to 0.995.")] = 0.92,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="Write a picture by week: .png, .svg or .pdf.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say how our dates would have held on past deliveries, against those that were promised.

    Rolling and out of sample: a date rests only on what had happened before its purchase. An empty time has not
    happened yet; approved_at, option, weight_g and distance_m may be left out. Days are whole calendar days on the
    clock of the file; on time is delivered on the promised day or before. An order without delivery counts as late
    after 60 days and is not scored before. The first 42 days are for learning and are not scored.
    """
    from promise.backtest import LEVELS, Backtest  # the trees take a second to import
    from promise.backtest_plot import plot as write_plot
    from promise.backtest_plot import require_format
    from promise.backtest_report import by_option, report, scored

    if not LEAST_LEVEL <= level <= MOST_LEVEL:
        message = f"{level:g} is no level for a date"
        raise InputError("out_of_range", message, "--level", f"give a share from {LEAST_LEVEL} to {MOST_LEVEL}")
    if plot is not None:
        require_format(plot)
    require_writable(plot)
    read = read_deliveries(deliveries)
    if read.left_out:
        say("note", f"{read.left_out} orders left out: delivered before they were bought", "yellow")
    with StepBars() as bars:
        promises = Backtest(read, np.unique([*LEVELS, level])).run(bars)
    found = scored(read, promises)
    figures = report(found, level) | {"by_option": by_option(read, promises, level)}
    if plot is not None:
        write_plot(found, level, plot)
        say("written", str(plot))
    if as_json:
        print_json(figures)
    _tell(figures)


def _tell(figures: dict[str, Any]) -> None:
    """Say the figures a person looks for first."""
    say("ours", _pair(figures, ""), "bold")
    say("incumbent", _pair(figures, "incumbent_"))
    low, high = figures["ratio_interval90"]
    ratio = figures["days_at_incumbent_ontime"] / figures["incumbent_mean_promised_days"]
    say("same service", f"{figures['days_at_incumbent_ontime']:.1f} days, {ratio:.3f}x the incumbent's")
    say("", f"(90 % interval {low:.3f} to {high:.3f}), {figures['n']} orders")
    for burst in figures["bursts"]:
        say(
            "burst", f"{burst['from']} to {burst['to']}: {_pair(burst, '')}; was {_pair(burst, 'incumbent_')}", "yellow"
        )

    for cell in figures["by_option"]:
        kept = "none due" if cell["ontime"] is None else f"{cell['ontime']:.1%} of {cell['due']} due were kept"
        say("coverage", f"{cell['option'] or 'all'}: {kept}, {cell['overdue']} overdue, {cell['waiting']} not due yet")


def _pair(figures: dict[str, Any], whose: str) -> str:
    return f"{100 * figures[f'{whose}ontime']:.1f} % on time @ {figures[f'{whose}mean_promised_days']:.1f} days"
