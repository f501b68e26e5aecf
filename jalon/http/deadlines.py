"""Requests end in time: one look a second at all of them, which costs a request nothing."""

from __future__ import annotations

import asyncio
from math import inf

from data import clock


class Deadlines:
    """When each task must have come so far; one that hasn't is cancelled, up to ``look_s`` seconds late."""

    def __init__(self, look_s: float = 1.0) -> None:
        self.look_s = look_s
        self._ends_s: dict[asyncio.Task[object], float] = {}
        self._over: set[asyncio.Task[object]] = set()
        self._next: asyncio.TimerHandle | None = None

    def set(self, task: asyncio.Task[object], ends_s: float) -> None:
        """Cancel a task at an instant of ``clock.elapsed_s``, unless it is set again or dropped before."""
        self._ends_s[task] = ends_s
        if self._next is None:
            self._next = asyncio.get_running_loop().call_later(self.look_s, self._look)

    def lift(self, task: asyncio.Task[object]) -> None:
        """Let a task take its time from here on."""
        self._ends_s[task] = inf

    def drop(self, task: asyncio.Task[object]) -> None:
        """Forget a task."""
        del self._ends_s[task]
        self._over.discard(task)

    def is_over(self, task: asyncio.Task[object]) -> bool:
        """Whether a task was cancelled here; it then goes on as if it had not been."""
        if task not in self._over:
            return False
        self._over.discard(task)
        task.uncancel()
        return True

    def _look(self) -> None:
        now_s = clock.elapsed_s()
        for task, ends_s in self._ends_s.items():
            if ends_s <= now_s and task not in self._over:
                self._over.add(task)
                task.cancel()
        again = asyncio.get_running_loop().call_later(self.look_s, self._look) if self._ends_s else None
        self._next = again
