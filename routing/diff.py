"""What changed from one plan to the next: orders added, moved and dropped, and how far each tour's times slid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from data.model.plan import Plan, Tour

SLID = timedelta(minutes=30)
"""A hand-over that moves by more is worth a call to whoever waits for it."""
WORST = 3
"""How many of those the figures name."""

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
                "orders_before": orders_on(change.before),
                "orders_after": orders_on(change.after),
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


def orders_on(tour: Tour | None) -> int:
    """Return how many orders a tour hands over."""
    return sum(not handover.collects for stop in tour.stops for handover in stop.handovers) if tour else 0
