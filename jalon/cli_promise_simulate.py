"""``jalon promise simulate``: promises tried out in a world with a known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from data.synthetic.world import WORLD_PATH, read_world
from jalon.kernels import warm_promise_if_cold
from jalon.options import JsonOption
from jalon.terminal import console, print_json, say
from promise.simulate import report
from promise.simulate import simulate as live_through

BurstOption = Annotated[
    float, typer.Option("--burst", metavar="X", help="Orders during a big live, as a multiple of the usual ones.")
]
WorldSeedOption = Annotated[int, typer.Option("--seed", metavar="S", help="Fixes every draw of the world.")]
WorldOption = Annotated[
    Path, typer.Option("--world", metavar="FILE", help="A world's parameters; else the one that comes with Jalon.")
]


def simulate(
    burst: BurstOption = 10.0,
    seed: WorldSeedOption = 1,
    world_path: WorldOption = WORLD_PATH,
    as_json: JsonOption = False,
) -> None:
    """Live through weeks of ordinary days and lives, and see which promises hold (about a minute).

    Ours, a static table, a static conformal rule, and an oracle that knows the world's true odds, on the same orders.
    """
    world = read_world(world_path)
    warm_promise_if_cold()
    with console.status(f"living through {world.days} days"):
        found = report(live_through(world, seed, burst))
    if as_json:
        print_json(found)
    else:
        console.print(_table(found))
    ratio = found["mean_promised_days"] / found["oracle_days"]
    say("on time", f"{found['ontime']:.1%} of {found['n']} orders ({found['ontime_burst']:.1%} in bursts)")
    say("days", f"{found['mean_promised_days']:.2f} promised on average, {ratio:.2f}x the oracle's at our share")


def _table(found: dict[str, Any]) -> Table:
    table = Table(title=f"{found['n']} orders, {found['n_burst']} in bursts, nominal {found['nominal']:.0%}")
    for name in ("rule", "on time", "in bursts", "worst cell", "days", "in bursts "):
        table.add_column(name, justify="left" if name == "rule" else "right")
    for row in found["rules"]:
        shares = (f"{row[key]:.1%}" for key in ("ontime", "ontime_burst", "worst_cell"))
        days = (f"{row[key]:.2f}" for key in ("mean_promised_days", "mean_promised_days_burst"))
        table.add_row(row["rule"].replace("_", " "), *shares, *days)
    return table
