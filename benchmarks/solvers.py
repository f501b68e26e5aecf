"""Gaps to the best known at equal time on one core: ours, PyVRP, VROOM and OR-Tools, in one run.

Run: ``taskset -c 0 python benchmarks/solvers.py FILES... [--seconds 1 10] [--seeds 1 2] [--solvers jalon PyVRP]``.
FILES are VRPLIB or Solomon instances with their .sol files next to them; without one (``joined.py`` makes such), gaps
are to the best plan of the same budget. Every plan goes through the checker of ``jalon bench vrp``, which recomputes
its cost; an infeasible one counts as none. Prints per instance, budget and solver the mean gap over the seeds with its
spread, how long a solver took that overran its budget by a tenth and more, and means per family.
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

console = Console(width=110)
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


def told(gaps: Gaps, took_s: float = 0.0, seconds: float = 0.0) -> str:
    """Return mean and spread, as far as there are plans, and the time where it was overrun."""
    known = [one for one in gaps if one is not None]
    if not known:
        return "-"
    spread = f" ±{statistics.stdev(known):.2f}" if len(known) > 1 else ""
    missing = f" ({len(known)} of {len(gaps)})" if len(known) < len(gaps) else ""
    overrun = f" in {took_s:.0f} s" if took_s > 1.1 * seconds + 1 and seconds else ""
    return f"{statistics.mean(known):.2f}{spread}{missing}{overrun}"


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


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, nargs="+", default=[1, 10, 30, 60])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--solvers", nargs="+", choices=SOLVERS, default=list(SOLVERS))
    given = parser.parse_args()
    instances = [(path, read_instance(path)) for path in given.files]
    for _, instance in instances:
        compile_kernels(instance, convention(instance))
    for seconds in given.seconds:
        table = Table(title=f"gap in %, {seconds:g} s, seeds {given.seeds}")
        for name in ("instance", *given.solvers):
            table.add_column(name, justify="left" if name == "instance" else "right", no_wrap=True)
        families: dict[str, dict[str, Gaps]] = defaultdict(lambda: defaultdict(list))
        for path, instance in instances:
            gaps, took_s = compare(path, instance, given.solvers, seconds, given.seeds)
            cells = [told(gaps[solver], took_s[solver], seconds) for solver in given.solvers]
            for solver in given.solvers:
                families[instance.family][solver] += gaps[solver]
            table.add_row(instance.name, *cells)
            console.print(f"{seconds:g} s {instance.name}: " + ", ".join(map(" ".join, zip(given.solvers, cells))))
        for family, by_solver in families.items():
            table.add_row(f"{family}, mean", *(told(by_solver[solver]) for solver in given.solvers), style="bold")
        console.print(table)


if __name__ == "__main__":
    main()
