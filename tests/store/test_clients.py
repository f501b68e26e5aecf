"""Many clients at once on few places."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from data.clock import rng
from promise.capacity import Refusal
from promise.reserve import Reply
from tests.store.orders import OTHER_SHOP, SHOP, ask, nested, opened, publish, reserve, reserved

CLIENTS, PLACES, EACH = 64, 100, 4


def race(url: str, seed: int) -> None:
    """Let 64 clients ask for 256 places of 100; PostgreSQL has two hosts that write at once."""
    with ExitStack() as stack:
        hosts = [stack.enter_context(opened(url)) for _ in range(2 if url.startswith("postgresql") else 1)]
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
    with ExitStack() as stack:
        hosts = [stack.enter_context(opened(url)) for _ in range(2 if url.startswith("postgresql") else 1)]
        publish(hosts[0], *nested())

        def client(number: int) -> Reply:
            key = f"key{number % 2}" if number % 4 < 2 else ""
            return ask(hosts[number % len(hosts)], reserve("o1"), key=key)

        with ThreadPoolExecutor(16) as clients:
            replies = set(clients.map(client, range(64)))
        assert len(replies) == 1 and replies.pop().refusal is None
        assert reserved(hosts[0])["hub"] == 1
