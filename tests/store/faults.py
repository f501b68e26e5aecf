"""Databases that fail, and a process that is killed while it writes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Literal

from data.store.database import Database, Transaction
from promise.ledger import Ledger
from promise.reserve import Request
from tests.store.orders import NOW_S, SHOP, reserve

THREADS = 8
Moment = Literal["before", "after", "never"]


class Fault(Exception):
    """What a broken store raises."""


class FaultyDatabase(Database):
    """Fails once, in the ``commits_left``-th commit from now: before it counts, or after it does."""

    moment: Moment = "never"
    commits_left = 0

    @contextmanager
    def write(self, kept: Transaction | None = None) -> Iterator[Transaction]:
        with super().write(kept) as connection:
            yield connection
            self.commits_left -= 1
            if self.moment == "before" and self.commits_left < 0:
                self.fail()
        if self.moment == "after" and self.commits_left < 0:
            self.fail()

    def fail(self) -> None:
        """Fail, once."""
        self.moment = "never"
        raise Fault


class DyingDatabase(FaultyDatabase):
    """Kills its process instead."""

    def fail(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def order_request(number: int) -> Request:
    """Return the request for one order's place: the same bytes each time it is sent."""
    order = f"o{number:06}"
    return Request(owner=SHOP, commands=(reserve(order),), now_s=NOW_S, key=f"key-{order}", fingerprint=order)


def write_orders(url: str, numbers: list[int], acknowledged: Connection, moment: Moment, commits_left: int) -> None:
    """Reserve a place for each order from several threads; send its number once its reply is there."""
    with DyingDatabase(url) as database, Ledger(database) as ledger:
        database.moment, database.commits_left = moment, commits_left
        door = threading.Lock()

        def client(mine: list[int]) -> None:
            for number in mine:
                ledger.do(order_request(number))
                with door:
                    acknowledged.send_bytes(str(number).encode())

        clients = [threading.Thread(target=client, args=(numbers[k::THREADS],)) for k in range(THREADS)]
        for one in clients:
            one.start()
        for one in clients:
            one.join()
