"""The only door to Numba: every kernel is compiled with the same flags and one safe cache.

Numba's own cache misses edits of a callee that lives in another file, so the cache directory carries a hash of
all kernel sources of a package: any edit starts a fresh cache.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])

_ROOT = Path(__file__).resolve().parent.parent
_ROOMS = {
    "routing.matrix": ["matrix/*.py"],
    "routing.solver": ["solver/*.py", "problem.py"],
    "routing.solver.lean": ["solver/lean/*.py", "solver/chance.py"],
    "routing.solver.timed": ["solver/timed/*.py", "solver/chance.py"],
    "promise": ["queue.py"],
}
"""What the kernels of a package are made of, in its room: their files, and those whose constants they freeze."""


def kernel_sources(package: str) -> list[Path]:
    """Return the files behind the kernels of a package, sorted."""
    room = _ROOT / package.partition(".")[0]
    files = [path for pattern in _ROOMS[package] for path in room.glob(pattern)]
    return sorted([*files, Path(__file__).resolve()])


def sources_hash(sources: list[Path]) -> str:
    """Return a short hash over names and contents of ``sources``."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sources:
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


@cache
def cache_dir(package: str) -> Path:
    """Return the folder that holds this version's compiled kernels of a package."""
    base = os.environ.get("JALON_CACHE") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "jalon" / f"{package.rpartition('.')[2]}-{sources_hash(kernel_sources(package))}"


def _use_cache_of(function: Callable[..., Any]) -> None:
    """Point Numba at the cache of the function's package; it reads the setting when a function is decorated."""
    if "NUMBA_CACHE_DIR" not in os.environ:
        numba.config.CACHE_DIR = str(cache_dir(function.__module__.rpartition(".")[0]))


def kernel(function: F) -> F:
    """Compile ``function`` with Numba: cached on disk, releasing the GIL, never ``parallel=True``.

    The workqueue layer aborts the process on concurrent parallel calls; threads over ``nogil`` kernels don't.
    """
    _use_cache_of(function)
    compiled: F = numba.njit(cache=True, nogil=True)(function)
    return compiled


def inner(function: F) -> F:
    """Compile a kernel that allocates nothing, without reference counting, into its callers.

    Numba counts references on every array of a tuple it hands on: without that, an insertion test is 20x faster.
    """
    _use_cache_of(function)
    compiled: F = numba.njit(cache=True, nogil=True, forceinline=True, _nrt=False)(function)
    return compiled


def part(function: F) -> F:
    """Compile a kernel that allocates nothing as a function of its own: for what is big and called seldom.

    Inlining it at every level of the callers above would multiply the time to compile.
    """
    _use_cache_of(function)
    compiled: F = numba.njit(cache=True, nogil=True, _nrt=False)(function)
    return compiled


def compile_for(compiled: Any, *arguments: Any) -> None:
    """Compile a kernel for arguments of these types, without running it."""
    if not numba.config.DISABLE_JIT:
        compiled.compile(tuple(numba.typeof(argument) for argument in arguments))
