"""Measure the timed search on the Lyon family: gap to the best known per instance, over seeds.

Run: ``python benchmarks/td_lyon.py FILES... [--seconds 30] [--seeds 1 2 3] [--iterations N]``.
FILES are NAME.vrp.json; the functions and the best known (a specialised solver in 300 s) lie beside them. Every plan is
checked, and its cost recomputed from the functions. With ``--iterations`` the result doesn't depend on the machine.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from data import clock
from jalon.td.check import cost, faults
from jalon.td.convert import timed_of
from jalon.td.read import read_instance
from routing.solver.stop import Stop
from routing.solver.timed.search import search, warm


def gaps_of(path: Path, seconds: float, seeds: list[int], iterations: int | None) -> list[float]:
    """Return the gap in per cent for each seed, and print them."""
    instance = read_instance(path)
    if instance.bks is None:
        raise SystemExit(f"{path}: no best known beside it")
    problem = timed_of(instance)
    warm(problem)
    gaps, done = [], 0
    for seed in seeds:
        found = search(problem, Stop(seconds), seed, iterations)
        total = cost(instance, found.tours)
        if total is None or faults(instance, found.tours, found.departures):
            raise SystemExit(f"{path}, seed {seed}: the checker refuses the plan")
        gaps.append(100 * (total / instance.bks - 1))
        done += found.iterations
    each = " ".join(f"{gap:+.3f}" for gap in gaps)
    name = f"{path.parent.name}/{instance.name}"
    print(f"{name:20} {instance.bks:9.0f} {sum(gaps) / len(gaps):+8.3f}   {each}   {done // len(seeds)}", flush=True)
    return gaps


def main() -> None:
    """Print a line an instance, then the mean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--iterations", type=int)
    given = parser.parse_args()
    print(f"{'instance':20} {'best':>9} {'mean %':>8}   a seed, %   iterations")
    begun_s, cpu_s = clock.elapsed_s(), clock.cpu_s()
    gaps = [gaps_of(file, given.seconds, given.seeds, given.iterations) for file in given.files]
    flat = [gap for row in gaps for gap in row]
    better = sum(1 for row in gaps if min(row) < -1e-6)
    print(
        f"mean {sum(flat) / len(flat):+.3f} %, n = {len(gaps)} x {len(given.seeds)} seeds, {better} better than known"
    )
    share = (clock.cpu_s() - cpu_s) / (clock.elapsed_s() - begun_s)
    print(f"{share:.2f} CPU seconds a second, load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
