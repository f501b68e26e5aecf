"""The trade's full rules on Nantes: ours against OR-Tools on the same model, from the same first plan.

Run: ``python benchmarks/nantes.py [--shared DIR] [--orders 1600] [--seconds 1 5 10 30] [--theirs 60] [--seeds 1 2 3]``.
Streets and relay points are real (DIR/osm/nantes_drive.osm.pbf, DIR/relays/laposte_poincont2.csv), the zone is that of
examples/, every third relay point is made a locker, the day is made up: windows, breaks, parcels that get ready during
the morning, skills, two hubs, a mixed fleet, and three places for every order: its home, the nearest relay point and
the nearest locker that take it. One thread each. Prints per seed when the first plan was ready (made, published and
found valid by the checker) and, per budget, orders served, what is left out and the cost of the tours; then the ratio
of our objective to that of OR-Tools at its own budget. A plan that serves fewer is not cheaper.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from burst import Row, measured
from rich.console import Console
from rich.table import Table

from data.clock import now
from data.model.city import City
from data.model.order import Order, PlaceOption
from data.model.place import Place, PlaceKind, refuses
from data.model.request import PlanRequest
from data.sources.relay_rules import ASSUMED_FREE, boxes
from data.synthetic.orders import normal_day
from routing.build import build_instance
from routing.citybuild import Sources, build_city
from routing.job import checked
from routing.publish import publish
from routing.solver.engine import construct, improve
from routing.solver.ortools_model import OrToolsEngine
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from routing.warm import warm_kernels

ROOT = Path(__file__).resolve().parent.parent
DAY = date(2026, 11, 24)
SWITCH_CENTS = {PlaceKind.RELAY: 150, PlaceKind.LOCKER: 90}
console = Console(width=120)


def nantes(shared: Path) -> City:
    """Return the city, every third of its relay points made a locker."""
    sources = Sources(
        streets=str(shared / "osm" / "nantes_drive.osm.pbf"),
        zones=(ROOT / "examples" / "nantes_zone.geojson",),
        places=(shared / "relays" / "laposte_poincont2.csv",),
    )
    city, _ = build_city(sources, lambda step, share: None)
    places = tuple(locker(place) if row % 3 == 0 else relay(place) for row, place in enumerate(city.places))
    return replace(city, places=places)


def locker(place: Place) -> Place:
    """Return a locker in the place of a relay point, with the boxes we assume where nobody says."""
    three = tuple(5 * free for free in ASSUMED_FREE)
    return place.replace(kind=PlaceKind.LOCKER, opening_hours=None, boxes=boxes(three), daily_cap_parcels=None)


def relay(place: Place) -> Place:
    """Return the relay point with a cap on its parcels."""
    return place.replace(kind=PlaceKind.RELAY, daily_cap_parcels=40)


def three_places(request: PlanRequest, city: City) -> PlanRequest:
    """Return the day with a relay point and a locker for every order that goes home; what fits neither stays."""
    homes = {place.id: place for place in request.places}
    orders = (order.replace(options=(*order.options[:1], *more(order, homes, city))) for order in request.orders)
    return request.replace(orders=tuple(orders))


def more(order: Order, homes: dict[str, Place], city: City) -> Iterator[PlaceOption]:
    """Yield the nearest other places of each kind that take all of an order's parcels."""
    first = order.options[0].place_id
    here = homes.get(first) or next(place for place in city.places if place.id == first)
    for kind, cents in SWITCH_CENTS.items():
        taking = [
            place
            for place in city.places
            if place.kind is kind and place.id != first and not any(refuses(each, place) for each in order.parcels)
        ]
        if taking:
            near = min(taking, key=lambda place: (place.lat - here.lat) ** 2 + (0.68 * (place.lon - here.lon)) ** 2)
            yield PlaceOption(place_id=near.id, cost_cents=cents)


def compare(request: PlanRequest, city: City, given: argparse.Namespace, seed: int) -> tuple[list[Row], Row]:
    """Return our rows by budget, and OR-Tools' row."""
    begun = time.perf_counter()
    instance = build_instance(request, city)
    built_s = time.perf_counter() - begun
    first = construct(instance.problem)
    checked(publish(instance, first, seed=seed, created_at=now()))
    first_s = time.perf_counter() - begun
    console.print(f"seed {seed}: model {built_s:.2f} s, first checked plan {first_s:.2f} s")
    ours = []
    for seconds in given.seconds:
        found = improve(instance.problem, first, Stop(seconds), (RuinRecreateEngine(seed=seed),))
        checked(publish(instance, found, seed=seed, created_at=now()))
        ours.append(measured(instance.problem, found))
    theirs = improve(instance.problem, first, Stop(given.theirs), (OrToolsEngine(),))
    return ours, measured(instance.problem, theirs)


def cells(row: Row) -> tuple[str, str, str]:
    """Return orders served, and euros left out and driven, as text."""
    return str(row[0]), str(row[1] // 100), str(row[2] // 100)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--orders", type=int, default=1600)
    parser.add_argument("--seconds", type=float, nargs="+", default=[1, 5, 10, 30])
    parser.add_argument("--theirs", type=float, default=60)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    given = parser.parse_args()
    warm_kernels()
    city = nantes(given.shared)
    table = Table(title=f"Nantes, {given.orders} orders, all rules; OR-Tools at {given.theirs:g} s")
    for name in ("seed", "seconds", "served", "left out EUR", "tours EUR", "objective ÷ OR-Tools'"):
        table.add_column(name, justify="right")
    ratios: dict[float, list[float]] = {}
    for seed in given.seeds:
        request = three_places(normal_day(city, DAY, given.orders, seed), city)
        ours, theirs = compare(request, city, given, seed)
        for seconds, row in zip(given.seconds, ours):
            ratio = (row[1] + row[2]) / (theirs[1] + theirs[2])
            ratios.setdefault(seconds, []).append(ratio)
            table.add_row(
                str(seed), f"{seconds:g}", str(row[0]), str(row[1] // 100), str(row[2] // 100), f"{ratio:.3f}"
            )
        table.add_row(str(seed), "OR-Tools", *(str(theirs[0]), str(theirs[1] // 100), str(theirs[2] // 100), ""))
    console.print(table)
    for seconds, values in ratios.items():
        spread = f"{min(values):.3f}..{max(values):.3f}"
        console.print(f"{seconds:g} s: {statistics.mean(values):.3f}x OR-Tools' objective (n={len(values)}, {spread})")


if __name__ == "__main__":
    main()
