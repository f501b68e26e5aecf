"""Where lights, signs and gates stand on the arcs: what each arc loses to them, its head included, its tail not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.sources.osm_cut import Ints, Pieces
from data.sources.osm_raw import RawStreets

# A stop sign stands no farther from its junction than that (OSRM's rule, see ``osm_nodes``).
_SIGN_REACH_M = 20.0


def obstacle_ms(raw: RawStreets, pieces: Pieces) -> NDArray[np.int64]:
    """Return ``[direction, piece]`` -> milliseconds lost, forward and backward; ``minor_only`` signs aside."""
    lost = np.zeros((2, len(pieces.ref)), dtype=np.int64)
    at = _positions(raw, pieces)
    found = [raw.obstacles[ref] for ref in pieces.ref[at].tolist()]
    lost[0, at] = [0 if one.minor_only else one.forward_ms for one in found]
    lost[1, at] = [0 if one.minor_only else one.backward_ms for one in found]
    _forget_the_other_side(lost, at[[one.unsided for one in found]], pieces)
    # A barrier that is two nodes counts on the arcs that lead to it, not on the link between them.
    forward, backward = np.cumsum(lost, axis=1)
    backward -= lost[1]
    return np.stack([
        forward[pieces.last] - forward[pieces.first],
        backward[pieces.last] - backward[pieces.first],
    ])  # fmt: skip


def minor_stop_ms(
    raw: RawStreets, node_ref: Ints, tail: Ints, head: Ints, cruise_kmh: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Return what each arc loses at a ``stop=minor`` at its head: only arcs slower than the junction's fastest do."""
    fastest = np.zeros(len(node_ref), dtype=cruise_kmh.dtype)
    np.maximum.at(fastest, tail, cruise_kmh)
    np.maximum.at(fastest, head, cruise_kmh)
    lost = np.zeros(len(node_ref), dtype=np.int64)
    for ref, one in raw.obstacles.items():
        if one.minor_only:
            lost[node_ref == ref] = one.forward_ms
    return np.where(cruise_kmh < fastest[head], lost[head], 0)


def _positions(raw: RawStreets, pieces: Pieces) -> Ints:
    """Return which points of the ways are obstacles."""
    refs = np.sort(np.fromiter(raw.obstacles, np.int64, len(raw.obstacles)))
    if not len(refs):
        return np.empty(0, dtype=np.int64)
    near = refs[np.minimum(np.searchsorted(refs, pieces.ref), len(refs) - 1)]
    return np.flatnonzero(near == pieces.ref)


def _forget_the_other_side(lost: NDArray[np.int64], at: Ints, pieces: Pieces) -> None:
    """Take stop signs away from who has just left the junction they belong to."""
    streets = pieces.first[pieces.first < pieces.last]
    piece = np.searchsorted(streets, at, side="right") - 1
    first, last = pieces.first[piece], pieces.last[piece]
    inside = (first < at) & (at < last)
    behind_m, ahead_m = pieces.along_m[at] - pieces.along_m[first], pieces.along_m[last] - pieces.along_m[at]
    near_first = inside & (behind_m < _SIGN_REACH_M) & (ahead_m > _SIGN_REACH_M)
    near_last = inside & (ahead_m < _SIGN_REACH_M) & (behind_m > _SIGN_REACH_M)
    lost[0, at[near_first]] = 0
    lost[1, at[near_last]] = 0
