"""The duration of a stage from what is known of an order: boosted trees for place and spread, a table for the shape.

An accelerated-failure-time model: log duration = place(x) + spread(x) * z, place by a log-logistic likelihood with the
orders under way as censored observations, spread by a boosted upper quantile of what is left, and the distribution of
z as it was (Kaplan and Meier), not as a formula. The trees see no load and no date: what changes with time is followed
outside of them (promise/calibrate.py), where it extrapolates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]

COMMON = {"num_threads": 1, "deterministic": True, "force_row_wise": True, "seed": 1, "verbosity": -1}
PLACE = {**COMMON, "num_leaves": 10, "learning_rate": 0.08, "min_data_in_leaf": 60, "lambda_l2": 5.0}
SPREAD = {**COMMON, "objective": "quantile", "alpha": 0.9, "num_leaves": 6, "learning_rate": 0.08,
          "min_data_in_leaf": 120}  # fmt: skip
PLACE_ROUNDS, SPREAD_ROUNDS = 70, 30
LOGISTIC_SCALE = 0.35
LEAST_SPREAD, MOST_SPREAD = 0.25, 1.5
Z = np.linspace(-6.0, 6.0, 241)
POOLED = 12.0
FOLDS = 5
CROSS_FOLDS, CROSS_ROWS = 3, 50
PREFIXES = (1, 2, 3)


def log_days(days: I64 | F64) -> F64:
    """Return the log of a whole-day duration, taken in the middle of its last day."""
    return np.log(np.asarray(days, dtype=np.float64) + 0.5)


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of N orders at their purchase.

    Attributes
    ----------
    names : tuple of str arrays [N]
        Where an order is from and where it goes, each a chain of ever finer names: a group with few orders leans on
        the one before it.
    numbers : float64 [N, F]
        NaN where unknown.
    """

    names: tuple[tuple[NDArray[np.str_], ...], ...]
    numbers: F64

    def take(self, rows: NDArray[np.int64] | Bools) -> Facts:
        """Return the facts of some orders."""
        return Facts(tuple(tuple(level[rows] for level in chain) for chain in self.names), self.numbers[rows])


class Means:
    """Shrunken means along a chain of ever finer names."""

    def __init__(self, chain: tuple[NDArray[np.str_], ...], values: F64) -> None:
        self.whole = float(values.mean())
        self.levels: list[dict[str, float]] = []
        above = np.full(len(values), self.whole)
        for names in chain:
            known, group = np.unique(names, return_inverse=True)
            count = np.bincount(group).astype(np.float64)
            total = np.bincount(group, values)
            lean = np.bincount(group, above) / count
            mean = (total + POOLED * lean) / (count + POOLED)
            self.levels.append(dict(zip(known.tolist(), mean.tolist(), strict=True)))
            above = mean[group]

    def of(self, chain: tuple[NDArray[np.str_], ...]) -> F64:
        """Return the mean of the finest known name of each order."""
        result = np.full(len(chain[0]), self.whole)
        for names, level in zip(chain, self.levels, strict=True):
            known, group = np.unique(names, return_inverse=True)
            mean = np.array([level.get(str(name), np.nan) for name in known])[group]
            result = np.where(np.isnan(mean), result, mean)
        return result


def _others_means(chain: tuple[NDArray[np.str_], ...], values: F64) -> F64:
    """Return for each order the mean of its name among the other folds, so that no tree reads a value off its mean."""
    fold = np.arange(len(values)) % FOLDS
    result = np.empty(len(values))
    for k in range(FOLDS):
        here = fold == k
        others = Means(tuple(names[~here] for names in chain), values[~here])
        result[here] = others.of(tuple(names[here] for names in chain))
    return result


@dataclass(frozen=True, eq=False)
class StageModel:
    """A fitted stage; see :func:`fit_stage`."""

    means: tuple[Means, ...]
    place_trees: lgb.Booster
    spread_trees: lgb.Booster
    base: float
    shape: F64
    """P(z <= Z), float64 [len(Z)]."""

    def place_spread(self, facts: Facts) -> tuple[F64, F64]:
        """Return the place and the spread of log days at the usual load, float64 [N] each."""
        table = _table([mean.of(chain) for mean, chain in zip(self.means, facts.names, strict=True)], facts)
        return self.base + _scores(self.place_trees, table), _spread(_scores(self.spread_trees, table))

    def cdf(self, place: F64, spread: F64, horizon: int) -> F64:
        """Return P(duration <= k days), float64 [N, horizon + 1]."""
        return self.at((np.log(np.arange(horizon + 1) + 1.0) - place[..., None]) / spread[..., None])

    def at(self, z: F64) -> F64:
        """Return P(z' <= z)."""
        return np.interp(z, Z, self.shape)


def fit_stage(facts: Facts, days: I64, done: Bools, log_factor: F64) -> StageModel:
    """Fit a stage.

    Parameters
    ----------
    facts : Facts
        Of N orders.
    days : int64 [N]
        Days it took, or that have fully passed without its end.
    done : bool [N]
    log_factor : float64 [N]
        What the load at the purchase added to log days; not explained again.
    """
    edge = np.where(done, log_days(days), np.log(days + 1.0)) - log_factor
    filled = _filled(edge, done)
    means = tuple(Means(chain, filled) for chain in facts.names)
    table = _table([_others_means(chain, filled) for chain in facts.names], facts)
    base = float(np.median(filled))
    left = edge - base - _by_others(table, edge, done, base)
    spread_trees = lgb.train(SPREAD, lgb.Dataset(table, label=_filled(left, done)), SPREAD_ROUNDS)
    z = left / _spread(_scores(spread_trees, table))
    return StageModel(means, _place_trees(table, edge, done, base), spread_trees, base, _shape(z, done))


def _place_trees(table: F64, edge: F64, done: Bools, base: float) -> lgb.Booster:
    data = lgb.Dataset(table, label=edge, init_score=np.full(len(edge), base))
    return lgb.train({**PLACE, "objective": _likelihood(edge, done)}, data, PLACE_ROUNDS)


def _by_others(table: F64, edge: F64, done: Bools, base: float) -> F64:
    """Return each order's place by trees that never saw it: what is left over is then as wide as it will be."""
    fold = np.arange(len(edge)) // CROSS_ROWS % CROSS_FOLDS
    result = np.empty(len(edge))
    for k in range(CROSS_FOLDS):
        here = fold == k
        result[here] = _scores(_place_trees(table[~here], edge[~here], done[~here], base), table[here])
    return result


def _scores(trees: lgb.Booster, table: F64) -> F64:
    return np.asarray(trees.predict(table), dtype=np.float64)


def _spread(quantile: F64) -> F64:
    return np.clip(quantile, LEAST_SPREAD, MOST_SPREAD)


def _table(means: list[F64], facts: Facts) -> F64:
    return np.column_stack([*means, facts.numbers])


def _likelihood(edge: F64, done: Bools) -> Callable[[F64, lgb.Dataset], tuple[F64, F64]]:
    """Return LightGBM's objective: gradient and curvature of the censored log-logistic likelihood."""

    def objective(score: F64, _: lgb.Dataset) -> tuple[F64, F64]:
        passed = 1.0 / (1.0 + np.exp(-(edge - score) / LOGISTIC_SCALE))
        slope = np.where(done, 2.0 * passed - 1.0, passed) / LOGISTIC_SCALE
        curve = np.where(done, 2.0, 1.0) * passed * (1.0 - passed) / LOGISTIC_SCALE**2
        return -slope, np.maximum(curve, 0.05)

    return objective


def _filled(values: F64, done: Bools) -> F64:
    """Return the values with each censored one replaced by the mean of those beyond it (Buckley and James 1979)."""
    order = np.argsort(values, kind="stable")
    at_risk = np.arange(len(values), 0, -1)
    hazard = np.where(done[order], 1.0 / at_risk, 0.0)
    left = np.cumprod(1.0 - hazard)
    mass = np.concatenate([[1.0], left[:-1]]) - left
    mass[-1] += left[-1]
    beyond = np.cumsum((mass * values[order])[::-1])[::-1]
    weight = np.cumsum(mass[::-1])[::-1]
    mean = np.divide(beyond, weight, out=values[order].copy(), where=weight > 0)
    result = values.copy()
    result[order] = np.where(done[order], values[order], np.maximum(mean, values[order]))
    return result


def _shape(z: F64, done: Bools) -> F64:
    """Return P(z' <= Z) by Kaplan and Meier, between the grid's points linear."""
    order = np.argsort(z, kind="stable")
    hazard = np.where(done[order], 1.0 / np.arange(len(z), 0, -1), 0.0)
    left = np.cumprod(1.0 - hazard)
    place = np.searchsorted(z[order], Z, side="right")
    return 1.0 - np.concatenate([[1.0], left])[place]


def chain(names: NDArray[np.str_]) -> tuple[NDArray[np.str_], ...]:
    """Return the chain of an area's names: postcodes by their first figures, other names as they are."""
    return (*(names.astype(f"<U{width}") for width in PREFIXES), names)
