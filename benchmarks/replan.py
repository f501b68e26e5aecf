"""The re-plan of a burst, at equal time: on the road (R1_10_3), and the evening before with all rules (Nantes).

Run: ``python benchmarks/replan.py [--shared DIR] [--seconds 1 10 30] [--nantes-seconds 5 10 30] [--seeds 1 2 3]``
``[--peers]``; an option without numbers leaves its table out. One thread each.

R1_10_3: 250 stops planned, 84 of them served, 750 new. What is served is gone; a vehicle that has left starts where it
stands, when it may leave, with the room it has, and its rest of the plan is the warm start. Ours is the engine such a
problem gets in any solve; ``--peers`` adds PyVRP on the same stops, vehicles and starts. Cost: distance from there on,
the way home of every committed vehicle included, x10, recomputed here from the routes, whose loads and windows are
checked on the way.

Nantes: 400 orders planned for 10 s, 1,200 new; streets, zone, places and rules as in ``benchmarks/nantes.py``. Planned
orders keep their vehicle. The first plan is read, built, made, published and found valid by the checker; OR-Tools
starts from it on the same model.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from burst import measured
from classic_plan import UnderWay, plan_problem
from nantes import DAY, nantes, three_places
from rich.console import Console
from rich.table import Table

from data.clock import now
from data.model.city import City
from data.model.plan import Plan
from data.model.request import OrderBook
from data.synthetic.live import burst
from data.synthetic.orders import normal_day
from jalon.vrp.convert import classic_of
from jalon.vrp.instance import DIMACS
from jalon.vrp.read import read_instance
from routing.job import Settings, checked, plan_day
from routing.lean_engine import LeanEngine
from routing.problem import Problem
from routing.publish import publish
from routing.replan import Replan, prepare_replan
from routing.solver.engine import construct, improve
from routing.solver.lean.classic import Classic
from routing.solver.ortools_model import OrToolsEngine
from routing.solver.search import RuinRecreateEngine
from routing.solver.sequences import append_sequence, tour_nodes
from routing.solver.stop import Stop
from routing.solver.tours import Tours, empty_tours
from routing.warm import warm_kernels

PLANNED, NEW = 400, 1200
console = Console(width=130)
ROOT = Path(__file__).resolve().parent.parent
Routes = list[list[int]]
"""Stops of each vehicle, the committed ones first."""


@dataclass(frozen=True)
class Evening:
    """The plan in force and the burst; stops are numbered from 0."""

    classic: Classic
    under_way: tuple[UnderWay, ...]
    rest: Routes
    left: np.ndarray
    vehicles: int


def read_evening(folder: Path) -> Evening:
    """Return the evening of the file."""
    told = json.loads((folder / "burst_R1_10_3.json").read_text())
    classic = classic_of(read_instance(folder / "VRPTW" / f"{told['instance']}.vrp"), DIMACS)
    under_way = tuple(UnderWay(s["customer"] - 1, s["departure"], s["capacity_left"]) for s in told["starts"])
    rest = [[c - 1 for c in plan[len(gone) :]] for plan, gone in zip(told["plan"], told["locked"], strict=True)]
    gone = np.array([c - 1 for locked in told["locked"] for c in locked])
    return Evening(classic, under_way, rest, np.setdiff1d(np.arange(classic.stops), gone), told["vehicles"])


def warm_start(evening: Evening) -> tuple[Problem, Tours]:
    """Return the problem, and the tours of what is left of the plan."""
    problem = plan_problem(evening.classic, evening.left, evening.vehicles, evening.under_way)
    row = {int(stop): order for order, stop in enumerate(evening.left)}
    start = empty_tours(problem.tables)
    for vehicle, stops in enumerate(evening.rest):
        dropped = append_sequence(problem.tables, start, vehicle, [row[stop] for stop in stops], [])
        assert not dropped, dropped
    return problem, start


def routes_of(evening: Evening, problem: Problem, tours: Tours) -> Routes:
    """Return tours as routes."""
    nodes = (tour_nodes(problem.tables, tours, vehicle) for vehicle in range(problem.vehicles))
    return [[int(evening.left[order]) for order in order_rows] for order_rows in nodes]


def cost(evening: Evening, routes: Routes) -> int:
    """Return what routes cost; every stop once, in its window, in vehicles that have room."""
    classic, times = evening.classic, evening.classic.times
    assert times is not None and sorted(stop for route in routes for stop in route) == evening.left.tolist()
    depot, total = classic.stops, 0
    for vehicle, route in enumerate(routes):
        fresh = vehicle >= len(evening.under_way)
        at, clock, room = depot, int(times.opens[depot]), classic.kinds[0].capacity
        if not fresh:
            at, clock, room = (getattr(evening.under_way[vehicle], name) for name in ("stop", "leaves", "room"))
        for stop in [*route, *([] if fresh and not route else [depot])]:
            total += int(classic.distance[at, stop])
            clock = max(clock + int(times.duration[at, stop]), int(times.opens[stop]))
            assert clock <= times.closes[stop]
            clock += int(times.service[stop])
            at = stop
        assert int(classic.demand[route].sum()) <= room
    return total


def pyvrp_routes(evening: Evening, seconds: float, seed: int) -> Routes:
    """Solve with PyVRP; a committed vehicle that it leaves idle goes home."""
    from pyvrp import Model
    from pyvrp.stop import MaxRuntime

    classic, times, model = evening.classic, evening.classic.times, Model()
    assert times is not None
    places = [classic.stops, *(each.stop for each in evening.under_way), *evening.left.tolist()]
    spots = [model.add_location(0, 0) for _ in places]
    home, *stands = [model.add_depot(spot) for spot in spots[: 1 + len(evening.under_way)]]
    for spot, s in zip(spots[1 + len(stands) :], evening.left.tolist(), strict=True):
        model.add_client(spot, delivery=[int(classic.demand[s])], service_duration=int(times.service[s]),
                         tw_early=int(times.opens[s]), tw_late=int(times.closes[s]))  # fmt: skip
    late = int(times.closes[classic.stops])
    for stand, each in zip(stands, evening.under_way, strict=True):
        model.add_vehicle_type(1, [each.room], stand, home, tw_early=each.leaves, tw_late=late)
    fresh = evening.vehicles - len(stands)
    model.add_vehicle_type(fresh, [classic.kinds[0].capacity], home, home, tw_early=0, tw_late=late)
    for source, a in zip(spots, places, strict=True):
        for target, b in zip(spots, places, strict=True):
            model.add_edge(source, target, int(classic.distance[a, b]), int(times.duration[a, b]))
    best = model.solve(MaxRuntime(seconds), seed=seed, display=False, collect_stats=False).best
    routes: Routes = [[] for _ in stands]
    for route in best.routes():
        stops = [int(evening.left[visit.idx]) for visit in route if visit.is_client()]
        if route.vehicle_type() < len(stands):
            routes[route.vehicle_type()] = stops
        else:
            routes.append(stops)
    return routes


def classic_rows(given: argparse.Namespace) -> None:
    """Print the burst on R1_10_3."""
    evening = read_evening(given.shared / "vrp")
    problem, start = warm_start(evening)
    begun = time.perf_counter()
    first = construct(problem, start)
    first_s = time.perf_counter() - begun
    improve(problem, first, Stop(60), (LeanEngine(iterations=1),))  # kernels are loaded before any clock runs
    table = Table(title=f"burst on R1_10_3, {len(evening.left)} to serve; first complete plan {first_s:.2f} s, "
                        f"{cost(evening, routes_of(evening, problem, first))}")  # fmt: skip
    for name in ("solver", "seconds", "mean cost", "costs"):
        table.add_column(name, justify="right")
    solvers = {"jalon": lambda seconds, seed: routes_of(
        evening, problem, improve(problem, first, Stop(seconds), (LeanEngine(seed=seed),)))}  # fmt: skip
    if given.peers:
        solvers["PyVRP"] = lambda seconds, seed: pyvrp_routes(evening, seconds, seed)
    for name, solver in solvers.items():
        for seconds in given.seconds:
            costs = [cost(evening, solver(seconds, seed)) for seed in given.seeds]
            table.add_row(name, f"{seconds:g}", f"{statistics.mean(costs):.0f}", " ".join(map(str, costs)))
    console.print(table)


def nantes_evening(city: City, seed: int) -> tuple[Plan, OrderBook]:
    """Return the plan of 400 orders and 1,200 new ones."""
    request = three_places(normal_day(city, DAY, PLANNED, seed), city)
    book = burst(city, request, NEW, seed)
    more = three_places(request.replace(orders=book.orders, places=book.places), city)
    return plan_day(request, city, Stop(10), Settings(seed=seed)).plan, book.replace(orders=more.orders)


def nantes_rows(given: argparse.Namespace) -> None:
    """Print the burst on Nantes, per seed from the same first plan of the same model."""
    city = nantes(given.shared)
    table = Table(title=f"burst on Nantes: {PLANNED} planned, {NEW} new, all rules")
    for name in ("seed", "first checked", "seconds", "served", "OR-Tools", "left out EUR", "OR-Tools ", "tours EUR",
                 "OR-Tools  ", "objective ÷ ours"):  # fmt: skip
        table.add_column(name, justify="right")
    ratios: dict[float, list[float]] = {}
    for seed in given.seeds:
        plan, book = nantes_evening(city, seed)
        begun = time.perf_counter()
        ready = prepare_replan(plan, book, city)
        problem = ready.instance.problem
        first = construct(problem, ready.start)
        write(plan, ready, first, seed)
        first_s = time.perf_counter() - begun
        for seconds in given.nantes_seconds:
            found = improve(problem, first, Stop(seconds), (RuinRecreateEngine(seed=seed),))
            write(plan, ready, found, seed)
            ours = measured(problem, found)
            theirs = measured(problem, improve(problem, first, Stop(seconds), (OrToolsEngine(),)))
            ratios.setdefault(seconds, []).append((theirs[1] + theirs[2]) / (ours[1] + ours[2]))
            pairs = [f"{value}" for k in range(3) for value in
                     (ours[k] // (100 if k else 1), theirs[k] // (100 if k else 1))]  # fmt: skip
            table.add_row(str(seed), f"{first_s:.2f} s", f"{seconds:g}", *pairs, f"{ratios[seconds][-1]:.3f}")
    console.print(table)
    for seconds, values in ratios.items():
        least = f"least {min(values):.3f}, n={len(values)}"
        console.print(f"{seconds:g} s: OR-Tools' objective is {statistics.mean(values):.3f}x ours ({least})")


def write(before: Plan, ready: Replan, tours: Tours, seed: int) -> None:
    """Publish and check, as the command does."""
    checked(publish(ready.instance, tours, seed=seed, created_at=now(), locks=ready.locks, replaces=before,
                    settled=ready.settled, prices=ready.prices))  # fmt: skip


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--seconds", type=float, nargs="*", default=[1, 10, 30])
    parser.add_argument("--nantes-seconds", type=float, nargs="*", default=[5, 10, 30])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--peers", action="store_true")
    given = parser.parse_args()
    warm_kernels()
    if given.seconds:
        classic_rows(given)
    if given.nantes_seconds:
        nantes_rows(given)


if __name__ == "__main__":
    main()
