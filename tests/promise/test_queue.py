"""The fluid queue against a hub simulated parcel by parcel, and the laws it keeps to the last digit."""

from __future__ import annotations

from datetime import datetime, time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.clock import PARIS
from data.model.schedule import STEP_S, HubSchedule, Shift, Wave, Workload
from promise.hub import HubState, build_model, handover_cdf, handover_cdfs
from promise.pace import Pace
from promise.queue import PARCEL, run_flows
from tests.promise import hub_naive

BEGIN_S = int(datetime(2026, 11, 24, 8, tzinfo=PARIS).timestamp())
EXACT = Pace(spread=0.0, daily=0.0)
TOLERANCE_S = 2 * STEP_S
"""The fluid queue may be wrong about when a parcel is loaded by two steps: ten minutes."""


@st.composite
def schedules(draw: st.DrawFn) -> HubSchedule:
    """Draw hubs that do two to four kinds of work in one or two shifts, and send one to three waves."""
    kinds = sorted(draw(st.sets(st.sampled_from(list(Workload)), min_size=2)), key=list(Workload).index)
    shifts = tuple(
        Shift(
            workload=kind,
            begins=time(draw(st.integers(5, 8))),
            ends=time(draw(st.integers(14, 20))),
            stations=draw(st.integers(1, 4)),
            parcels_per_hour=draw(st.sampled_from((20, 30, 60))),
        )
        for kind in kinds
    )
    hours = sorted(draw(st.sets(st.integers(9, 19), min_size=2, max_size=6)))
    waves = tuple(
        Wave(
            id=str(hour),
            departs=time(hour),
            cutoff_s=draw(st.sampled_from((0, 1800))),
            parcels_max=draw(st.sampled_from((None, 20, 60))),
        )
        for hour in hours
    )
    return HubSchedule(hub_id="A", shifts=shifts, waves=waves)


def arrivals_of(seed: int, scenarios: int, steps: int, mean: float) -> np.ndarray:
    return np.random.default_rng(seed).poisson(mean, (scenarios, steps)).astype(np.float32)


def oracle_waves(
    schedule: HubSchedule, backlog: tuple[int, int], counts: np.ndarray, order_step: int, steps: int
) -> tuple[list[int], list[int]]:
    """Return for each class the earliest and the latest wave an order may leave with, by the parcel-wise hub.

    Cut-offs are moved by :data:`TOLERANCE_S` either way. Of a step's orders every second one is of the first class.
    """
    found: tuple[list[int], list[int]] = ([], [])
    end_s = BEGIN_S + steps * STEP_S
    for rank in range(2):
        parcels = [hub_naive.Parcel(turn, r, BEGIN_S) for turn, r in enumerate([0] * backlog[0] + [1] * backlog[1])]
        marked = None
        for step, count in enumerate(counts.tolist()):
            if step == order_step:
                marked = hub_naive.Parcel(len(parcels), rank, BEGIN_S + step * STEP_S)
                parcels.append(marked)
            for k in range(int(count)):
                parcels.append(hub_naive.Parcel(len(parcels), k % 2, BEGIN_S + step * STEP_S))
        assert marked is not None
        hub_naive.load(parcels, schedule, BEGIN_S, end_s)
        for shift_s, side in ((TOLERANCE_S, 0), (-TOLERANCE_S, 1)):
            for parcel in parcels:
                parcel.wave = None
            hub_naive.leave(parcels, schedule, BEGIN_S, end_s, shift_s)
            last = len(schedule.departures(BEGIN_S, end_s).waves_s)
            found[side].append(last if marked.wave is None else marked.wave)
    return found


@settings(max_examples=8, deadline=None, derandomize=True)
@given(schedules(), st.tuples(st.integers(0, 60), st.integers(0, 60)), st.integers(0, 40), st.integers(0, 10**6))
def test_an_order_leaves_with_the_wave_of_the_hub_that_counts_parcels(
    schedule: HubSchedule, backlog: tuple[int, int], order_step: int, seed: int
) -> None:
    steps = 12 * 12
    counts = 2 * arrivals_of(seed, 1, steps, 0.6)  # even: both classes get half of each step
    hub = HubState(schedule, np.array(backlog), np.array([0.5, 0.5]), EXACT)
    cdf = handover_cdf(hub, counts, BEGIN_S, BEGIN_S + order_step * STEP_S).cdf
    earliest, latest = oracle_waves(schedule, backlog, counts[0], order_step, steps)
    for rank in range(2):
        wave = int(np.searchsorted(cdf[:, rank], 0.5)) if len(cdf) else 0
        assert earliest[rank] <= wave <= latest[rank]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(schedules(), st.lists(st.integers(0, 300), min_size=5, max_size=5), st.integers(0, 10**6))
def test_no_parcel_is_lost_or_made(schedule: HubSchedule, waiting: list[int], seed: int) -> None:
    parcels = arrivals_of(seed, 4, 3 * 288, 0.5)
    hub = HubState(schedule, np.array([waiting, waiting[::-1]]), np.array([0.3, 0.7]))
    model = build_model(hub, parcels, BEGIN_S, seed)
    flows = run_flows(model.line, model.work, model.lanes)
    ever = 2 * sum(waiting) * PARCEL + np.cumsum(
        sum(np.rint(parcels.astype(np.float64) * share * PARCEL) for share in (0.3, 0.7)), axis=1
    )
    assert (flows.come == ever).all()
    # what came is loaded or still waits for one kind of work; and no more leaves than was loaded in time
    assert np.allclose(flows.waiting.sum(axis=0), (flows.come - flows.loaded).mean(axis=0))
    aboard = np.cumsum(flows.taken, axis=1)
    assert (np.diff(flows.loaded, axis=1) >= 0).all() and (flows.taken >= 0).all()
    for wave, step in enumerate(model.line.cut_step.tolist()):
        assert (aboard[:, wave] <= flows.loaded[:, max(step, 1) - 1]).all()
        assert (flows.taken[:, wave] <= model.line.room[wave]).all()
    able = (model.line.capacity * model.work.pace[:, model.line.day].transpose(0, 2, 1)).mean(axis=0)
    assert (np.diff(flows.loaded.mean(axis=0)) <= able[-1, 1:] + 1e-6).all()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(schedules(), st.integers(0, 10**6), st.data())
def test_more_load_or_a_later_order_never_leaves_earlier(schedule: HubSchedule, seed: int, data: st.DataObject) -> None:
    steps, shares = 2 * 288, np.array([0.2, 0.3, 0.5])
    parcels = arrivals_of(seed, 8, steps, data.draw(st.sampled_from((0.2, 1.0, 3.0))))
    backlog = data.draw(st.lists(st.integers(0, 80), min_size=15, max_size=15))
    hub = HubState(schedule, np.array(backlog).reshape(3, 5), shares)
    now_s = BEGIN_S + data.draw(st.integers(0, 288 * STEP_S))
    usual = handover_cdf(hub, parcels, BEGIN_S, now_s, seed).cdf
    more = list(backlog)
    more[data.draw(st.integers(0, 14))] += data.draw(st.integers(1, 200))
    busier = HubState(schedule, np.array(more).reshape(3, 5), shares)
    assert (handover_cdf(busier, parcels, BEGIN_S, now_s, seed).cdf <= usual).all()
    extra = parcels.copy()
    extra[:, data.draw(st.integers(0, steps - 1))] += data.draw(st.sampled_from((0.3, 5.0, 400.0)))
    assert (handover_cdf(hub, extra, BEGIN_S, now_s, seed).cdf <= usual).all()
    later_s = now_s + data.draw(st.integers(1, 200 * STEP_S))
    assert (handover_cdf(hub, parcels, BEGIN_S, later_s, seed).cdf <= usual).all()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(schedules(), st.integers(0, 10**6), st.lists(st.integers(0, 288 * STEP_S - 1), min_size=1, max_size=5))
def test_orders_of_several_moments_do_not_see_one_another(schedule: HubSchedule, seed: int, after_s: list[int]) -> None:
    parcels = arrivals_of(seed, 4, 288, 1.0)
    hub = HubState(schedule, np.array([30, 60]), np.array([0.5, 0.5]))
    moments_s = [BEGIN_S + one for one in after_s]
    together = handover_cdfs(hub, parcels, BEGIN_S, moments_s, seed).cdf
    for one, moment_s in zip(together, moments_s):
        assert (one == handover_cdf(hub, parcels, BEGIN_S, moment_s, seed).cdf).all()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(schedules(), st.integers(0, 10**6), st.integers(1, 500))
def test_lower_classes_never_delay_higher_ones(schedule: HubSchedule, seed: int, extra: int) -> None:
    parcels = arrivals_of(seed, 4, 288, 1.0)
    few, many = (HubState(schedule, np.array([20, 10 + more]), np.array([0.5, 0.5])) for more in (0, extra))
    usual, fuller = (handover_cdf(hub, parcels, BEGIN_S, BEGIN_S, seed).cdf for hub in (few, many))
    assert (usual[:, 0] == fuller[:, 0]).all()
    assert (usual[:, 0] >= usual[:, 1]).all()


@pytest.mark.parametrize("day", [(2026, 3, 29), (2026, 10, 25)])
def test_a_night_shift_lasts_as_long_as_the_night(day: tuple[int, int, int]) -> None:
    """The night the clocks change has seven or nine working hours between 22:00 and 06:00, not eight."""
    hours = {3: 7, 10: 9}[day[1]]
    schedule = HubSchedule(
        hub_id="A",
        shifts=(Shift(workload=Workload.SORT, begins=time(22), ends=time(6), stations=1, parcels_per_hour=60),),
        waves=(Wave(id="w", departs=time(6)),),
    )
    begin_s = int(datetime(*day[:2], day[2] - 1, 20, tzinfo=PARIS).timestamp())
    for backlog, wave in ((hours * 60 - 1, 0), (hours * 60, 1)):
        hub = HubState(schedule, np.array([backlog]), pace=EXACT)
        nothing = np.zeros((1, 3 * 288), dtype=np.float32)
        assert np.flatnonzero(handover_cdf(hub, nothing, begin_s, begin_s).cdf[:, 0])[0] == wave
