"""Capacity: every level's total and what is taken of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from data.model.reservation import Balance, Key
from data.store import rows
from data.store.tables import capacity

Around = dict[Key, Key | None]
"""The level around each one, which never changes; ``None``: it is the outermost."""


def load_nested(connection: Connection, keys: Collection[Key], around: Around) -> dict[Key, Balance]:
    """Return the balances of ``keys`` and of every level around them, locked until the transaction ends.

    ``around`` is kept by the caller from one call to the next; what is missing in it is read first, so that all
    levels are locked at once and in one order, by all who write.
    """
    levels = set(keys)
    wanted = set(keys)
    while wanted:
        unknown = wanted - around.keys()
        found = rows.load(connection, capacity, Balance, unknown, lock=False) if unknown else {}
        around |= {key: key._replace(id=one.parent_id) if one.parent_id else None for key, one in found.items()}
        wanted = {outer for key in wanted if (outer := around.get(key))} - levels
        levels |= wanted
    return rows.load(connection, capacity, Balance, levels)


def read_all(connection: Connection) -> dict[Key, Balance]:
    """Return every balance of every carrier."""
    return {rows.key_of(row): rows.value_of(row, Balance) for row in connection.execute(select(capacity))}


def of_tenant(connection: Connection, tenant: str) -> tuple[Balance, ...]:
    """Return a carrier's balances, by id."""
    wanted = select(capacity).where(capacity.c.tenant == tenant).order_by(capacity.c.id)
    return tuple(rows.value_of(row, Balance) for row in connection.execute(wanted))


def save(connection: Connection, new: Mapping[Key, Balance], changed: Mapping[Key, Balance]) -> None:
    """Write balances."""
    rows.add(connection, capacity, new.items())
    rows.change(connection, capacity, changed)
