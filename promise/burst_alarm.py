"""A burst that nobody announced, found in the orders as they come in: a fact that others may act on."""

from __future__ import annotations

from datetime import datetime

import msgspec
import numpy as np

from data.clock import PARIS
from data.model.schedule import STEP_S
from data.store import arrivals, lives, outbox
from data.store.outbox import Notice
from promise.bursts import MINUTE_S, Watch
from promise.desk import Desk

DETECTED = "burst.detected"
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
        self._next_s = desk.now_s // MINUTE_S * MINUTE_S
        self._raised_s = np.full(len(self._hubs), -QUIET_S)

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
        self._next_s = end_s
        if found:
            told = [self._notice(hub, at_s) for hub, at_s in found]
            self._desk.ledger.write(lambda t: outbox.add(t, told, self._desk.now_s)).result()
        return [hub for hub, _ in found]

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

    def _notice(self, hub: str, at_s: int) -> Notice:
        at = datetime.fromtimestamp(at_s, PARIS).isoformat()
        body = msgspec.json.encode({"hub_id": hub, "at": at}).decode()
        return Notice(tenant=self._tenant, shipper="", kind=DETECTED, body=body, subject=f"hub {hub}")
