"""The desk on both stores: what is quoted is what is held, and what is held shows in the next quote."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import msgspec
import pytest

from data import clock as real
from data import codec
from data.errors import ConflictError, InputError, NotFoundError, ReusedKeyError, UnavailableError
from data.model.base import Window
from data.model.fleet import FleetSettings, TourGroup
from data.model.promise import Quality, QuoteRequest
from data.model.reservation import State
from data.store.database import Database, StoreError
from promise.desk import Desk
from promise.desk_values import Order, Swap, Terms
from promise.refresh_worker import Facts, snapshot_from
from tests.promise.small_house import (
    AT,
    CARRIER,
    FIRST,
    OTHER_SHOP,
    PLACES,
    SECOND,
    SHOP,
    Clock,
    ask,
    day_of,
    free,
    house,
    opened,
    put_stock,
    refresh,
    reserve,
    run,
)
from tests.store import postgres
from tests.store.conftest import new_url, server, url  # noqa: F401


def wait_for(seen: Callable[[], bool]) -> None:
    """Wait until something is seen that another thread does."""
    began_s = real.elapsed_s()
    while not seen():
        assert real.elapsed_s() - began_s < 20
        time.sleep(0.01)


def test_the_confirmed_date_is_the_quoted_one(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        quoted = ask(desk)
        assert (day_of(quoted), day_of(quoted, "locker")) == (FIRST, SECOND)
        held = reserve(desk, "o1", quoted)
        assert (held.state, held.date, held.quality) == (State.PENDING, FIRST, Quality.TABLE)
        assert held.expires_at == AT + timedelta(seconds=300 + 900)
        sure = run(desk.places.confirm(SHOP, "o1"))
        assert (sure.state, sure.date, sure.confidence) == (State.CONFIRMED, FIRST, held.confidence)
        assert desk.places.promise(SHOP, "o1") == sure
        with pytest.raises(NotFoundError):
            desk.places.promise(OTHER_SHOP, "o1")
        with pytest.raises(NotFoundError):
            run(desk.places.confirm(OTHER_SHOP, "o1"))
        assert desk.ledger.check() == []


def test_a_quote_before_the_cut_off_is_honoured_after_it(url: str) -> None:  # noqa: F811
    clock = Clock(AT.replace(hour=16, minute=58))
    with opened(url, clock) as desk:
        quoted = ask(desk)
        clock.move(minutes=4)
        refresh(desk)
        assert (day_of(quoted), day_of(ask(desk))) == (FIRST, SECOND)
        assert reserve(desk, "o1", quoted).date == FIRST
        clock.move(minutes=1)
        with pytest.raises(ConflictError) as told:
            reserve(desk, "o2", quoted)
        assert told.value.code == "expired"
        assert reserve(desk, "o1", quoted).date == FIRST  # it only came twice


def test_nobody_makes_or_borrows_a_quote(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        quoted = ask(desk)
        stolen = Order(id="o1", option_id="home", quote_id=quoted.quote_id)
        with pytest.raises(InputError, match="no quote of yours"):
            run(desk.places.reserve(OTHER_SHOP, stolen))
        for wrong in (quoted.quote_id[:-4] + "AAAA", "A" + quoted.quote_id[1:], "é", "AAAA"):
            with pytest.raises(InputError, match="no quote id of ours"):
                run(desk.places.reserve(SHOP, Order(id="o1", option_id="home", quote_id=wrong)))
        with pytest.raises(InputError, match="has no option `express`"):
            run(desk.places.reserve(SHOP, Order(id="o1", option_id="express", quote_id=quoted.quote_id)))


def test_a_window_is_one_that_is_sold(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        quoted = ask(desk)
        sold = quoted.options[0].windows[0].window
        order = Order(id="o1", option_id="home", quote_id=quoted.quote_id, window=sold)
        held = run(desk.places.reserve(SHOP, order))
        assert (held.window, held.price_cents) == (sold, 790)
        late = order.replace(id="o2", window=Window(start_at=sold.start_at, end_at=sold.end_at + timedelta(hours=1)))
        with pytest.raises(InputError, match="no such window"):
            run(desk.places.reserve(SHOP, late))


def test_what_is_taken_shows_in_the_next_quote(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        early = ask(desk)
        for number in range(PLACES):
            assert reserve(desk, f"o{number}", early).date == FIRST
        assert day_of(ask(desk)) == SECOND
        with pytest.raises(ConflictError) as told:
            reserve(desk, "late", early)
        assert told.value.code == "full"
        with pytest.raises(NotFoundError):
            desk.places.promise(SHOP, "late")
        run(desk.places.release(SHOP, "o1"))
        assert day_of(ask(desk)) == FIRST
        assert ask(desk, owner=CARRIER).options[0].facts and not ask(desk).options[0].facts
        assert desk.ledger.check() == []


def test_a_place_that_nobody_confirms_comes_back(url: str) -> None:  # noqa: F811
    clock = Clock()
    with opened(url, clock) as desk:
        early = ask(desk)
        for number in range(PLACES):
            reserve(desk, f"o{number}", early)
        run(desk.places.confirm(SHOP, "o0"))
        clock.move(seconds=1201)
        desk.ledger.expire(desk.now_s)
        assert desk.places.promise(SHOP, "o1").state is State.EXPIRED
        assert desk.places.promise(SHOP, "o0").state is State.CONFIRMED
        assert day_of(ask(desk)) == FIRST
        with pytest.raises(ConflictError):
            run(desk.places.confirm(SHOP, "o1"))


def test_a_change_frees_the_old_place_only_once_the_new_one_is_held(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        early = ask(desk)
        reserve(desk, "mine", early)
        locker = Swap(quote_id=early.quote_id, option_id="locker")
        assert run(desk.places.change(SHOP, "mine", locker)).date == SECOND
        for number in range(PLACES):
            reserve(desk, f"o{number}", early)
        with pytest.raises(ConflictError) as told:
            run(desk.places.change(SHOP, "mine", Swap(quote_id=early.quote_id, option_id="home")))
        assert told.value.code == "full"
        kept = desk.places.promise(SHOP, "mine")
        assert (kept.option_id, kept.date, kept.state) == ("locker", SECOND, State.PENDING)
        run(desk.places.release(SHOP, "o2"))
        assert run(desk.places.change(SHOP, "mine", Swap(quote_id=early.quote_id, option_id="home"))).date == FIRST
        assert desk.ledger.check() == []


def test_orders_in_bulk_fill_the_days(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        orders = [free(f"o{number}") for number in range(8)]
        first = run(desk.places.bulk(SHOP, orders, "key", "body"))
        assert first.kept == 8
        days = Counter(held.date for held in first.promises)
        assert days == {FIRST: 3, SECOND: 3, date(2026, 11, 27): 2}
        again = run(desk.places.bulk(SHOP, orders, "key", "body"))
        alone = run(desk.places.bulk(SHOP, orders))
        for other in (again, alone):
            assert [(one.id, one.date, one.state) for one in other.promises] == [
                (one.id, one.date, one.state) for one in first.promises
            ]
        with pytest.raises(ReusedKeyError):
            run(desk.places.bulk(SHOP, orders[:2], "key", "another body"))
        mixed = run(desk.places.bulk(SHOP, [orders[0].replace(option_id="nowhere"), free("new"), free("o1", "locker")]))
        codes = [held.problem and held.problem.code for held in mixed.promises]
        assert (mixed.kept, codes) == (1, ["unknown_option", None, "id_taken"])
        assert desk.ledger.check() == []


def test_64_clients_at_once_get_the_places_there_are(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        early = ask(desk)

        async def clients() -> list[object]:
            orders = [Order(id=f"o{number}", option_id="home", quote_id=early.quote_id) for number in range(64)]
            return await asyncio.gather(*(desk.places.reserve(SHOP, one) for one in orders), return_exceptions=True)

        found = run(clients())
        assert sum(not isinstance(one, Exception) for one in found) == PLACES
        assert {one.code for one in found if isinstance(one, ConflictError)} == {"full"}
        assert day_of(ask(desk)) == SECOND and desk.ledger.check() == []


def test_the_last_piece_is_sold_once(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        with pytest.raises(InputError, match="no stock of `mug`"):
            ask(desk, "mug")
        put_stock(desk, "mug", 1, "rennes")
        early = ask(desk, "mug")
        assert early.options[0].hub_id == "rennes"
        held = reserve(desk, "o1", early)
        sold_out = ask(desk, "mug")
        assert (held.hub_id, sold_out.options, sold_out.short) == ("rennes", (), ("mug",))
        with pytest.raises(ConflictError) as told:
            reserve(desk, "o2", early)
        assert told.value.code == "out_of_stock"
        with pytest.raises(ConflictError):
            run(desk.places.reserve(SHOP, free("o3", "home", "mug")))
        assert day_of(ask(desk)) == FIRST  # no place was taken with it
        run(desk.places.release(SHOP, "o1"))
        assert not ask(desk, "mug").short
        assert [one.reserved for one in desk.stock(SHOP, "mug")] == [0]
        with pytest.raises(NotFoundError):
            desk.stock(OTHER_SHOP, "mug")
        assert desk.ledger.check() == []


def test_a_channel_sells_its_share_and_goods_to_come_come_later(url: str) -> None:  # noqa: F811
    with opened(url) as desk:
        put_stock(desk, "cup", 5)
        put_stock(desk, "cup", 1, channel="live")
        assert reserve(desk, "o1", ask(desk, "cup", channel="live")).date == FIRST
        assert ask(desk, "cup", channel="live").short == ("cup",) and not ask(desk, "cup", channel="site").short
        back = date(2026, 11, 27)
        put_stock(desk, "jug", 0, oversell=True, back_order_on=back)
        assert day_of(ask(desk, "jug")) == back + timedelta(days=1)
        assert reserve(desk, "o2", ask(desk, "jug"), option="locker").date == back + timedelta(days=2)


def test_a_restart_keeps_everything(new_url: Callable[[], str]) -> None:  # noqa: F811
    url = new_url()  # noqa: F811
    with Database(url) as database, Desk(database, house(), now=Clock()) as desk:
        with pytest.raises(UnavailableError):
            ask(desk)
        refresh(desk)
        early = ask(desk)
        for number in range(PLACES):
            reserve(desk, f"o{number}", early)
        put_stock(desk, "mug", 2)
        reserve(desk, "o9", ask(desk, "mug"), "locker", key="again")
    with Database(url) as database, Desk(database, house(), now=Clock()) as desk:
        refresh(desk)
        assert day_of(ask(desk)) == SECOND
        assert desk.places.promise(SHOP, "o1").date == FIRST
        assert reserve(desk, "o1", early).date == FIRST  # the quote's signature still holds
        assert reserve(desk, "o10", early, "locker").date == SECOND
        assert [one.reserved for one in desk.stock(SHOP, "mug")] == [1]
        assert desk.ledger.check() == []


def test_another_process_sees_it_within_a_second(new_url: Callable[[], str]) -> None:  # noqa: F811
    url = new_url()  # noqa: F811
    if url.startswith("sqlite"):
        pytest.skip("an SQLite store has one process")
    with opened(url) as here, opened(url) as there:
        put_stock(here, "mug", 1)
        early = ask(here)
        for number in range(PLACES):
            reserve(here, f"o{number}", early)
        reserve(here, "o9", ask(here, "mug"), "locker")
        wait_for(lambda: day_of(ask(there)) != FIRST)
        assert ask(there, "mug").short == ("mug",)
        with pytest.raises(ConflictError):
            reserve(there, "o5", early)


def test_quotes_go_on_while_the_store_is_away_and_follow_it_when_it_is_back() -> None:
    programs = postgres.binaries()
    if programs is None:
        pytest.skip("PostgreSQL's binaries are absent")
    with postgres.running(programs) as cluster:
        url = cluster.new_url()
        with opened(url) as here:
            early = ask(here)
            assert reserve(here, "o0", early).date == FIRST
            cluster.crash()
            with pytest.raises(StoreError, match="store_failed"):
                here.places.promise(SHOP, "o0")
            with pytest.raises(StoreError, match="store_failed"):
                reserve(here, "o1", early)
            wait_for(lambda: here.figures()["store_lapses"] >= 4)  # both who look at it beside the requests
            assert day_of(ask(here)) == FIRST
            cluster.start()
            assert here.places.promise(SHOP, "o0").date == FIRST
            with opened(url) as there:
                for number in range(1, PLACES):
                    reserve(there, f"o{number}", early)
            wait_for(lambda: day_of(ask(here)) == SECOND)
            assert here.ledger.check() == []


def test_a_swap_never_mixes_two_snapshots(tmp_path_factory: pytest.TempPathFactory) -> None:
    with opened(f"sqlite:///{tmp_path_factory.mktemp('swap')}/a.db") as desk:
        slow = desk.state.replace(hubs=tuple(load.replace(backlog=(900_000,)) for load in desk.state.hubs))
        snapshots = [snapshot_from(Facts(state=state, now_s=desk.now_s)) for state in (desk.state, slow)]
        wanted = []
        for snapshot in snapshots:
            desk.swap(snapshot)
            wanted.append(tuple(one.date for one in ask(desk).options))
        assert all(one != other for one, other in zip(*wanted, strict=True))
        stop = threading.Event()

        def swapping() -> None:
            while not stop.is_set():
                for snapshot in snapshots:
                    desk.swap(snapshot)

        thread = threading.Thread(target=swapping)
        thread.start()
        seen = Counter(tuple(one.date for one in ask(desk).options) for _ in range(5000))
        stop.set()
        thread.join()
        assert set(seen) <= set(wanted)


def test_nothing_personal_gets_in() -> None:
    for kind, body in (
        (QuoteRequest, {"postcode": "44000", "name": "Ada"}),
        (Order, {"id": "o1", "option_id": "home", "quote_id": "x", "email": "ada@example.com"}),
    ):
        with pytest.raises(InputError, match="unknown key"):
            codec.decode(msgspec.json.encode(body), kind)
    assert set(Terms.__struct_fields__) == {
        "option_id",
        "date",
        "quality",
        "confidence",
        "hub_id",
        "area_id",
        "window",
        "price_cents",
        "asked",
    }


def test_vans_make_the_room_of_the_days_ahead(url: str) -> None:  # noqa: F811
    """Two vans of one parcel each for both areas: their hub's day binds before the house's own pools do."""
    group = TourGroup(id="all", areas=("centre", "north"), vans=2)
    with opened(url, state=house().replace(pools=())) as desk:
        for hub in ("nantes", "rennes"):
            fleet = FleetSettings(hub_id=hub, parcels_per_van=1, groups=(group,))
            run(desk.facts.put_fleet(SHOP.tenant, hub, fleet))
        kept = run(desk.places.bulk(SHOP, [free(f"o{number}") for number in range(9)])).promises
        assert Counter(held.date for held in kept) == {FIRST: 4, SECOND: 4, date(2026, 11, 27): 1}
        north = QuoteRequest(postcode="44300")
        assert desk.quotes.quote(SHOP, north).options[0].date == date(2026, 11, 27)
        desk.facts.publish_room(SHOP.tenant)
        with pytest.raises(NotFoundError):
            run(desk.facts.put_fleet(SHOP.tenant, "nowhere", fleet.replace(hub_id="nowhere")))
        assert desk.ledger.check() == []
