"""Jobs on rows: run once to their end, whatever is lost; older runs are refused; the same on both databases."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from data import clock, codec
from data.errors import InputError, NotFoundError, ReusedKeyError, UnavailableError
from data.model.job import JobEventKind, JobState
from data.model.reservation import Key
from data.store import jobs as rows
from data.store import outbox, plans
from data.store.database import Database
from data.store.runners import Runner
from data.store.writer import Done, Writer
from routing import job_runs
from routing.job_runs import GRACE_S
from routing.jobs import Jobs
from routing.task import Task
from tests.fake_workers import STEP, FakeWorkers
from tests.store.orders import NOW_S, OTHER_SHOP, SHOP
from tests.store.test_plans import a_plan

WAITING = Task(kind="vroom", body=b"wait")


def task(body: bytes = b"wait", kind: str = "vroom") -> Task:
    """Return a task for the fake workers."""
    return Task(kind=kind, body=body)


class Bench:
    """A store, its writer and jobs on it."""

    def __init__(self, database: Database, workers: FakeWorkers) -> None:
        self.database, self.workers = database, workers
        self.writer = Writer(database)
        self.jobs = Jobs(database, self.write, workers)

    def write(self, job: Callable[[Any], Any]) -> Any:
        """Write as the ledger does."""
        return self.writer.submit(lambda t, each: Done([one(t) for one in each]), job)

    async def close(self) -> None:
        """Close all but the store."""
        await self.jobs.close()
        self.writer.close()


@asynccontextmanager
async def bench(database: Database, count: int = 1) -> AsyncIterator[Bench]:
    """Yield jobs on a store, with so many fake workers."""
    one = Bench(database, FakeWorkers(count))
    one.jobs.open()
    try:
        yield one
    finally:
        await one.close()


def on_store(url: str, story: Callable[[Database], Coroutine[Any, Any, None]]) -> None:
    """Run a story on a store."""
    with Database(url) as database:
        asyncio.run(asyncio.wait_for(story(database), 30))


def test_a_job_runs_once_to_its_end_and_is_told_of(url: str) -> None:
    async def story(database: Database) -> None:
        async with bench(database) as one:
            job = await one.jobs.submit(SHOP, WAITING)
            assert job.progress is None and (job.state, job.attempts) in ((JobState.QUEUED, 0), (JobState.RUNNING, 1))
            (name,) = await one.workers.runs(1)
            following = asyncio.create_task(collected(one.jobs, job.id))
            one.workers.tell(name, 300)
            one.workers.tell(name, 200, b"best")
            one.workers.answer(name, b'"all"')
            told = await following
            assert [(event.seq, event.kind) for event in told] == [(1, "progress"), (2, "improved"), (3, "done")]
            assert await collected(one.jobs, job.id, 2) == told[2:]
            job = await one.jobs.get(SHOP, job.id)
            assert (job.state, job.attempts, job.has_result) == (JobState.SUCCEEDED, 1, True)
            assert job.progress == STEP.replace(cost_cents=200)
            assert await one.jobs.result(SHOP, job.id) == b'"all"'
            assert (await one.jobs.cancel(SHOP, job.id)).state is JobState.SUCCEEDED
            with pytest.raises(NotFoundError, match="no job"):
                await one.jobs.get(OTHER_SHOP, job.id)
        with database.read() as reading:
            assert reading.execute(rows.select(rows.jobs.c.task)).scalar_one() is None  # it held addresses

    on_store(url, story)


async def collected(jobs: Jobs, job_id: str, after: int = 0) -> list[Any]:
    """Return all that is told of a job until its end."""
    return [event async for event in jobs.follow(SHOP, job_id, after)]


def test_what_a_caller_waits_for_is_due_whatever_it_queued_for(url: str) -> None:
    async def story(database: Database) -> None:
        async with bench(database) as one:
            begun_s = clock.elapsed_s()
            first = await one.jobs.submit(SHOP, WAITING)
            second = await one.jobs.submit(SHOP, WAITING.replace(budget_s=5.0), due_s=begun_s + 5.0)
            (name,) = await one.workers.runs(1)
            assert one.workers.budgets_s[name] == WAITING.budget_s, "nobody waits for it"
            one.workers.answer(name, b'"all"')
            assert (await one.jobs.wait(SHOP, first.id, 10)).state is JobState.SUCCEEDED
            *_, name = await one.workers.runs(2)
            assert 0 <= one.workers.budgets_s[name] < 5.0, "it waited for the worker"
            one.workers.answer(name, b'"all"')
            assert (await one.jobs.wait(SHOP, second.id, 10)).state is JobState.SUCCEEDED

    on_store(url, story)


def test_a_plan_is_kept_by_the_transaction_that_ends_its_job(url: str) -> None:
    async def story(database: Database) -> None:
        async with bench(database) as one:
            job = await one.jobs.submit(SHOP, task(kind="plan"))
            (name,) = await one.workers.runs(1)
            one.workers.answer(name, codec.encode(a_plan("p1")))
            job = await one.jobs.wait(SHOP, job.id, 10)
            assert (job.state, job.plan_id, job.has_result) == (JobState.SUCCEEDED, "p1", False)
            with database.read() as reading:
                kept = plans.load(reading, SHOP, "p1")
                (notice,) = outbox.waiting(reading)
            assert kept is not None and kept.state is plans.PlanState.PROPOSED
            assert (notice.kind, notice.subject, job.id in notice.body) == ("plan.completed", "p1", True)
            assert one.jobs.figures()["succeeded"] == 1

    on_store(url, story)


@pytest.mark.parametrize("obeys", [True, False], ids=["answers-when-stopped", "goes-on"])
def test_cancelling_keeps_the_best_so_far(url: str, obeys: bool) -> None:
    async def story(database: Database) -> None:
        async with bench(database) as one:
            one.workers.obeys = obeys
            first = await one.jobs.submit(SHOP, task(kind="plan"))
            second = await one.jobs.submit(SHOP, WAITING)
            (name,) = await one.workers.runs(1)
            one.workers.tell(name, 200, codec.encode(a_plan("best")))
            if obeys:  # the plan of the run itself is newer
                one.workers.stop = lambda name: one.workers.answer(name, codec.encode(a_plan("last")))  # type: ignore
            cancelled = await one.jobs.cancel(SHOP, first.id)
            assert (cancelled.state, cancelled.plan_id) == (JobState.CANCELLED, "last" if obeys else "best")
            if not obeys:
                assert (await one.jobs.cancel(SHOP, second.id)).state is JobState.CANCELLED  # still in the queue
                one.workers.answer(name, codec.encode(a_plan("late")))
                await asyncio.sleep(0)
                with database.read() as reading:
                    assert plans.load(reading, SHOP, "late") is None
                assert [event.kind for event in await collected(one.jobs, second.id)] == [JobEventKind.DONE]

    assert GRACE_S < 1
    on_store(url, story)


def test_a_result_that_takes_long_to_pack_is_packed_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[bytes | None] = []
    pack = job_runs._packed

    def slowly(is_plan: bool, result: bytes | None, best: bytes | None) -> Any:
        began.append(result)
        time.sleep(0.3)
        return pack(is_plan, result, best)

    async def story(database: Database) -> None:
        async with bench(database) as one:
            job = await one.jobs.submit(SHOP, task(kind="plan"))
            (name,) = await one.workers.runs(1)
            one.workers.tell(name, 200, codec.encode(a_plan("best")))
            last = codec.encode(a_plan("last"))
            one.workers.stop = lambda name: one.workers.answer(name, last)  # type: ignore
            cancelled = await one.jobs.cancel(SHOP, job.id)
            assert (cancelled.state, cancelled.plan_id, began) == (JobState.CANCELLED, "last", [last])

    monkeypatch.setattr(job_runs, "GRACE_S", 0.1)
    monkeypatch.setattr(job_runs, "_packed", slowly)
    on_store(url, story)


def test_a_lost_run_is_tried_again_and_what_it_still_tells_is_refused(url: str) -> None:
    async def story(database: Database) -> None:
        async with bench(database) as one:
            job = await one.jobs.submit(SHOP, WAITING)
            (first,) = await one.workers.runs(1)
            one.workers.lose(first)
            first, second = await one.workers.runs(2)
            one.workers.tell(first, 1, b"from the dead")
            one.workers.tell(second, 2, b"from the living")
            one.workers.answer(second, b'"second"')
            job = await one.jobs.wait(SHOP, job.id, 10)
            assert (job.state, job.attempts, job.losses) == (JobState.SUCCEEDED, 2, 1)
            assert [event.kind for event in await collected(one.jobs, job.id)] == ["improved", "done"]
            assert job.progress is not None and job.progress.cost_cents == 2

    on_store(url, story)


def test_the_fence_is_in_the_transaction(url: str) -> None:
    key = Key(*SHOP, "j")
    with Database(url) as database, database.write() as t:
        rows.add(t, SHOP, "j", "vroom", b"packed", NOW_S)
        run = rows.begin(t, key, 7, NOW_S)
        assert run == rows.Run(1, b"packed") and rows.begin(t, key, 7, NOW_S) is None
        assert rows.keep(t, key, 1, STEP, b"best", NOW_S)
        lost = rows.lose(t, key, 1, True, NOW_S)
        assert lost is not None and (lost.state, lost.token, lost.losses) == (JobState.QUEUED, 2, 1)
        assert not rows.keep(t, key, 1, STEP, b"worse", NOW_S)
        assert not rows.end(t, key, 1, rows.Ended(JobState.SUCCEEDED, b"worse"), NOW_S)
        assert rows.lose(t, key, 1, True, NOW_S) is None
        assert rows.result(t, key) == b"best"
        again = rows.begin(t, key, 7, NOW_S)
        assert again is not None and again.token == 3
        assert rows.end(t, key, 3, rows.Ended(JobState.SUCCEEDED, b"good"), NOW_S)
        assert not rows.end(t, key, 3, rows.Ended(JobState.SUCCEEDED, b"twice"), NOW_S)
        assert rows.ask_to_stop(t, key) is None
        assert rows.result(t, key) == b"good"
        assert [event.kind for event in rows.events(t, key, 0)] == ["improved", "done"]


def test_what_is_told_is_bounded(url: str) -> None:
    key = Key(*SHOP, "j")
    with Database(url) as database, database.write() as t:
        rows.add(t, SHOP, "j", "vroom", b"packed", NOW_S)
        rows.begin(t, key, 7, NOW_S)
        for _ in range(rows.EVENTS_KEPT + 5):
            assert rows.keep(t, key, 1, STEP, None, NOW_S)
        told = rows.events(t, key, 0)
        assert (len(told), told[0].seq, told[-1].seq) == (rows.EVENTS_KEPT, 6, rows.EVENTS_KEPT + 5)
        assert rows.forget(t, NOW_S + 1) == 0  # it hasn't ended
        assert rows.end(t, key, 1, rows.Ended(JobState.FAILED), NOW_S)
        assert rows.forget(t, NOW_S + 1) == 1 and rows.events(t, key, 0) == [] and rows.load(t, key) is None


def test_poison_is_quarantined_with_what_it_had(url: str) -> None:
    async def story(database: Database) -> None:
        async with bench(database) as one:
            job = await one.jobs.submit(SHOP, task(kind="plan"))
            for number in range(1, 4):
                name = (await one.workers.runs(number))[-1]
                if number == 2:
                    one.workers.tell(name, 200, codec.encode(a_plan("best")))
                    await anext(one.jobs.follow(SHOP, job.id))
                one.workers.lose(name)
            job = await one.jobs.wait(SHOP, job.id, 10)
            assert (job.state, job.losses, job.plan_id) == (JobState.QUARANTINED, 3, "best")
            assert job.fault is not None and job.fault.code == "poison" and "3 worker" in job.fault.message
            with pytest.raises(UnavailableError, match="3 worker processes"):
                await one.jobs.run(SHOP, task(b"dies"))
            assert await one.jobs.run(SHOP, task(b"ok")) == b'"done"'

    on_store(url, story)


def test_a_wrong_input_fails_with_its_pointer_and_a_defect_says_so(url: str, caplog: pytest.LogCaptureFixture) -> None:
    async def story(database: Database) -> None:
        async with bench(database) as one:
            wrong = await one.jobs.submit(SHOP, task(b"bad"))
            defect = await one.jobs.submit(SHOP, task(b"crash"))
            wrong, defect = [await one.jobs.wait(SHOP, job.id, 10) for job in (wrong, defect)]
            assert wrong.state is defect.state is JobState.FAILED
            assert wrong.fault is not None and defect.fault is not None
            error = wrong.fault.error()
            assert isinstance(error, InputError) and error.where == "body#/orders/3" and error.action == "correct it"
            assert defect.fault.code == "defect" and "secret" not in defect.fault.message
            with pytest.raises(InputError, match="it is wrong"):
                await one.jobs.run(SHOP, task(b"bad"))
            with pytest.raises(NotFoundError, match="no result"):
                await one.jobs.result(SHOP, wrong.id)

    on_store(url, story)
    assert "secret cause" in caplog.text


def test_the_same_key_is_the_same_job(url: str) -> None:
    async def story(database: Database) -> None:
        async with bench(database, 2) as one:
            first = await one.jobs.submit(SHOP, task(b"ok"), "k", "f")
            again = await one.jobs.submit(SHOP, task(b"ok"), "k", "f")
            other = await one.jobs.submit(OTHER_SHOP, task(b"ok"), "k", "g")
            assert first.id == again.id != other.id
            with pytest.raises(ReusedKeyError):
                await one.jobs.submit(SHOP, task(b"ok"), "k", "g")
            assert [job.id for job in await one.jobs.page(SHOP, "", 10)] == [first.id]

    on_store(url, story)


def test_jobs_are_listed_newest_first_in_pages(url: str) -> None:
    async def story(database: Database) -> None:
        async with bench(database) as one:
            moment = clock.now()
            ids = []
            for _ in range(5):
                moment += timedelta(seconds=1)
                one.jobs._now = lambda at=moment: at  # type: ignore[misc]
                ids.append((await one.jobs.submit(SHOP, WAITING)).id)
            first = await one.jobs.page(SHOP, "", 3)
            rest = await one.jobs.page(SHOP, first[-1].id, 3)
            assert [job.id for job in (*first, *rest)] == ids[::-1]

    on_store(url, story)


def test_a_new_server_takes_up_what_the_last_one_left(url: str) -> None:
    async def story(database: Database) -> None:
        left = Bench(database, FakeWorkers(2))
        left.jobs.open()
        running = [await left.jobs.submit(SHOP, WAITING) for _ in range(3)]
        first, _ = await left.workers.runs(2)
        left.workers.tell(first, 200, b"best")
        await anext(left.jobs.follow(SHOP, running[0].id))
        with database.write() as t:  # asked of a server that died before it could obey
            assert rows.ask_to_stop(t, Key(*SHOP, running[1].id)) is not None
        await left.close()
        async with bench(database, 3) as one:
            cancelled = await one.jobs.wait(SHOP, running[1].id, 10)
            assert cancelled.state is JobState.CANCELLED
            names = await one.workers.runs(2)
            for name in names:
                one.workers.answer(name, b'"again"')
            ended = [await one.jobs.wait(SHOP, running[k].id, 10) for k in (0, 2)]
            assert [(job.state, job.attempts, job.losses) for job in ended] == [
                (JobState.SUCCEEDED, 2, 0),
                (JobState.SUCCEEDED, 1, 0),
            ]

    on_store(url, story)


def test_two_servers_share_the_jobs_of_one_store(new_url: Callable[[], str]) -> None:
    url = new_url()
    if url.startswith("sqlite"):
        pytest.skip("an SQLite store has one server")

    async def story(database: Database) -> None:
        with Database(url) as another:
            async with bench(database) as one, bench(another) as two:
                jobs = [await one.jobs.submit(SHOP, WAITING) for _ in range(2)]
                (mine,) = await one.workers.runs(1)
                (theirs,) = await two.workers.runs(1)  # what waits here is begun there, or the other way round
                begun, other = mine.partition(".")[0], theirs.partition(".")[0]
                assert {begun, other} == {job.id for job in jobs}
                assert (await one.jobs.cancel(SHOP, other)).state is JobState.CANCELLED
                one.workers.answer(mine, b'"mine"')
                assert (await two.jobs.wait(SHOP, begun, 10)).state is JobState.SUCCEEDED
                await asyncio.wait_for(stopped(two.workers, theirs), 10)

    async def stopped(workers: FakeWorkers, name: str) -> None:
        while name not in workers.stopped:
            await asyncio.sleep(0.05)

    on_store(url, story)


def test_a_servers_number_is_given_up_with_its_session(url: str) -> None:
    with Database(url) as database, Runner(database) as one, database.read() as reading:
        with Runner(database) as two:
            assert one.gone(reading, {one.number, two.number}) == ({two.number} if database.is_sqlite else set())
        wait = threading.Event()
        for _ in range(100):  # PostgreSQL ends a session a moment after it is closed
            if one.gone(reading, {one.number, two.number}) or wait.wait(0.05):
                break
        assert one.gone(reading, {one.number, two.number}) == {two.number}
