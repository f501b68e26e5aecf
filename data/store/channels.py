"""Sales channels that only tell an order's number: which notices came, which orders to fetch, what to tell them back.

A notice is kept before it is acknowledged, so what is fetched after a crash is what was not fetched before it. An order
is fetched as it is *now*, whatever the notices said and in whatever order they came: ``seen`` counts them, and an order
is settled only if none has come since it was fetched.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from data.model.base import Count, Id, Value
from data.model.reservation import Key, Name, Owner, UnixSeconds, joined
from data.model.stored_order import OrderState
from data.store import rows
from data.store.tables import orders
from data.store.tables_channels import channel_handovers, channel_notices, channel_orders

NEVER_S = 253_402_300_799
LEFT = (OrderState.LOADED, OrderState.FAILED, OrderState.DELIVERED, OrderState.RETURNED)
"""States of an order that was handed over to a vehicle."""


class FetchState(StrEnum):
    """``due``: to be fetched; else what came of it the last time."""

    DUE = "due"
    HELD = "held"
    TAKEN = "taken"
    IGNORED = "ignored"
    CANCELLED = "cancelled"
    FAILED = "failed"


class HandoverState(StrEnum):
    """``open``: the channel has still to be told carrier and parcel numbers."""

    OPEN = "open"
    TOLD = "told"
    FAILED = "failed"
    DROPPED = "dropped"


class ChannelOrder(Value):
    """An order of a channel that has to be fetched, or was; ``note`` is why it ended so, a code."""

    channel: Id
    order_id: Id
    state: FetchState = FetchState.DUE
    seen: Count = 1
    tries: Count = 0
    due_s: UnixSeconds = 0
    note: Name = ""


class Handover(Value):
    """What a channel is told of an order once it is handed over, ``ship_by_s`` at the latest.

    Attributes
    ----------
    packages : str
        The channel's own names of its packages, as JSON.
    alarmed_s : int
        When somebody was told that it fails; 0: nobody yet.
    tries : int
        Attempts begun. It fences them: what an attempt ends with is kept only while no other one has begun.
    due_s : int
        When to tell: at the scan, else some time before ``ship_by_s``.
    """

    channel: Id
    order_id: Id
    state: HandoverState = HandoverState.OPEN
    packages: str = "[]"
    ship_by_s: UnixSeconds = NEVER_S
    alarmed_s: UnixSeconds = 0
    tries: Count = 0
    due_s: UnixSeconds = NEVER_S


def note(connection: Connection, owner: Owner, channel: str, notice_id: str, now_s: int) -> bool:
    """Keep the name of a notice; return whether it is new."""
    line = Key(*owner, joined(channel, notice_id))._asdict() | {"at_s": now_s}
    return bool(rows.add_new(connection, channel_notices, [line]))


def is_noted(connection: Connection, owner: Owner, channel: str, notice_id: str) -> bool:
    """Whether a notice was kept."""
    return bool(rows.rows_at(connection, channel_notices, {Key(*owner, joined(channel, notice_id))}, ()))


def forget(connection: Connection, before_s: int) -> int:
    """Drop what is over since before an instant, of every owner: notices, orders, hand-overs; return how many."""
    order, handover = channel_orders.c, channel_handovers.c
    old = (
        delete(channel_notices).where(channel_notices.c.at_s < before_s),
        delete(channel_orders).where(order.changed_s < before_s, order.state != FetchState.DUE),
        delete(channel_handovers).where(handover.changed_s < before_s, handover.state != HandoverState.OPEN),
    )
    return sum(connection.execute(statement).rowcount for statement in old)


def want(connection: Connection, owner: Owner, channel: str, order_id: str, now_s: int) -> None:
    """Let an order be fetched, again if it was: something has happened to it."""
    kind = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    fresh = ChannelOrder(channel=channel, order_id=order_id, due_s=now_s)
    statement = kind(channel_orders).values(_line(owner, fresh, now_s))
    again = {"state": FetchState.DUE, "tries": 0, "due_s": now_s, "changed_s": now_s}
    one = statement.on_conflict_do_update(
        index_elements=list(rows.OWNED), set_=again | {"seen": channel_orders.c.seen + 1}
    )
    connection.execute(one)


def bury(connection: Connection, owner: Owner, channel: str, order_id: str, now_s: int) -> None:
    """Remember that an order was cancelled before it came."""
    gone = ChannelOrder(channel=channel, order_id=order_id, state=FetchState.CANCELLED, due_s=now_s)
    rows.put(connection, channel_orders, [_line(owner, gone, now_s)])


def is_buried(connection: Connection, owner: Owner, channel: str, order_id: str) -> bool:
    """Whether an order was cancelled before it came."""
    key = Key(*owner, joined(channel, order_id))
    known = rows.load(connection, channel_orders, ChannelOrder, {key}, lock=False).get(key)
    return known is not None and known.state is FetchState.CANCELLED


def orders_due(connection: Connection, channel: str, now_s: int, most: int) -> list[tuple[Owner, ChannelOrder]]:
    """Return the orders of a channel to fetch by now, those that wait longest first."""
    return _due(connection, channel_orders, ChannelOrder, FetchState.DUE, channel, now_s, most)


def settle(connection: Connection, owner: Owner, seen: ChannelOrder, state: FetchState, note: str, now_s: int) -> bool:
    """Say what came of an order as it was fetched; return whether nothing has happened to it since."""
    same = _named(channel_orders, owner, seen) & (channel_orders.c.seen == seen.seen)
    values = {"state": state, "note": note, "tries": 0, "due_s": now_s, "changed_s": now_s}
    return bool(connection.execute(update(channel_orders).where(same).values(values)).rowcount)


def put_off(connection: Connection, owner: Owner, one: ChannelOrder, due_s: int, now_s: int) -> None:
    """Fetch an order later: after ``one.tries`` tries and one more."""
    values = {"tries": one.tries + 1, "due_s": due_s, "changed_s": now_s}
    connection.execute(update(channel_orders).where(_named(channel_orders, owner, one)).values(values))


def expect(connection: Connection, owner: Owner, one: Handover, now_s: int) -> None:
    """Keep what a channel will have to be told of an order; once it was told nothing changes any more."""
    key = Key(*owner, joined(one.channel, one.order_id))
    known = rows.load(connection, channel_handovers, Handover, {key}).get(key)
    if known is None:
        rows.add(connection, channel_handovers, [_line(owner, one, now_s)])
    elif known.state is HandoverState.OPEN:
        latest = known.replace(
            packages=one.packages,
            ship_by_s=one.ship_by_s,
            due_s=known.due_s if known.tries else min(known.due_s, one.due_s),
        )
        rows.put(connection, channel_handovers, [_line(owner, latest, now_s)])


def scanned(connection: Connection, channel: str, now_s: int) -> int:
    """Let a channel be told now of its orders that have left the hub; return of how many."""
    one, order = channel_handovers.c, orders.c
    same = (order.id == one.order_id) & (order.tenant == one.tenant) & (order.shipper == one.shipper)
    left = select(order.id).where(same, order.state.in_(LEFT)).exists()
    waiting = (one.channel == channel) & (one.state == HandoverState.OPEN) & (one.due_s > now_s) & (one.tries == 0)
    statement = update(channel_handovers).where(waiting, left).values(due_s=now_s, changed_s=now_s)
    return connection.execute(statement).rowcount


def handovers_due(connection: Connection, channel: str, now_s: int, most: int) -> list[tuple[Owner, Handover]]:
    """Return what a channel has to be told by now, the most urgent first."""
    return _due(connection, channel_handovers, Handover, HandoverState.OPEN, channel, now_s, most)


def begin(connection: Connection, owner: Owner, one: Handover, until_s: int, now_s: int) -> Handover | None:
    """Take an attempt upon oneself, until an instant at the latest; ``None``: another server has been quicker."""
    mine = one.replace(tries=one.tries + 1, due_s=until_s)
    free = _attempt(owner, one) & (channel_handovers.c.due_s <= now_s)
    values = {"tries": mine.tries, "due_s": until_s, "changed_s": now_s}
    return mine if connection.execute(update(channel_handovers).where(free).values(values)).rowcount else None


def tell_again(connection: Connection, owner: Owner, mine: Handover, due_s: int, now_s: int) -> bool:
    """End an attempt that failed: another one is due later; return whether it was still the last one begun."""
    values = {"due_s": due_s, "changed_s": now_s}
    return bool(connection.execute(update(channel_handovers).where(_attempt(owner, mine)).values(values)).rowcount)


def close(connection: Connection, owner: Owner, mine: Handover, state: HandoverState, now_s: int) -> bool:
    """End the last attempt: the channel was told, or won't be; return whether it was still the last one begun."""
    values = {"state": state, "changed_s": now_s}
    return bool(connection.execute(update(channel_handovers).where(_attempt(owner, mine)).values(values)).rowcount)


def drop(connection: Connection, owner: Owner, channel: str, order_id: str, now_s: int) -> None:
    """Tell a channel nothing of an order that was cancelled."""
    mine = _named(channel_handovers, owner, Handover(channel=channel, order_id=order_id))
    open_ = mine & (channel_handovers.c.state == HandoverState.OPEN)
    connection.execute(update(channel_handovers).where(open_).values(state=HandoverState.DROPPED, changed_s=now_s))


def alarmed(connection: Connection, owner: Owner, one: Handover, now_s: int) -> None:
    """Note that somebody was told."""
    connection.execute(update(channel_handovers).where(_named(channel_handovers, owner, one)).values(alarmed_s=now_s))


def counts(connection: Connection, channel: str) -> dict[str, int]:
    """Return how many orders and hand-overs of a channel are in each state."""
    found: dict[str, int] = {}
    for noun, table in (("orders", channel_orders), ("handovers", channel_handovers)):
        wanted = select(table.c.state, func.count()).where(table.c.channel == channel).group_by(table.c.state)
        found |= {f"{noun}_{state}": int(count) for state, count in connection.execute(wanted)}
    return found


def _due(
    connection: Connection, table: Table, kind: type[Any], state: str, channel: str, now_s: int, most: int
) -> list[tuple[Owner, Any]]:
    now = (table.c.channel == channel) & (table.c.state == state) & (table.c.due_s <= now_s)
    found = connection.execute(select(table).where(now).order_by(table.c.due_s, table.c.id).limit(most)).all()
    return list(zip((Owner(row.tenant, row.shipper) for row in found), rows.values_of(found, kind)))


def _named(table: Table, owner: Owner, one: ChannelOrder | Handover) -> ColumnElement[bool]:
    return rows.owned(table, owner) & (table.c.id == joined(one.channel, one.order_id))


def _attempt(owner: Owner, one: Handover) -> ColumnElement[bool]:
    """Return the row of a hand-over while it is open and no later attempt than this one has begun."""
    row = channel_handovers.c
    return _named(channel_handovers, owner, one) & (row.state == HandoverState.OPEN) & (row.tries == one.tries)


def _line(owner: Owner, one: ChannelOrder | Handover, now_s: int) -> dict[str, Any]:
    return rows.row_of(Key(*owner, joined(one.channel, one.order_id)), one) | {"changed_s": now_s}
