"""What a re-plan changed, on a screen."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from data.model.plan import Plan
from data.units import euros
from jalon.summary import columns, fill_share, short_class
from routing.diff import WORST, PlanDiff, Told, orders_on

DROPPED, MOVED, ADDED = 4, 2, 3
"""How many single changes of each kind a screen lists, besides the worst slides."""


def diff_table(diff: PlanDiff, after: Plan) -> Table:
    """Return one row per tour, each figure as ``before > after`` where it changed; fits 80 columns."""
    table = columns(f"Tours of {after.day}, before > after", "vehicle", "class", "orders", "km", "load", "back", "ETAs")
    vehicles = {vehicle.id: vehicle for vehicle in after.vehicles}
    known = {order.id: order for order in after.orders}
    for change in diff.tours:
        vehicle = vehicles[change.vehicle_id]
        table.add_row(
            Text(vehicle.id),
            short_class(vehicle),
            _arrow(*(str(orders_on(tour)) for tour in (change.before, change.after))),
            _arrow(*(f"{tour.distance_m / 1000:.0f}" if tour else "0" for tour in (change.before, change.after))),
            f"{fill_share(vehicle, change.after, known):.0%}" if change.after else "",
            _arrow(*(tour.return_at.strftime("%H:%M") if tour else "-" for tour in (change.before, change.after))),
            _shift(change.shift_s),
        )
    return table


def changes_table(diff: PlanDiff) -> Table:
    """Return up to 12 single changes, what people would be called about first; fits 80 columns."""
    table = columns("Single changes, a few of each kind", "change", "order", "from", "to")
    rows = [("dropped", diff.orders[one]) for one in diff.dropped[:DROPPED]]
    rows += [(f"{round(change.slid.total_seconds() / 60):+d} min", change) for change in diff.slid[:WORST]]
    rows += [("moved", diff.orders[one]) for one in diff.moved[:MOVED] if one in diff.orders]
    rows += [("added", diff.orders[one]) for one in diff.added[:ADDED]]
    for kind, change in rows:
        table.add_row(kind, Text(change.order_id), _told(change.before), _told(change.after))
    return table


def totals_table(before: Plan, after: Plan, title: str) -> Table:
    """Return both plans' sums side by side."""
    table = columns(title, "", "before", "after")
    rows: list[tuple[str, object, object]] = [
        ("orders", before.totals.orders, after.totals.orders),
        ("served that day", before.totals.served, after.totals.served),
        ("postponed within their promise", before.totals.postponed, after.totals.postponed),
        ("promises broken", before.totals.unassigned, after.totals.unassigned),
        ("most the fleet can carry", before.bound.orders, after.bound.orders),
        ("tours", before.totals.tours, after.totals.tours),
        ("km", f"{before.totals.distance_m / 1000:.1f}", f"{after.totals.distance_m / 1000:.1f}"),
        ("kg CO2e", f"{before.totals.co2e_g / 1000:.1f}", f"{after.totals.co2e_g / 1000:.1f}"),
        ("handed over late", before.totals.late, after.totals.late),
        ("cost", euros(before.totals.cost_cents), euros(after.totals.cost_cents)),
    ]
    for label, left, right in rows:
        table.add_row(label, str(left), str(right))
    return table


def diff_line(diff: PlanDiff) -> str:
    """Return the counts in one line."""
    line = f"{len(diff.added)} orders added to tours, {len(diff.moved)} moved to another vehicle"
    line += f", {len(diff.slid)} handed over more than 30 min earlier or later" if diff.slid else ""
    return f"{line}, {len(diff.dropped)} dropped: {', '.join(diff.dropped[:5])}" if diff.dropped else line


def _told(told: Told | None) -> Text:
    return Text(f"{told[1]:%H:%M} {told[0]}" if told else "on no tour")


def _arrow(before: str, after: str) -> str:
    return after if before == after else f"{before} > {after}"


def _shift(shift_s: tuple[int, int] | None) -> str:
    if shift_s is None:
        return ""
    first, last = (round(seconds / 60) for seconds in shift_s)
    if first == last == 0:
        return "as before"
    return f"{first:+d} min" if first == last else f"{first:+d} to {last:+d} min"
