"""Capacity: every level's total and what is taken of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, select

from data.model.reservation import Balance, Key
from data.store import rows
from data.store.tables import capacity

Around = dict[Key, Key | None]
"""The level around each one, which never changes; ``None``: it is the outermost."""

_TAKEN = ("reserved_parcels", "reserved_dm3", "deficit_parcels", "deficit_dm3")


def load_nested(connection: Connection, keys: Collection[Key], around: Around) -> dict[Key, Balance]:
    """Return the balances of ``keys`` and of every level around them, locked until the transaction ends.

    ``around`` is kept by the caller from one call to the next; what is missing in it is read first, so that all
    levels are locked at once and in one order, by all who write.
    """
    levels = set(keys)
    wanted = levels
    while wanted:
        unknown = {key for key in wanted if key not in around}  # not a difference, which would go through all of them
        found = rows.load(connection, capacity, Balance, unknown, lock=False)
        around |= {key: key._replace(id=one.parent_id) if one.parent_id else None for key, one in found.items()}
        wanted = {outer for key in wanted if (outer := around.get(key))} - levels
        levels |= wanted
    return rows.load(connection, capacity, Balance, levels)


def read_all(connection: Connection) -> dict[Key, Balance]:
    """Return every balance of every carrier."""
    found = connection.execute(select(capacity)).all()
    return dict(zip(map(rows.key_of, found), rows.values_of(found, Balance)))


def of_tenant(connection: Connection, tenant: str) -> tuple[Balance, ...]:
    """Return a carrier's balances, by id."""
    wanted = select(capacity).where(capacity.c.tenant == tenant).order_by(capacity.c.id)
    return tuple(rows.values_of(connection.execute(wanted), Balance))


def changed_since(connection: Connection, since_s: int) -> list[tuple[str, str, str, int, int | None, int]]:
    """Return (tenant, id, parent_id, parcels left, dm3 left, changed_s) of what changed at ``since_s`` or later.

    Less than nothing is left of a level in deficit. Clocks of several hosts differ: ask for a few seconds more.
    """
    one = capacity.c
    left = one.parcels - one.reserved_parcels, one.dm3 - one.reserved_dm3
    wanted = select(one.tenant, one.id, one.parent_id, *left, one.changed_s).where(one.changed_s >= since_s)
    return [tuple(row) for row in connection.execute(wanted)]


def save(connection: Connection, new: Mapping[Key, Balance], changed: Mapping[Key, Balance], at_s: int) -> None:
    """Write balances."""
    rows.add(connection, capacity, _rows(new, at_s))
    rows.change(connection, capacity, _rows(changed, at_s))


def take(connection: Connection, changed: Mapping[Key, Balance], at_s: int) -> None:
    """Write what is taken of balances that are otherwise what they were."""
    taken = [
        {name: getattr(one, name) for name in _TAKEN} | key._asdict() | {"changed_s": at_s}
        for key, one in sorted(changed.items())
    ]
    rows.change(connection, capacity, taken)


def _rows(values: Mapping[Key, Balance], at_s: int) -> list[dict[str, Any]]:
    return [rows.row_of(key, one) | {"changed_s": at_s} for key, one in sorted(values.items())]
