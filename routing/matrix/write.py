"""The last step of a table: from the lanes at each target's seeds to rows of the output."""

from __future__ import annotations

import numpy as np

from data.jit import inner, kernel
from routing.matrix.arrays import I32, I64, Costs
from routing.matrix.cost import DISTANCE_MASK, INF, INF_COST, TIME_SHIFT
from routing.matrix.sweep import LANES, Seeds

TILE = 16
"""Targets whose entries are written together: a cache line of each row."""


@kernel
def write_times(best: I32, batch: I32, direct: Seeds, time: I32, rounded: bool) -> None:
    """Write the rows of the sources in ``batch`` from ``best`` [T, LANES]; ``direct`` lists ways by target."""
    _add_direct(best, batch, direct, time.shape[0])
    tile = np.empty((TILE, LANES), np.int32)
    for start in range(0, time.shape[1], TILE):
        width = min(TILE, time.shape[1] - start)
        for j in range(width):
            for lane in range(LANES):
                ms = best[start + j, lane]
                tile[j, lane] = (_seconds(ms) if rounded else ms) if ms < INF else np.int32(INF)
        for lane in range(batch.size):
            for j in range(width):
                time[batch[lane], start + j] = tile[j, lane]


@kernel
def write_costs(best: I64, batch: I32, direct: Seeds, time: I32, distance: I32, rounded: bool) -> None:
    """Write the rows of the sources in ``batch``, distances too."""
    _add_direct(best, batch, direct, time.shape[0])
    times, distances = np.empty((TILE, LANES), np.int32), np.empty((TILE, LANES), np.int32)
    for start in range(0, time.shape[1], TILE):
        width = min(TILE, time.shape[1] - start)
        for j in range(width):
            for lane in range(LANES):
                cost = best[start + j, lane]
                ms, dm = np.int32(cost >> TIME_SHIFT), np.int32(cost & DISTANCE_MASK)
                times[j, lane] = (_seconds(ms) if rounded else ms) if cost < INF_COST else np.int32(INF)
                distances[j, lane] = (_metres(dm) if rounded else dm) if cost < INF_COST else np.int32(INF)
        for lane in range(batch.size):
            for j in range(width):
                time[batch[lane], start + j] = times[j, lane]
                distance[batch[lane], start + j] = distances[j, lane]


@kernel
def _add_direct(best: Costs, batch: I32, direct: Seeds, sources: int) -> None:
    """Take the direct ways of the batch's sources where they cost less."""
    lane_of = np.full(sources, np.int32(-1))
    for lane in range(batch.size):
        lane_of[batch[lane]] = np.int32(lane)
    for target in range(best.shape[0]):
        for k in range(direct.ptr[target], direct.ptr[target + 1]):
            lane = lane_of[direct.node[k]]
            if lane >= 0:
                best[target, lane] = min(best[target, lane], direct.cost[k])


@inner
def _seconds(time_ms: np.int32) -> np.int32:
    """Return milliseconds in seconds, rounded half up; the divisor is a constant, so that nothing is divided."""
    return np.int32((np.uint32(time_ms) + np.uint32(500)) // np.uint32(1000))


@inner
def _metres(distance_dm: np.int32) -> np.int32:
    """Return decimetres in metres, rounded half up."""
    return np.int32((np.uint32(distance_dm) + np.uint32(5)) // np.uint32(10))
