"""The house rules, read off the source: who may import whom, and which doors are the only ones.

Each rule is a detector, a function from a :class:`Module` to the lines that break the rule. Each has two tests: the
rooms as they are, and a few lines that break it, so that a detector that sees nothing can't pass.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePosixPath

import pytest

from tests.conftest import ROOT

ROOMS = ("data", "routing", "promise", "jalon")
MAY_IMPORT = {
    "data": {"data"},
    "routing": {"routing", "data"},
    "promise": {"promise", "data"},
    "jalon": set(ROOMS),
}
KERNEL_FOLDERS = ("routing/matrix/", "routing/solver/")
KERNEL_FILES = ("promise/queue.py",)
JIT = "data/jit.py"
CLOCK = "data/clock.py"
CHECKER = "routing/verify"
WEB = {"fastapi", "starlette", "pydantic", "pydantic_core", "pydantic_settings"}
DATABASES = {"sqlite3", "sqlalchemy", "aiosqlite", "apsw", "psycopg", "psycopg2", "asyncpg", "alembic", "duckdb"}
SQL = re.compile(
    r"\s*(SELECT\s.*\sFROM\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|REPLACE\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s"
    r"|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|UNIQUE|VIEW|TRIGGER)\s|PRAGMA\s|WITH\s+\w+\s+AS\s*\(|BEGIN\s+IMMEDIATE)",
    re.DOTALL,
)
WALL_CLOCK = {
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today"),
    *("time.time", "time.monotonic", "time.perf_counter", "time.process_time", "time.thread_time"),
    *("time.time_ns", "time.monotonic_ns", "time.perf_counter_ns", "time.process_time_ns", "time.thread_time_ns"),
    *("time.localtime", "time.gmtime", "time.ctime", "time.clock_gettime"),
    *("pandas.Timestamp.now", "pandas.Timestamp.today", "pandas.Timestamp.utcnow"),
}
RANDOM = ("random.", "numpy.random.")
MAX_LINES = 400


@dataclass(frozen=True)
class Import:
    """One imported dotted name: ``from a import b`` is ``a.b``, bound to the local name ``b``."""

    line: int
    target: str
    bound: str
    at_module_level: bool


@dataclass(frozen=True)
class Module:
    """A source file of ours: ``path`` relative to the project root, with slashes."""

    path: str
    source: str

    @property
    def room(self) -> str:
        return self.path.partition("/")[0]

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source, self.path)

    @cached_property
    def imports(self) -> list[Import]:
        return list(self._imports())

    @cached_property
    def origins(self) -> dict[str, str]:
        """What each imported local name stands for."""
        return {one.bound: one.target for one in self.imports if one.bound}

    def _imports(self) -> Iterator[Import]:
        top = {id(node) for node in _run_on_import(self.tree)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.partition(".")[0]
                    if alias.asname:
                        yield Import(node.lineno, alias.name, alias.asname, id(node) in top)
                    else:
                        yield Import(node.lineno, alias.name, "" if alias.name != first else first, id(node) in top)
                        if alias.name != first:
                            yield Import(node.lineno, first, first, id(node) in top)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                for alias in node.names:
                    yield Import(node.lineno, f"{base}.{alias.name}", alias.asname or alias.name, id(node) in top)
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"importlib.import_module", "__import__"}:
                if node.args and isinstance(node.args[0], ast.Constant):
                    yield Import(node.lineno, str(node.args[0].value), "", False)

    def _base(self, node: ast.ImportFrom) -> str:
        """Return the absolute name of the module that ``from ... import`` reads."""
        if not node.level:
            return node.module or ""
        package = self.name.split(".") if self.path.endswith("__init__.py") else self.name.split(".")[:-1]
        kept = package[: len(package) - node.level + 1]
        return ".".join([*kept, *([node.module] if node.module else [])])

    def dotted(self, node: ast.AST) -> str:
        """Return the full dotted name that an expression refers to, or an empty string."""
        if isinstance(node, ast.Name):
            return self.origins.get(node.id, "")
        if isinstance(node, ast.Attribute):
            head = self.dotted(node.value)
            return f"{head}.{node.attr}" if head else ""
        return ""


def _run_on_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run when the module is imported: neither function bodies nor ``if TYPE_CHECKING``."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for other in child.orelse:
                yield other
                yield from _run_on_import(other)
            continue
        yield child
        yield from _run_on_import(child)


@cache
def modules() -> tuple[Module, ...]:
    """Return every source file of the four rooms."""
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return tuple(Module(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths)


def _starts(name: str, *prefixes: str) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def _holds_kernels(path: str) -> bool:
    return path.startswith(KERNEL_FOLDERS) or path in KERNEL_FILES


# ---------------------------------------------------------------------------------------------------- detectors


def wrong_direction(module: Module) -> Iterator[str]:
    """data imports no other room; routing and promise import only data; only jalon imports jalon."""
    for one in module.imports:
        room = one.target.partition(".")[0]
        if room in ROOMS and room not in MAY_IMPORT[module.room]:
            yield f"{module.path}:{one.line}: {module.room} must not import {one.target}"


def store_in_the_core(module: Module) -> Iterator[str]:
    """The solver and the matrix never import the store."""
    if module.path.startswith(("routing/solver/", "routing/matrix/")):
        for one in module.imports:
            if _starts(one.target, "data.store"):
                yield f"{module.path}:{one.line}: {one.target}: the solver and the matrix get arrays, not the store"


def import_cycle(known: tuple[Module, ...]) -> list[str]:
    """Return the modules of one cycle of module-level imports, or nothing."""
    names = {module.name for module in known}
    graph: dict[str, set[str]] = {name: set() for name in names}
    for module in known:
        for one in module.imports:
            target = one.target if one.target in names else one.target.rpartition(".")[0]
            if one.at_module_level and target in names and target != module.name:
                # `import a.b` also binds `a`, without needing anything of it.
                if not (one.bound == one.target and _starts(module.name, target)):
                    graph[module.name].add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def numba_outside_its_door(module: Module) -> Iterator[str]:
    """Numba is imported in one file; kernels take ``kernel`` from there, only where kernels live."""
    if module.path == JIT:
        return
    jit = JIT.removesuffix(".py").replace("/", ".")
    for one in module.imports:
        if _starts(one.target, "numba"):
            yield f"{module.path}:{one.line}: {one.target}: only {JIT} imports numba"
        elif one.target == f"{jit}.kernel" and not _holds_kernels(module.path):
            yield f"{module.path}:{one.line}: kernels live in {', '.join([*KERNEL_FOLDERS, *KERNEL_FILES])}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and module.dotted(node) == f"{jit}.kernel":
            yield f"{module.path}:{node.lineno}: take it with `from {jit} import kernel`"


def web_beyond_the_edge(module: Module) -> Iterator[str]:
    """FastAPI and pydantic stay in api.py, schemas.py, api/, compat/ and jalon/."""
    path = PurePosixPath(module.path)
    if module.room == "jalon" or path.name in {"api.py", "schemas.py"} or {"api", "compat"} & set(path.parts[:-1]):
        return
    for one in module.imports:
        if _starts(one.target, *WEB):
            yield f"{module.path}:{one.line}: {one.target}: the web stays in api, schemas, compat and jalon/"


def clock_or_chance(module: Module) -> Iterator[str]:
    """Neither the wall clock nor a random generator of one's own outside data/clock.py."""
    if module.path == CLOCK:
        return
    for one in module.imports:
        if one.target in {"time.*", "datetime.*", "random.*", "numpy.random.*"}:
            yield f"{module.path}:{one.line}: import names, not {one.target}"
        elif one.bound and (one.target in WALL_CLOCK or _is_chance(one.target)):
            yield f"{module.path}:{one.line}: {one.target}: {CLOCK} is the only door to time and chance"
    called = {id(node.func) for node in ast.walk(module.tree) if isinstance(node, ast.Call)}
    for node in ast.walk(module.tree):
        name = module.dotted(node)
        if isinstance(node, ast.Attribute) and (name in WALL_CLOCK or _is_chance(name)):
            yield f"{module.path}:{node.lineno}: {name}: {CLOCK} is the only door to time and chance"
        elif id(node) in called and name.startswith(RANDOM):
            yield f"{module.path}:{node.lineno}: {name}(): take a Generator as an argument"
        elif isinstance(node, ast.Call) and module.dotted(node.func) == "numpy.datetime64":
            if any(isinstance(value, ast.Constant) and value.value in {"now", "today"} for value in node.args):
                yield f"{module.path}:{node.lineno}: numpy.datetime64 of now: {CLOCK} is the only door to time"


def _is_chance(name: str) -> bool:
    """Whether a dotted name is a function that draws; classes (``numpy.random.Generator``) may be named as types."""
    return name.startswith(RANDOM) and name.rpartition(".")[2][:1].islower()


def sql_outside_the_store(module: Module) -> Iterator[str]:
    """Only data/store knows SQL."""
    if module.path.startswith("data/store/") or module.path == "data/store.py":
        return
    for one in module.imports:
        if _starts(one.target, *DATABASES):
            yield f"{module.path}:{one.line}: {one.target}: only data/store knows the database"
    for node in ast.walk(module.tree):
        if SQL.match(_text(node)):
            yield f"{module.path}:{node.lineno}: SQL outside data/store: {_text(node).strip()[:40]}"


def _text(node: ast.AST) -> str:
    """Return the text of a string or an f-string (its values as ``?``), or an empty string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else "?" for part in node.values)
    return ""


def checker_borrows(module: Module) -> Iterator[str]:
    """routing/verify*.py import the standard library and one another, so that they can disagree with the solver."""
    if module.path.startswith(CHECKER):
        for one in module.imports:
            root = one.target.partition(".")[0]
            if root not in sys.stdlib_module_names and not one.target.startswith("routing.verify"):
                yield f"{module.path}:{one.line}: {one.target}: the checker uses the standard library only"


def too_long(module: Module) -> Iterator[str]:
    """No file is longer than MAX_LINES."""
    lines = len(module.source.splitlines())
    if lines > MAX_LINES:
        yield f"{module.path}: {lines} lines, {MAX_LINES} is the most: split it by noun or verb"


# ------------------------------------------------------------------------------------------- the rooms as they are


def found(rule: Callable[[Module], Iterator[str]]) -> str:
    """Return every place in the rooms that breaks a rule, one a line."""
    return "\n".join(dict.fromkeys(line for module in modules() for line in rule(module)))


def test_the_walk_sees_every_room() -> None:
    assert {module.room for module in modules()} == set(ROOMS)


def test_direction() -> None:
    assert not (lines := found(wrong_direction)), f"data <- routing, data <- promise, everything <- jalon:\n{lines}"


def test_the_solver_and_the_matrix_never_import_the_store() -> None:
    assert not (lines := found(store_in_the_core)), lines


def test_no_import_cycle() -> None:
    assert not (cycle := import_cycle(modules())), f"import cycle: {' -> '.join(cycle)}"


def test_numba_has_one_door() -> None:
    assert not (lines := found(numba_outside_its_door)), lines


def test_the_web_stays_at_the_edge() -> None:
    assert not (lines := found(web_beyond_the_edge)), lines


def test_time_and_chance_have_one_door() -> None:
    assert not (lines := found(clock_or_chance)), lines


def test_sql_stays_in_the_store() -> None:
    assert not (lines := found(sql_outside_the_store)), lines


def test_the_checker_shares_no_code() -> None:
    if not (ROOT / CHECKER).exists():
        pytest.skip(f"{CHECKER} is not written yet")
    assert not (lines := found(checker_borrows)), lines


def test_no_file_is_too_long() -> None:
    assert not (lines := found(too_long)), lines


# ------------------------------------------------------------------------------ lines that break a rule are found

BREAKS = [
    (wrong_direction, "data/calendar.py", "import routing"),
    (wrong_direction, "data/calendar.py", "from promise.quote import quote"),
    (wrong_direction, "routing/replan.py", "def late():\n    import promise.hub"),
    (wrong_direction, "routing/replan.py", "from ..promise import hub"),
    (wrong_direction, "promise/hub.py", "from routing.solver.chance import below"),
    (
        wrong_direction,
        "promise/hub.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from jalon import cli",
    ),
    (wrong_direction, "routing/api/plans.py", "import importlib\nimportlib.import_module('jalon.cli')"),
    (store_in_the_core, "routing/solver/engine.py", "from data import store"),
    (store_in_the_core, "routing/matrix/table.py", "import data.store.orders"),
    (numba_outside_its_door, "routing/matrix/table.py", "from numba import njit"),
    (numba_outside_its_door, "promise/delay.py", "import numba as nb"),
    (numba_outside_its_door, "routing/streets.py", "from data.jit import kernel"),
    (numba_outside_its_door, "routing/streets.py", "from data import jit\n@jit.kernel\ndef f(): ..."),
    (web_beyond_the_edge, "promise/quote.py", "from pydantic import BaseModel"),
    (web_beyond_the_edge, "data/model/order.py", "import fastapi"),
    (clock_or_chance, "promise/quote.py", "from datetime import datetime\ndatetime.now()"),
    (clock_or_chance, "promise/quote.py", "import datetime as dt\ndt.datetime.now(dt.UTC)"),
    (clock_or_chance, "promise/quote.py", "import datetime\ndatetime.datetime.utcnow()"),
    (clock_or_chance, "promise/quote.py", "from datetime import date\ndefault = date.today"),
    (clock_or_chance, "routing/solver/stop.py", "import time\ntime.monotonic()"),
    (clock_or_chance, "routing/solver/stop.py", "from time import perf_counter as tick"),
    (clock_or_chance, "jalon/demo.py", "import time\ntime.time()"),
    (clock_or_chance, "routing/solver/ruin.py", "import random\nrandom.shuffle([])"),
    (clock_or_chance, "routing/solver/ruin.py", "import random\nrandom.Random(3)"),
    (clock_or_chance, "routing/solver/ruin.py", "import numpy as np\nnp.random.random()"),
    (clock_or_chance, "routing/solver/ruin.py", "import numpy.random\nnumpy.random.seed(1)"),
    (clock_or_chance, "routing/solver/ruin.py", "import numpy as np\nnp.random.default_rng(1)"),
    (clock_or_chance, "routing/solver/ruin.py", "from numpy.random import default_rng"),
    (clock_or_chance, "routing/solver/ruin.py", "from random import *"),
    (clock_or_chance, "promise/learn.py", "import numpy as np\nnp.datetime64('now')"),
    (sql_outside_the_store, "jalon/http/app.py", "import sqlite3"),
    (sql_outside_the_store, "promise/reserve.py", "from sqlalchemy.orm import Session"),
    (sql_outside_the_store, "promise/reserve.py", "def f(db): db.execute('SELECT id FROM orders')"),
    (sql_outside_the_store, "promise/reserve.py", "def f(db, t): db.execute(f'DELETE FROM {t} WHERE id = 1')"),
    (sql_outside_the_store, "promise/reserve.py", "def f(db, c): db.execute(f'SELECT {c} FROM orders')"),
    (checker_borrows, "routing/verify.py", "import numpy"),
    (checker_borrows, "routing/verify.py", "from data.units import S"),
    (checker_borrows, "routing/verify.py", "from . import problem"),
    (too_long, "promise/quote.py", "x = 1\n" * (MAX_LINES + 1)),
]
KEEPS = [
    (wrong_direction, "jalon/loop.py", "import promise.hub, routing.replan, data.store"),
    (wrong_direction, "promise/hub.py", "import promise.demand\nfrom data import clock"),
    (store_in_the_core, "routing/jobs.py", "from data.store import plans"),
    (numba_outside_its_door, "data/jit.py", "import numba"),
    (numba_outside_its_door, "routing/solver/ruin.py", "from data.jit import kernel"),
    (numba_outside_its_door, "jalon/cli.py", "from data.jit import cache_dir"),
    (web_beyond_the_edge, "routing/api/plans.py", "import fastapi"),
    (web_beyond_the_edge, "promise/api.py", "import fastapi"),
    (web_beyond_the_edge, "promise/compat/shopify.py", "import pydantic"),
    (clock_or_chance, "data/clock.py", "import time\ntime.time()"),
    (clock_or_chance, "jalon/loop.py", "import time\ntime.sleep(1)"),
    (clock_or_chance, "promise/hub.py", "from data import clock\nclock.now()"),
    (clock_or_chance, "promise/hub.py", "from datetime import datetime\ndatetime.fromisoformat('2026-11-22')"),
    (clock_or_chance, "routing/solver/ruin.py", "import numpy as np\ndef f(rng: np.random.Generator): rng.random()"),
    (sql_outside_the_store, "data/store/orders.py", "import sqlite3\nQUERY = 'SELECT id FROM orders'"),
    (sql_outside_the_store, "jalon/cli.py", "HELP = 'Select a plan from the list'"),
    (checker_borrows, "routing/verify.py", "import json, math\nfrom collections import Counter"),
    (checker_borrows, "routing/explain.py", "import numpy"),
    (too_long, "promise/quote.py", "x = 1\n" * MAX_LINES),
]


def _case(case: tuple[Callable[[Module], Iterator[str]], str, str]) -> str:
    rule, path, source = case
    return f"{rule.__name__}: {path}: {source[:60]!r}"


@pytest.mark.parametrize(("rule", "path", "source"), BREAKS, ids=map(_case, BREAKS))
def test_a_broken_rule_is_found(rule: Callable[[Module], Iterator[str]], path: str, source: str) -> None:
    lines = list(rule(Module(path, source)))
    assert lines
    assert all(line.startswith(path) for line in lines)


@pytest.mark.parametrize(("rule", "path", "source"), KEEPS, ids=map(_case, KEEPS))
def test_a_kept_rule_is_left_alone(rule: Callable[[Module], Iterator[str]], path: str, source: str) -> None:
    assert not list(rule(Module(path, source)))


def test_every_rule_has_a_case_that_breaks_it() -> None:
    rules = {name for name, value in globals().items() if _is_rule(value)}
    assert rules == {rule.__name__ for rule, _, _ in BREAKS}


def _is_rule(value: object) -> bool:
    notes = getattr(value, "__annotations__", {})
    return notes.get("module") == "Module" and notes.get("return") == "Iterator[str]"


CYCLES = [
    {"data/a.py": "import data.b", "data/b.py": "from data.a import f"},
    {"data/a.py": "from data import b", "data/b.py": "from . import c", "data/c.py": "from .a import f"},
    {
        "data/model/__init__.py": "from data.model.order import Order",
        "data/model/order.py": "from data.model import Place",
    },
    {"data/a.py": "try:\n    import data.b\nexcept ImportError: ...", "data/b.py": "class C:\n    from data import a"},
]
NO_CYCLES = [
    {"data/a.py": "def f():\n    import data.b", "data/b.py": "import data.a"},
    {
        "data/a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import data.b",
        "data/b.py": "import data.a",
    },
    {"data/__init__.py": "from data.a import f", "data/a.py": "from data.b import g", "data/b.py": ""},
    {"data/__init__.py": "from data.a import f", "data/a.py": "import data.b", "data/b.py": ""},
]


@pytest.mark.parametrize("sources", CYCLES)
def test_an_import_cycle_is_found(sources: dict[str, str]) -> None:
    assert import_cycle(tuple(Module(path, source) for path, source in sources.items()))


@pytest.mark.parametrize("sources", NO_CYCLES)
def test_no_import_cycle_is_made_up(sources: dict[str, str]) -> None:
    assert not import_cycle(tuple(Module(path, source) for path, source in sources.items()))
