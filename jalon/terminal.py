"""What a person sees while the engine works: everything here goes to stderr but :func:`print_json`."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.status import Status

from routing.solver.engine import Progress as SearchProgress
from routing.solver.stop import Stop

console = Console(stderr=True)


def print_json(value: Any) -> None:
    """Print the one value of a ``--json`` command on stdout."""
    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


@contextmanager
def interruptible(stop: Stop) -> Iterator[None]:
    """Turn the first Ctrl-C into "keep the best so far"; a second one ends the program as usual."""

    def ask(signum: int, frame: object) -> None:
        stop.request()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        console.print("[yellow]stopping: keeping the best plan so far (Ctrl-C again to quit at once)[/]")

    previous = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


class SearchLine:
    """One line that follows a search, a line per improvement where stderr is not a terminal."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.status: Status | None = console.status(label) if console.is_terminal else None

    def __enter__(self) -> SearchLine:
        if self.status:
            self.status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.status:
            self.status.stop()

    def __call__(self, progress: SearchProgress) -> None:
        text = (
            f"{self.label}: {progress.engine} {progress.elapsed_s:.1f} s, {progress.served} served, "
            f"{progress.cost_cents / 100:,.2f} EUR with what is left out"
        )
        if self.status:
            self.status.update(text)
        else:
            console.print(text, highlight=False)


class StepBars:
    """A bar per named step: ``bars("order", 0.4)``."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description:>24}"), BarColumn(), TimeElapsedColumn())
        self.progress = Progress(*columns, console=console, transient=False)
        self.tasks: dict[str, Any] = {}

    def __enter__(self) -> StepBars:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def __call__(self, step: str, done: float) -> None:
        """Show that ``step`` is ``done`` (0..1)."""
        if step not in self.tasks:
            self.tasks[step] = self.progress.add_task(step, total=1.0)
        self.progress.update(self.tasks[step], completed=done)

