"""What a plan counts for a tour besides its vehicle: lateness, long work, spread; in whole cents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from data.model.order import Order
from data.model.plan import Handover
from routing.instance import elapsed_s

Spot = tuple[int, int]


def late_by_s(order: Order, start_at: datetime) -> int:
    """Return by how many seconds a hand-over that starts then is late; parts of a second of the promise are cut."""
    return 0 if order.promised_by is None else max(0, elapsed_s(order.promised_by.replace(microsecond=0), start_at))


def late_cents(orders: dict[str, Order], handovers: Sequence[Handover]) -> int:
    """Return what lateness costs, rounded per order."""
    return sum(_nearest(each.late_s * orders[each.order_id].late_cents_per_hour, 3600) for each in handovers)


def balance_cents(cents_per_h2: int, work_s: int) -> int:
    """Return what the squared hours of work cost."""
    return _nearest(cents_per_h2 * work_s**2, 3600**2)


def compactness_cents(cents_per_km2: int, spots: Sequence[Spot]) -> int:
    """Return what the squared distances of points, in whole metres, from their mean cost: their sum cut to the m2."""
    if not spots:
        return 0
    squares = sum(east**2 + north**2 for east, north in spots)
    east, north = (sum(values) for values in zip(*spots, strict=True))
    return _nearest(cents_per_km2 * ((len(spots) * squares - east**2 - north**2) // len(spots)), 10**6)


def _nearest(value: int, unit: int) -> int:
    return (2 * value + unit) // (2 * unit)
