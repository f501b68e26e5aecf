"""When a tour leaves its hub: as late as that costs nothing. The search times tours as early as they can leave."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from routing.instance import Instance
from routing.problem import Tables
from routing.solver import schedule
from routing.solver.rules import Rules, rules_of
from routing.solver.sequences import tour_nodes
from routing.solver.tours import Tours

STEP_S, MOST_LATER_S, TRIED = 600, 4 * 3600, 3
"""Returns that are looked at for a shorter tour: how far apart, how much later at most; departures then tried."""
WORTH_S = 60
"""A tour that returns later must be shorter by as much."""


@dataclass(frozen=True)
class Leaving:
    """Shifts the tours of one instance in time; ``tours`` is a private copy."""

    instance: Instance
    tours: Tours

    @cached_property
    def rules(self) -> Rules:
        """The tables as kernels want them: packing them is dearer than timing a tour."""
        return rules_of(self.tables)

    @property
    def tables(self) -> Tables:
        """The instance's tables."""
        return self.instance.problem.tables

    def leave_late(self, row: int) -> None:
        """Shift a departure as late as the same return allows, or to when the paid tour takes least.

        A driver on the road goes on at once, and an announced departure stays. Nothing gets later that has a price on
        being late.
        """
        tours = self.tours
        start, end = self._ends(row)
        status = self.instance.statuses.get(self.instance.vehicles[row].id)
        if tours.frozen_start_s[row] >= 0 or (status is not None and status.has_left):
            return
        earliest, back, late = int(tours.end_s[start]), int(tours.start_s[end]), self._lateness(row)
        if not self._backward(row, back):
            return
        latest = int(tours.latest_end_s[start])
        for leave in self._shorter(row, back, back - latest):
            if not self._later(row, leave, late) and int(tours.start_s[end]) - leave <= back - latest - WORTH_S:
                return
        if self._later(row, latest, late):  # leaving later is never less late
            latest = earliest + bisect_right(range(earliest + 1, latest + 1), False,
                                             key=lambda leave: self._later(row, leave, late))  # fmt: skip
        if not self._forward(row, latest):
            self._forward(row, earliest)

    def _shorter(self, row: int, back: int, takes_s: int) -> list[int]:
        """Return a few departures that seem to make a paid tour shorter, to return later, the best first.

        Traffic is slow for an hour, or a place opens twice: with neither, the same return is as good as any.
        """
        tables, start = self.tables, self._ends(row)[0]
        cls = int(tables.veh_class[row])
        varies = tables.slice_ptr[cls + 1] - tables.slice_ptr[cls] > 1 or self._waits(row)
        if not varies or tables.veh_cost[row, 2] == 0:
            return []
        found = []
        for later in range(back + STEP_S, min(back + MOST_LATER_S, int(tables.veh_close_s[row])) + 1, STEP_S):
            if self._backward(row, later):
                leave = int(self.tours.latest_end_s[start])
                found.append((later - leave, leave))
        return [leave for seconds, leave in sorted(found)[:TRIED] if seconds <= takes_s - WORTH_S]

    def _waits(self, row: int) -> bool:
        """Return whether a tour stands anywhere before it can serve."""
        tours, nodes = self.tours, tour_nodes(self.tables, self.tours, row)
        return bool((tours.start_s[nodes] > tours.depart_s[nodes] + tours.travel_s[nodes]).any())

    def _later(self, row: int, leave: int, late: int) -> bool:
        """Return whether leaving at an instant makes a tour infeasible or costs more lateness than ``late``."""
        return not self._forward(row, leave) or self._lateness(row) > late

    def _lateness(self, row: int) -> int:
        """Return what lateness on a tour costs as it is timed now."""
        if self.tables.extras is None:
            return 0
        nodes = tour_nodes(self.tables, self.tours, row)
        due_s, per_s = self.tables.extras.late[nodes].T
        return int((np.maximum(self.tours.start_s[nodes] - due_s, 0) * per_s).sum())

    def _forward(self, row: int, departure: int) -> bool:
        start, end = self._ends(row)
        return bool(schedule.forward(self.rules, self.tours, row, departure, start, end))

    def _backward(self, row: int, close_s: int) -> bool:
        start, end = self._ends(row)
        return bool(schedule.backward(self.rules, self.tours, row, close_s, end, start))

    def _ends(self, row: int) -> tuple[int, int]:
        start = self.instance.problem.orders + 2 * row
        return start, start + 1
