"""Observed over expected, the power of the load, and dates by cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.clock import rng
from promise.calibrate import Correction, LoadScale, climbed
from promise.decide import cheapest_days, price_of_day

DAYS = np.arange(31)


def geometric(daily: float | np.ndarray) -> np.ndarray:
    """Return P(delivered within k days) where a share arrives each day."""
    return 1.0 - (1.0 - np.asarray(daily)[..., None]) ** (DAYS + 1.0)


def followed(correction: Correction, daily: float, until: int, per_day: int, hub: int = 0, seed: int = 1) -> None:
    """Promise by a fifth a day, deliver ``daily``."""
    draw = rng(seed)
    arrives: dict[int, list[int]] = {}
    for day in range(until):
        order = np.arange(per_day) + 10_000 * day + 10_000_000 * hub
        cdf = np.tile(geometric(0.2), (per_day, 1))
        correction.promise(order, np.full(per_day, hub), np.zeros(per_day, dtype=int), cdf, np.full(per_day, day))
        for one, took in zip(order.tolist(), draw.geometric(daily, per_day) - 1, strict=True):
            arrives.setdefault(day + int(took), []).append(one)
        done = np.array(arrives.pop(day, []), dtype=np.int64)
        correction.done(done, np.full(len(done), day))
        correction.refresh(day)


def test_what_is_right_stays_as_it_is() -> None:
    correction = Correction(1, 1)
    np.testing.assert_allclose(correction.corrected(geometric(0.2), 0, 0), geometric(0.2), atol=1e-12)
    followed(correction, 0.2, until=60, per_day=40)
    np.testing.assert_allclose(correction.corrected(geometric(0.2), 0, 0), geometric(0.2), atol=0.03)


@pytest.mark.parametrize("daily", [0.1, 0.3])
def test_a_slower_or_faster_world_is_followed(daily: float) -> None:
    correction = Correction(1, 1)
    followed(correction, daily, until=60, per_day=40)
    np.testing.assert_allclose(correction.corrected(geometric(0.2), 0, 0), geometric(daily), atol=0.04)


def test_nothing_waits_for_a_due_date() -> None:
    """The promises are 11 days long; after two days without a delivery the correction has moved."""
    correction = Correction(1, 1)
    followed(correction, 0.2, until=40, per_day=40)
    before = correction.corrected(geometric(0.2), 0, 0)
    for day in (40, 41):
        correction.refresh(day)
    assert correction.corrected(geometric(0.2), 0, 0)[8] < before[8] - 0.01


def one_bad_day(orders: int, alike: float) -> float:
    """Return how much a day on which nothing is delivered moves the pace, after forty usual ones."""
    correction = Correction(1, 1, alike=alike)
    followed(correction, 0.2, until=40, per_day=10)
    before = correction.pace()[0, 0, 1]
    nothing = np.zeros(orders, dtype=np.int64)
    correction.promise(np.arange(orders), nothing, nothing, np.tile(geometric(0.2), (orders, 1)), nothing + 40)
    correction.refresh(40)
    return float(before - correction.pace()[0, 0, 1])


def test_a_crowd_that_shares_its_fate_is_no_proof() -> None:
    assert one_bad_day(2000, 0.0) > 0.4
    assert one_bad_day(2000, 0.3) < 0.15


def test_what_was_postponed_did_not_age() -> None:
    """Half the orders wait a day for others; told so, the world is as fast as it was, else it looks slower."""
    paces = []
    for told in (True, False):
        correction = Correction(1, 1)
        for day in range(40):
            order = np.arange(40) + 100 * day
            sure = np.tile([0.9, 1.0, 1.0], (40, 1))
            nothing = np.zeros(40, dtype=np.int64)
            correction.promise(order, nothing, nothing, sure, np.full(40, day))
            today, kept = order[:20], order[20:]
            yesterday = kept - 100 if day else kept[:0]
            done = np.concatenate([today[:18], yesterday[:18]])
            correction.done(done, np.full(len(done), day))
            correction.refresh(day, kept if told else None)
        paces.append(correction.pace()[0, 0, 0])
    assert paces[0] == pytest.approx(1.0, abs=0.1) and paces[1] < 0.7


def test_cells_lean_on_their_hub_and_hubs_on_all() -> None:
    correction = Correction(3, 2)
    followed(correction, 0.1, until=40, per_day=30, hub=0)
    followed(correction, 0.2, until=40, per_day=30, hub=1, seed=2)
    slow, right, unknown = correction.pace()[:, 0, 1]
    assert slow < unknown < right + 0.05
    assert correction.pace()[0, 1, 1] < correction.pace()[1, 1, 1]  # no order of that option: its hub's
    mixed = correction.corrected(np.tile(geometric(0.2), (3, 1)), np.arange(3), 0)
    for hub in range(3):
        np.testing.assert_array_equal(mixed[hub], correction.corrected(geometric(0.2), hub, 0))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.floats(0.05, 0.9))
def test_corrected_never_falls(per_day: int, daily: float) -> None:
    correction = Correction(1, 1)
    followed(correction, daily, until=12, per_day=per_day)
    fine = np.linspace(0.0, 0.9999, 400)
    corrected = correction.corrected(fine, 0, 0)
    assert (np.diff(corrected) >= 0).all() and corrected.min() >= 0 and corrected.max() <= 1


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_the_power_of_the_load_is_learnt(power: float) -> None:
    draw, scale = rng(4), LoadScale(0.5, spread=0.5, half_life_steps=1000.0)
    for _ in range(120):
        load = draw.uniform(0.6, 2.5, 60)
        left = np.ones(60, dtype=bool)
        for _ in range(7):
            faster = load[left, None] ** -scale.GRID
            climb = 0.25 * faster
            ended = draw.random(left.sum()) < -np.expm1(-0.25 * load[left] ** -power)
            scale.observe(climb, ended)
            left[np.flatnonzero(left)[ended]] = False
    assert scale.exponent == pytest.approx(power, abs=0.12)
    assert scale.factor(np.array([1.0]))[0] == 1.0


def test_cheapest_days_against_every_day() -> None:
    cdf = np.sort(rng(5).random((40, 31)), axis=1)
    price = np.full(40, 0.01)
    days = cheapest_days(cdf, price, 0.6)
    for row, day in zip(cdf, days, strict=True):
        allowed = [k for k in range(31) if row[k] >= min(0.6, row[-1])]
        assert day == min(allowed, key=lambda k: (0.01 * k - row[k], k))


def test_dates_by_cost_keep_the_level_in_fewer_days() -> None:
    cdf = geometric(rng(6).uniform(0.08, 0.9, 400))
    price = price_of_day(cdf, 0.92, 0.75)
    by_cost = cheapest_days(cdf, price, 0.75)
    each = (cdf >= 0.92).argmax(1)
    row = np.arange(400)
    assert cdf[row, by_cost].mean() == pytest.approx(0.92, abs=0.01)
    assert by_cost.mean() < each.mean() - 0.5
    assert (cdf[row, by_cost] >= 0.75).all()


def test_climbed_is_the_cumulative_hazard() -> None:
    np.testing.assert_allclose(climbed(np.array([0.0, 0.5])), [0.0, np.log(2)])
    assert np.isfinite(climbed(np.array([1.0]))).all()
