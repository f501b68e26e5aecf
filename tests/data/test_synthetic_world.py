"""The world's truth: the same for the same seed, nothing lost, nobody earlier than physics and calendars allow."""

from __future__ import annotations

from datetime import date

import msgspec
import numpy as np
import pytest

from data.errors import InputError
from data.model.schedule import STEP_S
from data.synthetic.world import WORLD_PATH, read_world
from data.synthetic.world_hub import HubDays, draw_hub, leaves_s, when_reached
from data.synthetic.world_orders import Draws, draw_orders, expected_excess, live_window_s, midnight_s, ordinary_rate
from data.synthetic.world_roads import NEVER, LastLeg, depot_days, local_days, published_room
from data.synthetic.world_signals import announcement, signals
from tests.promise.tiny_world import tiny

WORLD = tiny()
FIRST = WORLD.first_day.toordinal()


def lived(seed: int = 3, other_from_day: int = 4_000_000):
    """Return orders, when they left their hub, from when on they can go on a tour, and tours driven to the end."""
    draws = Draws(seed, other_from_day)
    orders = draw_orders(WORLD, draws, 10.0)
    left_s = np.full(len(orders), np.inf)
    for row, hub in enumerate(WORLD.hubs):
        mine = np.flatnonzero(orders.hub == row)
        done_s = draw_hub(WORLD, draws, row).done_s(orders.placed_s[mine].astype(float))
        assert (done_s[1:] >= done_s[:-1]).all() and (done_s[0] > orders.placed_s[mine]).all()
        left_s[mine] = leaves_s(hub.schedule, done_s[-1], midnight_s(FIRST), midnight_s(FIRST + WORLD.days))
        assert (left_s[mine] >= done_s[-1] + min(wave.cutoff_s for wave in hub.schedule.waves)).all()
    depot_day = depot_days(WORLD, draws, orders, left_s)
    due_day = local_days(orders.placed_s.astype(float)) + 2
    leg = LastLeg(WORLD, draws, orders, depot_day, due_day)
    for day in range(FIRST, FIRST + WORLD.days):
        leg.deliver(day)
    return orders, left_s, depot_day, leg


def test_the_committed_world_is_read_whole() -> None:
    world = read_world()
    assert world.days > 100 and len(world.hubs) >= 3 and WORLD_PATH.stat().st_size < 40_000
    assert any(not live.announced for live in world.lives)
    assert (published_room(world) > 0).all()


def test_the_same_seed_draws_the_same_world() -> None:
    first, again, other = lived(3), lived(3), lived(4)
    assert all(np.array_equal(getattr(first[0], name), getattr(again[0], name)) for name in ("placed_s", "area"))
    assert np.array_equal(first[1], again[1]) and np.array_equal(first[3].delivered_day, again[3].delivered_day)
    assert len(first[0]) != len(other[0])


def test_every_parcel_is_delivered_once_or_still_somewhere() -> None:
    orders, left_s, depot_day, leg = lived()
    delivered = leg.delivered_day < NEVER
    waiting = np.zeros(len(orders), dtype=bool)
    waiting[leg.waiting] = True
    on_the_way = depot_day >= FIRST + WORLD.days
    assert (delivered.astype(int) + waiting + on_the_way == 1).all()
    assert (leg.delivered_day >= depot_day)[delivered].all()
    assert (np.isfinite(left_s) >= delivered).all()


def test_no_tour_carries_more_than_its_room_or_runs_on_a_closed_day() -> None:
    orders, _, _, leg = lived()
    delivered = np.flatnonzero(leg.delivered_day < NEVER)
    keys = np.stack([leg.delivered_day, orders.area, orders.option])[:, delivered]
    cells, counts = np.unique(keys, axis=1, return_counts=True)
    assert (counts <= published_room(WORLD)[cells[1], cells[2]]).all()
    for day, option in np.unique(keys[[0, 2]], axis=1).T.tolist():
        assert WORLD.options[option].option.calendar.is_open(date.fromordinal(day))


def test_another_future_leaves_the_past_as_it_was() -> None:
    split = FIRST + WORLD.warm_days
    orders, left_s, _, leg = lived()
    others, other_left_s, _, other_leg = lived(3, split)
    before = int(np.searchsorted(orders.placed_s, midnight_s(split)))
    assert np.array_equal(orders.placed_s[:before], others.placed_s[:before])
    assert not np.array_equal(orders.placed_s[before:], others.placed_s[before:])
    past = left_s < midnight_s(split)
    assert np.array_equal(left_s[past], other_left_s[np.flatnonzero(past)])
    over = np.flatnonzero(leg.delivered_day < split)
    assert np.array_equal(leg.delivered_day[over], other_leg.delivered_day[over])


def test_a_burst_is_ten_times_the_usual() -> None:
    row = len(WORLD.lives) - 1
    start_s, end_s = live_window_s(WORLD, WORLD.lives[row])
    day = FIRST + WORLD.lives[row].day
    first, last = ((at_s - midnight_s(day)) // STEP_S for at_s in (start_s, end_s))
    usual = ordinary_rate(WORLD, day)[first:last].sum()
    assert expected_excess(WORLD, WORLD.lives[row], 10.0).sum() == pytest.approx(9 * usual)
    sizes = [(draw_orders(WORLD, Draws(seed), 10.0).live == row).sum() for seed in range(12)]
    tail = 1 + WORLD.demand.tail_share
    assert np.mean(sizes) == pytest.approx(9 * usual * tail, rel=0.25)


def test_work_is_done_in_turn_and_no_faster_than_the_pace() -> None:
    pace = np.array([[2.0, 0.0, 1.0, 1.0, 5.0, 5.0]])
    hub = HubDays(0, np.ones((1, 1)), np.zeros(6, bool), pace)
    found = hub.done_s(np.array([0.0, 0.0, 10.0, 700.0]))[0]
    assert found == pytest.approx([150.0, 300.0, 900.0, 1200.0])


def test_a_level_never_reached_is_infinite() -> None:
    assert when_reached(np.array([0.0, 10.0]), np.array([0.0, 1.0]), np.array([0.5, 2.0])).tolist() == [5.0, np.inf]


def test_what_is_told_of_a_live_adds_up_to_its_orders() -> None:
    draws = Draws(3)
    orders = draw_orders(WORLD, draws, 10.0)
    row = len(WORLD.lives) - 1
    live, seen = announcement(WORLD, row, 10.0), signals(WORLD, draws, orders, row, 24 * 3600)
    assert sum(one.orders for one in seen) == pytest.approx((orders.live == row).sum(), abs=3)
    assert sum(live.area_shares.values()) == pytest.approx(1.0)
    assert all(one.viewers == 0 for one in seen if one.at > live.end_at)


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"areas": (WORLD.areas[0].replace(road_days=(1,)),)}, "one share"),
        ({"lives": (WORLD.lives[0].replace(day=9999),)}, "day of this world"),
        ({"demand": WORLD.demand.replace(hours=(1.0,))}, "24 hours"),
    ],
)
def test_a_world_that_does_not_fit_is_refused(broken, why, tmp_path) -> None:
    with pytest.raises(ValueError, match=why):
        WORLD.replace(**broken)
    path = tmp_path / "world.json"
    path.write_bytes(msgspec.json.encode({**msgspec.to_builtins(WORLD), **broken}))
    with pytest.raises(InputError) as raised:
        read_world(path)
    assert why in str(raised.value)
