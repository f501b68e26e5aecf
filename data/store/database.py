"""Where the store is: SQLite in a file of our own, or PostgreSQL; migrated when it is opened.

SQLite is written by one process, one transaction at a time (WAL, ``synchronous=FULL``: a commit is on disk when it
returns); a lock file next to it, and a lock in the process, make sure of that. Whoever only reads needs no lock.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from data.errors import InputError, JalonError
from data.store import migrate

DEFAULT_URL = "sqlite:///jalon.db"
SESSION = (
    "-c synchronous_commit=on -c lock_timeout=10s"
    " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off"
)
"""Of PostgreSQL: a commit is on disk when it returns; rows are found one by one by their keys, also in a table so young
that it has no statistics yet (500 keys of 26,000: 7 ms instead of 250; 17 keys: 0.1 ms instead of 1.5, which a join
that goes through the whole index takes); none of our queries is worth compiling.
"""
MIGRATION_LOCK = 0x6A616C6F6E  # PostgreSQL's advisory lock: one process migrates at a time
READS = "reads"
Transaction = Connection
"""What the aggregates work in; other rooms need no name of the library's for it."""


class StoreError(JalonError):
    """The store can't be used (exit 3)."""

    exit_code = 3


class Database:
    """An open store.

    Parameters
    ----------
    read_only : bool
        Only look into a store that a server may have open: nothing is created, migrated or written.

    Attributes
    ----------
    name : str
        Its URL without the password.
    served_by : int, optional
        The process that has an SQLite store open for writing while this one only reads.
    revision_before : str, optional
        The schema's revision before it was opened; ``None``: there was no schema.
    revision : str
        The schema's revision now, the newest.
    """

    def __init__(self, url: str = DEFAULT_URL, read_only: bool = False) -> None:
        parsed = _parsed(url)
        self.name = parsed.render_as_string(hide_password=True)
        self.is_sqlite, self.read_only = parsed.get_backend_name() == "sqlite", read_only
        self.served_by: int | None = None
        self._lock = self._own(Path(parsed.database or "")) if self.is_sqlite else None
        self._writing = threading.Lock() if self.is_sqlite else nullcontext()
        try:
            self.engine = _engine(parsed, read_only)
            self.revision_before, self.revision = self._require_newest() if read_only else self._migrate()
        except SQLAlchemyError as error:
            self.close()
            cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise StoreError("store_unusable", cause, self.name, "check that it runs and the URL's parts") from None
        except BaseException:
            self.close()
            raise

    @contextmanager
    def write(self, kept: Connection | None = None) -> Iterator[Connection]:
        """Yield a connection in a transaction that commits where the block ends well, else rolls back.

        Parameters
        ----------
        kept : Connection, optional
            One of the engine's that the caller keeps from one transaction to the next.
        """
        if self.read_only:
            raise StoreError("store_read_only", "the store is only read here", self.name)
        with self._writing, nullcontext(kept) if kept else self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the store and doesn't keep a writer waiting.

        Raises
        ------
        StoreError
            ``store_failed``: the store is away, or was for a moment.
        """
        options: dict[str, Any] = {READS: True} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        try:
            with self.engine.connect() as connection:
                yield connection.execution_options(**options)
        except SQLAlchemyError as error:
            raise self.failed("read", error) from error

    def failed(self, doing: str, error: SQLAlchemyError) -> StoreError:
        """Return what is told of a failure: no statement, no values."""
        message = f"the store failed to {doing} ({type(error).__name__})"
        return StoreError("store_failed", message, self.name, "send the same request again")

    def scrub(self) -> None:
        """Take what was erased out of the files too: out of SQLite's log, out of PostgreSQL's dead rows of contacts."""
        with self._writing, self.engine.connect() as connection:
            if self.is_sqlite:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            else:
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM contacts"))

    def close(self) -> None:
        """Close every connection and give up the file's lock."""
        if hasattr(self, "engine"):
            self.engine.dispose()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _migrate(self) -> tuple[str | None, str]:
        with self.engine.begin() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            return migrate.upgrade(connection)

    def _require_newest(self) -> tuple[str | None, str]:
        """Return the schema's revision, sure to be the newest."""
        with self.read() as connection:
            revision = migrate.revision_of(connection)
        if revision != migrate.newest():
            message = f"its schema is of revision {revision or 'none'}, {migrate.newest()} is the newest"
            raise StoreError("store_outdated", message, self.name, "run `jalon db upgrade` first")
        return revision, revision

    def _own(self, path: Path) -> Any:
        """Return the open lock file of an SQLite store, locked until it is closed or this process ends.

        To read only, nothing is locked; whoever has it is noted.
        """
        try:
            if not self.read_only:
                path.parent.mkdir(parents=True, exist_ok=True)
            elif not path.is_file():
                raise FileNotFoundError("there is no such file")
            lock = Path(f"{path}.lock").open("a+")  # noqa: SIM115
        except OSError as error:
            action = "run `jalon db upgrade` first" if self.read_only else "name another path"
            raise StoreError("store_unusable", error.strerror or str(error), self.name, action) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            self.served_by = int(lock.read().strip() or 0)
            lock.close()
            if self.read_only:
                return None
            message = f"process {self.served_by} has this store open"
            action = "stop the server that has it open, or ask that server"
            raise StoreError("store_in_use", message, self.name, action) from None
        if self.read_only:
            lock.close()
            return None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        return lock


def _parsed(url: str) -> URL:
    """Return a URL with the driver we use; errors name no password."""
    with suppress(ArgumentError):
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite" and parsed.database and parsed.database != ":memory:":
            return parsed.set(drivername="sqlite+pysqlite")
        if backend == "postgresql" or parsed.drivername == "postgres":
            return parsed.set(drivername="postgresql+psycopg")
    message = "a store is an SQLite file or a PostgreSQL database"
    raise InputError("unusable_database_url", message, "JALON_DATABASE_URL", "sqlite:///FILE or postgresql://HOST/NAME")


def _engine(url: URL, read_only: bool) -> Engine:
    if url.get_backend_name() == "sqlite":
        if read_only:
            url = url.set(database=f"file:{quote(url.database or '')}", query={"mode": "ro", "uri": "true"})
        engine = create_engine(url, connect_args={"isolation_level": None})
        if not read_only:
            event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
        return engine
    options = f"{url.query.get('options', '')} {SESSION}"
    if read_only:
        options += " -c default_transaction_read_only=on"
    return create_engine(url, connect_args={"options": options}, pool_pre_ping=True)


def _set_up(connection: Any, _: object) -> None:
    """Make every commit durable; the driver's own transactions are off (``isolation_level=None``).

    The log is copied into the file by whichever commit finds it long enough, and the commit waits: copied five times as
    often as usual, the slowest percent of 1,000 reservations a second takes 12 ms instead of 20 to 40.
    """
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "wal_autocheckpoint=200"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    """Begin as a writer at once: a reader that turns writer may be refused."""
    reads = connection.get_execution_options().get(READS)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
