"""The room a house has from the start, as nested capacities."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from data.errors import InputError
from data.model.promise import Pool
from data.model.reservation import Capacity, level_id
from promise.grid import Grid
from promise.left import Names

NO_LIMIT = 2_000_000_000
"""The total of a place that only the levels around it bound."""


class Shared(NamedTuple):
    """Room that all hubs share: its capacity, and the cells that have none nearer."""

    capacity: Capacity
    cells: frozenset[int]


def names_of(grid: Grid, hub_ids: Sequence[str]) -> Names:
    """Return the numbers of a house's hubs, rows and options; beyond the areas it is the first row."""
    rows = {name: row for row, name in reversed(list(enumerate(grid.row_ids)))}
    return Names({name: number for number, name in enumerate(hub_ids)}, rows, grid.option_index)


def shared_of(pools: Sequence[Pool], grid: Grid, names: Names) -> tuple[Shared, ...]:
    """Return the pools as nested capacities, the outermost first: what they have left when the house opens.

    Raises
    ------
    InputError
        ``pools_overlap``: two pools of a day share a place, and neither holds the other.
    """
    every = set(range(len(grid.regions)))
    found: list[Shared] = []
    for number, pool in sorted(enumerate(pools), key=lambda pair: (pair[1].day, -_size(pair[1], grid))):
        rows = {names.rows[area] for area in pool.areas} or every
        columns = {grid.option_index[option] for option in pool.options} or set(range(len(grid.options)))
        cells = frozenset(row * len(grid.options) + column for row, column in product(rows, columns))
        around = [one for one in found if one.capacity.day == pool.day and one.cells & cells]
        if any(not cells <= one.cells for one in around):
            message = "this pool shares places with another one of the same day, and neither holds the other"
            raise InputError("pools_overlap", message, f"#/pools/{number}", "nest them, or make them one")
        capacity = Capacity(
            id=level_id("", pool.day, f"~{_digest(pool)}"),
            day=pool.day,
            parcels=max(0, pool.parcels - pool.reserved - pool.expected),
            dm3=None if pool.dm3 is None else max(0, pool.dm3 - pool.reserved_dm3),
            parent_id=around[-1].capacity.id if around else "",
        )
        found.append(Shared(capacity, cells))
    return tuple(found)


def _size(pool: Pool, grid: Grid) -> int:
    return (len(pool.areas) or len(grid.regions) + 1) * (len(pool.options) or len(grid.options))


def _digest(pool: Pool) -> str:
    """Return a name that stays with the pool, wherever it stands in its file."""
    what = "\n".join(["\t".join(sorted(pool.areas)), "\t".join(sorted(pool.options))])
    return hashlib.blake2b(what.encode(), digest_size=6).hexdigest()
