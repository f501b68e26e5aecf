"""Compiles the kernels of all rooms."""

from __future__ import annotations

import multiprocessing
import signal

from data.jit import cache_dir
from jalon.terminal import say
from promise import hub
from routing import warm


def warm_kernels() -> None:
    """Compile every kernel once into the on-disk cache, so that no user waits for it.

    The plan search's inner loop and all others take half of it each: two processes, as the compiler holds the GIL.
    """
    beside = multiprocessing.get_context("spawn").Process(target=_warm_beside, daemon=True)
    beside.start()
    warm.warm_anneal()
    beside.join()
    warm.warm_kernels()  # from the cache; where the other process has failed, this one says why
    hub.warm()


def _warm_beside() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is answered by the first process
    warm.warm_travel_and_first_plan()
    hub.warm()


def warm_promise_if_cold() -> None:
    """Compile the kernels behind promises where they are not yet, saying so."""
    if not any(cache_dir("promise").rglob("*.nbi")):
        say("note", "compiling kernels first, half a minute, once per version (`jalon warm` does it ahead)", "yellow")
        hub.warm()
