"""Where events come in: kept once each, orders moved on, goods taken off the shelf, promises looked at again.

All of it is one transaction per owner: an event that is acknowledged has had its effects, and one that is sent again
has none.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

import msgspec

from data.clock import PARIS
from data.errors import ForbiddenError
from data.model.event import Event, EventKind
from data.model.plan import Plan, Tour
from data.model.reservation import Owner
from data.model.stored_order import OrderState
from data.store import events, orders, outbox, plans
from data.store.database import Database, Transaction
from data.store.plans import PlanState
from promise.follow.states import LEAVES_SHELF, followed
from promise.follow.values import Reported, Taken
from promise.ledger import Ledger, Replies
from promise.reserve import Request, Shipped
from promise.watch import Watcher

OF_VEHICLE = (EventKind.LOADED, EventKind.DEPARTED, EventKind.INCIDENT)
"""Told of a vehicle alone, these are about every order of its tour."""
URGENT = (EventKind.FAILED, EventKind.INCIDENT, EventKind.CLOSED, EventKind.OPENED)


class Follower:
    """Takes events in.

    Parameters
    ----------
    watcher : Watcher
        Says which promises an event makes unlikely.
    changed : callable
        Told that promises should be looked at at once.
    """

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        watcher: Watcher,
        now: Callable[[], datetime],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._database, self._ledger, self._watcher, self._now, self._changed = database, ledger, watcher, now, changed

    async def take(self, caller: Owner, reported: Sequence[Reported]) -> Taken:
        """Keep events and let them have their effects.

        Raises
        ------
        ForbiddenError
            ``not_yours``: a shipper tells of another one's order.
        """
        groups = await asyncio.to_thread(self._groups, caller, reported)
        found = [await asyncio.wrap_future(self._submit(owner, told)) for owner, told in groups.items()]
        if any(one.kind in URGENT for one in reported):
            self._changed()
        kept, changed = (sum(counts) for counts in zip(*found, strict=True))
        sent = sum(len(told) for told in groups.values())
        return Taken(kept=kept, known=sent - kept, orders_changed=changed)

    def _groups(self, caller: Owner, reported: Sequence[Reported]) -> dict[Owner, list[Event]]:
        """Return events by whose they are, those of a vehicle followed by one for each order of its tour."""
        names = [name for name in Event.__struct_fields__]
        groups: dict[Owner, list[Event]] = {}
        committed: dict[date, Plan | None] = {}
        for number, one in enumerate(reported):
            if caller.shipper and one.shipper not in ("", caller.shipper):
                where = f"body#/{number}/shipper"
                raise ForbiddenError("not_yours", "this is another shipper's order", where, "leave the shipper out")
            owner = Owner(caller.tenant, caller.shipper or one.shipper)
            event = Event(**{name: getattr(one, name) for name in names})
            groups.setdefault(owner, []).append(event)
            if event.kind in OF_VEHICLE and event.vehicle_id and not event.order_id and not event.parcel_id:
                day = event.at.astimezone(PARIS).date()
                if day not in committed:
                    committed[day] = self._committed(caller.tenant, day)
                for shipper, each in _of_orders(committed[day], event):
                    groups.setdefault(Owner(caller.tenant, shipper), []).append(each)
        return groups

    def _committed(self, tenant: str, day: date) -> Plan | None:
        """Return the plan that is driven on a day."""
        with self._database.read() as connection:
            lines = plans.of_day(connection, Owner(tenant), day)
            driven = next((one.id for one in lines if one.state is PlanState.COMMITTED), None)
            stored = plans.load(connection, Owner(tenant), driven) if driven else None
        return stored.plan if stored else None

    def _submit(self, owner: Owner, told: list[Event]) -> asyncio.Future[tuple[int, int]]:
        gone = dict.fromkeys(event.order_id for event in told if event.kind in LEAVES_SHELF and event.order_id)
        request = Request(owner=owner, commands=tuple(Shipped(id=name) for name in gone), now_s=self._now_s)
        return self._ledger.submit_with(request, lambda t, _: self._keep(t, owner, told))  # type: ignore[return-value]

    def _keep(self, t: Transaction, owner: Owner, told: list[Event], _: Replies = ()) -> tuple[int, int]:
        """Keep what is new, and move the orders it is about; return how many of each."""
        new = events.append(t, owner, told, self._now_s)
        names = {event.order_id for event in new if event.order_id}
        known, past = orders.load(t, owner, names), events.of_orders(t, owner, names)
        after = {name: followed(stored, past.get(name, ())) for name, stored in known.items()}
        moved = {name: one for name, one in after.items() if one != known[name]}
        orders.put(t, owner, moved, self._now_s)
        ended = {name for name, one in after.items() if one.state is OrderState.DELIVERED}
        outbox.add(t, self._watcher.told_by(t, owner, new, ended, self._now()), self._now_s)
        return len(new), len(moved)

    @property
    def _now_s(self) -> int:
        return int(self._now().timestamp())


def _of_orders(plan: Plan | None, event: Event) -> Iterable[tuple[str, Event]]:
    """Yield a vehicle's event as one of each order on the trip that is nearest in time, each with its shipper."""
    tour = next((one for one in plan.tours if one.vehicle_id == event.vehicle_id), None) if plan else None
    if plan is None or tour is None:
        return
    shippers = {order.id: order.shipper for order in plan.orders}
    for name in _trip(tour, event.at):
        digest = hashlib.blake2b(msgspec.json.encode([event.id, name]), digest_size=16).hexdigest()
        yield shippers[name], event.replace(id=f"{event.kind}~{digest}", order_id=name)


def _trip(tour: Tour, at: datetime) -> list[str]:
    """Return the orders handed over on the trip that departs nearest to an instant."""
    trips: list[tuple[datetime, list[str]]] = [(tour.departure_at, [])]
    for stop in tour.stops:
        if stop.loading_list is not None:
            trips.append((stop.end_at, []))
        trips[-1][1].extend(each.order_id for each in stop.handovers if not each.collects)
    return min(trips, key=lambda trip: abs(trip[0] - at))[1]
