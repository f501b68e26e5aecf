"""The re-plan of a burst at equal time: ruin & recreate against OR-Tools, both from the same first plan.

Run: ``python benchmarks/burst.py [CITY] [--orders 400] [--burst 1200] [--seconds 1 5 20] [--seeds 1 2 3]``.
CITY is a .city file; without one, the synthetic city. One search thread each, same travel times, same rules. Prints
per seed and budget: orders served, promises broken if nothing is postponed, cost of the tours, and OR-Tools ÷ ours.
A plan that breaks more promises is not cheaper, so the ratio of costs stands beside what was served.
"""

from __future__ import annotations

import argparse
import statistics
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from data.cityfile import read_city
from data.model.city import City
from data.synthetic.city import synthetic_city
from data.synthetic.live import burst
from data.synthetic.orders import normal_day
from routing.job import Settings, plan_day
from routing.problem import COST_PER_CENT, Problem
from routing.replan import Replan, prepare_replan
from routing.solver.engine import Engine, construct, improve, served
from routing.solver.ortools_model import OrToolsEngine
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from routing.solver.tours import Tours, tour_cost
from routing.travel import prepare_city
from routing.warm import warm_kernels

DAY = date(2026, 11, 24)
Row = tuple[int, int, float]


def measured(problem: Problem, tours: Tours) -> Row:
    """Return orders served, penalty of what is left out in cents, and what the tours cost in cents."""
    left_out = int(problem.tables.penalty[tours.vehicle < 0].sum()) // COST_PER_CENT
    cents = sum(int(tour_cost(problem.tables, tours, row)) for row in range(problem.vehicles)) // COST_PER_CENT
    return served(problem.tables, tours), left_out, cents


def prepared(city: City, orders: int, extra: int, seed: int) -> Replan:
    """Return the re-plan of one seeded evening, planned for ten seconds before the burst."""
    request = normal_day(city, DAY, orders, seed)
    evening = plan_day(request, city, Stop(10), Settings(seed=seed))
    return prepare_replan(evening.plan, burst(city, request, extra, seed), city)


def compare(replan: Replan, seconds: float, seed: int) -> tuple[Row, Row]:
    """Return our row and OR-Tools' for one budget."""
    problem = replan.instance.problem
    engines: tuple[Engine, ...] = (RuinRecreateEngine(seed=seed), OrToolsEngine())
    first = construct(problem, replan.start)
    ours, theirs = (measured(problem, improve(problem, first, Stop(seconds), (engine,))) for engine in engines)
    return ours, theirs


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("city", nargs="?", type=Path)
    parser.add_argument("--orders", type=int, default=400)
    parser.add_argument("--burst", type=int, default=1200)
    parser.add_argument("--seconds", type=float, nargs="+", default=[1, 5, 20])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    given = parser.parse_args()
    warm_kernels()
    city = read_city(given.city) if given.city else prepare_city(synthetic_city())
    table = Table(title=f"{city.name}: {given.orders} planned + {given.burst} burst orders, seeds {given.seeds}")
    for name in ("seconds", "seed", "served", "OR-Tools", "left out EUR", "OR-Tools ", "cost EUR", "OR-Tools  "):
        table.add_column(name, justify="right")
    ratios: dict[float, list[float]] = {}
    for seed in given.seeds:
        replan = prepared(city, given.orders, given.burst, seed)
        for seconds in given.seconds:
            ours, theirs = compare(replan, seconds, seed)
            ratios.setdefault(seconds, []).append((theirs[1] + theirs[2]) / (ours[1] + ours[2]))
            cells = (f"{seconds:g}", seed, ours[0], theirs[0], ours[1] // 100, theirs[1] // 100, ours[2] // 100)
            table.add_row(*(str(cell) for cell in cells), str(theirs[2] // 100))
    console = Console(width=110)
    console.print(table)
    for seconds, values in ratios.items():
        spread = f"{min(values):.2f}..{max(values):.2f}"
        mean = statistics.mean(values)
        console.print(f"{seconds:g} s: OR-Tools' objective is {mean:.2f}x ours (n={len(values)}, {spread})")


if __name__ == "__main__":
    main()
