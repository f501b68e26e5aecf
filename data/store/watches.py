"""Promises that need watching: those whose customers were told that the date is at risk, or that it has moved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, NamedTuple

from msgspec import Meta
from sqlalchemy import Connection, and_, delete, select

from data.clock import give_way
from data.model.base import Count, Id, Value
from data.model.reservation import HOLDING, Key, Owner, Reservation
from data.store import rows
from data.store.tables import orders, promises, reservations
from data.store.tables_notices import watches

AT_ONCE = 100
"""Rows read before other threads have a turn: 30,000 read at once keep the store's writer waiting for 0.3 s."""


class WatchState(StrEnum):
    """What a customer was told last."""

    AT_RISK = "at_risk"
    MOVED = "moved"


class Watch(Value):
    """What was told of a promise: the ``day`` that is at risk, or that it has moved to, and why."""

    id: Id
    day: date
    cause: Annotated[str, Meta(max_length=16)]
    state: WatchState
    at_s: Count


class Open(NamedTuple):
    """A promise that is not kept yet.

    ``state`` is its order's, empty where there is no order beside it; ``placed_s`` is when it took its first place.
    """

    key: Key
    place: Reservation
    state: str
    placed_s: int


def put(connection: Connection, values: Mapping[Key, Watch]) -> None:
    """Keep what was told."""
    rows.put(connection, watches, [rows.row_of(key, one) for key, one in sorted(values.items())])


def load(connection: Connection, keys: Collection[Key]) -> dict[Key, Watch]:
    """Return what was told of orders."""
    return rows.load(connection, watches, Watch, keys, lock=False)


def of_tenant(connection: Connection, tenant: str) -> dict[Key, Watch]:
    """Return what was told of a carrier's orders."""
    found = connection.execute(select(watches).where(watches.c.tenant == tenant)).all()
    return dict(zip(map(rows.key_of, found), rows.values_of(found, Watch), strict=True))


def drop(connection: Connection, keys: Collection[Key]) -> None:
    """Forget orders that have arrived, or are not wanted any more."""
    for key in sorted(keys):
        named = rows.owned(watches, Owner(key.tenant, key.shipper)) & (watches.c.id == key.id)
        connection.execute(delete(watches).where(named))


def open_promises(connection: Connection, tenant: str, ended: Collection[str]) -> list[Open]:
    """Return the places a carrier's orders hold, with the state of each order; not of those in a state of ``ended``."""
    same = and_(*(promises.c[name] == orders.c[name] for name in rows.OWNED))
    first = and_(*(promises.c[name] == reservations.c[name] for name in rows.OWNED), reservations.c.step == 0)
    found = (
        select(promises, orders.c.state.label("order_state"), reservations.c.at_s.label("placed_s"))
        .join(reservations, first)
        .outerjoin(orders, same)
        .where(promises.c.tenant == tenant, promises.c.state.in_(HOLDING))
        .order_by(promises.c.id, promises.c.shipper)
    )
    opened: list[Open] = []
    for part in connection.execute(found).partitions(AT_ONCE):
        listed = [row for row in part if row.order_state not in ended]
        places = rows.values_of(listed, Reservation)
        opened += (
            Open(rows.key_of(row), one, row.order_state or "", row.placed_s)
            for row, one in zip(listed, places, strict=True)
        )
        give_way()
    return opened
