"""The orders of a world: an ordinary flow by weekday and hour, and lives on top of it.

Every day is drawn from a stream of its own, so that another future leaves the past as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from data.clock import PARIS
from data.clock import rng as seeded
from data.model.schedule import STEP_S
from data.synthetic.world import World, WorldLive

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I16 = NDArray[np.int16]
DAY_S = 86_400
ORDERS, LIVES, HUBS, ROADS, LAST_LEG = range(5)
"""What a stream of chances is for."""
PURPOSES, ROWS = 8, 1000


@dataclass(frozen=True)
class Draws:
    """Where the chances of a world come from: one stream per day and purpose.

    Parameters
    ----------
    seed : int
        What fixes the draws.
    other_from_day : int
        From this day (ordinal) on, another future is drawn: what a test of leakage scrambles.
    """

    seed: int
    other_from_day: int = 4_000_000

    def of(self, day: int, purpose: int, row: int = 0) -> np.random.Generator:
        """Return the stream of a day (ordinal) for a purpose and, say, the row of a hub."""
        other = 1 if day >= self.other_from_day else 0
        return seeded((((self.seed * 2 + other) * 4_000_037 + day) * PURPOSES + purpose) * ROWS + row)


@dataclass(frozen=True)
class WorldOrders:
    """Orders by the time they came in, one parcel each: arrays [N].

    ``placed_s`` is in seconds since the epoch, ``hub``, ``area`` and ``option`` count as the world lists them, ``live``
    is the row of the live that brought the order, or -1.
    """

    placed_s: I64
    hub: I16
    area: I16
    option: I16
    live: I16

    def __len__(self) -> int:
        return len(self.placed_s)


def midnight_s(day: int) -> int:
    """Return when a day (ordinal) begins in Paris, in seconds since the epoch."""
    return int(datetime.fromordinal(day).replace(tzinfo=PARIS).timestamp())


def local_hours(begin_s: int, end_s: int) -> I64:
    """Return the hour of the day in Paris of every step between two instants, [T]."""
    steps = range(begin_s, end_s, STEP_S)
    return np.array([datetime.fromtimestamp(step, PARIS).hour for step in steps], dtype=np.int64)


def ordinary_rate(world: World, day: int) -> F64:
    """Return the orders expected in each step of an ordinary day, [T, H]."""
    hours = local_hours(midnight_s(day), midnight_s(day + 1))
    hourly = np.array(world.demand.hours)[hours] / (np.sum(world.demand.hours) * 3600 / STEP_S)
    weekday = world.demand.weekdays[datetime.fromordinal(day).weekday()]
    rates: F64 = hourly[:, None] * weekday * np.array([hub.daily_orders for hub in world.hubs])
    return rates


def live_window_s(world: World, live: WorldLive) -> tuple[int, int]:
    """Return when a live starts and ends, in seconds since the epoch."""
    day = datetime.fromordinal(world.first_day.toordinal() + live.day)
    start = day.replace(hour=live.hour, tzinfo=PARIS)
    return int(start.timestamp()), int((start + timedelta(seconds=live.duration_s)).timestamp())


def factor_of(live: WorldLive, burst: float) -> float:
    """Return the orders during a live over those of an ordinary day at the same hours: ``burst`` for a big one."""
    return live.factor or burst


def expected_excess(world: World, live: WorldLive, burst: float) -> F64:
    """Return the orders that a live is expected to bring during its window, on top of the ordinary ones, [H]."""
    start_s, end_s = live_window_s(world, live)
    day = world.first_day.toordinal() + live.day
    first = (start_s - midnight_s(day)) // STEP_S
    window = ordinary_rate(world, day)[first : first + (end_s - start_s) // STEP_S]
    excess: F64 = window.sum(axis=0) * (factor_of(live, burst) - 1)
    return excess


def draw_orders(world: World, draws: Draws, burst: float) -> WorldOrders:
    """Return all orders from the world's first day on.

    Parameters
    ----------
    burst : float
        What the big lives bring, as a multiple of the ordinary orders at the same hours (at least 1).
    """
    first = world.first_day.toordinal()
    parts = [_ordinary_day(world, draws, first + k) for k in range(world.days)]
    parts += [_of_live(world, draws, row, burst) for row in range(len(world.lives))]
    placed_s, hub, area, option, live = (np.concatenate(column) for column in zip(*parts, strict=True))
    turn = np.argsort(placed_s, kind="stable")
    return WorldOrders(placed_s[turn], hub[turn], area[turn], option[turn], live[turn])


Part = tuple[I64, I16, I16, I16, I16]


def _ordinary_day(world: World, draws: Draws, day: int) -> Part:
    rng = draws.of(day, ORDERS)
    noise = world.demand.day_sigma
    rate = ordinary_rate(world, day) * rng.lognormal(-noise * noise / 2, noise)
    counts = rng.poisson(rate)
    step, hub = np.nonzero(counts)
    times = counts[step, hub]
    placed_s = midnight_s(day) + np.repeat(step, times) * STEP_S
    return _orders(world, rng, placed_s, np.repeat(hub, times), -1, np.ones(len(world.areas)))


def _of_live(world: World, draws: Draws, row: int, burst: float) -> Part:
    """Return what a live brings: rushes when a product drops, and a tail of replays after the end."""
    live = world.lives[row]
    start_s, end_s = live_window_s(world, live)
    rng = draws.of(world.first_day.toordinal() + live.day, LIVES, row)
    fame = rng.lognormal(-(world.demand.live_sigma**2) / 2, world.demand.live_sigma)
    inside = rng.poisson(expected_excess(world, live, burst) * fame)
    after = rng.poisson(expected_excess(world, live, burst) * fame * world.demand.tail_share)
    drops_s = np.sort(rng.random(world.demand.drops)) * (end_s - start_s) * 0.9
    weights = rng.lognormal(0.0, 0.5, world.demand.drops)
    count = int(inside.sum())
    drop = drops_s[rng.choice(len(drops_s), count, p=weights / weights.sum())]
    rush = np.where(rng.random(count) < 0.6, rng.exponential(240.0, count), rng.random(count) * (end_s - start_s))
    during_s = start_s + np.minimum(drop + rush, end_s - start_s - 1.0)
    tail_s = end_s + rng.exponential(world.demand.tail_s, int(after.sum()))
    placed_s = (np.concatenate([during_s, tail_s]) // STEP_S * STEP_S).astype(np.int64)
    hub = np.concatenate([np.repeat(np.arange(len(world.hubs)), counts) for counts in (inside, after)])
    return _orders(world, rng, placed_s, hub, row, np.array(live.area_tilt))


def _orders(world: World, rng: np.random.Generator, step_s: I64, hub: I64, live: int, tilt: F64) -> Part:
    """Return orders of given steps and hubs, each at a second of its step, with an area and an option."""
    count = len(step_s)
    shares = np.array([area.hub_shares for area in world.areas]).T * tilt
    limits = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
    area = (rng.random(count)[:, None] > limits[hub]).sum(axis=1).clip(0, len(world.areas) - 1)
    likes = np.array([option.share for option in world.options])
    option = rng.choice(len(likes), count, p=likes / likes.sum())
    second = rng.integers(0, STEP_S, count)
    small = (hub.astype(np.int16), area.astype(np.int16), option.astype(np.int16))
    return (step_s + second, *small, np.full(count, live, dtype=np.int16))
