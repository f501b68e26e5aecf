"""Events: what really happened, in the order it was told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, delete, func, select, text

from data.clock import PARIS
from data.model.event import Event, EventKind
from data.model.reservation import Key, Owner
from data.store import rows
from data.store.tables import events

IN_TURN = 0x6A616C6F6E65  # PostgreSQL's advisory lock: numbers are seen in the order they are given


class Held(NamedTuple):
    """A parcel that lies in a place and waits for its customer."""

    place_id: str
    box: str
    parcel_id: str
    since_s: int


def append(connection: Connection, owner: Owner, values: Sequence[Event], now_s: int) -> tuple[Event, ...]:
    """Keep events; return those that are new, in order: one that is sent again is known by its id."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": IN_TURN})
    once: dict[str, Event] = {}
    for one in values:
        once.setdefault(one.id, one)
    new = {key.id for key in rows.add_new(connection, events, [_line(owner, one, now_s) for one in once.values()])}
    return tuple(one for one in once.values() if one.id in new)


def since(connection: Connection, owner: Owner, seq: int, most: int = 1000) -> list[tuple[int, Event]]:
    """Return what was told after the event numbered ``seq``, in order, each with its number."""
    wanted = select(events).where(rows.owned(events, owner), events.c.seq > seq).order_by(events.c.seq).limit(most)
    found = connection.execute(wanted).all()
    return list(zip((row.seq for row in found), _events(found)))


def of_order(connection: Connection, owner: Owner, order_id: str) -> tuple[Event, ...]:
    """Return what happened to an order, the oldest first."""
    wanted = select(events).where(rows.owned(events, owner), events.c.order_id == order_id)
    return tuple(_events(connection.execute(wanted.order_by(events.c.happened_s, events.c.seq))))


def waiting(connection: Connection, tenant: str, place_ids: Collection[str]) -> tuple[Held, ...]:
    """Return the parcels that were brought to places and neither collected nor taken back, of every shipper."""
    one = events.c
    moves = (EventKind.DELIVERED, EventKind.COLLECTED, EventKind.RETURNED)
    parcel = (one.tenant, one.shipper, one.place_id, one.parcel_id)
    turn = func.row_number().over(partition_by=parcel, order_by=(one.happened_s.desc(), one.seq.desc())).label("turn")
    here = (one.tenant == tenant) & one.place_id.in_(place_ids) & one.kind.in_(moves)
    last = select(one.place_id, one.box, one.parcel_id, one.happened_s, one.kind, turn).where(here).subquery()
    still = (last.c.turn == 1) & (last.c.kind == EventKind.DELIVERED)
    found = select(last).where(still).order_by(last.c.place_id, last.c.parcel_id)
    return tuple(Held(row.place_id, row.box, row.parcel_id, row.happened_s) for row in connection.execute(found))


def forget(connection: Connection, before_s: int) -> int:
    """Drop events told before an instant, of every owner; return how many."""
    return connection.execute(delete(events).where(events.c.at_s < before_s)).rowcount


def _line(owner: Owner, one: Event, now_s: int) -> dict[str, Any]:
    line = rows.row_of(Key(*owner, one.id), one)
    return {name: value for name, value in line.items() if name != "at"} | {
        "happened_s": int(one.at.timestamp()),
        "at_s": now_s,
    }


def _events(found: Iterable[Row[Any]]) -> Iterable[Event]:
    names = [name for name in Event.__struct_fields__ if name != "at"]
    for row in found:
        fields = {name: getattr(row, name) for name in names}
        yield msgspec.convert(fields | {"at": datetime.fromtimestamp(row.happened_s, PARIS)}, Event)
