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

from data.clock import PARIS
from data.model.schedule import STEP_S
from data.synthetic.world_orders import F64, I64, midnight_s
from data.synthetic.world_roads import local_days
from promise.hub import STAGES, HubState, handover_cdf
from promise.odds import on_the_road
from promise.simulate_engine import DAYS, QUEUE_DAYS, SCENARIOS, Desk
from promise.simulate_truth import A_DAY_S, Truth
from promise.snapshot import Curves, HandOver, build
from promise.watch import UNLIKELY

LOOKS_S = (8 * 3600, 14 * 3600, 20 * 3600, 24 * 3600 - 600)
"""When all promises are looked at, from midnight on."""
LOADED = STAGES.index("loaded")
PLACES = 6
"""So many places in a line stand for all; each order counts as one of those behind it."""
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
        self._left_day = np.minimum(local_days(truth.left_s) - first, count - 1)

    def look(self, desk: Desk, now_s: int) -> None:
        """Tell of the promises for days to come that are unlikely by now."""
        truth, today = self.truth, datetime.fromtimestamp(now_s, PARIS).toordinal()
        ahead = (desk.leg.due_day > today) & (desk.leg.due_day < today + DAYS)
        promised = np.isfinite(desk.confidence) & np.isinf(self.told_s) & ahead
        rows = np.flatnonzero(promised & ~(desk.leg.delivered_s <= now_s))
        left = truth.left_s[rows] <= now_s
        transit = desk.learned.stages.transit_cdf()
        for hub in range(len(truth.world.hubs)):
            mine = rows[~left & (truth.orders.hub[rows] == hub)]
            if len(mine):
                odds = self._inside(desk, hub, mine, transit, now_s)
                due = desk.leg.due_day[mine] - today
                for number in np.flatnonzero(odds[np.arange(len(mine)), due] < self.unlikely).tolist():
                    self._tell(int(mine[number]), odds[number], today, int(due[number]), now_s)
        known: dict[tuple[int, ...], F64] = {}
        for row in rows[left].tolist():
            lane = truth.orders.hub[row], truth.orders.area[row], truth.orders.option[row], self._left_day[row]
            if lane not in known:
                known[lane] = self._on_road(transit, lane, today)
            due_in = int(desk.leg.due_day[row]) - today
            if known[lane][due_in] < self.unlikely:
                self._tell(row, known[lane], today, due_in, now_s)

    def _tell(self, row: int, odds: F64, today: int, due: int, now_s: int) -> None:
        self.told_s[row] = now_s
        self.new_day[row] = today + self._first_sure(odds, int(self.truth.orders.option[row]), today, due)

    def _first_sure(self, odds: F64, option: int, today: int, due: int) -> int:
        begin = today - self.truth.first_day
        days = np.arange(DAYS)
        allowed = self._open[option, begin : begin + DAYS] & (days > due)
        sure = np.flatnonzero(allowed & (odds >= SURE))
        return int(sure[0]) if len(sure) else int(np.flatnonzero(allowed)[-1])

    def _inside(self, desk: Desk, hub: int, rows: I64, transit: F64, now_s: int) -> F64:
        """Return P(delivered by day d) of orders that are in a hub, first come first served, [n, DAYS]."""
        backlog, orders = desk.scans.backlog(hub, now_s)[0], self.truth.orders
        everyone = np.flatnonzero((orders.hub == hub) & (orders.placed_s < now_s) & (self.truth.left_s > now_s))
        rank = np.searchsorted(everyone, rows)  # orders are numbered as they come: what is furthest on is first
        odds = np.empty((len(rows), DAYS))
        ahead = 0
        for stage in reversed(range(len(STAGES))):
            mine = np.flatnonzero((rank >= ahead) & (rank < ahead + backlog[stage]))
            if len(mine) and stage == LOADED:
                odds[mine] = self._loaded(desk, hub, rows[mine], transit, now_s)
            elif len(mine):
                odds[mine] = self._waiting(
                    desk, hub, rows[mine], backlog, stage, rank[mine] - ahead + 1, transit, now_s
                )
            ahead += int(backlog[stage])
        return odds

    def _loaded(self, desk: Desk, hub: int, rows: I64, transit: F64, now_s: int) -> F64:
        """Return the same of orders that leave with the next wave."""
        today, waves_s = datetime.fromtimestamp(now_s, PARIS).toordinal(), desk.learned.departures[hub].waves_s
        next_s = int(waves_s[np.searchsorted(waves_s, now_s)])
        leaves = datetime.fromtimestamp(next_s, PARIS).toordinal() - self.truth.first_day
        cells = zip(self.truth.orders.area[rows].tolist(), self.truth.orders.option[rows].tolist(), strict=True)
        return np.array([self._on_road(transit, (hub, area, option, leaves), today) for area, option in cells])

    def _waiting(
        self, desk: Desk, hub: int, rows: I64, backlog: I64, stage: int, place: I64, transit: F64, now_s: int
    ) -> F64:
        """Return the same of orders that wait for one kind of work, at a place in its line (1: the next)."""
        places = np.unique(np.quantile(place, np.linspace(0, 1, PLACES), method="higher"))
        schedule = self.truth.world.hubs[hub].schedule
        nothing = np.zeros((SCENARIOS, QUEUE_DAYS * A_DAY_S // STEP_S), np.float32)
        unknown = np.full((len(desk.grid.options), 1), np.nan)
        found = np.empty((len(rows), DAYS))
        group = np.searchsorted(places, place)
        for number, last in enumerate(places.tolist()):
            before = np.where(np.arange(len(backlog)) > stage, backlog, 0)
            before[stage] = last
            state = HubState(schedule, before[None, :], pace=desk.learned.stages.pace[hub])
            departures, cdf = handover_cdf(state, nothing, now_s, now_s, seed=now_s)
            hand_over = HandOver(schedule, departures, cdf)
            curves = Curves(transit[hub : hub + 1], unknown)
            snapshot = build(now_s, [hand_over], desk.grid, curves, 0.5, days=DAYS)
            mine = rows[group == number]
            cells = self.truth.orders.area[mine], self.truth.orders.option[mine]
            found[group == number] = snapshot.ontime[0, 0, 0, cells[0], cells[1]]
        return found

    def _on_road(self, transit: F64, lane: tuple[int, ...], today: int) -> F64:
        """Return P(delivered by day d) of orders that left their hub on a day, [DAYS]; one where nothing tells."""
        hub, area, option, left_day = lane
        opened, begin = self._opened[option], today - self.truth.first_day
        before = int(opened[begin - 1] - opened[left_day]) if begin > left_day else -1
        days = [
            on_the_road(transit[hub, area, option], before, int(opened[begin + ahead] - opened[left_day]))
            if begin + ahead >= left_day
            else 0.0
            for ahead in range(DAYS)
        ]
        return np.nan_to_num(np.array(days), nan=1.0)


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
