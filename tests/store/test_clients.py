"""Many clients at once on few places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from data.clock import rng
from data.model.reservation import State
from data.model.stock import Stock, StockLine
from promise.capacity import Refusal
from promise.ledger import Ledger
from promise.reserve import Change, Confirm, PublishStock, Release, Reply
from tests.store.orders import (
    LATER_S,
    OTHER_SHOP,
    SHOP,
    ask,
    balances,
    nested,
    opened,
    publish,
    reserve,
    reserved,
    two_groups,
)

CLIENTS, PLACES, EACH = 64, 100, 4


@contextmanager
def two_hosts(url: str) -> Iterator[list[Ledger]]:
    """Yield the ledgers of a store: PostgreSQL has two hosts that write at once."""
    with ExitStack() as stack:
        yield [stack.enter_context(opened(url)) for _ in range(2 if url.startswith("postgresql") else 1)]


def at_once(*calls: Callable[[], Reply]) -> list[Reply]:
    """Return what many clients are told who ask at the same time, in their order."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(lambda call: call(), calls))


def race(url: str, seed: int) -> None:
    """Let 64 clients ask for 256 places of 100."""
    with two_hosts(url) as hosts:
        publish(hosts[0], *nested(hub=2 * PLACES, group=PLACES, area=PLACES))
        chance = rng(seed)
        areas = chance.choice(["north", "south"], (CLIENTS, EACH))
        orders = chance.permutation(CLIENTS * EACH).reshape(CLIENTS, EACH)

        def client(number: int) -> list[Reply]:
            host, shop = hosts[number % len(hosts)], (SHOP, OTHER_SHOP)[number % 3 % 2]
            asked = zip(orders[number], areas[number])
            return [ask(host, reserve(f"o{order}", str(area)), owner=shop) for order, area in asked]

        with ThreadPoolExecutor(CLIENTS) as clients:
            replies = [reply for some in clients.map(client, range(CLIENTS)) for reply in some]
        assert sum(reply.refusal is None for reply in replies) == PLACES
        refused = {(reply.refusal, reply.level) for reply in replies if reply.refusal}
        assert refused <= {(Refusal.FULL, level) for level in ("group", "north", "south")}
        held = reserved(hosts[0])
        assert held["group"] == held["hub"] == held["north"] + held["south"] == PLACES
        assert hosts[0].check() == []


@pytest.mark.parametrize("seed", range(3))
def test_64_clients_get_exactly_100_places(url: str, seed: int) -> None:
    race(url, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100))
def test_100_seeds_of_64_clients(url: str, seed: int) -> None:
    race(url, seed)


def test_one_order_from_two_hosts_is_one_place(url: str) -> None:
    """The same order, sent to every host at once by many threads, with keys and without."""
    with two_hosts(url) as hosts:
        publish(hosts[0], *nested())

        def client(number: int) -> Reply:
            key = f"key{number % 2}" if number % 4 < 2 else ""
            return ask(hosts[number % len(hosts)], reserve("o1"), key=key)

        with ThreadPoolExecutor(16) as clients:
            replies = set(clients.map(client, range(64)))
        assert len(replies) == 1 and replies.pop().refusal is None
        assert reserved(hosts[0])["hub"] == 1


def test_two_tour_groups_share_vans_and_volume_binds_first(url: str) -> None:
    """The hub's day has 100 parcels and 900 dm3, each group 80 and 700: of orders of 10 dm3 it takes 90."""
    with two_hosts(url) as hosts:
        day, *rest = two_groups(hub=100, group=80, area=60, dm3=700)
        publish(hosts[0], day.replace(dm3=900), *rest)
        chance = rng(3)
        areas = [str(area) for area in chance.choice(["a", "b", "c", "d"], 256)]

        def asking(number: int) -> Callable[[], Reply]:
            wanted = reserve(f"o{number}", areas[number], dm3=10)
            return lambda: ask(hosts[number % len(hosts)], wanted)

        replies = at_once(*map(asking, range(256)))
        assert sum(reply.refusal is None for reply in replies) == 90
        held = balances(hosts[0])
        assert (held["hub"].reserved_parcels, held["hub"].reserved_dm3) == (90, 900)
        assert held["g1"].reserved_dm3 + held["g2"].reserved_dm3 == 900
        assert {one.deficit_parcels + one.deficit_dm3 for one in held.values()} == {0}
        assert hosts[0].check() == []


def test_the_last_units_are_sold_once(url: str) -> None:
    """A live and the site sell the same 40 mugs, the site 15 of them at most; places there are enough."""
    with two_hosts(url) as hosts:
        publish(hosts[0], *nested(1000, 1000, 1000))
        mugs = Stock(sku="mug", hub_id="hub", units=40)
        ask(hosts[0], PublishStock(stock=mugs), PublishStock(stock=mugs.replace(channel="site", units=15)))

        def asking(number: int) -> Callable[[], Reply]:
            line = StockLine(sku="mug", hub_id="hub", channel=("live", "site")[number % 2])
            return lambda: ask(hosts[number % len(hosts)], reserve(f"o{number}", lines=(line,)))

        replies = at_once(*map(asking, range(128)))
        assert sum(reply.refusal is None for reply in replies) == 40 == reserved(hosts[0])["hub"]
        sold = {one.channel: one.reserved for one in hosts[0].stocks(SHOP)}
        assert sold[""] == sold["live"] + sold["site"] == 40 and sold["site"] <= 15
        assert {reply.refusal for reply in replies} == {None, Refusal.OUT_OF_STOCK}
        assert hosts[0].check() == []


def test_expiry_races_confirmation(url: str) -> None:
    """One host's clock says that it is over, the other's not yet: each order ends one way, and all agree on which."""
    with two_hosts(url) as hosts:
        publish(hosts[0], *nested())
        names = [f"o{number}" for number in range(90)]
        ask(hosts[0], *(reserve(name) for name in names))

        def confirming(name: str) -> Callable[[], Reply]:
            return lambda: ask(hosts[0], Confirm(id=name), now_s=LATER_S - 1)

        def sweeping(number: int) -> Callable[[], Reply]:
            return lambda: Reply(id=str(len(hosts[-1].expire(LATER_S, most=number))))

        mixed = [call for name in names for call in (confirming(name), sweeping(2))]
        told = {reply.id: reply.state for reply in at_once(*mixed) if reply.state}
        assert told == {name: one.state for name, one in hosts[0].reservations(SHOP, names).items()}
        ends = Counter(told.values())
        assert set(ends) <= {State.CONFIRMED, State.EXPIRED} and ends[State.CONFIRMED] == reserved(hosts[0])["hub"]
        assert hosts[0].check() == []


def test_a_change_races_a_release(url: str) -> None:
    """Whichever comes first, the order ends released and takes no place, neither the old one nor the new one."""
    with two_hosts(url) as hosts:
        publish(hosts[0], *two_groups(hub=100, group=60, area=50, dm3=None))
        names = [f"o{number}" for number in range(60)]
        ask(hosts[0], *(reserve(name, "ab"[number % 2]) for number, name in enumerate(names)))

        def changing(name: str) -> Callable[[], Reply]:
            return lambda: ask(hosts[-1], Change(id=name, capacity_id="c", parcels=2))

        def releasing(name: str) -> Callable[[], Reply]:
            return lambda: ask(hosts[0], Release(id=name))

        replies = at_once(*(call for name in names for call in (changing(name), releasing(name))))
        assert {reply.state for reply in replies[1::2]} == {State.RELEASED}
        assert {reply.refusal for reply in replies[::2]} <= {None, Refusal.RELEASED, Refusal.FULL}
        assert set(reserved(hosts[0]).values()) == {0}
        assert hosts[0].check() == []


def test_a_clock_set_back_frees_and_sells_nothing(url: str) -> None:
    with opened(url) as ledger:
        publish(ledger, *nested(area=1))
        ask(ledger, reserve("o1"))
        assert ask(ledger, reserve("o2"), now_s=LATER_S - 5000).refusal is Refusal.FULL
        assert ledger.expire(LATER_S - 5000) == ()
        assert [one.id for one in ledger.expire(LATER_S)] == ["o1"]
        assert ask(ledger, Confirm(id="o1"), now_s=LATER_S - 5000).refusal is Refusal.EXPIRED  # over is over
        assert ask(ledger, reserve("o2"), now_s=LATER_S - 5000).refusal is None
