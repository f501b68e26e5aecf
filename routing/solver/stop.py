"""When a search ends: its time is up, or somebody asked it to."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from data.clock import elapsed_s


@dataclass(frozen=True)
class Stop:
    """A time budget that may be cut short from another thread or a signal handler.

    Parameters
    ----------
    seconds : float
        Wall-clock budget from the moment the object is made.
    """

    seconds: float
    started_s: float = field(default_factory=elapsed_s)
    flag: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> bool:
        """Return whether the search must end now."""
        return self.flag.is_set() or self.remaining_s() <= 0

    def remaining_s(self) -> float:
        """Return the seconds left, 0 once asked to stop."""
        return 0.0 if self.flag.is_set() else max(0.0, self.seconds - self.elapsed_s())

    def elapsed_s(self) -> float:
        """Return the seconds since the start."""
        return elapsed_s() - self.started_s

    def request(self) -> None:
        """Ask the search to end and keep the best so far."""
        self.flag.set()

    def share(self, fraction: float) -> Stop:
        """Return a stop for a part of what is left that ends with this one."""
        return Stop(self.remaining_s() * fraction, flag=self.flag)
