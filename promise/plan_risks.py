"""What the plans that are driven say of promises: orders that no tour takes, or only after their day."""

from __future__ import annotations

from datetime import date, timedelta

from data.clock import PARIS
from data.model.plan import Plan
from data.model.reservation import Key, Owner
from data.store import plans
from data.store.database import Database
from data.store.plans import PlanState

AHEAD_DAYS = 3
"""Days from today on whose plans are looked at."""


class PlanRisks:
    """Reads a carrier's committed plans, each version once."""

    def __init__(self, database: Database, tenant: str) -> None:
        self._database, self._tenant = database, tenant
        self._seen: dict[tuple[str, int], dict[Key, date]] = {}

    def broken(self, today: date) -> dict[Key, date]:
        """Return the orders that are not handed over by a day, which is the promise's where that is no later."""
        owner, found, kept = Owner(self._tenant), dict[Key, date](), dict[tuple[str, int], dict[Key, date]]()
        for ahead in range(AHEAD_DAYS):
            with self._database.read() as connection:
                for line in plans.of_day(connection, owner, today + timedelta(days=ahead)):
                    if line.state is not PlanState.COMMITTED:
                        continue
                    version = line.id, line.version
                    if version not in self._seen:
                        stored = plans.load(connection, owner, line.id)
                        self._seen[version] = not_by(stored.plan, self._tenant) if stored else {}
                    kept[version] = self._seen[version]
                    found |= kept[version]
        self._seen = kept
        return found


def not_by(plan: Plan, tenant: str) -> dict[Key, date]:
    """Return the last day on which each order that the plan does not bring is not there yet."""
    found: dict[Key, date] = {}
    shippers = {order.id: order.shipper for order in plan.orders}

    def note(order_id: str, day: date) -> None:
        found[Key(tenant, shippers.get(order_id, ""), order_id)] = day

    for left in plan.unassigned:
        note(left.order_id, plan.day)
    for later in plan.postponed:
        note(later.order_id, later.to_day - timedelta(days=1))
    for tour in plan.tours:
        for stop in tour.stops:
            for each in stop.handovers:
                begins = each.start_at.astimezone(PARIS).date()
                if not each.collects and begins > plan.day:
                    note(each.order_id, begins - timedelta(days=1))
    return found
