"""Is the budget kept, and how soon is there a plan: wall seconds of whole jobs, from the request to the checked JSON.

Run: ``python benchmarks/budget.py [CITY] [--stops 10 100 1000 4000] [--seconds 2 2 5 15] [--repeats 20] [--json]``.
CITY is a .city file; without one, the synthetic city. Each repeat is a normal day of its own seed, planned by
``plan_day`` on one thread with the budget that stands in the same place as its number of stops. ``over_s`` is by how
much the answer came after the budget (below 0: before), ``first_s`` when the first complete plan was published and the
checker had found nothing in it, of which ``tours_s`` passed until it had all its tours (travel times included).
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from data.cityfile import read_city
from data.model.city import City
from data.synthetic.city import synthetic_city
from data.synthetic.orders import normal_day
from routing.build import build_instance
from routing.job import Settings, plan_day
from routing.solver.engine import construct
from routing.solver.stop import Stop
from routing.travel import prepare_city
from routing.warm import warm_kernels

DAY = date(2026, 11, 24)


def measured(city: City, stops: int, seconds: float, seed: int) -> tuple[float, float, float]:
    """Return seconds until there are tours, until the first plan is published, and beyond the budget."""
    request = normal_day(city, DAY, stops, seed)
    begun = time.perf_counter()
    construct(build_instance(request, city).problem)
    tours_s = time.perf_counter() - begun
    begun = time.perf_counter()
    outcome = plan_day(request, city, Stop(seconds), Settings(seed=seed))
    return tours_s, outcome.first_s, time.perf_counter() - begun - seconds


def main() -> None:
    """Print the table, or one JSON array."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("city", nargs="?", type=Path)
    parser.add_argument("--stops", type=int, nargs="+", default=[10, 100, 1000, 4000])
    parser.add_argument("--seconds", type=float, nargs="+", default=[2, 2, 5, 15])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    warm_kernels()
    city = read_city(given.city) if given.city else prepare_city(synthetic_city())
    rows: list[dict[str, Any]] = []
    for stops, seconds in zip(given.stops, given.seconds, strict=True):
        measured(city, stops, 0.1, 0)
        runs = np.array([measured(city, stops, seconds, seed) for seed in range(1, given.repeats + 1)])
        row: dict[str, Any] = {"stops": stops, "seconds": seconds, "repeats": given.repeats}
        for name, column in zip(("tours_s", "first_s", "over_s"), runs.T, strict=True):
            row |= {f"{name}_p50": round(float(np.median(column)), 3)}
            row |= {f"{name}_p99": round(float(np.quantile(column, 0.99, method="higher")), 3)}
        rows.append(row)
    if given.json:
        print(json.dumps(rows))
        return
    table = Table(title=f"{city.name}: whole jobs on one thread")
    for name in rows[0]:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
