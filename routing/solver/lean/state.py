"""What the lean kernels read and write: one record per leg, stop, node and tour, so that a look costs a cache line.

Nodes 0..n-1 are stops; node n + t stands for the depot at both ends of tour t, which makes a tour a ring. A ``place``
is a row of the tables of legs: a stop's own number, a depot's from n on. A rule that is None in :class:`Lean` is known
to be absent when a kernel is compiled, and then costs nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

U32 = NDArray[np.uint32]
I64 = NDArray[np.int64]
Records = Any
"""A NumPy array of records; mypy does not know their fields."""

NOWHERE = 2**32 - 1
"""``tour`` of a stop that is on no tour."""
FAR = 2**62
"""More than any cost."""
FOREVER = 2**30
"""Later than any time."""

LEG = np.dtype([("m", np.int32), ("s", np.int32)])
"""Distance and driving time between two places."""
LEG_ALIKE = np.dtype({"names": ["m", "s"], "formats": [np.int32, np.int32], "offsets": [0, 0], "itemsize": 4})
"""The same where both are one number: half the memory, which is what a look at a leg waits for."""
STOP = np.dtype([("demand", np.int32), ("service", np.int32), ("opens", np.int32), ("closes", np.int32)])
NODE = np.dtype(
    [
        ("succ", np.uint32),
        ("pred", np.uint32),
        ("tour", np.uint32),
        ("place", np.uint32),
        ("leg", np.int32),  # distance to succ
        ("ready", np.int32),  # earliest it can be left
        ("late", np.int32),  # latest service may begin, for the rest of the tour to be in time
        ("round", np.int32),  # iteration that logged it last
    ]
)
SPAN = np.dtype(
    [
        ("driven", np.int32),  # driving and service from the depot until it is left, without waiting
        ("leave", np.int32),  # latest the depot may be left to be here in time
        ("rest", np.int32),  # service and driving from its service to the depot, without waiting
        ("home", np.int32),  # earliest the depot can be reached again
    ]
)
TOUR = np.dtype([("size", np.int32), ("room", np.int32), ("kind", np.uint32), ("round", np.int32)])
KIND = np.dtype(
    [
        ("capacity", np.int32),
        ("place", np.uint32),
        ("count", np.int32),
        ("unit", np.int32),
        ("opens", np.int32),
        ("closes", np.int32),
        ("longest", np.int32),
        ("fixed", np.int64),
    ]
)


class Lean(NamedTuple):
    """Constants of a search; n stops, L places, S sort keys, G groups."""

    out: Records  # LEG [L, L]
    back: Records  # LEG [L, L], out transposed; the same array where legs are symmetric
    stops: Records  # STOP [n]
    kinds: Records  # KIND
    near: U32  # [n, reach] best to insert beside, windows considered
    nearby: int  # how many of them are looked at first
    beside: U32  # [n, ...] nearest by distance, itself first
    keys: NDArray[np.int32]  # [n, S] recreate sorts by one of the columns
    group: U32  # [n]
    group_ptr: U32  # [G + 1]
    member: U32  # stops of group g are member[group_ptr[g]:group_ptr[g + 1]]
    tails: float  # share of the iterations that exchange tails after the ruin
    windows: bool | None
    shifts: bool | None  # tours may take only so long
    mixed: bool | None  # kinds of vehicle differ, or cost more than their distance
    groups: bool | None


class Plan(NamedTuple):
    """Tours."""

    nodes: Records  # NODE [n + T]
    spans: Records  # SPAN [n + T], empty without shifts
    tours: Records  # TOUR [T]
    free: I64  # vehicles left of each kind


class Work(NamedTuple):
    """Scratch of one search and its counters."""

    tally: I64  # by the slots below
    cost: I64  # of the present and of the best plan
    state: NDArray[np.uint64]  # of the random numbers
    removed: U32  # what came off in this iteration and waits to go back
    left: U32  # what did not go back
    absent: U32  # what is on no tour of the present plan
    absences: I64  # [n] how often each stop was left
    holes: U32  # nodes behind which something came off in this iteration
    node: U32  # which nodes the log holds
    node_was: Records
    span_was: Records
    tour: U32  # which tours the log holds
    tour_was: Records
    free_was: I64


(LOGGED, TOURS_LOGGED, REMOVED, LEFT, ABSENT, HOLES, ROUND, USED, MOST, KIND_CHOSEN) = range(10)
"""Slots of ``Work.tally``; ``USED`` counts tours with stops, ``MOST`` is how many there may be."""
PRESENT, BEST = 0, 1
"""Slots of ``Work.cost``."""
