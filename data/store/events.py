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

AT_ONCE = 500
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


def of_orders(connection: Connection, owner: Owner, order_ids: Collection[str]) -> dict[str, list[Event]]:
    """Return what happened to orders, by order, the oldest first."""
    found: dict[str, list[Event]] = {}
    wanted = sorted(order_ids)
    for first in range(0, len(wanted), AT_ONCE):
        some = events.c.order_id.in_(wanted[first : first + AT_ONCE])
        query = select(events).where(rows.owned(events, owner), some).order_by(events.c.happened_s, events.c.seq)
        for one in _events(connection.execute(query)):
            found.setdefault(one.order_id, []).append(one)
    return found


def first_of_kinds(connection: Connection, tenant: str, kinds: Collection[EventKind], since_s: int) -> dict[Key, int]:
    """Return when something of some kinds first happened to each order, of what happened at ``since_s`` or later."""
    one = events.c
    whose = (one.tenant, one.shipper, one.order_id)
    wanted = (one.tenant == tenant) & one.kind.in_(kinds) & (one.happened_s >= since_s) & (one.order_id != "")
    found = connection.execute(select(*whose, func.min(one.happened_s)).where(wanted).group_by(*whose))
    return {Key(row[0], row[1], row[2]): int(row[3]) for row in found}


def last_of_hubs(connection: Connection, tenant: str, kinds: Collection[EventKind]) -> dict[str, Event]:
    """Return the last of some kinds of events of each hub itself: of no order, vehicle or place."""
    one = events.c
    itself = (one.hub_id != "") & (one.order_id == "") & (one.vehicle_id == "") & (one.place_id == "")
    wanted = select(events).where(one.tenant == tenant, itself, one.kind.in_(kinds))
    found = connection.execute(wanted.order_by(one.happened_s, one.seq)).all()
    return {event.hub_id: event for event in _events(found)}


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
