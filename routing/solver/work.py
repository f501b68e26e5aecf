"""Scratch of one search, and who is near whom."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.solver.chance import U64, seeded_state
from routing.solver.rules import Records, Rules

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

REACH = 100
"""Stops listed around an option's place."""
BESIDE = 60
"""Orders listed around an order."""

(REMOVED, HOLES, STAMP) = range(3)
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
    barred: NDArray[np.uint8]  # [V]


def work_of(rules: Rules, seed: int) -> Work:
    """Return fresh scratch; ``rules`` with bounds."""
    orders, vehicles = len(rules.orders), len(rules.vehicles)
    first = rules.options["place"][rules.orders["first"]]
    places, which = np.unique(rules.options["place"], return_inverse=True)
    real = orders if len(rules.reload_ptr) == 0 else int(rules.reload_ptr[0])
    near = nearest(rules.low, places, first[:real], REACH)
    row = np.empty(len(rules.low), dtype=np.int64)
    row[places] = np.arange(len(places))
    return Work(
        near=near[which],
        beside=itself_first(near[row[first], :BESIDE]),
        state=seeded_state(seed),
        tally=np.zeros(3, dtype=np.int64),
        removed=np.zeros(orders, dtype=np.int32),
        keys=np.zeros(orders, dtype=np.float64),
        holes=np.zeros(2 * vehicles, dtype=np.int32),
        stamp=np.zeros(vehicles, dtype=np.int64),
        marked=np.zeros(vehicles, dtype=np.int32),
        barred=np.zeros(vehicles, dtype=np.uint8),
    )


def nearest(low: Records, places: I64, first: I64, count: int) -> I32:
    """Return int32 [len(places), count]: the orders whose ``first`` places are nearest to each place, by seconds."""
    count = min(count, len(first))
    found = np.empty((len(places), count), dtype=np.int32)
    for row, place in enumerate(places):
        seconds = low["out_s"][place, first].astype(np.int64) + low["in_s"][place, first]
        close = np.argpartition(seconds, count - 1)[:count] if count < len(first) else np.arange(count)
        close.sort()
        found[row] = close[np.argsort(seconds[close], kind="stable")]
    return found


def itself_first(near: I32) -> I32:
    """Return the lists with each order brought to the front of its own."""
    found = near.copy()
    for order in range(len(found)):
        others = found[order][found[order] != order]
        found[order] = [order, *others[: found.shape[1] - 1]]
    return found
