"""A burst that nobody announced, found in the orders as they come in: a fact that others may act on.

When a hub last had one is kept with the fact, in one transaction: whoever starts anew, or beside another server of the
same store, looks at the last hour again and raises what nobody has raised.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
import numpy as np

from data.clock import PARIS
from data.model.reservation import Owner
from data.model.schedule import STEP_S
from data.store import arrivals, lives, outbox, settings
from data.store.database import Transaction
from data.store.outbox import Notice
from promise.bursts import MINUTE_S, Watch
from promise.desk import Desk

DETECTED, RAISED = "burst.detected", "burst.raised"
DISPERSION = 0.3
"""Of a minute's count, where nothing has been learnt: variance = mean + dispersion * mean**2."""
QUIET_S = 4 * 3600
"""So long after an alarm a hub raises no other."""
LOOK_BACK_S = 3600
"""Minutes missed for longer are not watched any more."""


class BurstAlarm:
    """Watches the orders of a carrier's hubs, minute by minute, against the inflow the house expects."""

    def __init__(self, desk: Desk, tenant: str) -> None:
        self._desk, self._tenant = desk, tenant
        self._hubs = [load.schedule.hub_id for load in desk.state.hubs]
        self._watch = Watch(np.full(len(self._hubs), DISPERSION))
        self._next_s = 0
        with desk.database.read() as connection:
            raised = _raised(connection, tenant)
        self._raised_s = np.array([raised.get(hub, -QUIET_S) for hub in self._hubs], dtype=np.int64)

    def look(self) -> list[str]:
        """Take in the minutes that are over; return the hubs where a burst has been found, which is noted as a fact."""
        end_s = self._desk.now_s // MINUTE_S * MINUTE_S
        begin_s = max(self._next_s, end_s - LOOK_BACK_S)
        if end_s <= begin_s:
            return []
        with self._desk.database.read() as connection:
            counted = arrivals.by_minute(connection, self._tenant, begin_s, end_s)
            known = [live for _, live in lives.between(connection, self._tenant, begin_s, end_s)]
        found = []
        for at_s in range(begin_s, end_s, MINUTE_S):
            counts = np.array([counted.get(hub, {}).get(at_s, 0) for hub in self._hubs], dtype=np.float64)
            announced = any(live.start_at.timestamp() <= at_s < live.end_at.timestamp() for live in known)
            muted = (at_s < self._raised_s + QUIET_S) | announced
            raised = np.flatnonzero(self._watch.step(at_s, counts, self._usual(at_s), muted) >= 0)
            self._raised_s[raised] = at_s
            found += [(self._hubs[number], at_s + MINUTE_S) for number in raised.tolist()]
        if found:
            found = self._desk.ledger.write(lambda t: self._raise(t, found)).result()
        self._next_s = end_s
        return [hub for hub, _ in found]

    def _raise(self, t: Transaction, found: list[tuple[str, int]]) -> list[tuple[str, int]]:
        """Note bursts and tell of them; return those that no other server has raised meanwhile."""
        owner, now_s = Owner(self._tenant), self._desk.now_s
        settings.keep(t, owner, RAISED, "{}", now_s)  # there is a row to be locked
        known = _raised(t, self._tenant, lock=True)
        new = [(hub, at_s) for hub, at_s in found if at_s >= known.get(hub, -QUIET_S) + QUIET_S]
        settings.put(t, owner, RAISED, msgspec.json.encode(known | dict(new)).decode(), now_s)
        outbox.add(t, [_notice(self._tenant, hub, at_s) for hub, at_s in new], now_s)
        return new

    def _usual(self, at_s: int) -> np.ndarray:
        """Return the orders of a minute that the house expects, by hub."""
        return np.array(
            [
                sum(
                    flow.parcels * MINUTE_S / max(STEP_S, (flow.end_at - flow.begin_at).total_seconds())
                    for flow in load.inflow
                    if flow.begin_at.timestamp() <= at_s < flow.end_at.timestamp()
                )
                for load in self._desk.state.hubs
            ]
        )


def raised_since(connection: Transaction, tenant: str, since_s: int) -> tuple[Notice, ...]:
    """Return the facts of a carrier's bursts that were raised since an instant, as they were told."""
    found = _raised(connection, tenant).items()
    return tuple(_notice(tenant, hub, at_s) for hub, at_s in found if at_s >= since_s)


def _raised(connection: Transaction, tenant: str, lock: bool = False) -> dict[str, int]:
    """Return when each hub last had a burst."""
    return msgspec.json.decode(settings.get(connection, Owner(tenant), RAISED, lock) or "{}", type=dict[str, int])


def _notice(tenant: str, hub: str, at_s: int) -> Notice:
    at = datetime.fromtimestamp(at_s, PARIS).isoformat()
    body = msgspec.json.encode({"hub_id": hub, "at": at}).decode()
    return Notice(tenant=tenant, shipper="", kind=DETECTED, body=body, subject=f"hub {hub}")
