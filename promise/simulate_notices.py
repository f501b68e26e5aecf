"""What came of the notices of a simulated world: which broken promises were told before their day, and what was right.

A promise is *moved* if its parcel really comes after its day (whether we told so or not: notices change nothing in the
world) for a cause that is known before the day begins:

- *hub*: it was in its hub still when the last wave left that could have made the day (load, pace, breakdowns);
- *plan*: it came to its depot as planned, and so many with an older claim were there that the tours planned are full.

All of these are to be told before their day begins. Causes of *the day itself* (nobody at home, a tour that carries
less than planned, a truck that is late that morning) and of *the road* (a parcel astray, where nothing is scanned)
can't be, and count apart: their promises are no moved ones, and a notice whose date was broken by them in the end is
neither right nor wrong. A notice is right if its date was broken by its hub or the plan, wrong if the date was kept.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from data.synthetic.world_orders import I64, midnight_s
from data.synthetic.world_roads import local_days
from promise.simulate_engine import Desk
from promise.simulate_truth import Truth
from promise.simulate_watch import Lookout


class Why(IntEnum):
    """Why a day was missed."""

    KEPT, HUB, PLAN, DAY, ROAD = range(5)


@dataclass(frozen=True)
class Notices:
    """What came of a world's notices; counts of scored orders.

    Attributes
    ----------
    orders, late : int
        Promised, and broken.
    by_hub, by_plan, by_day, by_road : int
        Broken, by cause; the first two are those moved.
    moved, moved_told : int
        Moved, and told before the day began.
    notices, right, wrong, apart : int
        Notices, and how their dates ended; ``apart``: broken by the day itself or the road.
    told_again : int
        Notices to customers who had one before.
    told_early_h : float
        Hours from the first notice to the beginning of the old day, median of those moved.
    new_kept : float
        Share of the new dates of first notices that were kept.
    """

    orders: int
    late: int
    by_hub: int
    by_plan: int
    by_day: int
    by_road: int
    moved: int
    moved_told: int
    notices: int
    right: int
    wrong: int
    apart: int
    told_again: int
    told_early_h: float | None
    new_kept: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return them with the shares that are promised."""
        return asdict(self) | shares(self.moved, self.moved_told, self.right, self.wrong)


def shares(moved: int, moved_told: int, right: int, wrong: int) -> dict[str, float | None]:
    """Return the share of moved promises told in time, and of notices right; ``None`` of none."""
    return {
        "told_share": round(moved_told / moved, 4) if moved else None,
        "right_share": round(right / (right + wrong), 4) if right + wrong else None,
    }


def notices(truth: Truth, desk: Desk, lookout: Lookout) -> Notices:
    """Return what came of the notices of a world that is over."""
    rows = truth.scored()
    rows = rows[np.isfinite(desk.confidence[rows])]
    due = desk.leg.due_day[rows]
    why = causes(truth, desk, rows, due)
    told = np.array([one for one in lookout.told if one.row in set(rows.tolist())], dtype=np.int64).reshape(-1, 4)
    ended = causes(truth, desk, told[:, 0], told[:, 1])
    first = told[np.unique(told[:, 0], return_index=True)[1]]
    told_s = np.full(len(truth.orders), np.inf)
    told_s[first[:, 0]] = first[:, 3]
    early_h = (np.array([midnight_s(day) for day in due.tolist()]) - told_s[rows]) / 3600
    moved = (why == Why.HUB) | (why == Why.PLAN)
    in_time = moved & (early_h > 0)
    kept = desk.leg.delivered_day[first[:, 0]] <= first[:, 2]
    count, of_told = (np.bincount(one, minlength=len(Why)).tolist() for one in (why, ended))
    return Notices(
        orders=len(rows),
        late=len(rows) - count[Why.KEPT],
        by_hub=count[Why.HUB],
        by_plan=count[Why.PLAN],
        by_day=count[Why.DAY],
        by_road=count[Why.ROAD],
        moved=int(moved.sum()),
        moved_told=int(in_time.sum()),
        notices=len(told),
        right=of_told[Why.HUB] + of_told[Why.PLAN],
        wrong=of_told[Why.KEPT],
        apart=of_told[Why.DAY] + of_told[Why.ROAD],
        told_again=len(told) - len(first),
        told_early_h=round(float(np.median(early_h[in_time])), 1) if in_time.any() else None,
        new_kept=round(float(kept.mean()), 4) if len(kept) else None,
    )


def causes(truth: Truth, desk: Desk, rows: I64, day: I64) -> I64:
    """Return why the parcels of some orders missed a day (ordinals), :class:`Why`, int64 [n]."""
    orders, depot_day = truth.orders, truth.depot_day[rows]
    road_days = np.array([area.road_days for area in truth.world.areas])[orders.area[rows], orders.hub[rows]]
    planned_day = local_days(truth.left_s[rows]) + road_days
    full = np.zeros(len(rows), dtype=bool)
    for one in np.unique(day).tolist():
        full[day == one] = np.isin(rows[day == one], _left_over(truth, desk, one))
    full &= depot_day == planned_day
    found = np.select(
        [desk.leg.delivered_day[rows] <= day, planned_day > day, (depot_day > day) & (planned_day < day), full],
        [Why.KEPT, Why.HUB, Why.ROAD, Why.PLAN],
        Why.DAY,
    )
    return found.astype(np.int64)


def _left_over(truth: Truth, desk: Desk, day: int) -> I64:
    """Return the orders at the depots on a day that are too far back in their lines for the tours as planned."""
    orders, depot_day = truth.orders, truth.depot_day
    there = np.flatnonzero((depot_day <= day) & (desk.leg.delivered_day >= day))
    cell = orders.area[there].astype(np.int64) * len(truth.world.options) + orders.option[there]
    turn = np.lexsort((depot_day[there], desk.leg.due_day[there], cell))
    line, cell = there[turn], cell[turn]
    place = np.arange(len(line)) - np.searchsorted(cell, cell)
    return line[place >= desk.leg.room.ravel()[cell]]
