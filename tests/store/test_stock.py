"""Goods are promised with the place, in one transaction, or neither; and who is told what a commit has changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import text

from data.model.stock import Stock, StockBalance, StockLine
from data.store import settings
from data.store.database import Database
from promise.capacity import Refusal
from promise.ledger import Committed, Ledger
from promise.reserve import Change, Confirm, Publish, PublishStock, Release, Reply, Shipped
from tests.store.faults import Fault
from tests.store.orders import (
    CARRIER,
    LATER_S,
    NOW_S,
    OTHER_SHOP,
    SHOP,
    ask,
    nested,
    opened,
    publish,
    reserve,
    reserved,
)

MUG = Stock(sku="mug/red", hub_id="H", units=5)


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with opened(url) as ledger:
        publish(ledger, *nested(area=4))
        yield ledger
        assert ledger.check() == []


def line(quantity: int = 1, channel: str = "", sku: str = MUG.sku) -> StockLine:
    return StockLine(sku=sku, hub_id="H", quantity=quantity, channel=channel)


def stocked(ledger: Ledger, *stocks: Stock, available: bool = False) -> Reply:
    return ask(ledger, *(PublishStock(stock=one, available=available) for one in stocks))


def shelves(ledger: Ledger) -> dict[str, tuple[int | None, int, int]]:
    return {one.channel: (one.units, one.reserved, one.deficit) for one in ledger.stocks(SHOP, [MUG.sku])}


def test_place_and_goods_go_together(ledger: Ledger) -> None:
    assert ask(ledger, reserve("o1", lines=(line(),))).refusal is Refusal.UNKNOWN_STOCK
    stocked(ledger, MUG)
    assert ask(ledger, reserve("o1", lines=(line(3), line(1)))).refusal is None
    out = ask(ledger, reserve("o2", lines=(line(2),)))
    assert (out.refusal, out.level, reserved(ledger)["north"]) == (Refusal.OUT_OF_STOCK, "mug%2Fred/H/", 1)
    assert ask(ledger, reserve("o3", parcels=4, lines=(line(),))).refusal is Refusal.FULL
    assert shelves(ledger) == {"": (5, 4, 0)}
    assert ask(ledger, Change(id="o1", capacity_id="south", lines=(line(5),))).refusal is None  # its own four count
    assert ask(ledger, Change(id="o1", capacity_id="north")).refusal is None  # and it keeps them
    assert shelves(ledger) == {"": (5, 5, 0)}
    ask(ledger, Release(id="o1"))
    assert shelves(ledger) == {"": (5, 0, 0)} and reserved(ledger)["hub"] == 0
    ask(ledger, reserve("o4", lines=(line(),)))
    ledger.expire(LATER_S)
    assert shelves(ledger) == {"": (5, 0, 0)}


def test_one_shippers_stock_is_no_other_shippers(ledger: Ledger) -> None:
    stocked(ledger, MUG)
    assert ask(ledger, reserve("o1", lines=(line(),)), owner=OTHER_SHOP).refusal is Refusal.UNKNOWN_STOCK
    assert ledger.stocks(OTHER_SHOP) == ()


def test_a_channel_sells_its_part_at_most(ledger: Ledger) -> None:
    assert stocked(ledger, MUG.replace(channel="site")).refusal is Refusal.UNKNOWN_STOCK
    stocked(ledger, MUG)
    ask(ledger, reserve("o1", lines=(line(2, "site"),)))
    assert shelves(ledger) == {"": (5, 2, 0), "site": (None, 2, 0)}
    stocked(ledger, MUG.replace(channel="site", units=3))
    assert ask(ledger, reserve("o2", lines=(line(2, "site"),))).level == "mug%2Fred/H/site"
    assert ask(ledger, reserve("o3", lines=(line(2, "live"), line(1)))).refusal is None
    assert ask(ledger, reserve("o4", lines=(line(1, "site"),))).level == "mug%2Fred/H/"  # the whole shelf is promised


def test_what_is_sold_beyond_stock_is_a_deficit(ledger: Ledger) -> None:
    back = date(2026, 12, 1)
    stocked(ledger, MUG.replace(units=1, oversell=True, back_order_on=back))
    ask(ledger, reserve("o1", lines=(line(3),)), Confirm(id="o1"))
    assert ledger.stocks(SHOP)[0].back_order_on == back and shelves(ledger) == {"": (1, 3, 2)}
    assert [(one.kind, one.shipper) for one in ledger.notices()] == [("stock.deficit", "shop")]
    stocked(ledger, MUG.replace(units=4))
    assert shelves(ledger) == {"": (4, 3, 0)}
    assert ask(ledger, reserve("o2", lines=(line(2),))).refusal is Refusal.OUT_OF_STOCK
    assert ask(ledger, reserve("o2", lines=(line(2),), force=True)).refusal is None
    stocked(ledger, MUG.replace(units=2), available=True)  # two that nobody was promised
    assert shelves(ledger) == {"": (7, 5, 0)}


def test_shipped_goods_leave_the_shelf_once(ledger: Ledger) -> None:
    stocked(ledger, MUG)
    ask(ledger, reserve("o1", lines=(line(2, "live"),)), Confirm(id="o1"), reserve("o2", lines=(line(),)))
    assert ask(ledger, Shipped(id="o1")) == ask(ledger, Shipped(id="o1"))
    assert shelves(ledger) == {"": (3, 1, 0), "live": (None, 0, 0)}
    assert reserved(ledger)["north"] == 2
    ask(ledger, Release(id="o1"))
    assert shelves(ledger)[""] == (3, 1, 0)
    assert ask(ledger, Shipped(id="o1")).refusal is Refusal.RELEASED
    assert ask(ledger, Shipped(id="nobody")).refusal is Refusal.UNKNOWN_RESERVATION


def test_a_level_that_is_there_stays_as_it_is(ledger: Ledger) -> None:
    hub, *_, south = nested()
    ask(ledger, Publish(capacity=hub.replace(parcels=1), if_absent=True), owner=CARRIER)
    ask(ledger, Publish(capacity=south.replace(id="east", parcels=2), if_absent=True), owner=CARRIER)
    assert {one.id: one.parcels for one in ledger.balances(CARRIER.tenant)}.items() >= {("hub", 100), ("east", 2)}


def test_a_listener_hears_of_each_commit_before_the_reply(url: str) -> None:
    heard: list[Committed] = []

    def listen(committed: Committed) -> None:
        heard.append(committed)
        raise Fault  # what it does wrong is not the client's

    with Database(url) as database, Ledger(database, on_commit=listen) as ledger:
        publish(ledger, *nested())
        assert len(heard[-1].balances) == 4
        stocked(ledger, MUG)
        assert list(heard[-1].stocks.values()) == [
            StockBalance(**{n: getattr(MUG, n) for n in Stock.__struct_fields__})
        ]
        assert ask(ledger, reserve("o1")).refusal is None
        assert {key.id for key in heard[-1].orders} == {"o1"}
        assert {key.id: one.left_parcels for key, one in heard[-1].balances.items()}["hub"] == 99
        before = len(heard)
        ask(ledger, reserve("o1"))
        assert len(heard) == before


def test_other_writes_share_the_writer(url: str) -> None:
    with Database(url) as database, Ledger(database) as ledger:
        publish(ledger, *nested())
        good = ledger.write(lambda t: settings.put(t, CARRIER, "a", "1", NOW_S))
        bad = ledger.write(lambda t: t.execute(text("SELECT nothing FROM nowhere")))
        place = ask(ledger, reserve("o1"))
        assert good.result() is None and place.refusal is None
        assert "store_failed" in str(bad.exception())
        with database.read() as t:
            assert settings.get(t, CARRIER, "a") == "1"
