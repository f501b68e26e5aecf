"""The solver's API: what it costs beside the solve, how fast slots are, and whether it keeps its time.

``python -m benchmarks.api [--json] [--stops 10 100 1000 4000] [--seconds 2 2 2 15] [--repeats 20] [--asks 300]`` builds
an invented city, starts a server of its own and talks to it over HTTP.

- ``overhead``: CPU ms for 1,000 stops of all that is not the solve: the request read, checked, kept apart from people
  and handed on; read and checked again by the worker; the plan packed for the store, read back and answered.
- ``slots``: ms from request to reply, one new order with four windows at a time, on a committed plan of 1,000 stops.
- ``budget``: seconds from request to reply beyond the seconds asked for, which stand in the same place as the stops.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from data import codec
from data.cityfile import read_city, write_city
from data.model.base import Window
from data.model.city import City
from data.model.plan import Plan
from data.model.request import PlanRequest
from data.model.reservation import Owner
from data.model.told import ToldRequest
from data.sources.check import check_request
from data.store import plans
from data.store.database import Database
from data.synthetic.city import synthetic_city
from data.synthetic.live import burst
from data.synthetic.orders import normal_day
from promise.ledger import Ledger
from routing.instants import check_instants
from routing.plans import PlanRoom
from routing.travel import prepare_city

ROOT = Path(__file__).resolve().parent.parent
DAY = date(2026, 11, 24)
STOPS, WINDOWS, SEED = 1_000, 4, 3
OWNER = Owner("default")
JSON = {"content-type": "application/json"}
Json = dict[str, Any]


@contextmanager
def served(folder: Path, city: Path) -> Iterator[httpx.Client]:
    """Yield a client of a server in a process of its own."""
    variables = {"JALON_DATABASE_URL": f"sqlite:///{folder}/bench.db", "JALON_REPLY_TIMEOUT_S": "600"}
    command = [sys.executable, "-c", "from jalon.cli import main; main()"]
    process = subprocess.Popen(
        [*command, "serve", "--port", "0", "--json", "--only", "routing", "--city", str(city)],
        cwd=ROOT, env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or lines[-1].rstrip() != "}":
        lines.append(process.stdout.readline())
    try:
        with httpx.Client(base_url=json.loads("".join(lines))["url"], timeout=600) as client:
            while client.get("/readyz").status_code != 200:
                time.sleep(0.2)
            yield client
    finally:
        process.terminate()
        process.wait(60)


def overhead_ms(folder: Path, city: City, raw: bytes, plan: Plan, repeats: int) -> float:
    """Return the median CPU ms of everything around one solve."""
    with Database(f"sqlite:///{folder}/overhead.db") as database:
        ledger = Ledger(database)
        room = PlanRoom(database, ledger.write)
        spent = []
        for number in range(repeats):
            mine = plan.replace(id=f"{plan.id}-{number}")
            begun = time.process_time()
            check_instants(raw)
            body = room.request(OWNER, codec.decode(raw, ToldRequest, "body"), city)
            check_request(codec.decode(body, PlanRequest, "body"), city)
            packed = plans.pack(codec.decode(codec.encode(mine), Plan))
            ledger.write(lambda t, packed=packed: plans.add(t, OWNER, packed, 0)).result()
            room.text(OWNER, mine.id)
            spent.append(1000 * (time.process_time() - begun))
        ledger.close()
    return statistics.median(spent)


def slots_ms(client: httpx.Client, request: PlanRequest, city: City, asks: int) -> tuple[list[float], Plan]:
    """Return how long each question took, and the plan that was asked."""
    reply = client.post("/v1/plans?budget_s=5", content=codec.encode(request.replace(city="")), headers=JSON)
    assert reply.status_code == 200, reply.text
    plan = codec.decode(reply.content, Plan)
    assert client.post(f"/v1/plans/{plan.id}/commit", headers={"if-match": "*"}).status_code == 200
    book = burst(city, request, asks + 20, SEED)
    begins = min(vehicle.shift.start_at for vehicle in request.vehicles)
    two = timedelta(hours=2)
    windows = [Window(start_at=begins + n * two, end_at=begins + (n + 1) * two) for n in range(WINDOWS)]
    places = {place.id: place for place in book.places}
    took = []
    for order in book.orders:
        brought = [places[option.place_id] for option in order.options if option.place_id in places]
        body = {"orders": [order], "places": brought, "windows": windows}
        raw = json.dumps(body, default=lambda value: json.loads(codec.encode(value))).encode()
        begun = time.perf_counter()
        answer = client.post(f"/v1/plans/{plan.id}/slots", content=raw, headers=JSON)
        took.append(1000 * (time.perf_counter() - begun))
        assert answer.status_code == 200, answer.text
    return took[20:], plan


def over_s(client: httpx.Client, city: City, stops: int, budget_s: float, repeats: int) -> list[float]:
    """Return by how much each answer came after its budget."""
    raw = codec.encode(normal_day(city, DAY, stops, SEED).replace(city=""))
    late = []
    for seed in range(repeats):
        begun = time.perf_counter()
        reply = client.post(f"/v1/plans?budget_s={budget_s:g}&seed={seed}", content=raw, headers=JSON)
        late.append(time.perf_counter() - begun - budget_s)
        assert reply.status_code == 200, reply.text[:500]
    return late


def p99(values: Sequence[float]) -> float:
    """Return the value that one in a hundred is above, the largest of fewer than a hundred."""
    return sorted(values)[max(0, -(-99 * len(values) // 100) - 1)]


def measured(
    folder: Path, budgets: Sequence[tuple[int, float]], repeats: int, asks: int, say: Callable[[str], None]
) -> Json:
    """Return all figures."""
    path = folder / "city.city"
    say("building the city")
    write_city(prepare_city(synthetic_city(1)), path)
    city = read_city(path)
    request = normal_day(city, DAY, STOPS, SEED)
    with served(folder, path) as client:
        say("slots")
        slots, plan = slots_ms(client, request, city, asks)
        found: Json = {"slots": {"n": len(slots), "p50_ms": statistics.median(slots), "p99_ms": p99(slots)}}
        found["budget"] = []
        for count, budget_s in budgets:
            say(f"budget, {count} stops")
            late = over_s(client, city, count, budget_s, repeats)
            row = {"stops": count, "n": repeats, "budget_s": budget_s}
            found["budget"].append({**row, "p50_s": statistics.median(late), "p99_s": p99(late)})
    say("overhead")
    spent = overhead_ms(folder, city, codec.encode(request.replace(city="")), plan, repeats)
    found["overhead"] = {"n": repeats, "stops": STOPS, "cpu_ms": spent}
    return found


def show(found: Json, console: Console) -> None:
    """Print the figures beside their goals."""
    table = Table("what", "n", "figure", "goal")
    overhead, slots = found["overhead"], found["slots"]
    table.add_row("CPU beside the solve, 1,000 stops", str(overhead["n"]), f"{overhead['cpu_ms']:.0f} ms", "150 ms")
    table.add_row("slots p50, p99", str(slots["n"]), f"{slots['p50_ms']:.1f}, {slots['p99_ms']:.1f} ms", "50 ms")
    for row in found["budget"]:
        name = f"answer after a budget of {row['budget_s']:g} s, {row['stops']} stops: p50, p99"
        table.add_row(name, str(row["n"]), f"{row['p50_s']:+.2f}, {row['p99_s']:+.2f} s", "+0.50 s")
    console.print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--stops", type=int, nargs="+", default=[10, 100, 1_000, 4_000])
    parser.add_argument("--seconds", type=float, nargs="+", default=[2, 2, 2, 15])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--asks", type=int, default=300)
    given = parser.parse_args()
    console = Console(stderr=given.json)
    with tempfile.TemporaryDirectory() as folder:
        budgets = list(zip(given.stops, given.seconds, strict=True))
        found = measured(Path(folder), budgets, given.repeats, given.asks, console.print)
    if given.json:
        print(json.dumps(found, indent=1))
    else:
        show(found, console)


if __name__ == "__main__":
    main()
