"""Two rules to compare with, fitted once on what the warm-up delivered and never touched again.

- A *static table*: the nominal quantile of days, by hub, option, weekday of the order and half of the day.
- A *static conformal* rule: boosted trees for the quantile, with load among what they see, corrected by the conformal
  quantile of their errors on the second half of the warm-up (Romano, Patterson and Candès, 2019).

Both know the option's calendar: a day it is closed becomes the next open one.
"""

from __future__ import annotations

from datetime import date

import lightgbm as lgb
import numpy as np

from data.synthetic.world_orders import F64, I64, midnight_s
from data.synthetic.world_roads import NEVER, LastLeg
from promise.simulate_truth import A_DAY_S, Truth

TREES = {"objective": "quantile", "num_leaves": 15, "learning_rate": 0.1, "min_data_in_leaf": 40, "verbose": -1}
ROUNDS = 80
LOAD_S = 7 * A_DAY_S


def warm_days(truth: Truth) -> tuple[I64, I64]:
    """Return the warm-up's orders (rows) that were delivered within it, and the days they took.

    Nobody is promised anything in the warm-up: all are due at once, so tours take them as they come.
    """
    leg = LastLeg(truth.world, truth.draws, truth.orders, truth.depot_day, truth.placed_day)
    for day in range(truth.first_day, truth.scored_days.start):
        leg.deliver(day)
    rows = np.flatnonzero(leg.delivered_day < NEVER)
    return rows, leg.delivered_day[rows] - truth.placed_day[rows]


def static_table(truth: Truth, rows: I64, days: I64) -> I64:
    """Return the promised day (ordinal) of every order by the static table, [N].

    Parameters
    ----------
    rows, days : int64 [n]
        The orders to learn from and the days they took.
    """
    cell = _cell(truth)
    longest = int(np.quantile(days, truth.world.nominal, method="higher"))
    table = np.full(int(cell.max()) + 1, longest)
    for one in np.unique(cell[rows]).tolist():
        table[one] = np.quantile(days[cell[rows] == one], truth.world.nominal, method="higher")
    return next_open(truth, truth.placed_day + table[cell])


def static_conformal(truth: Truth, rows: I64, days: I64) -> I64:
    """Return the promised day (ordinal) of every order by boosted quantiles and a fixed correction, [N]."""
    seen = features(truth)
    half = np.searchsorted(rows, rows[len(rows) // 2])
    fitted = lgb.train(
        {**TREES, "alpha": truth.world.nominal, "seed": 1, "num_threads": 1, "deterministic": True},
        lgb.Dataset(seen[rows[:half]], days[:half].astype(np.float64)),
        ROUNDS,
    )
    quantile = np.asarray(fitted.predict(seen), dtype=np.float64)
    errors = np.sort(days[half:] - quantile[rows[half:]])
    rank = min(int(np.ceil((len(errors) + 1) * truth.world.nominal)), len(errors)) - 1
    return next_open(truth, truth.placed_day + np.ceil(quantile + errors[rank] - 1e-9).astype(np.int64))


def features(truth: Truth) -> F64:
    """Return what the trees see of each order when it comes in: where, what, when, and the load of its hub, [N, 7]."""
    orders = truth.orders
    load = np.empty(len(orders))
    for mine in truth.rows:
        placed_s, gone_s = orders.placed_s[mine], np.sort(truth.left_s[mine])
        in_flight = np.arange(len(mine)) - np.searchsorted(gone_s, placed_s)
        output = np.searchsorted(gone_s, placed_s) - np.searchsorted(gone_s, placed_s - LOAD_S)
        load[mine] = in_flight / np.maximum(output, 1)
    weekday = (truth.placed_day - 1) % 7
    hour = (orders.placed_s - _midnights(truth)) / 3600
    return np.stack([orders.hub, orders.area, orders.option, weekday, hour, load, np.log1p(load)], axis=1)


def next_open(truth: Truth, day: I64) -> I64:
    """Return each order's first day from ``day`` (ordinals) on that its option is open, [N]."""
    first, last = int(day.min()), int(day.max()) + 15
    opened = day.copy()
    for option, one in enumerate(truth.world.options):
        is_open = [one.option.calendar.is_open(date.fromordinal(k)) for k in range(first, last)]
        after = np.flatnonzero(is_open)
        mine = truth.orders.option == option
        opened[mine] = first + after[np.searchsorted(after, day[mine] - first)]
    return opened


def _cell(truth: Truth) -> I64:
    orders = truth.orders
    late = (orders.placed_s - _midnights(truth)) // (A_DAY_S // 2)
    weekday = (truth.placed_day - 1) % 7
    hub_option = orders.hub.astype(np.int64) * len(truth.world.options) + orders.option
    return (hub_option * 7 + weekday) * 3 + late.clip(0, 2)


def _midnights(truth: Truth) -> I64:
    known, where = np.unique(truth.placed_day, return_inverse=True)
    return np.array([midnight_s(day) for day in known.tolist()], dtype=np.int64)[where]
