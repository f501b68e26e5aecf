"""Scratch of one search, and who is near whom."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.problem import FAR_FUTURE_S
from routing.solver.chance import U64, seeded_state
from routing.solver.rules import Records, Rules

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

REACH = 100
"""Stops listed around an option's place."""
NEARBY = 25
"""Stops around an option's place behind and before which it is tried at first."""
BLINKS = 0.02
"""Share of the positions that are overlooked."""
BESIDE = 60
"""Orders listed around an order."""

WAIT_WEIGHT, LATE_WEIGHT = 0.2, 1.0
"""What a second of waiting and of lateness add to the seconds between neighbours."""
TRIED = 4
"""Places to collect a pair at that a search looks into, the cheapest nearby."""

(REMOVED, HOLES, STAMP, LISTED, LOOK) = range(5)
"""Slots of ``Work.tally``."""


class Work(NamedTuple):
    """Scratch of one search and its counters; N orders, K options, V vehicles."""

    near: I32  # [K, REACH] the orders whose first places are nearest to an option's place
    beside: I32  # [N, BESIDE] the orders nearest to an order, itself first
    state: U64  # of the random numbers
    tally: I64  # by the slots above
    removed: I32  # what came off in this iteration or waits, and is to go in
    keys: NDArray[np.float64]  # what it is sorted by
    holes: I32  # nodes behind which something came off in this iteration
    stamp: I64  # [V] when a vehicle was last taken note of
    marked: I32  # vehicles taken note of
    looked: I64  # [N + 2 V] when a position right after a node was last looked at
    barred: NDArray[np.uint8]  # [V]
    tried: I64  # [TRIED, 5] places to collect at: cost, option, node before, breaks kept there, vehicle


def work_of(rules: Rules, seed: int) -> Work:
    """Return fresh scratch; ``rules`` with bounds."""
    orders, vehicles = len(rules.orders), len(rules.vehicles)
    real = orders if len(rules.reload_ptr) == 0 else int(rules.reload_ptr[0])
    spans = np.stack([rules.options["place"].astype(np.int64), *_open(rules), rules.options["service_s"]], axis=1)
    firsts = spans[rules.orders["first"]]
    return Work(
        near=nearest(rules.low, spans, firsts[:real], REACH, timed=True),
        beside=itself_first(nearest(rules.low, firsts, firsts[:real], BESIDE, timed=False)),
        state=seeded_state(seed),
        tally=np.zeros(5, dtype=np.int64),
        removed=np.zeros(orders, dtype=np.int32),
        keys=np.zeros(orders, dtype=np.float64),
        holes=np.zeros(2 * vehicles, dtype=np.int32),
        stamp=np.zeros(vehicles, dtype=np.int64),
        marked=np.zeros(vehicles, dtype=np.int32),
        looked=np.zeros(orders + 2 * vehicles, dtype=np.int64),
        barred=np.zeros(vehicles, dtype=np.uint8),
        tried=np.zeros((TRIED, 5), dtype=np.int64),
    )


def nearest(low: Records, spans: I64, orders: I64, count: int, *, timed: bool) -> I32:
    """Return int32 [len(spans), count]: the orders nearest to each of ``spans``: place, opens, closes, service.

    By the seconds there and back and, if ``timed``, what one after the other would have to wait or be late.
    """
    count = min(count, len(orders))
    alike, which = np.unique(spans if timed else spans[:, :1], axis=0, return_inverse=True)
    found = np.empty((len(alike), count), dtype=np.int32)
    for row, span in enumerate(alike):
        legs = low[span[0]][orders[:, 0]]
        out_s, in_s = legs["out_s"].astype(np.int64), legs["in_s"].astype(np.int64)
        apart = out_s + in_s
        if timed:
            apart = apart + 2 * np.minimum(_clash(span, orders.T, out_s), _clash(orders.T, span, in_s))
        close = np.argpartition(apart, count - 1)[:count] if count < len(apart) else np.arange(count)
        close.sort()
        found[row] = close[np.argsort(apart[close], kind="stable")]
    return found[which.reshape(-1)]


def _open(rules: Rules) -> tuple[I64, I64]:
    """Return when each option is first and last open to any class; 0 and 0 where never."""
    used = rules.visits["first"] < rules.visits["last"]
    if len(rules.windows) == 0:
        return np.zeros(used.shape[1], dtype=np.int64), np.zeros(used.shape[1], dtype=np.int64)
    first = np.where(used, rules.visits["first"], 0)
    last = np.where(used, rules.visits["last"] - 1, 0)
    opens = np.where(used, rules.windows["opens"][first], FAR_FUTURE_S).min(axis=0)
    closes = np.where(used, rules.windows["closes"][last], -FAR_FUTURE_S).max(axis=0)
    return np.where(used.any(axis=0), opens, 0).astype(np.int64), np.where(used.any(axis=0), closes, 0).astype(np.int64)


def _clash(before: I64, after: I64, seconds: I64) -> NDArray[np.float64]:
    """Return what waiting and lateness weigh where one span follows the other."""
    waits = after[1] - (before[2] + before[3] + seconds)
    late = before[1] + before[3] + seconds - after[2]
    weighed: NDArray[np.float64] = WAIT_WEIGHT * np.maximum(0, waits) + LATE_WEIGHT * np.maximum(0, late)
    return weighed


def itself_first(near: I32) -> I32:
    """Return the lists with each order brought to the front of its own."""
    found = near.copy()
    for order in range(len(found)):
        others = found[order][found[order] != order]
        found[order] = [order, *others[: found.shape[1] - 1]]
    return found
