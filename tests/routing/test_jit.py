"""The kernels' cache: keyed on their sources, filled once, and warm after ``warm()``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data import jit
from routing.matrix import arrays as arrays_of
from routing.matrix import customize, fill, nearest, order, path, reach, sweep, table, topology, write
from routing.matrix.warm import warm
from tests.conftest import ROOT

KERNEL_MODULES = (customize, fill, nearest, order, path, reach, sweep, table, topology, write)
DECORATORS_IMPORTED = re.compile(r"^from data\.jit import .*\b(kernel|inner|part)\b", re.MULTILINE)
TIMES_AND_COSTS = 2
"""The kernels of a table work on int32 times as well as on int64 costs."""


def test_any_edit_of_a_kernel_source_starts_a_new_cache(tmp_path: Path) -> None:
    first, second = tmp_path / "order.py", tmp_path / "table.py"
    first.write_text("a = 1\n")
    second.write_text("b = 1\n")
    before = jit.sources_hash([first, second])
    assert jit.sources_hash([first, second]) == before
    second.write_text("b = 2\n")
    assert jit.sources_hash([first, second]) != before
    second.write_text("b = 1\n")
    assert jit.sources_hash([first, second]) == before


def test_every_file_with_a_kernel_is_a_kernel_source() -> None:
    packages = ("routing.matrix", "routing.solver", "routing.solver.lean", "routing.solver.timed", "promise")
    known = {file for package in packages for file in jit.kernel_sources(package)}
    rooms = ("routing", "promise")
    users = [
        file for room in rooms for file in (ROOT / room).rglob("*.py") if DECORATORS_IMPORTED.search(file.read_text())
    ]
    assert users and set(users) <= known


def test_the_constants_that_kernels_freeze_are_a_source() -> None:
    assert ROOT / "routing" / "problem.py" in jit.kernel_sources("routing.solver")


def test_the_cache_lies_where_it_was_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JALON_CACHE", str(tmp_path))
    jit.cache_dir.cache_clear()
    assert jit.cache_dir("routing.matrix").is_relative_to(tmp_path)
    jit.cache_dir.cache_clear()


def signatures() -> dict[str, int]:
    """Return how often each kernel of the matrix was compiled in this process."""
    kernels = {
        f"{module.__name__}.{name}": kernel
        for module in KERNEL_MODULES
        for name, kernel in vars(module).items()
        if hasattr(kernel, "signatures")
    }
    return {name: len(kernel.signatures) for name, kernel in kernels.items()}


def compile_again_or_not() -> None:
    """Warm up, then work on read-only arrays, as those of a file are; nothing may be compiled for them.

    Runs in a process of its own: other tests hand the kernels other types.
    """
    warm()
    counts = signatures()
    assert counts and set(counts.values()) <= {0, 1, TIMES_AND_COSTS}, counts
    tail, head = np.array([0, 1], dtype=np.int32), np.array([1, 0], dtype=np.int32)
    for array in (tail, head):
        array.setflags(write=False)
    found = topology.build_topology(np.array([0, 1], dtype=np.int32), tail, head)
    arrays = [array.copy() for array in (found.rank, *found.up, *found.down)]
    for array in arrays:
        array.setflags(write=False)
    rank, *halves = (arrays_of.own_i32(array) for array in arrays)
    kept = topology.from_halves(rank, topology.Half(*halves[:2]), topology.Half(*halves[2:]))
    edge = topology.locate(kept, tail, head)
    assert customize.customize(kept, edge, tail, tail).up.cost.tolist() == [0]
    assert signatures() == counts


COMPILES = """
from tests.routing.test_jit import KERNEL_MODULES, compile_again_or_not
compile_again_or_not()
for module in KERNEL_MODULES:
    for kernel in vars(module).values():
        if hasattr(kernel, "stats"):
            assert not kernel.stats.cache_misses, kernel
"""


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled with NUMBA_DISABLE_JIT=1")
def test_warm_kernels_are_compiled_once_and_for_all() -> None:
    """After ``warm()`` neither read-only arrays from a file nor a second process make Numba compile again."""
    warm()
    again = subprocess.run([sys.executable, "-c", COMPILES], cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
