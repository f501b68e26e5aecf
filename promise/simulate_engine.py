"""Jalon's own promises in a simulated world: snapshots as days pass, quotes for every order, room held, scans heard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from data.model.promise import Cart, QuoteRequest
from data.model.schedule import STEP_S
from data.synthetic.world_orders import F64, I64, midnight_s
from data.synthetic.world_roads import LastLeg
from promise.grid import Grid
from promise.hub import HubState, handover_cdf
from promise.quote import quote
from promise.simulate_demand import Demand
from promise.simulate_learn import Learned
from promise.simulate_scans import Scans
from promise.simulate_tours import Ledger
from promise.simulate_truth import A_DAY_S, Truth
from promise.snapshot import Curves, HandOver, Snapshot, build

Look = Callable[["Desk", int], None]

DAYS = 14
"""That may be promised, from today on."""
QUEUE_DAYS, SCENARIOS = 11, 64
NOTED_WAVES = 14
"""So many waves ahead, hand-overs are compared with what was told."""
CALM_S, BURST_S = 2 * 3600, 600
"""Between snapshots: on ordinary hours, and while a live or a burst is on and for ``AFTER_LIVE_S`` after it."""
AFTER_LIVE_S = 3 * 3600
VALID_S = 2 * CALM_S


@dataclass(frozen=True)
class Run:
    """What was promised: ``due_day`` and ``confidence`` [N], the tours driven, and the desk as it is at the end."""

    due_day: I64
    confidence: F64
    leg: LastLeg
    desk: Desk


def promise_all(truth: Truth, due_day: I64, look: Look | None = None, looks_s: Sequence[int] = ()) -> Run:
    """Promise every scored order, as it comes in, by what is known by then.

    Parameters
    ----------
    due_day : int64 [N]
        The days owed for the orders before and after; filled in for all that are promised.
    look : callable, optional
        Called with the desk and the instant (Unix seconds), every day at ``looks_s`` seconds from midnight on.
    """
    leg = LastLeg(truth.world, truth.draws, truth.orders, truth.depot_day, due_day)
    desk = Desk(truth, leg, look, looks_s)
    begin = truth.scored_days.start - truth.world.shakedown_days
    for day in range(truth.first_day, truth.first_day + truth.world.days):
        delivered = leg.deliver(day)
        if begin <= day < truth.scored_days.stop:
            desk.open_day(day)
        elif look and day >= begin:
            desk.watch_day(day)
        if day < truth.scored_days.stop or look:
            desk.learned.hear_day(day)
        desk.ledger.release(delivered)
    return Run(due_day, desk.confidence, leg, desk)


class Desk:
    """Where dates are promised."""

    def __init__(self, truth: Truth, leg: LastLeg, look: Look | None = None, looks_s: Sequence[int] = ()) -> None:
        world = truth.world
        self._look, self._looks_s = look, looks_s
        self.truth, self.leg, self.ledger = truth, leg, Ledger(truth, leg)
        self.scans = Scans(truth, leg)
        self.learned = Learned(truth, self.scans)
        self.demand = Demand(truth, SCENARIOS)
        self.grid = Grid(tuple(one.area for one in world.areas), tuple(one.option for one in world.options))
        self.confidence = np.full(len(truth.orders), np.nan)
        self.requests = {
            (hub, area, option): QuoteRequest(
                cart=Cart(hub_ids=(world.hubs[hub].schedule.hub_id,)),
                postcode=world.areas[area].area.postcodes[0],
                options=(world.options[option].option.id,),
            )
            for hub in range(len(world.hubs))
            for area in range(len(world.areas))
            for option in range(len(world.options))
        }

    def open_day(self, day: int) -> None:
        """Promise all orders of a day (ordinal)."""
        self.demand.start_day(day)
        transit = self.learned.stages.transit_cdf()
        now_s, end_s = midnight_s(day), midnight_s(day + 1)
        looks = {now_s + after_s for after_s in self._looks_s} if self._look else set()
        planned = sorted({*self._planned(now_s, end_s), *looks})
        while now_s < end_s:
            next_s = next(one for one in planned if one > now_s)
            alarm_s = self.demand.alarm_s(now_s, next_s)
            if alarm_s is not None:
                planned = sorted({*planned, *range(alarm_s, min(end_s, alarm_s + AFTER_LIVE_S), BURST_S)})
                next_s = alarm_s
            rows = self.scans.ordered(now_s, next_s)
            for hub in range(len(self.truth.world.hubs)):
                self.learned.hear_waves(hub, now_s)
            if self._look and now_s in looks:
                self._look(self, now_s)
            if len(rows):
                self._promise(day, self._snapshot(now_s, next_s, transit, rows), rows)
            now_s = next_s

    def watch_day(self, day: int) -> None:
        """Look at what is promised still, on a day (ordinal) that nothing is promised on any more."""
        for after_s in self._looks_s:
            if self._look:
                self._look(self, midnight_s(day) + after_s)

    def _planned(self, begin_s: int, end_s: int) -> list[int]:
        """Return when snapshots of a day are due: every two hours, after each cut-off, every ten minutes in a live."""
        instants = {*range(begin_s, end_s, CALM_S)}
        for hub in self.truth.world.hubs:
            instants.update(hub.schedule.departures(begin_s, end_s + CALM_S).cutoffs_s.tolist())
        for live in self.demand.lives.values():
            start_s, stop_s = int(live.start_at.timestamp()), int(live.end_at.timestamp())
            instants.update(range(start_s, stop_s + AFTER_LIVE_S, BURST_S))
        return [*sorted(one for one in instants if begin_s <= one < end_s), end_s]

    def _snapshot(self, now_s: int, next_s: int, transit: F64, rows: I64) -> Snapshot:
        """Return the snapshot of what is known at ``now_s``, for orders until ``next_s``: as if in its middle."""
        begin_s = now_s // STEP_S * STEP_S
        coming = self._coming(begin_s, next_s)
        hubs, stages = [], self.learned.stages
        for hub, one in enumerate(self.truth.world.hubs):
            mine = rows[self.truth.orders.hub[rows] == hub]
            state = HubState(one.schedule, self.scans.backlog(hub, begin_s), pace=stages.pace[hub])
            departures, cdf = handover_cdf(state, coming[:, :, hub], begin_s, (now_s + next_s) // 2, seed=now_s)
            if len(mine):
                stages.note_handover(hub, mine, self.learned.next_wave(hub, begin_s), cdf[:NOTED_WAVES, 0])
            corrected = stages.waves[hub].corrected(cdf[:, 0], 0, 0)
            hubs.append(HandOver(one.schedule, departures, corrected[None, :, None], np.array([now_s])))
        unknown = np.full((len(self.grid.options), transit.shape[-1]), np.nan)
        level = stages.levels([hub.cdf[0, :, 0] for hub in hubs])[:, None, None]
        return build(now_s, hubs, self.grid, Curves(transit, unknown), level, days=DAYS, valid_s=VALID_S)

    def _coming(self, begin_s: int, next_s: int) -> NDArray[np.float32]:
        """Return parcels to come, [S, T, H]: hubs serve in turn, so that only those before the next snapshot count."""
        steps = -(-(next_s - begin_s) // STEP_S)
        coming = np.zeros((SCENARIOS, QUEUE_DAYS * A_DAY_S // STEP_S, len(self.truth.world.hubs)), np.float32)
        coming[:, :steps] = self.demand.parcels(begin_s, steps)
        return coming

    def _promise(self, day: int, snapshot: Snapshot, rows: I64) -> None:
        """Quote every order and hold its place; where a day fills up, the next quote already knows."""
        orders, left = self.truth.orders, self.ledger.left(day, DAYS)
        for row in rows.tolist():
            request = self.requests[int(orders.hub[row]), int(orders.area[row]), int(orders.option[row])]
            promise = quote(snapshot, request, datetime.fromtimestamp(int(orders.placed_s[row]), UTC), room=left)[0]
            due = promise.date.toordinal()
            self.leg.due_day[row] = due
            self.confidence[row] = np.nan if promise.confidence is None else promise.confidence
            self.ledger.reserve(row, due)
            left.take(int(orders.area[row]), int(orders.option[row]), due - day)
        cells = orders.area[rows], orders.option[rows]
        curves = snapshot.ontime[orders.hub[rows], 0, 0, cells[0], cells[1]].astype(np.float64)
        self.learned.stages.note_promises(
            rows, day, self.leg.due_day[rows], curves, snapshot.open[cells] & (np.arange(DAYS) > 0)
        )
