"""What each rule of the trade costs: search iterations per second without it and with it in the problem.

Run: ``python benchmarks/rules.py [CITY] [--orders 1000] [--iterations 20000] [--repeats 3] [--only WORD]``.
CITY is a .city file; without one, the synthetic city. Each rule is put alone into the same seeded plain day: homes
only, any time, parcels at the hub, one hub, vehicles of one kind, no breaks, no zone. The plain day and the day with
the rule are searched in turn, so that a busy machine slows both. Prints iterations per CPU second (median and spread)
and the slowdown; a rule also changes the tours (fewer stops each, other neighbours), which is part of its figure.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from data.cityfile import read_city
from data.model.break_rules import BreakRule
from data.model.city import City
from data.model.order import PlaceOption
from data.model.parcel import Apart, ParcelState
from data.model.place import PlaceKind
from data.model.request import OrderBook, PlanRequest
from data.synthetic.city import synthetic_city
from data.synthetic.day import at, window
from data.synthetic.orders import normal_day
from routing.build import build_instance
from routing.citybuild import speed_arrays
from routing.job import Settings, plan_day
from routing.problem import Problem
from routing.replan import prepare_replan
from routing.solver.engine import construct
from routing.solver.search import RuinRecreateEngine
from routing.solver.stop import Stop
from routing.solver.tours import Tours
from routing.travel import prepare_city

DAY = date(2026, 11, 24)
SPEEDS = Path(__file__).resolve().parent.parent / "data" / "samples" / "speeds_urban.csv"
UNLIMITED = Stop(86_400)
Start = tuple[Problem, Tours]
Rule = Callable[[PlanRequest, PlanRequest, City], PlanRequest]
"""Makes the day with a rule of the plain day and of the full one, in the full city."""


def bare(city: City) -> City:
    """Return the streets alone: no zone, no relay point, no traffic by the hour."""
    derived = {name: array for name, array in city.derived.items() if not name.startswith("speeds.")}
    return replace(city, zones=(), arc_zones=np.zeros_like(city.arc_zones), places=(), derived=derived)


def plain(full: PlanRequest) -> PlanRequest:
    """Return the day without any rule but capacity and shift."""
    hub = full.hubs[0]
    van = next(each for each in full.vehicles if each.hub_id == hub.id)
    van = van.replace(breaks=(), skills=(), max_mm=None, capacity_g=10**8, capacity_dm3=10**6)
    homes = tuple(place.replace(opening_hours=None) for place in full.places)
    orders = tuple(
        order.replace(
            hub_id=hub.id,
            options=(PlaceOption(place_id=homes[row % len(homes)].id),),
            parcels=tuple(each.replace(state=ParcelState.SORTED, ready_at=None) for each in order.parcels),
            promised_on=full.day,
            priority=50,
            skills=(),
        )
        for row, order in enumerate(full.orders)
    )
    fleet = tuple(van.replace(id=each.id) for each in full.vehicles)
    return full.replace(hubs=(hub,), vehicles=fleet, orders=orders, places=homes, delivery_days=())


def with_orders(day: PlanRequest, change: Callable[[int, object], object]) -> PlanRequest:
    """Return the day with each order changed, told its row."""
    return day.replace(orders=tuple(change(row, order) for row, order in enumerate(day.orders)))


def with_vehicles(day: PlanRequest, **changes: object) -> PlanRequest:
    """Return the day with every vehicle changed alike."""
    return day.replace(vehicles=tuple(each.replace(**changes) for each in day.vehicles))


def windows(day: PlanRequest, full: PlanRequest, city: City) -> PlanRequest:
    """Give a third of the homes a slot of two hours."""
    slots = tuple(window(day.day, (hour, 0), (hour + 2, 0)) for hour in (8, 10, 12))

    def slotted(row: int, order: object) -> object:
        slot = slots[row // 3 % len(slots)]
        return order if row % 3 else order.replace(options=(order.options[0].replace(windows=(slot,)),))

    return with_orders(day, slotted)


def shared_setup(day: PlanRequest, full: PlanRequest, city: City) -> PlanRequest:
    """Let every second order go to its neighbour's address."""
    return with_orders(day, lambda row, order: order.replace(options=day.orders[row - row % 2].options))


def mixed_fleet(day: PlanRequest, full: PlanRequest, city: City) -> PlanRequest:
    """Take the real vehicles, with their costs, capacities and classes."""
    fleet = tuple(each.replace(hub_id=day.hubs[0].id, breaks=(), skills=(), max_mm=None) for each in full.vehicles)
    return day.replace(vehicles=fleet)


def two_hubs(day: PlanRequest, full: PlanRequest, city: City) -> PlanRequest:
    """Take vehicles and orders of both hubs."""
    hubs = {order.id: order.hub_id for order in full.orders}
    fleet = tuple(each.replace(hub_id=was.hub_id) for each, was in zip(day.vehicles, full.vehicles, strict=True))
    day = day.replace(hubs=full.hubs, vehicles=fleet)
    return with_orders(day, lambda row, order: order.replace(hub_id=hubs[order.id]))


def three_places(day: PlanRequest, full: PlanRequest, city: City) -> PlanRequest:
    """Give each order a relay point and another home as alternatives."""
    relays = [place for place in city.places if place.kind is PlaceKind.RELAY]
    spare = tuple(place.replace(opening_hours=None, daily_cap_parcels=None) for place in relays)

    def three(row: int, order: object) -> object:
        other = PlaceOption(place_id=day.orders[row * 7 % len(day.orders)].options[0].place_id, cost_cents=200)
        near = PlaceOption(place_id=spare[row % len(spare)].id, cost_cents=100)
        return order.replace(options=(*order.options, near, other))

    return with_orders(day.replace(places=(*day.places, *spare)), three)


def hours_and_caps(day: PlanRequest, full: PlanRequest, city: City) -> PlanRequest:
    """Give each order a relay point with its hours and daily cap, and a locker with its boxes."""
    relays = [place for place in city.places if place.kind is PlaceKind.RELAY]
    lockers = [place for place in city.places if place.kind is PlaceKind.LOCKER]

    def shared(row: int, order: object) -> object:
        near = (relays[row % len(relays)], lockers[row % len(lockers)])
        return order.replace(options=(*order.options, *(PlaceOption(place_id=place.id) for place in near)))

    return with_orders(day.replace(places=(*day.places, *relays, *lockers)), shared)


def releases(day: PlanRequest, full: PlanRequest, city: City) -> PlanRequest:
    """Let a third of the parcels come by linehaul, ready at nine."""
    ready = {"state": ParcelState.LINEHAUL, "ready_at": at(day.day, 9, 0)}

    def late(row: int, order: object) -> object:
        return order if row % 3 else order.replace(parcels=tuple(each.replace(**ready) for each in order.parcels))

    return with_orders(day, late)


def reloads(day: PlanRequest, full: PlanRequest, city: City) -> PlanRequest:
    """Let vehicles of a third of the size come back for more, twice."""
    small = day.vehicles[0].capacity_parcels // 3
    return with_vehicles(day, capacity_parcels=small, max_trips=3, reload_s=900)


def paired(day: PlanRequest, full: PlanRequest, city: City) -> PlanRequest:
    """Let every fifth order be collected at another order's home."""
    homes = [order.options[0].place_id for order in day.orders]

    def collected(row: int, order: object) -> object:
        return order if row % 5 else order.replace(from_place=PlaceOption(place_id=homes[(row * 7 + 1) % len(homes)]))

    return with_orders(day, collected)


def kinds_apart(day: PlanRequest, full: PlanRequest, city: City) -> PlanRequest:
    """Make a quarter food, a quarter paint, and keep these apart."""
    kinds = ("food", "paint", "", "")
    day = day.replace(apart=(Apart(kind="food", other="paint"),))
    return with_orders(
        day, lambda row, order: order.replace(parcels=tuple(p.replace(kind=kinds[row % 4]) for p in order.parcels))
    )


def skills(day: PlanRequest, full: PlanRequest, city: City) -> PlanRequest:
    """Let every tenth order need what every second vehicle has."""
    fleet = tuple(each.replace(skills=("bulky",) if row % 2 else ()) for row, each in enumerate(day.vehicles))
    return with_orders(
        day.replace(vehicles=fleet), lambda row, order: order if row % 10 else order.replace(skills=("bulky",))
    )


def lateness(day: PlanRequest, full: PlanRequest, city: City) -> PlanRequest:
    """Let half of the orders be late after eleven, at two euros an hour."""
    due = at(day.day, 11, 0)
    return with_orders(
        day, lambda row, order: order if row % 2 else order.replace(promised_by=due, late_cents_per_hour=200)
    )


RULES: dict[str, Rule] = {
    "windows of two hours, a third": windows,
    "two parcels at one address": shared_setup,
    "mixed fleet": mixed_fleet,
    "two hubs": two_hubs,
    "one of three places": three_places,
    "opening hours, caps, locker boxes": hours_and_caps,
    "parcels ready at nine, a third": releases,
    "three trips a vehicle": reloads,
    "collected on the way, a fifth": paired,
    "goods kept apart": kinds_apart,
    "skills, a tenth": skills,
    "lateness, a half": lateness,
    "20 min per 6 h": lambda day, full, city: with_vehicles(day, break_rule=BreakRule.FR_LABOUR),
    "45 min per 4 h 30, in parts": lambda day, full, city: with_vehicles(day, break_rule=BreakRule.EU_561_SPLIT),
    "balance": lambda day, full, city: day.replace(balance_cents_per_h2=50),
    "compactness": lambda day, full, city: day.replace(compactness_cents_per_km2=20),
}
IN_CITY: dict[str, Callable[[City], City]] = {
    "low-emission zone with hours": lambda city: replace(bare(city), zones=city.zones, arc_zones=city.arc_zones),
    "traffic by the hour": lambda city: replace(bare(city), derived={**bare(city).derived, **speed_arrays(SPEEDS)}),
}
"""Rules that a city brings; what is banned is the real fleet."""


def started(request: PlanRequest, city: City) -> Start:
    """Return a problem and the plan that insertion makes."""
    problem = build_instance(request, city).problem
    return problem, construct(problem)


def replanned(day: PlanRequest, city: City) -> Start:
    """Return the re-plan of half the day after the other half, sealed heads and all."""
    half = len(day.orders) // 2
    before = plan_day(day.replace(orders=day.orders[:half]), city, Stop(2), Settings()).plan
    book = OrderBook(places=day.places, orders=day.orders[half:])
    ready = prepare_replan(before, book, city, (), at(day.day, 9, 30))
    return ready.instance.problem, construct(ready.instance.problem, ready.start)


def speed(start: Start, iterations: int, seed: int) -> float:
    """Return search iterations per CPU second."""
    problem, tours = start
    begun = time.process_time()
    RuinRecreateEngine(seed=seed, iterations=iterations).improve(problem, tours, UNLIMITED, lambda better: None)
    return iterations / (time.process_time() - begun)


def main() -> None:
    """Print the table of rules."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("city", nargs="?", type=Path)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--iterations", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    city: City = read_city(given.city) if given.city else prepare_city(synthetic_city())
    full = normal_day(city, DAY, given.orders, seed=1)
    streets, day = bare(city), plain(full)
    base = started(day, streets)
    ruled: dict[str, Callable[[], Start]] = {
        rule: lambda change=change: started(change(day, full, city), streets) for rule, change in RULES.items()
    }
    ruled |= {
        rule: lambda change=change: started(mixed_fleet(day, full, city), change(city))
        for rule, change in IN_CITY.items()
    }
    ruled["sealed heads (a re-plan)"] = lambda: replanned(day, streets)
    ruled["all of normal_day's rules"] = lambda: started(full, city)
    table = Table(title=f"{given.orders} orders, {given.iterations} iterations, n = {given.repeats}")
    for name in ("rule", "without it, it/s", "with it, it/s", "slowdown"):
        table.add_column(name, justify="left" if name == "rule" else "right")
    for rule, prepare in ruled.items():
        if given.only not in rule:
            continue
        pair = base, prepare()
        for start in pair:  # compile
            speed(start, 40, 0)
        runs = [[speed(start, given.iterations, seed) for start in pair] for seed in range(given.repeats)]
        ratio = statistics.median(without / within for without, within in runs)
        columns = (f"{statistics.median(run):.0f} ({min(run):.0f}-{max(run):.0f})" for run in zip(*runs, strict=True))
        table.add_row(rule, *columns, f"{ratio:.2f}x")
    Console().print(table)


if __name__ == "__main__":
    main()
