"""The process that worker processes are forked from; it loads everything once, and a lost worker is soon replaced."""

from __future__ import annotations

import multiprocessing
import os
import signal
from contextlib import suppress
from multiprocessing import forkserver

METHOD = "forkserver"
LOADED = ["distributed", "jalon.scale_ahead"]
"""What it imports before it forks."""


def choose() -> None:
    """Say what it is to load; only what is said last before it starts counts."""
    multiprocessing.get_context(METHOD).set_forkserver_preload(LOADED)


def start() -> None:
    """Start it, beside whatever the caller does next."""
    choose()
    forkserver.ensure_running()


def kill() -> None:
    """End it at once: while it compiles kernels it listens to nobody, and whoever wants a worker waits for it."""
    number: int | None = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    if number is not None:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
