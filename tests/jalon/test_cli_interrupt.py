"""Ctrl-C: the best plan so far is kept, checked and on disk, and the exit code is 130."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from jalon import cli_plan
from routing.verify import check
from tests.jalon import town

FOREVER = "600"


def interrupted(*arguments: str | Path) -> tuple[int, str, str]:
    """Start a command, send it one Ctrl-C once its search has a plan, and return how it left."""
    words = town.command(*arguments, "-l", FOREVER, "--json")
    with subprocess.Popen(words, cwd=town.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            seen = next(line for line in process.stderr if "(insertion)" in line)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=120)
        except BaseException:
            process.kill()
            raise
    return process.returncode, out, seen + err


def test_solve_keeps_the_best_so_far(folder: Path) -> None:
    path = folder / "new.json"
    code, out, err = interrupted("solve", folder / "request.json", "-o", path)
    assert code == 130
    assert town.checked_against("solve", out)["served"] == 8
    assert check(json.loads(path.read_text())) == []
    assert "stopping: keeping the best plan so far" in err and "Traceback" not in err


def test_replan_keeps_the_best_so_far(folder: Path) -> None:
    plan = folder / "plan.json"
    files = ("--burst", folder / "burst.json", "--city", folder / "town.city")
    code, out, err = interrupted("replan", plan, *files, "-o", plan)
    assert code == 130
    figures = town.checked_against("replan", out)
    document = json.loads(plan.read_text())
    assert (figures["violations"], check(document), len(document["orders"])) == (0, [], 13)
    assert "Traceback" not in err
    assert not list(folder.glob(".*.part"))


def test_before_there_is_a_plan(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def loading(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(cli_plan, "load_request", loading)
    assert town.run("solve", folder / "request.json", "-o", folder / "new.json", "--json") == 130
    told = capsys.readouterr()
    assert town.checked_against("error", told.out)["error"]["code"] == "interrupted"
    assert not (folder / "new.json").exists()


def test_a_second_one_quits_at_once(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def planning(*_: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(cli_plan, "plan_day", planning)
    assert town.run("solve", folder / "request.json", "-o", folder / "new.json") == 130
    assert "stopped by Ctrl-C" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before
