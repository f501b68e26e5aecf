"""``--stream``: each better plan as it is found, one line of JSON each, complete and checked."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from data import clock, codec
from data.errors import InputError
from jalon.inputs import require_writable

STREAM_EVERY_S = 1.0
"""Least time between two plans: each costs the search as long as it takes to publish and to check it."""


@dataclass
class PlanStream:
    """Writes ``{"number": 1, "elapsed_s": 0.4, "final": false, "plan": {...}}``, a line for each plan.

    Parameters
    ----------
    target : str
        A file, begun anew, or ``-`` for stdout.
    """

    target: str
    number: int = 0
    started_s: float = field(default_factory=clock.elapsed_s)

    def __post_init__(self) -> None:
        if not self.to_stdout:
            require_writable(Path(self.target))

    @property
    def to_stdout(self) -> bool:
        """Whether plans go to stdout, where then nothing else does."""
        return self.target == "-"

    def add(self, content: bytes, final: bool = False) -> None:
        """Write a plan, given as JSON; ``final`` is the last and best one, with what would keep broken promises."""
        self.number += 1
        elapsed_s = round(clock.elapsed_s() - self.started_s, 2)
        head = f'{{"number":{self.number},"elapsed_s":{elapsed_s},"final":{str(final).lower()},"plan":'
        line = head.encode() + codec.one_line(content) + b"}\n"
        if self.to_stdout:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
            return
        try:
            with Path(self.target).open("wb" if self.number == 1 else "ab") as file:
                file.write(line)
        except OSError as error:
            raise InputError("unwritable", f"can't write the plan: {error.strerror}", self.target) from None


def stream_to(target: str | None, as_json: bool) -> PlanStream | None:
    """Return the stream wanted, if any."""
    if target is None:
        return None
    if target == "-" and as_json:
        message = "--stream - and --json both want stdout"
        raise InputError("unused_option", message, "--stream", "name a file, or leave one of the two out")
    return PlanStream(target)
