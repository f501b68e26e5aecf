"""Dates on drawn market places against simpler rules, in the same run: on-time share @ mean promised days.

Run: ``python benchmarks/promise_backtest.py [--orders 20000] [--seeds 1] [--worlds both,sellers] [--level 0.92]``.
Each world (data/synthetic/deliveries.py) is a year with one burst week whose cause differs. The rules: what was
promised; a static quantile table by destination; boosted trees with a static conformal level; the same with a rolling
level from the orders of the last five weeks, those under way censored; and that scaled by load^0.5 and load^1; ours.
The last columns are mean days over the platform's, at the platform's on-time rate, overall and from April to August.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from data import clock
from data.sources.deliveries import NEVER, Deliveries
from data.synthetic.deliveries import BURST_FROM, WORLDS, synthetic_deliveries
from promise.backtest import HORIZON, LEVELS, REFIT_DAYS, Backtest, Promises, order_facts
from promise.backtest_load import loads
from promise.delay import kaplan_meier
from promise.delay_trees import fit_stage, log_days

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

ROLLING_DAYS = 35
CALM_FROM = 212  # the first of April
GRID = np.linspace(-6.0, 6.0, 600)


def simple_rules(deliveries: Deliveries, levels: F64, rows: I64) -> Iterator[tuple[str, I64]]:
    """Yield each baseline's name and its days, int64 [L, N]."""
    bought, delivered = deliveries.purchased_day, deliveries.delivered_day
    facts = order_facts(deliveries)
    load = loads(deliveries.purchased_s, deliveries.handed_s, deliveries.delivered_s)[1]
    names = ("quantile table", "trees, static", "trees, rolling", "+ load^0.5", "+ load^1")
    days = {name: np.zeros((len(levels), len(bought))) for name in names}
    place, spread = np.zeros(len(bought)), np.ones(len(bought))
    fitted = -REFIT_DAYS
    for day in range(int(bought[rows[0]]), int(bought[-1]) + 1):
        known, until = (int(at) for at in np.searchsorted(bought, (day, day + 1)))
        done = delivered[:known] < day
        past = np.flatnonzero(done)
        if day - fitted >= REFIT_DAYS:
            fitted = day
            took = delivered[past] - bought[past]
            model = fit_stage(facts.take(past), took, np.ones(len(past), dtype=bool), np.zeros(len(past)))
            place[:until], spread[:until] = model.place_spread(facts.take(np.arange(until)))
            static = np.quantile((log_days(took) - place[past]) / spread[past], levels)
            table = {
                area: took[deliveries.destination_area[past] == area]
                for area in np.unique(deliveries.destination_area[past])
            }
            whole = np.quantile(took, levels)
        here = np.arange(known, until)
        if not len(here):
            continue
        place[here], spread[here] = model.place_spread(facts.take(here))
        for row in here:
            own = table.get(deliveries.destination_area[row], np.zeros(0))
            days["quantile table"][:, row] = np.quantile(own, levels) if len(own) >= 30 else whole
        days["trees, static"][:, here] = np.exp(place[here] + spread[here] * static[:, None])
        recent = np.flatnonzero(bought[:known] >= day - ROLLING_DAYS)
        ended = delivered[recent] < day
        so_far = log_days(np.where(ended, delivered[recent], day - 1) - bought[recent])
        for name, power in (("trees, rolling", 0.0), ("+ load^0.5", 0.5), ("+ load^1", 1.0)):
            grow = power * np.log(load)
            z = (so_far - place[recent] - grow[recent]) / spread[recent]
            cdf = kaplan_meier(np.searchsorted(GRID, z), ended, len(GRID))
            level = GRID[np.minimum(np.searchsorted(cdf, levels), len(GRID) - 1)]
            days[name][:, here] = np.exp(place[here] + grow[here] + spread[here] * level[:, None])
    for name in names:
        yield name, np.clip(np.ceil(days[name][:, rows] - 0.5), 0, HORIZON).astype(np.int64)


def figures(deliveries: Deliveries, rows: I64, levels: F64, days: I64, level: float) -> list[float]:
    """Return on time and days overall, in the burst week, in the calm months; and both ratios to the platform's."""
    took = np.where(deliveries.delivered_day < NEVER, deliveries.delivered_day - deliveries.purchased_day, 10**6)[rows]
    platform = (deliveries.promised_day - deliveries.purchased_day)[rows]
    since = (deliveries.purchased_day - deliveries.purchased_day[0])[rows]
    burst = (since >= BURST_FROM + 4) & (since < BURST_FROM + 11)
    asked = int(np.argmin(np.abs(levels - level)))
    found, ratios = [], []
    for chosen in (np.ones(len(rows), dtype=bool), burst, since >= CALM_FROM):
        ontime, mean = (took <= days)[:, chosen].mean(1), days[:, chosen].mean(1)
        found += [100 * ontime[asked], mean[asked]]
        kept = (took <= platform)[chosen].mean()
        ratios.append(np.interp(kept, ontime, mean) / platform[chosen].mean())
    return [*found, ratios[0], ratios[2]]


def rules(deliveries: Deliveries, promises: Promises, level: float) -> Iterator[tuple[str, list[float]]]:
    """Yield each rule's figures on the same orders."""
    rows, levels = promises.rows, promises.levels
    platform = (deliveries.promised_day - deliveries.purchased_day)[rows]
    yield "platform", figures(deliveries, rows, levels, np.tile(platform, (len(levels), 1)), level)
    for name, days in simple_rules(deliveries, levels, rows):
        yield name, figures(deliveries, rows, levels, days, level)
    yield "ours", figures(deliveries, rows, levels, promises.days, level)


def main() -> None:
    """Print one table per world, the mean of its seeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--worlds", default=",".join(world.name for world in WORLDS))
    parser.add_argument("--level", type=float, default=0.92)
    asked = parser.parse_args()
    for world in (one for one in WORLDS if one.name in asked.worlds.split(",")):
        began_s, found = clock.cpu_s(), {}
        for seed in range(1, asked.seeds + 1):
            deliveries = synthetic_deliveries(world, asked.orders, seed=seed)
            promises = Backtest(deliveries, np.array(LEVELS)).run(lambda step, share: None)
            for name, row in rules(deliveries, promises, asked.level):
                found.setdefault(name, []).append(row)
        title = f"{world.name}: {len(promises.rows)} orders x {asked.seeds}, {clock.cpu_s() - began_s:.0f} s of CPU"
        table = Table("rule", "all", "burst week", "calm Apr-Aug", "days ratio", "calm ratio", title=title)
        for name, several in found.items():
            mean = np.mean(several, axis=0)
            pairs = [f"{ontime:.1f} % @ {days:.1f}" for ontime, days in mean[:6].reshape(3, 2)]
            table.add_row(name, *pairs, f"{mean[6]:.3f}", f"{mean[7]:.3f}")
        Console(width=110).print(table)


if __name__ == "__main__":
    main()
