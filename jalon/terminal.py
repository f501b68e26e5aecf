"""What a person sees while the engine works: everything here goes to stderr but :func:`print_json`."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.status import Status
from rich.text import Text

from data.errors import JalonError
from data.jit import cache_dir
from routing.solver.engine import Progress as SearchProgress
from routing.solver.stop import Stop
from routing.travel import warm as warm_travel
from routing.warm import warm_kernels

console = Console(stderr=True, highlight=False)


class Interrupted(JalonError):
    """Ctrl-C while there was no best plan to keep, or a second one."""

    exit_code = 130


def print_json(value: Any) -> None:
    """Print the one value of a ``--json`` command on stdout."""
    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def say(label: str, text: str, style: str = "") -> None:
    """Print one line, however long. ``text`` may come from a user: nothing in it is markup."""
    console.print(Text.assemble((label, style), " ", text), soft_wrap=True)


def warm_if_cold(solver: bool = True) -> None:
    """Compile the kernels before any clock runs, saying so: else a cold cache eats the search time without a word.

    Without ``solver``, those of travel times only.
    """
    rooms = ("routing.matrix", "routing.solver") if solver else ("routing.matrix",)
    if not all(any(cache_dir(room).rglob("*.nbi")) for room in rooms):
        say(
            "note",
            "compiling kernels first, about three minutes, once per version (`jalon warm` does it ahead)",
            "yellow",
        )
        (warm_kernels if solver else warm_travel)()


@contextmanager
def interrupt_is_an_error() -> Iterator[None]:
    """Turn Ctrl-C into :class:`Interrupted`."""

    def stop(signum: int, frame: object) -> None:
        raise Interrupted("interrupted", "stopped by Ctrl-C", action="what was complete is written, nothing else")

    with _on_sigint(stop):
        yield


@contextmanager
def interruptible(stop: Stop) -> Iterator[None]:
    """Turn the first Ctrl-C into "keep the best so far"; a second one ends the program as before."""
    before = signal.getsignal(signal.SIGINT)

    def ask(signum: int, frame: object) -> None:
        stop.request()
        signal.signal(signal.SIGINT, before)
        say("stopping:", "keeping the best plan so far (Ctrl-C again to quit at once)", "yellow")

    with _on_sigint(ask):
        yield


@contextmanager
def _on_sigint(handler: Any) -> Iterator[None]:
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class SearchLine:
    """One line that follows a search; a line per improvement where stderr is no terminal."""

    def __init__(self, label: str, unit: str = "EUR, what is left out priced in", per_unit: int = 100) -> None:
        self.label, self.unit, self.per_unit = label, unit, per_unit
        self.status: Status | None = console.status(Text(label)) if console.is_terminal else None

    def __enter__(self) -> SearchLine:
        if self.status:
            self.status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.status:
            self.status.stop()

    def __call__(self, progress: SearchProgress) -> None:
        cost = f"{round(progress.cost_cents / self.per_unit):,}".replace(",", " ")
        text = f"{progress.elapsed_s:5.1f} s  {progress.served} served, {cost} {self.unit} ({progress.engine})"
        if self.status:
            self.status.update(Text(f"{self.label}: {text}"))
        else:
            say(f"{self.label}:", text)


class StepBars:
    """A bar per job whose label is the step at work: ``bars("reading ways", 0.3)``.

    Steps tell the share of their job that is done, 0 to 1; a share below the last one begins the next job.
    """

    def __init__(self) -> None:
        columns = (TextColumn("{task.description:>24}"), BarColumn(), TimeElapsedColumn())
        self.bars = Progress(*columns, console=console, disable=not console.is_terminal)
        self.task: TaskID | None = None
        self.share = 0.0
        self.step = ""

    def __enter__(self) -> StepBars:
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    def __call__(self, step: str, share: float) -> None:
        """Show that ``step`` is at work and ``share`` (0..1) of its job done."""
        if self.task is None or share < self.share:
            self.task = self.bars.add_task(step, total=1.0)
        self.share = share
        self.bars.update(self.task, description=step, completed=share)
        if not console.is_terminal and share < 1 and step != self.step:
            say("step:", step)
        self.step = step
