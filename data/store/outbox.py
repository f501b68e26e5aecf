"""The outbox: what others must be told, kept with what it tells until somebody has taken it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, insert, select

from data.model.base import Value
from data.store import rows
from data.store.tables import outbox


class Event(Value):
    """Something to tell; ``body`` is JSON, ``seq`` its place in the order of events (0: not in the outbox yet)."""

    tenant: str
    shipper: str
    kind: str
    body: str
    seq: int = 0


def add(connection: Connection, events: Sequence[Event], at_s: int) -> None:
    """Append events."""
    lines = [
        {"tenant": one.tenant, "shipper": one.shipper, "kind": one.kind, "body": one.body, "at_s": at_s}
        for one in events
    ]
    if lines:
        connection.execute(insert(outbox), lines)


def waiting(connection: Connection, most: int = 100) -> tuple[Event, ...]:
    """Return the oldest events, in order."""
    found = connection.execute(select(outbox).order_by(outbox.c.seq).limit(most))
    return tuple(rows.value_of(row, Event) for row in found)


def drop(connection: Connection, seqs: Collection[int]) -> None:
    """Drop events that were told."""
    if seqs:
        connection.execute(delete(outbox).where(outbox.c.seq.in_(seqs)))
