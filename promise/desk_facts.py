"""What a house tells the desk about its hubs and lives: kept in the store, and in the next snapshot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar

from data.errors import InputError, NotFoundError, near_miss
from data.model.fleet import FleetSettings
from data.model.live import Live, Signal
from data.model.promise_state import HubLoad, PromiseState
from data.model.reservation import Owner
from data.model.schedule import HubSchedule
from data.store import hubs, lives
from data.store.database import Database, Transaction
from promise.day_room import day_capacities
from promise.ledger import Ledger
from promise.reserve import Publish, Request
from promise.state import check

R = TypeVar("R")


class HouseFacts:
    """Hubs' timetables and vans, and lives.

    Attributes
    ----------
    changed : callable
        Told that a snapshot made from now on would differ.
    """

    def __init__(self, database: Database, state: PromiseState, ledger: Ledger, now: Callable[[], datetime]) -> None:
        self.changed: Callable[[], None] = lambda: None
        self._database, self._state, self._ledger, self._now = database, state, ledger, now

    async def put_schedule(self, tenant: str, hub_id: str, schedule: HubSchedule) -> None:
        """Set a hub's timetable.

        Raises
        ------
        NotFoundError, InputError
            ``unknown_hub``: the house has no such hub; ``unknown_area``, ``no_wave``, ``ids_differ``.
        """
        loads = self._require_hub("timetable", hub_id, schedule.hub_id)
        loads[hub_id] = loads[hub_id].replace(schedule=schedule)
        check(self._state.replace(hubs=tuple(loads.values())))
        await self._write(lambda t: hubs.put(t, tenant, schedule, self._now_s))

    async def put_fleet(self, tenant: str, hub_id: str, fleet: FleetSettings) -> None:
        """Set what a hub's vans carry, and with it the room of the days ahead, also of those a plan had spoken of.

        Raises
        ------
        NotFoundError, InputError
            ``unknown_hub``, ``ids_differ``.
        """
        self._require_hub("fleet", hub_id, fleet.hub_id)
        await self._write(lambda t: hubs.put(t, tenant, fleet, self._now_s))
        await asyncio.to_thread(self.publish_room, tenant, {hub_id: fleet})

    def publish_room(self, tenant: str, fleets: Mapping[str, FleetSettings] | None = None) -> None:
        """Publish what hubs' vans carry on the days ahead: of some fleets anew, else where nothing is published yet."""
        with self._database.read() as connection:
            known = hubs.of_tenant(connection, tenant)
        state, today = self._state, self._now().toordinal()
        for load in state.hubs:
            stored = known.get(load.schedule.hub_id)
            if stored is None or stored.fleet is None or (fleets and stored.fleet.hub_id not in fleets):
                continue
            schedule = stored.schedule or load.schedule
            for ahead in range(state.horizon_days):
                day = date.fromordinal(today + ahead)
                levels = day_capacities(schedule, stored.fleet, state.areas, state.options, day)
                commands = tuple(Publish(capacity=one, if_absent=fleets is None) for one in levels)
                self._ledger.do(Request(owner=Owner(tenant), commands=commands, now_s=self._now_s))

    async def put_live(self, owner: Owner, live_id: str, live: Live) -> None:
        """Put a live on the calendar, or change it; raises ``InputError`` ``ids_differ``."""
        if live.id != live_id:
            raise InputError("ids_differ", f"the live is `{live.id}`", "#/id", f"`{live_id}`")
        await self._write(lambda t: lives.put(t, owner, live, self._now_s))

    async def add_signals(self, owner: Owner, live_id: str, seen: Sequence[Signal]) -> int:
        """Keep what was seen of a live; return how many.

        Raises
        ------
        InputError, NotFoundError
            ``ids_differ``, ``unknown_live``.
        """
        for number, one in enumerate(seen):
            if one.live_id != live_id:
                raise InputError(
                    "ids_differ", f"this is of live `{one.live_id}`", f"#/{number}/live_id", f"`{live_id}`"
                )

        def keep(t: Transaction) -> int:
            if not lives.load(t, owner, (live_id,)):
                raise NotFoundError("unknown_live", f"there is no live `{live_id}`", action=f"PUT /v1/lives/{live_id}")
            return lives.add_signals(t, owner, seen)

        return await self._write(keep)

    def _require_hub(self, what: str, hub_id: str, said: str) -> dict[str, HubLoad]:
        """Return the house's hubs, sure that one of them is meant."""
        loads = {load.schedule.hub_id: load for load in self._state.hubs}
        if said != hub_id:
            raise InputError("ids_differ", f"the {what} is of hub `{said}`", "#/hub_id", f"`{hub_id}`")
        if hub_id not in loads:
            action = near_miss(hub_id, loads) or f"one of {', '.join(loads)}"
            raise NotFoundError("unknown_hub", f"there is no hub `{hub_id}`", action=action)
        return loads

    async def _write(self, job: Callable[[Transaction], R]) -> R:
        done = await asyncio.wrap_future(self._ledger.write(job))
        self.changed()
        return done

    @property
    def _now_s(self) -> int:
        return int(self._now().timestamp())
