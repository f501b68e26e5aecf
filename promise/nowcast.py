"""A live's orders: before it from its announcement, during it from what is seen, after it the tail of replays.

The log of the order rate in each step is Gaussian: a level and its wandering around the course of past lives.
Orders and additions to cart read that rate, the latter through a ratio of the live's own; viewers read the crowd, which
the level goes with. A jump in viewers alone lifts the whole live: were it read as a passing one, more viewers than the
orders seen account for would mean fewer orders to come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from data.clock import rng as seeded
from data.model.live import Live, PastLive, Signal
from data.model.schedule import STEP_S
from promise.course import RAMPS, gathered
from promise.cox import Belief, Floats, Seen, condition
from promise.habits import FEWEST_ORDERS, Habits
from promise.habits import learn as habits_of
from promise.reach import NORMAL_80, reach_of, stretch
from promise.steps import Span, Watched, watched
from promise.stock import Shelf, shelf

LEAST_COVERED = 1e-6
MOST_IN_COMMON = 0.9
REPLAYED_S, REPLAYS, LEAST_SIDE = (600, 1800), 200, 0.02
LARGEST_LOG = 14.0
"""No step of five minutes brings more than e**14 orders: keeps a wild draw finite."""


@dataclass(frozen=True)
class Nowcast:
    """What is believed of a live or a burst at one instant.

    Attributes
    ----------
    begin_s : int
        First instant of its first step of ``STEP_S``.
    orders : float64 [N]
        Orders seen so far, by step.
    ahead : float64 [N]
        The part of each step nothing was seen of, 0..1.
    shelf : Shelf
        What may still be sold.
    beliefs, weights
        Of the log demand rate; several for a burst, one for each course it may take. Entries 0..N-1 are the steps.
    stretch
        Factor on the distance of a draw from its mean, so that intervals hold what they say.
    """

    begin_s: int
    orders: Floats
    ahead: Floats
    shelf: Shelf
    beliefs: tuple[Belief, ...]
    weights: Floats
    stretch: float = 1.0

    def demand(self, scenarios: int, rng: np.random.Generator) -> Floats:
        """Return expected orders still to come by step, as if stock were endless, float64 [scenarios, N]."""
        n = len(self.orders)
        courses = rng.choice(len(self.beliefs), scenarios, p=self.weights)
        drawn = np.zeros((scenarios, n))
        for course, belief in enumerate(self.beliefs):
            chosen = np.flatnonzero(courses == course)
            if len(chosen):
                middle = belief.mean[:n]
                drawn[chosen] = middle + self.stretch * (belief.draw(len(chosen), rng, 0, n) - middle)
        rates: Floats = np.exp(np.minimum(drawn, LARGEST_LOG)) * self.ahead
        return rates

    def to_come(self, scenarios: int, rng: np.random.Generator) -> Floats:
        """Return expected orders still to come within the stock, by group: float64 [G, scenarios, N]."""
        return self.shelf.sell(self.demand(scenarios, rng))

    def between(self, from_s: int, to_s: int, scenarios: int, rng: np.random.Generator) -> Floats:
        """Return drawn orders still to come between two instants, float64 [scenarios]; partial steps by time."""
        edges = np.clip(self.begin_s + STEP_S * np.arange(len(self.orders) + 1), from_s, to_s)
        within = np.diff(edges) / STEP_S
        part = np.minimum(within / np.maximum(self.ahead, LEAST_COVERED), 1.0)
        expected = (self.to_come(scenarios, rng).sum(axis=0) * part).sum(axis=1)
        return rng.poisson(expected).astype(np.float64)

    def total(self, scenarios: int, rng: np.random.Generator) -> Floats:
        """Return drawn totals, seen and to come with the tail, float64 [scenarios]."""
        expected = self.to_come(scenarios, rng).sum(axis=(0, 2))
        return self.orders.sum() + rng.poisson(expected)


def learn(past: Sequence[PastLive], signals: Mapping[str, Sequence[Signal]]) -> Habits:
    """Learn the habits of lives and how far to trust them.

    The later half of the past is forecast again, some minutes into each live, by what the earlier half taught; the
    spread is stretched until 80 % of the totals lie within their 80 % interval.

    Parameters
    ----------
    past : sequence of PastLive
        Lives that are over, oldest first.
    signals : mapping of live id to signals
        What was seen of some of them; a live without signals teaches its totals only.
    """
    half = len(past) // 2
    known = habits_of(past[:half], signals)
    scores = [
        _score(live(known, one.live, signals[one.live.id], int(one.live.start_at.timestamp()) + after_s), one.orders)
        for one in past[half:]
        for after_s in REPLAYED_S
        if one.orders >= FEWEST_ORDERS and signals.get(one.live.id)
    ]
    return replace(habits_of(past, signals), stretch=stretch(np.array(scores)))


def _score(found: Nowcast, orders: int) -> float:
    """Return how many standard deviations the log of a total is from its median, by the 80 % interval."""
    low, middle, high = np.log(np.maximum(np.quantile(found.total(REPLAYS, seeded(orders)), (0.1, 0.5, 0.9)), 1.0))
    side = high - middle if np.log(orders) > middle else middle - low
    return float(abs(np.log(orders) - middle) / max(side, LEAST_SIDE) * NORMAL_80)


def live(habits: Habits, announced: Live, signals: Sequence[Signal], now_s: int) -> Nowcast:
    """Return what is believed of a live at ``now_s``, before, during or after it.

    Parameters
    ----------
    signals : sequence of Signal
        Those of this live; what came after ``now_s`` is not looked at.
    """
    grid = habits.span(announced)
    seen = watched(grid, [one for one in signals if one.live_id == announced.id], now_s)
    left, part = shelf(announced.sku_groups).after(seen.orders)
    belief, _ = condition(prior(habits, announced, grid), _observed(habits, grid, seen, part))
    return Nowcast(
        grid.begin_s,
        seen.orders,
        1 - seen.covered,
        left,
        (belief,),
        np.ones(1),
        habits.stretch if seen.covered.any() else 1.0,
    )


def prior(habits: Habits, announced: Live, grid: Span) -> Belief:
    """Return what is believed before anything is seen: steps, then the logs of its crowd and of its carts per order."""
    level, level_sd = habits.reach.predict(announced)
    during, after = habits.course.during(grid), np.exp(habits.tail_log) * habits.tail_of(grid)
    tail = after / (during + after)
    varied = habits.variation.cov(grid.middles_s)
    mean = level + np.log(during + after) - np.diag(varied) / 2
    varied += habits.tail_sd**2 * np.outer(tail, tail) + level_sd**2
    starting = np.where(grid.lived > 0, gathered(grid), RAMPS - 1)
    mean += habits.start_log[starting]
    varied += np.diag(habits.start_sd[starting] ** 2)
    crowd = habits.crowd
    cov = np.zeros((grid.steps + 2, grid.steps + 2))
    cov[:-2, :-2] = varied
    # A live that draws more than was announced sells more: crowd and level have that part in common.
    cov[-2, :-2] = cov[:-2, -2] = min(crowd.present_sd**2, MOST_IN_COMMON * crowd.present_sd * level_sd)
    cov[-2, -2], cov[-1, -1] = crowd.present_sd**2, habits.carts_sd**2
    present = crowd.present_log + np.log(reach_of(announced))
    return Belief(np.concatenate([mean, [present, habits.carts_log]]), cov)


def _observed(habits: Habits, grid: Span, seen: Watched, part: Floats) -> Seen:
    counted = np.flatnonzero(seen.covered > LEAST_COVERED)
    read = np.flatnonzero((seen.viewers > 0) & (grid.lived > 0))
    steps = np.eye(grid.steps + 2)
    offset = np.log(seen.covered[counted] * part[counted])
    return Seen(
        rows=np.vstack([steps[counted], steps[counted] + steps[-1], np.tile(steps[-2], (len(read), 1))]),
        counts=np.concatenate([seen.orders[counted], seen.carts[counted]]),
        offset=np.tile(offset, 2),
        background=np.zeros(2 * len(counted)),
        readings=np.log(seen.viewers[read]) - habits.crowd.ramp_log[gathered(grid)[read]],
        variances=np.full(len(read), habits.crowd.reading_sd**2),
    )
