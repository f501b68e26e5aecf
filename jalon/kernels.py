"""Compiles the kernels of all rooms."""

from __future__ import annotations

from data.jit import cache_dir
from jalon.terminal import say
from promise import hub
from routing import warm


def warm_kernels() -> None:
    """Compile every kernel once into the on-disk cache, so that no user waits for it."""
    warm.warm_kernels()
    hub.warm()


def warm_promise_if_cold() -> None:
    """Compile the kernels behind promises where they are not yet, saying so."""
    if not any(cache_dir("promise").rglob("*.nbi")):
        say("note", "compiling kernels first, half a minute, once per version (`jalon warm` does it ahead)", "yellow")
        hub.warm()
