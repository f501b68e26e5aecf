"""Contacts: the only table with names, addresses and phone numbers, and how they are erased.

What is erased is overwritten (SQLite's ``secure_delete``); ``Database.scrub`` then takes it out of the log as well.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, Connection, delete, select

from data.model.contact import Contact
from data.model.reservation import Key, Owner
from data.model.stored_order import ENDS
from data.store import rows
from data.store.tables import contacts, orders


def put(connection: Connection, owner: Owner, values: Mapping[str, Contact], now_s: int) -> None:
    """Keep who orders are for, by the order's id."""
    lines = [rows.row_of(Key(*owner, name), one) | {"changed_s": now_s} for name, one in sorted(values.items())]
    rows.put(connection, contacts, lines)


def load(connection: Connection, owner: Owner, order_ids: Collection[str]) -> dict[str, Contact]:
    """Return who orders are for, by the order's id; erased ones are not there."""
    found = rows.load(connection, contacts, Contact, {Key(*owner, name) for name in order_ids}, lock=False)
    return {key.id: one for key, one in found.items()}


def of_customer(connection: Connection, owner: Owner, customer_id: str) -> dict[str, Contact]:
    """Return what is kept of a customer, by the order's id."""
    wanted = select(contacts).where(rows.owned(contacts, owner), contacts.c.customer_id == customer_id)
    found = connection.execute(wanted.order_by(contacts.c.id)).all()
    return dict(zip((row.id for row in found), rows.values_of(found, Contact)))


def erase_orders(connection: Connection, owner: Owner, order_ids: Collection[str]) -> int:
    """Erase who some orders are for; return how many."""
    return _erase(connection, rows.owned(contacts, owner) & contacts.c.id.in_(order_ids))


def erase_customer(connection: Connection, owner: Owner, customer_id: str) -> int:
    """Erase a customer from all of their orders; return from how many."""
    return _erase(connection, rows.owned(contacts, owner) & (contacts.c.customer_id == customer_id))


def erase_channel(connection: Connection, owner: Owner, channel: str) -> int:
    """Erase who a channel's orders are for; return how many."""
    same = (orders.c.id == contacts.c.id) & rows.owned(orders, owner) & (orders.c.channel == channel)
    return _erase(connection, rows.owned(contacts, owner) & select(orders.c.id).where(same).exists())


def forget(connection: Connection, before_s: int) -> int:
    """Erase contacts last changed before an instant whose orders are over or unknown, of every owner."""
    same = (
        (orders.c.id == contacts.c.id)
        & (orders.c.tenant == contacts.c.tenant)
        & (orders.c.shipper == contacts.c.shipper)
    )
    open_orders = select(orders.c.id).where(same, orders.c.state.not_in(ENDS)).exists()
    return _erase(connection, (contacts.c.changed_s < before_s) & ~open_orders)


def _erase(connection: Connection, which: ColumnElement[bool]) -> int:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
    return connection.execute(delete(contacts).where(which)).rowcount
