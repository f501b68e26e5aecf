"""The date shown is the date owed through a burst at a shop that keeps its rates, in short; the long form is
``benchmarks/intake.py``.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks import intake_told
from benchmarks.intake_burst import burst
from benchmarks.intake_webhooks import run
from promise.left import Left, Levels, Names, RoomNow
from promise.order_rate import OrderRate
from promise.shown import Cache, Shown
from promise.ticket import Offer, Quality, Ticket
from tests.store.conftest import new_url, server, url  # noqa: F401


def test_a_burst_gets_the_dates_it_was_shown(url: str) -> None:  # noqa: F811
    found = burst(url, scale=0.15, seed=3)
    assert found.orders > 150
    assert found.share >= 0.995
    assert found.unheard == 0


def test_without_room_left_for_what_was_shown_it_does_not_and_all_are_told(tmp_path: Path) -> None:
    found = burst(f"sqlite:///{tmp_path}/x.db", scale=0.15, seed=3, careful=False)
    assert found.share < 0.9
    assert (found.unheard, found.moved) == (0, found.orders - found.as_shown)


def test_notices_survive_kills_and_are_done_once(tmp_path: Path) -> None:
    found = run(tmp_path, 120, kills=1, seed=2)
    assert (found.promised, found.twice) == (120, 0)
    assert found.forged_refused == found.forged > 0


def test_moved_dates_are_told_at_the_shop_though_the_server_is_killed_right_after(tmp_path: Path) -> None:
    found = intake_told.run(tmp_path, 8, kills=1)
    assert (found.moved, found.arrived, found.kills) == (8, 8, 1)


# ------------------------------------------------------------------------------------------- what is left for whom


def ticket(parcels: int = 1) -> Ticket:
    """Return what a quote said: one option, one place."""
    offer = Offer("home", 7, None, Quality.TABLE, "h")
    return Ticket("t", "s", 900, "a", parcels, 0, "", "h", (), (offer,))


def shown_and_levels() -> tuple[Shown, Levels]:
    """Return rates of one carrier with one level."""
    levels = Levels(Names({"h": 0}, {"a": 0}, {"home": 0}))
    levels.put([Left("h/2026-11-26", "", 1000, None)])
    return Shown(lambda tenant: levels), levels


CACHE = Cache("shop", 900, 0.5)


def test_rates_shown_leave_room_until_they_are_taken_or_their_cache_ends() -> None:
    shown, levels = shown_and_levels()
    for _ in range(100):
        shown.show(ticket(), {"home": (0,)}, CACHE, 0)
    assert 50 < levels.likely[0] < 80
    for _ in range(40):
        shown.taken(ticket(), "home", "shop", 0, 0)
    assert 30 < levels.likely[0] < 55
    shown.expire(959)
    assert levels.likely[0] > 0
    shown.expire(960)
    assert levels.likely[0] == 0


def test_conversion_is_learnt_from_rates_that_have_ended() -> None:
    shown, levels = shown_and_levels()
    for minute in range(60):
        for _ in range(50):
            shown.show(ticket(), {"home": (0,)}, CACHE, minute * 1000)
        for _ in range(5):
            shown.taken(ticket(), "home", "shop", minute * 1000, minute * 1000)
    likely = levels.likely[0]
    assert 4 < likely < 20  # 45 rates still open at a tenth, not at a half


def test_orders_beyond_the_rates_shown_take_nothing_back() -> None:
    shown, levels = shown_and_levels()
    shown.show(ticket(3), {"home": (0,)}, CACHE, 0)
    for _ in range(5):
        shown.taken(ticket(3), "home", "shop", 0, 0)
    assert levels.likely[0] == 0
    shown.taken(ticket(), "home", "other", 0, 0)
    shown.expire(10_000)
    assert levels.likely[0] == levels.likely_dm3[0] == 0


def test_a_rate_that_brings_several_orders_is_shown_where_there_is_room_for_them() -> None:
    shown, levels = shown_and_levels()
    levels.hub_days[7] = (0,)  # hub 0
    room = RoomNow(levels, 0)
    for quarter in range(8):  # one rate a quarter of an hour, two orders a minute by it
        at_s = 900 * quarter
        shown.show(ticket(), {"home": (0,)}, CACHE, at_s)
        for order in range(30):
            shown.taken(ticket(), "home", "shop", at_s, at_s + 30 * order)
    assert 20 < levels.likely[0] < 900  # the last rate is kept for another while
    spare = shown.room_for(room, "t", "shop", 7200)
    assert room.free([0], 0, 7, 1, 0) == [0]
    assert room.free([0], 0, 7, 300, 0) == [0]
    assert spare.free([0], 0, 7, 1, 0) == [0] and spare.free([0], 0, 7, 30, 0) == []
    assert shown.room_for(room, "t", "shop", 7200, 0.0).free([0], 0, 7, 30, 0) == [0]
    shown.expire(7200 + 4 * 3600)
    assert levels.likely[0] == 0


def test_a_rate_of_each_buyers_own_is_counted_as_one() -> None:
    shown, levels = shown_and_levels()
    levels.hub_days[7] = (0,)
    for second in range(0, 3600, 10):
        shown.show(ticket(), {"home": (0,)}, CACHE, second)
        if second % 20 == 0:
            shown.taken(ticket(), "home", "shop", second, second + 5)
    levels.likely[0] = 0
    assert shown.room_for(RoomNow(levels, 0), "t", "shop", 3600).free([0], 0, 7, 1000, 0) == [0]


def test_the_rate_of_orders_follows_growth_and_keeps_room_for_a_burst() -> None:
    rate = OrderRate(10.0)
    assert rate.per_s(0, 0, 900) == 0.0
    for second in range(0, 7200, 60):
        rate.add(second // 60 % 2, second)
    usual = rate.per_s(0, 7200, 900)
    assert 0.8 * 10 < usual * 120 < 1.2 * 10  # ten times one order in two minutes
    for second in range(7200, 7500):
        rate.add(0, second)
    assert rate.per_s(0, 7500, 900) > 1.5  # one a second, and growing
    assert rate.per_s(1, 7500, 900) < rate.per_s(0, 7500, 900)
