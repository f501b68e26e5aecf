"""Notices of TikTok Shop, twice, out of order and while its API is busy: when every order is promised, and how often.

The server is a process of its own, TikTok a fake that follows the contract, both over HTTP.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from data import clock, codec
from data.model.promise import Pool
from data.model.reservation import Key, Owner
from data.store import orders, reservations
from data.store.database import Database
from promise.audit import audit
from tests import fake_tiktok
from tests.fake_tiktok import FakeTikTok, listening
from tests.jalon import town
from tests.promise.small_house import house

ROOT = Path(__file__).resolve().parents[1]
OWNER = Owner("default", "maison")
DEADLINE_S, CLIENTS = 120.0, 16
TWICE, FORGED = 0.25, 0.05
"""Of the notices so many come again, and so many are forged beside."""


class Figures(NamedTuple):
    """What became of the notices.

    Attributes
    ----------
    promised_s : float
        From the first notice until the last order had its date.
    twice : int
        Orders that took their place more than once.
    forged, forged_refused : int
        Notices with a wrong signature, and those of them that were answered 401.
    busy : int
        Calls that the API answered 429.
    """

    orders: int
    notices: int
    promised: int
    promised_s: float
    twice: int
    forged: int
    forged_refused: int
    busy: int
    kills: int


class Server:
    """``jalon serve`` with one TikTok shop; it may be killed and opened again."""

    def __init__(self, folder: Path, tiktok_url: str, url: str = "", places: int = 100_000) -> None:
        self.folder, self.url = folder, url or f"sqlite:///{folder}/jalon.db"
        now = clock.now().replace(microsecond=0)
        pools = tuple(Pool(day=one.day, parcels=places, areas=one.areas) for one in house(now).pools)
        self.state = folder / "house.json"
        self.state.write_bytes(codec.encode(house(now).replace(pools=pools)))
        self.config = folder / "jalon.toml"
        self.config.write_text(
            "webhooks_loopback = true\n[channels.live]\n"
            f'kind = "tiktok"\nshipper = "maison"\nshop = "{fake_tiktok.SHOP}"\napp_key = "{fake_tiktok.KEY}"\n'
            f'api_url = "{tiktok_url}"\n'
        )
        self.open()

    def open(self) -> None:
        """Start it, and wait until it answers."""
        secrets = {"SECRET": fake_tiktok.SECRET, "ACCESS_TOKEN": fake_tiktok.TOKEN}
        variables = {f"JALON_CHANNELS__LIVE__{name}": value for name, value in secrets.items()}
        variables |= {"JALON_CONFIG": str(self.config), "JALON_DATABASE_URL": self.url, "PYTHONPATH": str(ROOT)}
        words = ["serve", "--json", "--port", "0", "--only", "promise", "--promise", str(self.state)]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                town.command(*words),
                cwd=self.folder,
                env={**os.environ, **variables},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout
        told = "".join(iter(self.process.stdout.readline, "}\n")) + "}"
        self.client = httpx.Client(base_url=json.loads(told)["url"], timeout=60)
        wait(lambda: self.client.get("/readyz").status_code == 200)

    def tell(self, body: bytes, secret: str = fake_tiktok.SECRET) -> int:
        """Send a notice; return the status, 0 where nobody answers."""
        try:
            return self.client.post(
                "/webhooks/tiktok", content=body, headers=fake_tiktok.signed(body, secret)
            ).status_code
        except httpx.TransportError:
            return 0

    def kill(self) -> None:
        """End it at once, and open it again."""
        self.close(signal.SIGKILL)
        self.open()

    def close(self, how: int = signal.SIGTERM) -> None:
        """End it."""
        self.process.send_signal(how)
        self.process.wait(60)
        assert self.process.stdout
        self.process.stdout.close()
        self.client.close()

    def promised(self, ids: Sequence[str]) -> int:
        """Return how many of some orders are taken."""
        with Database(self.url, read_only=True) as database, database.read() as connection:
            return len(orders.load(connection, OWNER, ids))


def run(folder: Path, count: int = 2400, kills: int = 0, seed: int = 1, url: str = "") -> Figures:
    """Return what becomes of the notices of so many orders.

    A notice that nobody acknowledges is sent again, as TikTok does it.
    """
    draws = clock.rng(seed)
    fake = FakeTikTok(busy_every=5, retry_after="1", seed=seed)
    ids = [f"57{number:016d}" for number in range(count)]
    for one in ids:
        fake.put(one)
    bodies = [fake_tiktok.notice(one, f"n{number}") for number, one in enumerate(ids)]
    bodies += [
        fake_tiktok.notice(one, f"u{number}", "UNPAID") for number, one in enumerate(ids) if draws.random() < TWICE
    ]
    again = [body for body in bodies if draws.random() < TWICE]
    sent = [(body, fake_tiktok.SECRET) for body in bodies + again]
    sent += [(body, "not-our-secret") for body in bodies if draws.random() < FORGED]
    order = draws.permutation(len(sent)).tolist()
    with listening(fake) as api_url, serving(folder, api_url, url) as server, ThreadPoolExecutor(CLIENTS) as pool:
        began_s = clock.elapsed_s()
        statuses: dict[int, int] = {}
        parts = [order[begin :: kills + 1] for begin in range(kills + 1)]
        for part in parts:
            left = part
            if part is not parts[0]:
                server.kill()
            while left:
                statuses |= zip(left, pool.map(lambda number: server.tell(*sent[number]), left), strict=True)
                left = [number for number in left if statuses[number] == 0]
        wait(lambda: server.promised(ids) == count)
        took_s = clock.elapsed_s() - began_s
        promised, twice = _checked(server, ids)
    forged = [number for number, (_, secret) in enumerate(sent) if secret != fake_tiktok.SECRET]
    assert all(statuses[number] == 200 for number in order if number not in set(forged))
    refused = sum(statuses[number] == 401 for number in forged)
    return Figures(count, len(sent), promised, took_s, twice, len(forged), refused, fake.busy, kills)


def _checked(server: Server, ids: Sequence[str]) -> tuple[int, int]:
    """Return how many orders have their place, and how many took it more than once."""
    with Database(server.url, read_only=True) as database:
        assert not audit(database), "the ledger does not add up"
        with database.read() as connection:
            stored = orders.load(connection, OWNER, ids)
            places = reservations.load(connection, {Key(*OWNER, one) for one in ids}, lock=False)
    assert stored.keys() == {key.id for key in places}, "an order without a place, or a place without an order"
    steps = [one.step for one in places.values()]  # 0: it is held, 1: it is confirmed
    return len(stored), sum(step != 1 for step in steps)


@contextmanager
def serving(folder: Path, tiktok_url: str, url: str = "", places: int = 100_000) -> Iterator[Server]:
    """Yield a server with so many places a day."""
    server = Server(folder, tiktok_url, url, places)
    try:
        yield server
    finally:
        server.close()


def wait(done: Any) -> None:
    """Wait for something."""
    began_s = clock.elapsed_s()
    while not done():
        if clock.elapsed_s() - began_s > DEADLINE_S:
            raise TimeoutError("it did not happen")
        time.sleep(0.1)
