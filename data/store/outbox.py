"""The outbox: what others must be told, kept with what it tells until somebody has taken it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, delete, select

from data.model.base import Value
from data.store import rows
from data.store.tables import outbox


class Notice(Value):
    """Something to tell; ``body`` is JSON, ``seq`` its place in the order of notices (0: not in the outbox yet).

    ``subject`` is what it is about, such as an order: notices of an owner about the same subject are told in order.
    """

    tenant: str
    shipper: str
    kind: str
    body: str
    subject: str = ""
    seq: int = 0


def add(connection: Connection, notices: Sequence[Notice], at_s: int) -> None:
    """Append notices."""
    lines = [msgspec.structs.asdict(one) | {"at_s": at_s} for one in notices]
    for line in lines:
        del line["seq"]
    rows.add(connection, outbox, lines)


def waiting(connection: Connection, most: int = 100) -> tuple[Notice, ...]:
    """Return the oldest notices, in order."""
    return tuple(rows.values_of(connection.execute(select(outbox).order_by(outbox.c.seq).limit(most)), Notice))


def drop(connection: Connection, seqs: Collection[int]) -> None:
    """Drop notices that were told."""
    if seqs:
        connection.execute(delete(outbox).where(outbox.c.seq.in_(seqs)))
