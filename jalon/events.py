"""What a re-plan says besides its tours: moves and their price, rules that give way, failures, returns, later days."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from data.model.change import ChangePrices
from data.model.plan import Plan
from data.units import euros
from jalon.summary import columns
from jalon.terminal import console, say


def event_figures(plan: Plan) -> dict[str, Any]:
    """Return them as plain JSON types."""
    forced = {one.order_id for one in plan.told if one.forced}
    return {
        "moved_by_force": sum(one in forced for one in plan.moved),
        "max_moves": plan.change_prices.max_moves,
        "change_cents": plan.totals.change_cents,
        "overruns": [
            {"vehicle": one.vehicle_id, "order": one.order_id or None, "late_s": one.late_s, "text": one.text}
            for one in plan.overruns
        ],
        "returned": [{"order": one.order_id, "code": one.code, "text": one.text} for one in plan.returned],
        "presented_again": [
            {"order": one.order_id, "day": one.to_day.isoformat()} for one in plan.postponed if one.second
        ],
        "cancelled": list(plan.cancelled),
        "down": list(plan.down),
        "days": plan_days(plan),
    }


def plan_days(plan: Plan) -> list[dict[str, Any]]:
    """Return per day what it carries of the plan's orders, and the promises for it that are broken."""
    promised = {order.id: order.promised_on for order in plan.orders}
    postponed = Counter(one.to_day for one in plan.postponed if not one.second)
    again = Counter(one.to_day for one in plan.postponed if one.second)
    broken = Counter(max(promised[one.order_id], plan.day) for one in plan.unassigned)
    booked: Counter[date] = Counter()
    for one in plan.booked:
        booked[one.day] += one.orders
    days = sorted({plan.day, *plan.delivery_days, *postponed, *again, *broken, *booked})
    return [
        {
            "day": day.isoformat(),
            "served": plan.totals.served if day == plan.day else 0,
            "booked": booked[day],
            "postponed_to": postponed[day],
            "presented_again": again[day],
            "broken": broken[day],
        }
        for day in days
        if day >= plan.day
    ]


def print_events(plan: Plan) -> None:
    """Print what is not as planned, one line each, and the days where there are several."""
    for one in plan.overruns:
        say("late", f"{one.order_id or one.vehicle_id}: {one.text}", "red")
    for vehicle_id in plan.down:
        say("down", f"{vehicle_id} drives no more today; what it carried is collected or goes from the hub", "red")
    for back in plan.returned:
        say("returned", f"{back.order_id}: {back.text}", "yellow")
    for again in plan.postponed:
        if again.second:
            say("again", f"{again.order_id}: {again.reasons[0].text}", "yellow")
    if plan.cancelled:
        say("cancelled", ", ".join(plan.cancelled), "yellow")
    if plan.change_prices != ChangePrices():
        forced = {one.order_id for one in plan.told if one.forced}
        most = plan.change_prices.max_moves
        capped = "" if most is None else f" of at most {most}"
        chosen = sum(one not in forced for one in plan.moved)
        say("changes", f"{chosen} orders moved by choice{capped}, counted at {euros(plan.totals.change_cents)}", "bold")
    days = plan_days(plan)
    if len(days) > 1:
        table = columns("Days", "day", "served", "booked", "postponed to", "again", "broken")
        for row in days:
            table.add_row(*(str(value) for value in row.values()))
        console.print(table)
