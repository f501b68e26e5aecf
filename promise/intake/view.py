"""An order as it stands: its promise, and its place in the tour that is driven."""

from __future__ import annotations

from data.errors import JalonError, NotFoundError
from data.model.address import Suggestion
from data.model.reservation import Owner
from data.model.stored_order import OrderState, StoredOrder
from data.store import orders, plans
from data.store.database import Database, Transaction
from data.store.plans import PlanState
from promise.intake.clerk import Clerk
from promise.intake.locate import Locating
from promise.intake.values import OnTour, OrderView


class Views:
    """Reads orders; every call waits for the store."""

    def __init__(self, database: Database, clerk: Clerk, locating: Locating | None) -> None:
        self._database, self._clerk, self._locating = database, clerk, locating

    def order(self, owner: Owner, order_id: str) -> OrderView:
        """Return an order.

        Raises
        ------
        NotFoundError
            ``unknown_order``.
        """
        with self._database.read() as connection:
            stored = orders.load(connection, owner, (order_id,)).get(order_id)
            tour = None if stored is None else tour_of(connection, owner, stored)
        if stored is None:
            message = f"there is no order `{order_id}` of yours"
            raise NotFoundError("unknown_order", message, action="POST /v1/orders first")
        place = self._clerk.places(owner, (order_id,)).get(order_id)
        return OrderView(
            id=order_id,
            state=stored.state,
            channel=stored.channel,
            promised_on=stored.order.promised_on,
            promise=self._clerk.held(place) if place else None,
            tour=tour,
            suggestions=self._suggestions(owner, stored),
        )

    def _suggestions(self, owner: Owner, stored: StoredOrder) -> tuple[Suggestion, ...]:
        if stored.state is not OrderState.ADDRESS_DOUBTFUL or self._locating is None:
            return ()
        try:
            return self._locating.suggestions(owner, stored.order.id)
        except JalonError:
            return ()  # the address service is away: the order can be seen all the same


def tour_of(connection: Transaction, owner: Owner, stored: StoredOrder) -> OnTour | None:
    """Return where an order is in its day's committed plan, the carrier's."""
    carrier = Owner(owner.tenant)
    for line in plans.of_day(connection, carrier, stored.order.promised_on):
        if line.state is not PlanState.COMMITTED:
            continue
        kept = plans.load(connection, carrier, line.id)
        for tour in kept.plan.tours if kept else ():
            for number, stop in enumerate(tour.stops):
                for one in stop.handovers:
                    if one.order_id == stored.order.id and not one.collects:
                        return OnTour(
                            plan_id=line.id, vehicle_id=tour.vehicle_id, stop=number + 1, start_at=one.start_at
                        )
    return None
