"""What a durable reservation costs: group commit, latency at an offered rate, a burst in one request.

``python benchmarks/ledger.py [--rate 1000 --seconds 10] [--database URL]`` prints one JSON value, by database: SQLite
in a temporary folder and PostgreSQL with the system's binaries (or just the store at URL). Every reservation has an
idempotency key and debits three levels (20 hubs x 10 days, 5 tour groups, 25 areas each). The load comes from threads
of the same process, so its CPU time counts too.

- ``alone``, ``clients_64``: closed loop, one and 64 clients; commits/s beside reservations/s.
- ``offered``: open loop at the given rate, milliseconds from when a request was due until its reply.
- ``burst_2400_s``: 2,400 orders in one request until all are on disk, the median of 5.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count
from typing import Any

import numpy as np

from data import clock
from data.model.reservation import Capacity, Owner
from data.store.database import Database
from promise.ledger import Ledger
from promise.reserve import Publish, Request, Reserve
from tests.store import postgres

CARRIER, SHOP = Owner("carrier"), Owner("carrier", "shop")
NOW_S = 1_795_000_000
HUBS, DAYS, GROUPS, AREAS = 20, 10, 5, 25
ROOM = 1_000_000
BURST, REPEATS = 2400, 5
SWITCH_S = 0.0001
"""How long one thread may keep the others waiting: as in the server."""


def main() -> None:
    """Measure on each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--database", metavar="URL")
    wanted = parser.parse_args()
    sys.setswitchinterval(SWITCH_S)
    told: dict[str, Any] = {"cores": os.cpu_count(), "load_average": [round(one, 1) for one in os.getloadavg()]}
    for name, url in _stores(wanted.database):
        with Database(url) as database, Ledger(database) as ledger:
            told[name] = Bench(ledger).run(wanted.rate, wanted.seconds)
    print(json.dumps(told, indent=1))


def _stores(url: str | None) -> Iterator[tuple[str, str]]:
    if url:
        yield url.partition(":")[0], url
        return
    with tempfile.TemporaryDirectory() as folder:
        yield "sqlite", f"sqlite:///{folder}/jalon.db"
    if programs := postgres.binaries():
        with postgres.running(programs) as server:
            yield "postgresql", server.new_url()


class Bench:
    """A ledger with room, and requests for it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.numbers = count()
        self.run_id = f"{clock.now().timestamp():.0f}"  # a store named on the command line keeps its orders
        levels = list(_levels())
        self.areas = [one.id for one in levels if one.id.count("/") == 3]
        commands = tuple(Publish(capacity=one) for one in levels)
        ledger.do(Request(owner=CARRIER, commands=commands, now_s=NOW_S))
        gc.collect()
        gc.freeze()  # as a server does once it is loaded: going through all of it again stops everything for 50 ms

    def run(self, rate: int, seconds: float) -> dict[str, Any]:
        """Return every figure."""
        return {
            "alone": self.closed(1, seconds / 2),
            "clients_64": self.closed(64, seconds / 2),
            "offered": self.offered(rate, seconds),
            "burst_2400_s": round(float(np.median([self.burst() for _ in range(REPEATS)])), 3),
        }

    def reserve(self) -> Reserve:
        """Return the command for the next order, spread over the areas and days."""
        number = next(self.numbers)
        place = self.areas[number * 7919 % len(self.areas)]
        return Reserve(id=f"{self.run_id}-{number}", capacity_id=place, dm3=12, expires_s=NOW_S + 900, terms="{}")

    def request(self, orders: int = 1) -> Request:
        """Return a request for so many orders."""
        commands = tuple(self.reserve() for _ in range(orders))
        return Request(owner=SHOP, commands=commands, now_s=NOW_S, key=f"key-{commands[0].id}", fingerprint="x")

    def closed(self, clients: int, seconds: float) -> dict[str, float]:
        """Return rates with so many clients, each of which sends its next request after a reply."""

        def client(_: int) -> int:
            done = 0
            while clock.elapsed_s() < ends_s:
                assert self.ledger.do(self.request())[0].refusal is None
                done += 1
            return done

        with self.counted() as figures, ThreadPoolExecutor(clients) as pool:
            ends_s = clock.elapsed_s() + seconds
            figures["reservations"] = sum(pool.map(client, range(clients)))
        return _rates(figures)

    def offered(self, rate: int, seconds: float) -> dict[str, float]:
        """Return latencies at a rate that does not wait for replies."""
        late_ms: list[float] = []
        sent: list[Future[Any]] = []
        with self.counted() as figures:
            begins_s = clock.elapsed_s()
            for number in range(int(rate * seconds)):
                due_s = begins_s + number / rate
                while (early_s := due_s - clock.elapsed_s()) > 0:
                    time.sleep(early_s)
                future = self.ledger.submit(self.request())
                future.add_done_callback(lambda _, due_s=due_s: late_ms.append(1000 * (clock.elapsed_s() - due_s)))
                sent.append(future)
            assert all(one.result()[0].refusal is None for one in sent)
            figures["reservations"] = len(sent)
        p50, p99, worst = np.percentile(late_ms, [50, 99, 100]).round(2)
        return {"rate": rate, "n": len(sent), "p50_ms": p50, "p99_ms": p99, "max_ms": worst, **_rates(figures)}

    def burst(self) -> float:
        """Return the seconds 2,400 orders in one request take."""
        request = self.request(BURST)
        began_s = clock.elapsed_s()
        assert all(reply.refusal is None for reply in self.ledger.do(request))
        return clock.elapsed_s() - began_s

    @contextmanager
    def counted(self) -> Iterator[dict[str, float]]:
        """Yield a place for figures; the commits, the seconds and the CPU seconds of the block are added."""
        figures: dict[str, float] = {}
        before, began_s, cpu_s = self.ledger.commits, clock.elapsed_s(), clock.cpu_s()
        yield figures
        figures |= {"seconds": clock.elapsed_s() - began_s, "cpu": clock.cpu_s() - cpu_s}
        figures["commits"] = self.ledger.commits - before


def _rates(figures: dict[str, float]) -> dict[str, float]:
    return {
        "commits_per_s": round(figures["commits"] / figures["seconds"]),
        "reservations_per_s": round(figures["reservations"] / figures["seconds"]),
        "cpu_us_per_reservation": round(1e6 * figures["cpu"] / figures["reservations"]),
    }


def _levels() -> Iterator[Capacity]:
    """Yield hub-days, their tour groups and the areas of those, the outermost first."""
    for hub in range(HUBS):
        for number in range(DAYS):
            day = date(2026, 11, 24) + timedelta(number)
            outer = Capacity(id=f"H{hub}/{day}", day=day, parcels=ROOM, dm3=100 * ROOM)
            yield outer
            for group in range(GROUPS):
                inner = outer.replace(id=f"{outer.id}/G{group}", parent_id=outer.id)
                yield inner
                yield from (inner.replace(id=f"{inner.id}/A{area}", parent_id=inner.id) for area in range(AREAS))


if __name__ == "__main__":
    main()
