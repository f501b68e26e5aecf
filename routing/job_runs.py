"""Seeing jobs through: each waits for a worker, runs, is tried again where its worker is lost, and ends once.

Each run of a job has a token; what a run tells is kept only while its token is the job's own, so a worker that was
given up for lost can't publish anything. Nothing is computed here.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Coroutine
from typing import Any, NamedTuple

import msgspec

from data import codec
from data.clock import elapsed_s
from data.errors import JalonError
from data.model.job import Fault, JobState, Step
from data.model.plan import Plan
from data.model.reservation import Key, Owner
from data.store import jobs, outbox, plans
from data.store.database import Transaction
from data.store.runners import Runner
from routing.job_rows import Rows
from routing.task import Task
from routing.workers import Worker, WorkerLostError, Workers

PLANS = frozenset({"plan", "replan"})
"""Kinds whose result is a plan, which is kept with the others as a proposal."""
LOSSES_MAX = 3
"""Worker processes that a job may cost; then it is quarantined."""
GRACE_S = 0.7
"""Seconds that a run has to hand over what it has once it is asked to stop; then the best so far is taken."""

_log = logging.getLogger(__name__)


class _Running(NamedTuple):
    worker: Worker
    name: str


class Runs:
    """What this server does about the jobs of a store."""

    def __init__(self, rows: Rows, workers: Workers) -> None:
        self._rows, self._workers = rows, workers
        self._runner = Runner(rows.database)
        self._drives: dict[Key, asyncio.Task[None]] = {}
        self._overs: dict[Key, asyncio.Event] = {}
        self._dues_s: dict[Key, float] = {}
        self._running: dict[Key, _Running] = {}
        self._stopping: set[Key] = set()
        self._handing_over: set[Key] = set()
        self._beside: set[asyncio.Task[None]] = set()
        self._ended = dict.fromkeys((str(one) for one in JobState if one.ended), 0)
        self.lost = 0

    def open(self) -> None:
        """Take up what hasn't ended: what was queued, and what a server that is gone was at."""
        self._spawn(self._look())

    async def close(self) -> None:
        """Stop; what hasn't ended is taken up when the store is opened the next time."""
        tasks = [*self._drives.values(), *self._beside]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(self._runner.close)

    def figures(self) -> dict[str, float]:
        """Return how many jobs wait and run here, and how many have ended here."""
        running = len(self._running)
        return {"queued": len(self._drives) - running, "running": running, "lost_workers": self.lost, **self._ended}

    def drive(self, key: Key, due_s: float | None = None) -> None:
        """See a job through to its end; its search ends at ``due_s`` where that is given."""
        if key not in self._drives:
            self._overs[key] = asyncio.Event()
            if due_s is not None:
                self._dues_s[key] = due_s
            self._drives[key] = asyncio.create_task(self._driven(key))

    def over(self, key: Key) -> asyncio.Event | None:
        """Return what is set once a job has ended, where no other server may end it."""
        return self._overs.get(key) if self._rows.database.is_sqlite else None

    async def stop(self, found: jobs.Open) -> None:
        """End a job with the best it has, within :data:`GRACE_S` and a commit."""
        running, drive = self._running.get(found.key), self._drives.get(found.key)
        if running is not None and drive is not None:
            self._stopping.add(found.key)
            running.worker.stop(running.name)
            await asyncio.wait({drive}, timeout=GRACE_S)
            if found.key in self._handing_over:  # a large plan takes half a second to pack: once is enough
                await asyncio.wait({drive})
        await self._end(found.key, found.token, JobState.CANCELLED)

    async def _driven(self, key: Key) -> None:
        try:
            while await self._goes_on(key):
                pass
        except Exception:  # the store fails: the row stays as it is, and is taken up again
            _log.exception("job %s could not be run", key.id)
        finally:
            self._drives.pop(key, None)
            self._dues_s.pop(key, None)
            self._overs.pop(key).set()
            self._stopping.discard(key)

    async def _goes_on(self, key: Key) -> bool:
        """Run a job once; return whether it is queued again."""
        async with self._workers.free() as worker:
            begin = self._rows.write(lambda t: jobs.begin(t, key, self._runner.number, self._rows.now_s))
            run = await begin
            if run is None:
                return False
            self._running[key] = _Running(worker, f"{key.id}.{run.token}")
            self._rows.ring(key)
            try:
                result = await self._result(key, run)
                self._handing_over.add(key)
                state = JobState.CANCELLED if key in self._stopping else JobState.SUCCEEDED
                await self._end(key, run.token, state, result)
            except WorkerLostError as lost:
                return await self._lost(key, run.token, lost.by_task)
            except JalonError as error:
                await self._end(key, run.token, JobState.FAILED, fault=Fault.of(error))
            finally:
                del self._running[key]
                self._handing_over.discard(key)
        return False

    async def _result(self, key: Key, run: jobs.Run) -> bytes:
        worker, name = self._running[key]

        def hear(step: Step, best: bytes | None) -> None:
            self._spawn(self._keep(key, run.token, step, best))

        task = await asyncio.to_thread(lambda: msgspec.msgpack.decode(zlib.decompress(run.task), type=Task))
        if key in self._dues_s:
            task = task.replace(budget_s=max(0.0, self._dues_s[key] - elapsed_s()))
        try:
            return await worker.run(name, task, hear)
        except (WorkerLostError, JalonError):
            raise
        except Exception as error:
            _log.exception("job %s failed", key.id)
            raise JalonError("defect", "this is a defect of ours, and it is in our log") from error

    async def _keep(self, key: Key, token: int, step: Step, best: bytes | None) -> None:
        """Keep what a run tells; one that isn't the job's any more may stop."""
        mine = await self._rows.write(lambda t: jobs.keep(t, key, token, step, best, self._rows.now_s))
        running = self._running.get(key)
        if not mine and running is not None and running.name == f"{key.id}.{token}":
            running.worker.stop(running.name)
        self._rows.ring(key)

    async def _lost(self, key: Key, token: int, by_task: bool) -> bool:
        """Queue a job whose run is lost, unless it is to be stopped or has cost too much; return whether it is."""
        self.lost += by_task
        found = await self._rows.write(lambda t: jobs.lose(t, key, token, by_task, self._rows.now_s))
        if found is None:
            return False
        if found.stopping:
            await self._end(key, found.token, JobState.CANCELLED)
        elif found.losses >= LOSSES_MAX:
            message = f"{found.losses} worker processes ended while they ran it"
            action = "a smaller input may do; the log tells what ended them"
            fault = Fault(kind="JalonError", code="poison", message=message, action=action)
            await self._end(key, found.token, JobState.QUARANTINED, fault=fault)
        else:
            self._rows.ring(key)
            return True
        return False

    async def _end(
        self, key: Key, token: int, state: JobState, result: bytes | None = None, fault: Fault | None = None
    ) -> None:
        """End a job, and publish its plan (its best so far where it has no result) in the same transaction."""
        job, best = await self._rows.read(
            lambda t: (jobs.load(t, key), None if result is not None else jobs.result(t, key))
        )
        if job is None or job.state.ended:
            return
        packed, plan = await asyncio.to_thread(_packed, job.kind in PLANS, result, best)
        owner, now_s = Owner(key.tenant, key.shipper), self._rows.now_s
        ended = jobs.Ended(state, packed, plan.id if plan else "", fault)

        def publish(writing: Transaction) -> bool:
            if not jobs.end(writing, key, token, ended, now_s):
                return False
            if plan is not None:
                plans.add(writing, owner, plan, now_s)
                outbox.add(writing, [_notice(owner, key.id, plan)], now_s)
            return True

        if await self._rows.write(publish):
            self._ended[state] += 1
        self._rows.ring(key)
        if key in self._overs:
            self._overs[key].set()

    async def _look(self) -> None:
        while True:
            try:
                await self._take_up()
            except JalonError as error:
                _log.warning("jobs could not be taken up: %s", error)
            await asyncio.sleep(self._rows.look_s)

    async def _take_up(self) -> None:
        """Drive what nobody drives; stop what was asked of another server, or was ended by it."""
        running = dict(self._running)
        found = await self._rows.read(jobs.unfinished)
        known = {f"{one.key.id}.{one.token}" for one in found}
        for worker, name in running.values():
            if name not in known:
                worker.stop(name)
        elsewhere = {one.runner for one in found if one.state is JobState.RUNNING}
        gone = await self._rows.read(lambda t: self._runner.gone(t, elsewhere))
        for one in found:
            if one.key in self._drives:
                if one.stopping and one.key not in self._stopping:
                    self._spawn(self.stop(one))
            elif one.state is JobState.QUEUED or one.runner in {*gone, self._runner.number}:
                if one.state is JobState.QUEUED or await self._lost(one.key, one.token, by_task=False):
                    self.drive(one.key)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)


def _packed(is_plan: bool, result: bytes | None, best: bytes | None) -> tuple[bytes | None, plans.Packed | None]:
    """Return what is kept of a result: it packed, or the plan that it is."""
    if not is_plan:
        return (None if result is None else zlib.compress(result, 1)), None
    content = result if result is not None or best is None else zlib.decompress(best)
    return None, (None if content is None else plans.pack(codec.decode(content, Plan)))


def _notice(owner: Owner, job_id: str, plan: plans.Packed) -> outbox.Notice:
    body = msgspec.json.encode({"plan_id": plan.id, "job_id": job_id, "day": plan.day}).decode()
    return outbox.Notice(**owner._asdict(), kind="plan.completed", body=body, subject=plan.id)
