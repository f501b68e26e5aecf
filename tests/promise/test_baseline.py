"""The ordinary hour: fit, level, scenarios, and what the baseline refuses."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from data.clock import PARIS
from data.clock import rng as seeded
from data.errors import InputError
from data.synthetic.signals import Counts, hub_counts
from promise.baseline import STEPS_PER_HOUR, Baseline, fit

DAYS, STEPS_PER_DAY = 70, 288


@pytest.fixture(scope="module")
def counts() -> Counts:
    return hub_counts(date(2025, 9, 1), DAYS, (900.0,), 3)


@pytest.fixture(scope="module")
def steps(counts: Counts) -> np.ndarray:
    return counts.per_step(counts.ordinary)[:, 0]


@pytest.fixture(scope="module")
def rain(counts: Counts) -> np.ndarray:
    return counts.rain_mm.reshape(-1, 5).mean(axis=1)


@pytest.fixture(scope="module")
def fitted(counts: Counts, steps: np.ndarray, rain: np.ndarray) -> Baseline:
    known = 56 * STEPS_PER_DAY
    return fit(counts.begin_s, steps[:known], weather=rain[:known])


def test_two_weeks_ahead(fitted: Baseline, counts: Counts, steps: np.ndarray, rain: np.ndarray) -> None:
    """Over a month's change of clocks (26 October), hours of the wall keep their orders."""
    mean = fitted.mean(counts.begin_s, len(steps), rain)[56 * STEPS_PER_DAY :]
    true = steps[56 * STEPS_PER_DAY :]
    assert mean.sum() == pytest.approx(true.sum(), rel=0.08)
    hourly = [one.reshape(-1, STEPS_PER_HOUR).sum(axis=1) for one in (mean, true)]
    flat = np.full(len(hourly[1]), hourly[1].mean())
    assert np.abs(hourly[0] - hourly[1]).mean() < 0.35 * np.abs(flat - hourly[1]).mean()


def test_poisson_counts_show_no_dispersion() -> None:
    begin_s = int(datetime(2025, 3, 3, tzinfo=PARIS).timestamp())
    found = fit(begin_s, seeded(1).poisson(20.0, 40 * STEPS_PER_DAY).astype(float))
    assert np.allclose(found.mean(begin_s, 288), 20, rtol=0.05)
    assert found.dispersion < 0.003 and found.wave_sd < 0.03 and found.grain_sd < 0.05


def test_the_weather_s_effect_is_found(fitted: Baseline, counts: Counts) -> None:
    dry, wet = (fitted.mean(counts.begin_s, 12, np.full(12, mm)) for mm in (0.0, 5.0))
    assert np.allclose(wet / dry, np.exp(0.03 * 5), atol=0.08)


def test_a_burst_in_the_history_is_left_out(
    counts: Counts, steps: np.ndarray, rain: np.ndarray, fitted: Baseline
) -> None:
    known = 56 * STEPS_PER_DAY
    spoilt = steps[:known].copy()
    spoilt[20 * STEPS_PER_DAY + 240 : 20 * STEPS_PER_DAY + 264] *= 15
    found = fit(counts.begin_s, spoilt, weather=rain[:known])
    before, after = (one.mean(counts.begin_s, known, rain[:known]).sum() for one in (fitted, found))
    assert after == pytest.approx(before, rel=0.01)


def test_a_day_above_usual_lifts_the_next_hours(fitted: Baseline, counts: Counts, rain: np.ndarray) -> None:
    end_s = counts.begin_s + 20 * 86_400
    past, weather = slice(19 * STEPS_PER_DAY, 20 * STEPS_PER_DAY), rain[19 * STEPS_PER_DAY : 20 * STEPS_PER_DAY]
    usual = fitted.mean(counts.begin_s, 20 * STEPS_PER_DAY, rain[: 20 * STEPS_PER_DAY])[past]
    all_ = np.ones(STEPS_PER_DAY, bool)
    levels = [fitted.level(end_s, usual * times, all_, weather) for times in (0.8, 1.0, 1.2)]
    assert levels[0].mean < levels[1].mean < levels[2].mean
    assert levels[1].sd < fitted.wave_sd
    hidden = fitted.level(end_s, usual * 9, np.zeros(STEPS_PER_DAY, bool), weather)
    assert hidden.mean == pytest.approx(fitted.rest) and hidden.sd == pytest.approx(fitted.wave_sd)
    ahead = [fitted.scenarios(one, end_s, 144, 400, seeded(1), np.zeros(144)) for one in levels]
    assert ahead[0].mean() < ahead[1].mean() < ahead[2].mean()


def test_far_scenarios_have_the_seasonal_mean(fitted: Baseline, counts: Counts) -> None:
    level = fitted.level(counts.begin_s, np.zeros(0), np.zeros(0, bool))
    drawn = fitted.scenarios(level, counts.begin_s, 288, 3000, seeded(1), np.zeros(288))
    assert drawn.shape == (3000, 288)
    assert np.allclose(drawn.mean(axis=0), fitted.mean(counts.begin_s, 288, np.zeros(288)), rtol=0.05)


def test_hours_follow_the_clock_on_the_wall(fitted: Baseline) -> None:
    """Noon on the Sundays before and after the change of clocks: the same hour of the wall."""
    noons = [int(datetime(2025, 10, day, 12, tzinfo=PARIS).timestamp()) for day in (19, 26)]
    assert noons[1] - noons[0] == 7 * 86_400 + 3600
    one, two = (fitted.mean(noon, 1, np.zeros(1))[0] for noon in noons)
    assert two == pytest.approx(one, rel=0.02)


@pytest.mark.parametrize(
    ("begin_s", "counts", "code"),
    [
        (1, np.ones(40 * 288), "not_aligned"),
        (0, np.ones(10 * 288), "short_history"),
        (0, np.zeros(40 * 288), "no_orders"),
    ],
)
def test_what_can_t_be_fitted(begin_s: int, counts: np.ndarray, code: str) -> None:
    with pytest.raises(InputError) as caught:
        fit(begin_s, counts)
    assert caught.value.code == code


def test_weather_must_be_given_where_it_was_fitted(fitted: Baseline) -> None:
    with pytest.raises(InputError, match="weather factor"):
        fitted.mean(0, 12)
