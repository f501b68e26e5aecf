"""The best that could be promised: by one who knows the true distributions and capacities, but not the draws to come.

At any moment the oracle sees every queue as it is, how well each hub works today and whether its sorting stands still;
what comes is drawn anew, many times, from the world's own truth, and sent through the same recursion as the real
parcels. As hubs serve in turn, later orders can't change an order's place: its odds need no forecast of demand. When it
chooses, days are left out whose tours are full by places held and parcels that come back (:mod:`promise.room`), as for
us.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from data.clock import rng as seeded
from data.model.schedule import STEP_S, Workload
from data.synthetic.world import World
from data.synthetic.world_hub import draw_factors, draw_standstill, kinds_of, leaves_s, nominal_pace, when_reached
from data.synthetic.world_orders import F64, I64, midnight_s
from data.synthetic.world_roads import local_days
from promise.simulate_truth import A_DAY_S, Truth

SCENARIOS = 48
HORIZON = 16
"""Days from the day of the order on that may be promised."""
REFRESH_S = 4 * 3600
"""So often the oracle draws futures; between, it counts the orders that came in, exactly."""


def ontime_odds(truth: Truth, rows: I64, seed: int) -> F64:
    """Return P(delivered by the d-th day from the order's day) if tours have room, [N, HORIZON].

    Parameters
    ----------
    rows : int64 [N]
        Orders, in the order they came in.
    """
    odds = np.empty((len(rows), HORIZON))
    drawn = truth.orders
    for hub in range(len(truth.world.hubs)):
        futures = Futures(truth, hub, seed)
        mine = np.flatnonzero(drawn.hub[rows] == hub)
        window = drawn.placed_s[rows[mine]] // REFRESH_S
        for part in np.split(mine, np.flatnonzero(np.diff(window)) + 1):
            begin_s = int(drawn.placed_s[rows[part[0]]]) // REFRESH_S * REFRESH_S
            odds[part] = _by_day(truth, rows[part], futures.leaves_s(begin_s, rows[part]))
    return odds


@dataclass
class Futures:
    """What may come at one hub."""

    truth: Truth
    hub: int
    seed: int

    def __post_init__(self) -> None:
        world, hub = self.truth.world, self.truth.world.hubs[self.hub]
        rng = seeded(self.seed * 1009 + self.hub)
        first, kinds = world.first_day.toordinal(), kinds_of(hub.schedule)
        edges_s = np.array([midnight_s(first + day) for day in range(world.days + 1)])
        self.day_of_step = np.repeat(np.arange(world.days), np.diff(edges_s) // STEP_S)
        self.factor = draw_factors(rng, hub, (SCENARIOS, world.days, len(kinds)))
        steps = len(self.day_of_step)
        self.down = np.array([draw_standstill(rng, hub, steps) for _ in range(SCENARIOS)])
        self.nominal = nominal_pace(hub.schedule, int(edges_s[0]), steps)
        self.sorts = np.array([kind is Workload.SORT for kind in kinds])
        self.rng = rng
        self.number = np.empty(len(self.truth.orders), dtype=np.int64)
        self.number[self.truth.rows[self.hub]] = np.arange(len(self.truth.rows[self.hub]))

    def leaves_s(self, now_s: int, rows: I64) -> F64:
        """Return when orders of the coming hours would leave the hub, in each scenario, [S, n]; inf if too late."""
        done_s, last = self.truth.done_s[self.hub], self.number[rows[-1]]
        line = np.arange(int(np.searchsorted(done_s[-1], now_s, side="right")), last + 1)
        begin = (now_s - self.truth.hubs[self.hub].begin_s) // STEP_S
        pace = self._pace(begin, begin + HORIZON * A_DAY_S // STEP_S)
        placed_s = self.truth.orders.placed_s[self.truth.rows[self.hub][line]].astype(np.float64)
        ready_s: F64 = np.broadcast_to(placed_s, (SCENARIOS, len(line)))
        for kind in range(len(done_s)):
            past = int(np.searchsorted(done_s[kind][line], now_s, side="right"))
            known = np.broadcast_to(done_s[kind][line[:past]], (SCENARIOS, past))
            ready_s = np.hstack([known, _through(pace[:, kind], now_s, ready_s[:, past:])])
        schedule = self.truth.world.hubs[self.hub].schedule
        return leaves_s(schedule, ready_s[:, self.number[rows] - line[0]], now_s - A_DAY_S, now_s + HORIZON * A_DAY_S)

    def _pace(self, begin: int, end: int) -> F64:
        """Return parcels per step of each kind of work from now on, [S, kinds, T]; today's factors are true."""
        end = min(end, len(self.day_of_step))
        days = self.day_of_step[begin:end]
        factor = self.factor.copy()
        factor[:, days[0]] = self.truth.hubs[self.hub].factor[days[0]]
        pace = self.nominal[:, begin:end] * factor[:, days].transpose(0, 2, 1)
        down = self.down[:, begin:end].copy()
        if begin and self.truth.hubs[self.hub].down[begin - 1]:
            mean = self.truth.world.hubs[self.hub].truth.breakdown_s / STEP_S
            left = np.ceil(self.rng.exponential(mean, SCENARIOS))
            down |= np.arange(end - begin) < left[:, None]
        pace[:, self.sorts] *= ~down[:, None]
        return pace


def _through(pace: F64, begin_s: int, ready_s: F64) -> F64:
    """Return when parcels in line leave one kind of work, in each scenario, [S, n]: as the real ones do."""
    grid_s = (begin_s + STEP_S * np.arange(pace.shape[1] + 1)).astype(np.float64)
    could = np.hstack([np.zeros((len(pace), 1)), np.cumsum(pace, axis=1)])
    at = np.clip((ready_s - begin_s) / STEP_S, 0.0, pace.shape[1] - 1e-6)
    step = at.astype(np.int64)
    scenario = np.arange(len(pace))[:, None]
    place = np.arange(ready_s.shape[1])
    clock = could[scenario, step] + (at - step) * pace[scenario, step]
    clock = (np.maximum.accumulate(clock - place, axis=1) + place + 1.0).astype(np.float64)
    return np.array([when_reached(grid_s, one, level) for one, level in zip(could, clock, strict=True)])


def _by_day(truth: Truth, rows: I64, left_s: F64) -> F64:
    """Return P(delivered by day d | room), [n, HORIZON], from departures [S, n]: roads, closed days, failures."""
    today = int(truth.placed_day[rows[0]])
    parts = np.flatnonzero(np.diff(truth.placed_day[rows])) + 1
    if len(parts):
        halves = zip(np.split(rows, parts), np.split(left_s, parts, axis=1), strict=True)
        return np.concatenate([_by_day(truth, *half) for half in halves])
    world, orders = truth.world, truth.orders
    days = local_days(left_s.ravel()).reshape(left_s.shape) - today
    days += np.array([area.road_days for area in world.areas])[orders.area[rows], orders.hub[rows]]
    at_depot = np.array([(days == day).mean(axis=0) for day in range(HORIZON)]).T
    extra = extra_days(world).tolist()
    at_depot = np.sum([np.pad(at_depot, ((0, 0), (k, 0)))[:, :HORIZON] * p for k, p in enumerate(extra)], axis=0)
    odds = np.empty((len(rows), HORIZON))
    for option, one in enumerate(world.options):
        mine = orders.option[rows] == option
        is_open = [one.option.calendar.is_open(date.fromordinal(today + day)) for day in range(HORIZON)]
        opened = np.concatenate([[0], np.cumsum(is_open)])
        tries = np.maximum(opened[None, 1:] - opened[:-1, None], 0)  # [from, to]
        odds[mine] = at_depot[mine] @ np.triu(1 - one.failed**tries)
    return odds


def extra_days(world: World) -> F64:
    """Return P(a parcel reaches the depot k days later than its wave should), k = 0..3."""
    roads = world.roads
    late = roads.bad_day_odds * roads.late_odds_bad_day + (1 - roads.bad_day_odds) * roads.late_odds
    truck, parcel = [1 - late, late], [1 - roads.astray, roads.astray / 2, roads.astray / 2]
    return np.convolve(truck, parcel)
