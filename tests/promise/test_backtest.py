"""The backtest: nothing of the future in it, dates that hold, figures that add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from data.clock import rng
from data.errors import InputError
from data.sources.deliveries import NEVER, Deliveries
from data.synthetic.deliveries import DeliveryWorld, synthetic_deliveries
from promise.backtest import Backtest, Promises, on_weekdays, one_after_the_other
from promise.backtest_load import loads
from promise.backtest_report import Scored, burst_weeks, by_option, ratio_interval, report, scored
from promise.learn import coverage

LEVELS = np.array([0.85, 0.92, 0.97])
WORLD = DeliveryWorld("test", 0.3, 0.3)
DAY_S = 86_400


def promised(deliveries: Deliveries) -> Promises:
    return Backtest(deliveries, LEVELS).run(lambda step, share: None)


@pytest.fixture(scope="module")
def drawn() -> Deliveries:
    return synthetic_deliveries(WORLD, orders=1700, days=120, seed=5)


@pytest.fixture(scope="module")
def promises(drawn: Deliveries) -> Promises:
    return promised(drawn)


def scrambled(drawn: Deliveries, now_s: int) -> Deliveries:
    """Return the file with everything from a moment on drawn anew: times of what happens then, and later orders."""
    draw = rng(9)
    changes = {}
    for name in ("approved", "handed", "delivered"):
        seconds = getattr(drawn, f"{name}_s").copy()
        later = seconds >= now_s
        seconds[later] = np.where(
            draw.random(later.sum()) < 0.3,
            NEVER,
            np.maximum(now_s, drawn.purchased_s[later]) + draw.integers(0, 40 * DAY_S, later.sum()),
        )
        changes[f"{name}_s"] = seconds
        if name != "approved":
            epoch = date(1970, 1, 1).toordinal()
            changes[f"{name}_day"] = np.where(seconds == NEVER, NEVER, seconds // DAY_S + epoch)
    new = drawn.purchased_s >= now_s
    for name in ("origin", "origin_area", "destination_area", "option", "weight_g", "distance_m", "promised_day"):
        values = getattr(drawn, name).copy()
        values[new] = draw.permutation(values[new]) if name != "option" else "other"
        changes[name] = values.astype("<U8") if values.dtype.kind == "U" else values
    old = drawn.option.astype("<U8")
    old[new] = "other"
    changed = replace(drawn, **{**changes, "option": old})
    return changed.take(np.flatnonzero(~new | (draw.random(len(drawn)) < 0.7)))


def test_no_date_rests_on_the_future(drawn: Deliveries, promises: Promises) -> None:
    at = int(len(drawn) * 0.75)
    changed = scrambled(drawn, int(drawn.purchased_s[at]))
    assert (changed.delivered_s[:at] != drawn.delivered_s[:at]).sum() > 100
    again = promised(changed)
    before = promises.rows < at
    assert before.sum() > 500
    np.testing.assert_array_equal(again.rows[: before.sum()], promises.rows[before])
    np.testing.assert_array_equal(again.days[:, : before.sum()], promises.days[:, before])


def test_no_load_rests_on_the_future(drawn: Deliveries) -> None:
    now_s = int(drawn.purchased_s[1400])
    later = [np.where(times >= now_s, NEVER, times) for times in (drawn.handed_s, drawn.delivered_s)]
    known = loads(drawn.purchased_s, drawn.handed_s, drawn.delivered_s)[:, :1400]
    np.testing.assert_array_equal(loads(drawn.purchased_s[:1400], *(times[:1400] for times in later)), known)
    burst = (drawn.purchased_day - drawn.purchased_day[0] >= 85) & (drawn.purchased_day - drawn.purchased_day[0] < 92)
    assert loads(drawn.purchased_s, drawn.handed_s, drawn.delivered_s)[:, burst].mean() > 1.3


def test_dates_hold_where_nothing_changes() -> None:
    """Three months of one kind of day: the nominal shares, within what 1600 orders tell."""
    draw = rng(7)
    n, days = 2200, 100
    bought = np.sort(draw.uniform(0, days, n))
    area = draw.integers(0, 4, n)
    handed = bought + draw.lognormal(0.3, 0.5, n)
    delivered = handed + (3.0 + 2.0 * area) * draw.lognormal(0.0, 0.4, n)
    origin = date(2026, 1, 5).toordinal()
    seconds = [(at * DAY_S).astype(np.int64) for at in (bought, handed, delivered)]
    ordinal = [origin + at.astype(np.int64) for at in (bought, handed, delivered)]
    names = np.array(["A", "B", "C", "D"])[area]
    blank, nothing = np.full(n, "x"), np.full(n, np.nan)
    ids = np.arange(n).astype(str)
    deliveries = Deliveries(
        ids, seconds[0], *seconds, *ordinal, ordinal[0] + 20, blank, blank, names, blank, nothing, nothing
    )  # fmt: skip
    found = scored(deliveries, promised(deliveries))
    ontime, mean_days = found.curve(np.ones(len(found.took), dtype=bool))
    np.testing.assert_allclose(ontime, LEVELS, atol=0.025)
    assert (np.diff(mean_days) > 0).all() and (np.diff(found.promised, axis=0) >= 0).mean() > 0.999


def test_a_file_too_short_is_refused(drawn: Deliveries) -> None:
    with pytest.raises(InputError, match="too_few_deliveries"):
        promised(drawn.take(np.arange(200)))


def test_stages_add_up() -> None:
    draw = rng(1)
    mass = [values / values.sum() for values in draw.random((2, 12))]
    both = one_after_the_other(*(np.cumsum(one)[None] for one in mass))
    np.testing.assert_allclose(both[0], np.cumsum(np.convolve(*mass))[:12], atol=1e-12)
    share = np.array([0.0, 1.2, 1.2, 1.2, 1.2, 1.2, 1.0])
    shaped = on_weekdays(both, np.array([3]), share)
    quiet = (3 + np.arange(12)) % 7 == 0
    assert np.diff(shaped[0], prepend=0.0)[quiet] == pytest.approx(0.0, abs=1e-12)
    assert shaped[0, -1] == pytest.approx(both[0, -1])


def few(promised_days: list[list[int]], took: list[int], incumbent: list[int]) -> Scored:
    bought = date(2026, 3, 30).toordinal() + np.arange(len(took))
    return Scored(bought, bought, np.array([0.8, 0.9]), np.array(took), np.array(promised_days), np.array(incumbent))


def test_the_figures_by_hand() -> None:
    one = few([[2, 2, 2, 2], [6, 6, 6, 6]], [1, 3, 5, 9], [7, 7, 7, 3])
    told = report(one, 0.9)
    assert (told["n"], told["ontime"], told["mean_promised_days"]) == (4, 0.75, 6.0)
    assert (told["incumbent_ontime"], told["incumbent_mean_promised_days"]) == (0.75, 6.0)
    assert told["days_at_incumbent_ontime"] == 6.0 and told["bursts"] == []
    assert [(month["month"], month["n"], month["ontime"]) for month in told["by_month"]] == [
        ("2026-03", 2, 1.0),
        ("2026-04", 2, 0.5),
    ]
    assert report(one, 0.8)["ontime"] == 0.25


def test_the_interval_holds_the_ratio_and_narrows() -> None:
    draw = rng(2)
    took = 1 + draw.poisson(6, 4000)
    bought = date(2026, 1, 1).toordinal() + np.sort(draw.integers(0, 350, 4000))
    incumbent = np.full(4000, 12)
    widths = []
    for rows in (slice(0, 400), slice(0, 4000)):
        ours = np.stack([np.full(4000, 7), np.full(4000, 10), np.full(4000, 12)])[:, rows]
        one = Scored(bought[rows], bought[rows], LEVELS, took[rows], ours, incumbent[rows])
        low, high = ratio_interval(one, 300)
        assert low <= report(one, 0.92)["days_at_incumbent_ontime"] / 12 <= high + 1e-9
        widths.append(high - low)
    assert widths[1] <= widths[0] + 1e-9


def test_lost_parcels_are_late_once_settled(drawn: Deliveries, promises: Promises) -> None:
    found = scored(drawn, promises)
    known = (drawn.delivered_day < NEVER)[promises.rows]
    assert len(found.took) >= known.sum()
    assert ((found.took == NEVER) <= ~found.ontime()[1]).all()


def test_burst_weeks_are_found_where_they_are() -> None:
    steady = np.repeat(np.arange(200), 10)
    assert burst_weeks(steady) == []
    burst = np.repeat(np.arange(100, 107), 15)
    assert burst_weeks(np.sort(np.concatenate([steady, burst]))) == [100]
    assert burst_weeks(np.arange(5)) == []


def test_coverage_of_a_file_by_option(drawn: Deliveries, promises: Promises) -> None:
    (every,) = by_option(drawn, promises, 0.92)
    assert every["option"] == "" and every["due"] + every["waiting"] == len(promises.rows)
    assert 0.8 < every["ontime"] <= 1.0 and every["overdue"] <= every["due"] * (1 - every["ontime"]) + 0.5


def test_coverage_counts_the_overdue() -> None:
    hub, option = np.zeros(5, dtype=int), np.array([0, 0, 0, 0, 1])
    (home, relay) = coverage(hub, option, np.array([5, 5, 5, 9, 5]), np.array([4, 6, NEVER, 4, 5]), today=7)
    assert (home.due, home.ontime, home.overdue, home.waiting) == (3, 1, 1, 1)
    assert home.share == pytest.approx(1 / 3) and relay.share == 1.0
