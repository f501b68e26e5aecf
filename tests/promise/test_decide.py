"""Dates by cost: the level on calm days is the cheapest choice, and the choice is monotone on all others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promise.decide import cheapest_days, first_kept, levels, price_of_day

PROBABILITIES = st.floats(0, 1, allow_nan=False)
CURVES = st.lists(PROBABILITIES, min_size=1, max_size=9).map(lambda values: np.sort(np.array(values)))


@given(CURVES, st.floats(1e-4, 1), PROBABILITIES)
def test_the_cheapest_day(cdf: np.ndarray, ratio: float, floor: float) -> None:
    reach = min(floor, cdf[-1])
    costs = {day: ratio * day - share for day, share in enumerate(cdf) if share >= reach}
    found = int(cheapest_days(cdf, ratio, floor))
    assert costs[found] == min(costs.values())


@given(CURVES, st.floats(1e-3, 1), PROBABILITIES)
def test_on_a_calm_day_the_level_gives_the_cheapest_day(cdf: np.ndarray, ratio: float, floor: float) -> None:
    level = levels(cdf, ratio, floor)
    assert level >= floor
    if floor <= cdf[-1]:
        chosen = int(first_kept(cdf, level, np.ones(len(cdf), bool)))
        best = int(cheapest_days(cdf, ratio, floor))
        assert ratio * chosen - cdf[chosen] == pytest.approx(ratio * best - cdf[best], abs=1e-9)


@given(CURVES, st.floats(1e-3, 1), PROBABILITIES, PROBABILITIES)
def test_a_higher_floor_never_asks_less(cdf: np.ndarray, ratio: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert levels(cdf, ratio, low) <= levels(cdf, ratio, high)


def test_a_flatter_curve_is_no_reason_for_an_earlier_date() -> None:
    calm, burst = np.array([0.90, 0.97, 0.99, 0.99, 0.99]), np.array([0.90, 0.91, 0.93, 0.955, 0.975])
    level = levels(calm, 0.03, 0.85)
    assert cheapest_days(calm, 0.03, 0.85) == 1
    assert cheapest_days(burst, 0.03, 0.85) == 0  # what cost alone would do on the worse day
    allowed = np.ones(5, bool)
    assert first_kept(calm, level, allowed) == 1
    assert first_kept(burst, level, allowed) == 4


@given(
    CURVES.flatmap(lambda cdf: st.tuples(st.just(cdf), st.lists(PROBABILITIES, min_size=len(cdf), max_size=len(cdf)))),
    PROBABILITIES,
    PROBABILITIES,
    st.data(),
)
def test_the_first_day_kept_is_monotone(
    curves: tuple[np.ndarray, list[float]], one: float, other: float, data: st.DataObject
) -> None:
    cdf, worse = curves[0], np.minimum(curves[0], np.sort(curves[1]))
    low, high = sorted((one, other))
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(cdf), max_size=len(cdf))))
    fewer = allowed & np.array(data.draw(st.lists(st.booleans(), min_size=len(cdf), max_size=len(cdf))))
    chosen = int(first_kept(cdf, np.array(low), allowed))
    assert chosen == len(cdf) or (allowed[chosen] and cdf[chosen] >= low)
    assert chosen <= first_kept(worse, np.array(high), fewer)


def test_unknown_cells_keep_the_floor() -> None:
    cdf = np.array([[np.nan, np.nan], [0.5, 1.0]])
    assert levels(cdf, 0.1, 0.9) == pytest.approx([0.9, 0.9])


def test_the_price_of_a_day_meets_the_share_asked_for() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    days = np.arange(12)
    cdf = 1 - np.exp(-(days[None, :] + 1) / rng.uniform(0.4, 3.0, (4000, 1)))
    for nominal in (0.90, 0.95):
        price = price_of_day(cdf, nominal, 0.8)
        chosen = cheapest_days(cdf, price, 0.8)
        rows = np.arange(len(cdf))
        assert cdf[rows, chosen].mean() == pytest.approx(nominal, abs=0.005)
        one_quantile = (cdf >= nominal).argmax(axis=1)
        assert chosen.mean() < one_quantile.mean()  # fewer days at no less certainty
    by_weight = price_of_day(cdf, 0.9, 0.8, np.where(np.arange(4000) < 2000, 1.0, 0.0))
    assert by_weight == pytest.approx(price_of_day(cdf[:2000], 0.9, 0.8))
