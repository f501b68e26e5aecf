"""Changes of orders that came in, until they leave the hub: another address, another date, none at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec

from data.errors import ConflictError, NotFoundError
from data.model.contact import Contact
from data.model.place import PlaceKind
from data.model.promise import DeliveryOption
from data.model.reservation import Owner, Reservation
from data.model.stored_order import AT_THE_HUB, OrderState, StoredOrder
from data.store import channels, contacts, orders, outbox
from data.store.database import Database, Transaction
from promise import notify
from promise.capacity import Refusal
from promise.desk_plan import Planned, Planner
from promise.desk_quotes import Quotes
from promise.desk_values import Swap, Terms
from promise.intake.build import moved_on
from promise.intake.terms import Owed, on_day
from promise.intake.values import NewOrder, OrderChange
from promise.ledger import Ledger, Replies
from promise.reserve import Command, Publish, Release, Request

R = TypeVar("R")
Settle = Callable[[Transaction], object]


class _Known(NamedTuple):
    """An order as it is before it changes."""

    stored: StoredOrder
    contact: Contact | None
    place: Reservation | None

    @property
    def terms(self) -> Terms | None:
        """What it is owed."""
        return msgspec.json.decode(self.place.terms, type=Terms) if self.place and self.place.holds else None


class Changes:
    """Changes and cancels orders; every call waits for the store."""

    def __init__(
        self,
        database: Database,
        quotes: Quotes,
        owed: Owed,
        ledger: Ledger,
        options: Sequence[DeliveryOption],
        hold_s: int,
    ) -> None:
        self._database, self._quotes, self._owed, self._ledger = database, quotes, owed, ledger
        self._options, self._hold_s = options, hold_s
        self._kinds = {one.id: one.kind for one in options}

    def cancel(self, owner: Owner, order_id: str, settle: Settle | None = None) -> OrderState:
        """Cancel an order: its place and its goods are given back; once more changes nothing.

        Raises
        ------
        NotFoundError, ConflictError
            ``unknown_order``; ``too_late``: it has left the hub.
        """

        def job(t: Transaction, replies: Replies) -> OrderState:
            stored = orders.load(t, owner, (order_id,)).get(order_id)
            if stored is None:
                raise _unknown(order_id)
            if stored.state is not OrderState.CANCELLED:
                _require_here(stored)
                orders.set_state(t, owner, (order_id,), OrderState.CANCELLED, self._now_s)
                channels.drop(t, owner, stored.channel, order_id, self._now_s)
            if settle is not None:
                settle(t)
            return OrderState.CANCELLED

        return self._send(owner, (Release(id=order_id),), job)

    def change(self, owner: Owner, order_id: str, change: OrderChange, settle: Settle | None = None) -> None:
        """Change an order; its date stays unless another one was asked for, or its new address can't have it.

        Raises
        ------
        NotFoundError, ConflictError, InputError
            ``unknown_order``; ``too_late``; ``full``; what is wrong with the quote or the address.
        """
        known = self._known(owner, order_id)
        _require_here(known.stored)
        for planned in self._ways(owner, order_id, known, change):
            if planned is not None and planned.places:
                publish = tuple(Publish(capacity=one, if_absent=True) for one in planned.places)
                room = Request(owner=Owner(owner.tenant), commands=publish, now_s=self._now_s)
                self._ledger.submit_with(room, lambda t, replies: None)
            commands = () if planned is None else (planned.command,)
            job = partial(self._write, owner, order_id, known, change, settle)
            if self._send(owner, commands, job) is None:
                return
        raise ConflictError("full", "no place is left on that day", action="quote again and send what it offers")

    def _ways(self, owner: Owner, order_id: str, known: _Known, change: OrderChange) -> list[Planned | None]:
        """Return what to try, the best first; ``None``: its place stays as it is."""
        view, now = self._quotes.view(owner.tenant), self._quotes.now()
        planner = Planner(view.snapshot, self._quotes.names, view.room, owner, self._now_s, self._hold_s)
        if change.quote_id is not None:
            swap = Swap(option_id=change.option_id, quote_id=change.quote_id, window=change.window)
            return [planner.change(order_id, swap, self._quotes.ticket(owner, change.quote_id))]
        terms = known.terms
        if terms is None or change.to is None or known.stored.order.options[0].place_id != order_id:
            return [None]  # it is collected somewhere else: a new address doesn't move it
        asked = NewOrder(id=order_id, to=change.to, option_id=terms.option_id)
        best = self._owed.best(owner, asked, terms.option_id, view, now)
        if best.area_id == terms.area_id:
            return [None]
        assert known.place is not None
        best = msgspec.structs.replace(best, parcels=known.place.parcels, dm3=known.place.dm3)
        ways: list[Planned | None] = []
        if best.offers[0].day <= terms.date.toordinal():
            ways.append(planner.move(order_id, terms.option_id, on_day(best, terms.date)))
        return [*ways, planner.move(order_id, terms.option_id, best)]

    def _write(
        self,
        owner: Owner,
        order_id: str,
        known: _Known,
        change: OrderChange,
        settle: Settle | None,
        t: Transaction,
        replies: Replies,
    ) -> Refusal | None:
        """Keep a changed order, where its place is what it has to be; called again after a rollback."""
        if replies and replies[0].refusal is not None:
            return replies[0].refusal
        stored = orders.load(t, owner, (order_id,)).get(order_id)
        if stored is None:
            raise _unknown(order_id)
        _require_here(stored)
        before = known.terms
        after = msgspec.json.decode(replies[0].terms, type=Terms) if replies else before
        if after is not None:
            stored = moved_on(stored, after)
        if change.to is not None:
            contacts.put(t, owner, {order_id: change.to}, self._now_s)
            if is_elsewhere(known.contact, change.to) and stored.order.options[0].place_id == order_id:
                located = change.to.lat is not None
                stored = stored.replace(state=OrderState.ACCEPTED if located else OrderState.UNLOCATED)
        orders.put(t, owner, {order_id: stored}, self._now_s)
        if before and after and after.date > before.date and change.quote_id is None:
            kind, today = self._kinds.get(after.option_id, PlaceKind.HOME), self._today
            notice = notify.moved(owner, order_id, before, after, kind, notify.Cause.ADDRESS, (), today)
            outbox.add(t, [notice], self._now_s)
        if settle is not None:
            settle(t)
        return None

    def _known(self, owner: Owner, order_id: str) -> _Known:
        with self._database.read() as connection:
            stored = orders.load(connection, owner, (order_id,)).get(order_id)
            contact = contacts.load(connection, owner, (order_id,)).get(order_id)
        if stored is None:
            raise _unknown(order_id)
        return _Known(stored, contact, self._ledger.reservation(owner, order_id))

    def _send(self, owner: Owner, commands: tuple[Command, ...], job: Callable[[Transaction, Replies], R]) -> R:
        request = Request(owner=owner, commands=commands, now_s=self._now_s)
        return self._ledger.submit_with(request, job).result()

    @property
    def _now_s(self) -> int:
        return int(self._quotes.now().timestamp())

    @property
    def _today(self) -> date:
        return self._quotes.now().date()


def is_elsewhere(before: Contact | None, after: Contact) -> bool:
    """Whether a contact lives somewhere else than before."""
    names = ("address", "postcode", "city", "lat", "lon")
    return before is None or any(getattr(before, name) != getattr(after, name) for name in names)


def _require_here(stored: StoredOrder) -> None:
    if stored.state not in AT_THE_HUB:
        raise ConflictError("too_late", f"the order is {stored.state}", action="it can't be changed any more")


def _unknown(order_id: str) -> NotFoundError:
    return NotFoundError("unknown_order", f"there is no order `{order_id}` of yours", action="POST /v1/orders first")
