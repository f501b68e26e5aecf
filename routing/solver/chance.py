"""Random numbers inside kernels: one 64-bit word of state per search, so that a seed fixes the whole run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data import clock
from data.jit import inner

U64 = NDArray[np.uint64]


def seeded_state(seed: int) -> U64:
    """Return the state of a fresh generator (xorshift64*, Vigna 2016)."""
    return clock.rng(seed).integers(1, 2**64 - 1, size=1, dtype=np.uint64)


@inner
def uniform(state: U64) -> float:
    """Return the next number in [0, 1)."""
    word = state[0]
    word ^= word >> np.uint64(12)
    word ^= word << np.uint64(25)
    word ^= word >> np.uint64(27)
    state[0] = word
    return float((word * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0


@inner
def below(state: U64, count: int) -> int:
    """Return a number in ``0..count - 1``."""
    return int(uniform(state) * count)
