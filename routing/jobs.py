"""Jobs: work that outlives the request that asks for it, and the server that begins it."""

from __future__ import annotations

import asyncio
import logging
import secrets
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime

import msgspec

from data import clock
from data.errors import NotFoundError, ReusedKeyError, UnavailableError
from data.model.job import Job, JobEvent
from data.model.reservation import Key, Owner
from data.store import idempotency
from data.store import jobs as store
from data.store.database import Database, Transaction
from routing.job_rows import Rows, Write
from routing.job_runs import LOSSES_MAX, Runs
from routing.task import Task
from routing.workers import WorkerLostError, Workers

_log = logging.getLogger(__name__)


class Jobs:
    """The jobs of a store, run by some workers; it is opened on the event loop it is used on.

    Parameters
    ----------
    write : callable
        The store's writer, :meth:`promise.ledger.Ledger.write` in a server.
    """

    def __init__(
        self, database: Database, write: Write, workers: Workers, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._rows, self._workers, self._now = Rows(database, write, now), workers, now
        self._runs = Runs(self._rows, workers)
        self.open, self.close, self.figures = self._runs.open, self._runs.close, self._runs.figures

    async def run(self, owner: Owner, task: Task) -> bytes:
        """Return a task's result, without a job; where the caller is cancelled, the search ends.

        Raises
        ------
        JalonError
            Of the task; ``UnavailableError`` where it has cost too many worker processes.
        """
        for _ in range(LOSSES_MAX):
            async with self._workers.free(urgent=True) as worker:
                try:
                    return await worker.run(f"run_{secrets.token_hex(8)}", task, lambda step, best: None)
                except WorkerLostError:
                    self._runs.lost += 1
                    _log.warning("a worker was lost at a %s of %s", task.kind, owner.tenant)
        message = f"{LOSSES_MAX} worker processes ended at this task"
        raise UnavailableError("worker_lost", message, action="a smaller input may do; the log tells what ended them")

    async def submit(
        self, owner: Owner, task: Task, key: str = "", fingerprint: str = "", due_s: float | None = None
    ) -> Job:
        """Queue a task; return its job once that is on disk.

        Parameters
        ----------
        key, fingerprint : str
            An idempotency key and what it came with: the same again is the same job.
        due_s : float, optional
            When its search has to end, by :func:`data.clock.elapsed_s`, where somebody waits for it; else it has its
            whole budget from when a worker begins. A server that takes the job up again knows of nobody who waits.

        Raises
        ------
        ReusedKeyError
        """
        body = await asyncio.to_thread(lambda: zlib.compress(msgspec.msgpack.encode(task), 1))
        fresh = f"job_{int(self._now().timestamp() * 1000):012x}{secrets.token_hex(6)}"
        now_s = self._rows.now_s

        def queue(writing: Transaction) -> str:
            named = Key(*owner, key)
            before = idempotency.load(writing, {named}).get(named) if key else None
            if before is not None:
                return _same(before, fingerprint)
            if key:
                reply = msgspec.json.encode(fresh).decode()
                idempotency.save(writing, {named: idempotency.Answered(fingerprint=fingerprint, reply=reply)}, now_s)
            store.add(writing, owner, fresh, task.kind, body, now_s)
            return fresh

        job_id = await self._rows.write(queue)
        if job_id == fresh:
            self._runs.drive(Key(*owner, job_id), due_s)
        return await self.get(owner, job_id)

    async def get(self, owner: Owner, job_id: str) -> Job:
        """Return a job as it stands; raises ``NotFoundError``."""
        job = await self._rows.read(lambda t: store.load(t, Key(*owner, job_id)))
        if job is None:
            raise NotFoundError("unknown_job", f"there is no job `{job_id}`", action="GET /v1/jobs lists them")
        return job

    async def page(self, owner: Owner, before: str, most: int) -> list[Job]:
        """Return an owner's jobs, newest first, from the one after ``before`` on (empty: from the first)."""
        return await self._rows.read(lambda t: store.page(t, owner, before, most))

    async def result(self, owner: Owner, job_id: str) -> bytes:
        """Return a job's result, or its best so far, where that is no stored plan; raises ``NotFoundError``."""
        packed = await self._rows.read(lambda t: store.result(t, Key(*owner, job_id)))
        if packed is None:
            raise NotFoundError("no_result", f"job `{job_id}` has no result", action=f"see GET /v1/jobs/{job_id}")
        return await asyncio.to_thread(zlib.decompress, packed)

    async def wait(self, owner: Owner, job_id: str, seconds: float) -> Job:
        """Return a job once it has ended, or as it stands after so many seconds."""
        over = self._runs.over(Key(*owner, job_id))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if over is not None:  # it runs here: nothing need be read until it has ended
                    await over.wait()
                async for _ in self.follow(owner, job_id):
                    pass
        return await self.get(owner, job_id)

    async def follow(self, owner: Owner, job_id: str, after: int = 0) -> AsyncIterator[JobEvent]:
        """Yield what happens to a job, from after its event ``after`` on, until it has ended."""
        key = Key(*owner, job_id)
        while True:
            bell = self._rows.bell(key)
            ended = (await self.get(owner, job_id)).state.ended
            for event in await self._rows.read(lambda t: store.events(t, key, after)):  # noqa: B023
                after = event.seq
                yield event
            if ended:
                self._rows.ring(key)  # nobody else will
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rows.look_s):
                    await bell.wait()

    async def cancel(self, owner: Owner, job_id: str) -> Job:
        """End a job with the best it has so far, within a second; one that has ended stays as it is."""
        found = await self._rows.write(lambda t: store.ask_to_stop(t, Key(*owner, job_id)))
        if found is not None:
            await self._runs.stop(found)
        return await self.get(owner, job_id)


def _same(before: idempotency.Answered, fingerprint: str) -> str:
    """Return the job that a request has made before under the same key."""
    if before.fingerprint != fingerprint:
        raise ReusedKeyError("idempotency_key_reused", "this key came with another request", action="use a new key")
    return str(msgspec.json.decode(before.reply))
