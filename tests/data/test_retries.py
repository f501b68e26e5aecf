"""What is tried again is told on stderr or in the log, without what it was called with; stdout stays a result's."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import stamina
import structlog

from data import retries
from jalon.http.logs import server_log

ROOT = Path(__file__).resolve().parents[2]
SECRET = "ship-token-of-camille"


class Gone(Exception):
    """Quotes a customer."""


def test_a_retry_is_told_without_its_arguments(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    tries = []

    @retries.retry(on=Gone, attempts=3)
    def ask(token: str) -> int:
        tries.append(token)
        if len(tries) < 3:
            raise Gone(token)
        return len(tries)

    with stamina.set_testing(True, attempts=3), caplog.at_level(logging.WARNING):
        assert ask(SECRET) == 3
    told = [one for one in caplog.records if one.name == "data.retries"]
    assert [one.getMessage().partition(": ")[2] for one in told] == ["Gone, try 2 in 0.0 s", "Gone, try 3 in 0.0 s"]
    said = capsys.readouterr()
    assert said.out == "" and SECRET not in said.err + caplog.text


def test_what_a_library_says_is_on_stderr_and_short(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        log = server_log()
        structlog.get_logger("library").warning("library.retried", args=(SECRET,))
        log.warning("ours", code="x")
    finally:
        structlog.reset_defaults()
    said = capsys.readouterr()
    assert said.out == "" and SECRET not in said.err
    assert '"message":"library.retried"' in said.err and '"code":"x"' in said.err


def test_there_is_one_door_to_stamina() -> None:
    files = [one for room in ("data", "promise", "routing", "jalon") for one in (ROOT / room).rglob("*.py")]
    assert [one.name for one in files if "stamina" in one.read_text()] == ["retries.py"]
