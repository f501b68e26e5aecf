"""Idempotency keys: what was answered to a request, kept with what the request did."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, delete

from data.model.base import Value
from data.model.reservation import Key
from data.store import rows
from data.store.tables import idempotency


class Answered(Value):
    """A request that was answered: the fingerprint of its body, and the reply as JSON."""

    fingerprint: str
    reply: str


def load(connection: Connection, keys: Collection[Key]) -> dict[Key, Answered]:
    """Return what was answered under ``keys``."""
    return rows.load(connection, idempotency, Answered, keys)


def save(connection: Connection, answered: Mapping[Key, Answered], at_s: int) -> None:
    """Keep answers; a key that another writer has used in the meantime raises ``IntegrityError``."""
    rows.add(connection, idempotency, [rows.row_of(key, one) | {"at_s": at_s} for key, one in sorted(answered.items())])


def forget(connection: Connection, before_s: int) -> None:
    """Drop the answers given before an instant."""
    connection.execute(delete(idempotency).where(idempotency.c.at_s < before_s))
