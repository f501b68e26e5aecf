"""Webhooks: everything arrives at least once, in order per promise, under one id, whoever is down or killed."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise

from data.clock import rng
from data.model.subscription import SubscriptionState
from data.store import deliveries, subscriptions
from jalon.webhooks.queue import DELAYS_S, JITTER, due_again_s
from tests.jalon import receiver as parts
from tests.jalon.receiver import (
    BEGIN,
    CARRIER,
    OTHER,
    SHOP,
    Clock,
    Moment,
    Receiver,
    notice,
    receiving,
    subscribe,
    tell,
)
from tests.store.conftest import new_url, server, url  # noqa: F401

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["tests.jalon.receiver"])

DOWN_S, STEP_S = 3600, 900


def one_life(url: str, clock: Clock, moment: Moment = "never", left: int = 0) -> bool:  # noqa: F811
    """Let a process send what is due; return whether it was killed."""
    process = context.Process(target=parts.live, args=(url, clock(), moment, left))
    process.start()
    process.join()
    code = process.exitcode
    process.close()
    assert code in (0, -signal.SIGKILL)
    return code != 0


def in_order(found: Receiver) -> None:
    """Require that each promise's notices first arrived in their order, and that an id means one notice."""
    ids: dict[str, int] = {}
    seen: dict[str, list[int]] = defaultdict(list)
    for name, body in found.got:
        number = body["data"]["number"]
        assert ids.setdefault(name, number) == number
        if number not in seen[body["data"]["order_id"]]:
            seen[body["data"]["order_id"]].append(number)
    assert len(set(ids.values())) == len(ids)
    for numbers in seen.values():
        assert all(one < other for one, other in pairwise(numbers))


def test_an_hour_down_and_two_kills(url: str) -> None:  # noqa: F811
    seed = 1
    chance, clock = rng(seed), Clock()
    with receiving() as shop, receiving() as carrier:
        subscribe(url, SHOP, "shop", shop.url)
        subscribe(url, CARRIER, "control", carrier.url)
        sent = 0
        shop.status = 503
        kills = 0
        for step in range(DOWN_S // STEP_S):
            orders = [f"o{int(chance.integers(0, 6))}" for _ in range(18)]
            tell(url, [notice(SHOP, order, sent + number) for number, order in enumerate(orders)], clock.now_s)
            sent += len(orders)
            moment: Moment = {1: "before", 2: "after"}.get(step, "never")  # type: ignore[assignment]
            kills += one_life(url, clock, moment, 5)
            clock.move(seconds=STEP_S)
        assert not shop.got and len({name for name, _ in carrier.got}) > sent // 2  # one that is dead blocks nobody
        shop.status = 200
        with parts.queues(url, clock) as hooks:
            while asyncio.run(hooks.round()) or len(shop.got) < sent:
                assert clock.at < BEGIN.replace(day=27)
                clock.move(minutes=20)
        assert kills == 2
        for one in (shop, carrier):
            assert {body["data"]["number"] for _, body in one.got} == set(range(sent))
            in_order(one)
        assert {name for name, _ in shop.got} == {name for name, _ in carrier.got}
    print(f"{sent} notices, {kills} kills, {len(shop.got)} + {len(carrier.got)} arrivals (seed {seed})")


def test_each_is_told_what_is_its_own(url: str) -> None:  # noqa: F811
    with receiving() as shop, receiving() as other, receiving() as carrier:
        subscribe(url, SHOP, "all", shop.url)
        subscribe(url, OTHER, "all", other.url)
        subscribe(url, CARRIER, "risks", carrier.url, "promise.at_risk")
        tell(url, [notice(SHOP, "o1", 1, "promise.at_risk"), notice(SHOP, "o1", 2), notice(OTHER, "o1", 3)], 0)
        tell(url, [notice(CARRIER, "", 4, "capacity.deficit")], 0)
        with parts.queues(url, Clock()) as hooks:
            assert asyncio.run(hooks.round()) == 4
            assert asyncio.run(hooks.round()) == 0
        told = [[body["data"]["number"] for _, body in one.got] for one in (shop, other, carrier)]
        assert told == [[1, 2], [3], [1]]
        assert shop.got[0][1] == {
            "type": "promise.at_risk",
            "timestamp": BEGIN.isoformat(),
            "data": {"order_id": "o1", "number": 1},
        }


def test_a_receiver_that_is_gone_is_left_alone(url: str) -> None:  # noqa: F811
    clock = Clock()
    with receiving() as shop:
        subscribe(url, SHOP, "shop", shop.url)
        tell(url, [notice(SHOP, f"o{number}", number) for number in range(9)], 0)
        shop.status = 410
        with parts.queues(url, clock) as hooks:
            asyncio.run(hooks.round())
            assert len(shop.paths) <= 4
            tell_again = notice(SHOP, "late", 99)
        tell(url, [tell_again], 0)
        shop.status = 200
        with parts.queues(url, clock) as hooks:
            database = hooks.database
            clock.move(days=1)
            assert asyncio.run(hooks.round()) == 0
            with database.read() as connection:
                one = subscriptions.load(connection, SHOP, "shop")
                assert one is not None and one.state is SubscriptionState.GONE
                lost = deliveries.dead(connection, SHOP, "shop")
            assert len(lost) == 9 and {one.problem for one in lost} == {"answered 410"}
            with database.write() as t:
                subscriptions.set_state(t, SHOP, "shop", SubscriptionState.ON, 0)
                assert deliveries.revive(t, SHOP, "shop", clock.now_s) == 9
            assert asyncio.run(hooks.round()) == 9
        assert {name for name, _ in shop.got} == {one.message for one in lost}


def test_the_schedule_ends_in_a_dead_letter(new_url: Callable[[], str]) -> None:  # noqa: F811
    url, clock = new_url(), Clock()  # noqa: F811
    with receiving() as shop:
        subscribe(url, SHOP, "shop", shop.url)
        tell(url, [notice(SHOP, "o1", 1), notice(SHOP, "o1", 2)], 0)
        shop.status = 500
        with parts.queues(url, clock) as hooks:
            for delay_s in DELAYS_S:
                assert asyncio.run(hooks.round()) == 1  # the second waits for the first
                clock.move(seconds=delay_s * (1 + JITTER) + 1)
            assert asyncio.run(hooks.round()) == 2 and hooks.given_up == 1
            shop.status = 200
            clock.move(minutes=1)
            assert asyncio.run(hooks.round()) == 1
        assert [body["data"]["number"] for _, body in shop.got] == [2]


def test_attempts_are_spread() -> None:
    ones = [
        deliveries.Delivery(1, SHOP, "shop", f"msg_{number}", "k", "{}", 0, attempts, "", "")
        for number in range(50)
        for attempts in range(len(DELAYS_S))
    ]
    for one in ones:
        again_s = due_again_s(one, 1000)
        assert again_s is not None and again_s == due_again_s(one, 1000)
        assert DELAYS_S[one.attempts] <= again_s - 1000 <= DELAYS_S[one.attempts] * (1 + JITTER) + 1
    assert len({due_again_s(one, 0) for one in ones if one.attempts == 3}) > 40
    assert due_again_s(ones[0]._replace(attempts=len(DELAYS_S)), 0) is None
