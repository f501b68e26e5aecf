"""Worker processes behind Dask: a cluster on this machine, embedded, or one that is joined by its scheduler's address.

One path for both: a run is pinned to a worker that has nothing to do, so that it is known who is lost with a worker,
whom to ask to stop, and in what turn work is done.
"""

from __future__ import annotations

import asyncio
import heapq
import os
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec

from data.model.job import Fault, Step
from routing.task import Task
from routing.workers import Heard, WorkerLostError

if TYPE_CHECKING:
    from jalon.scale_link import Link

STARTING = "workers are being started"


@dataclass
class _Run:
    """What is at work: where, who hears of it, and what is set when its worker is gone."""

    address: str
    heard: Heard
    lost: asyncio.Future[bool]


class Cluster:
    """Workers; they are started at their first use or by :meth:`start`.

    Parameters
    ----------
    address : str
        A Dask scheduler's, ``tcp://HOST:PORT``, whose workers have this package and one thread each; empty: workers of
        our own.
    workers : int
        How many of our own; 0: one for each processor.
    """

    def __init__(self, address: str = "", workers: int = 0) -> None:
        self._address, self._count = address, workers or len(os.sched_getaffinity(0))
        self._link: Link | None = None
        self._starting: asyncio.Task[None] | None = None
        self._why = ""
        self._threads: dict[str, int] = {}
        self._busy: Counter[str] = Counter()
        self._runs: dict[str, _Run] = {}
        self._waiting: list[tuple[bool, int, asyncio.Future[str]]] = []
        self._numbers = count()
        self._solving: set[asyncio.Task[bytes]] = set()

    def ready(self) -> str:
        """Return what it waits for; an empty text: it is ready, or not asked for anything yet."""
        return self._why

    def start(self) -> None:
        """Start the workers, or join them; returns at once."""
        if self._starting is None:
            self._why = STARTING
            self._starting = asyncio.create_task(self._start())

    async def close(self) -> None:
        """Stop what is at work, and the workers where they are ours."""
        for name in list(self._runs):
            self._stop(name)
        if self._starting is not None:
            await self._starting
        for solving in self._solving:
            solving.cancel()
        await asyncio.gather(*self._solving, return_exceptions=True)
        if self._link is not None:
            await asyncio.to_thread(self._link.close)

    @asynccontextmanager
    async def free(self, urgent: bool = False) -> AsyncIterator[_Worker]:
        """Yield a worker that has nothing to do, once there is one; urgent callers come first, else in turn."""
        self.start()
        turn: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (not urgent, next(self._numbers), turn))
        self._serve()
        try:
            address = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back(turn.result())
            raise
        worker = _Worker(self, address)
        try:
            yield worker
        finally:
            if not worker.taken:
                self._give_back(address)

    async def _start(self) -> None:
        """Import Dask, which takes half a second, beside the event loop, and connect."""
        loop = asyncio.get_running_loop()

        def on_loop(act: Callable[..., None], *given: Any) -> None:
            with suppress(RuntimeError):  # our loop has ended
                loop.call_soon_threadsafe(act, *given)

        def connect() -> Link:
            from jalon.scale_link import Link

            return Link(
                self._address,
                self._count,
                lambda threads, why, connected: on_loop(self._see, threads, why, connected),
                lambda told, best: on_loop(self._hear, told, best),
                f"jalon-{secrets.token_hex(8)}",
            )

        self._link = await asyncio.to_thread(connect)

    def _see(self, threads: dict[str, int], why: str, connected: bool) -> None:
        """Learn which workers there are now; one that is gone from a cluster that isn't has lost its run."""
        self._threads, self._why = threads, why
        for run in self._runs.values():
            if run.address not in threads and not run.lost.done():
                run.lost.set_result(connected)
        self._serve()

    def _serve(self) -> None:
        """Hand workers that have nothing to do to those who wait."""
        idle = [one for one, threads in self._threads.items() for _ in range(threads - self._busy[one])]
        while idle and self._waiting:
            turn = heapq.heappop(self._waiting)[-1]
            if not turn.done():
                self._busy[idle[-1]] += 1
                turn.set_result(idle.pop())

    def _give_back(self, address: str) -> None:
        self._busy[address] -= 1
        if not self._busy[address]:
            del self._busy[address]
        self._serve()

    def _hear(self, told: dict[str, Any], best: bytes | None) -> None:
        run = self._runs.get(told["run"])
        if run is not None:
            run.heard(msgspec.json.decode(told["step"], type=Step), best)

    def _stop(self, name: str) -> None:
        run = self._runs.get(name)
        if run is not None and self._link is not None:
            self._link.call(self._link.stop(run.address, name))

    def _begin(self, address: str, name: str, task: Task, heard: Heard) -> asyncio.Task[bytes]:
        run = self._runs[name] = _Run(address, heard, asyncio.get_running_loop().create_future())
        solving = asyncio.create_task(self._solve(run, name, task))
        self._solving.add(solving)
        solving.add_done_callback(self._solving.discard)
        solving.add_done_callback(_look_at)
        return solving

    async def _solve(self, run: _Run, name: str, task: Task) -> bytes:
        """Return a worker's result; give the worker back once it has nothing to do."""
        assert self._link is not None
        try:
            raw = await asyncio.to_thread(msgspec.msgpack.encode, task)
            answer = asyncio.wrap_future(self._link.call(self._link.solve(run.address, name, raw)))
            answer.add_done_callback(_look_at)
            either: set[asyncio.Future[Any]] = {answer, run.lost}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                answer.cancel()
                raise WorkerLostError(by_task=run.lost.result())
            found = answer.result()
        except WorkerLostError:
            self._threads.pop(run.address, None)  # no new work for it before the scheduler has told that it is gone
            raise
        finally:
            del self._runs[name]
            self._give_back(run.address)
        if isinstance(found, Fault):
            raise found.error()
        return found


class _Worker:
    """A worker that has been handed out."""

    def __init__(self, cluster: Cluster, address: str) -> None:
        self._cluster, self._address = cluster, address
        self.taken = False

    async def run(self, name: str, task: Task, heard: Heard) -> bytes:
        """Return a task's result, see :class:`routing.workers.Worker`."""
        self.taken = True
        solving = self._cluster._begin(self._address, name, task, heard)
        try:
            return await asyncio.shield(solving)
        except asyncio.CancelledError:
            self.stop(name)
            raise

    def stop(self, name: str) -> None:
        """Ask a run to end soon with the best it has; returns at once."""
        self._cluster._stop(name)


def _look_at(done: asyncio.Future[Any]) -> None:
    """Look at what became of something that nobody may wait for any more, so that nothing is said of it."""
    if not done.cancelled():
        done.exception()
