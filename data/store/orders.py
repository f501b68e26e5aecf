"""Orders as accepted, and how far each is; who they are for is in ``contacts``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select, tuple_, update

from data.model.order import Order
from data.model.reservation import Key, Owner
from data.model.stored_order import OrderState, StoredOrder
from data.store import rows
from data.store.tables import orders

AGAIN = timedelta(days=7)
"""So long after its day what could not be delivered is presented again."""
_decoder = msgspec.json.Decoder(Order)


def put(connection: Connection, owner: Owner, values: Mapping[str, StoredOrder], now_s: int) -> None:
    """Keep orders by id, new ones and those that changed."""
    lines = [
        Key(*owner, name)._asdict()
        | {"hub_id": one.order.hub_id, "channel": one.channel, "day": one.order.promised_on, "state": one.state}
        | {"body": msgspec.json.encode(one.order).decode(), "changed_s": now_s}
        for name, one in sorted(values.items())
    ]
    rows.put(connection, orders, lines)


def set_state(connection: Connection, owner: Owner, ids: Collection[str], state: OrderState, now_s: int) -> None:
    """Say how far orders are; those that do not exist are left out."""
    lines = [Key(*owner, name)._asdict() | {"state": state, "changed_s": now_s} for name in sorted(ids)]
    rows.change(connection, orders, lines)


def load(connection: Connection, owner: Owner, ids: Collection[str]) -> dict[str, StoredOrder]:
    """Return the orders of ``ids`` that exist."""
    found = rows.rows_at(connection, orders, {Key(*owner, name) for name in ids}, ("state", "channel", "body"))
    return _by_id(found)


def of_day(
    connection: Connection, owner: Owner, day: date, hub_id: str = "", states: Collection[OrderState] = ()
) -> dict[str, StoredOrder]:
    """Return the orders promised for a day, of one hub or all, in some states or any, by id."""
    wanted = select(orders).where(rows.owned(orders, owner), orders.c.day == day)
    if hub_id:
        wanted = wanted.where(orders.c.hub_id == hub_id)
    if states:
        wanted = wanted.where(orders.c.state.in_(states))
    return _by_id(connection.execute(wanted.order_by(orders.c.id)))


def accepted(connection: Connection, tenant: str, day: date) -> dict[Key, StoredOrder]:
    """Return the orders of a carrier and of its shippers that are promised for a day and in no plan yet.

    With those of that day and of the week before it whose delivery has failed: they are presented again.
    """
    one = orders.c
    new = (one.day == day) & (one.state == OrderState.ACCEPTED)
    again = one.day.between(day - AGAIN, day) & (one.state == OrderState.FAILED)
    wanted = select(orders).where(one.tenant == tenant, new | again)
    found = connection.execute(wanted.order_by(one.id, one.shipper)).all()
    return {rows.key_of(row): value for row in found for value in _by_id([row]).values()}


def page(connection: Connection, owner: Owner, after: str = "", most: int = 100) -> dict[str, StoredOrder]:
    """Return the next orders by id."""
    wanted = select(orders).where(rows.owned(orders, owner), orders.c.id > after)
    return _by_id(connection.execute(wanted.order_by(orders.c.id).limit(most)))


def to_locate(connection: Connection, after: Key | None, most: int) -> list[Key]:
    """Return orders of every owner that wait for their address to be found on the map, the next ones after a key."""
    one = orders.c
    wanted = select(one.tenant, one.shipper, one.id).where(one.state == OrderState.UNLOCATED)
    if after is not None:
        wanted = wanted.where(tuple_(one.tenant, one.shipper, one.id) > after)
    wanted = wanted.order_by(one.tenant, one.shipper, one.id).limit(most)
    return [Key(*row) for row in connection.execute(wanted)]


def doubt_again(connection: Connection, tenant: str, now_s: int) -> int:
    """Let doubtful addresses of a carrier's orders be looked for once more; return how many."""
    doubtful = (orders.c.tenant == tenant) & (orders.c.state == OrderState.ADDRESS_DOUBTFUL)
    again = update(orders).where(doubtful).values(state=OrderState.UNLOCATED, changed_s=now_s)
    return connection.execute(again).rowcount


def _by_id(found: Iterable[Row[Any]]) -> dict[str, StoredOrder]:
    return {
        row.id: StoredOrder(order=_decoder.decode(row.body), state=OrderState(row.state), channel=row.channel)
        for row in found
    }
