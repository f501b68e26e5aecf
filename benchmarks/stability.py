"""How many planned orders a burst of 10 % moves to another vehicle, and what moving fewer costs.

Run: ``python benchmarks/stability.py [CITY] [--orders 300] [--burst 30] [--iterations 60000] [--seeds 1 2 3 4 5]``
``[--plot examples/stability.png]``. CITY is a .city file; without one, the synthetic city. Each day is planned, then
re-planned from the same first plan at each price of a move, ours against ours: price 0 is our own warm re-plan.
Iterations, not seconds, end each search, so the figures do not depend on the machine. Moves at price 0 are counted
after tours of vehicles that are the same were renamed so that as few orders as can be change vehicle.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table
from scipy.optimize import linear_sum_assignment

from data.cityfile import read_city
from data.clock import now
from data.model.change import ChangePrices
from data.model.city import City
from data.model.plan import Plan
from data.model.request import OrderBook
from data.synthetic.city import synthetic_city
from data.synthetic.live import burst
from data.synthetic.orders import normal_day
from routing.job import Settings, checked, plan_day
from routing.problem import COST_PER_CENT
from routing.publish import carriers, publish
from routing.replan import prepare_replan
from routing.solver.engine import construct, improve
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from routing.solver.tours import total_cost
from routing.travel import prepare_city
from routing.warm import warm_kernels

DAY = date(2026, 11, 24)
PRICES: tuple[int | None, ...] = (0, 10, 50, 100, 300, None)
"""Cents per move; ``None`` is no move at all."""
A_DAY_S = 86_400.0


@dataclass(frozen=True)
class Result:
    """One re-plan: orders served and moved, what the search minimised without the price of moves, what is paid."""

    served: int
    moved: int
    objective_cents: int
    paid_cents: int


def fewest_moves(before: Plan, after: Plan) -> int:
    """Return the orders that change vehicle once tours of vehicles of the same kind are renamed as well as can be."""
    then, now_on = carriers(before.tours), carriers(after.tours)
    kinds: dict[tuple[object, ...], list[str]] = {}
    for vehicle in after.vehicles:
        kind = (vehicle.hub_id, vehicle.category, vehicle.critair, vehicle.energy, vehicle.capacity_parcels,
                vehicle.capacity_g, vehicle.capacity_dm3, vehicle.shift, vehicle.skills, vehicle.costs)  # fmt: skip
        kinds.setdefault(kind, []).append(vehicle.id)
    kept = 0
    for names in kinds.values():
        index = {name: row for row, name in enumerate(names)}
        both = np.zeros((len(names), len(names)), dtype=np.int64)
        for order_id, name in then.items():
            other = now_on.get(order_id)
            if name in index and other in index:
                both[index[name], index[other]] += 1
        kept += int(both[linear_sum_assignment(both, maximize=True)].sum())
    return len(then.keys() & now_on.keys()) - kept


def replanned(before: Plan, book: OrderBook, city: City, seed: int, price: int | None, iterations: int) -> Result:
    """Return what a price of moves makes of one burst."""
    prices = None if price is None else ChangePrices(move_cents=price)
    ready = prepare_replan(before, book, city, prices=prices)
    problem = ready.instance.problem
    engine = RuinRecreateEngine(seed=seed, iterations=iterations)
    tours = improve(problem, construct(problem, ready.start), Stop(A_DAY_S), (engine,))
    plan = publish(
        ready.instance, tours, seed=seed, created_at=now(), locks=ready.locks, replaces=before, settled=ready.settled,
        prices=ready.prices,
    )  # fmt: skip
    checked(plan)
    left_out = int(problem.tables.penalty[tours.vehicle < 0].sum())
    objective = (int(total_cost(problem.tables, tours)) - left_out) // COST_PER_CENT - plan.totals.change_cents
    moved = fewest_moves(before, plan) if price == 0 else len(plan.moved)
    return Result(plan.totals.served, moved, objective, plan.totals.cost_cents)


def draw(rows: Sequence[tuple[str, float, float]], path: Path) -> None:
    """Draw cost against moves."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([moved for _, moved, _ in rows], [more for _, _, more in rows], marker="o")
    for name, moved, more in rows:
        axes.annotate(name, (moved, more), xytext=(5, 5), textcoords="offset points", fontsize=8)
    axes.set_xlabel("planned orders that change vehicle (mean per day)")
    axes.set_ylabel("cost against price 0, %")
    axes.grid(alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def main() -> None:
    """Print the table and draw it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("city", nargs="?", type=Path)
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--burst", type=int, default=30)
    parser.add_argument("--iterations", type=int, default=60_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    warm_kernels()
    city = read_city(given.city) if given.city else prepare_city(synthetic_city())
    found: dict[int | None, list[Result]] = {price: [] for price in PRICES}
    for seed in given.seeds:
        request = normal_day(city, DAY, given.orders, seed)
        settings = Settings(seed=seed, iterations=given.iterations)
        before = plan_day(request, city, Stop(A_DAY_S), settings).plan
        book = burst(city, request, given.burst, seed)
        for price in PRICES:
            found[price].append(replanned(before, book, city, seed, price, given.iterations))
    table = Table(title=f"{city.name}: {given.orders} planned + {given.burst} new orders, seeds {given.seeds}")
    for name in ("price of a move", "served", "moved", "fewer", "objective EUR", "more", "paid EUR", "more "):
        table.add_column(name, justify="right")
    base, rows = found[0], []
    for price, results in found.items():
        name = "no move" if price is None else f"{price / 100:.2f} EUR"
        moved, first = (statistics.mean(each.moved for each in some) for some in (results, base))
        more = [statistics.mean(getattr(a, key) / getattr(b, key) - 1 for a, b in zip(results, base, strict=True))
                for key in ("objective_cents", "paid_cents")]  # fmt: skip
        means = [statistics.mean(getattr(each, key) for each in results) / 100
                 for key in ("objective_cents", "paid_cents")]  # fmt: skip
        served = " ".join(str(each.served) for each in results)
        fewer = f"{1 - moved / first:.0%}" if first else ""
        table.add_row(name, served, f"{moved:.1f}", fewer, f"{means[0]:.2f}", f"{more[0]:+.2%}",
                      f"{means[1]:.2f}", f"{more[1]:+.2%}")  # fmt: skip
        rows.append((name, moved, 100 * more[0]))
    Console(width=120).print(table)
    if given.plot:
        draw(rows, given.plot)


if __name__ == "__main__":
    main()
