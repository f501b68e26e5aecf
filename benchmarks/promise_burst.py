"""Which promises hold through a burst: ours, two static rules and the oracle, on the same orders.

Run: ``OPENBLAS_NUM_THREADS=1 python benchmarks/promise_burst.py [--burst 10] [--seeds 1 2 ... 10] [--plot FILE]``.
Each seed draws the committed world anew (data/samples/world.json: 3 hubs, 12 areas, 3 options, 8 scored weeks with a
live each and four big ones) and takes about a minute on one core. The table has the mean over seeds and, in brackets,
the lowest and the highest seed. *Burst* are the orders of the day from a big live's start on; a cell is a hub x option.
The oracle knows the true odds and capacities, not the draws, goes by the same room in the tours, and is held to our
share on time; its days there are the last line's. The plot shows the orders of the hours around the big lives.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from data.clock import cpu_s
from data.synthetic.world import read_world
from data.synthetic.world_orders import live_window_s
from promise import hub
from promise.simulate import Simulation, cells, report, simulate

COLUMNS = ("ontime", "ontime_burst", "worst_cell", "mean_promised_days", "mean_promised_days_burst")
BEFORE_H, AFTER_H, HOUR_S = 6, 24, 3600
MOST_BELOW = 0.03
NAMES = {"ours": "Jalon", "static_table": "static table", "static_conformal": "static conformal", "oracle": "oracle"}
COLOURS = {"ours": "#0b6e4f", "static_table": "#b0b0b0", "static_conformal": "#d98032", "oracle": "#3b5ba5"}


def spread(values: list[float], share: bool) -> str:
    """Return the mean of seeds, with the lowest and the highest."""
    shown = [100 * value if share else value for value in (float(np.mean(values)), min(values), max(values))]
    digits = 1 if share else 2
    return f"{shown[0]:.{digits}f} ({shown[1]:.{digits}f}..{shown[2]:.{digits}f})"


def around_bursts(simulation: Simulation) -> np.ndarray:
    """Return orders, those on time and days promised, by rule and hour around a big live, [rules, hours, 3]."""
    truth, rows = simulation.truth, simulation.rows
    hours = BEFORE_H + AFTER_H
    found = np.zeros((len(simulation.outcomes), hours, 3))
    for live in (one for one in truth.world.lives if not one.factor):
        hour = (truth.orders.placed_s[rows] - live_window_s(truth.world, live)[0]) // HOUR_S + BEFORE_H
        near = (hour >= 0) & (hour < hours)
        for number, one in enumerate(simulation.outcomes):
            for column, weight in enumerate((np.ones(len(rows)), one.ontime, one.days)):
                found[number, :, column] += np.bincount(hour[near], weight[near], hours)
    return found


def plotted(found: np.ndarray, nominal: float, path: Path) -> None:
    """Draw orders, share on time and days promised by the hour of the order around the big lives."""
    mpl.use("Agg")
    figure = Figure(figsize=(9, 3.4), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2)
    middles = np.arange(-BEFORE_H, AFTER_H) + 0.5
    crowd = left.twinx()
    crowd.bar(middles, found[0, :, 0] / found[0, :BEFORE_H, 0].mean(), width=1.0, color="#eeeeee")
    crowd.set(ylim=(0, 20), yticks=[1, 5, 10])
    crowd.tick_params(colors="#999999", labelsize=8)
    left.set_zorder(crowd.get_zorder() + 1)
    left.patch.set_visible(False)
    for row, (rule, name) in zip(found, NAMES.items(), strict=True):
        style = {"color": COLOURS[rule], "label": name, "linewidth": 2.2 if rule == "ours" else 1.2}
        left.plot(middles, 100 * row[:, 1] / row[:, 0], **style)
        right.plot(middles, row[:, 2] / row[:, 0], **style)
    left.axhline(100 * nominal, color="black", linewidth=0.7, linestyle=":")
    left.set(title="kept of the dates promised, %  (bars: orders, times the usual)", ylim=(0, 102))
    right.set(title="calendar days promised", ylim=(0, None))
    for axes in (left, right):
        axes.set(xlabel="hour of the order, from the live's start", xlim=(-BEFORE_H, AFTER_H), xticks=range(-6, 25, 6))
        axes.title.set_fontsize(10)
        axes.spines[["top", "right"]].set_visible(False)
    crowd.spines[["top", "right"]].set_visible(False)
    right.legend(frameon=False, fontsize=9, loc="lower right")
    figure.savefig(path)


def main() -> None:
    """Print the table, write the plot."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--burst", type=float, default=10.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 11)))
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    console, world = Console(width=130), read_world()
    hub.warm()
    reports, around, kept, ratios, took_s = [], 0.0, [], [], []
    for seed in given.seeds:
        started_s = cpu_s()
        simulation = simulate(world, seed, given.burst)
        took_s.append(cpu_s() - started_s)
        reports.append(report(simulation))
        around = around + around_bursts(simulation)
        kept.append([[mine.sum(), simulation.outcomes[0].ontime[mine].sum()] for _, _, mine in cells(simulation)])
        ratios.append(reports[-1]["mean_promised_days"] / reports[-1]["oracle_days"])
        line = {
            name: reports[-1][name] for name in ("n", "ontime", "ontime_burst", "mean_promised_days", "oracle_days")
        }
        console.print(f"seed {seed}: {line}, {took_s[-1]:.0f} CPU s", highlight=False)
    orders = sum(one["n"] for one in reports)
    table = Table(title=f"burst x{given.burst:g}, nominal {world.nominal:.0%}, {orders} orders, {len(reports)} seeds")
    for name in ("rule", "on time %", "burst %", "worst cell %", "days", "burst days"):
        table.add_column(name, justify="left" if name == "rule" else "right")
    for number, (rule, name) in enumerate(NAMES.items()):
        rows = [one["rules"][number] for one in reports]
        assert all(row["rule"] == rule for row in rows)
        table.add_row(name, *(spread([row[key] for row in rows], key in COLUMNS[:3]) for key in COLUMNS))
    console.print(table)
    pooled = np.sum(kept, axis=0)
    smallest = int(np.min(np.array(kept)[:, :, 0]))
    worst = float((pooled[:, 1] / pooled[:, 0]).min())
    of_seed = np.array(kept)[:, :, 1] / np.array(kept)[:, :, 0]
    console.print(f"worst cell, all seeds together: {worst:.1%}; at least {smallest} orders a cell and seed")
    least = world.nominal - MOST_BELOW
    console.print(f"cells of one seed at {least:.0%} or more: {(of_seed >= least).sum()} of {of_seed.size}")
    withheld = np.mean([one["withheld_share"] for one in reports])
    console.print(
        f"withheld {withheld:.2%}; promised J+1 or J+2 {np.mean([one['share_j1_j2'] for one in reports]):.1%}"
    )
    console.print(f"days over the oracle's at the same share on time: {spread(ratios, False)}")
    console.print(f"one seed takes {np.mean(took_s):.0f} CPU s")
    if given.plot:
        plotted(around, world.nominal, given.plot)


if __name__ == "__main__":
    main()
