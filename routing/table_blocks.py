"""Tables too large for memory: rows in blocks, each handed on before the next one is found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.matrix.arrays import I32
from routing.matrix.sweep import LANES
from routing.roads import Located, Roads, fill_table

BLOCK_ENTRIES = 1 << 24
"""Of one table at a time: 64 MiB each for durations and distances."""


class Block(NamedTuple):
    """Rows of a table.

    Attributes
    ----------
    rows : intp [R]
        The points they start from.
    duration_s : int32 [R, T]
    distance_m : int32 [R, T], optional
    """

    rows: NDArray[np.intp]
    duration_s: I32
    distance_m: I32 | None


def table_blocks(
    roads: Roads, points: Located, rows: NDArray[np.intp], columns: NDArray[np.intp], distances: bool
) -> Iterator[Block]:
    """Yield the table from points ``rows`` to points ``columns`` in order; entries as in :func:`fill_table`."""
    size = max(LANES, BLOCK_ENTRIES // max(1, len(columns)) // LANES * LANES)  # whole batches of the sweep
    for first in range(0, len(rows), size):
        block = rows[first : first + size]
        shape = len(block), len(columns)
        duration_s = np.empty(shape, dtype=np.int32)
        distance_m = np.empty(shape, dtype=np.int32) if distances else None
        fill_table(roads, points, duration_s, distance_m, block, columns)
        yield Block(block, duration_s, distance_m)
