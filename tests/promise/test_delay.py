"""Durations with parcels under way: Kaplan and Meier's estimate, and the table that follows scans."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from data.clock import rng
from promise.delay import TransitTable, kaplan_meier

REMISSION_WEEKS = [6, 6, 6, 7, 10, 13, 16, 22, 23, -6, -9, -10, -11, -17, -19, -20, -25, -32, -32, -34, -35]
"""The drug group of Freireich et al. (1963), the example of most textbooks; below 0 = still in remission."""
TEXTBOOK = {5: 1.0, 6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482, 35: 0.4482}


def test_the_textbook() -> None:
    weeks = np.array(REMISSION_WEEKS)
    cdf = kaplan_meier(np.abs(weeks), weeks > 0, 40)
    for week, left in TEXTBOOK.items():
        assert 1 - cdf[week] == pytest.approx(left, abs=5e-5)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40))
def test_another_library_agrees(drawn: list[tuple[int, bool]]) -> None:
    days, done = np.array([day for day, _ in drawn]), np.array([ended for _, ended in drawn])
    cdf = kaplan_meier(days, done, 12)
    assert (np.diff(cdf) >= 0).all()
    if done.any():
        peer = SurvfuncRight(days.astype(float), done.astype(int))
        for day, left in zip(peer.surv_times, peer.surv_prob, strict=True):
            assert 1 - cdf[int(day)] == pytest.approx(left, abs=1e-12)


def test_those_under_way_matter_in_a_burst() -> None:
    """A thousand parcels left five days ago: the delivered ones alone say 'two days', those under way say more."""
    took = 1 + rng(1).poisson(4.0, 1000)
    done = took <= 5
    cdf = kaplan_meier(np.where(done, took, 5), done, 10)
    fast = kaplan_meier(took[done], done[done], 10)
    truth = (took <= 4).mean()
    assert cdf[4] == pytest.approx(truth, abs=1e-9)
    assert fast[4] > truth + 0.2


def follow(table: TransitTable, took: np.ndarray, left: np.ndarray, until: int, area: np.ndarray) -> None:
    """Let parcels leave and arrive, step by step."""
    key = np.arange(len(took))
    for step in range(int(left.min()), until + 1):
        out = left == step
        table.hand_over(key[out], area[out], np.zeros(out.sum(), dtype=int), left[out])
        here = left + took == step
        table.deliver(key[here], np.full(here.sum(), step))
        table.refresh(step)


def test_without_fading_the_table_is_kaplan_and_meier() -> None:
    draw = rng(2)
    took, left = draw.integers(0, 6, 300), draw.integers(0, 10, 300)
    table = TransitTable(1, 1, 6, half_life_steps=1e12, pooled=0.0)
    table.seed(np.linspace(0.1, 1.0, 7)[None], parcels=0.0)
    with np.errstate(invalid="ignore"):  # no parcel of that age and no prior: 0 / 0
        follow(table, took, left, until=11, area=0 * took)
        cdf = table.transit_cdf()[0, 0]
    done = left + took <= 11
    expected = kaplan_meier(np.where(done, took, 11 - left), done, 6)
    np.testing.assert_allclose(cdf[:6], expected[:6], atol=1e-9)


def test_the_table_tells_areas_apart_and_leans_where_it_knows_little() -> None:
    draw = rng(3)
    table = TransitTable(3, 2, 8)
    table.seed(np.array([[0.0, 0.2, 0.5, 0.8, 0.9, 1.0, 1.0, 1.0, 1.0]] * 2), parcels=5.0)
    area = draw.integers(0, 2, 3000)
    follow(table, draw.poisson(np.array([1.0, 3.5])[area]), draw.integers(0, 40, 3000), 40, area)
    cdf = table.transit_cdf()
    assert cdf.shape == (3, 2, 9) and (np.diff(cdf, axis=-1) >= -1e-12).all() and cdf.min() >= 0 and cdf.max() <= 1
    assert cdf[0, 0, 2] == pytest.approx(0.920, abs=0.03)  # Poisson(1) <= 2
    assert cdf[1, 0, 2] == pytest.approx(0.321, abs=0.04)  # Poisson(3.5) <= 2
    assert cdf[1, 0, 2] < cdf[2, 0, 2] < cdf[0, 0, 2]


def test_the_table_follows_a_slowdown_before_its_parcels_arrive() -> None:
    table = TransitTable(1, 1, 10, half_life_steps=5.0)
    key = np.arange(50)
    for step in range(60):
        table.hand_over(key + 100 * step, 0 * key, 0 * key, 0 * key + step)
        if step < 50:
            table.deliver(key + 100 * (step - 1), 0 * key + step)  # everything takes a day, then nothing arrives
        table.refresh(step)
        if step == 49:
            before = table.transit_cdf()[0, 0, 1]
    assert before > 0.95 and table.transit_cdf()[0, 0, 1] < 0.5
