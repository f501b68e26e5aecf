"""A large day on a cluster that is joined by its scheduler's address: its parts are done by all workers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from data import codec
from data.errors import InputError
from data.model.plan import Plan
from data.model.request import PlanRequest
from data.store.database import Database
from jalon import scale_worker
from jalon.scale import Cluster
from routing import large
from routing.task import Task
from routing.verify import check
from tests.crash.job_bench import OWNER, bench, town_file
from tests.small_town import home, hub, order, request, vehicle


def hubs_apart(**changes: object) -> PlanRequest:
    """Return a day of two hubs."""
    orders = tuple(order(f"o{n}", "ab"[n % 2], hub_id=("west", "east")[n % 2]) for n in range(8))
    return request(
        hubs=(hub("west", 0, 0), hub("east", 7, 7)),
        places=(home("a", 1, 0), home("b", 6, 7)),
        orders=orders,
        vehicles=tuple(vehicle(f"v-{name}", hub_id=name) for name in ("west", "east")),
    ).replace(**changes)


async def on_all(cluster: Cluster, act: Any) -> dict[str, Any]:
    """Run something in every worker process."""
    link = cluster._link
    assert link is not None

    async def ask() -> dict[str, Any]:
        found: dict[str, Any] = await link._require().run(act)
        return found

    return await asyncio.wrap_future(link.call(ask()))


def small_is_large() -> None:
    """Let a worker take eight orders for many."""
    large.LARGE_FROM = 8


def parts_at_work() -> list[str]:
    """Return the runs of a worker that are parts of another one."""
    return [name for name in scale_worker._runs if "/" in name]


def test_parts_are_done_all_over_the_cluster_and_stop_when_asked(tmp_path: Path) -> None:
    path = town_file(tmp_path)
    task = Task(kind="plan", body=codec.encode(hubs_apart()), city=str(path), budget_s=3)

    async def story(address: str, database: Database) -> None:
        cluster = Cluster(address)
        async with bench(database, cluster) as (jobs, _):
            whole = await jobs.run(OWNER, task)
            assert "hub by hub" not in codec.decode(whole, Plan).bound.explanation
            await on_all(cluster, small_is_large)
            whole = await jobs.run(OWNER, task)
            plan = codec.decode(whole, Plan)
            assert "hub by hub" in plan.bound.explanation and plan.totals.served == 8
            assert check(json.loads(whole)) == []
            running = await jobs.submit(OWNER, task.replace(budget_s=600))
            while (
                len(at_work := [len(names) for names in (await on_all(cluster, parts_at_work)).values() if names]) < 2
            ):
                await asyncio.sleep(0.1)
            assert at_work == [1, 1]  # both workers, though one of them waits for the parts
            while not (await jobs.get(OWNER, running.id)).has_result:  # the first plans of both, joined
                await asyncio.sleep(0.1)
            ended = await jobs.cancel(OWNER, running.id)
            assert ended.plan_id and ended.progress is not None and ended.progress.served == 8
            assert await jobs.run(OWNER, task)
            assert not any((await on_all(cluster, parts_at_work)).values())
            lost = (*hubs_apart().orders, order("lost", "nowhere", hub_id="east"))
            with pytest.raises(InputError, match="nowhere"):
                await jobs.run(OWNER, task.replace(body=codec.encode(hubs_apart(orders=lost))))

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as joined,
        Database(f"sqlite:///{tmp_path}/jobs.db") as database,
    ):
        asyncio.run(story(joined.scheduler_address, database))
