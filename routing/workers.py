"""Where tasks are performed: worker processes that may be lost at any time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from data.model.job import Step
from routing.task import Task

Heard = Callable[[Step, bytes | None], None]
"""Hears on the event loop how far a run is, and of its best so far, packed by zlib; twice a second at most."""


class WorkerLostError(Exception):
    """A worker process ended while it performed a task."""

    def __init__(self, by_task: bool) -> None:
        super().__init__("the worker process ended")
        self.by_task = by_task
        """Whether the task may be why; not where the whole cluster went."""


class Worker(Protocol):
    """One worker, which performs one task at a time."""

    async def run(self, name: str, task: Task, heard: Heard) -> bytes:
        """Return a task's result; ``name`` is this run's alone. Where the caller is cancelled, so is the search.

        Raises
        ------
        JalonError
            What is wrong with the input.
        WorkerLostError
        """
        ...

    def stop(self, name: str) -> None:
        """Ask a run to end soon with the best it has; returns at once."""
        ...


class Workers(Protocol):
    """All workers there are."""

    def free(self, urgent: bool = False) -> AbstractAsyncContextManager[Worker]:
        """Yield a worker that has nothing to do, once there is one; urgent callers come first, else in turn."""
        ...
