"""Jobs while worker processes, or the server itself, are killed: none is lost, none is published twice."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from data.model.job import JobState
from data.model.reservation import Key
from data.store import jobs as rows
from data.store import outbox, plans
from data.store.database import Database
from jalon.scale import Cluster
from tests.conftest import ROOT
from tests.crash.job_bench import BUDGET_S, OWNER, bench, day, town_file
from tests.jalon.http_server import Process

WORKERS = 2


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the town's file."""
    return town_file(tmp_path_factory.mktemp("town"))


def killed_while_running(url: str, city: Path, count: int, seed: int) -> None:
    """Run jobs of which every fifth loses its worker, and one does each time."""

    async def story(database: Database) -> None:
        async with bench(database, Cluster(workers=WORKERS), seed) as (jobs, killer):
            submitted = [await jobs.submit(OWNER, day(city, number)) for number in range(count)]
            ids = [job.id for job in submitted]
            poison, *victims = killer.rng.choice(ids, 1 + count // 5, replace=False).tolist()
            killer.about, killer.always = set(victims), {poison}
            ended = {name: await jobs.wait(OWNER, name, 600) for name in ids}
            states = Counter(job.state for job in ended.values())
            print(
                f"n={count} seed={seed} kills={killer.kills} lost={jobs.figures()['lost_workers']:.0f} {dict(states)}"
            )
            assert states == {JobState.SUCCEEDED: count - 1, JobState.QUARANTINED: 1}
            worst = ended[poison]
            assert worst.losses == 3 and worst.fault is not None and worst.fault.code == "poison"
            with database.read() as reading:
                told = [one for one in outbox.waiting(reading, 10 * count) if one.kind == "plan.completed"]
                by_job = Counter(msgspec.json.decode(one.body)["job_id"] for one in told)
                for name, job in ended.items():
                    events = rows.events(reading, Key(*OWNER, name), 0)
                    assert [event.kind for event in events].count("done") == 1
                    assert by_job[name] == (1 if job.plan_id else 0)
                    assert not job.plan_id or plans.load(reading, OWNER, job.plan_id) is not None

    with Database(url) as database:
        asyncio.run(story(database))


def test_no_job_is_lost_or_published_twice_while_workers_are_killed(tmp_path: Path, city: Path) -> None:
    killed_while_running(f"sqlite:///{tmp_path}/jobs.db", city, count=40, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [2])
def test_1000_jobs_while_200_workers_are_killed(tmp_path: Path, city: Path, seed: int) -> None:
    killed_while_running(f"sqlite:///{tmp_path}/jobs.db", city, count=1000, seed=seed)


def test_a_cancelled_search_hands_over_what_it_has(tmp_path: Path, city: Path) -> None:
    async def story(database: Database) -> None:
        async with bench(database, Cluster(workers=1)) as (jobs, _):
            running = await jobs.submit(OWNER, day(city, 1, budget_s=600))
            async for event in jobs.follow(OWNER, running.id):
                if event.kind == "improved":
                    break
            cancelled = await jobs.cancel(OWNER, running.id)
            assert cancelled.state is JobState.CANCELLED and cancelled.plan_id
            # the worker is free again, though its search had ten minutes
            assert await jobs.run(OWNER, day(city, 1))

    with Database(f"sqlite:///{tmp_path}/jobs.db") as database:
        asyncio.run(story(database))


def test_workers_are_started_anew_where_one_is_no_longer_replaced(tmp_path: Path, city: Path) -> None:
    """Dask closes the nanny of a worker that could not be started."""

    async def story(database: Database) -> None:
        cluster = Cluster(workers=1)
        async with bench(database, cluster) as (jobs, _):
            assert await jobs.run(OWNER, day(city, 1))
            link = cluster._link
            assert link is not None
            for nanny in list(link._client.cluster.workers.values()):
                await asyncio.wrap_future(link.call(nanny.close(reason="nanny-instantiate-failed")))
            job = await jobs.submit(OWNER, day(city, 2))
            assert (await jobs.wait(OWNER, job.id, 120)).state is JobState.SUCCEEDED

    with Database(f"sqlite:///{tmp_path}/jobs.db") as database:
        asyncio.run(story(database))


def test_a_server_that_is_killed_goes_on_where_it_was(tmp_path: Path, city: Path) -> None:
    names = [f"job_{number}" for number in range(4)]
    with Database(f"sqlite:///{tmp_path}/shop.db") as database, database.write() as writing:
        for number, name in enumerate(names):
            budget_s = BUDGET_S if number else 10.0  # the first is at work when the server is killed
            task = zlib.compress(msgspec.msgpack.encode(day(city, number, budget_s)))
            rows.add(writing, OWNER, name, "plan", task, 1_795_000_000)
    with serving(tmp_path, city) as first:
        follow(first, names[0], "improved")
        workers = forked_by(first.process.pid)
        assert len(workers) >= WORKERS
        assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    with serving(tmp_path, city) as second:
        for name in names:
            follow(second, name, "done")
        with httpx.Client(base_url=second.told["url"]) as client:
            found = client.get("/v1/jobs").json()["items"]
            assert [(job["id"], job["status"], job["error"]) for job in found] == [
                (name, "succeeded", None) for name in names[::-1]
            ]
            assert found[-1]["attempts"] == 2
            assert all(client.get(job["result_url"]).status_code == 200 for job in found)
        assert second.stop() == 0
    assert not [pid for pid in workers if alive(pid)]


def serving(folder: Path, city: Path) -> Process:
    """Return a server of its own process, on the store in a folder."""
    return Process(folder, "--city", str(city), JALON_WORKERS=str(WORKERS))


def follow(server: Process, name: str, until: str) -> list[str]:
    """Return the kinds of events of a job until one of a kind comes."""
    kinds: list[str] = []
    with httpx.stream("GET", f"{server.told['url']}/v1/jobs/{name}/events", timeout=60) as reply:
        for line in reply.iter_lines():
            if line.startswith("event: "):
                kinds.append(line.removeprefix("event: "))
                if kinds[-1] == until:
                    return kinds
    raise AssertionError(f"{name} told {kinds}")


def forked_by(pid: int) -> set[int]:
    """Return the processes that a process has made, and those these have made."""
    parents = {int(path.name): parent_of(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
    found = {pid}
    for _ in range(4):
        found |= {one for one, parent in parents.items() if parent in found}
    return found - {pid}


def parent_of(folder: Path) -> int:
    """Return the parent of a process, 0 where it is gone."""
    try:
        return int((folder / "stat").read_text().rpartition(") ")[2].split()[1])
    except OSError:
        return 0


def alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """Yield the address of a scheduler that two worker processes join, each started on its own."""
    quiet = {**os.environ, "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "critical"}
    with socket.create_server(("127.0.0.1", 0)) as door:
        address = f"tcp://127.0.0.1:{door.getsockname()[1]}"
    common = ["--host", "127.0.0.1", "--no-dashboard"]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, *common, "--nthreads", "1"]
    commands = [
        [sys.executable, "-m", "distributed.cli.dask_scheduler", *common, "--port", address.rpartition(":")[2]],
        *([*worker, "--local-directory", str(tmp_path / f"worker{number}")] for number in range(WORKERS)),
    ]
    more: dict[str, Any] = {"env": quiet, "stderr": subprocess.DEVNULL, "cwd": ROOT, "start_new_session": True}
    processes = [subprocess.Popen(one, **more) for one in commands]
    try:
        yield address
    finally:
        for one in processes:
            os.killpg(one.pid, signal.SIGKILL)  # with the workers they have made
            one.wait()


def test_a_cluster_that_others_have_started_is_joined_by_its_address(
    scheduler: str, tmp_path: Path, city: Path
) -> None:
    async def story(database: Database) -> None:
        cluster = Cluster(address=scheduler)
        async with bench(database, cluster) as (jobs, killer):
            ids = [(await jobs.submit(OWNER, day(city, number, budget_s=0.5))).id for number in range(6)]
            killer.once = {ids[3]}
            ended = [await jobs.wait(OWNER, name, 60) for name in ids]
            assert [job.state for job in ended] == [JobState.SUCCEEDED] * 6
            assert killer.kills == ended[3].losses == 1
            assert cluster.ready() == ""

    with Database(f"sqlite:///{tmp_path}/jobs.db") as database:
        asyncio.run(story(database))


def test_a_scheduler_that_is_away_is_told_of_and_waited_for(tmp_path: Path) -> None:
    async def story() -> str:
        cluster = Cluster(address="tcp://127.0.0.1:9")
        cluster.start()
        try:
            while "no scheduler" not in cluster.ready():
                await asyncio.sleep(0.05)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1), cluster.free():
                    pytest.fail("there is no worker")
            return cluster.ready()
        finally:
            await cluster.close()

    assert "tcp://127.0.0.1:9" in asyncio.run(story())
