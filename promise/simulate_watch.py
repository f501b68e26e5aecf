"""A simulated world's promises watched as the server does it, and what came of the notices.

Of the promises that were broken, the cause of some lay before the day: the parcel was still in its hub when the last
wave left that could have made it. Those must be told before the day begins. Others left in time and went astray or came
late on the road, or lay at the depot on their day and found no room, or nobody at home: causes of the day itself (or of
the road, where nobody scans) are counted apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.clock import PARIS
from data.model.schedule import STEP_S
from data.synthetic.world_orders import F64, I64, midnight_s
from data.synthetic.world_roads import local_days
from promise.hub import HubState, handover_cdfs
from promise.odds import on_the_road
from promise.simulate_engine import DAYS, QUEUE_DAYS, SCENARIOS, Desk
from promise.simulate_truth import A_DAY_S, Truth
from promise.snapshot import Curves, HandOver, build
from promise.watch import UNLIKELY

Bools = NDArray[np.bool_]

LOOKS_S = (8 * 3600, 14 * 3600, 20 * 3600, 24 * 3600 - 600)
"""When all promises are looked at, from midnight on."""
PLACES = 24
"""So many places in a hub's line stand for all; each order counts as one of those behind it."""
SURE = 0.9
"""A promise moves to the first day that is this likely."""


class Lookout:
    """Watches a world's promises.

    Attributes
    ----------
    told_s : float64 [N]
        When the customer was told that the date is at risk; infinite: never.
    new_day : int64 [N]
        The day (ordinal) the promise moved to then.
    """

    def __init__(self, truth: Truth, unlikely: float = UNLIKELY) -> None:
        self.truth, self.unlikely = truth, unlikely
        self.told_s = np.full(len(truth.orders), np.inf)
        self.new_day = np.zeros(len(truth.orders), dtype=np.int64)
        first, count = truth.first_day, truth.world.days + 60
        calendars = [one.option.calendar.open_mask(first, count) for one in truth.world.options]
        self._open = np.array(calendars)
        self._opened = np.cumsum(self._open, axis=1)

    def look(self, desk: Desk, now_s: int) -> None:
        """Tell of the promises for days to come that are unlikely by now."""
        truth, today = self.truth, datetime.fromtimestamp(now_s, PARIS).toordinal()
        promised = np.isfinite(desk.confidence) & np.isinf(self.told_s) & (desk.leg.due_day > today)
        rows = np.flatnonzero(promised & ~(desk.leg.delivered_s <= now_s))
        left = truth.left_s[rows] <= now_s
        odds = np.zeros((len(rows), DAYS))
        for hub in range(len(truth.world.hubs)):
            mine = np.flatnonzero(~left & (truth.orders.hub[rows] == hub))
            if len(mine):
                odds[mine] = self._inside(desk, hub, rows[mine], now_s, today)
        transit = desk.learned.stages.transit_cdf()
        for number in np.flatnonzero(left).tolist():
            odds[number] = self._on_road(transit, int(rows[number]), today)
        due = desk.leg.due_day[rows] - today
        chance = odds[np.arange(len(rows)), np.minimum(due, DAYS - 1)]
        for number in np.flatnonzero((chance < self.unlikely) & (due < DAYS)).tolist():
            row = int(rows[number])
            self.told_s[row] = now_s
            self.new_day[row] = today + self._first_sure(
                odds[number], int(truth.orders.option[row]), today, due[number]
            )

    def _first_sure(self, odds: F64, option: int, today: int, due: int) -> int:
        begin = today - self.truth.first_day
        days = np.arange(DAYS)
        allowed = self._open[option, begin : begin + DAYS] & (days > due)
        sure = np.flatnonzero(allowed & (odds >= SURE))
        return int(sure[0]) if len(sure) else int(np.flatnonzero(allowed)[-1])

    def _inside(self, desk: Desk, hub: int, rows: I64, now_s: int, today: int) -> F64:
        """Return P(delivered by day d) of orders that wait in a hub, first come first served, [n, DAYS]."""
        world, stages = self.truth.world, desk.learned.stages
        backlog = desk.scans.backlog(hub, now_s)
        first_kind = int(np.flatnonzero(backlog[0])[0]) if backlog.any() else 0
        waiting = int(backlog[0, first_kind])
        line = np.argsort(self.truth.orders.placed_s[rows], kind="stable")
        place = np.empty(len(rows))
        place[line] = np.arange(len(rows)) - (len(rows) - waiting) + 1  # 1 is the next to be worked on
        at_s = now_s + np.clip(np.ceil(place / max(waiting, 1) * (STEP_S - 1)), 0, STEP_S - 1).astype(np.int64)
        edges_s = np.unique(np.quantile(at_s, np.linspace(0, 1, PLACES), method="higher"))
        parcels = np.zeros((SCENARIOS, QUEUE_DAYS * A_DAY_S // STEP_S), np.float32)
        parcels[:, 0] = waiting
        backlog[0, first_kind] = 0
        schedule = world.hubs[hub].schedule
        state = HubState(schedule, backlog, pace=stages.pace[hub])
        departures, cdf = handover_cdfs(state, parcels, now_s, edges_s.tolist(), seed=now_s)
        hand_over = HandOver(schedule, departures, cdf, edges_s)
        option = np.full((len(desk.grid.options), 1), np.nan)
        transit = stages.transit_cdf()[hub : hub + 1]
        snapshot = build(now_s, [hand_over], desk.grid, Curves(transit, option), 0.5, days=DAYS)
        epoch = np.searchsorted(edges_s, at_s)
        orders = self.truth.orders
        found: F64 = snapshot.ontime[0, epoch, 0, orders.area[rows], orders.option[rows]].astype(np.float64)
        return found

    def _on_road(self, transit: F64, row: int, today: int) -> F64:
        """Return P(delivered by day d) of an order that has left its hub, [DAYS]; one where nothing tells."""
        orders, first = self.truth.orders, self.truth.first_day
        opened = self._opened[orders.option[row]]
        left_day = int(local_days(self.truth.left_s[row : row + 1])[0]) - first
        curve = transit[orders.hub[row], orders.area[row], orders.option[row]]
        begin = today - first
        before = int(opened[begin - 1] - opened[left_day]) if begin > left_day else -1
        days = np.array(
            [on_the_road(curve, before, int(opened[begin + ahead] - opened[left_day])) for ahead in range(DAYS)]
        )
        return np.where(np.isnan(days), 1.0, days)


@dataclass(frozen=True)
class Notices:
    """What came of a world's notices; counts of scored orders.

    Attributes
    ----------
    orders, late, told, right : int
        Promised, broken, told at risk, and told of those that were broken.
    decided_before, told_of_decided : int
        Broken as the parcel was in its hub still when the last wave left that could have made the day; told before it.
    day_itself, on_road : int
        Broken by what happened on the day: at the depot that morning, or due there; and late or astray before it.
    told_early_h : float
        Hours from the notice to the beginning of the old day, median.
    new_kept : float
        Share of the new dates that were kept.
    """

    orders: int
    late: int
    told: int
    right: int
    decided_before: int
    told_of_decided: int
    day_itself: int
    on_road: int
    told_early_h: float
    new_kept: float

    def as_dict(self) -> dict[str, Any]:
        """Return them with the shares that are promised."""
        return self.__dict__ | {
            "right_share": round(self.right / self.told, 4) if self.told else None,
            "told_share": round(self.told_of_decided / self.decided_before, 4) if self.decided_before else None,
        }


def notices(truth: Truth, desk: Desk, lookout: Lookout) -> Notices:
    """Return what came of the notices of a world that is over."""
    rows = truth.scored()
    rows = rows[np.isfinite(desk.confidence[rows])]
    due, came = desk.leg.due_day[rows], desk.leg.delivered_day[rows]
    late, told = came > due, np.isfinite(lookout.told_s[rows])
    begins_s = np.array([midnight_s(day) for day in due.tolist()])
    in_time = told & (lookout.told_s[rows] < begins_s)
    road = np.array([area.road_days for area in truth.world.areas])[truth.orders.area[rows], truth.orders.hub[rows]]
    planned_day = local_days(truth.left_s[rows]) + road
    decided = late & (planned_day > due)
    day_itself = late & ~decided & ((truth.depot_day[rows] <= due) | (planned_day == due))
    early_h = (begins_s - lookout.told_s[rows])[told] / 3600
    kept = came[told] <= lookout.new_day[rows][told]
    return Notices(
        orders=len(rows),
        late=int(late.sum()),
        told=int(told.sum()),
        right=int((told & late).sum()),
        decided_before=int(decided.sum()),
        told_of_decided=int((decided & in_time).sum()),
        day_itself=int(day_itself.sum()),
        on_road=int((late & ~decided & ~day_itself).sum()),
        told_early_h=round(float(np.median(early_h)), 1) if len(early_h) else 0.0,
        new_kept=round(float(kept.mean()), 4) if len(kept) else 1.0,
    )
