"""``jalon bench vrp``: the search on instances of the literature, against the best known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from data import clock
from jalon.options import A_DAY_S, IterationsOption, JsonOption, SeedOption, ThreadsOption
from jalon.terminal import console, print_json, say
from jalon.vrp.check import convention, cost, faults
from jalon.vrp.convert import classic_of, routes_of
from jalon.vrp.instance import Instance
from jalon.vrp.read import read_instance
from routing.solver.lean.search import search, warm
from routing.solver.stop import Stop

FilesArgument = Annotated[list[Path], typer.Argument(metavar="FILES...", help="VRPLIB or Solomon instances.")]
BudgetOption = Annotated[
    float, typer.Option("--seconds", min=0.0, max=A_DAY_S, metavar="S", help="Search each for this long.")
]


def vrp(
    files: FilesArgument,
    seconds: BudgetOption = 30.0,
    seed: SeedOption = 1,
    threads: ThreadsOption = 1,
    iterations: IterationsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Solve instances of the literature, one after the other, and compare with the best known.

    Families: CVRP, VRPTW, MDVRPTW, HFVRP, GVRP. Costs and the ids of customers are as in the .sol file next to the
    instance, whose cost is the best known. Cost and feasibility are a checker's, not the search's.
    """
    instances = [read_instance(path) for path in files]
    results = []
    for instance in instances:
        results.append(_solved(instance, seconds, seed, threads, iterations))
        say(f"{instance.name}:", _line(results[-1]))
    if as_json:
        print_json(results)
    else:
        console.print(_rows(results))


def _solved(instance: Instance, seconds: float, seed: int, threads: int, iterations: int | None) -> dict[str, Any]:
    way = convention(instance)
    problem = classic_of(instance, way)
    with console.status(f"{instance.name}: kernels, compiled where this is the first instance of its kind"):
        warm(problem)
    started_s = clock.elapsed_s()
    with console.status(f"{instance.name}: searching, {seconds:g} s"):
        found = search(problem, Stop(seconds), seed, threads, iterations)
    took_s = clock.elapsed_s() - started_s
    routes = routes_of(instance, found)
    wrong = faults(instance, routes, way)
    for fault in wrong[:5]:
        say("fault", f"{instance.name}: {fault}", "bold red")
    total = cost(instance, routes, way)
    gap = None if instance.bks is None else round(100 * (total / instance.bks - 1), 4)
    return {
        "instance": instance.name,
        "cost": round(total, 2),
        "bks": instance.bks,
        "gap_pct": gap,
        "feasible": not wrong,
        "routes": routes,
        "first_s": round(found.first_s, 4),
        "seconds": round(took_s, 3),
        "iterations": found.iterations,
    }


def _line(result: dict[str, Any]) -> str:
    gap = "best known unknown" if result["gap_pct"] is None else f"{result['gap_pct']:+.2f} % of the best known"
    used = sum(1 for route in result["routes"] if route)
    state = "" if result["feasible"] else ", not feasible"
    return f"{result['cost']:.10g}, {gap}, {used} tours, {result['iterations']} iterations{state}"


def _rows(results: list[dict[str, Any]]) -> Table:
    """Return the results as a table of less than 80 columns."""
    table = Table(box=None, pad_edge=False)
    for name in ("instance", "cost", "bks", "gap_pct", "first_s", "iterations"):
        table.add_column(name, justify="left" if name == "instance" else "right")
    for result in results:
        gap = "" if result["gap_pct"] is None else f"{result['gap_pct']:.3f}"
        bks = "" if result["bks"] is None else f"{result['bks']:.10g}"
        figures = (f"{result['first_s']:.3f}", str(result["iterations"]))
        table.add_row(result["instance"], f"{result['cost']:.10g}", bks, gap, *figures)
    return table
