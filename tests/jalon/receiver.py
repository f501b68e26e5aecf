"""A receiver of webhooks on this machine, which may be down, and a process that is killed while it sends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from standardwebhooks import Webhook

from data import clock
from data.clock import PARIS
from data.model.reservation import Owner
from data.model.subscription import Subscription
from data.store import outbox, subscriptions
from data.store.database import Database
from data.store.deliveries import Delivery
from data.store.outbox import Notice
from data.store.writer import Done, Writer
from jalon.webhooks.post import Answer, HttpPost
from jalon.webhooks.queue import Webhooks
from tests.jalon.http_server import Told

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
BEGIN = datetime(2026, 11, 24, 18, tzinfo=PARIS)
SHOP, OTHER, CARRIER = Owner("carrier", "shop"), Owner("carrier", "other"), Owner("carrier")
Moment = Literal["never", "before", "after"]


class Receiver:
    """What has arrived: (webhook-id, body), signatures checked, and when; ``status`` is what it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.arrived_s: list[float] = []
        self.paths: list[str] = []
        self.status = 200
        self.port = 0

    @property
    def url(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self.port}/notices"

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Check a request and keep it if it is up."""
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        said = Webhook(SECRET).sign(headers["webhook-id"], at, body.decode())
        assert headers["webhook-signature"] == said
        if self.status < 300:
            self.arrived_s.append(clock.elapsed_s())
            self.got.append((headers["webhook-id"], json.loads(body)))
        return self.status


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Yield a receiver that listens."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.paths.append(self.path)
            body = self.rfile.read(int(self.headers["content-length"]))
            status = receiver.take({name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", f"http://127.0.0.1:{receiver.port}/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Clock:
    """A clock that is moved."""

    def __init__(self, at: datetime = BEGIN) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        """Move it."""
        self.at += timedelta(**by)

    @property
    def now_s(self) -> int:
        """Unix seconds."""
        return int(self.at.timestamp())


class Writing:
    """The store's writer, as the ledger lends it."""

    def __init__(self, database: Database) -> None:
        self._writer = Writer(database)
        self.close = self._writer.close

    def write(self, job: Any) -> Any:
        """Queue a write."""
        return self._writer.submit(_each, job)


def _each(connection: Any, jobs: Any) -> Done:
    return Done([job(connection) for job in jobs])


class DyingPost:
    """Kills its process before or after the ``left``-th attempt."""

    def __init__(self, post: HttpPost, moment: Moment, left: int) -> None:
        self.post, self.moment, self.left = post, moment, left

    async def __call__(self, one: Delivery, now: datetime) -> Answer:
        """Attempt, or die."""
        self.left -= 1
        last = self.left == 0
        if last and self.moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = await self.post(one, now)
        if last and self.moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


def live(url: str, at: datetime, moment: Moment, left: int) -> None:
    """Send what is due at an instant: the life of one process, which may end suddenly."""
    with Database(url) as database:
        store = Writing(database)
        hooks = Webhooks(database, store, DyingPost(HttpPost(loopback=True), moment, left), Told(), lambda: at)
        asyncio.run(hooks.round())
        store.close()


@contextmanager
def queues(url: str, clock: Clock, post: Any = None) -> Iterator[Webhooks]:
    """Yield the queues of an open store."""
    with Database(url) as database:
        store = Writing(database)
        try:
            yield Webhooks(database, store, post or HttpPost(loopback=True), Told(), clock)
        finally:
            store.close()


def subscribe(url: str, owner: Owner, name: str, where: str, *kinds: str) -> None:
    """Let a receiver be told."""
    with Database(url) as database, database.write() as t:
        subscriptions.put(t, owner, Subscription(id=name, url=where, kinds=kinds, secret=SECRET), 0)


def notice(owner: Owner, subject: str, number: int, kind: str = "promise.moved") -> Notice:
    """Return a notice about an order."""
    body = json.dumps({"order_id": subject, "number": number})
    return Notice(tenant=owner.tenant, shipper=owner.shipper, kind=kind, body=body, subject=subject)


def tell(url: str, notices: list[Notice], at_s: int) -> None:
    """Put notices into the outbox."""
    with Database(url) as database, database.write() as t:
        outbox.add(t, notices, at_s)
