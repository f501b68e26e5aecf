"""The forecast: streams add up, shares split them, stock and seeds hold, bad input is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from data.clock import rng as seeded
from data.errors import InputError
from data.model.live import Channel, Live, SkuGroup
from data.synthetic.live_signals import lives
from data.synthetic.signals import hub_counts
from promise import baseline, nowcast, surge
from promise.demand import CHANNELS, Forecast, Market, Stream, announced, forecast, ordinary, unannounced
from promise.stock import PARCELS_PER_ORDER

SCENARIOS, STEPS = 300, 48


@pytest.fixture(scope="module")
def market() -> Market:
    return Market(
        hub_ids=("lyon", "nantes"),
        area_ids=("44000", "69001", "69002"),
        group_ids=("", "soap", "wine"),
        area_shares=np.array([0.5, 0.3, 0.2]),
        hub_of_area=np.array([[0.0, 1.0], [1.0, 0.0], [0.9, 0.1]]),
        channel_shares=np.array([0.2, 0.5, 0.1, 0.2]),
        group_shares=np.array([1.0, 0.0, 0.0]),
    )


@pytest.fixture(scope="module")
def calm(market: Market) -> tuple[Stream, int]:
    counts = hub_counts(date(2025, 3, 3), 30, (900.0,), 2)
    fitted = baseline.fit(counts.begin_s, counts.per_step(counts.ordinary)[:, 0])
    begin_s = counts.begin_s + 30 * 86_400 + 12 * 3600
    level = fitted.level(begin_s, np.zeros(0), np.zeros(0, bool))
    return ordinary(market, fitted, level, begin_s, STEPS, scenarios=SCENARIOS, seed=1), begin_s


@pytest.fixture(scope="module")
def evening() -> Live:
    groups = (SkuGroup(id="soap", share=0.7, stock={"lyon": 57}), SkuGroup(id="wine", share=0.3))
    return lives(date(2025, 4, 2), 1, 4)[0].past.live.replace(
        sku_groups=groups, area_shares={"69001": 1.0}, reach=20_000, channel=Channel.SOCIAL
    )


@pytest.fixture(scope="module")
def sold(market: Market, evening: Live) -> tuple[tuple[Stream, ...], int]:
    start_s = int(evening.start_at.timestamp())
    found = nowcast.live(nowcast.learn([], {}), evening, (), start_s - 3600)
    return announced(market, evening, found, start_s, STEPS, scenarios=SCENARIOS, seed=2), start_s


def test_scenarios_have_the_expected_mean_and_shape(market: Market, calm: tuple[Stream, int]) -> None:
    found = forecast(market, calm[1], [calm[0]], 1)
    assert found.parcels.dtype == np.float32 and found.parcels.shape == (SCENARIOS, STEPS, 2)
    expected = found.expected("hub").sum(axis=0) * PARCELS_PER_ORDER
    assert found.parcels.sum(axis=1).mean(axis=0) == pytest.approx(expected, rel=0.05)


def test_every_split_sums_to_the_same_orders(market: Market, calm: tuple[Stream, int]) -> None:
    found = forecast(market, calm[1], [calm[0]], 1)
    totals = [found.expected(by).sum() for by in ("hub", "area", "channel", "group")]
    assert np.allclose(totals, totals[0])
    by_hub = found.expected("hub").sum(axis=0) / totals[0]
    assert np.allclose(by_hub, [0.3 + 0.18, 0.5 + 0.02])


def test_streams_add_up(market: Market, calm: tuple[Stream, int], sold: tuple[tuple[Stream, ...], int]) -> None:
    streams = [calm[0], *sold[0]]
    apart = sum(forecast(market, 0, [one], 1).expected("area") for one in streams)
    assert np.allclose(forecast(market, 0, streams, 1).expected("area"), apart)


def test_one_seed_is_one_forecast(market: Market, calm: tuple[Stream, int]) -> None:
    one, two, other = (forecast(market, calm[1], [calm[0]], seed) for seed in (1, 1, 2))
    assert np.array_equal(one.parcels, two.parcels) and not np.array_equal(one.parcels, other.parcels)
    assert np.array_equal(one.quantiles("area", (0.1, 0.9)), two.quantiles("area", (0.1, 0.9)))


def test_quantiles_hold_the_draws(market: Market, calm: tuple[Stream, int]) -> None:
    found: Forecast = forecast(market, calm[1], [calm[0]], 1)
    low, high = found.quantiles("area", (0.1, 0.9), 6, 18)
    drawn = seeded(9).poisson(np.outer(calm[0].orders[:, 6:18].sum(axis=1), market.area_shares))
    assert (((low <= drawn) & (drawn <= high)).mean(axis=0) > 0.72).all()


def test_a_live_goes_where_and_through_what_it_says(market: Market, sold: tuple[tuple[Stream, ...], int]) -> None:
    found = forecast(market, sold[1], sold[0], 1)
    area, channel, group = (found.expected(by).sum(axis=0) for by in ("area", "channel", "group"))
    assert area[1] == area.sum() and channel[CHANNELS.index(Channel.SOCIAL)] == channel.sum()
    assert group[0] == 0 and group[1] > 0 and group[2] > 0
    assert found.parcels[:, :, 1].sum() == 0


def test_a_group_s_orders_end_with_its_stock(market: Market, sold: tuple[tuple[Stream, ...], int]) -> None:
    soap, wine = (one.orders.sum(axis=1) for one in sold[0])
    assert soap.max() <= 57 / PARCELS_PER_ORDER + 1e-9 and wine.max() > 57


def test_before_the_live_there_is_none(market: Market, evening: Live) -> None:
    start_s = int(evening.start_at.timestamp())
    found = nowcast.live(nowcast.learn([], {}), evening, (), start_s - 7200)
    streams = announced(market, evening, found, start_s - 3600, 24, scenarios=50, seed=1)
    assert sum(one.orders[:, :12].sum() for one in streams) == 0
    assert sum(one.orders[:, 12:].sum() for one in streams) > 0


def test_a_burst_at_one_hub_stays_there(market: Market) -> None:
    burst = surge.Burst(6000, 6600, np.array([30.0, 45.0]), np.array([2.0, 2.0]))
    found = unannounced(market, surge.nowcast(burst), 6600, 12, scenarios=200, seed=1, hub_id="nantes")
    assert found.hub.tolist() == [0, 1] and found.area[1] == 0 and found.area.sum() == pytest.approx(1)
    assert 100 < found.orders.sum(axis=1).mean() < 1000


def test_what_a_forecast_refuses(market: Market, evening: Live, calm: tuple[Stream, int]) -> None:
    found = nowcast.live(nowcast.learn([], {}), evening, (), 0)
    elsewhere = evening.replace(area_shares={"35000": 1.0})
    cases = {
        "invalid_shares": lambda: replace(market, area_shares=np.array([0.5, 0.3, 0.3])),
        "not_aligned": lambda: forecast(market, 17, [calm[0]], 1),
        "no_streams": lambda: forecast(market, 0, [], 1),
        "unknown_area": lambda: announced(market, elsewhere, found, 0, 12, scenarios=2, seed=1),
        "unknown_hub": lambda: unannounced(market, found, 0, 12, scenarios=2, seed=1, hub_id="paris"),
    }
    for code, refused in cases.items():
        with pytest.raises(InputError) as caught:
            refused()
        assert caught.value.code == code
