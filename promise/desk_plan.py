"""From an order to the command that holds its place: which date it is owed, and which capacity and stock it takes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

import msgspec

from data.clock import PARIS
from data.errors import ConflictError, InputError
from data.hours import with_offset
from data.model.base import Window
from data.model.promise import DeliveryOption
from data.model.reservation import Capacity, Owner, level_id
from data.model.stock import StockLine
from promise import wording
from promise.desk_room import NO_LIMIT
from promise.desk_values import Held, NoPlace, Order, Swap, Terms
from promise.left import Names, RoomNow, Taking
from promise.quote import sold_windows
from promise.reserve import Change, Reply, Reserve
from promise.snapshot import Snapshot
from promise.ticket import Ticket

REFUSED = {
    "full": ("no place is left on that day", "quote again and reserve what it offers"),
    "closed": ("that day is closed", "quote again and reserve what it offers"),
    "out_of_stock": ("there are not enough of the goods left", "take fewer, or wait for more"),
    "id_taken": ("another order has this id", "give every order an id of its own"),
    "expired": ("its time is over", "quote again"),
    "released": ("the order has given its place back", "reserve again under a new id"),
    "unknown_reservation": ("no order of yours with this id has a place", "reserve one"),
    "unknown_capacity": ("no such place is published", "quote again"),
    "unknown_stock": ("there is no stock of one of the products", "PUT /v1/stock/{sku} first"),
}


class Planned(NamedTuple):
    """A command, and the places that have to be published before it."""

    command: Reserve | Change
    places: tuple[Capacity, ...]


class Planner:
    """Plans orders of one owner under one snapshot.

    Parameters
    ----------
    room : RoomNow
        Of the carrier; a :class:`Taking` counts what is planned.
    hold_s : int
        How long a place is held beyond the quote it was reserved on.
    """

    def __init__(self, snapshot: Snapshot, names: Names, room: RoomNow, owner: Owner, now_s: int, hold_s: int) -> None:
        self._snapshot, self._names, self._room, self._owner = snapshot, names, room, owner
        self._now_s, self._hold_s = now_s, hold_s

    def reserve(self, order: Order, ticket: Ticket) -> Planned:
        """Return how to hold the place an order was quoted.

        An order that comes again after its quote has ended gets what it had, so it is sent on with a time that is over.

        Raises
        ------
        InputError
            ``option_not_quoted`` or ``window_not_sold``.
        """
        good = ticket.expires_s > self._now_s
        expires_s = ticket.expires_s + (self._hold_s if good else 0)
        capacity_id, places, terms = self._place(order.option_id, order.window, ticket, _asked(order))
        return Planned(_reserve(order.id, order.option_id, ticket, capacity_id, terms, expires_s), places)

    def owe(self, order_id: str, option_id: str, window: Window | None, ticket: Ticket) -> Planned:
        """Return how to take the place of an order that is paid: what its buyer was shown holds, however long ago."""
        capacity_id, places, terms = self._place(option_id, window, ticket, "")
        expires_s = self._now_s + self._hold_s
        return Planned(_reserve(order_id, option_id, ticket, capacity_id, terms, expires_s), places)

    def move(self, order_id: str, option_id: str, ticket: Ticket) -> Planned:
        """Return how to move an order to the place of another ticket; its goods stay what they are."""
        capacity_id, places, terms = self._place(option_id, None, ticket, "")
        command = Change(id=order_id, capacity_id=capacity_id, parcels=ticket.parcels, dm3=ticket.dm3, terms=terms)
        return Planned(command, places)

    def chain(self, ticket: Ticket, option_id: str) -> tuple[int, ...]:
        """Return the slots of the levels that an option of a ticket takes."""
        offer = ticket.offer(option_id)
        return self._chain(offer.hub_id, ticket.area_id, option_id, offer.day)

    def change(self, order_id: str, swap: Swap, ticket: Ticket) -> Planned:
        """Return how to swap an order's place for another one.

        Raises
        ------
        InputError, ConflictError
            As for :meth:`reserve`; ``quote_expired``.
        """
        if ticket.expires_s <= self._now_s:
            raise ConflictError("quote_expired", "the quote's time is over", "#/quote_id", "quote again")
        capacity_id, places, terms = self._place(swap.option_id, swap.window, ticket, "")
        lines = lines_of(ticket, swap.option_id)
        command = Change(
            id=order_id,
            capacity_id=capacity_id,
            parcels=ticket.parcels,
            dm3=ticket.dm3,
            terms=terms,
            lines=lines or None,
        )
        return Planned(command, places)

    def _place(
        self, option_id: str, window: Window | None, ticket: Ticket, asked: str
    ) -> tuple[str, tuple[Capacity, ...], str]:
        """Return a capacity's id, it and what is around it where it is not published yet, and the terms."""
        offer, grid = ticket.offer(option_id), self._snapshot.grid
        day = date.fromordinal(offer.day)
        column = grid.option_index.get(option_id)
        option = None if column is None else grid.options[column]
        terms = Terms(
            option_id=option_id,
            date=day,
            quality=offer.quality,
            confidence=offer.confidence,
            hub_id=offer.hub_id,
            area_id=ticket.area_id,
            window=window,
            price_cents=_price(option, day, window),
            asked=asked,
        )
        name = level_id(offer.hub_id, day, ticket.area_id, option_id)
        places: tuple[Capacity, ...] = ()
        levels = self._room.levels
        chain = self._chain(offer.hub_id, ticket.area_id, option_id, offer.day)
        if name not in levels.slots:
            parent = levels.ids[chain[0]] if chain else ""
            places = (
                Capacity(
                    id=name,
                    day=day,
                    parcels=NO_LIMIT,
                    parent_id=parent,
                    hub_id=offer.hub_id,
                    area_id=ticket.area_id,
                    option_id=option_id,
                ),
            )
        if isinstance(self._room, Taking):
            self._room.take(chain, ticket.parcels, ticket.dm3)
        return name, places, msgspec.json.encode(terms).decode()

    def _chain(self, hub_id: str, area_id: str, option_id: str, day: int) -> tuple[int, ...]:
        """Return the slots an order takes; none where hub, area or option are not among the house's any more."""
        hub, cell = self._names.hubs.get(hub_id, len(self._names.hubs)), self._names.cell(area_id, option_id)
        return () if cell is None else self._room.chain(hub, cell, day - self._room.first_day)


def lines_of(ticket: Ticket, option_id: str) -> tuple[StockLine, ...]:
    """Return what an order takes from the shelves of the hub its option was quoted from."""
    hub_id = ticket.offer(option_id).hub_id or ticket.hub_id
    return tuple(
        StockLine(sku=line.sku, hub_id=hub_id, quantity=line.quantity, channel=ticket.channel) for line in ticket.lines
    )


def _reserve(order_id: str, option_id: str, ticket: Ticket, capacity_id: str, terms: str, expires_s: int) -> Reserve:
    return Reserve(
        id=order_id,
        capacity_id=capacity_id,
        expires_s=expires_s,
        parcels=ticket.parcels,
        dm3=ticket.dm3,
        terms=terms,
        lines=lines_of(ticket, option_id),
    )


def _price(option: DeliveryOption | None, day: date, window: Window | None) -> int:
    """Return what an option costs on a day, with a window where one is bought."""
    if option is None:
        raise InputError("unknown_option", "the option is not offered any more", "#/option_id", "quote again")
    if window is None:
        return option.price_cents
    for sold in sold_windows(option, day):
        if sold.window == window:
            return option.price_cents + sold.price_cents
    raise InputError("window_not_sold", "no such window is sold on that day", "#/window", "one of the quote's windows")


def _asked(order: Order) -> str:
    """Return a fingerprint of what an order asked for that came without a quote."""
    if order.request is None:
        return ""
    return hashlib.blake2b(msgspec.json.encode(order), digest_size=9).hexdigest()


def same_again(order: Order, terms: str) -> bool:
    """Return whether the place an order has is what it asks for, without a quote, once more."""
    return order.request is not None and bool(terms) and _terms(terms).asked == _asked(order)


def held(reply: Reply, options: Sequence[DeliveryOption]) -> Held:
    """Return the ledger's reply as the shop reads it."""
    problem = None
    if reply.refusal is not None:
        detail, action = REFUSED[reply.refusal.value]
        problem = NoPlace(code=reply.refusal.value, detail=detail, action=action)
    if reply.state is None or not reply.terms:
        return Held(id=reply.id, state=reply.state, problem=problem)
    terms = _terms(reply.terms)
    kinds = {option.id: option.kind for option in options}
    kind = kinds.get(terms.option_id)
    return Held(
        id=reply.id,
        state=reply.state,
        option_id=terms.option_id,
        date=terms.date,
        window=terms.window,
        quality=terms.quality,
        confidence=terms.confidence,
        hub_id=terms.hub_id,
        area_id=terms.area_id,
        price_cents=terms.price_cents,
        text_fr=wording.promise_fr(kind, terms.date, terms.date) if kind else "",
        text_en=wording.promise_en(kind, terms.date, terms.date) if kind else "",
        expires_at=_instant(reply.expires_s) if reply.expires_s else None,
        problem=problem,
    )


def _terms(raw: str) -> Terms:
    return msgspec.json.decode(raw, type=Terms)


def _instant(at_s: int) -> datetime:
    return with_offset(datetime.fromtimestamp(at_s, PARIS))
