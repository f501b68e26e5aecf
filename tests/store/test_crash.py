"""A process killed while it writes, again and again: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import multiprocessing
import signal
from multiprocessing.connection import Connection

import pytest

from data.clock import rng
from tests.store import faults, postgres
from tests.store.faults import Moment, order_request
from tests.store.orders import SHOP, ask, nested, opened, publish, reserve, reserved

AT_ONCE = 100
LARGE = 1_000_000
MOMENTS: tuple[Moment, ...] = ("before", "after", "never")

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["tests.store.faults"])


def killed_while_writing(url: str, kills: int, seed: int) -> None:
    """Start a writing process and kill it, ``kills`` times on one store; then send all requests once more and count.

    Every third one kills itself before a commit, every third one between a commit and its replies, the others are
    killed from outside after some replies.
    """
    chance = rng(seed)
    with opened(url) as ledger:
        publish(ledger, *nested(LARGE, LARGE, LARGE))
    acknowledged: set[int] = set()
    newest = 0
    for kill in range(kills):
        lost = sorted(set(range(newest)) - acknowledged)  # sent, never answered: sent again
        newest += AT_ONCE
        numbers = lost + list(range(newest - AT_ONCE, newest))
        moment = MOMENTS[kill % len(MOMENTS)]
        acknowledged |= _one_life(url, numbers, moment, int(chance.integers(0, 25)), int(chance.integers(1, 60)))
    with opened(url) as ledger:  # checks the balances against the entries
        lost = [number for number in acknowledged if ledger.reservation(SHOP, f"o{number:06}") is None]
        assert not lost, "acknowledged and lost"
        held_before = reserved(ledger)["hub"]
        futures = [ledger.submit(order_request(number)) for number in range(newest)]
        assert all(future.result()[0].refusal is None for future in futures)
        assert reserved(ledger)["hub"] == newest
        assert ledger.check() == []
    print(f"{kills} kills, {len(acknowledged)} acknowledged of {newest}, {held_before} held (seed {seed})")


def _one_life(url: str, numbers: list[int], moment: Moment, commits_left: int, replies: int) -> set[int]:
    """Return what one process acknowledged before it was killed."""
    receiver, sender = context.Pipe(duplex=False)
    writer = context.Process(target=faults.write_orders, args=(url, numbers, sender, moment, commits_left))
    writer.start()
    sender.close()
    acknowledged: set[int] = set()
    while (number := _received(receiver)) is not None:
        acknowledged.add(number)
        if moment == "never" and len(acknowledged) == replies:
            writer.kill()
    writer.join()
    receiver.close()
    assert writer.exitcode == -signal.SIGKILL, "it was to be killed while it wrote"
    writer.close()
    return acknowledged


def _received(receiver: Connection) -> int | None:
    try:
        return int(receiver.recv_bytes())
    except EOFError:
        return None


def test_kill_9(url: str) -> None:
    killed_while_writing(url, kills=30, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 12))
def test_1000_times_kill_9(url: str, seed: int) -> None:
    killed_while_writing(url, kills=100, seed=seed)


def test_postgresql_itself_crashes(server: postgres.Server) -> None:
    url = server.new_url()
    with opened(url) as ledger:
        publish(ledger, *nested())
        assert ask(ledger, reserve("o1")).refusal is None
        server.crash()
        server.start()
        assert ask(ledger, reserve("o2")).refusal is None  # the pool finds its connections dead and makes new ones
    with opened(url) as ledger:
        assert reserved(ledger)["hub"] == 2
