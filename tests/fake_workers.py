"""Workers in the test's own process: each run does what the task's body says, or what the test tells it."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from data.errors import InputError
from data.model.job import Step
from routing.task import Task
from routing.workers import Heard, WorkerLostError

STEP = Step(engine="insertion", elapsed_s=0.1, served=1, cost_cents=100)


class FakeWorkers:
    """``count`` workers; a run ends when :meth:`answer` or :meth:`lose` is called, or as its body says at once.

    Bodies: ``ok`` answers, ``bad`` is refused, ``dies`` loses its worker, ``crash`` is a defect; all else waits.
    """

    def __init__(self, count: int = 1) -> None:
        self._free = asyncio.Semaphore(count)
        self.heard: dict[str, Heard] = {}
        self.ends: dict[str, asyncio.Future[bytes]] = {}
        self.bodies: dict[str, bytes] = {}
        self.budgets_s: dict[str, float] = {}
        self.stopped: list[str] = []
        self.obeys = True
        self.begun = asyncio.Condition()

    @asynccontextmanager
    async def free(self, urgent: bool = False) -> AsyncIterator[FakeWorkers]:
        """Yield this; any worker is as good as another."""
        async with self._free:
            yield self

    async def run(self, name: str, task: Task, heard: Heard) -> bytes:
        """Do as the body says."""
        self.heard[name], self.bodies[name], self.budgets_s[name] = heard, task.body, task.budget_s
        self.ends[name] = asyncio.get_running_loop().create_future()
        async with self.begun:
            self.begun.notify_all()
        match task.body:
            case b"ok":
                return b'"done"'
            case b"bad":
                raise InputError("bad_input", "it is wrong", "body#/orders/3", "correct it")
            case b"dies":
                raise WorkerLostError(by_task=True)
            case b"crash":
                raise RuntimeError("secret cause")
        return await self.ends[name]

    def stop(self, name: str) -> None:
        """Note it, and answer as a search does that hands over what it has."""
        self.stopped.append(name)
        if self.obeys and not self.ends[name].done():
            self.ends[name].set_result(b'"stopped"')

    async def runs(self, count: int) -> list[str]:
        """Return the names of all runs so far, once there are so many."""
        async with self.begun:
            await self.begun.wait_for(lambda: len(self.ends) >= count)
        return list(self.ends)

    def tell(self, name: str, cost_cents: int, best: bytes | None = None) -> None:
        """Tell a better solution."""
        packed = None if best is None else zlib.compress(best)
        self.heard[name](STEP.replace(cost_cents=cost_cents), packed)

    def answer(self, name: str, result: bytes) -> None:
        """Let a run end well."""
        self.ends[name].set_result(result)

    def lose(self, name: str, by_task: bool = True) -> None:
        """Let a run's worker be lost."""
        self.ends[name].set_exception(WorkerLostError(by_task))
