"""Dask's side of :mod:`jalon.scale`: a thread with an event loop of its own, on which cluster and client live."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, TypeVar

import dask
from distributed import Client, LocalCluster, Scheduler, Status
from distributed.client import FutureCancelledError, FuturesCancelledError
from distributed.scheduler import KilledWorker
from distributed.utils import get_mp_context

from data.model.job import Fault
from jalon import scale_fork, scale_worker
from routing.workers import WorkerLostError

R = TypeVar("R")
Workers = Callable[[dict[str, int], str, bool], None]
Events = Callable[[dict[str, Any], bytes | None], None]
CONFIG = {
    "distributed.worker.profile.enabled": False,
    "distributed.worker.multiprocessing-method": scale_fork.METHOD,
    "distributed.worker.http.routes": [],
    "distributed.scheduler.http.routes": [],
    "distributed.scheduler.work-stealing": False,
    "distributed.admin.large-graph-warning-threshold": "1GiB",
    "distributed.comm.timeouts.connect": "5s",
    # a worker that is lost again while it is being replaced must be replaced too: Dask would close its nanny for good
    # when it is not there so long after a loss
    "distributed.deploy.lost-worker-timeout": "1000 days",
    # Dask looks at itself fifty times a second in each of its servers: 6 % of a processor where nothing is asked
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.cycle": "10s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.system-monitor.disk": False,
    "distributed.worker.memory.monitor-interval": "1s",
}
LOOK_S, RETRY_S = 0.5, 2.0
"""Seconds between two looks at the connection, and until a scheduler that is away is asked again."""
GIVEN_UP = (Status.closed, Status.closing, Status.failed)
CLOSE_S = 5.0
"""Seconds until workers that don't end are not waited for."""


class Link:
    """A connection to workers, embedded or joined, kept up until it is closed.

    Parameters
    ----------
    address : str
        A scheduler's; empty: a cluster of ``count`` worker processes of its own.
    workers : callable
        Told the threads of each worker, by address, whenever that changes; why there are none; whether the scheduler
        is there.
    events : callable
        Told what runs tell, with a best so far where one came.

    Both are called on Dask's loop.
    """

    def __init__(self, address: str, count: int, workers: Workers, events: Events, topic: str) -> None:
        self._address, self._count, self._topic = address, count, topic
        self._workers, self._events = workers, events
        self._client: Any = None  # Dask's client; it has no types
        self._seen, self._closing = asyncio.Lock(), asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="dask", daemon=True)
        self._thread.start()
        self._kept = self.call(self._keep_up())

    def call(self, work: Coroutine[Any, Any, R]) -> Future[R]:
        """Run a coroutine on Dask's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """End the cluster where it is ours, and the thread."""
        self._loop.call_soon_threadsafe(self._closing.set)
        try:
            self._kept.result(CLOSE_S)
        except TimeoutError:  # workers are being started, which may take minutes
            scale_fork.kill()
            with suppress(Exception):  # that they can't be, now
                self._kept.result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def solve(self, address: str, name: str, raw: bytes) -> bytes | Fault:
        """Return what a worker answers to a task.

        Raises
        ------
        WorkerLostError
        """
        client = self._require()
        future = client.submit(
            scale_worker.solve, name, self._topic, raw, key=name, pure=False, workers=[address], retries=0
        )
        try:
            answer: bytes | Fault = await future.result()
            return answer
        except KilledWorker:
            raise WorkerLostError(by_task=True) from None
        except (FutureCancelledError, FuturesCancelledError):  # the connection broke
            raise WorkerLostError(by_task=False) from None
        finally:
            future.release()

    async def stop(self, address: str, name: str) -> None:
        """Ask a run to end."""
        await self._require().run(scale_worker.ask_to_stop, name, workers=[address], on_error="ignore")

    def _require(self) -> Any:
        if self._client is None:
            raise WorkerLostError(by_task=False)
        return self._client

    async def _keep_up(self) -> None:
        """Connect, and again whenever the connection is gone."""
        self._workers({}, f"joining {self._address}" if self._address else "workers are being started", False)
        while not self._closing.is_set():
            try:
                async with self._connected() as client:
                    self._client = client
                    await self._see()
                    while client.status == "running" and not self._closing.is_set():
                        await self._pause(LOOK_S)
                        _look_at_nannies(client.cluster)
                why = f"the scheduler at {self._address} is gone"
            except OSError as error:  # a time-out too
                why = f"no scheduler answers at {self._address or 'this machine'}: {error}"
            finally:
                self._client = None
            self._workers({}, why, False)
            await self._pause(RETRY_S)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        async with AsyncExitStack() as stack:
            stack.enter_context(dask.config.set(CONFIG))
            joined: Any = self._address or await stack.enter_async_context(self._cluster(stack))
            client: Any = Client(joined, asynchronous=True, set_as_default=False)  # type: ignore[no-untyped-call]
            await stack.enter_async_context(client)
            await client.run_on_scheduler(_lose_at_once)
            if not await self._unless_closing(client.register_plugin(scale_worker.Ready())):
                raise ConnectionAbortedError("closed before the workers were ready")
            for topic, handler in (("all", self._changed), (self._topic, self._told)):
                client.subscribe_topic(topic, handler)
                stack.callback(client.unsubscribe_topic, topic)  # else the scheduler tells who has left already
            yield client

    def _cluster(self, stack: AsyncExitStack) -> LocalCluster:
        """Return worker processes of our own, each with one thread, that listen on this machine only."""
        get_mp_context()  # type: ignore[no-untyped-call]  # Dask has its say once: before us
        scale_fork.choose()
        return LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=self._count,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            silence_logs=logging.CRITICAL,
            local_directory=stack.enter_context(tempfile.TemporaryDirectory(prefix="jalon-dask-")),
            asynchronous=True,
        )

    async def _changed(self, event: tuple[float, dict[str, Any]]) -> None:
        if event[1].get("action") in ("add-worker", "remove-worker"):
            await self._see()

    async def _see(self) -> None:
        """Tell which workers there are; in turn, so that the last to tell has seen the last change."""
        async with self._seen:
            threads: dict[str, int] = await self._require().nthreads()
            self._workers(threads, "" if threads else "no worker is there", True)

    async def _told(self, event: tuple[float, dict[str, Any]]) -> None:
        told = event[1]
        if told["best"]:
            asyncio.create_task(self._take_best(told))  # noqa: RUF006
        else:
            self._events(told, None)

    async def _take_best(self, told: dict[str, Any]) -> None:
        address = told["at"]
        name = told["run"]
        found = await self._require().run(scale_worker.take_best, name, workers=[address], on_error="ignore")
        self._events(told, found.get(address))

    async def _pause(self, seconds: float) -> None:
        """Wait, unless it is to be closed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()

    async def _unless_closing(self, work: Coroutine[Any, Any, Any]) -> bool:
        """Wait for work that may take minutes, kernels being compiled; return whether it was done before the end."""
        working, closing = asyncio.ensure_future(work), asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait((working, closing), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                await working
            return working.done()
        finally:
            for each in (working, closing):
                each.cancel()


def _look_at_nannies(cluster: Any) -> None:
    """Raise OSError where the nanny of a worker of ours has given up: then all are started anew."""
    if cluster is not None and any(nanny.status in GIVEN_UP for nanny in cluster.workers.values()):
        raise OSError("a worker could not be replaced")


def _lose_at_once(dask_scheduler: Scheduler) -> None:
    """Let a lost worker's run fail: Dask would run it again under the same name, and its first run may still tell."""
    dask_scheduler.allowed_failures = 0
