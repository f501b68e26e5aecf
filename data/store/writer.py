"""One writer with group commit: what waits while a commit is on its way to disk shares the next one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from data.store.database import Database, StoreError

J = TypeVar("J")
R = TypeVar("R")

MOST = 256
TRIES = 5

log = logging.getLogger(__name__)


class Done(NamedTuple):
    """What became of some jobs: their replies, in order, and what to do once they are on disk."""

    replies: Sequence[Any]
    after: Callable[[], None] | None = None


Handle = Callable[[Connection, Sequence[J]], Done]


class _Task(NamedTuple):
    handle: Handle[Any]
    job: Any
    future: Future[Any]


class Writer:
    """A thread that does jobs in the order they come, many in one transaction.

    Attributes
    ----------
    commits, jobs : int
        How many of each so far.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.commits = self.jobs = 0
        self._closed = False
        self._queue: SimpleQueue[_Task | None] = SimpleQueue()
        self._door = threading.Lock()
        self._kept: Connection | None = None  # the thread's own: asking a pool costs PostgreSQL a round trip
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, handle: Handle[J], job: J) -> Future[Any]:
        """Queue a job; the future has its reply once that is on disk, else :class:`StoreError`.

        Parameters
        ----------
        handle : callable
            Does jobs on a connection, all of a group that come with the same one at once. It may be called again for
            the same jobs after a rollback.
        """
        future: Future[Any] = Future()
        with self._door:
            if self._closed:
                raise StoreError("store_closed", "the store is closed", self.database.name)
            self._queue.put(_Task(handle, job, future))
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
            live = [task for task in group if task.future.set_running_or_notify_cancel()]
            if live:
                self._settle(live)
        self._drop()

    def _next(self) -> list[_Task]:
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

    def _settle(self, group: list[_Task]) -> None:
        """Commit a group; where that fails for good, each job on its own, so that one can't fail the others."""
        try:
            replies = self._commit(group)
        except Exception as error:
            if len(group) > 1:
                for task in group:
                    self._settle([task])
                return
            group[0].future.set_exception(self._told(error))
            return
        for task, reply in zip(group, replies, strict=True):
            task.future.set_result(reply)

    def _commit(self, group: list[_Task]) -> list[Any]:
        """Do jobs in one transaction; again where another writer (PostgreSQL) came between."""
        alike: dict[Handle[Any], list[int]] = {}
        for number, task in enumerate(group):
            alike.setdefault(task.handle, []).append(number)
        for tries_left in reversed(range(TRIES)):
            try:
                self._kept = self._kept or self.database.engine.connect()
                with self.database.write(self._kept) as connection:
                    done = [handle(connection, [group[k].job for k in those]) for handle, those in alike.items()]
                break
            except SQLAlchemyError as error:
                self._drop()
                if not tries_left or not isinstance(error, IntegrityError | OperationalError):
                    raise
        self.commits += 1
        self.jobs += len(group)
        replies: dict[int, Any] = {}
        for one, those in zip(done, alike.values(), strict=True):
            replies |= zip(those, one.replies, strict=True)
            if one.after is not None:
                self._tell(one.after)
        return [replies[number] for number in range(len(group))]

    def _drop(self) -> None:
        """Give the connection back, which may be broken; the pool looks before it hands one out."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _tell(self, after: Callable[[], None]) -> None:
        """Tell a listener; what it fails at is on disk all the same, and the clients get their replies."""
        try:
            after()
        except Exception:
            log.exception("a listener of the store failed after a commit")

    def _told(self, error: Exception) -> Exception:
        """Return what a client is told."""
        if not isinstance(error, SQLAlchemyError):
            return error
        told = self.database.failed("write", error)
        told.__cause__ = error
        return told
