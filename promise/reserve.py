"""What may be asked of the ledger, and what becomes of an order's place: reserve, confirm, change, release, expire.

A request that comes twice does nothing twice: its idempotency key returns the stored replies, and without a key an
order's own id tells that it holds its place already.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from data.model.base import Count, Id, Value
from data.model.reservation import Capacity, Key, Owner, Parcels, Reservation, State, Terms, UnixSeconds
from data.model.stock import Stock, StockLine, goods_of
from promise.capacity import Books, Refusal, Refused, lapsed


class Reserve(Value, tag="reserve"):
    """Hold a place and goods for an order until ``expires_s``.

    ``force``: the order is owed its date already (a shop that never reserves), so it takes a place beyond capacity too,
    and goods beyond stock.
    """

    id: Id
    capacity_id: Id
    expires_s: UnixSeconds
    parcels: Parcels = 1
    dm3: Count = 0
    lines: tuple[StockLine, ...] = ()
    terms: Terms = ""
    force: bool = False


class Confirm(Value, tag="confirm"):
    """The order is paid: its place is held for good, on the terms it was reserved on."""

    id: Id


class Change(Value, tag="change"):
    """Swap an order's place for another one; it keeps the old one where the new one does not fit.

    Its goods stay the same without ``lines``.
    """

    id: Id
    capacity_id: Id
    parcels: Parcels = 1
    dm3: Count = 0
    lines: tuple[StockLine, ...] | None = None
    terms: Terms = ""


class Release(Value, tag="release"):
    """Give an order's place back; it can't be had again under the same id."""

    id: Id


class Shipped(Value, tag="shipped"):
    """An order's goods have left the shelf: what there is and what is promised of it get less; its place stays."""

    id: Id


class Publish(Value, tag="publish"):
    """Set the total of a level, after the level around it; for the carrier only.

    With ``if_absent`` a level that is there already stays as it is.
    """

    capacity: Capacity
    if_absent: bool = False


class PublishStock(Value, tag="publish_stock"):
    """Set what a shipper has of a product; with ``available``, ``units`` are those not promised to anybody yet."""

    stock: Stock
    available: bool = False


class Expire(Value, tag="expire"):
    """Give back the places of pending reservations whose time is over, of every owner, the oldest ``most``."""

    most: Count = 1000


class Told(Value, tag="told"):
    """Drop events from the outbox: whoever had to know them does."""

    seqs: tuple[Count, ...]


ForOrder = Reserve | Confirm | Change | Release | Shipped
Command = ForOrder | Publish | PublishStock | Expire | Told


class Request(Value):
    """Commands of one owner, done together and in order; each one is done or refused on its own.

    Attributes
    ----------
    now_s : int
        When it came, Unix seconds.
    key : str
        Idempotency key; empty is none.
    fingerprint : str
        Of the body the key came with.
    """

    owner: Owner
    commands: tuple[Command, ...]
    now_s: UnixSeconds
    key: Annotated[str, Meta(max_length=128)] = ""
    fingerprint: Annotated[str, Meta(max_length=64)] = ""


class Reply(Value, omit_defaults=False):
    """What became of one command.

    Attributes
    ----------
    id : str
        Of the order, or of the capacity or stock published.
    state : State, optional
        The order's state now, ``None`` where it has none.
    capacity_id, terms : str
        The place it has or had, and what was promised with it.
    refusal : Refusal, optional
        Why nothing was done.
    level : str
        The capacity or the stock that refuses.
    expires_s : int
        Until when a pending order's place is held.
    """

    id: str
    state: State | None = None
    capacity_id: str = ""
    terms: str = ""
    refusal: Refusal | None = None
    level: str = ""
    expires_s: UnixSeconds = 0


def act(books: Books, request: Request, due: tuple[Key, ...] = ()) -> tuple[Reply, ...]:
    """Do a request's commands on the books; ``due`` are the reservations an :class:`Expire` looks at."""
    return tuple(reply for command in request.commands for reply in _replies(books, request, command, due))


def _replies(books: Books, request: Request, command: Command, due: tuple[Key, ...]) -> Iterator[Reply]:
    if isinstance(command, Expire):
        for key in due[: command.most]:
            if _lapse(books, key, request.now_s):
                yield reply_of(books.orders[key])
    elif isinstance(command, Told):
        return  # nothing in the books
    elif isinstance(command, Publish | PublishStock):
        yield _publish(books, request.owner, command)
    else:
        key = Key(*request.owner, command.id)
        _lapse(books, key, request.now_s)
        try:
            yield reply_of(_become(books, key, command, request.now_s))
        except Refused as no:
            known = books.orders.get(key)
            told = reply_of(known) if known else Reply(id=command.id)
            yield told.replace(refusal=no.refusal, level=no.level)


def _become(books: Books, key: Key, command: ForOrder, now_s: int) -> Reservation:
    """Return the order after a command, its old self where there was nothing left to do."""
    order = books.orders.get(key)
    if isinstance(command, Reserve):
        return _reserve(books, key, order, command, now_s)
    if order is None:
        raise Refused(Refusal.UNKNOWN_RESERVATION)
    if isinstance(command, Release):
        return books.put(key, order.replace(state=State.RELEASED)) if order.holds else order
    if not order.holds:
        raise Refused(Refusal(order.state.value))
    if isinstance(command, Shipped):
        return books.ship(key) if order.goods else order
    if isinstance(command, Confirm):
        return order if order.state is State.CONFIRMED else books.put(key, order.replace(state=State.CONFIRMED))
    changed = _placed(order, command)
    return order if changed == order else books.put(key, changed)


def _reserve(books: Books, key: Key, order: Reservation | None, command: Reserve, now_s: int) -> Reservation:
    if order is not None and order.state is not State.EXPIRED:
        if _placed(order, command) != order:
            raise Refused(Refusal.ID_TAKEN)
        if order.state is State.RELEASED:
            raise Refused(Refusal.RELEASED)
        return order
    if command.expires_s <= now_s:
        raise Refused(Refusal.EXPIRED)
    fresh = Reservation(
        id=key.id,
        step=0,
        state=State.PENDING,
        capacity_id=command.capacity_id,
        parcels=command.parcels,
        dm3=command.dm3,
        expires_s=command.expires_s,
        terms=command.terms,
        goods=goods_of(command.lines),
    )
    return books.put(key, fresh, command.force)


def _lapse(books: Books, key: Key, now_s: int) -> bool:
    """Expire an order whose time is over, whether or not it was swept yet."""
    order = books.orders.get(key)
    if order is None or not lapsed(order, now_s):
        return False
    books.put(key, order.replace(state=State.EXPIRED))
    return True


def _publish(books: Books, owner: Owner, command: Publish | PublishStock) -> Reply:
    told = Reply(id=command.capacity.id if isinstance(command, Publish) else command.stock.id)
    try:
        if isinstance(command, PublishStock):
            books.publish_stock(owner, command.stock, command.available)
        elif owner.shipper:
            raise Refused(Refusal.CARRIER_ONLY)
        elif not command.if_absent or Key(owner.tenant, "", command.capacity.id) not in books.balances:
            books.publish(owner.tenant, command.capacity)
    except Refused as no:
        return told.replace(refusal=no.refusal, level=no.level)
    return told


def _placed(order: Reservation, command: Reserve | Change) -> Reservation:
    """Return an order with the place and the goods a command asks for."""
    goods = order.goods if command.lines is None else goods_of(command.lines)
    return order.replace(
        capacity_id=command.capacity_id,
        parcels=command.parcels,
        dm3=command.dm3,
        terms=command.terms,
        goods=goods,
    )


def reply_of(order: Reservation) -> Reply:
    """Return how an order stands."""
    until_s = order.expires_s if order.state is State.PENDING else 0
    return Reply(id=order.id, state=order.state, capacity_id=order.capacity_id, terms=order.terms, expires_s=until_s)


def keys_of(request: Request) -> Iterator[Key]:
    """Yield the orders a request names."""
    for command in request.commands:
        if isinstance(command, ForOrder):
            yield Key(*request.owner, command.id)


def capacities_of(request: Request) -> Iterator[Key]:
    """Yield the capacities a request names."""
    for command in request.commands:
        if isinstance(command, Publish):
            names = [command.capacity.id, command.capacity.parent_id]
        elif isinstance(command, Reserve | Change):
            names = [command.capacity_id]
        else:
            continue
        yield from (Key(request.owner.tenant, "", name) for name in names if name)


def stocks_of(request: Request) -> Iterator[Key]:
    """Yield the stock a request names."""
    for command in request.commands:
        if isinstance(command, PublishStock):
            yield Key(*request.owner, command.stock.replace(channel="").id)
            yield Key(*request.owner, command.stock.id)
        elif isinstance(command, Reserve | Change) and command.lines:
            yield from goods_keys(request.owner, command.lines)


def goods_keys(owner: Owner, lines: tuple[StockLine, ...]) -> Iterator[Key]:
    """Yield the stock that lines are taken from."""
    return (Key(*owner, name) for line in lines for name in line.levels)


def encoded(replies: tuple[Reply, ...]) -> str:
    """Return replies as they are stored."""
    return msgspec.json.encode(replies).decode()


def decoded(reply: str) -> tuple[Reply, ...]:
    """Return stored replies."""
    return msgspec.json.decode(reply, type=tuple[Reply, ...])
