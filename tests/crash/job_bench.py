"""Jobs on worker processes that a test may kill: tiny days to plan, in a town that takes a moment."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np

from data import codec
from data.cityfile import write_city
from data.model.job import Step
from data.model.reservation import Owner
from data.store.database import Database
from jalon.scale import Cluster
from promise.ledger import Ledger
from routing.jobs import Jobs
from routing.task import Task
from routing.workers import Heard, Worker
from tests import small_town

OWNER = Owner("default")
BUDGET_S = 0.2
STRUCK_S = 60.0
"""Budget of a run that must not end before it is killed, on however slow a machine."""


def town_file(folder: Path) -> Path:
    """Write the town and return where."""
    path = folder / "town.city"
    write_city(small_town.town(), path)
    return path


def day(city: Path, seed: int, budget_s: float = BUDGET_S) -> Task:
    """Return the task to plan six orders."""
    orders = tuple(small_town.order(f"o{k}", "ab"[k % 2]) for k in range(6))
    body = codec.encode(small_town.request(orders=orders))
    return Task(kind="plan", body=body, city=str(city), budget_s=budget_s, seed=seed)


async def pid_of(cluster: Cluster, address: str) -> int | None:
    """Return the process that a worker is, ``None`` where it is gone by now."""
    link = cluster._link
    assert link is not None

    async def ask() -> dict[str, int]:
        found: dict[str, int] = await link._require().run(os.getpid, workers=[address], on_error="ignore")
        return found

    return (await asyncio.wrap_future(link.call(ask()))).get(address)


class Killer:
    """Workers whose processes are killed while they run certain jobs.

    Parameters
    ----------
    once, always : set of str
        Jobs whose first run, or each run, is killed at a random moment of it.
    about : set of str
        Jobs whose first run is killed at a random moment of it or right after it.
    """

    def __init__(self, cluster: Cluster, seed: int) -> None:
        self.cluster, self.rng = cluster, np.random.default_rng(seed)
        self.once: set[str] = set()
        self.always: set[str] = set()
        self.about: set[str] = set()
        self.kills = 0

    @asynccontextmanager
    async def free(self, urgent: bool = False) -> AsyncIterator[_Killed]:
        """Yield a worker."""
        async with self.cluster.free(urgent) as worker:
            yield _Killed(self, worker)

    def budget_s(self, name: str, task: Task) -> float | None:
        """Return how long a run that is to be killed may take, ``None`` where it is not to be."""
        job = name.rpartition(".")[0]
        if job in self.about:
            self.about.discard(job)
            return task.budget_s
        struck = job in self.once | self.always
        self.once.discard(job)
        return STRUCK_S if struck else None


class _Killed:
    def __init__(self, killer: Killer, worker: Worker) -> None:
        self.killer, self.worker = killer, worker
        self.stop = worker.stop

    async def run(self, name: str, task: Task, heard: Heard) -> bytes:
        """Run a task, and kill whoever runs it where that is wanted, once it is heard of."""
        struck_s = self.killer.budget_s(name, task)
        if struck_s is None:
            return await self.worker.run(name, task, heard)
        pid = await pid_of(self.killer.cluster, self.worker._address)  # type: ignore[attr-defined]
        begun = asyncio.Event()

        def hear(step: Step, best: bytes | None) -> None:
            begun.set()
            heard(step, best)

        async def strike() -> None:
            await begun.wait()
            await asyncio.sleep(self.killer.rng.random() * 1.2 * task.budget_s)
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.killer.kills += 1

        striking = asyncio.create_task(strike())
        try:
            return await self.worker.run(name, task.replace(budget_s=struck_s), hear)
        finally:
            if begun.is_set():
                await striking
            striking.cancel()


@asynccontextmanager
async def bench(database: Database, cluster: Cluster, seed: int = 1) -> AsyncIterator[tuple[Jobs, Killer]]:
    """Yield jobs on a store and on a cluster, and what kills its workers."""
    killer = Killer(cluster, seed)
    with Ledger(database) as ledger:
        jobs = Jobs(database, ledger.write, killer)
        jobs.open()
        try:
            yield jobs, killer
        finally:
            await jobs.close()
            await cluster.close()
