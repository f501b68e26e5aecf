"""The usual course of a live: a ramp by the clock, as the crowd gathers, times a body by how far the live has got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promise.cox import Floats
from promise.steps import Span, Watched

RAMP_EDGES_S = np.array([300.0, 600.0, 900.0, 1200.0, 1800.0])
RAMPS = len(RAMP_EDGES_S) + 1
PARTS = 10
PART_MIDDLES = (np.arange(PARTS) + 0.5) / PARTS
USUAL_RAMP = np.array([0.4, 0.8, 0.9, 1.0, 1.0, 1.0])
USUAL_BODY = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.05, 1.1])
USUAL_WEIGHT = 4.0
"""Usual values count as if so many more lives had shown them."""
ROUNDS = 8


@dataclass(frozen=True)
class Course:
    """Order rates relative to the body of a live: ``ramp [RAMPS]`` by time since its start, ``body [PARTS]``."""

    ramp: Floats
    body: Floats

    def during(self, grid: Span) -> Floats:
        """Return what part of the orders during the live falls into each step; 0 after it. Sums to 1."""
        rate = grid.lived * self.ramp[gathered(grid)] * np.interp(grid.progress, PART_MIDDLES, self.body)
        part: Floats = rate / rate.sum()
        return part


def gathered(grid: Span) -> NDArray[np.intp]:
    """Return which part of the ramp each step is in, 0..RAMPS-1."""
    return np.digitize(grid.middles_s - grid.start_s, RAMP_EDGES_S)


def part_of(grid: Span) -> NDArray[np.intp]:
    """Return which part of the body each step is in, 0..PARTS-1."""
    return np.clip((grid.progress * PARTS).astype(np.intp), 0, PARTS - 1)


def learn(grids: Sequence[Span], seen: Sequence[Watched]) -> Course:
    """Return the mean course of past lives, each with the same weight: ramp and body fitted in turn."""
    found = Course(USUAL_RAMP, USUAL_BODY)
    for _ in range(ROUNDS):
        ramp, body = (np.full((2, count), USUAL_WEIGHT / count) for count in (RAMPS, PARTS))
        ramp[0] *= found.ramp / USUAL_RAMP
        body[0] *= found.body / USUAL_BODY
        for grid, one in zip(grids, seen):
            expected = found.during(grid) * one.covered
            inside = expected > 0
            orders = one.orders * inside / one.orders[inside].sum()
            expected = expected / expected.sum()
            for table, row, count in ((ramp, gathered(grid), RAMPS), (body, part_of(grid), PARTS)):
                table[0] += np.bincount(row, expected, count)
                table[1] += np.bincount(row, orders, count)
        raised = found.ramp * ramp[1] / ramp[0]
        found = Course(raised / raised[-1], found.body * body[1] / body[0])
    return Course(found.ramp, found.body / found.body.mean())
