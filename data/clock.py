"""The only door to wall-clock time and to randomness."""

from __future__ import annotations

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

PARIS = ZoneInfo("Europe/Paris")
GIVE_WAY_S = 0.003


def now() -> datetime:
    """Return the present instant, aware, in Europe/Paris."""
    return datetime.now(PARIS)


def elapsed_s() -> float:
    """Return monotonic seconds, for durations only."""
    return time.perf_counter()


def cpu_s() -> float:
    """Return the CPU seconds this process has used, all threads."""
    return time.process_time()


def give_way() -> None:
    """Let the other threads have the interpreter for a moment: called now and then by work that nobody waits for."""
    time.sleep(GIVE_WAY_S)


def rng(seed: int) -> np.random.Generator:
    """Return a generator that gives the same numbers for the same seed, everywhere."""
    return np.random.default_rng(seed)
