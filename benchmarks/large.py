"""Thousands of stops over many hubs: the whole day in parts, orders free to change hub or not.

Run: ``python benchmarks/large.py [CITY] [--stops 20000] [--hubs 10] [--seconds 300] [--lanes 2] [--seed 1] [--json]``.
CITY is a .city file; without one, the synthetic city. The hubs stand in the middle of ten parts of the city, a seeded
normal day is drawn for them, and lorries run between all hubs before the first vans leave. Two runs of the same length
on the same processes: each hub alone (no order changes hub), then with ``change_hubs``. The seconds are wall time from
the request to the joined plan in which the checker found nothing. ``objective_cents`` is the cost of the tours and what
leaving out counts for every order that is on no tour; a first plan of the whole day is told after ``first_s``. Peak
memory is the most that all processes had at one time, pages that several of them share counted once (PSS).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from data import codec
from data.cityfile import read_city, write_city
from data.clock import rng
from data.model.change import Transfer
from data.model.city import City
from data.model.hub import Hub
from data.model.plan import Plan
from data.model.request import PlanRequest
from data.model.vehicle import Category
from data.synthetic.city import synthetic_city
from data.synthetic.day import at
from data.synthetic.hubs import LOADING_S
from data.synthetic.orders import normal_day
from data.synthetic.reach import largest_core
from routing.build_orders import order_penalty_cents
from routing.large import Heard, Piece, as_tasks, plan_large
from routing.solver.stop import Stop
from routing.task import Task
from routing.travel import prepare_city
from routing.warm import warm_kernels
from routing.work import perform

DAY = date(2026, 11, 24)
MEANS_ROUNDS = 20
LOOK_S = 0.5
"""Seconds between two looks at memory."""


def hub_sites(city: City, count: int, seed: int) -> tuple[Hub, ...]:
    """Return hubs in the middle of as many parts of the city (k-means over its junctions), outside zones."""
    streets, chance = city.streets, rng(seed)
    free = largest_core(streets, Category.VUL) & largest_core(streets, Category.CARGO_BIKE)
    free[streets.tail[city.arc_zones > 0]] = free[streets.head[city.arc_zones > 0]] = False
    nodes = np.flatnonzero(free)
    lat, lon = streets.node_lat[nodes], streets.node_lon[nodes]
    spots = np.column_stack([lat, lon * np.cos(np.radians(lat.mean()))])
    middles = spots[chance.choice(len(spots), count, replace=False)]
    for _ in range(MEANS_ROUNDS):
        nearest = ((spots[:, None] - middles) ** 2).sum(axis=2).argmin(axis=1)
        middles = np.array([spots[nearest == row].mean(axis=0) for row in range(count)])
    sites = [int(nodes[((spots - middle) ** 2).sum(axis=1).argmin()]) for middle in middles]
    return tuple(
        Hub(id=f"hub-{row + 1}", lat=float(streets.node_lat[node]), lon=float(streets.node_lon[node]),
            name=f"Hub {row + 1}", loading_s=LOADING_S)
        for row, node in enumerate(sites)
    )  # fmt: skip


def day_of(city: City, stops: int, hubs: int, seed: int) -> PlanRequest:
    """Return the day, with two lorries from each hub to each other one before the first vans leave."""
    request = normal_day(city, DAY, stops, seed, hub_sites(city, hubs, seed))
    times = ((at(DAY, 5, 30), at(DAY, 6, 0)), (at(DAY, 6, 35), at(DAY, 6, 55)))
    lorries = tuple(
        Transfer(from_hub_id=one.id, to_hub_id=other.id, leaves_at=leaves_at, arrives_at=arrives_at)
        for one, other in permutations(request.hubs, 2)
        for leaves_at, arrives_at in times
    )
    return request.replace(transfers=lorries)


def worked(task: Task) -> tuple[bytes, float]:
    """Return a task's result and the CPU seconds it took."""
    begun = time.process_time()
    content = perform(task, Stop(task.budget_s), lambda step, plan: None)
    return content, time.process_time() - begun


def warmed(path: str) -> None:
    """Make a worker process ready: kernels and city."""
    warm_kernels()
    read_city(Path(path))


@dataclass
class Lanes:
    """Worker processes, and what they have used."""

    task: Task
    executor: ProcessPoolExecutor
    cpu_s: float = 0.0

    def solve(self, pieces: Sequence[Piece], stop: Stop, heard: Heard) -> None:
        """Plan pieces side by side."""
        rows = {self.executor.submit(worked, task): row for row, task in enumerate(as_tasks(self.task, pieces))}
        for done in as_completed(rows):
            content, cpu_s = done.result()
            self.cpu_s += cpu_s
            heard(rows[done], codec.decode(content, Plan))


class Memory:
    """Looks at the memory of this process and its children, in a thread, until it is left as a context."""

    def __init__(self) -> None:
        self.peak_mb = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_S):
            pids = (os.getpid(), *(child.pid for child in multiprocessing.active_children() if child.pid))
            self.peak_mb = max(self.peak_mb, sum(_pss_mb(pid) for pid in pids))


def _pss_mb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) // 1024


def figures(request: PlanRequest, city: City, lanes: Lanes, given: argparse.Namespace) -> dict[str, Any]:
    """Plan a day in parts and return what came out."""
    lanes.cpu_s, begun, cpu = 0.0, time.perf_counter(), time.process_time()
    told_s: list[float] = []
    with Memory() as memory:
        plan, content = plan_large(
            request,
            city,
            Stop(given.seconds),
            given.seed,
            given.lanes,
            lanes.solve,
            lambda _: told_s.append(time.perf_counter() - begun),
        )
    seconds = time.perf_counter() - begun
    out = {entry.order_id for entry in (*plan.postponed, *plan.unassigned)}
    left_out = sum(order_penalty_cents(order, request) for order in request.orders if order.id in out)
    return {
        "served": plan.totals.served,
        "postponed": plan.totals.postponed,
        "unassigned": plan.totals.unassigned,
        "cost_cents": plan.totals.cost_cents,
        "objective_cents": plan.totals.cost_cents + left_out,
        "tours": plan.totals.tours,
        "km": plan.totals.distance_m // 1000,
        "seconds": round(seconds, 1),
        "first_s": round(told_s[0], 1),
        "told": len(told_s),
        "cpu_s": round(lanes.cpu_s + time.process_time() - cpu, 1),
        "violations": 0,  # plan_large raises where the checker finds any
        "plan_mb": round(len(content) / 1e6, 1),
        "peak_mb": memory.peak_mb,
    }


def main() -> None:
    """Print the table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("city", nargs="?", type=Path)
    parser.add_argument("--stops", type=int, default=20_000)
    parser.add_argument("--hubs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.city or Path(folder) / "large.city"
        if not given.city:
            write_city(prepare_city(synthetic_city()), path)
        city = read_city(path)
        request = day_of(city, given.stops, given.hubs, given.seed)
        task = Task(kind="plan", body=b"", city=str(path), seed=given.seed)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(given.lanes, context, warmed, (str(path),)) as executor:
            lanes = Lanes(task, executor)
            list(executor.map(warmed, [str(path)] * given.lanes))
            alone = figures(request, city, lanes, given)
            free = figures(request.replace(change_hubs=True), city, lanes, given)
    found = {
        "stops": given.stops,
        "hubs": given.hubs,
        "seconds": given.seconds,
        "seed": given.seed,
        "each_hub_alone": alone,
        "hubs_may_change": free,
        "ratio": round(free["objective_cents"] / alone["objective_cents"], 4),
        "peak_mb": max(alone["peak_mb"], free["peak_mb"]),
    }
    if given.json:
        print(json.dumps(found))
    else:
        show(found)


def show(found: dict[str, Any]) -> None:
    """Print both runs as a table."""
    table = Table(title=f"{found['stops']} stops, {found['hubs']} hubs, {found['seconds']:g} s, seed {found['seed']}")
    table.add_column("")
    for name in ("each_hub_alone", "hubs_may_change"):
        table.add_column(name.replace("_", " "), justify="right")
    for name, value in found["each_hub_alone"].items():
        table.add_row(name, str(value), str(found["hubs_may_change"][name]))
    console = Console()
    console.print(table)
    console.print(f"objective {found['ratio']}x that of each hub alone; {found['peak_mb']} MB at most")


if __name__ == "__main__":
    main()
