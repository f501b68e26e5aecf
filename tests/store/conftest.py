"""Stores to test on: the same tests run on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.store import postgres


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    """Yield a PostgreSQL server of the test run's own."""
    programs = postgres.binaries()
    if programs is None:
        pytest.skip(
            "PostgreSQL's binaries are absent: the ledger is tested on SQLite only (apt-get install postgresql)"
        )
    with postgres.running(programs) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Return what makes the URL of a new, empty store."""
    if request.param == "postgresql":
        running: postgres.Server = request.getfixturevalue("server")
        return running.new_url
    numbers = count(1)
    return lambda: f"sqlite:///{tmp_path}/{next(numbers)}.db"


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    """Return the URL of a new, empty store."""
    return new_url()
