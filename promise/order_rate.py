"""How fast orders come to a channel now, by place, and how fast they may come within the next minutes."""

from __future__ import annotations

import math
from collections import Counter

MINUTE_S = 60
STEP = 5
"""Orders of so many minutes tell the rate, those of as many before tell whether it grows."""
STEP_S = STEP * MINUTE_S
USUAL_STEPS = 36
USUAL_PART = 0.5
"""The usual rate is one that so large a part of the last steps were below: a burst of an hour is not usual yet."""
ALIKE = 10.0
"""Orders of each place that the belief weighs that all places are alike."""
WORTH = 4.0
"""Orders that a place's usual part of the channel's weighs as much as."""


class OrderRate:
    """Orders of one channel and option, counted by cell.

    Parameters
    ----------
    times : float
        So many times as fast as usual they may come at any moment.
    """

    def __init__(self, times: float) -> None:
        self._times = times
        self._minutes: dict[int, Counter[int]] = {}
        self._cells: Counter[int] = Counter()
        self._first = 0

    def add(self, cell: int, now_s: int) -> None:
        """Count an order."""
        minute = now_s // MINUTE_S
        if minute not in self._minutes:
            self._minutes = {one: of for one, of in self._minutes.items() if one > minute - USUAL_STEPS * STEP}
        self._minutes.setdefault(minute, Counter())[cell] += 1
        self._cells[cell] += 1
        self._first = self._first or minute

    def per_s(self, cell: int, now_s: int, ahead_s: int) -> float:
        """Return the orders a second of a cell that there has to be room for, for ``ahead_s``.

        Where the channel's grow beyond chance they are taken to go on to; and a burst may begin at once.
        """
        last, counted_s = now_s // MINUTE_S, STEP_S - MINUTE_S + now_s % MINUTE_S
        recent = self._of(last)
        orders, before = recent.total(), self._of(last - STEP).total()
        cells = len(self._cells) + (cell not in self._cells)
        part = (self._cells[cell] + ALIKE) / (self._cells.total() + ALIKE * cells)
        rate, here = orders / counted_s, 0.0
        if orders:
            noise = math.sqrt(orders / counted_s**2 + before / STEP_S**2)
            growth = max(0.0, rate - before / STEP_S - noise) / rate
            here = (recent[cell] + WORTH) / (counted_s + WORTH / (rate * part))
            here *= 1 + growth * ahead_s / STEP_S
        return max(here, self._times * self._usual(last) * part)

    def _of(self, last: int) -> Counter[int]:
        """Return the orders of the step that ends with a minute."""
        found = Counter[int]()
        for minute in range(last - STEP + 1, last + 1):
            found.update(self._minutes.get(minute, ()))
        return found

    def _usual(self, last: int) -> float:
        """Return the usual orders a second of all cells."""
        steps = min(USUAL_STEPS, (last - self._first) // STEP)
        counts = sorted(self._of(last - STEP * ago).total() for ago in range(1, steps + 1))
        return counts[int(USUAL_PART * len(counts))] / STEP_S if counts else 0.0
