"""The process that worker processes are forked from; it loads everything once, and a lost worker is soon replaced."""

from __future__ import annotations

import multiprocessing
from multiprocessing.forkserver import ensure_running

METHOD = "forkserver"
LOADED = ["distributed", "jalon.scale_ahead"]
"""What it imports before it forks."""


def choose() -> None:
    """Say what it is to load; only what is said last before it starts counts."""
    multiprocessing.get_context(METHOD).set_forkserver_preload(LOADED)


def start() -> None:
    """Start it, beside whatever the caller does next."""
    choose()
    ensure_running()
