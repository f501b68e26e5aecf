"""What each rule of the trade costs: search iterations per second without it and with it in the problem.

Run: ``python benchmarks/rules.py [CITY] [--orders 1000] [--iterations 2000] [--repeats 3]``.
CITY is a .city file; without one, the synthetic city. Each rule is put into the same seeded day; the plain day and the
day with the rule are searched in turn, so that a busy machine slows both. Prints iterations per CPU second (median and
spread) and the slowdown. The rules are compiled in either way: what the plain day pays for them is in its own figure.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from data.cityfile import read_city
from data.model.break_rules import BreakRule
from data.model.city import City
from data.model.order import PlaceOption
from data.model.parcel import Apart
from data.model.place import PlaceKind
from data.model.request import PlanRequest
from data.synthetic.city import synthetic_city
from data.synthetic.orders import normal_day
from routing.build import build_instance
from routing.problem import Problem
from routing.solver.engine import construct
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from routing.travel import prepare_city

DAY = date(2026, 11, 24)
UNLIMITED = Stop(86_400)
Change = Callable[[PlanRequest], PlanRequest]


def paired(request: PlanRequest) -> PlanRequest:
    """Return the day with every fifth order collected at another order's home."""
    homes = [place.id for place in request.places if place.kind is PlaceKind.HOME]
    orders = tuple(
        order.replace(from_place=PlaceOption(place_id=homes[row * 7 % len(homes)])) if row % 5 == 0 else order
        for row, order in enumerate(request.orders)
    )
    return request.replace(orders=orders)


def apart(request: PlanRequest) -> PlanRequest:
    """Return the day with a quarter of food, a quarter of paint, and these kept apart."""
    kinds = ("food", "paint", "", "")
    orders = tuple(
        order.replace(parcels=tuple(parcel.replace(kind=kinds[row % 4]) for parcel in order.parcels))
        for row, order in enumerate(request.orders)
    )
    return request.replace(orders=orders, apart=(Apart(kind="food", other="paint"),))


def resting(rule: BreakRule) -> Change:
    """Return the day with every driver resting by a rule and by nothing else, or not at all."""
    return lambda request: request.replace(
        vehicles=tuple(vehicle.replace(breaks=(), break_rule=rule) for vehicle in request.vehicles)
    )


RULES: dict[str, tuple[Change, Change]] = {
    "pickup and delivery, 20 %": (lambda request: request, paired),
    "goods kept apart": (lambda request: request, apart),
    "20 min per 6 h": (resting(BreakRule.NONE), resting(BreakRule.FR_LABOUR)),
    "45 min per 4 h 30, in parts": (resting(BreakRule.NONE), resting(BreakRule.EU_561_SPLIT)),
}
"""Per rule, the day without it and with it."""


def speed(problem: Problem, iterations: int, seed: int) -> float:
    """Return search iterations per CPU second, from the plan that insertion makes."""
    start = construct(problem)
    begun = time.process_time()
    RuinRecreateEngine(seed=seed, iterations=iterations).improve(problem, start, UNLIMITED, lambda better: None)
    return iterations / (time.process_time() - begun)


def main() -> None:
    """Print the table of rules."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("city", nargs="?", type=Path)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--iterations", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    city: City = read_city(given.city) if given.city else prepare_city(synthetic_city())
    request = normal_day(city, DAY, given.orders, seed=1)
    speed(build_instance(request, city).problem, 40, 0)
    table = Table(title=f"{given.orders} orders, {given.iterations} iterations, n = {given.repeats}")
    for name in ("rule", "without it, it/s", "with it, it/s", "slowdown"):
        table.add_column(name, justify="left" if name == "rule" else "right")
    for rule, changes in RULES.items():
        problems = [build_instance(change(request), city).problem for change in changes]
        runs = [[speed(problem, given.iterations, seed) for problem in problems] for seed in range(given.repeats)]
        ratio = statistics.median(plain / ruled for plain, ruled in runs)
        columns = (f"{statistics.median(run):.0f} ({min(run):.0f}-{max(run):.0f})" for run in zip(*runs, strict=True))
        table.add_row(rule, *columns, f"{ratio:.2f}x")
    Console().print(table)


if __name__ == "__main__":
    main()
