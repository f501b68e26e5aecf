"""One writer with group commit: what waits while a commit is on its way to disk shares the next one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from data.store.database import Database, StoreError

J = TypeVar("J")
R = TypeVar("R")

MOST = 256
TRIES = 5


class Writer(Generic[J, R]):
    """A thread that does jobs in the order they come, many in one transaction.

    Parameters
    ----------
    database : Database
        Where.
    handle : callable
        Does some jobs on a connection and returns their replies. It may be called again for the same jobs after a
        rollback, and keeps nothing of its own between calls.

    Attributes
    ----------
    commits, jobs : int
        How many of each so far.
    """

    def __init__(self, database: Database, handle: Callable[[Connection, Sequence[J]], Sequence[R]]) -> None:
        self.database, self.handle = database, handle
        self.commits = self.jobs = 0
        self._closed = False
        self._queue: SimpleQueue[tuple[J, Future[R]] | None] = SimpleQueue()
        self._door = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, job: J) -> Future[R]:
        """Queue a job; the future has its reply once that is on disk, else :class:`StoreError`."""
        future: Future[R] = Future()
        with self._door:
            if self._closed:
                raise StoreError("store_closed", "the store is closed", self.database.name)
            self._queue.put((job, future))
        return future

    def close(self) -> None:
        """Do what waits, then stop."""
        with self._door:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while group := self._next():
            live = [pair for pair in group if pair[1].set_running_or_notify_cancel()]
            if live:
                self._settle(live)

    def _next(self) -> list[tuple[J, Future[R]]]:
        """Return what waits, at least one job; nothing once the writer is closed."""
        group = []
        one = self._queue.get()
        while one is not None:
            group.append(one)
            if len(group) >= MOST:
                return group
            try:
                one = self._queue.get_nowait()
            except Empty:
                return group
        if group:
            self._queue.put(None)  # the end is near, not here
        return group

    def _settle(self, group: list[tuple[J, Future[R]]]) -> None:
        """Commit a group; where that fails for good, each job on its own, so that one can't fail the others."""
        try:
            replies = self._commit([job for job, _ in group])
        except Exception as error:
            if len(group) > 1:
                for pair in group:
                    self._settle([pair])
                return
            group[0][1].set_exception(self._told(error))
            return
        for (_, future), reply in zip(group, replies, strict=True):
            future.set_result(reply)

    def _commit(self, jobs: list[J]) -> Sequence[R]:
        """Do jobs in one transaction; again where another writer (PostgreSQL) came between."""
        for tries_left in reversed(range(TRIES)):
            try:
                with self.database.write() as connection:
                    replies = self.handle(connection, jobs)
                break
            except (IntegrityError, OperationalError):
                if not tries_left:
                    raise
        self.commits += 1
        self.jobs += len(jobs)
        return replies

    def _told(self, error: Exception) -> Exception:
        """Return what a client is told: no statement, no values."""
        if not isinstance(error, SQLAlchemyError):
            return error
        message = f"the store failed to write ({type(error).__name__})"
        told = StoreError("store_failed", message, self.database.name, "send the same request again")
        told.__cause__ = error
        return told
