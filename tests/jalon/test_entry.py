"""Ctrl-C while the program is still importing what it needs: one line and 130, no trace."""

from __future__ import annotations

import importlib.metadata
import signal
import subprocess
import sys

import pytest

from jalon.entry import STOPPED
from tests.jalon import town

# imports as they end, from early to late; the interpreter tells each on stderr
STEPS = ("typer", "numpy", "msgspec", "numba")


@pytest.mark.parametrize("step", STEPS)
def test_interrupted_while_importing(step: str) -> None:
    words = [sys.executable, "-X", "importtime", "-c", "from jalon.entry import main; main()", "schema"]
    with subprocess.Popen(words, cwd=town.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            assert any(line.decode().split("|")[-1].strip() == step for line in process.stderr)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        except BaseException:
            process.kill()
            raise
    assert process.returncode == 130
    assert STOPPED in err and b"Traceback" not in err
    assert not out


def test_the_entry_point_imports_nothing_heavy() -> None:
    code = "import sys, jalon.entry; print([m for m in ('typer', 'numpy', 'numba', 'msgspec') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=town.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_it_hands_over_to_the_command_line() -> None:
    words = [sys.executable, "-c", "from jalon.entry import main; main()", "schema", "no-such"]
    done = subprocess.run(words, cwd=town.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "unknown_schema" in done.stderr


def test_the_program_begins_there() -> None:
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="jalon")
    assert script.value == "jalon.entry:main"
