"""A hub's timetable, on ordinary days and on those the clocks change."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import codec
from data.calendar import OUVRABLES
from data.errors import InputError
from data.model.live import Live, PastLive, SkuGroup
from data.model.promise import QuoteRequest, Slot
from data.model.promise_state import Costs, HubLoad, Inflow, StageCurve
from data.model.schedule import STEP_S, HubSchedule, Shift, Wave, Workload, instant_s

PARIS = "Europe/Paris"
FORWARD, BACK = date(2026, 3, 29), date(2026, 10, 25)


def at_s(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def night_hub(**changes: object) -> HubSchedule:
    """Return a hub with a day and a night shift and a wave at six, every day."""
    shifts = (
        Shift(workload=Workload.SORT, begins=time(8), ends=time(16), stations=2, parcels_per_hour=30),
        Shift(workload=Workload.SORT, begins=time(22), ends=time(6), stations=1, parcels_per_hour=30),
    )
    waves = (Wave(id="six", departs=time(6), cutoff_s=1800), Wave(id="five", departs=time(17), weekdays=(1,)))
    return HubSchedule(hub_id="h", shifts=shifts, waves=waves).replace(**changes)


def test_instants_of_the_nights_the_clocks_change() -> None:
    assert instant_s(FORWARD, time(2, 30), PARIS) == at_s("2026-03-29T03:30+02:00")  # never shown by a clock
    assert instant_s(FORWARD, time(6), PARIS) == at_s("2026-03-29T06:00+02:00")
    assert instant_s(BACK, time(2, 30), PARIS) == at_s("2026-10-25T02:30+02:00")  # shown twice: the first
    assert instant_s(BACK, time(6), PARIS) == at_s("2026-10-25T06:00+01:00")


@pytest.mark.parametrize(("day", "hours"), [(FORWARD, 7), (BACK, 9), (date(2026, 6, 2), 8)])
def test_a_night_shift_works_the_hours_there_are(day: date, hours: int) -> None:
    night = night_hub().replace(shifts=night_hub().shifts[1:])
    noon_s = instant_s(day - timedelta(days=1), time(12), PARIS)
    assert night.capacity(Workload.SORT, noon_s, 288).sum() == pytest.approx(30 * hours)
    assert night.capacity(Workload.PICK, noon_s, 288).sum() == 0


def test_a_day_of_capacity() -> None:
    parcels = night_hub().capacity(Workload.SORT, at_s("2026-11-24T00:00+01:00"), 288)
    assert parcels[0] == pytest.approx(2.5) and parcels[72:96].sum() == 0
    assert parcels[96:192] == pytest.approx(np.full(96, 5.0))
    assert parcels.sum() == pytest.approx(30 * 8 + 60 * 8)


@given(st.integers(0, 86_399), st.integers(1, 600))
@settings(max_examples=40, deadline=None)
def test_capacity_counts_shares_of_steps(offset_s: int, steps: int) -> None:
    begin_s = at_s("2026-10-24T00:00+02:00") + offset_s
    found = night_hub().capacity(Workload.SORT, begin_s, steps)
    fine = 60
    seconds = begin_s + fine * np.arange(steps * STEP_S // fine) + fine / 2
    walls = [datetime.fromtimestamp(one, ZoneInfo(PARIS)).time() for one in seconds]
    rate = [(8 <= wall.hour < 16) * 60 + (wall.hour >= 22 or wall.hour < 6) * 30 for wall in walls]
    naive = np.array(rate).reshape(steps, -1).sum(axis=1) * fine / 3600
    assert np.abs(found - naive).max() <= 60 * fine / 3600 + 1e-9
    assert found.sum() == pytest.approx(naive.sum(), abs=3)


def test_departures_are_dated_in_order() -> None:
    begin_s = at_s("2026-10-24T12:00+02:00")  # a Saturday; the clocks go back that night
    found = night_hub().departures(begin_s, begin_s + 3 * 86_400)
    leaves = ["2026-10-25T06:00+01:00", "2026-10-26T06:00+01:00", "2026-10-26T17:00+01:00", "2026-10-27T06:00+01:00"]
    assert found.waves_s.tolist() == [at_s(text) for text in leaves]
    assert found.which.tolist() == [0, 0, 1, 0]
    assert (found.waves_s - found.cutoffs_s).tolist() == [1800, 1800, 0, 1800]
    assert [column.dtype for column in found] == [np.dtype(np.int64)] * 3
    edge = night_hub().departures(at_s(leaves[0]), at_s(leaves[1]))
    assert edge.waves_s.tolist() == [at_s(leaves[0])]


def test_a_closed_hub_neither_works_nor_sends() -> None:
    shut = night_hub(calendar=OUVRABLES)  # no Sunday, no 11 November
    sunday_s = at_s("2026-11-22T08:00+01:00")
    assert shut.departures(sunday_s, sunday_s + 43_200).waves_s.size == 0
    assert shut.capacity(Workload.SORT, sunday_s, 144).sum() == 0
    assert shut.capacity(Workload.SORT, at_s("2026-11-22T00:00+01:00"), 72).sum() == pytest.approx(30 * 6)
    assert shut.departures(at_s("2026-11-11T00:00+01:00"), at_s("2026-11-12T00:00+01:00")).waves_s.size == 0


AN_HOUR = {"start_at": "2026-11-24T20:00:00+01:00", "end_at": "2026-11-24T21:00:00+01:00"}
WRONG = [
    (HubSchedule, {"hub_id": "h", "waves": []}, "#/waves"),
    (HubSchedule, {"hub_id": "h", "waves": [{"id": "w", "departs": "06:00:00"}], "time_zone": "Mars"}, "#"),
    (HubSchedule, {"hub_id": "h", "waves": [{"id": "w", "departs": "06:00:00"}] * 2}, "#"),
    (HubSchedule, {"hub_id": "h", "waves": [{"id": "w", "departs": "06:00:00+01:00"}]}, "#/waves/0/departs"),
    (HubSchedule, {"hub_id": "h", "waves": [{"id": "w", "departs": "06:00:00", "weekdays": [8]}]}, "#/waves/0/week"),
    (Live, {"id": "l", **AN_HOUR, "end_at": AN_HOUR["start_at"]}, "#"),
    (Live, {"id": "l", **AN_HOUR, "area_shares": {"a": 0.5}}, "#"),
    (Live, {"id": "l", **AN_HOUR, "sku_groups": [{"id": "s", "share": 0.5}]}, "#"),
    (PastLive, {"live": {"id": "l", **AN_HOUR}, "orders": 3, "orders_during": 4}, "#"),
    (QuoteRequest, {}, "#"),
    (QuoteRequest, {"lat": 47.0}, "#"),
    (QuoteRequest, {"postcode": "4400"}, "#/postcode"),
    (QuoteRequest, {"postcode": "44000", "cart": {"parcels": 0}}, "#/cart/parcels"),
    (Slot, {"begins": "12:00:00", "ends": "12:00:00"}, "#"),
    (StageCurve, {"option": "o", "within": [0.5, 0.4]}, "#"),
    (StageCurve, {"option": "o", "within": []}, "#/within"),
    (Inflow, {"begin_at": AN_HOUR["end_at"], "end_at": AN_HOUR["start_at"], "parcels": 1}, "#"),
    (HubLoad, {"schedule": {"hub_id": "h", "waves": [{"id": "w", "departs": "06:00:00"}]}, "backlog": [1, 2]}, "#"),
    (Costs, {"day_cents": 0}, "#/day_cents"),
]


@pytest.mark.parametrize(
    ("kind", "value", "where"), WRONG, ids=[f"{kind.__name__}-{n}" for n, (kind, *_) in enumerate(WRONG)]
)
def test_what_is_refused_and_where(kind: type, value: dict, where: str) -> None:
    raw = json.dumps(value)
    with pytest.raises(InputError) as told:
        codec.decode(raw, kind, "state.json")
    assert told.value.where.startswith(f"state.json{where}")
    assert told.value.message and told.value.action


def test_lives_keep_what_they_are_told() -> None:
    start_at = datetime(2026, 11, 24, 20, tzinfo=UTC)
    group = SkuGroup(id="candles", stock={"nantes": 40}, buffer={"nantes": 10})
    live = Live(id="l", start_at=start_at, end_at=start_at + timedelta(hours=2), sku_groups=(group,), reach=9000)
    assert codec.decode(codec.encode(live), Live) == live
    past = PastLive(live=live, viewers=8000, orders=300, orders_during=250)
    assert codec.decode(codec.encode(past), PastLive) == past
