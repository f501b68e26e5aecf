"""The test ground of the forecast: seeded, sized as asked, with bursts and lives that are what they say."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from data.clock import PARIS
from data.synthetic.live_signals import lives
from data.synthetic.signals import MINUTE_S, hub_counts

BEGIN = date(2025, 3, 3)


def test_one_seed_is_one_history() -> None:
    one, two, other = (hub_counts(BEGIN, 5, (400.0, 900.0), seed) for seed in (1, 1, 2))
    assert np.array_equal(one.orders, two.orders) and not np.array_equal(one.orders, other.orders)
    assert lives(BEGIN, 3, 1)[2].signals == lives(BEGIN, 3, 1)[2].signals != lives(BEGIN, 3, 2)[2].signals


def test_counts_are_of_the_size_asked_for() -> None:
    found = hub_counts(BEGIN, 60, (400.0, 2000.0), 3)
    assert found.begin_s == int(datetime(2025, 3, 3, tzinfo=PARIS).timestamp())
    assert found.ordinary.shape == (60 * 1440, 2)
    assert found.ordinary.sum(axis=0) / 60 == pytest.approx([400, 2000], rel=0.08)
    assert found.per_step(found.orders).sum() == found.orders.sum()


def test_counts_vary_more_than_poisson_s_and_by_the_hour() -> None:
    found = hub_counts(BEGIN, 60, (2000.0,), 3)
    hourly = found.ordinary.reshape(60, 24, 60).sum(axis=2)
    assert (hourly.var(axis=0) / hourly.mean(axis=0))[9:23].min() > 1.5
    assert hourly[:, 20].mean() > 5 * hourly[:, 4].mean()


def test_bursts_are_apart_and_counted() -> None:
    found = hub_counts(BEGIN, 120, (800.0,), 5)
    onsets_s = np.array([one.onset_s for one in found.bursts])
    assert 5 <= len(onsets_s) <= 20 and np.diff(onsets_s).min() > 86_400 / 2
    assert found.burst.sum() == sum(one.orders.sum() for one in found.bursts)
    first = (found.bursts[0].onset_s - found.begin_s) // MINUTE_S
    assert found.burst[:first].sum() == 0


def test_a_live_s_signals_are_its_orders() -> None:
    for one in lives(BEGIN, 10, 2):
        assert sum(signal.orders for signal in one.signals) == one.past.orders == one.orders.sum()
        during = [signal for signal in one.signals if signal.at <= one.past.live.end_at]
        assert sum(signal.orders for signal in during) == one.past.orders_during
        assert all(signal.viewers > 0 for signal in during)
        assert one.past.add_to_cart == sum(signal.add_to_cart for signal in one.signals) > one.past.orders
