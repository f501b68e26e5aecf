"""A year of a market place's deliveries, drawn: many sellers, 27 states, one week of two to three times the orders.

What it is like is taken from the public facts about a Brazilian market place of that kind: promises of about 24 days
with wide padding, durations of about 12 days with a heavy tail, slow from November to March and fast from April to
August, states that differ by a factor of three, few deliveries at week-ends. Worlds differ in *mechanism*: what a burst
meets is a share of its backlog that sellers or carriers can't absorb, from "none" (a hundred times the orders take
as long) to "all" (a fixed output a day), served in turn or all at once. A rule tuned on all of them is tuned on no set.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from data.clock import rng as seeded
from data.errors import InputError
from data.sources.deliveries import NEVER, Deliveries

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

DAY_S = 86_400
FIRST_DAY = date(2017, 9, 1)
SHARES = (0.42, 0.13, 0.12, 0.055, 0.05, 0.037, 0.034, 0.022, 0.02, 0.02, 0.017, 0.013, 0.01)
"""Of the states' orders; the other 14 share what is left."""
KM = (150, 450, 550, 1100, 500, 700, 1900, 1000, 900, 950, 2600, 2900, 2800, 1500, 3000, 1100, 2700, 2600, 2800, 2400,
      2200, 1700, 2600, 2900, 3000, 3000, 3000)  # fmt: skip
SELLERS, SELLER_AREAS = 500, 6
SELLER_AREA_SHARES = (0.70, 0.09, 0.08, 0.05, 0.05, 0.03)
VOLUME = (0.62, 0.67, 1.0, 0.85, 1.1, 1.05, 1.1, 1.05, 1.05, 0.95, 0.95, 1.0)  # by month from September
SLOWNESS = (1.0, 1.0, 1.05, 1.08, 1.08, 1.25, 1.25, 0.95, 0.92, 0.78, 0.74, 0.72)  # of carriers, likewise
SELLS = (1.1, 1.1, 1.08, 1.05, 1.0, 0.8, 0.87)  # by weekday, from Monday
HANDS_OVER = (1.25, 1.25, 1.25, 1.25, 1.25, 0.5, 0.25)
CARRIES = (1.2, 1.2, 1.2, 1.2, 1.2, 0.75, 0.25)
BURST_SHAPE = (0.2, 0.2, 0.3, 0.6, 5.2, 2.0, 1.5, 1.4, 1.2, 0.9, 0.6, 0.4)  # orders added, in days of usual ones
BURST_FROM = 80  # the Monday of that week, the 81st day


@dataclass(frozen=True)
class DeliveryWorld:
    """What a burst meets.

    Attributes
    ----------
    sellers, carriers : float
        Share of a backlog above the usual that is not absorbed, 0 (output grows with it) to 1 (output is fixed).
    in_turn : float
        How much a late comer waits for those before it, 0 (all slow down alike) to 1.
    burst : float
        Size of the burst; 1 = 2.5 times the orders of a usual week.
    lost : float
        Share of parcels that never arrive.
    """

    name: str
    sellers: float
    carriers: float
    in_turn: float = 0.0
    burst: float = 1.0
    lost: float = 0.005


WORLDS = (
    DeliveryWorld("both", 0.35, 0.35),
    DeliveryWorld("sellers", 0.65, 0.15),
    DeliveryWorld("carriers", 0.10, 0.45),
    DeliveryWorld("in turn", 0.50, 0.45, in_turn=0.7),
    DeliveryWorld("small burst", 0.50, 0.45, burst=0.6),
    DeliveryWorld("large burst", 0.35, 0.30, burst=1.5),
    DeliveryWorld("elastic", 0.1, 0.15),
)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """What is known of the N orders before their journey; work is in days at the usual pace."""

    bought: F64
    seller: I64
    state: I64
    seller_area: I64
    distance_m: F64
    weight_g: F64
    approved: F64
    handling: F64
    transit: F64
    usual: F64


def synthetic_deliveries(world: DeliveryWorld, orders: int = 20_000, days: int = 365, seed: int = 1) -> Deliveries:
    """Return about ``orders`` orders bought over ``days`` days from 1 September 2017 on, as known 60 days later.

    Raises
    ------
    InputError
        ``invalid_count``: fewer than 200 orders or 120 days.
    """
    if orders < 200 or days < 120:
        message = f"{orders} orders over {days} days asked for"
        raise InputError("invalid_count", message, action="ask for 200 orders over 120 days, or more")
    rng = seeded(seed)
    drawn = _draw(rng, world, orders, days)
    handed, delivered = _travel(rng, world, drawn, days + 60)
    return _as_file(rng, world, drawn, handed, delivered, days + 60)


def _monthly(values: tuple[float, ...], days: int) -> F64:
    """Return a smooth year through one value a month."""
    middles = np.arange(-1, 14) * 30.4 + 15.2
    return np.interp(np.arange(days), middles, [values[-1], *values, *values[:2]])


def _weekday(day: I64) -> I64:
    return (day + FIRST_DAY.weekday()) % 7


def _draw(rng: np.random.Generator, world: DeliveryWorld, orders: int, days: int) -> _Drawn:
    day = np.arange(days)
    rate = _monthly(VOLUME, days) * np.array(SELLS)[_weekday(day)]
    rate[BURST_FROM : BURST_FROM + len(BURST_SHAPE)] += world.burst * np.array(BURST_SHAPE) * rate[BURST_FROM - 7]
    count = rng.poisson(rate * orders / rate.sum())
    n = int(count.sum())
    bought: F64 = np.sort(np.repeat(day, count) + np.clip(rng.normal(0.62, 0.22, n), 0.0, 0.999))
    volume = rng.pareto(1.1, SELLERS) + 0.05
    seller = rng.choice(SELLERS, n, p=volume / volume.sum())
    area = rng.choice(SELLER_AREAS, SELLERS, p=SELLER_AREA_SHARES)[seller]
    shares = np.array([*SHARES, *[(1 - sum(SHARES)) / 14] * 14])
    state = rng.choice(27, n, p=shares / shares.sum())
    distance = np.clip(np.array(KM)[state] * rng.lognormal(0.0, 0.3, n) + 250.0 * area, 5.0, 3_400.0) * 1000
    weight = np.clip(rng.lognormal(6.6, 1.2, n), 50.0, 30_000.0)
    approved = np.where(rng.random(n) < 0.8, rng.exponential(0.02, n), rng.gamma(2.0, 0.7, n))
    pace = rng.lognormal(0.6, 0.55, SELLERS)[seller]
    handling = pace * rng.lognormal(-0.1, 0.6, n) + np.where(rng.random(n) < 0.04, rng.exponential(8.0, n), 0.0)
    state_pace = rng.lognormal(0.0, 0.15, 27)[state]
    usual = (4.0 + 3.2 * (distance / 1e6) ** 0.8 + 2.5 * (area > 0)) * state_pace * (weight / 1000) ** 0.03
    transit = usual * rng.lognormal(-0.06, 0.47, n) + np.where(rng.random(n) < 0.05, rng.exponential(14.0, n), 0.0)
    return _Drawn(bought, seller, state, area, distance, weight, approved, handling, transit, usual + pace)


def _travel(rng: np.random.Generator, world: DeliveryWorld, drawn: _Drawn, days: int) -> tuple[F64, F64]:
    """Let the days pass: each parcel's work shrinks at the pace of the day. Return hand-over and delivery, in days."""
    n = len(drawn.bought)
    handed, delivered = np.full(n, np.inf), np.full(n, np.inf)
    starts = drawn.bought + drawn.approved
    handling, transit = drawn.handling.copy(), drawn.transit.copy()
    transit[rng.random(n) < world.lost] = np.inf
    weather = np.exp(np.cumsum(rng.normal(0.0, 0.02, (days, 27)), axis=0) * 0.7)
    slow = _monthly(SLOWNESS, days)[:, None] * weather
    usual = np.zeros(2)
    for day in range(days):
        week = int(_weekday(np.array(day)))
        waiting = np.flatnonzero((starts < day + 1) & np.isinf(handed))
        rolling = np.flatnonzero(handed < day)  # taken before the day's hand-overs
        rolling = rolling[np.isinf(delivered[rolling]) & np.isfinite(transit[rolling])]
        backlog = np.array([len(waiting), len(rolling)], dtype=np.float64)
        usual = backlog if day < 14 else usual + (backlog - usual) * np.where(backlog < 1.25 * usual, 0.03, 0.003)
        excess = np.maximum(1.0, backlog / np.maximum(usual, 1.0))
        pace = HANDS_OVER[week] / excess[0] ** world.sellers * _turn(world, len(waiting), excess[0])
        _work(handling, waiting, pace, np.minimum(1.0, day + 1 - starts[waiting]), handed, day, rng)
        pace = CARRIES[week] / excess[1] ** world.carriers / slow[day, drawn.state[rolling]]
        order = np.argsort(handed[rolling], kind="stable")
        rolling, pace = rolling[order], pace[order] * _turn(world, len(rolling), excess[1])
        _work(transit, rolling, pace, np.ones(len(rolling)), delivered, day, rng)
    return handed, delivered


def _turn(world: DeliveryWorld, parcels: int, excess: float) -> F64:
    """Return how the pace is shared out in order of arrival; the mean stays 1 where there is a backlog."""
    place = (np.arange(parcels) + 0.5) / max(parcels, 1)
    tilt = world.in_turn * min(1.0, excess - 1.0)
    return 1.0 + tilt * (1.0 - 2.0 * place)


def _work(left: F64, rows: I64, pace: F64, part: F64, done: F64, day: int, rng: np.random.Generator) -> None:
    """Take a day's work (a part of it on the first day) off what is left; note when it ends."""
    left[rows] -= pace * part
    ended = rows[left[rows] <= 0]
    done[ended] = day + rng.uniform(0.4, 0.85, len(ended))


def _as_file(
    rng: np.random.Generator, world: DeliveryWorld, drawn: _Drawn, handed: F64, delivered: F64, end: int
) -> Deliveries:
    n = len(drawn.bought)
    first_s = int((datetime.combine(FIRST_DAY, datetime.min.time()) - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001
    handed = np.maximum(handed, drawn.bought + 0.01)
    delivered = np.maximum(delivered, handed + 0.2)

    def second(at: F64) -> I64:
        known = at < end
        return np.where(known, first_s + (np.where(known, at, 0.0) * DAY_S).astype(np.int64), NEVER)

    def ordinal(seconds: I64) -> I64:
        days = FIRST_DAY.toordinal() + (seconds - first_s) // DAY_S
        return np.where(seconds == NEVER, NEVER, days)

    month = _monthly((1.0, 1.0, 1.0, 1.08, 1.12, 1.1, 1.0, 1.0, 0.96, 1.05, 0.82, 0.72), end)[drawn.bought.astype(int)]
    padded = month * (10.0 + 1.5 * drawn.usual) + rng.normal(0.0, 4.5, n)
    bought_s, handed_s, delivered_s = second(drawn.bought), second(handed), second(delivered)
    return Deliveries(
        order_id=np.array([f"o{row:06d}" for row in range(n)]),
        purchased_s=bought_s,
        approved_s=second(drawn.bought + drawn.approved),
        handed_s=handed_s,
        delivered_s=delivered_s,
        purchased_day=ordinal(bought_s),
        handed_day=ordinal(handed_s),
        delivered_day=ordinal(delivered_s),
        promised_day=ordinal(bought_s) + np.maximum(padded, 3.0).astype(np.int64),
        origin=np.array([f"s{seller:03d}" for seller in drawn.seller]),
        origin_area=np.array([f"A{area}" for area in drawn.seller_area]),
        destination_area=np.array([f"D{state:02d}" for state in drawn.state]),
        option=np.full(n, ""),
        weight_g=drawn.weight_g.round(),
        distance_m=drawn.distance_m.round(),
    )
