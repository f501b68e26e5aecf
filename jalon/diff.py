"""What a re-plan changed: orders added, moved and dropped, and how far each tour's times slid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.table import Table
from rich.text import Text

from data.model.plan import Plan, Tour
from data.units import euros
from jalon.summary import columns, fill_share, short_class

SLID = timedelta(minutes=30)
"""A hand-over that moves by more is worth a call to whoever waits for it."""

WORST, DROPPED, MOVED, ADDED = 3, 4, 2, 3
"""How many single changes of each kind a screen lists."""

Told = tuple[str, datetime]


@dataclass(frozen=True)
class OrderChange:
    """One order's vehicle and hand-over time before and after; ``None`` where it was or is on no tour."""

    order_id: str
    before: Told | None
    after: Told | None

    @property
    def slid(self) -> timedelta:
        """How much later it is handed over; earlier is below 0, nothing where it was or is on no tour."""
        return self.after[1] - self.before[1] if self.before and self.after else timedelta()


@dataclass(frozen=True)
class TourChange:
    """One vehicle's tour before and after; ``None`` where it had or has none.

    ``shift_s`` is how much earlier (below 0) and later the orders it keeps are handed over: least and most, seconds.
    """

    vehicle_id: str
    before: Tour | None
    after: Tour | None
    added: tuple[str, ...]
    shift_s: tuple[int, int] | None


@dataclass(frozen=True)
class PlanDiff:
    """Orders by what happened to them, and every vehicle's tour.

    ``added`` are on a tour and were on none, ``moved`` changed vehicle, ``dropped`` were on a tour and are neither
    on one nor done. ``slid`` are on a tour in both and are handed over more than 30 minutes earlier or later, worst
    first. ``orders`` says it for every order on a tour before or now.
    """

    added: tuple[str, ...]
    moved: tuple[str, ...]
    dropped: tuple[str, ...]
    slid: tuple[OrderChange, ...]
    orders: dict[str, OrderChange]
    tours: tuple[TourChange, ...]


def compare(before: Plan, after: Plan) -> PlanDiff:
    """Return what changed from one plan to the next."""
    then, now = _starts(before), _starts(after)
    tours_then = {tour.vehicle_id: tour for tour in before.tours}
    tours_now = {tour.vehicle_id: tour for tour in after.tours}
    used = [vehicle.id for vehicle in after.vehicles if vehicle.id in tours_then.keys() | tours_now.keys()]
    orders = {one: OrderChange(one, then.get(one), now.get(one)) for one in sorted(then.keys() | now.keys())}
    slid = [change for change in orders.values() if abs(change.slid) > SLID]
    return PlanDiff(
        added=tuple(sorted(now.keys() - then.keys())),
        moved=after.moved,
        dropped=tuple(sorted(then.keys() - now.keys() - set(after.done))),
        slid=tuple(sorted(slid, key=lambda change: -abs(change.slid))),
        orders=orders,
        tours=tuple(_change(vehicle, tours_then.get(vehicle), tours_now.get(vehicle), then, now) for vehicle in used),
    )


def diff_figures(diff: PlanDiff) -> dict[str, Any]:
    """Return the diff as plain JSON types."""
    return {
        "added": len(diff.added),
        "moved": list(diff.moved),
        "dropped": list(diff.dropped),
        "eta_moved": len(diff.slid),
        "eta_worst": [
            {
                "order": change.order_id,
                "vehicle_before": change.before[0],
                "vehicle_after": change.after[0],
                "eta_before": change.before[1].isoformat(),
                "eta_after": change.after[1].isoformat(),
            }
            for change in diff.slid[:WORST]
            if change.before and change.after
        ],
        "tours": [
            {
                "vehicle": change.vehicle_id,
                "orders_before": _orders(change.before),
                "orders_after": _orders(change.after),
                "added": list(change.added),
                "distance_m_before": change.before.distance_m if change.before else 0,
                "distance_m_after": change.after.distance_m if change.after else 0,
                "return_at_before": change.before.return_at.isoformat() if change.before else None,
                "return_at_after": change.after.return_at.isoformat() if change.after else None,
                "eta_shift_s": list(change.shift_s) if change.shift_s else None,
            }
            for change in diff.tours
        ],
    }


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
            _arrow(*(str(_orders(tour)) for tour in (change.before, change.after))),
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


def _starts(plan: Plan) -> dict[str, Told]:
    """Return vehicle and hand-over time of every order on a tour."""
    return {
        handover.order_id: (tour.vehicle_id, handover.start_at)
        for tour in plan.tours
        for stop in tour.stops
        for handover in stop.handovers
    }


def _change(
    vehicle_id: str,
    before: Tour | None,
    after: Tour | None,
    then: dict[str, Told],
    now: dict[str, Told],
) -> TourChange:
    mine = [order_id for order_id, (carrier, _) in now.items() if carrier == vehicle_id]
    kept = [order_id for order_id in mine if order_id in then and then[order_id][0] == vehicle_id]
    slid = [round((now[order_id][1] - then[order_id][1]).total_seconds()) for order_id in kept]
    added = tuple(order_id for order_id in mine if order_id not in then)
    return TourChange(vehicle_id, before, after, added, (min(slid), max(slid)) if slid else None)


def _orders(tour: Tour | None) -> int:
    return sum(not handover.collects for stop in tour.stops for handover in stop.handovers) if tour else 0


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
