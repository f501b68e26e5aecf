"""``jalon export``: what drivers and loaders take with them, and the orders of later days."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from data import codec
from data.model.plan import Plan
from data.model.request import OrderBook
from jalon.inputs import load_plan, require_writable
from jalon.options import JsonOption
from jalon.terminal import print_json, say
from routing.export import LOAD_COLUMNS, STOP_COLUMNS, as_csv, as_gpx, as_pages, loading_rows, run_sheet_rows


def export(
    plan_path: Annotated[str, typer.Argument(metavar="PLAN", help="A plan, or - for stdin.")],
    folder: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where the files go.")],
    as_json: JsonOption = False,
) -> int:
    """Write run sheets, loading lists and GPX of a plan.

    DIR gets run_sheets.html to print (a tour a page), run_sheets.csv, loading_lists.csv, a GPX file per tour, and
    orders-DATE.json with what is postponed or presented again on each later day: that day's plan begins with them.
    """
    plan = load_plan(plan_path)
    written = []
    for name, content in files_of(plan):
        require_writable(folder / name)
        codec.write_whole(folder / name, content)
        written.append(str(folder / name))
    if as_json:
        print_json({"plan_id": plan.id, "tours": len(plan.tours), "files": written})
    say("written", f"{len(written)} files in {folder}: run_sheets.html is the one to print", "bold")
    return 0


def files_of(plan: Plan) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file of an export."""
    yield "run_sheets.html", as_pages(plan)
    yield "run_sheets.csv", as_csv(STOP_COLUMNS, (row for tour in plan.tours for row in run_sheet_rows(plan, tour)))
    yield "loading_lists.csv", as_csv(LOAD_COLUMNS, (row for tour in plan.tours for row in loading_rows(plan, tour)))
    for number, tour in enumerate(plan.tours, start=1):
        yield f"{number:02d}-{re.sub(r'[^A-Za-z0-9_.-]', '_', tour.vehicle_id)}.gpx", as_gpx(plan, tour)
    yield from later_days(plan)


def later_days(plan: Plan) -> Iterator[tuple[str, bytes]]:
    """Yield the orders of each later day as an order book: postponed ones, and those presented again."""
    orders = {order.id: order for order in plan.orders}
    places = {place.id: place for place in plan.places}
    for day in sorted({item.to_day for item in plan.postponed}):
        due = tuple(orders[item.order_id] for item in plan.postponed if item.to_day == day)
        used = {option.place_id for order in due for option in order.options}
        book = OrderBook(orders=due, places=tuple(places[place_id] for place_id in sorted(used)))
        yield f"orders-{day}.json", codec.encode(book, indent=1)
