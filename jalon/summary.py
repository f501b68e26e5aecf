"""One-screen and one-object summaries of a plan; every figure is the plan's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from data.model.order import Order
from data.model.plan import HireOption, Plan, Tour
from data.model.vehicle import Category, Vehicle
from data.units import euros
from jalon.terminal import console, say

LEFT = ("", "vehicle", "class", "last stop first", "change", "order", "from", "to")
WIDEST = {"vehicle": 16, "order": 16, "from": 22, "to": 22}
SHORT = {Category.CARGO_BIKE: "bike", Category.VUL: "van", Category.PL: "truck", Category.VP: "car"}
FIRST, LAST = 3, 1  # parcels shown of a loading list


def plan_figures(plan: Plan, violations: int, plan_path: Path | None, map_path: Path | None) -> dict[str, Any]:
    """Return what every plan-making command prints with ``--json``."""
    return {
        "plan_id": plan.id,
        "day": plan.day.isoformat(),
        "orders": plan.totals.orders,
        "served": plan.totals.served,
        "postponed": plan.totals.postponed,
        "unassigned": [
            {
                "order": entry.order_id,
                "reason": entry.reasons[0].text,
                "code": entry.reasons[0].code,
                "fixes": [fix.text for fix in entry.fixes],
            }
            for entry in plan.unassigned
        ],
        "fleet_capacity_bound": plan.bound.orders,
        "fleet_capacity_explained": plan.bound.explanation,
        "moved": len(plan.moved),
        "violations": violations,
        "tours": plan.totals.tours,
        "reloads": plan.totals.reloads,
        "late": plan.totals.late,
        "km": round(plan.totals.distance_m / 1000, 1),
        "co2e_kg": round(plan.totals.co2e_g / 1000, 2),
        "cost_cents": plan.totals.cost_cents,
        "cost_parts": {
            "vehicle_cents": plan.totals.vehicle_cents,
            "option_cents": plan.totals.option_cents,
            "late_cents": plan.totals.late_cents,
            "balance_cents": plan.totals.balance_cents,
            "compactness_cents": plan.totals.compactness_cents,
        },
        "hire_options": [
            {
                "vehicle": option.vehicle_id,
                "saves": len(option.saves_order_ids),
                "cost_cents": option.cost_cents,
                "cents_per_order": option.cents_per_order,
            }
            for option in plan.hire_options
        ],
        "hire_groups": hire_groups(plan),
        "plan_path": str(plan_path) if plan_path else None,
        "map_path": str(map_path) if map_path else None,
    }


def hire_groups(plan: Plan) -> list[dict[str, Any]]:
    """Return what hiring the first vehicle, two, three ... of each kind would keep, and at what price each."""
    vehicles = {vehicle.id: vehicle for vehicle in plan.vehicles}
    kinds: dict[tuple[str, str, int], list[HireOption]] = {}
    for option in plan.hire_options:
        vehicle = vehicles[option.vehicle_id]
        kinds.setdefault((vehicle.hub_id, vehicle.category.value, vehicle.capacity_dm3), []).append(option)
    groups = []
    for (hub, category, dm3), options in kinds.items():
        kept, cents = 0, 0
        for count, option in enumerate(options, start=1):
            kept, cents = kept + len(option.saves_order_ids), cents + option.cost_cents
            each = -(-cents // kept)
            sized = f"{dm3 / 1000:g} m3"
            text = f"hire {count} {SHORT.get(Category(category), category)} {sized} at {hub} tonight: {kept} "
            text += f"{'promise' if kept == 1 else 'promises'} kept, {euros(each)} each"
            groups.append({"hub": hub, "category": category, "dm3": dm3, "vehicles": count, "keeps": kept,
                           "cost_cents": cents, "cents_per_order": each, "text": text})  # fmt: skip
    return groups


def columns(title: str, *names: str) -> Table:
    """Return an empty table whose cells keep to one line; text goes left, figures right."""
    table = Table(title=Text(title, "bold"), title_justify="left", box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in names:
        left = name in LEFT
        width = WIDEST.get(name)
        table.add_column(name, justify="left" if left else "right", no_wrap=True, overflow="ellipsis", max_width=width)
    return table


def tour_table(plan: Plan) -> Table:
    """Return a table with one row per tour; fits 80 columns."""
    title = f"Tours of {plan.day} ({plan.city})"
    table = columns(title, "vehicle", "class", "stops", "orders", "km", "load", "leaves", "back", "cost EUR")
    vehicles = {vehicle.id: vehicle for vehicle in plan.vehicles}
    orders = {order.id: order for order in plan.orders}
    for tour in plan.tours:
        vehicle = vehicles[tour.vehicle_id]
        table.add_row(
            Text(vehicle.id),
            short_class(vehicle),
            str(sum(stop.loading_list is None for stop in tour.stops)),
            str(sum(not handover.collects for stop in tour.stops for handover in stop.handovers)),
            f"{tour.distance_m / 1000:.1f}",
            f"{fill_share(vehicle, tour, orders):.0%}",
            tour.departure_at.strftime("%H:%M"),
            tour.return_at.strftime("%H:%M"),
            euros(tour.cost_cents).removesuffix(" EUR"),
        )
    return table


def short_class(vehicle: Vehicle) -> str:
    """Return ``van V2``, ``bike EL`` …"""
    return f"{SHORT.get(vehicle.category, vehicle.category)} {vehicle.critair}"


def fill_share(vehicle: Vehicle, tour: Tour, orders: Mapping[str, Order]) -> float:
    """Return how full the vehicle is at its fullest, by what fills it most."""
    capacity = (vehicle.capacity_parcels, vehicle.capacity_g, vehicle.capacity_dm3)
    return max(load / max(1, room) for load, room in zip(tour.most_on_board(orders), capacity, strict=True))


def print_loading_lists(plan: Plan, full: bool) -> None:
    """Print each trip's parcels in loading order, the last stop's first; in short, its ends."""
    table = columns("Loading lists", "vehicle", "parcels", "last stop first")
    for tour in plan.tours:
        again = [(f"{tour.vehicle_id} at {stop.start_at:%H:%M}", stop.loading_list)
                 for stop in tour.stops if stop.loading_list is not None]  # fmt: skip
        for label, parcels in [(tour.vehicle_id, tour.loading_list), *again]:
            if full:
                say(label, f"last stop first: {' '.join(parcels)}", "bold")
            else:
                short = len(parcels) > FIRST + LAST + 1
                shown = [*parcels[:FIRST], "…", *parcels[-LAST:]] if short else parcels
                table.add_row(Text(label), str(len(parcels)), Text(" ".join(shown)))
    if not full and plan.tours:
        console.print(table)


def print_unserved(plan: Plan) -> None:
    """Print why promises are broken, one line per kind of reason, and what hiring would save."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for entry in plan.unassigned:
        groups.setdefault(entry.reasons[0].code, []).append((entry.order_id, entry.reasons[0].text))
    for code, found in sorted(groups.items(), key=lambda item: -len(item[1])):
        texts = Counter(text for _, text in found)
        others = f" (and {len(texts) - 1} more like it)" if len(texts) > 1 else ""
        say(f"{len(found):>5} broken", f"{code}: {texts.most_common(1)[0][0]}{others}; {_some(found)}", "red")
        fixes = Counter(fix.code for entry in plan.unassigned if entry.reasons[0].code == code for fix in entry.fixes)
        for fix_code, _ in fixes.most_common(1):
            told = next((entry.order_id, fix) for entry in plan.unassigned for fix in entry.fixes
                        if fix.code == fix_code and entry.reasons[0].code == code)  # fmt: skip
            say("      but", f"{told[0]}: {told[1].text}", "cyan")
    for group in hire_groups(plan):
        say("       or", group["text"], "cyan")


def _some(found: list[tuple[str, str]]) -> str:
    return f"such as {found[0][0]}" if len(found) > 1 else found[0][0]
