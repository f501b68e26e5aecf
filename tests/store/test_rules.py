"""The ledger's rules, one by one, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from data.model.reservation import State
from promise.capacity import Refusal
from promise.ledger import Ledger
from promise.reserve import Change, Confirm, Publish, Release, Request
from tests.store.orders import (
    CARRIER,
    LATER_S,
    NOW_S,
    OTHER_SHOP,
    SHOP,
    ask,
    balances,
    nested,
    opened,
    publish,
    reserve,
    reserved,
)


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with opened(url) as ledger:
        yield ledger
        assert ledger.check() == []


def test_a_reservation_debits_every_level(ledger: Ledger) -> None:
    publish(ledger, *nested(dm3=50))
    held = ask(ledger, reserve("o1", parcels=3, dm3=20, terms='{"date":"2026-11-24"}'))
    assert (held.state, held.capacity_id, held.terms) == (State.PENDING, "north", '{"date":"2026-11-24"}')
    assert reserved(ledger) == {"hub": 3, "group": 3, "north": 3, "south": 0}
    assert balances(ledger)["hub"].reserved_dm3 == 20
    confirmed = ask(ledger, Confirm(id="o1"))
    assert held.expires_s > 0 and confirmed == held.replace(state=State.CONFIRMED, expires_s=0)
    assert ask(ledger, Release(id="o1")).state is State.RELEASED
    assert set(reserved(ledger).values()) == {0}


@pytest.mark.parametrize(
    ("sizes", "level"),
    [({"hub": 2}, "hub"), ({"group": 2}, "group"), ({"area": 2}, "north"), ({"dm3": 29}, "hub")],
)
def test_the_fullest_level_refuses_and_no_level_is_debited(ledger: Ledger, sizes: dict, level: str) -> None:
    publish(ledger, *nested(**sizes))
    assert ask(ledger, reserve("o1", parcels=2, dm3=20)).refusal is None
    refused = ask(ledger, reserve("o2", parcels=1, dm3=10))
    assert (refused.state, refused.refusal, refused.level) == (None, Refusal.FULL, level)
    assert reserved(ledger) == {"hub": 2, "group": 2, "north": 2, "south": 0}
    assert ledger.reservation(SHOP, "o2") is None


def test_asking_twice_takes_one_place(ledger: Ledger) -> None:
    publish(ledger, *nested())
    first = ask(ledger, reserve("o1"))
    assert ask(ledger, reserve("o1", expires_s=LATER_S + 5)) == first
    assert ask(ledger, Confirm(id="o1")) == ask(ledger, Confirm(id="o1")) == ask(ledger, reserve("o1"))
    assert ask(ledger, reserve("o1", "south")).refusal is Refusal.ID_TAKEN
    assert ask(ledger, reserve("o1", parcels=2)).refusal is Refusal.ID_TAKEN
    assert reserved(ledger)["hub"] == 1
    assert ask(ledger, Release(id="o1")) == ask(ledger, Release(id="o1"))
    assert ask(ledger, reserve("o1")).refusal is Refusal.RELEASED
    assert ask(ledger, Confirm(id="o1")).refusal is Refusal.RELEASED
    assert ask(ledger, Confirm(id="o2")).refusal is Refusal.UNKNOWN_RESERVATION


def test_a_change_frees_the_old_place_only_for_the_new_one(ledger: Ledger) -> None:
    publish(ledger, *nested(hub=3, group=3, area=2))
    for order, area in (("o1", "north"), ("o2", "south"), ("o3", "south")):
        ask(ledger, reserve(order, area), Confirm(id=order))
    refused = ask(ledger, Change(id="o1", capacity_id="south"))
    assert (refused.refusal, refused.level, refused.capacity_id) == (Refusal.FULL, "south", "north")
    assert ask(ledger, Change(id="nobody", capacity_id="south")).refusal is Refusal.UNKNOWN_RESERVATION
    moved = ask(ledger, Change(id="o2", capacity_id="north", terms="new"))
    assert (moved.state, moved.capacity_id, moved.terms) == (State.CONFIRMED, "north", "new")
    assert reserved(ledger) == {"hub": 3, "group": 3, "north": 2, "south": 1}  # the hub was full all along
    assert ask(ledger, Change(id="o2", capacity_id="north", terms="new")) == moved
    assert ask(ledger, Change(id="o2", capacity_id="nowhere")).refusal is Refusal.UNKNOWN_CAPACITY


def test_a_place_is_given_back_when_its_time_is_over(ledger: Ledger) -> None:
    publish(ledger, *nested(area=2))
    ask(ledger, reserve("o1"), reserve("o2"), Confirm(id="o2"))
    assert ledger.expire(LATER_S - 1) == ()
    assert [(one.id, one.state) for one in ledger.expire(LATER_S)] == [("o1", State.EXPIRED)]
    assert reserved(ledger)["north"] == 1
    assert ask(ledger, Confirm(id="o1"), now_s=LATER_S).refusal is Refusal.EXPIRED
    again = ask(ledger, reserve("o1", expires_s=LATER_S + 60), now_s=LATER_S)
    assert (again.state, reserved(ledger)["north"]) == (State.PENDING, 2)


def test_what_is_over_is_not_confirmed_before_anybody_swept(ledger: Ledger) -> None:
    publish(ledger, *nested())
    ask(ledger, reserve("o1"))
    assert ask(ledger, Confirm(id="o1"), now_s=LATER_S).refusal is Refusal.EXPIRED
    assert ask(ledger, reserve("o2"), now_s=LATER_S).refusal is Refusal.EXPIRED
    assert reserved(ledger)["hub"] == 0


def test_a_cut_records_a_deficit_and_tells(ledger: Ledger) -> None:
    hub, *rest = nested()
    publish(ledger, hub, *rest)
    for order in ("o1", "o2", "o3"):
        ask(ledger, reserve(order, dm3=10))
    assert publish(ledger, hub.replace(parcels=1, dm3=15))[0].refusal is None
    cut = balances(ledger)["hub"]
    assert (cut.reserved_parcels, cut.deficit_parcels, cut.deficit_dm3) == (3, 2, 15)
    assert [one.kind for one in ledger.notices()] == ["capacity.deficit"]
    assert ask(ledger, reserve("o4")).refusal is Refusal.FULL
    assert ask(ledger, Release(id="o1")).refusal is None  # giving back works in a deficit, and makes it smaller
    left = balances(ledger)["hub"]
    assert (left.reserved_parcels, left.deficit_parcels, left.deficit_dm3) == (2, 1, 5)
    assert ask(ledger, Change(id="o2", capacity_id="south", dm3=10)).refusal is None  # so does a move within it
    publish(ledger, hub)
    assert balances(ledger)["hub"].deficit_parcels == 0
    ledger.told([one.seq for one in ledger.notices()], NOW_S)
    assert ledger.notices() == ()


def test_a_closed_level_says_so(ledger: Ledger) -> None:
    publish(ledger, *nested())
    publish(ledger, nested()[2].replace(parcels=0))
    refused = ask(ledger, reserve("o1"))
    assert (refused.refusal, refused.level) == (Refusal.CLOSED, "north")
    assert ask(ledger, reserve("o1", "south")).refusal is None


def test_an_order_owed_its_date_takes_a_place_beyond_capacity(ledger: Ledger) -> None:
    publish(ledger, *nested(area=1))
    ask(ledger, reserve("o1"))
    assert ask(ledger, reserve("o2", force=True)).state is State.PENDING
    assert balances(ledger)["north"].deficit_parcels == 1
    assert balances(ledger)["hub"].deficit_parcels == 0
    assert [one.kind for one in ledger.notices()] == ["capacity.deficit"]


def test_levels_stay_where_they_are(ledger: Ledger) -> None:
    hub, group, north, south = nested()
    orphan = publish(ledger, group)[0]
    assert (orphan.refusal, orphan.level) == (Refusal.UNKNOWN_PARENT, "hub")
    publish(ledger, hub, group, north, south)
    assert publish(ledger, north.replace(parent_id="hub"))[0].refusal is Refusal.PARENT_FIXED
    shop = Request(owner=SHOP, commands=(Publish(capacity=hub),), now_s=NOW_S)
    assert ledger.do(shop)[0].refusal is Refusal.CARRIER_ONLY
    assert ask(ledger, reserve("o1", "nowhere")).refusal is Refusal.UNKNOWN_CAPACITY


def test_a_key_returns_the_stored_reply(ledger: Ledger) -> None:
    publish(ledger, *nested(area=1))
    request = Request(owner=SHOP, commands=(reserve("o1"), reserve("o2")), now_s=NOW_S, key="k", fingerprint="a")
    first = ledger.do(request)
    assert [one.refusal for one in first] == [None, Refusal.FULL]
    ask(ledger, Release(id="o1"))
    assert ledger.do(request) == first  # as it was answered then
    assert ledger.do(request.replace(fingerprint="b"))[0].refusal is Refusal.KEY_REUSED
    assert ledger.do(request.replace(owner=OTHER_SHOP))[0].refusal is None  # another owner's key is another key
    ledger.expire(NOW_S + 3 * 24 * 3600)
    assert ledger.do(request.replace(fingerprint="b"))[0].refusal is Refusal.RELEASED  # a key is kept for a day


def test_owners_have_names_of_their_own(ledger: Ledger) -> None:
    publish(ledger, *nested())
    ask(ledger, reserve("o1"))
    ask(ledger, reserve("o1", "south", parcels=2), owner=OTHER_SHOP)
    assert reserved(ledger) == {"hub": 3, "group": 3, "north": 1, "south": 2}
    assert ask(ledger, Release(id="o2"), owner=OTHER_SHOP).refusal is Refusal.UNKNOWN_RESERVATION
    assert ask(ledger, reserve("o1"), owner=CARRIER._replace(tenant="else")).refusal is Refusal.UNKNOWN_CAPACITY
    assert ledger.balances("else") == ()


def test_2400_orders_in_one_request(ledger: Ledger) -> None:
    publish(ledger, *nested(5000, 5000, 1200))
    commands = tuple(reserve(f"o{number}", ("north", "south")[number % 2]) for number in range(2401))
    replies = ledger.do(Request(owner=SHOP, commands=commands, now_s=NOW_S, key="bulk"))
    assert [one.refusal for one in replies] == [None] * 2400 + [Refusal.FULL]
    assert reserved(ledger) == {"hub": 2400, "group": 2400, "north": 1200, "south": 1200}
