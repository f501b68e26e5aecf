"""Servers that run jobs of one store, each known by a number as long as it is alive.

An SQLite store has one server: whoever opens it knows that all before it are gone. On PostgreSQL a server holds an
advisory lock on its number in a session of its own; the database gives it up as soon as that session ends.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Self

from sqlalchemy import Connection, text

from data.store.database import Database

OF_JOBS = 0x6A6F62
_TAKE = text("SELECT pg_advisory_lock(:kind, :number)")
_TRY = text("SELECT pg_try_advisory_xact_lock(:kind, :number)")


class Runner:
    """This server's number, its own until it is closed."""

    def __init__(self, database: Database) -> None:
        self.number = 1 + secrets.randbelow(2**31 - 1)
        self._session: Connection | None = None
        if not database.is_sqlite:
            self._session = database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._session.execute(_TAKE, {"kind": OF_JOBS, "number": self.number})

    def gone(self, connection: Connection, numbers: Collection[int]) -> set[int]:
        """Return which of some servers are no more."""
        others = {number for number in numbers if number != self.number}
        if self._session is None:
            return others
        tried = ((number, {"kind": OF_JOBS, "number": number}) for number in sorted(others))
        return {number for number, names in tried if connection.execute(_TRY, names).scalar_one()}

    def close(self) -> None:
        """Give up the number."""
        if self._session is not None:
            self._session.invalidate()  # the session ends, and the lock with it; the pool would keep both
            self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
