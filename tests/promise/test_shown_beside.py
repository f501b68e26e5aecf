"""Two servers of one store leave room for the rates that the other one has shown."""

from __future__ import annotations

from data.model.reservation import Capacity, level_id
from promise.desk import Desk
from promise.left import Levels
from promise.reserve import Publish, Request
from promise.shown import Cache
from promise.shown_beside import BEAT_S, SILENT_S, Beside
from promise.ticket import Offer, Quality, Ticket
from tests.promise.small_house import AT, CARRIER, FIRST, Clock, opened
from tests.store import postgres
from tests.store.conftest import server  # noqa: F401

CACHE = Cache("shop", 900, 0.5)
OFFER = Offer("home", FIRST.toordinal(), None, Quality.TABLE, "nantes")
TICKET = Ticket(CARRIER.tenant, "shop", 900, "north", 1, 2, "", "nantes", (), (OFFER,))
NOW_S = int(AT.timestamp())


def day_of(desk: Desk) -> Capacity:
    """Return room of a hub on the first day."""
    return Capacity(id=level_id("nantes", FIRST), day=FIRST, parcels=500, hub_id="nantes")


def level(desk: Desk) -> tuple[Levels, int]:
    """Return a carrier's levels and the one that the tests look at."""
    levels = desk.balances.of(CARRIER.tenant)
    return levels, levels.slots[level_id("nantes", FIRST)]


def test_what_one_has_shown_the_other_leaves_room_for(server: postgres.Server) -> None:  # noqa: F811
    url, clock = server.new_url(), Clock()
    with opened(url, clock) as here, opened(url, clock) as there:
        for desk in (here, there):
            desk._stop.set()  # tests say when they hear of each other
            for thread in desk._threads:
                thread.join()
        capacity = day_of(here)
        here.ledger.do(Request(owner=CARRIER, commands=(Publish(capacity=capacity),), now_s=NOW_S))
        there.balances.poll(there.database, NOW_S)
        tell_here, tell_there = (Beside(one.database, one.ledger, one.shown) for one in (here, there))

        def exchange(now_s: int) -> None:
            for _ in range(3):  # told, heard, told what follows from it
                tell_here.exchange(now_s)
                tell_there.exchange(now_s)

        for _ in range(100):
            here.shown.show(TICKET, {"home": (level(here)[1],)}, CACHE, NOW_S)
        exchange(NOW_S)
        likely = level(here)[0].likely[level(here)[1]]
        assert 50 < likely < 80
        levels, slot = level(there)
        assert abs(levels.likely[slot] - likely) <= 1 and levels.likely_dm3[slot] >= 2 * likely - 4
        for _ in range(40):
            there.shown.taken(TICKET, "home", "shop", NOW_S, NOW_S + 5)
        exchange(NOW_S + 5)
        assert 30 < level(here)[0].likely[level(here)[1]] < 55
        assert 30 < levels.likely[slot] < 55
        exchange(NOW_S + 6)  # told once
        assert 30 < levels.likely[slot] < 55
        for at_s in range(NOW_S + BEAT_S, NOW_S + SILENT_S + BEAT_S, BEAT_S):
            exchange(at_s)
        assert 30 < levels.likely[slot] < 55
        here.shown.expire(NOW_S + 2 * SILENT_S)
        exchange(NOW_S + 2 * SILENT_S)
        assert levels.likely[slot] == 0 == level(here)[0].likely[level(here)[1]]


def test_what_is_told_outlives_its_server_as_long_as_rates_do(server: postgres.Server) -> None:  # noqa: F811
    url, clock = server.new_url(), Clock()
    with opened(url, clock) as one:
        one._stop.set()
        for thread in one._threads:
            thread.join()
        one.ledger.do(Request(owner=CARRIER, commands=(Publish(capacity=day_of(one)),), now_s=NOW_S))
        one.shown.show(TICKET, {"home": (level(one)[1],)}, CACHE, NOW_S)
        Beside(one.database, one.ledger, one.shown).exchange(NOW_S)
    with opened(url, clock) as next_one:
        next_one._stop.set()
        for thread in next_one._threads:
            thread.join()
        hears = Beside(next_one.database, next_one.ledger, next_one.shown)
        for at_s, held in ((NOW_S + 600, True), (NOW_S + SILENT_S + 1, False)):
            hears.exchange(at_s)
            levels, slot = level(next_one)
            assert (levels.likely[slot] > 0) is held
