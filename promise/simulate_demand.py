"""The forecast of a simulated world's orders: its baseline, its announced lives, and bursts that nobody announced."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from data.model.live import Live, PastLive, Signal
from data.model.schedule import STEP_S
from data.synthetic.world_orders import F64, I64, midnight_s
from data.synthetic.world_signals import announcement, signals
from promise import habits, nowcast, surge
from promise.baseline import Baseline, fit
from promise.bursts import MINUTE_S, Watch
from promise.demand import CHANNELS, Market, Stream, announced, forecast, ordinary, unannounced
from promise.simulate_truth import A_DAY_S, Truth

REFIT_DAYS = 28
SURGE_S = 4 * 3600
"""So long after an alarm a hub's burst is followed, and no other alarm is raised there."""


class Size(TypedDict):
    """How many scenarios a stream has, and what fixes them."""

    scenarios: int
    seed: int


@dataclass
class Demand:
    """What is expected, from what had come in.

    Attributes
    ----------
    surges : dict of int to int
        By hub, when the burst last found there began (seconds since the epoch).
    """

    truth: Truth
    scenarios: int
    surges: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        world, truth = self.truth.world, self.truth
        self.market = _market(truth)
        self.begin_s = midnight_s(truth.first_day)
        steps = (midnight_s(truth.first_day + world.days) - self.begin_s) // STEP_S
        self.known = [row for row, live in enumerate(world.lives) if live.announced]
        ordinary_ones = ~np.isin(truth.orders.live, self.known)
        edges_s = self.begin_s + STEP_S * np.arange(steps + 1)
        self.counts = np.array(
            [
                np.histogram(truth.orders.placed_s[ordinary_ones & (truth.orders.hub == hub)], edges_s)[0]
                for hub in range(len(world.hubs))
            ]
        ).astype(np.float64)
        self.usual = np.ones_like(self.counts, dtype=bool)
        self.placed_s = [truth.orders.placed_s[mine][ordinary_ones[mine]] for mine in truth.rows]
        self.lives = {row: announcement(world, row, truth.burst) for row in self.known}
        self.signals = {row: signals(world, truth.draws, truth.orders, row, habits.TAIL_S) for row in self.known}
        self.baselines: list[Baseline] = []
        self.habits = habits.learn((), {})
        self._watch: Watch | None = None

    def start_day(self, day: int) -> None:
        """Learn from all that came in before a day (ordinal)."""
        now_s = midnight_s(day)
        over = {row: live for row, live in self.lives.items() if live.end_at.timestamp() + habits.TAIL_S <= now_s}
        self.habits = habits.learn(
            [_past(live, self.signals[row]) for row, live in over.items()],
            {live.id: self.signals[row] for row, live in over.items()},
        )
        if not self.baselines or (day - self.truth.first_day) % REFIT_DAYS == 0:
            seen = (now_s - self.begin_s) // STEP_S
            self.baselines = [
                fit(self.begin_s, counts[:seen], usual=usual[:seen])
                for counts, usual in zip(self.counts, self.usual, strict=True)
            ]
            self._watch = self._watch or Watch(np.array([one.minute_dispersion for one in self.baselines]))

    def alarm_s(self, from_s: int, to_s: int) -> int | None:
        """Watch the minutes of an interval; return when the first alarm is raised, the rest is watched later."""
        first_s = from_s // MINUTE_S * MINUTE_S
        minutes = (to_s - first_s) // MINUTE_S
        if self._watch is None or minutes < 1:
            return None
        edges_s = first_s + MINUTE_S * np.arange(minutes + 1)
        counts = np.array([np.diff(np.searchsorted(placed_s, edges_s)) for placed_s in self.placed_s], dtype=np.float64)
        steps = (minutes * MINUTE_S) // STEP_S + 2
        begin_s = first_s // STEP_S * STEP_S
        means = np.array([one.mean(begin_s, steps) for one in self.baselines]) / (STEP_S / MINUTE_S)
        for minute, at_s in enumerate(edges_s[:-1].tolist()):
            muted = np.array([at_s < self.surges.get(hub, 0) + SURGE_S for hub in range(len(counts))])
            onsets_s = self._watch.step(at_s, counts[:, minute], means[:, (at_s - begin_s) // STEP_S], muted)
            found = np.flatnonzero(onsets_s >= 0)
            if len(found):
                for hub in found.tolist():
                    self._note_surge(hub, int(onsets_s[hub]))
                return at_s + MINUTE_S
        return None

    def _note_surge(self, hub: int, onset_s: int) -> None:
        self.surges[hub] = onset_s
        first = (onset_s - self.begin_s) // STEP_S
        self.usual[hub, first : first + surge.HORIZON_S // STEP_S] = False

    def parcels(self, now_s: int, steps: int) -> NDArray[np.float32]:
        """Return parcels to come, [S, steps, H], from ``now_s`` (a multiple of a step) on."""
        return forecast(self.market, now_s, self._streams(now_s, steps), seed=now_s).parcels

    def _streams(self, now_s: int, steps: int) -> list[Stream]:
        market, size = self.market, Size(scenarios=self.scenarios, seed=now_s)
        streams = []
        last = (now_s - self.begin_s) // STEP_S
        day = slice(max(0, last - A_DAY_S // STEP_S), last)
        for hub, one in enumerate(self.baselines):
            level = one.level(now_s, self.counts[hub, day], self.usual[hub, day])
            streams.append(ordinary(market, one, level, now_s, steps, hub_id=market.hub_ids[hub], **size))
            onset_s = self.surges.get(hub, now_s)
            if onset_s < now_s < onset_s + SURGE_S:
                found = surge.nowcast(self._burst(hub, now_s))
                streams.append(unannounced(market, found, now_s, steps, hub_id=market.hub_ids[hub], **size))
        for row, live in self.lives.items():
            begin_s, end_s = live.start_at.timestamp(), live.end_at.timestamp()
            if begin_s < now_s + steps * STEP_S and now_s < end_s + habits.TAIL_S:
                seen = nowcast.live(self.habits, live, self.signals[row], now_s)
                streams += announced(market, live, seen, now_s, steps, **size)
        return streams

    def _burst(self, hub: int, now_s: int) -> surge.Burst:
        """Return what is known of a hub's burst: counts from its onset on, beside what was usual."""
        onset_s = self.surges[hub]
        begin_s = onset_s // STEP_S * STEP_S
        edges_s = np.clip(np.arange(begin_s, now_s + STEP_S, STEP_S), onset_s, now_s)
        counts = np.diff(np.searchsorted(self.placed_s[hub], edges_s)).astype(np.float64)
        mean = self.baselines[hub].mean(begin_s, len(counts)) * np.diff(edges_s) / STEP_S
        return surge.Burst(onset_s, now_s, counts, mean)


def _past(live: Live, seen: tuple[Signal, ...]) -> PastLive:
    during = sum(one.orders for one in seen if one.at <= live.end_at)
    return PastLive(live=live, orders=sum(one.orders for one in seen), orders_during=during)


def _market(truth: Truth) -> Market:
    world = truth.world
    flow: F64 = np.array([area.hub_shares for area in world.areas]) * [hub.daily_orders for hub in world.hubs]
    area: F64 = flow.sum(axis=1) / flow.sum()
    channel: I64 = np.ones(len(CHANNELS), dtype=np.int64)
    return Market(
        hub_ids=tuple(hub.schedule.hub_id for hub in world.hubs),
        area_ids=tuple(one.area.id for one in world.areas),
        group_ids=("",),
        area_shares=area,
        hub_of_area=flow / flow.sum(axis=1, keepdims=True),
        channel_shares=channel / channel.sum(),
        group_shares=np.ones(1),
    )
