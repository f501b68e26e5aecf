"""The store as jobs use it from the event loop: reads in a thread, writes through the one writer, followers woken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol, TypeVar

from data.model.reservation import Key
from data.store.database import Database, Transaction

LOOK_S, LOOK_ALONE_S = 1.0, 30.0
"""Seconds between two looks at what became of jobs elsewhere: with other servers on the same store, and alone."""
R = TypeVar("R")


class Write(Protocol):
    """The store's writer: does a job in a transaction; the future has its reply once that is on disk."""

    def __call__(self, job: Callable[[Transaction], R], /) -> Future[R]:
        """Queue a write."""
        ...


class Rows:
    """A store's rows, and who waits for one of them to change."""

    def __init__(self, database: Database, write: Write, now: Callable[[], datetime]) -> None:
        self.database = database
        self._write, self._now = write, now
        self._bells: dict[Key, asyncio.Event] = {}

    @property
    def now_s(self) -> int:
        """The present, Unix seconds."""
        return int(self._now().timestamp())

    @property
    def look_s(self) -> float:
        """Seconds after which a row is worth another look, unasked."""
        return LOOK_ALONE_S if self.database.is_sqlite else LOOK_S

    async def write(self, job: Callable[[Transaction], R]) -> R:
        """Return the reply of a write once it is on disk."""
        return await asyncio.wrap_future(self._write(job))

    async def read(self, job: Callable[[Transaction], R]) -> R:
        """Return what a job reads."""

        def read() -> R:
            with self.database.read() as reading:
                return job(reading)

        return await asyncio.to_thread(read)

    def bell(self, key: Key) -> asyncio.Event:
        """Return what rings at the next change of a row."""
        return self._bells.setdefault(key, asyncio.Event())

    def ring(self, key: Key) -> None:
        """Wake those who wait for a row."""
        bell = self._bells.pop(key, None)
        if bell is not None:
            bell.set()
