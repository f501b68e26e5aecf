"""The simulator: one seed, one outcome; blind to the future; never better than the oracle; its figures true."""

from __future__ import annotations

import json
from functools import cache

import jsonschema
import numpy as np
import pytest

from data.errors import InputError
from data.synthetic.world_orders import live_window_s, midnight_s
from data.synthetic.world_roads import NEVER, LastLeg
from promise.simulate import Simulation, cells, report, simulate
from promise.simulate_demand import Demand
from promise.simulate_engine import Run, promise_all
from promise.simulate_oracle import HORIZON, extra_days, ontime_odds
from promise.simulate_rules import static_conformal, static_table, warm_days
from promise.simulate_scans import Scans
from promise.simulate_tours import Ledger, Left
from promise.simulate_truth import draw_truth
from tests.conftest import ROOT
from tests.promise.tiny_world import tiny

WORLD = tiny()
SEED, BURST = 5, 10.0


@cache
def lived() -> Simulation:
    return simulate(WORLD, SEED, BURST)


@cache
def ours(other_from: int | None = None) -> Run:
    truth = draw_truth(WORLD, SEED, BURST, other_from)
    return promise_all(truth, truth.placed_day.copy())


def test_the_report_says_what_its_contract_says() -> None:
    contract = json.loads((ROOT / "tests" / "contracts" / "promise-simulate.schema.json").read_text())
    found = report(lived())
    jsonschema.Draft202012Validator(contract).validate(found)
    assert sum(cell["n"] for cell in found["by_hub_option"]) == found["n"] == len(lived().rows)
    assert [row["rule"] for row in found["rules"]] == ["ours", "static_table", "static_conformal", "oracle"]
    assert found["ontime"] == found["rules"][0]["ontime"]


def test_the_same_seed_promises_the_same() -> None:
    simulation = lived()
    again = ours().due_day[simulation.rows] - simulation.truth.placed_day[simulation.rows]
    assert np.array_equal(simulation.outcomes[0].days, again)


def test_no_promise_knows_the_future() -> None:
    split = draw_truth(WORLD, SEED, BURST).scored_days.start + 3
    truth, other = draw_truth(WORLD, SEED, BURST), draw_truth(WORLD, SEED, BURST, split)
    before = int(np.searchsorted(truth.orders.placed_s, midnight_s(split)))
    assert np.array_equal(truth.orders.placed_s[:before], other.orders.placed_s[:before])
    assert np.array_equal(ours().due_day[:before], ours(split).due_day[:before])
    assert np.array_equal(ours().confidence[:before], ours(split).confidence[:before], equal_nan=True)
    assert not np.array_equal(truth.depot_day[:before], other.depot_day[:before])


def test_every_scored_order_is_promised_an_open_day_and_delivered() -> None:
    simulation, run = lived(), ours()
    truth, rows = simulation.truth, simulation.rows
    assert (run.leg.delivered_day[rows] < NEVER).all()
    for option, one in enumerate(WORLD.options):
        mine = rows[truth.orders.option[rows] == option]
        opened = one.option.calendar.open_mask(truth.first_day, WORLD.days + 60)
        assert opened[run.due_day[mine] - truth.first_day].all()
    assert (run.due_day[rows] > truth.placed_day[rows] - 1).all()


def test_scans_tell_nothing_before_it_happens() -> None:
    truth = draw_truth(WORLD, SEED, BURST)
    scans = Scans(truth, ours().leg)
    now_s = midnight_s(truth.scored_days.start) + 12 * 3600
    for hub, mine in enumerate(truth.rows):
        placed = (truth.orders.placed_s[mine] < now_s).sum()
        gone = (truth.left_s[mine] <= now_s).sum()
        assert scans.backlog(hub, now_s).sum() == placed - gone
        done, possible = scans.worked(hub, now_s - 86_400, now_s)
        assert (done <= 2.0 * possible + 3).all()
    rows = scans.left(now_s - 86_400, now_s)
    assert (truth.left_s[rows] < now_s).all() and (truth.left_s[rows] >= now_s - 86_400).all()


def test_the_oracle_is_not_beaten_beyond_noise() -> None:
    """What we keep is what the oracle's odds say of our days, give or take the luck of a few days in one world."""
    simulation = lived()
    mine, odds = simulation.outcomes[0], ontime_odds(simulation.truth, simulation.rows, 1)
    told = odds[np.arange(len(odds)), np.minimum(mine.days, HORIZON - 1)].mean()
    assert mine.ontime.mean() <= told + 0.05
    for price in (0.02, 0.05, 0.1, 0.2):  # the oracle's own days cost no more, at any price of a day
        cheapest = (price * np.arange(HORIZON) - odds).min(axis=1).mean()
        assert cheapest <= price * mine.days.mean() - told + 1e-9


def test_the_oracle_is_calibrated() -> None:
    shares, odds_means = [], []
    for seed in (5, 6, 7):
        truth = draw_truth(WORLD, seed, BURST)
        rows = truth.scored()
        odds = ontime_odds(truth, rows, 1)
        assert (np.diff(odds, axis=1) >= -1e-12).all() and odds.max() <= 1 + 1e-12
        earliest = truth.depot_day[rows] - truth.placed_day[rows]
        shares.append((earliest[:, None] <= np.arange(HORIZON)).mean(axis=0))
        odds_means.append(odds.mean(axis=0))
    gap = np.mean(odds_means, axis=0) - np.mean(shares, axis=0)
    assert gap.max() < 0.04  # a parcel at the depot may still wait for an open day or fail once
    assert np.isclose(extra_days(WORLD).sum(), 1.0)


def test_the_static_rules_keep_their_share_where_nothing_changes() -> None:
    truth = draw_truth(WORLD, SEED, 1.0)
    rows, days = warm_days(truth)
    for rule in (static_table, static_conformal):
        due_day = rule(truth, rows, days)
        kept = truth.placed_day[rows] + days <= due_day[rows]
        assert kept.mean() >= WORLD.nominal - 0.02


def test_an_unannounced_burst_is_noticed_within_minutes_and_forecast() -> None:
    world = tiny(orders_per_day=250.0)
    lives = (*world.lives[:-1], world.lives[-1].replace(announced=False))
    truth = draw_truth(world.replace(lives=lives), SEED, BURST)
    demand, start_s = Demand(truth, 50), live_window_s(world, lives[-1])[0]
    demand.start_day(truth.scored_days.start)
    assert demand.alarm_s(start_s - 12 * 3600, start_s) is None
    usual = demand.parcels(start_s, 12).sum(axis=(1, 2)).mean()
    alarm_s = demand.alarm_s(start_s, start_s + 3600)
    first_s = np.sort(truth.orders.placed_s[truth.orders.live == len(lives) - 1])  # quiet until the first product drops
    assert alarm_s is not None and start_s < alarm_s <= first_s[20] + 300
    assert demand.surges and all(start_s - 900 <= onset_s <= alarm_s for onset_s in demand.surges.values())
    now_s = -(-alarm_s // 300) * 300
    assert demand.parcels(now_s, 12).sum(axis=(1, 2)).mean() > 2 * usual


def test_what_is_promised_takes_room_until_it_is_delivered() -> None:
    truth = draw_truth(WORLD, SEED, BURST)
    row, day = int(truth.scored()[0]), truth.scored_days.start + 2
    due_day = truth.placed_day.copy()
    due_day[row] = day
    ledger = Ledger(truth, LastLeg(WORLD, truth.draws, truth.orders, truth.depot_day, due_day))
    cell = truth.orders.area[row], truth.orders.option[row], 0
    before = ledger.left(day, 3).parcels
    ledger.reserve(row, day)
    taken = before - ledger.left(day, 3).parcels
    assert taken[cell] == 1 and taken.sum() == 1
    ledger.release(np.array([row, row + 1]))
    assert np.array_equal(ledger.left(day, 3).parcels, before)


def test_a_place_taken_is_gone_for_the_next_quote() -> None:
    left = Left(np.ones((2, 3, 4), dtype=np.int64))
    assert left.free((0, 1), 5, 2, 1, 99) == [0, 1] and left.free((0,), 5, 2, 2, 0) == []
    left.take(1, 2, 2)
    left.take(1, 2, 9)  # beyond what is known
    assert left.free((0,), 5, 2, 1, 0) == [] and left.free((0,), 5, 1, 1, 0) == [0]


def test_cells_part_the_orders() -> None:
    assert np.sum([mine for _, _, mine in cells(lived())], axis=0).tolist() == [1] * len(lived().rows)


@pytest.mark.parametrize(("seed", "burst", "code"), [(1, 0.5, "invalid_burst"), (-1, 2.0, "invalid_seed")])
def test_what_makes_no_world_is_refused(seed: int, burst: float, code: str) -> None:
    with pytest.raises(InputError) as raised:
        simulate(WORLD, seed, burst)
    assert raised.value.code == code
