"""Reservations: a ledger that only grows, and the place each order holds now (``promises``)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Subquery, and_, func, select

from data.model.reservation import HOLDING, Key, Reservation, State
from data.store import rows
from data.store.tables import promises, reservations

_SAID_TWICE = ("step", "state", "capacity_id", "parcels", "dm3", "goods")
"""What the ledger's last entry says of an order, and ``promises`` too."""


def load(connection: Connection, keys: Collection[Key], lock: bool = True) -> dict[Key, Reservation]:
    """Return the places that orders hold or held, locked until the transaction ends if asked to."""
    return rows.load(connection, promises, Reservation, keys, lock)


def due(connection: Connection, now_s: int, most: int) -> list[Key]:
    """Return pending reservations that are over at ``now_s``, the oldest first."""
    over = (promises.c.state == State.PENDING) & (promises.c.expires_s <= now_s)
    found = select(promises).where(over).order_by(promises.c.expires_s).limit(most)
    return [rows.key_of(row) for row in connection.execute(found)]


def append(connection: Connection, entries: Sequence[tuple[Key, Reservation]], at_s: int) -> None:
    """Add what happened to the ledger.

    An entry that another writer has added in the meantime raises ``IntegrityError``: the step is part of the key.
    """
    lines = [
        {name: getattr(entry, name) for name in _SAID_TWICE} | key._asdict() | {"at_s": at_s} for key, entry in entries
    ]
    rows.add(connection, reservations, lines)


def save(connection: Connection, new: Mapping[Key, Reservation], changed: Mapping[Key, Reservation]) -> None:
    """Write the places orders hold now."""
    rows.add(connection, promises, _rows(new))
    rows.change(connection, promises, _rows(changed))


def replay(connection: Connection) -> dict[Key, tuple[int, int]]:
    """Return the parcels and dm3 that the ledger's last entries hold, by the carrier's innermost capacity."""
    last = _last()
    held = (
        select(last.c.tenant, last.c.capacity_id, func.sum(last.c.parcels), func.sum(last.c.dm3))
        .where(last.c.state.in_(HOLDING))
        .group_by(last.c.tenant, last.c.capacity_id)
    )
    return {Key(row[0], "", row[1]): (int(row[2]), int(row[3])) for row in connection.execute(held)}


def replay_goods(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """Yield tenant, shipper and goods of the ledger's last entries that hold any."""
    last = _last()
    held = last.c.state.in_(HOLDING) & (last.c.goods != "")
    for row in connection.execute(select(last.c.tenant, last.c.shipper, last.c.goods).where(held)):
        yield row[0], row[1], row[2]


def strays(connection: Connection, most: int = 20) -> list[Key]:
    """Return orders whose place now is not what the ledger's last entry says, or that only one of them knows."""
    last, names = _last(), ("tenant", "shipper", "id", *_SAID_TWICE)
    ledger, now = (select(*(table.c[name] for name in names)) for table in (last, promises))
    odd = [query.subquery() for query in (ledger.except_(now), now.except_(ledger))]
    found = {Key(*row) for one in odd for row in connection.execute(select(*list(one.c)[:3]).limit(most))}
    return sorted(found)


def _rows(values: Mapping[Key, Reservation]) -> list[dict[str, Any]]:
    return [rows.row_of(key, one) for key, one in sorted(values.items())]


def _last() -> Subquery:
    """Return the last entry of every reservation."""
    names = ("tenant", "shipper", "id")
    newest = select(*(reservations.c[name] for name in names), func.max(reservations.c.step).label("step"))
    steps = newest.group_by(*names).subquery()
    same = and_(*(reservations.c[name] == steps.c[name] for name in (*names, "step")))
    return select(reservations).join(steps, same).subquery()
