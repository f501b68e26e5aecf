"""How likely promises still are to be kept, by where each order is now: what waits in a hub, what has left it.

An order that waits is looked at by when it was placed: the hub's queue is run from when it was counted, with what has
really come in since, and as the timetable stands now. One that is known to be there still can do no better than one
placed now in a hub that is empty. One that has left has its lane's days, given that it has not come yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from data.model.base import Count, Value
from data.model.promise_state import PromiseState
from data.model.schedule import STEP_S
from promise.grid import Grid
from promise.hub import HubState, handover_cdfs
from promise.pace import Pace
from promise.snapshot import Curves, HandOver, build, local_day
from promise.state import DAY_S, Since, curves_of, inflow_of

F64 = NDArray[np.float64]

MOMENTS = 24
"""So many moments of the past stand for when orders were placed; the odds at those between are between theirs."""
WAITING_S = 5 * DAY_S


class Watched(Value):
    """A promise as far as its odds go; many orders share one.

    Attributes
    ----------
    placed_s : int
        When it was ordered, Unix seconds.
    left_s : int
        When it left its hub, 0: not yet.
    inside : bool
        Whether it is known to be in its hub still: the hub tells what leaves it.
    tried : bool
        Whether today's attempt has failed already.
    """

    hub_id: str
    area_id: str
    option_id: str
    day: date
    placed_s: Count
    left_s: Count = 0
    inside: bool = False
    tried: bool = False


def odds(state: PromiseState, since: Since, watched: Sequence[Watched]) -> F64:
    """Return the probability that each promise is kept, float64 [N]; NaN where nothing tells."""
    found = np.full(len(watched), np.nan)
    grid = Grid(state.areas, state.options)
    hubs = {load.schedule.hub_id: number for number, load in enumerate(state.hubs)}
    areas = {area.id: row for row, area in enumerate(state.areas)}
    curves = curves_of(state, grid)
    rows = [
        (number, hubs[one.hub_id], areas[one.area_id], grid.option_index[one.option_id], one)
        for number, one in enumerate(watched)
        if one.hub_id in hubs and one.area_id in areas and one.option_id in grid.option_index
    ]
    waiting = [row for row in rows if not row[-1].left_s]
    if waiting:
        inside = _Inside(state, grid, curves, since)
        found[[row[0] for row in waiting]] = inside.odds(waiting, is_empty=False)
        still = [row for row in waiting if row[-1].inside]
        if still:
            numbers = [row[0] for row in still]
            found[numbers] = np.fmin(found[numbers], inside.odds(still, is_empty=True))
    for number, hub, area, option, one in rows:
        if one.left_s:
            table = curves.table[hub, option] if curves.table.ndim == 3 else curves.table[option]
            curve = curves.model[hub, area, option]
            curve = curve if np.isfinite(curve).all() else table
            calendar = state.options[option].calendar.at(state.areas[area].region)
            today, left = date.fromordinal(local_day(since.now_s)), date.fromordinal(local_day(one.left_s))
            over = today if one.tried else date.fromordinal(today.toordinal() - 1)
            before = calendar.j(left, over) if over >= left else -1
            found[number] = on_the_road(curve, before, calendar.j(left, one.day) if one.day > over else -1)
    return found


def on_the_road(curve: F64, before: int, due: int) -> float:
    """Return the chance of coming within ``due`` delivery days, given that it has not come within ``before``.

    Parameters
    ----------
    curve : float64 [K + 1]
        P(at most k delivery days).
    before, due : int
        Delivery days after the one it left on; -1: none at all.

    Returns
    -------
    float
        NaN where nothing tells: later than any that is known, it may come any day.
    """
    if due <= before:
        return 0.0
    at = np.concatenate([[0.0], curve])
    come = at[min(before + 1, len(curve))]
    if not np.isfinite(curve).all() or before + 1 >= len(curve) or come > 1.0 - 1e-9:
        return float("nan")
    return float((at[min(due + 1, len(curve))] - come) / (1.0 - come))


class _Inside:
    """The hubs' queues as they are, for those who wait in them."""

    def __init__(self, state: PromiseState, grid: Grid, curves: Curves, since: Since) -> None:
        self.state, self.grid, self.curves, self.since = state, grid, curves, since

    def odds(self, rows: Sequence[tuple[int, int, int, int, Watched]], is_empty: bool) -> F64:
        """Return the odds of orders that wait."""
        now_s = self.since.now_s
        begin_s = now_s if is_empty else self.since.counted_s
        last_s = now_s + STEP_S - 1
        placed_s = np.array([last_s if is_empty else min(max(row[-1].placed_s, begin_s), now_s) for row in rows])
        edges_s = np.unique(np.quantile(placed_s, np.linspace(0, 1, MOMENTS), method="higher"))
        hubs = [self._hub(number, begin_s, edges_s, is_empty) for number in range(len(self.state.hubs))]
        first_day = local_day(begin_s)
        days = max(1, max(row[-1].day.toordinal() for row in rows) - first_day + 1)
        days = min(days, self.state.horizon_days + (now_s - begin_s) // DAY_S + 1)
        snapshot = build(begin_s, hubs, self.grid, self.curves, 0.5, days=days)
        after = np.searchsorted(edges_s, placed_s)
        before = np.maximum(after - 1, 0)
        part = (edges_s[after] - placed_s) / np.maximum(edges_s[after] - edges_s[before], 1)
        day = np.array([row[-1].day.toordinal() for row in rows]) - first_day
        hub, area, option = (np.array([row[part] for row in rows]) for part in (1, 2, 3))
        last_class, day_in = snapshot.ontime.shape[2] - 1, np.clip(day, 0, days - 1)
        sooner, later = (
            snapshot.ontime[hub, epoch, last_class, area, option, day_in].astype(np.float64)
            for epoch in (before, after)
        )
        found: F64 = part * sooner + (1.0 - part) * later
        unknown = (day >= days) | (snapshot.quality[hub, area, option] > 1)
        return np.where(unknown, np.nan, np.where(day < 0, 0.0, found))

    def _hub(self, number: int, begin_s: int, edges_s: NDArray[np.int64], is_empty: bool) -> HandOver:
        load, now_s = self.state.hubs[number], self.since.now_s
        if is_empty:  # what is loaded leaves with its wave, whenever that was filled
            waves = tuple(wave.replace(cutoff_s=0) for wave in load.schedule.waves)
            load = load.replace(schedule=load.schedule.replace(waves=waves))
        backlog = np.zeros_like(np.array(load.backlog)) if is_empty else np.array(load.backlog)
        state = HubState(load.schedule, backlog, np.array(load.class_shares), Pace(mean=load.pace))
        hub = self.since.stopped(state)
        steps = (now_s - begin_s + self.state.horizon_days * DAY_S) // STEP_S
        parcels = inflow_of(load, begin_s, steps, number + 1)
        if is_empty:
            parcels[:] = 0
        else:
            self.since.add_to(parcels, load.schedule.hub_id)
        return HandOver(load.schedule, *handover_cdfs(hub, parcels, begin_s, edges_s.tolist(), number + 1), edges_s)
