"""``jalon demo``: an evening plan, a live-shopping burst, a re-plan, the check and the map, in one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from data import clock, codec
from data.cityfile import write_city
from data.model.city import City
from data.model.plan import Plan
from data.model.request import PlanRequest, VehicleStatus
from data.synthetic.city import synthetic_city
from data.synthetic.day import next_working_days
from data.synthetic.live import burst as live_burst
from data.synthetic.orders import normal_day
from jalon.deliver import violations_in
from jalon.diff import diff_line, diff_table, totals_table
from jalon.inputs import require_writable
from jalon.maps import leg_shapes, write_map
from jalon.options import JsonOption
from jalon.summary import plan_figures, print_loading_lists, print_unserved
from jalon.terminal import SearchLine, StepBars, console, interruptible, print_json, say, warm_if_cold
from routing.diff import compare
from routing.job import Outcome, Settings, plan_day, replan_day
from routing.solver.stop import Stop
from routing.travel import prepare_city

CITY_FILE = "synthetic.city"


def demo(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the plans and the map go.")
    ] = Path("demo-out"),
    orders: Annotated[int, typer.Option("--orders", min=1, metavar="N", help="Orders of the normal day.")] = 400,
    burst: Annotated[int, typer.Option("--burst", min=0, metavar="N", help="Orders the live brings.")] = 1200,
    plan_seconds: Annotated[
        float, typer.Option("--plan-seconds", min=0, max=3600, metavar="SECONDS", help="Search time, evening plan.")
    ] = 12.0,
    replan_seconds: Annotated[
        float, typer.Option("--replan-seconds", min=0, max=3600, metavar="SECONDS", help="Search time, re-plan.")
    ] = 25.0,
    seed: Annotated[
        int, typer.Option("--seed", min=0, metavar="N", help="Another seed is another city and another evening.")
    ] = 1,
    as_json: JsonOption = False,
) -> int:
    """Absorb a live: plan, sell, re-plan, check, draw.

    An invented city, tomorrow's orders, and a live-shopping evening that brings three times as many on top.
    """
    plan_path, map_path = output / "plan.json", output / "map.html"
    require_writable(plan_path, map_path)
    warm_if_cold()
    city = _city(seed, output)
    day = next_working_days(clock.now().date(), 1)[0]
    request = normal_day(city, day, orders, seed).replace(city=CITY_FILE)
    evening_stop = Stop(plan_seconds)
    evening = _evening(request, city, evening_stop, seed, output)
    live_stop = Stop(replan_seconds, flag=evening_stop.flag)
    outcome, sold = _live(evening, city, burst, live_stop, seed, output)
    write_map(map_path, outcome.instance, outcome.plan, evening.plan, leg_shapes(evening.instance, evening.plan))
    figures = {
        "orders_planned": evening.plan.totals.orders,
        "orders_burst": sold,
        **plan_figures(outcome.plan, violations_in(plan_path.read_bytes()), plan_path, map_path),
        "replan_first_s": round(outcome.first_s, 2),
        "replan_s": round(outcome.total_s, 2),
        "tours_before": evening.plan.totals.tours,
        "km_before": round(evening.plan.totals.distance_m / 1000, 1),
        "cost_cents_before": evening.plan.totals.cost_cents,
    }
    if as_json:
        print_json(figures)
    _show(evening.plan, outcome.plan, figures)
    return 130 if live_stop.flag.is_set() else 0


def _city(seed: int, output: Path) -> City:
    with StepBars() as bars:
        bars("drawing the city", 0.0)
        city = prepare_city(synthetic_city(seed), bars)
    write_city(city, output / CITY_FILE)
    return city


def _evening(request: PlanRequest, city: City, stop: Stop, seed: int, output: Path) -> Outcome:
    """Plan the next day as it looks before the live."""
    codec.write_whole(output / "request.json", codec.encode(request, indent=1))
    with SearchLine("evening plan") as line, interruptible(stop):
        outcome = plan_day(request, city, stop, Settings(seed=seed, progress=line))
    codec.write_whole(output / "plan-evening.json", outcome.content)
    return outcome


def _live(evening: Outcome, city: City, orders: int, stop: Stop, seed: int, output: Path) -> tuple[Outcome, int]:
    """Sell ``orders`` in a live and plan again, one vehicle's loading having begun."""
    book = live_burst(city, evening.instance.request, orders, seed)
    statuses = (VehicleStatus(vehicle_id=evening.plan.tours[0].vehicle_id, loading_started=True),)
    codec.write_whole(output / "burst.json", codec.encode(book, indent=1))
    codec.write_whole(output / "status.json", msgspec.json.encode(statuses))
    with SearchLine("re-plan") as line, interruptible(stop):
        outcome = replan_day(evening.plan, book, city, stop, Settings(seed=seed, progress=line), statuses)
    codec.write_whole(output / "plan.json", outcome.content)
    return outcome, len(book.orders)


def _show(before: Plan, after: Plan, figures: dict[str, Any]) -> None:
    diff = compare(before, after)
    console.print(diff_table(diff, after))
    console.print(totals_table(before, after, "A live lands on the evening plan"))
    print_loading_lists(after, full=False)
    print_unserved(after)
    say("bound", after.bound.explanation, "bold")
    say("diff", f"{diff_line(diff)}; {before.tours[0].vehicle_id} was being loaded and is left as it is", "bold")
    times = f"first plan {figures['replan_first_s']} s after the live, the best after {figures['replan_s']} s"
    say("checked", f"{figures['violations']} violations; {times}", "bold")
    say("open", f"{figures['map_path']} in a browser (no network needed); the plan is {figures['plan_path']}", "bold")
