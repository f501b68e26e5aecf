"""Gaps to the best known at equal time on one core: ours, PyVRP, VROOM and OR-Tools, in one run.

Run: ``taskset -c 0 python benchmarks/solvers.py FILES... [--seconds 1 10] [--seeds 1 2] [--solvers jalon PyVRP]``.
FILES are VRPLIB or Solomon instances with their .sol files next to them. Every plan goes through the checker of
``jalon bench vrp``, which recomputes its cost; an infeasible one counts as none. Prints per instance, budget and
solver the mean gap over the seeds with its spread, and per solver the mean over the instances.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from rich.console import Console
from rich.table import Table
from solver_peers import SOLVERS

from jalon.vrp.check import convention, cost, faults
from jalon.vrp.instance import Instance
from jalon.vrp.read import read_instance

console = Console()


def gap(path: Path, instance: Instance, solver: str, seconds: float, seed: int) -> float | None:
    """Return the gap to the best known in per cent, None without a feasible plan."""
    way = convention(instance)
    routes = SOLVERS[solver](path, instance, way, seconds, seed)
    if routes is None or faults(instance, routes, way):
        return None
    return 100 * (cost(instance, routes, way) / instance.bks - 1)


def told(gaps: list[float | None]) -> str:
    """Return mean and spread, as far as there are plans."""
    known = [one for one in gaps if one is not None]
    if not known:
        return "-"
    spread = f" ±{statistics.stdev(known):.2f}" if len(known) > 1 else ""
    missing = f" ({len(known)} of {len(gaps)})" if len(known) < len(gaps) else ""
    return f"{statistics.mean(known):.2f}{spread}{missing}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, nargs="+", default=[1, 10, 30, 60])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--solvers", nargs="+", choices=SOLVERS, default=list(SOLVERS))
    given = parser.parse_args()
    instances = [(path, read_instance(path)) for path in given.files]
    for seconds in given.seconds:
        table = Table(title=f"gap in %, {seconds:g} s, seeds {given.seeds}")
        for name in ("instance", *given.solvers):
            table.add_column(name, justify="left" if name == "instance" else "right")
        every: dict[str, list[float | None]] = {solver: [] for solver in given.solvers}
        for path, instance in instances:
            row = []
            for solver in given.solvers:
                gaps = [gap(path, instance, solver, seconds, seed) for seed in given.seeds]
                every[solver] += gaps
                row.append(told(gaps))
            table.add_row(instance.name, *row)
            console.print(f"{seconds:g} s {instance.name}: " + ", ".join(map(" ".join, zip(given.solvers, row))))
        table.add_row("all", *(told(every[solver]) for solver in given.solvers))
        console.print(table)


if __name__ == "__main__":
    main()
