"""``jalon demo``: an evening plan, a live-shopping burst, a re-plan, the check and the map, in one command."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from data import clock, codec
from data.cityfile import write_city
from data.model.city import City
from data.model.plan import Plan
from data.model.request import VehicleStatus
from data.synthetic.city import synthetic_city
from data.synthetic.day import next_working_days
from data.synthetic.live import burst as live_burst
from data.synthetic.orders import normal_day
from data.units import euros
from jalon.maps import leg_shapes, write_map
from jalon.summary import plan_figures, print_unserved, tour_table
from jalon.terminal import SearchLine, StepBars, console, interruptible, print_json
from routing.job import Outcome, Settings, plan_day, replan_day
from routing.solver.stop import Stop
from routing.travel import prepare_city
from routing.verify import check


def demo(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the plans and the map.")] = Path("demo-out"),
    orders: Annotated[int, typer.Option("--orders", min=1, help="Orders of the normal day.")] = 400,
    burst: Annotated[int, typer.Option("--burst", min=0, help="Orders the live brings.")] = 1200,
    plan_seconds: Annotated[float, typer.Option("--plan-seconds", min=0, help="Search time, evening plan.")] = 12.0,
    replan_seconds: Annotated[float, typer.Option("--replan-seconds", min=0, help="Search time, re-plan.")] = 25.0,
    seed: Annotated[int, typer.Option("--seed", help="Another seed is another city and another evening.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Absorb a live: plan tomorrow, take four times the orders, re-plan in seconds, check, draw."""
    day = next_working_days(clock.now().date(), 1)[0]
    city = _city(seed, output)
    evening = _evening(city, day, orders, seed, plan_seconds, output)
    loading = VehicleStatus(vehicle_id=evening.plan.tours[0].vehicle_id, loading_started=True)
    book = live_burst(city, evening.instance.request, burst, seed)
    codec.write_whole(output / "burst.json", codec.encode(book, indent=1))
    stop = Stop(replan_seconds)
    with SearchLine("re-plan with the live's orders") as line, interruptible(stop):
        settings = Settings(seed=seed, progress=line)
        outcome = replan_day(evening.plan, book, city, stop, settings, (loading,))
    plan_path, map_path = output / "plan.json", output / "map.html"
    codec.write_whole(plan_path, outcome.content)
    write_map(map_path, outcome.instance, outcome.plan, evening.plan, leg_shapes(evening.instance, evening.plan))
    figures = {
        "orders_planned": orders,
        "orders_burst": len(book.orders),
        **plan_figures(outcome.plan, plan_path, map_path),
        "violations": len(check(json.loads(plan_path.read_bytes()))),
        "replan_first_s": round(outcome.first_s, 2),
        "replan_s": round(outcome.total_s, 2),
        "tours_before": evening.plan.totals.tours,
        "km_before": round(evening.plan.totals.distance_m / 1000, 1),
        "cost_cents_before": evening.plan.totals.cost_cents,
    }
    if as_json:
        print_json(figures)
    else:
        _show(evening.plan, outcome.plan, figures)


def _city(seed: int, output: Path) -> City:
    with StepBars() as bars:
        bars("draw the city", 0.0)
        drawn = synthetic_city(seed)
        bars("draw the city", 1.0)
        city = prepare_city(drawn, bars)
    output.mkdir(parents=True, exist_ok=True)
    write_city(city, output / "synthetic.city")
    return city


def _evening(city: City, day: date, orders: int, seed: int, seconds: float, output: Path) -> Outcome:
    request = normal_day(city, day, orders, seed).replace(city="synthetic.city")
    codec.write_whole(output / "request.json", codec.encode(request, indent=1))
    stop = Stop(seconds)
    with SearchLine("evening plan") as line, interruptible(stop):
        outcome = plan_day(request, city, stop, Settings(seed=seed, progress=line))
    codec.write_whole(output / "plan-evening.json", outcome.content)
    return outcome


def _show(before: Plan, after: Plan, figures: dict[str, Any]) -> None:
    console.print(tour_table(after))
    table = Table(title="A live lands on the evening plan", title_justify="left")
    for name in ("", "evening plan", "after the live"):
        table.add_column(name, justify="left" if not name else "right")
    rows = [
        ("orders", before.totals.orders, after.totals.orders),
        ("served tomorrow", before.totals.served, after.totals.served),
        ("postponed within the promise", before.totals.postponed, after.totals.postponed),
        ("promises broken", before.totals.unassigned, after.totals.unassigned),
        ("most the fleet can carry", before.bound.orders, after.bound.orders),
        ("tours", before.totals.tours, after.totals.tours),
        ("km", f"{before.totals.distance_m / 1000:.1f}", f"{after.totals.distance_m / 1000:.1f}"),
        ("kg CO2e", f"{before.totals.co2e_g / 1000:.1f}", f"{after.totals.co2e_g / 1000:.1f}"),
        ("cost", euros(before.totals.cost_cents), euros(after.totals.cost_cents)),
        ("orders moved to another vehicle", "", len(after.moved)),
        ("first checked plan", "", f"{figures['replan_first_s']} s"),
        ("violations found by the checker", "", figures["violations"]),
    ]
    for label, left, right in rows:
        table.add_row(label, str(left), str(right))
    console.print(table)
    console.print(f"bound: {after.bound.explanation}", highlight=False)
    print_unserved(console, after)
    console.print(f"plan {figures['plan_path']}   map {figures['map_path']} (open it in a browser, no network needed)",
                  highlight=False)  # fmt: skip
