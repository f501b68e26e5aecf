"""Gaps to the best known at equal time on one core: ours, PyVRP, VROOM and OR-Tools, in one run and one table.

Run: ``taskset -c 0 python benchmarks/solvers.py FILES... [--seconds 1,10,30,60] [--seeds 3] [--solvers jalon PyVRP]``.
FILES are VRPLIB or Solomon instances with their .sol files next to them; without one (``joined.py`` makes such), gaps
are to the best plan of the same budget. Every plan goes through the checker of ``jalon bench vrp``, which recomputes
its cost; an infeasible one counts as none. A row is an instance at a budget, or a family's mean; a cell is the mean gap
over the seeds 1 to n with its spread, and the seconds a solver really took where they are a tenth and more off the
budget: VROOM ends when it is done, and may see its limit late.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from solver_peers import SOLVERS, compile_kernels

from jalon.vrp.check import convention, cost, faults
from jalon.vrp.instance import Instance
from jalon.vrp.read import read_instance

console = Console(width=120)
Gaps = list[float | None]


@dataclass(frozen=True)
class Outcome:
    """What one run gave: its cost, None without a feasible plan, and how long it took."""

    cost: float | None
    took_s: float


def run(path: Path, instance: Instance, solver: str, seconds: float, seed: int) -> Outcome:
    """Solve once."""
    way = convention(instance)
    begun = time.perf_counter()
    routes = SOLVERS[solver](path, instance, way, seconds, seed)
    took_s = time.perf_counter() - begun
    if routes is None or faults(instance, routes, way):
        return Outcome(None, took_s)
    return Outcome(cost(instance, routes, way), took_s)


def told(gaps: Gaps, took_s: float, seconds: float) -> str:
    """Return mean and spread, as far as there are plans, and the time taken where it is not the budget."""
    known = [one for one in gaps if one is not None]
    if not known:
        return "-"
    spread = f" ±{statistics.stdev(known):.2f}" if len(known) > 1 else ""
    missing = f" ({len(known)} of {len(gaps)})" if len(known) < len(gaps) else ""
    other = f" in {took_s:.3g} s" if abs(took_s - seconds) > 0.1 * seconds + 0.5 else ""
    return f"{statistics.mean(known):.2f}{spread}{missing}{other}"


def compare(
    path: Path, instance: Instance, solvers: list[str], seconds: float, seeds: list[int]
) -> tuple[dict[str, Gaps], dict[str, float]]:
    """Return the gaps of each solver in per cent, one per seed, and its mean time."""
    outcomes = {solver: [run(path, instance, solver, seconds, seed) for seed in seeds] for solver in solvers}
    found = [one.cost for runs in outcomes.values() for one in runs if one.cost is not None]
    base = instance.bks or min(found)
    gaps = {
        solver: [None if one.cost is None else 100 * (one.cost / base - 1) for one in runs]
        for solver, runs in outcomes.items()
    }
    return gaps, {solver: statistics.mean(one.took_s for one in runs) for solver, runs in outcomes.items()}


def numbers(text: str) -> list[float]:
    """Return the numbers of a list with commas."""
    return [float(word) for word in text.split(",")]


def family_rows(outcomes: dict[tuple[str, float, str], tuple[Gaps, float]], solvers: list[str]) -> list[list[str]]:
    """Return a row of means per family and budget; spread and time are over all its instances and seeds."""
    rows = []
    for family, seconds in dict.fromkeys((family, seconds) for family, seconds, _ in outcomes):
        cells = [told(*outcomes[family, seconds, solver], seconds) for solver in solvers]
        rows.append([f"{family}, mean", f"{seconds:g}", *cells])
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--seconds", type=numbers, default=[1.0, 10.0, 30.0, 60.0], help="budgets, with commas between")
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--solvers", nargs="+", choices=SOLVERS, default=list(SOLVERS))
    given = parser.parse_args()
    instances = [(path, read_instance(path)) for path in given.files]
    for _, instance in instances:
        compile_kernels(instance, convention(instance))
    table = Table(title=f"gap in %, {given.seeds} seeds")
    for name in ("instance", "s", *given.solvers):
        table.add_column(name, justify="left" if name == "instance" else "right", no_wrap=True)
    families: dict[tuple[str, float, str], tuple[Gaps, list[float]]] = defaultdict(lambda: ([], []))
    for path, instance in instances:
        for seconds in given.seconds:
            gaps, took_s = compare(path, instance, given.solvers, seconds, list(range(1, given.seeds + 1)))
            cells = [told(gaps[solver], took_s[solver], seconds) for solver in given.solvers]
            for solver in given.solvers:
                families[instance.family, seconds, solver][0].extend(gaps[solver])
                families[instance.family, seconds, solver][1].append(took_s[solver])
            table.add_row(instance.name, f"{seconds:g}", *cells)
            console.print(f"{seconds:g} s {instance.name}: " + ", ".join(map(" ".join, zip(given.solvers, cells))))
        table.add_section()
    means = {key: (gaps, statistics.mean(took_s)) for key, (gaps, took_s) in families.items()}
    for row in family_rows(means, given.solvers):
        table.add_row(*row, style="bold")
    console.print(table)


if __name__ == "__main__":
    main()
