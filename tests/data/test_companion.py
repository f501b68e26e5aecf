"""Companion processes: asked, dead, asked again, and nothing left open."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from data.companion import Companion

ECHO = """
import os, sys
from data.frames import read_frame, write_frame
while (raw := read_frame(sys.stdin.buffer)) is not None:
    if raw == b"die":
        os._exit(7)
    if raw != b"silence":
        write_frame(sys.stdout.buffer, raw + b" " + str(os.getpid()).encode())
"""


@pytest.fixture
def echo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Companion:
    """Return a companion that says what it is told, and its number."""
    (tmp_path / "echo.py").write_text(ECHO)
    root = str(Path(__file__).parents[2])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), root]))
    return Companion("echo")


def number(answer: bytes | None) -> int:
    assert answer and answer.startswith(b"hello ")
    return int(answer.split()[1])


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_one_that_dies_is_started_again_and_leaves_no_pipe(echo: Companion) -> None:
    before = open_files()
    first = number(echo.ask(b"hello"))
    assert number(echo.ask(b"hello")) == first and echo.code is None
    assert echo.ask(b"die") is None and echo.code == 7 and not echo.running()
    second = number(echo.ask(b"hello"))
    os.kill(second, signal.SIGKILL)
    assert number(echo.ask(b"hello") or echo.ask(b"hello")) not in (first, second)
    echo.end()
    echo.end()
    assert open_files() == before


def test_ended_from_another_thread_while_it_is_asked(echo: Companion) -> None:
    assert echo.ask(b"hello")
    timer = threading.Timer(0.05, echo.end)
    timer.start()
    assert echo.ask(b"silence") is None and not echo.running()
    timer.join()
