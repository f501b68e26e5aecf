"""The loop: a burst that was detected becomes a proposal for the plan in force, once per fact."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from data import codec
from data.model.contact import Contact
from data.model.event import EventKind
from data.model.parcel import ParcelState
from data.model.reservation import Owner
from data.store import contacts, orders, plans
from data.store.database import Database
from data.store.outbox import Notice
from jalon.loop import Loop
from routing.accepted import accepted_since
from routing.task import ReplanBody, Task
from tests.jalon.http_server import Told
from tests.promise.small_house import AT, CARRIER, SHOP, Clock, opened
from tests.promise.test_follow import keep, stored, take, told
from tests.store.conftest import new_url, server, url  # noqa: F401
from tests.store.test_plans import a_plan

TODAY = AT.date()


class Jobs:
    """Keeps what it is given, as the real ones do, by key."""

    def __init__(self) -> None:
        self.given: dict[str, Task] = {}

    async def submit(self, owner: Owner, task: Task, key: str = "", fingerprint: str = "") -> Any:
        assert owner == CARRIER
        self.given.setdefault(key, task)
        return SimpleNamespace(id=f"job-{len(self.given)}")


def test_new_orders_are_proposed_once(url: str) -> None:  # noqa: F811
    body = json.dumps({"hub_id": "nantes", "at": "2026-11-24T20:00:00+01:00"})
    fact = Notice(tenant=CARRIER.tenant, shipper="", kind="burst.detected", body=body, seq=4)
    plan = a_plan("plan-1")
    hub = plan.hubs[0].replace(id="nantes")
    plan = plan.replace(day=TODAY, hubs=(hub,), orders=(stored("old", TODAY).order,), city="town")
    jobs, cities = Jobs(), {"town": SimpleNamespace(path="town.city", seen=None, city=None)}
    with Database(url) as database:
        loop = Loop(database, jobs, cities, Told(), Clock())  # type: ignore[arg-type]

        async def tell(*facts: Notice) -> None:
            for one in facts:
                loop.heard(one)
            await asyncio.gather(*loop._under_way)

        with database.write() as t:
            plans.add(t, CARRIER, plan, 0)
            plans.commit(t, CARRIER, plan.id, 1, 0)
        asyncio.run(tell(fact))
        assert jobs.given == {}  # nothing is new
        with database.write() as t:
            orders.put(t, SHOP, {name: stored(name, TODAY) for name in ("old", "new", "lost")}, 0)
            contacts.put(t, SHOP, {"new": Contact(lat=47.2, lon=-1.5), "lost": Contact()}, 0)
        asyncio.run(tell(fact, fact.replace(kind="promise.moved")))
        asyncio.run(tell(fact.replace(seq=9)))  # told again: the same proposal
        (task,) = jobs.given.values()
        asked = codec.decode(task.body, ReplanBody, "task")
        assert (task.kind, task.city, [one.id for one in asked.burst.orders]) == ("replan", "town.city", ["new"])
        assert [(one.id, one.lat) for one in asked.burst.places] == [("new", 47.2)]
        assert asked.burst.orders[0].shipper == SHOP.shipper and loop.proposals == 2
        asyncio.run(tell(fact.replace(body=body.replace("20:00", "21:00"))))
        assert len(jobs.given) == 2


def test_what_failed_today_is_in_tomorrows_plan(url: str) -> None:  # noqa: F811
    clock, tomorrow = Clock(), TODAY + timedelta(days=1)
    plan = a_plan("plan-2")
    plan = plan.replace(day=tomorrow, hubs=(plan.hubs[0].replace(id="nantes"),), orders=())
    with opened(url, clock) as desk:
        keep(desk, SHOP, stored("o1", TODAY), stored("o2", TODAY), stored("o3", TODAY - timedelta(days=30)))
        home = Contact(lat=47.2, lon=-1.5)
        desk.ledger.write(lambda t: contacts.put(t, SHOP, dict.fromkeys(("o1", "o2", "o3"), home), 0)).result()
        failed = [told(f"f-{name}", EventKind.FAILED, name, shipper="shop") for name in ("o1", "o3")]
        take(desk, *failed, told("d-o2", EventKind.DELIVERED, "o2", shipper="shop"))
        with desk.database.read() as connection:
            (again,) = accepted_since(connection, CARRIER.tenant, plan).orders
            assert accepted_since(connection, CARRIER.tenant, plan.replace(orders=(again,))).orders == ()
        assert (again.id, {one.state for one in again.parcels}) == ("o1", {ParcelState.AT_HUB})
