"""Lives with their signals: what was announced, what a live's crowd did, what it bought, then and in the replays.

Like :mod:`data.synthetic.signals`, its truth is not what the forecast assumes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from data.clock import PARIS
from data.clock import rng as seeded
from data.model.live import Live, PastLive, Signal
from data.synthetic.live import BRANDS
from data.synthetic.signals import day_course, wander

CREATORS, CREATOR_SD, CREATOR_TAIL, FAME_MEDIAN, FAME_SD = 12, 0.40, 4, 9_000, 0.8
BRAND_SD, REACH_NOISE_SD, LIVE_SD, LIVE_TAIL, CONVERSION = 0.15, 0.35, 0.32, 5, 0.047
HOURS, HOURS_SHARES, START_HOURS = (1, 2, 3, 12), (0.35, 0.4, 0.2, 0.05), (12, 18, 19, 20, 20, 21)
PRESENT_SHARE, JOIN_MIN, PUSHES_PER_HOUR, PUSH, PUSH_LIFE_MIN = 0.25, 8.0, 0.5, 0.4, 25.0
DROP_EVERY_MIN, DROP_LIFE_MIN, DROP_HEIGHT, STEADY = 5.0, 4.0, 1.2, 0.6
CROWD_SD, CROWD_LIFE_MIN, MINUTE_SHAPE, CARTS_PER_ORDER, CARTS_SD = 0.18, 25.0, 10.0, 2.0, 0.25
TAIL_SHARE, TAIL_SD, TAIL_BEND_MIN, TAIL_POWER, TAIL_MIN = 0.2, 0.45, 150.0, 2.2, 24 * 60
SIGNAL_MIN, TAIL_SIGNAL_MIN = 5, 30


@dataclass(frozen=True)
class SeenLive:
    """A live as it turned out: its announcement with the totals, its signals, and its orders by minute from its start.

    ``orders`` is int64 [minutes of the live and of the day after it]. ``expected`` float64 is what only oracles know:
    what it would sell in each of them if its crowd neither wandered nor jumped and nothing came in rushes.
    """

    past: PastLive
    signals: tuple[Signal, ...]
    orders: NDArray[np.int64]
    expected: NDArray[np.float64]


def lives(begin: date, count: int, seed: int, every_days: int = 2) -> tuple[SeenLive, ...]:
    """Return ``count`` lives in a row, one every few days, of creators and brands of various strength."""
    rng = seeded(seed * 7919 + 17)
    strength = CREATOR_SD * rng.standard_t(CREATOR_TAIL, CREATORS)
    fame = FAME_MEDIAN * np.exp(FAME_SD * rng.standard_normal(CREATORS))
    appeal = dict(zip(BRANDS, BRAND_SD * rng.standard_normal(len(BRANDS))))
    found = []
    for number in range(count):
        creator = int(rng.integers(CREATORS))
        brands = tuple(sorted(rng.choice(BRANDS, int(rng.integers(1, 5)), replace=False).tolist()))
        expected = float(np.mean([appeal[brand] for brand in brands]) + strength[creator])
        day = begin + timedelta(days=number * every_days)
        found.append(
            _live(rng, f"live-{number + 1:04d}", day, f"creator-{creator + 1}", brands, fame[creator], expected)
        )
    return tuple(found)


def _live(
    rng: np.random.Generator,
    live_id: str,
    day: date,
    creator: str,
    brands: tuple[str, ...],
    fame: float,
    log_sales: float,
) -> SeenLive:
    crowd = fame * np.exp(0.5 * rng.standard_normal())
    hours = int(rng.choice(HOURS, p=HOURS_SHARES))
    hour = 10 if hours == 12 else int(rng.choice(START_HOURS))
    start_at = datetime(day.year, day.month, day.day, hour, tzinfo=PARIS)
    announced = Live(
        id=live_id,
        start_at=start_at,
        end_at=start_at + timedelta(hours=hours),
        brands=brands,
        creators=(creator,),
        reach=max(round(crowd * np.exp(REACH_NOISE_SD * rng.standard_normal())), 1),
    )
    sales = crowd * CONVERSION * np.exp(log_sales + LIVE_SD * rng.standard_t(LIVE_TAIL))
    present = _present(rng, crowd, hours * 60)
    during = _during(rng, present, sales)
    tail = _tail(rng, sales, hour + hours)
    orders = rng.poisson(np.concatenate([during, tail]))
    wanted = CARTS_PER_ORDER * np.exp(CARTS_SD * rng.standard_normal()) * np.concatenate([during, tail])
    carts = rng.poisson(wanted * rng.gamma(MINUTE_SHAPE, 1 / MINUTE_SHAPE, len(wanted)))
    viewers = np.concatenate([present, np.zeros(len(tail))]).round().astype(np.int64)
    past = PastLive(
        live=announced,
        viewers=round(crowd),
        add_to_cart=int(carts.sum()),
        orders=int(orders.sum()),
        orders_during=int(orders[: hours * 60].sum()),
    )
    usual = _usual_crowd(np.arange(hours * 60, dtype=np.float64) + 0.5)
    expected = np.concatenate([sales * usual / usual.sum(), tail])
    return SeenLive(past, _signals(announced, viewers, carts, orders), orders, expected)


def _usual_crowd(minute: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean crowd at each minute: those who join, and what pushes bring on average."""
    joined = 1 / (1 + np.exp(-(minute - JOIN_MIN) / (JOIN_MIN / 3)))
    pushed = PUSHES_PER_HOUR / 60 * PUSH * PUSH_LIFE_MIN * (1 - np.exp(-minute / PUSH_LIFE_MIN))
    crowd: NDArray[np.float64] = joined + pushed
    return crowd


def _present(rng: np.random.Generator, crowd: float, minutes: int) -> NDArray[np.float64]:
    """Return the viewers of each minute: they join, wander, and jump when the platform pushes the live."""
    minute = np.arange(minutes) + 0.5
    joined = 1 / (1 + np.exp(-(minute - JOIN_MIN) / (JOIN_MIN / 3)))
    for at in np.flatnonzero(rng.random(minutes) < PUSHES_PER_HOUR / 60).tolist():
        joined += PUSH * rng.exponential() * np.exp(-np.maximum(minute - at, 0) / PUSH_LIFE_MIN) * (minute >= at)
    viewers: NDArray[np.float64] = (
        crowd * PRESENT_SHARE * joined * np.exp(wander(rng, CROWD_SD, CROWD_LIFE_MIN, minutes))
    )
    return viewers


def _during(rng: np.random.Generator, present: NDArray[np.float64], sales: float) -> NDArray[np.float64]:
    """Return the expected orders of each minute: viewers who buy as products drop, ``sales`` in a usual live."""
    minutes = len(present)
    minute = np.arange(minutes) + 0.5
    eager = np.full(minutes, STEADY)
    at = rng.uniform(2, DROP_EVERY_MIN)
    while at < minutes:
        eager += DROP_HEIGHT * rng.gamma(2, 0.5) * np.exp(-np.maximum(minute - at, 0) / DROP_LIFE_MIN) * (minute >= at)
        at += DROP_EVERY_MIN * rng.uniform(0.5, 1.5)
    rate = present * eager * rng.gamma(MINUTE_SHAPE, 1 / MINUTE_SHAPE, minutes)
    expected: NDArray[np.float64] = sales * rate / rate.sum()
    return expected


def _tail(rng: np.random.Generator, sales: float, end_hour: int) -> NDArray[np.float64]:
    """Return the expected orders of each minute of the day after: a power law, by the hour of the day."""
    minute = np.arange(TAIL_MIN) + 0.5
    awake = day_course((end_hour + minute / 60) % 24)
    rate = (1 + minute / TAIL_BEND_MIN) ** -TAIL_POWER * (awake / awake.max() + 0.3)
    share = TAIL_SHARE * np.exp(TAIL_SD * rng.standard_normal())
    expected: NDArray[np.float64] = sales * share * rate / rate.sum()
    return expected


def _signals(
    live: Live, viewers: NDArray[np.int64], carts: NDArray[np.int64], orders: NDArray[np.int64]
) -> tuple[Signal, ...]:
    """Return what was reported: every five minutes while it runs, every half hour after."""
    during = round((live.end_at - live.start_at).total_seconds() / 60)
    ends = [*range(SIGNAL_MIN, during + 1, SIGNAL_MIN)]
    ends += range(during + TAIL_SIGNAL_MIN, len(orders) + 1, TAIL_SIGNAL_MIN)
    begins = [0, *ends[:-1]]
    return tuple(
        Signal(
            live_id=live.id,
            at=live.start_at + timedelta(minutes=end),
            interval_s=60 * (end - begin),
            viewers=int(viewers[end - 1]),
            add_to_cart=int(carts[begin:end].sum()),
            orders=int(orders[begin:end].sum()),
        )
        for begin, end in zip(begins, ends)
    )
