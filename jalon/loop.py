"""The loop between the rooms: a stored fact of the one starts work of the other. It dispatches, it decides nothing.

A burst that was detected makes the plans in force take the new orders in, as a proposal somebody may commit. A process
may end between a fact and what it starts: the next one takes up the facts of the last minutes again, and what was
started already is started once.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from data import clock, codec
from data.errors import JalonError, UnavailableError
from data.model.reservation import Owner
from data.store import plans
from data.store.database import Database, StoreError
from data.store.outbox import Notice
from data.store.plans import PlanState
from jalon.http.logs import Log, told_of
from promise.burst_alarm import DETECTED, raised_since
from routing.accepted import accepted_since
from routing.api.cities import OpenCity, city_named
from routing.jobs import Jobs
from routing.task import ReplanBody, Task

BUDGET_S = 20.0
RESUME_S = 900
"""Facts no older than so many seconds are taken up by a new process."""
AGAIN_S, LAST_S = 2.0, 300.0
"""The first pause before what could not be started is tried again, twice as long each time, and where that ends."""
AHEAD_DAYS = 3
"""Plans of today and of the days after it are looked at."""


class Loop:
    """Starts proposals; :meth:`heard` is told of every notice that leaves the outbox."""

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        cities: Mapping[str, OpenCity],
        log: Log,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self.proposals = 0
        self._database, self._jobs, self._cities, self._log, self._now = database, jobs, cities, log, now
        self._under_way: set[asyncio.Task[None]] = set()

    def heard(self, notice: Notice) -> None:
        """Act on a fact, beside whoever tells it."""
        if notice.kind == DETECTED:
            task = asyncio.create_task(self._propose(notice))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def resume(self, tenant: str) -> None:
        """Take up the facts of a carrier that the process before this one may have been stopped at."""

        def known() -> tuple[Notice, ...]:
            with self._database.read() as connection:
                return raised_since(connection, tenant, int(self._now().timestamp()) - RESUME_S)

        for one in await asyncio.to_thread(known):
            self.heard(one)

    async def close(self) -> None:
        """Leave what is under way; jobs that were submitted go on."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _propose(self, notice: Notice) -> None:
        pause_s = AGAIN_S
        while True:
            try:
                for task, key in await asyncio.to_thread(self._tasks, notice):
                    job = await self._jobs.submit(Owner(notice.tenant), task, key, key)
                    self.proposals += 1
                    self._log.info("loop", fact=notice.kind, job=job.id)
                return
            except JalonError as error:
                passes = isinstance(error, UnavailableError | StoreError)  # cities being read, the store away
                if not passes or pause_s > LAST_S:
                    self._log.warning("loop", **told_of(error))
                    return
                await asyncio.sleep(pause_s)
                pause_s *= 2

    def _tasks(self, notice: Notice) -> list[tuple[Task, str]]:
        """Return the re-plans of the plans in force that new orders are waiting for, each with a key of its own."""
        found, owner = [], Owner(notice.tenant)
        for ahead in range(AHEAD_DAYS):
            day = self._now().date() + timedelta(days=ahead)
            with self._database.read() as connection:
                lines = [one for one in plans.of_day(connection, owner, day) if one.state is PlanState.COMMITTED]
                stored = [one for line in lines if (one := plans.load(connection, owner, line.id))]
                bursts = [(one.plan, accepted_since(connection, notice.tenant, one.plan)) for one in stored]
            for plan, burst in bursts:
                if burst.orders:
                    body = codec.encode(ReplanBody(plan=plan, burst=burst))
                    city = city_named(self._cities, plan.city)
                    task = Task(kind="replan", body=body, city=city.path, budget_s=BUDGET_S)
                    digest = hashlib.blake2b(f"{notice.body}{plan.id}".encode(), digest_size=16).hexdigest()
                    found.append((task, f"loop-{digest}"))
        return found
