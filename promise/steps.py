"""What was seen of a live, on the grid of five-minute steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.model.live import Live, Signal
from data.model.schedule import STEP_S
from promise.cox import Floats


@dataclass(frozen=True)
class Span:
    """The steps of a live and of the tail after it.

    Attributes
    ----------
    begin_s, start_s, end_s : int
        The grid's first instant, the live's start and its planned end, Unix seconds.
    steps : int
        With the tail.
    """

    begin_s: int
    start_s: int
    end_s: int
    steps: int

    @property
    def middles_s(self) -> Floats:
        """The middle of each step, Unix seconds."""
        return self.begin_s + STEP_S * (np.arange(self.steps, dtype=np.float64) + 0.5)

    @property
    def progress(self) -> Floats:
        """How much of the live's time has passed in the middle of each step: 0 at its start, 1 at its end."""
        passed: Floats = (self.middles_s - self.start_s) / (self.end_s - self.start_s)
        return passed

    @property
    def lived(self) -> Floats:
        """How much of each step lies within the live, 0..1."""
        edges = self.begin_s + STEP_S * np.arange(self.steps + 1, dtype=np.float64)
        part: Floats = np.diff(np.clip(edges, self.start_s, self.end_s)) / STEP_S
        return part

    @property
    def after_s(self) -> Floats:
        """Seconds since the live's end in the middle of each step's part after it; 0 before."""
        edges = np.maximum(self.begin_s + STEP_S * np.arange(self.steps + 1) - self.end_s, 0)
        return (edges[1:] + edges[:-1]) / 2


@dataclass(frozen=True)
class Watched:
    """What was seen in each step: ``covered`` is the part of it that was watched (0..1); each float64 [steps].

    ``viewers`` is the mean of what was reported, 0 where nothing was.
    """

    covered: Floats
    viewers: Floats
    carts: Floats
    orders: Floats


def span(live: Live, tail_s: int) -> Span:
    """Return the steps of a live and the ``tail_s`` seconds after it."""
    start_s, end_s = int(live.start_at.timestamp()), int(live.end_at.timestamp())
    begin_s = start_s // STEP_S * STEP_S
    return Span(begin_s, start_s, end_s, -(-(end_s + tail_s - begin_s) // STEP_S))


def watched(grid: Span, signals: Sequence[Signal], now_s: int) -> Watched:
    """Return the signals up to ``now_s`` on the grid; one that lies across steps is shared out by time.

    What came before the live's first step or after its tail is left out.
    """
    covered, viewers, carts, orders = np.zeros((4, grid.steps))
    for signal in signals:
        at_s = signal.at.timestamp()
        if at_s > now_s:
            continue
        first_s = at_s - signal.interval_s
        for step in range(max(int((first_s - grid.begin_s) // STEP_S), 0), grid.steps):
            left_s = grid.begin_s + step * STEP_S
            part_s = min(at_s, left_s + STEP_S) - max(first_s, left_s)
            if part_s <= 0:
                break
            covered[step] += part_s / STEP_S
            viewers[step] += signal.viewers * part_s / STEP_S
            carts[step] += signal.add_to_cart * part_s / signal.interval_s
            orders[step] += signal.orders * part_s / signal.interval_s
    return Watched(np.minimum(covered, 1.0), viewers / np.maximum(covered, 1e-12), carts, orders)
