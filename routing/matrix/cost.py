"""Time and distance in one integer, so that one comparison orders both.

A cost is ``time_ms * 2**32 + distance_dm`` as int64. Adding costs adds both parts; the smaller cost is the shorter
time and, among equal times, the shorter distance. Hence every shortest path has *one* cost, whatever order its parts
are added in, and a table's distance is the length of a path that really takes the table's time.
"""

from __future__ import annotations

import numpy as np

from routing.matrix.arrays import I32, I64

INF = 10**9
"""Milliseconds (11.5 days), seconds, decimetres or metres that stand for "unreachable"."""

TIME_SHIFT = 32
DISTANCE_MASK = (1 << TIME_SHIFT) - 1

INF_COST = INF << TIME_SHIFT
"""Every cost from here on is unreachable; two of them still fit int64."""


def pack(time_ms: I32, distance_dm: I32) -> I64:
    """Return costs; where ``time_ms`` is at least :data:`INF` the cost is :data:`INF_COST`."""
    time = np.asarray(time_ms, dtype=np.int64)
    return np.where(time >= INF, INF_COST, (time << TIME_SHIFT) + np.asarray(distance_dm, dtype=np.int64))


def unpack(cost: I64) -> tuple[I32, I32]:
    """Return ``(time_ms, distance_dm)``, both :data:`INF` where unreachable."""
    reachable = cost < INF_COST
    time_ms = np.where(reachable, cost >> TIME_SHIFT, INF).astype(np.int32)
    return time_ms, np.where(reachable, cost & DISTANCE_MASK, INF).astype(np.int32)
