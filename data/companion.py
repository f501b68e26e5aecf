"""A Python process that this one starts, asks in frames, and starts again where it has ended."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

from data.frames import read_frame, write_frame


class Companion:
    """A module run as a process of its own; whoever asks, asks alone.

    Parameters
    ----------
    words : str
        The module's name and its arguments.
    """

    def __init__(self, *words: str) -> None:
        self._command = [sys.executable, "-m", *words]
        self._process: subprocess.Popen[bytes] | None = None

    def running(self) -> bool:
        """Return whether there is a process now."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start a process, in place of the one before."""
        self.end()
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def heard(self) -> bytes | None:
        """Return its next frame, ``None`` where it has ended."""
        assert self._process and self._process.stdout
        try:
            return read_frame(self._process.stdout)
        except ValueError:  # closed meanwhile
            return None

    def ask(self, raw: bytes) -> bytes | None:
        """Return its answer to a frame, from a new process if there is none, ``None`` where it ends of it."""
        if not self.running():
            self.start()
        assert self._process and self._process.stdin
        answer = None
        with suppress(BrokenPipeError, ValueError):
            write_frame(self._process.stdin, raw)
            answer = self.heard()
        if answer is None:
            self.end()
        return answer

    @property
    def code(self) -> int | None:
        """What it ended with, ``None`` while there is one."""
        return None if self._process is None else self._process.returncode

    def end(self) -> None:
        """Kill the process, if there is one, and close its pipes; from any thread."""
        process = self._process
        if process is None:
            return
        process.kill()
        with suppress(BrokenPipeError), process:
            pass
