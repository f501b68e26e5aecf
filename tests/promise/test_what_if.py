"""What would a change do: dates later where it must, nothing where it can't, and input that makes no sense refused."""

from __future__ import annotations

import copy
import json
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.clock import PARIS
from data.errors import InputError
from data.model.live import SkuGroup
from promise.stockout import buffers, stock_ends
from promise.what_if import Outcome, compare, helpful_moves
from promise.what_if_input import SAMPLE_PATH, Change, WhatIf, read_what_if

LIVE = "noel-1"
SCENARIOS = 20


@cache
def sample() -> WhatIf:
    return read_what_if(SAMPLE_PATH)


@cache
def outcomes(**changes: Any) -> tuple[Outcome, Outcome]:
    return compare(sample(), Change(live_id=LIVE, **changes), SCENARIOS)


def test_three_times_the_reach_moves_dates_later() -> None:
    before, after = outcomes(reach=3.0)
    assert (before.dates > 0).all() and (after.dates >= before.dates).all()
    assert (after.dates > before.dates).mean() > 0.5
    # wanted three times, sold as far as there is stock
    assert (after.live_parcels > 1.5 * before.live_parcels).all()
    assert (after.live_parcels <= 3 * before.live_parcels + 1e-6).all()
    for old, new in zip(before.loads, after.loads):
        assert new.ratio > old.ratio
        assert (new.inside >= old.inside - 1e-6).all()  # the same scenarios, with more to do
    assert sum(one.hired for one in after.tours) > sum(one.hired for one in before.tours)


def test_every_class_is_promised_an_open_day_and_the_first_class_an_earlier_one() -> None:
    for outcome in outcomes(reach=3.0):
        calendar = sample().option.calendar
        assert all(calendar.is_open(date.fromordinal(day)) for day in outcome.dates.ravel().tolist())
        assert (outcome.dates[:, 0] <= outcome.dates[:, 1]).all()


def test_a_better_conversion_for_half_an_hour_only_adds_what_it_sells() -> None:
    before, after = outcomes(conversion=0.08)
    live = sample().lives[0]
    start = (int(live.start_at.timestamp()) - before.begin_s) // 300
    more = after.parcels - before.parcels
    assert (more[:, start : start + 6].sum(axis=(1, 2)) > 0).all()
    assert np.abs(more[:, :start]).max() == 0
    assert more[:, start + 6 :].max() <= 1e-3  # nothing more later, maybe less: what is sold out is sold out
    ratio = after.parcels[:, start + 2].sum(axis=1) / before.parcels[:, start + 2].sum(axis=1)
    assert (ratio < 8 / 3).all() and (ratio > 1.5).all()  # 8/3 of the live's part, once the ordinary one


def test_a_hub_that_is_down_delays_its_own_areas_only() -> None:
    before, after = outcomes(down_hub_id="NANTES", down_s=86_400)
    own = np.array([area.hub_id == "NANTES" for area in sample().areas])
    assert (after.dates[own] > before.dates[own]).all()
    assert (after.dates[~own] == before.dates[~own]).all()
    assert not np.isfinite(after.loads[0].ratio)
    assert after.loads[1].ratio == before.loads[1].ratio
    down = [one.parcels for one in after.tours if one.hub_id == "NANTES" and one.day == date(2026, 12, 2)]
    assert down == [0]


def test_snow_slows_tours_not_hubs() -> None:
    before, after = outcomes(speed=0.65)
    assert (after.dates >= before.dates).all() and (after.dates > before.dates).any()
    assert [load.ratio for load in after.loads] == [load.ratio for load in before.loads]
    for old, new in zip(before.tours, after.tours):
        assert (old.hub_id, old.day, old.parcels) == (new.hub_id, new.day, new.parcels)
        assert new.tours >= old.tours and new.tours <= np.ceil(old.tours / 0.65) + 1


def test_the_tours_needed_are_those_of_stops_and_room() -> None:
    for hub in sample().hubs:
        fleet = hub.fleet
        for one in (one for one in outcomes(reach=3.0)[1].tours if one.hub_id == hub.schedule.hub_id):
            assert one.tours * fleet.parcels_per_vehicle >= one.parcels - 1
            assert one.tours * fleet.stops_per_tour * fleet.parcels_per_stop >= one.parcels - 1
            assert one.hired == max(0, one.tours - fleet.vehicles)
            assert one.hire_cents == one.hired * fleet.hire_cents


def test_the_moves_told_do_help() -> None:
    after = outcomes(reach=3.0)[1]
    moves = helpful_moves(after, 0)
    assert moves and moves[0].saved_parcel_h == max(move.saved_parcel_h for move in moves) > 0


def test_no_change_changes_nothing_and_the_same_seed_is_the_same_answer() -> None:
    before, after = outcomes()
    assert (before.parcels == after.parcels).all() and (before.dates == after.dates).all()
    again, _ = compare(sample(), Change(live_id=LIVE), SCENARIOS)
    assert (again.parcels == before.parcels).all()
    other, _ = compare(sample(), Change(live_id=LIVE), SCENARIOS, seed=2)
    assert (other.parcels != before.parcels).any()


@pytest.mark.parametrize("now_at", ["2026-10-24T15:00:00+02:00", "2026-03-28T15:00:00+01:00"])
def test_the_days_the_clocks_change(now_at: str) -> None:
    """The hours of ordinary parcels are those of the wall clock: a day of 23 or 25 hours has so many of them."""
    given = sample()
    shift = np.datetime64(now_at[:10]) - np.datetime64("2026-12-01")
    start = given.lives[0].start_at.replace(tzinfo=None) + timedelta(days=int(shift.astype(int)) + 3)
    live = given.lives[0].replace(
        start_at=start.replace(tzinfo=PARIS), end_at=(start + timedelta(hours=2)).replace(tzinfo=PARIS), reach=0
    )
    raw = json.loads(SAMPLE_PATH.read_text())["hubs"][0]["hourly_parcels"]
    moved = given.replace(now_at=live.start_at - timedelta(days=3, hours=5), lives=(live,), day_sigma=0.0)
    before, _ = compare(moved, Change(live_id=LIVE), 1)
    begins = before.begin_s // 3600
    night = int(start.replace(day=25 if now_at[5:7] == "10" else 29, hour=0, tzinfo=PARIS).timestamp()) // 3600
    hours = 25 if now_at[5:7] == "10" else 23
    day = before.parcels[0, (night - begins) * 12 : (night - begins + hours) * 12, 0].sum()
    sunday = given.weekday_factors[6]
    extra = raw[2] * (1 if hours == 25 else -1)
    assert day == pytest.approx(sunday * (sum(raw) + extra), rel=1e-3)


def broken(path: Path, *keys: str | int, value: object) -> Path:
    """Write the sample with one value changed."""
    document = json.loads(SAMPLE_PATH.read_text())
    inside = document
    for key in keys[:-1]:
        inside = inside[key]
    inside[keys[-1]] = copy.deepcopy(value)
    target = path / "input.json"
    target.write_text(json.dumps(document))
    return target


@pytest.mark.parametrize(
    ("keys", "value", "code", "where"),
    [
        (("areas", 2, "hub_id"), "PARIS", "unknown_hub", "#/areas/2/hub_id"),
        (("areas", 0, "share"), 0.9, "invalid_shares", "#/areas"),
        (("class_shares",), [0.4, 0.4], "invalid_shares", "#/class_shares"),
        (("areas", 1, "transit"), [0.5, 0.4], "invalid_transit", "#/areas/1/transit"),
        (("hubs", 1, "backlog"), [1], "invalid_backlog", "#/hubs/1/backlog"),
        (("now_at",), "2026-11-01T08:00:00+01:00", "outside_horizon", "#/lives/0/start_at"),
        (("lives", 0, "area_shares"), {"paris": 1.0}, "unknown_area", "#/lives/0/area_shares"),
        (("lives", 0, "sku_groups", 1, "stock"), {"PARIS": 3}, "unknown_hub", "#/lives/0/sku_groups/1/stock"),
        (("hubs", 0, "hourly_parcels"), [1.0] * 23, "invalid_value", "#/hubs/0/hourly_parcels"),
        (("hubs", 0, "fleet", "stops_per_tour"), 0, "invalid_value", "#/hubs/0/fleet/stops_per_tour"),
        (("hubs", 0, "schedule", "hub_id"), "RENNES", "duplicate_id", "#/hubs/1"),
        (("level",), 1.2, "invalid_value", "#/level"),
        (("weather",), "snow", "unknown_key", "#"),
    ],
)
def test_input_that_makes_no_sense_is_refused(
    tmp_path: Path, keys: tuple[str | int, ...], value: object, code: str, where: str
) -> None:
    with pytest.raises(InputError) as raised:
        read_what_if(broken(tmp_path, *keys, value=value))
    assert raised.value.code == code
    assert where in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"live_id": "x"}, "unknown_live"), ({"live_id": LIVE, "down_hub_id": "x"}, "unknown_hub")],
)
def test_a_change_of_what_is_not_there_is_refused(changes: dict[str, str], code: str) -> None:
    with pytest.raises(InputError) as raised:
        compare(sample(), Change(**changes))
    assert raised.value.code == code and raised.value.action


def test_a_conversion_needs_one_to_compare_with() -> None:
    given = sample().replace(lives=(sample().lives[0].replace(conversion=None),))
    with pytest.raises(InputError, match="no conversion"):
        compare(given, Change(live_id=LIVE, conversion=0.08))


# ------------------------------------------------------------------------------------------------------------- stock


def test_the_first_to_end_is_told_first_and_when() -> None:
    groups = (
        SkuGroup(id="much", share=0.5, stock={"A": 1000}),
        SkuGroup(id="little", share=0.3, stock={"A": 20, "B": 20}, buffer={"B": 10}),
        SkuGroup(id="endless", share=0.2),
    )
    parcels = np.full((3, 24), 10.0)
    parcels[0] = 0.0
    first, second, third = stock_ends(groups, parcels, 6000)
    assert first.group_id == "little" and first.chance == pytest.approx(2 / 3)
    assert first.ends_s == 6000 + 11 * 300  # 30 free, 3 a step: gone for good in the eleventh
    assert first.short_parcels == pytest.approx(2 / 3 * (72 - 30))
    assert {second.group_id, third.group_id} == {"much", "endless"} and second.ends_s is None


def test_what_is_moved_covers_what_is_needed_and_nobody_gives_what_he_needs() -> None:
    rng = np.random.default_rng(1)
    hubs = ("A", "B", "C")
    for _ in range(50):
        stock = {hub: int(rng.integers(0, 200)) for hub in hubs}
        keep = {"B": int(rng.integers(0, 30))}
        group = SkuGroup(id="g", share=1.0, stock=stock, buffer=keep)
        parcels = rng.poisson(rng.uniform(10, 150, 3), (40, 3)).astype(float)
        held = {hub: stock[hub] - keep.get(hub, 0) for hub in hubs}
        need = {hub: np.sort(parcels[:, k])[-4] for k, hub in enumerate(hubs)}
        bought = 0
        for one in buffers((group,), parcels, hubs, 0.9):
            assert one.parcels > 0
            if one.from_hub:
                held[one.from_hub] -= one.parcels
                assert held[one.from_hub] >= need[one.from_hub]
            else:
                bought += one.parcels
            held[one.to_hub] = max(held[one.to_hub], 0) + one.parcels
        assert all(held[hub] >= need[hub] - 1e-9 for hub in hubs)
        if bought:
            assert all(held[hub] <= max(need[hub], 0) + 1e-9 for hub in hubs)
