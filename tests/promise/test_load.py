"""What a hub's load is said to be, and what more people would change."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.calendar import OUVRABLES
from data.clock import PARIS
from data.errors import InputError
from data.model.schedule import STEP_S, HubSchedule, Shift, Wave, Workload
from promise.hub import HubState, handover_cdf
from promise.load import best_moves, run_load, shift_hours, staffed, worth_of_hours
from promise.pace import Pace, learn_pace

BEGIN_S = int(datetime(2026, 11, 24, 8, tzinfo=PARIS).timestamp())
EXACT = Pace(spread=0.0, daily=0.0)
NOTHING = np.zeros((1, 288), dtype=np.float32)


def shift(workload: Workload, stations: int, begins: int = 8, ends: int = 20, rate: int = 60) -> Shift:
    return Shift(workload=workload, begins=time(begins), ends=time(ends), stations=stations, parcels_per_hour=rate)


def hub(backlog: int, *shifts: Shift, waves: tuple[Wave, ...] = (Wave(id="w", departs=time(20)),)) -> HubState:
    return HubState(HubSchedule(hub_id="A", shifts=shifts, waves=waves), np.array([backlog]), pace=EXACT)


def test_143_percent_until_the_evening() -> None:
    """1030 parcels for a station that does 60 an hour for 12 hours: 143 %; two hours more come than it does in 12."""
    load = run_load(hub(1030, shift(Workload.PACK, 1)), np.zeros((1, 3 * 288), np.float32), BEGIN_S)
    assert load.ratio == pytest.approx(1030 / 720)
    assert load.binding == "pack"
    assert load.until_s is not None
    # 720 done by 20:00, the other 310 take 5 h 10 min of the next day, but for what two steps do
    assert load.until_s == BEGIN_S + 86_400 + 5 * 3600
    assert run_load(hub(700, shift(Workload.PACK, 1)), NOTHING, BEGIN_S).until_s is None


def test_the_resource_that_binds_is_named_and_when() -> None:
    state = hub(300, shift(Workload.PICK, 4), shift(Workload.PACK, 1), shift(Workload.SORT, 2))
    load = run_load(state, NOTHING, BEGIN_S)
    assert load.binding == "pack" and load.ratio == pytest.approx(300 / 720)
    spans = load.bound()
    assert [span.resource for span in spans] == ["pick", "pack"]
    assert spans[0].until_s == spans[1].from_s
    assert (load.waiting[1].argmax() + 1) * STEP_S + BEGIN_S == pytest.approx(BEGIN_S + 75 * 60, abs=STEP_S)


def test_the_room_in_waves_may_bind() -> None:
    waves = (Wave(id="noon", departs=time(12), parcels_max=30), Wave(id="night", departs=time(20), parcels_max=70))
    load = run_load(hub(150, shift(Workload.PACK, 5), waves=waves), NOTHING, BEGIN_S)
    assert (load.binding, load.ratio) == ("waves", pytest.approx(1.5))
    assert load.taken.tolist() == [[30.0, 70.0]]
    assert load.inside[0, -1] == 50 and load.unboarded[-1] == 50 and load.until_s is None


def test_a_load_is_asked_for_at_any_moment() -> None:
    parcels = NOTHING.copy()
    parcels[0, 36:48] = 20  # 240 parcels between 11:00 and 12:00
    at_s = BEGIN_S + 4 * 3600
    load = run_load(hub(0, shift(Workload.PACK, 1)), parcels, BEGIN_S, at_s=at_s)
    assert load.ratio == pytest.approx((240 - 60) / (8 * 60), abs=0.02)


def test_a_sunday_counts_with_the_monday() -> None:
    days = HubSchedule(
        hub_id="A",
        shifts=(shift(Workload.PACK, 1),),
        waves=(Wave(id="w", departs=time(20)),),
        calendar=OUVRABLES,
    )
    saturday_s = int(datetime(2026, 11, 28, 21, tzinfo=PARIS).timestamp())
    state = HubState(days, np.array([360]), pace=EXACT)
    assert run_load(state, np.zeros((1, 4 * 288), np.float32), saturday_s).ratio == pytest.approx(0.5)


def test_a_hub_that_stands_still_does_nothing() -> None:
    state = replace(hub(10, shift(Workload.PACK, 1)), outages=((BEGIN_S, BEGIN_S + 86_400),))
    load = run_load(state, NOTHING, BEGIN_S)
    assert np.isinf(load.ratio) and (load.taken == 0).all() and (load.inside == 10).all()
    later = replace(state, outages=((BEGIN_S, BEGIN_S + 6 * 3600),))
    assert (run_load(later, NOTHING, BEGIN_S).inside[0, : 12 * 12 - 1] == 10).all()
    assert run_load(later, NOTHING, BEGIN_S).taken.sum() == 10


def test_the_worth_of_an_hour_is_that_of_the_work_that_binds() -> None:
    waves = tuple(Wave(id=str(hour), departs=time(hour)) for hour in range(9, 21))
    state = hub(400, shift(Workload.PICK, 3), shift(Workload.PACK, 1), waves=waves)
    pick, pack = worth_of_hours(state, NOTHING, BEGIN_S)
    assert pack > 10 * max(pick, 0.01)
    best = best_moves(state, NOTHING, BEGIN_S)[0]
    assert (best.from_shift, best.to_shift) == (0, 1)
    before = run_load(state, NOTHING, BEGIN_S).parcel_hours
    after = run_load(staffed(state, {0: -1, 1: 1}), NOTHING, BEGIN_S).parcel_hours
    assert best.saved_parcel_h == pytest.approx(before - after)
    assert best.station_h == shift_hours(state, state.schedule.shifts[1], BEGIN_S, 288) == 12
    with pytest.raises(InputError, match="2 stations can't leave a shift of 1"):
        staffed(state, {1: -2})


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 4), min_size=4, max_size=4), st.integers(0, 400), st.integers(0, 3))
def test_one_more_station_never_makes_parcels_wait_longer(stations: list[int], backlog: int, which: int) -> None:
    shifts = [shift(kind, count) for kind, count in zip(Workload, stations)]
    state = hub(backlog, *shifts, waves=tuple(Wave(id=str(hour), departs=time(hour)) for hour in (10, 13, 20)))
    before, after = (run_load(one, NOTHING, BEGIN_S).parcel_hours for one in (state, staffed(state, {which: 1})))
    assert after <= before + 1e-6


def test_lanes_share_the_work_but_not_the_waves() -> None:
    waves = (
        Wave(id="own", departs=time(12), areas=("west",), parcels_max=10),
        Wave(id="linehaul", departs=time(13), carrier="Colis"),
    )
    state = hub(100, shift(Workload.PACK, 5), waves=waves)
    with pytest.raises(InputError, match="2 lanes share the hub"):
        run_load(state, NOTHING, BEGIN_S)
    shared = replace(state, wave_shares=np.array([0.5, 0.5]))
    assert run_load(shared, NOTHING, BEGIN_S).taken.tolist() == [[10.0, 50.0]]
    cdf = handover_cdf(shared, NOTHING, BEGIN_S, BEGIN_S).cdf
    assert cdf[:, 0].tolist() == [0.0, 1.0]  # 50 are before it in its lane, and 10 go


def test_a_pace_is_learnt_from_busy_hours() -> None:
    rng = np.random.default_rng(3)
    possible = rng.uniform(500, 2000, (60, 3))
    done = rng.poisson(possible * 0.85 * np.exp(0.12 * rng.standard_normal((60, 3)) - 0.12**2 / 2)).astype(float)
    possible[::2, 1] = done[::2, 1] = 0
    found = learn_pace(done, possible)
    assert found.mean == pytest.approx(0.85, abs=0.03)
    assert found.daily == pytest.approx(0.12, abs=0.02)
    assert found.spread < Pace().spread
    assert learn_pace(np.zeros((4, 2)), np.zeros((4, 2))) == Pace()
    # few parcels vary by chance, which is no pace of the hub's
    few = rng.uniform(4, 12, (80, 2))
    assert learn_pace(rng.poisson(few).astype(float), few).daily < 0.16


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"backlog": np.array([1, 2])}, "invalid_backlog"),
        ({"backlog": np.array([-1])}, "invalid_backlog"),
        ({"class_shares": np.array([0.7])}, "invalid_shares"),
        ({"class_shares": np.array([1.5, -0.5]), "backlog": np.array([0, 0])}, "invalid_shares"),
    ],
)
def test_a_hub_that_makes_no_sense_is_refused(changes: dict[str, np.ndarray], code: str) -> None:
    with pytest.raises(InputError) as raised:
        replace(hub(0, shift(Workload.PACK, 1)), **changes)
    assert raised.value.code == code and "hub A" in raised.value.where


def test_a_forecast_or_moment_that_makes_no_sense_is_refused() -> None:
    state = hub(0, shift(Workload.PACK, 1))
    for now_s in (BEGIN_S - 1, BEGIN_S + 288 * STEP_S):
        with pytest.raises(InputError, match="not all of"):
            handover_cdf(state, NOTHING, BEGIN_S, now_s)
    for bad in (NOTHING[0], NOTHING[:, :0], NOTHING - 1, NOTHING + np.nan):
        with pytest.raises(InputError, match="no finite counts"):
            handover_cdf(state, bad, BEGIN_S, BEGIN_S)
    with pytest.raises(InputError, match="wave shares"):
        handover_cdf(replace(state, wave_shares=np.array([0.0])), NOTHING, BEGIN_S, BEGIN_S)


def test_a_hub_without_work_of_its_own_only_waits_for_its_waves() -> None:
    load = run_load(hub(7), NOTHING, BEGIN_S)
    assert load.taken.tolist() == [[7.0]] and load.bound() == ()
    assert handover_cdf(hub(7), NOTHING, BEGIN_S, BEGIN_S).cdf.tolist() == [[1.0]]
