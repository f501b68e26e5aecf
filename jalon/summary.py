"""One-screen and one-object summaries of a plan; every figure is the plan's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from data.model.plan import Plan
from data.units import euros


def plan_figures(plan: Plan, plan_path: Path | None, map_path: Path | None) -> dict[str, Any]:
    """Return what every plan-making command prints with ``--json`` (violations are 0: a rejected plan is an error)."""
    return {
        "plan_id": plan.id,
        "day": plan.day.isoformat(),
        "orders": plan.totals.orders,
        "served": plan.totals.served,
        "postponed": plan.totals.postponed,
        "unassigned": [
            {"order": entry.order_id, "reason": entry.reasons[0].text, "code": entry.reasons[0].code}
            for entry in plan.unassigned
        ],
        "fleet_capacity_bound": plan.bound.orders,
        "fleet_capacity_explained": plan.bound.explanation,
        "moved": len(plan.moved),
        "tours": plan.totals.tours,
        "km": round(plan.totals.distance_m / 1000, 1),
        "co2e_kg": round(plan.totals.co2e_g / 1000, 2),
        "cost_cents": plan.totals.cost_cents,
        "hire_options": [
            {
                "vehicle": option.vehicle_id,
                "saves": len(option.saves_order_ids),
                "cost_cents": option.cost_cents,
                "cents_per_order": option.cents_per_order,
            }
            for option in plan.hire_options
        ],
        "plan_path": str(plan_path) if plan_path else None,
        "map_path": str(map_path) if map_path else None,
    }


def tour_table(plan: Plan) -> Table:
    """Return a table with one row per tour."""
    table = Table(title=f"Tours of {plan.day.isoformat()} ({plan.city})", title_justify="left")
    for name in ("vehicle", "class", "stops", "orders", "km", "load", "leaves", "back", "cost"):
        table.add_column(name, justify="left" if name in ("vehicle", "class") else "right")
    vehicles = {vehicle.id: vehicle for vehicle in plan.vehicles}
    for tour in plan.tours:
        vehicle = vehicles[tour.vehicle_id]
        fill = max(
            tour.parcels / max(1, vehicle.capacity_parcels),
            tour.load_g / max(1, vehicle.capacity_g),
            tour.load_dm3 / max(1, vehicle.capacity_dm3),
        )
        table.add_row(
            vehicle.id,
            f"{vehicle.category} {vehicle.critair}",
            str(len(tour.stops)),
            str(sum(len(stop.handovers) for stop in tour.stops)),
            f"{tour.distance_m / 1000:.1f}",
            f"{fill:.0%}",
            tour.departure_at.strftime("%H:%M"),
            tour.return_at.strftime("%H:%M"),
            euros(tour.cost_cents),
        )
    return table


def print_loading_lists(console: Console, plan: Plan) -> None:
    """Print each tour's parcels in loading order: the last stop's parcels go in first."""
    for tour in plan.tours:
        console.print(f"[bold]{tour.vehicle_id}[/] load first to last: {' '.join(tour.loading_list)}", highlight=False)


def print_unserved(console: Console, plan: Plan, most: int = 8) -> None:
    """Print why orders are broken, grouped by reason, and what hiring would save."""
    groups: dict[str, list[str]] = {}
    for entry in plan.unassigned:
        groups.setdefault(f"{entry.reasons[0].code}: {entry.reasons[0].text}", []).append(entry.order_id)
    for reason, orders in sorted(groups.items(), key=lambda item: -len(item[1]))[:most]:
        shown = ", ".join(orders[:4]) + (" ..." if len(orders) > 4 else "")
        console.print(f"[red]{len(orders):>4} broken[/] {reason} ({shown})", highlight=False)
    for option in plan.hire_options:
        console.print(
            f"[cyan]hire {option.vehicle_id}[/]: {len(option.saves_order_ids)} promises kept for "
            f"{euros(option.cost_cents)}, {euros(option.cents_per_order)} each",
            highlight=False,
        )
