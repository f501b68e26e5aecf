"""What became of promises: when each was given, for which day first and now, when it came."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from urllib.parse import unquote

from sqlalchemy import Connection, and_, func, select

from data.model.event import EventKind
from data.model.reservation import Key, Owner, State
from data.store import rows
from data.store.tables import events, promises, reservations


class Kept(NamedTuple):
    """A confirmed promise; ``came_s`` is when all of it was handed over, ``None``: not yet."""

    key: Key
    placed_s: int
    first_day: date
    day: date
    came_s: int | None
    failed: bool


def of_owner(connection: Connection, owner: Owner, begin_s: int, end_s: int) -> list[Kept]:
    """Return the promises given to orders placed in [``begin_s``, ``end_s``): a shipper's, or all of the carrier's."""
    first, now = reservations.c, promises.c
    same = and_(*(first[name] == now[name] for name in rows.OWNED))
    wanted = (
        select(now.id, now.tenant, now.shipper, first.at_s, first.capacity_id, now.capacity_id.label("held"))
        .select_from(reservations.join(promises, same))
        .where(first.tenant == owner.tenant, first.step == 0, first.at_s >= begin_s, first.at_s < end_s)
        .where(now.state == State.CONFIRMED)
        .order_by(first.at_s, first.id)
    )
    if owner.shipper:
        wanted = wanted.where(first.shipper == owner.shipper)
    listed = connection.execute(wanted).all()
    came, failed = (_last(connection, owner.tenant, kind, begin_s) for kind in (EventKind.DELIVERED, EventKind.FAILED))
    keys = [Key(row.tenant, row.shipper, row.id) for row in listed]
    return [
        Kept(key, row.at_s, _day(row.capacity_id), _day(row.held), came.get(key), key in failed)
        for key, row in zip(keys, listed, strict=True)
    ]


def _last(connection: Connection, tenant: str, kind: EventKind, since_s: int) -> dict[Key, int]:
    """Return when something of a kind last happened to each order."""
    one = events.c
    whose = (one.tenant, one.shipper, one.order_id)
    of_kind = (one.tenant == tenant) & (one.kind == kind) & (one.happened_s >= since_s) & (one.order_id != "")
    found = connection.execute(select(*whose, func.max(one.happened_s)).where(of_kind).group_by(*whose))
    return {Key(row[0], row[1], row[2]): int(row[3]) for row in found}


def _day(capacity_id: str) -> date:
    """Return the day a capacity's id names, see :func:`data.model.reservation.level_id`."""
    return date.fromisoformat(unquote(capacity_id.split("/")[1]))
