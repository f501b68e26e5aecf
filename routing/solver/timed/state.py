"""What the timed kernels read and write.

Place 0 is the depot, 1..n are stops. What a tour up to a stop can do, and what the rest of it needs, is held as a list
of *spans*: whole intervals of time in which nothing waits, so that every moment of one costs the same.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]

FAR = 2**30
"""Longer than any tour."""
NOWHERE = -1
"""Tour of a stop that is on none."""


class Timed(NamedTuple):
    """Constants of a search; n stops."""

    travel: I32  # [n + 1, n + 1, slices, 2]
    least: I32  # [n + 1, n + 1] shortest driving time of the day
    stops: I32  # [n + 1, 4] by the slots below
    near: I32  # [n + 1, n - 1] other stops, nearest first
    alone: I32  # [n + 1] duration of a tour with this stop alone
    keys: I32  # [S, n + 1] recreate sorts by one of the rows
    arc: U64  # [n + 1, n + 1] random words: a tour is the XOR of its arcs
    word: U64  # [n + 1] random words: a set of stops is the XOR of theirs
    step: int
    slices: int
    capacity: int


(OPENS, CLOSES, SERVICE, DEMAND) = range(4)
"""Columns of ``Timed.stops``."""


class Plan(NamedTuple):
    """Tours and the spans of their parts; T tours, M spans at most."""

    seq: I32  # [T, n] stops in order
    tours: I64  # [T, 7] by the slots below
    arcs: U64  # [T] what names the tour
    tour: I32  # [n + 1] tour of each stop
    head: I32  # [n + 1, M, 3] before: leaving a stop from .. to, and the time since the depot
    heads: I32  # [n + 1, 2] how many spans, and the shortest time since the depot
    tail: I32  # [n + 2, M, 3] after: reaching a stop from .. to, and the time to the depot; last row: from the depot
    tails: I32  # [n + 2, 2] how many spans, and the shortest time to the depot


(SIZE, LOAD, DURATION, ROUND, CUT, HEADS_FRESH, TAILS_FRESH) = range(7)
"""Columns of ``Plan.tours``: ROUND logged it last, CUT lost a string last, so many heads and tails are up to date."""


class Memo(NamedTuple):
    """What is known of tours by their names; a slot holds what came last."""

    name: U64  # [S]
    value: I32  # [S, 2] duration, and where a stop goes in; NOWHERE: it is as long at least


class Pool(NamedTuple):
    """Tours of good plans by their sets of stops, the shortest order of each; a slot holds what came last."""

    name: U64  # [P]
    tour: I32  # [P, 2] duration and size
    seq: I32  # [P, n]


class Work(NamedTuple):
    """Scratch of one search and its counters."""

    tally: I64  # by the slots below
    state: U64  # of the random numbers
    removed: I32  # [n] what came off and waits to go back
    seen: I64  # [T] scan for a place that looked at each tour last
    logged: I32  # [T] tours the log holds
    seq_was: I32  # [T, n]
    tours_was: I64  # [T, 7]
    arcs_was: U64  # [T]
    best: I32  # [T, n] the best plan
    best_size: I32  # [T]


(LOGGED, REMOVED, TICK, SCAN, USED, PRESENT, BEST) = range(7)
"""Slots of ``Work.tally``; PRESENT and BEST are durations of plans, USED counts tours with stops."""
