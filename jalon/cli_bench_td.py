"""``jalon bench td``: the timed search on instances with time-dependent travel, against the best known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from data import clock
from data.jit import cache_dir
from jalon.options import A_DAY_S, IterationsOption, JsonOption, SeedOption
from jalon.td.check import cost, faults
from jalon.td.convert import timed_of
from jalon.td.instance import Instance
from jalon.td.read import read_instance
from jalon.terminal import console, print_json, say
from routing.solver.stop import Stop
from routing.solver.timed.problem import Timed
from routing.solver.timed.search import Found, search, warm

FilesArgument = Annotated[
    list[Path], typer.Argument(metavar="FILES...", help="NAME.vrp.json files; their functions lie beside them.")
]
BudgetOption = Annotated[
    float, typer.Option("--seconds", min=0.0, max=A_DAY_S, metavar="S", help="Search each for this long.")
]
OBJECTIVE = "Duration"


def td(
    files: FilesArgument,
    seconds: BudgetOption = 30.0,
    seed: SeedOption = 1,
    iterations: IterationsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Solve instances whose travel times change over the day and compare with the best known.

    A route costs its duration and leaves when it likes. Costs are a checker's, from the arrival-time functions in the
    files. The best known is that of the NAME.bks.Duration.json beside the instance, where there is one.
    """
    instances = [(path, read_instance(path)) for path in files]
    problems = [timed_of(instance) for _, instance in instances]
    _warm(problems[0])
    results = []
    for (path, instance), problem in zip(instances, problems):
        results.append(_solved(path, instance, problem, seconds, seed, iterations))
        say(f"{instance.name}, {problem.stops} customers:", _line(results[-1]))
    if as_json:
        print_json(results)
    else:
        console.print(_rows(results))


def _warm(problem: Timed) -> None:
    """Compile the kernels before any clock runs, saying so where there is something to compile."""
    if not any(cache_dir("routing.solver.timed").rglob("*.nbi")):
        say("note", "compiling kernels first, about a minute, once per version", "yellow")
    warm(problem)


def _solved(
    path: Path, instance: Instance, problem: Timed, seconds: float, seed: int, iterations: int | None
) -> dict[str, Any]:
    started_s = clock.elapsed_s()
    with console.status(f"{instance.name}: searching, {seconds:g} s"):
        found = search(problem, Stop(seconds), seed, iterations)
    took_s = clock.elapsed_s() - started_s
    total = _checked(path, instance, found)
    gap = None if instance.bks is None else round(100 * (total / instance.bks - 1), 4)
    return {
        "instance": instance.name,
        "objective": OBJECTIVE,
        "cost": total,
        "bks": instance.bks,
        "gap_pct": gap,
        "routes": [list(tour) for tour in found.tours],
        "departures": list(found.departures),
        "seconds": round(took_s, 3),
    }


def _checked(path: Path, instance: Instance, found: Found) -> float:
    """Return what the routes cost by the checker; a plan it refuses, or costs otherwise, is a bug and no result."""
    wrong = faults(instance, found.tours, found.departures)
    total = cost(instance, found.tours)
    if total is None or wrong or total != found.duration:
        raise AssertionError(f"{path}: the checker finds {total}, the search {found.duration}; {wrong[:5]}")
    return total


def _line(result: dict[str, Any]) -> str:
    gap = "best known unknown" if result["gap_pct"] is None else f"{result['gap_pct']:+.3f} % of the best known"
    return f"{result['cost']:.10g} s, {gap}, {len(result['routes'])} routes"


def _rows(results: list[dict[str, Any]]) -> Table:
    """Return the results as a table of less than 80 columns."""
    table = Table(box=None, pad_edge=False)
    for name in ("instance", "customers", "routes", "cost", "bks", "gap_pct", "seconds"):
        table.add_column(name, justify="left" if name == "instance" else "right")
    for result in results:
        customers = sum(map(len, result["routes"]))
        gap = "" if result["gap_pct"] is None else f"{result['gap_pct']:.3f}"
        bks = "" if result["bks"] is None else f"{result['bks']:.10g}"
        figures = (f"{result['cost']:.10g}", bks, gap, f"{result['seconds']:.1f}")
        table.add_row(result["instance"], str(customers), str(len(result["routes"])), *figures)
    return table
