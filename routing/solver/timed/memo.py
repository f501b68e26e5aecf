"""What was found out once about a tour is not found out again: tables by name, the latest in each slot."""

from __future__ import annotations

import numpy as np

from data.jit import inner
from routing.solver.timed.state import DURATION, SIZE, Memo, Plan, Pool, Timed


@inner
def slot_of(memo: Memo, name: int) -> int:
    """Return where a name is kept."""
    return int(name & np.uint64(len(memo.name) - 1))


@inner
def known(memo: Memo, slot: int, name: int) -> bool:
    """Return whether a slot holds a name."""
    return memo.name[slot] == name


@inner
def add_to_pool(timed: Timed, plan: Plan, pool: Pool, tour: int) -> None:
    """Keep a tour, unless a shorter one with the same stops is kept."""
    size, name = plan.tours[tour, SIZE], np.uint64(0)
    for position in range(size):
        name ^= timed.word[plan.seq[tour, position]]
    slot = int(name & np.uint64(len(pool.name) - 1))
    if pool.name[slot] == name and pool.tour[slot, 0] <= plan.tours[tour, DURATION]:
        return
    pool.name[slot] = name
    pool.tour[slot, 0], pool.tour[slot, 1] = plan.tours[tour, DURATION], size
    for position in range(size):
        pool.seq[slot, position] = plan.seq[tour, position]
