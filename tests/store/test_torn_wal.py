"""SQLite's log cut or damaged at any place, as a power cut may leave it: what is left is a prefix of history."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from data.clock import rng
from data.store.database import Database
from promise.ledger import Ledger
from promise.reserve import Change, Confirm, Release
from tests.store.orders import ask, nested, opened, publish, reserve

HEADER, FRAME_HEADER = 32, 24
ORDERS = 12
LEDGER = "SELECT id, step, state, capacity_id FROM reservations ORDER BY id, step"
BALANCES = "SELECT id, reserved_parcels FROM capacity ORDER BY id"
State = tuple[list[tuple], list[tuple]]


@dataclass
class History:
    """A store as files, and what it held after each commit."""

    store: bytes
    log: bytes
    states: list[State]
    log_sizes: list[int]  # when the commit was acknowledged

    @property
    def frame_size(self) -> int:
        return FRAME_HEADER + int.from_bytes(self.log[8:12], "big")

    def frames(self) -> Iterator[tuple[int, int]]:
        """Yield where each frame ends, and how many commits the log has up to there."""
        commits = 0
        for begins in range(HEADER, len(self.log), self.frame_size):
            commits += self.log[begins + 4 : begins + 8] != bytes(4)  # the size of the store: only in a last frame
            yield begins + self.frame_size, commits


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    path = tmp_path_factory.mktemp("wal") / "jalon.db"
    with Database(f"sqlite:///{path}"):
        pass  # migrated, and its log emptied into the store
    log = Path(f"{path}-wal")
    states, log_sizes = [held(path)], []
    with opened(f"sqlite:///{path}") as ledger:
        for _ in _steps(ledger):
            log_sizes.append(log.stat().st_size)
            states.append(held(path))
        assert ledger.commits == len(log_sizes)
        return History(path.read_bytes(), log.read_bytes(), states, log_sizes)


def _steps(ledger: Ledger) -> Iterator[None]:
    """Ask one thing after the other, one commit each, and yield after it."""
    publish(ledger, *nested())
    yield
    for number in range(ORDERS):
        ask(ledger, reserve(f"o{number}"))
        yield
    for number in range(0, ORDERS, 3):
        ask(ledger, Confirm(id=f"o{number}"), Change(id=f"o{number}", capacity_id="south"))
        yield
        ask(ledger, Release(id=f"o{number + 1}"))
        yield


def held(path: Path) -> State:
    """Return what a store holds, read past our own code."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(LEDGER).fetchall(), connection.execute(BALANCES).fetchall()


def restored(folder: Path, history: History, log: bytes) -> Path:
    """Write a store with the log that is left of it."""
    path = folder / "torn.db"
    path.write_bytes(history.store)
    Path(f"{path}-wal").write_bytes(log)
    Path(f"{path}-shm").unlink(missing_ok=True)
    return path


def test_a_log_cut_at_any_frame_is_a_prefix(tmp_path: Path, history: History) -> None:
    chance = rng(1)
    before = 0
    for ends, commits in history.frames():
        inside = int(ends - chance.integers(1, history.frame_size))
        assert held(restored(tmp_path, history, history.log[:inside])) == history.states[before]
        assert held(restored(tmp_path, history, history.log[:ends])) == history.states[commits]
        before = commits
    assert before == len(history.states) - 1


def test_a_damaged_frame_ends_the_history(tmp_path: Path, history: History) -> None:
    chance = rng(2)
    before = 0
    for ends, commits in history.frames():
        log = bytearray(history.log)
        log[int(ends - chance.integers(1, history.frame_size - FRAME_HEADER))] ^= 0x40
        assert held(restored(tmp_path, history, bytes(log))) == history.states[before]
        before = commits


def test_what_is_acknowledged_is_in_the_log(tmp_path: Path, history: History) -> None:
    for number, size in enumerate(history.log_sizes, 1):
        assert held(restored(tmp_path, history, history.log[:size])) == history.states[number]


def test_the_ledger_goes_on_from_any_prefix(tmp_path: Path, history: History) -> None:
    """Whatever is left passes the check at start-up, and the same requests lead to the same end."""
    ends = [ends for ends, _ in history.frames()]
    for end in ends[:: len(ends) // 6]:
        path = restored(tmp_path, history, history.log[:end])
        with opened(f"sqlite:///{path}") as ledger:
            list(_steps(ledger))
        assert held(path)[1] == history.states[-1][1]
