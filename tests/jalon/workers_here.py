"""Workers in the server's own process: the routes are tested without waiting for processes to start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from routing.solver.stop import Stop
from routing.task import Task
from routing.work import perform
from routing.workers import Heard


class Here:
    """One worker, which is a thread; in the place of ``jalon.scale.Cluster``."""

    def __init__(self, address: str, workers: int) -> None:
        self._turn = asyncio.Lock()
        self._stops: dict[str, Stop] = {}

    def ready(self) -> str:
        """Always."""
        return ""

    def start(self) -> None:
        """Nothing to start."""

    async def close(self) -> None:
        """Nothing to stop."""

    @asynccontextmanager
    async def free(self, urgent: bool = False) -> AsyncIterator[Here]:
        """Yield it in turn."""
        async with self._turn:
            yield self

    async def run(self, name: str, task: Task, heard: Heard) -> bytes:
        """Perform a task."""
        self._stops[name] = stop = Stop(task.budget_s)
        return await asyncio.to_thread(perform, task, stop, lambda step, best: None)

    def stop(self, name: str) -> None:
        """End a run."""
        self._stops[name].flag.set()
