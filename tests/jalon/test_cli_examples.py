"""The numbered examples run, one after the other, as a newcomer would run them."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from routing.verify import check
from tests.jalon import town

EXAMPLES = sorted((town.ROOT / "examples").glob("[0-9][0-9]_*.sh"))


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Return a folder, and an environment whose PATH has a ``jalon``."""
    folder = tmp_path_factory.mktemp("examples")
    tools = folder / "bin"
    tools.mkdir()
    program = tools / "jalon"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(town.ROOT))} exec {shlex.join(town.command())} "$@"\n')
    program.chmod(0o755)
    return folder, {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "LIMIT": "1"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example(path: Path, shell: tuple[Path, dict[str, str]]) -> None:
    folder, environment = shell
    run = subprocess.run(
        ["bash", path, "out"], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr


def test_what_they_leave_holds(shell: tuple[Path, dict[str, str]]) -> None:
    out = shell[0] / "out"
    for name in ("plan.json", "plan-2.json"):
        assert check(json.loads((out / name).read_text())) == []
    town.checked_against("replan", (out / "figures.json").read_text())
    town.checked_against("vroom-solution", (out / "vroom.json").read_text())
    assert (out / "map.html").exists() and (out / "map-2.html").exists()
