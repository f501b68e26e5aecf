"""The only door to Numba: every kernel is compiled with the same flags and one safe cache.

Numba's own cache misses edits of a callee that lives in another file, so the cache directory carries a hash of
all kernel sources: any edit starts a fresh cache.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba import types as types

F = TypeVar("F", bound=Callable[..., Any])

_ROOT = Path(__file__).resolve().parent


def kernel_sources() -> list[Path]:
    """Return the files that may hold kernels, sorted."""
    return sorted([*(_ROOT / "matrix").glob("*.py"), *(_ROOT / "solver").glob("*.py"), Path(__file__).resolve()])


def sources_hash(sources: list[Path]) -> str:
    """Return a short hash over names and contents of ``sources``."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sources:
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def cache_dir() -> Path:
    """Return the folder that holds this version's compiled kernels."""
    base = os.environ.get("JALON_CACHE") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "jalon" / f"kernels-{sources_hash(kernel_sources())}"


if "NUMBA_CACHE_DIR" not in os.environ:
    numba.config.CACHE_DIR = str(cache_dir())


def kernel(function: F) -> F:
    """Compile ``function`` with Numba: cached on disk, releasing the GIL, never ``parallel=True``.

    The workqueue layer aborts the process on concurrent parallel calls; threads over ``nogil`` kernels don't.
    """
    compiled: F = numba.njit(cache=True, nogil=True)(function)
    return compiled


def inner(function: F) -> F:
    """Compile a kernel that allocates nothing, without reference counting, into its callers.

    Numba counts references on every array of a tuple it hands on: without that, an insertion test is 20x faster.
    """
    compiled: F = numba.njit(cache=True, nogil=True, forceinline=True, _nrt=False)(function)
    return compiled
