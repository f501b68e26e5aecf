"""Stages followed scan by scan: a delay counts once, where it arose, and the nominal share is kept."""

from __future__ import annotations

import numpy as np
import pytest

from data.clock import rng
from promise.stages import LEVELS, QUEUED_MORE, USUAL_SURPLUS, Stages

DAYS = np.arange(8)
NOBODY = np.zeros(0, dtype=np.int64)


def lived(stages: Stages, days: int, late_from: int, per_day: int = 30) -> None:
    """Let every parcel leave a day after its order, from ``late_from`` on three days after, and take two days then."""
    waits: dict[int, np.ndarray] = {}
    roads: dict[int, np.ndarray] = {}
    for day in range(days):
        order = np.arange(per_day) + 1000 * day
        odds = np.array([0.02, 0.9, 0.98, 1.0])  # one wave a day
        stages.note_handover(0, order, day, odds)
        leaves = day + (3 if day >= late_from else 1)
        waits[leaves] = np.concatenate([waits.get(leaves, NOBODY), order])
        left, came = waits.pop(day, NOBODY), roads.pop(day, NOBODY)
        roads[day + 2] = left
        stages.hear_wave(0, day, left)
        stages.hear_left(0, day, left, np.zeros_like(left), np.zeros_like(left))
        stages.hear_delivered(0, day, came, NOBODY)


def test_a_delay_in_the_hub_says_nothing_of_the_roads() -> None:
    usual, late = Stages(1, 1, 1, 0.95), Stages(1, 1, 1, 0.95)
    lived(usual, 40, late_from=99)
    lived(late, 40, late_from=32)
    told = np.array([0.02, 0.9, 0.98, 1.0])
    assert late.waves[0].corrected(told, 0, 0)[1] < usual.waves[0].corrected(told, 0, 0)[1] - 0.1
    np.testing.assert_allclose(late.transit_cdf(), usual.transit_cdf(), atol=0.02)
    assert usual.transit_cdf()[0, 0, 0, 1] < 0.1 and usual.transit_cdf()[0, 0, 0, 2] > 0.9


def promised(stages: Stages, days: int, truly: float) -> None:
    """Promise by curves that hold 0.95 for the second day; ``truly`` is who comes by then."""
    draw = rng(3)
    curve = np.array([0.2, 0.8, 0.95, 0.97, 0.98, 0.99, 1.0, 1.0])
    for day in range(days):
        order = np.arange(100) + 1000 * day
        stages.note_promises(order, day, np.full(100, day + 2), np.tile(curve, (100, 1)), np.ones((100, 8), dtype=bool))
        came = order[draw.random(100) < truly] - 2000
        stages.hear_due(day, set(came.tolist()))


@pytest.mark.parametrize(("truly", "bolder"), [(0.99, True), (0.88, False)])
def test_what_is_kept_beyond_what_was_told_moves_the_level(truly: float, bolder: bool) -> None:
    right, other = Stages(1, 1, 1, 0.95), Stages(1, 1, 1, 0.95)
    promised(right, 60, 0.95)
    promised(other, 60, truly)
    sure = [np.ones(5)]
    assert (other.levels(sure)[0] < right.levels(sure)[0]) == bolder
    assert LEVELS[0] <= other.levels(sure)[0] <= LEVELS[1]


def test_more_is_asked_for_in_a_queue() -> None:
    stages = Stages(2, 1, 1, 0.90)
    draw = rng(4)
    curves = np.sort(draw.random((500, 14)), axis=1)
    curves[:, -1] = 1.0
    stages.note_promises(np.arange(500), 0, np.full(500, 13), curves, np.ones((500, 14), dtype=bool))
    calm, queued = stages.levels([np.array([0.9, 1.0, 1.0]), np.array([0.0, 0.1, 0.3])])
    kept = [np.take_along_axis(curves, (curves >= level).argmax(1)[:, None], 1).mean() for level in (calm, queued)]
    assert kept[0] == pytest.approx(0.90 - USUAL_SURPLUS, abs=0.003)
    assert kept[1] == pytest.approx(kept[0] + QUEUED_MORE, abs=0.004)


def test_without_a_past_the_nominal_share_is_asked_for() -> None:
    assert Stages(1, 1, 1, 0.95).levels([np.ones(3)])[0] == pytest.approx(0.95, abs=0.01)
