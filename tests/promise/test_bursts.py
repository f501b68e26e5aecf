"""The watch: the likelihood ratio against scipy, alarms in time, none without cause; the nowcast of a burst."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.stats import nbinom

from data.clock import rng as seeded
from data.synthetic.signals import Counts, hub_counts
from promise import baseline, surge
from promise.bursts import LEAST_EXCESS, MINUTE_S, TIMES, Watch

CALM = np.zeros(1, bool)


def run(watch: Watch, counts: np.ndarray, mean: float) -> list[tuple[int, int]]:
    """Return minute and onset in minutes of every alarm of one series."""
    found = []
    for minute, count in enumerate(counts.tolist()):
        onset_s = watch.step(minute * MINUTE_S, np.array([count]), np.array([mean]), CALM)[0]
        if onset_s >= 0:
            found.append((minute, int(onset_s) // MINUTE_S))
    return found


def test_the_ratio_is_that_of_two_negative_binomials() -> None:
    watch, counts, mean = Watch(np.array([0.1, 0.3])), np.array([7.0, 2.0]), np.array([1.3, 0.4])
    ratio = watch._log_ratio(counts, mean)
    for size, times in enumerate(TIMES):
        for series, alpha in enumerate((0.1, 0.3)):
            burst = max(mean[series] * times, mean[series] + LEAST_EXCESS)
            logs = [nbinom.logpmf(counts[series], 1 / alpha, 1 / (1 + alpha * rate)) for rate in (burst, mean[series])]
            assert ratio[size, series] == pytest.approx(logs[0] - logs[1])


def test_a_burst_is_seen_at_once_and_its_onset_known() -> None:
    calm = seeded(1).poisson(1.0, 600)
    found = run(Watch(np.array([0.05])), np.concatenate([calm, np.full(10, 9)]), 1.0)
    assert found[0][0] in (601, 602) and abs(found[0][1] - 600) <= 1


def test_one_minute_alone_is_no_burst() -> None:
    calm = seeded(2).poisson(1.0, 600)
    calm[[100, 300, 500]] = 60
    assert not run(Watch(np.array([0.05])), calm, 1.0)


def test_no_more_false_alarms_than_said_when_the_model_holds() -> None:
    series, days = 40, 6
    watch, rng, alarms = Watch(np.full(series, 0.1), false_alarm_s=86_400), seeded(5), 0
    for minute in range(days * 1440):
        counts = rng.poisson(1.5 * rng.gamma(10, 0.1, series)).astype(float)
        alarms += int((watch.step(minute * 60, counts, np.full(series, 1.5), np.zeros(series, bool)) >= 0).sum())
    assert alarms <= series * days


def test_a_muted_series_raises_nothing_and_learns_nothing() -> None:
    watch = Watch(np.array([0.05]))
    for minute in range(30):
        assert watch.step(minute * 60, np.array([50.0]), np.ones(1), np.ones(1, bool))[0] == -1
    assert watch.level[0] == 1.0


def test_the_level_follows_slowly_and_not_a_burst() -> None:
    watch = Watch(np.array([0.05]))
    run(watch, np.full(1200, 2.0), 1.5)
    assert watch.level[0] == pytest.approx(2 / 1.5, rel=0.1)
    run(watch, np.full(10, 100.0), 1.5)
    assert watch.level[0] < 1.5


@pytest.fixture(scope="module")
def counts() -> Counts:
    return hub_counts(date(2025, 3, 3), 90, (500.0, 1000.0, 2000.0, 3000.0), 11)


def test_goals_in_short(counts: Counts) -> None:
    """The short form of benchmarks/nowcast.py: four hubs, one month watched; noise is not what the watch assumes."""
    split = 60 * 1440
    steps = counts.per_step(counts.orders)
    fitted = [baseline.fit(counts.begin_s, column[: split // 5]) for column in steps.T]
    mean = np.stack([np.repeat(one.mean(counts.begin_s, len(steps)) / 5, 5) for one in fitted], axis=1)
    watch, quiet_s = Watch(np.array([one.minute_dispersion for one in fitted])), np.zeros(4)
    true = {(one.hub, one.onset_s): one for one in counts.bursts if one.onset_s >= counts.begin_s + split * 60}
    delays_min, false_alarms = {}, 0
    for minute in range(split, len(mean)):
        at_s = counts.begin_s + minute * 60
        onset_s = watch.step(at_s, counts.orders[minute].astype(float), mean[minute], at_s < quiet_s)
        for hub in np.flatnonzero(onset_s >= 0).tolist():
            quiet_s[hub] = at_s + 4 * 3600
            near = [key for key in true if key[0] == hub and key[1] <= at_s < key[1] + 4 * 3600]
            false_alarms += not near
            delays_min.update({key: (at_s + 60 - key[1]) / 60 for key in near})
    assert len(true) >= 8 and set(delays_min) == set(true)
    assert np.median(list(delays_min.values())) <= 5
    assert false_alarms <= 4  # one a month and hub


def burst(counts: list[float], background: float = 2.0, onset_s: int = 6000) -> surge.Burst:
    """Return a burst whose onset is at a step's begin."""
    now_s = onset_s + 300 * len(counts)
    return surge.Burst(onset_s, now_s, np.array(counts), np.full(len(counts), background))


def next_hour(one: surge.Burst, usual: np.ndarray | None = None) -> float:
    return float(surge.nowcast(one, usual).between(one.now_s, one.now_s + 3600, 400, seeded(1)).mean())


def test_more_orders_mean_more_to_come() -> None:
    found = [next_hour(burst([30 * times, 40 * times])) for times in (0.5, 1, 2, 4)]
    assert found == sorted(found) and found[3] > 4 * found[0]


def test_a_decay_seen_is_a_decay_forecast() -> None:
    rising, falling = burst([60.0] * 8), burst([60, 60, 60, 40, 27, 18, 12, 8.0])
    assert next_hour(falling) < 0.5 * next_hour(rising)


def test_past_bursts_tell_the_usual_course() -> None:
    short = [burst([60, 60, 20, 7, 4, 2, *[2.0] * 40]) for _ in range(20)]
    usual = surge.learn(short)
    assert usual.sum() == pytest.approx(1)
    assert next_hour(burst([60, 60.0]), usual) < 0.7 * next_hour(burst([60, 60.0]))


def test_the_part_of_a_step_before_the_onset_is_neither_seen_nor_to_come() -> None:
    one = surge.Burst(6120, 6300, np.array([30.0]), np.array([1.0]))
    found = surge.nowcast(one)
    assert found.begin_s == 6000 and found.ahead[0] == pytest.approx(0) and found.ahead[1] == 1
    later = surge.nowcast(replace(one, now_s=6240, counts=np.array([20.0])))
    assert later.ahead[0] == pytest.approx(0.2)
