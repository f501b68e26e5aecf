"""The queues: notices leave the outbox for each receiver's own, and are sent until they have arrived.

One receiver that is dead keeps no other one waiting: each has a few attempts under way at a time. What a killed process
was sending is sent again once its hold has ended: at least once, always under the same ``webhook-id``.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Any, Protocol, TypeVar

from data import clock
from data.errors import JalonError
from data.model.subscription import SubscriptionState
from data.store import deliveries, subscriptions
from data.store.database import Database, Transaction
from data.store.deliveries import Delivery
from data.store.outbox import Notice
from jalon.http.logs import Log, told_of
from jalon.webhooks.post import GONE, Answer, Post

R = TypeVar("R")

DELAYS_S = (5, 300, 1800, *(3600 * hours for hours in (2, 5, 10, 14, 20, 24)))
"""After an attempt in vain, how long until the next one; the first is made at once (Standard Webhooks' schedule)."""
JITTER = 0.2
HOLD_S = 25
"""Longer than an attempt takes at most, and so short that what a killed process was sending arrives within a minute."""
EACH = 4
"""Attempts under way at a time, per receiver."""
POLL_S = 0.5


class Store(Protocol):
    """Who writes the store in this process."""

    def write(self, job: Callable[[Transaction], R], /) -> Future[R]:
        """Queue a write."""
        ...


class Webhooks:
    """Sends what is due, again and again.

    Parameters
    ----------
    store : Store
        The only writer, such as the ledger.
    heard : callable, optional
        Told of every notice that has left the outbox: what goes on in this house because of it.

    Attributes
    ----------
    sent, failed, given_up : int
        Attempts that arrived, those in vain, deliveries given up.
    """

    def __init__(
        self,
        database: Database,
        store: Store,
        post: Post,
        log: Log,
        now: Callable[[], datetime] = clock.now,
        heard: Callable[[Notice], None] = lambda _: None,
    ) -> None:
        self.sent = self.failed = self.given_up = 0
        self.database = database
        self._store, self._post, self._log, self._now = store, post, log, now
        self._heard = heard
        self._under_way: set[asyncio.Task[None]] = set()

    def figures(self) -> dict[str, float]:
        """Return what it has done so far."""
        return {"sent": self.sent, "failed": self.failed, "given_up": self.given_up}

    async def run(self) -> None:
        """Send until cancelled; a store that is away is asked again."""
        try:
            while True:
                try:
                    busy = await self.start()
                except Exception as error:
                    self._log.warning("webhooks", **told_of(error))
                    busy = False
                if not busy:
                    await asyncio.sleep(POLL_S)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def round(self) -> int:
        """Send what is due now and wait until it has arrived or not; return how many attempts that were."""
        before = self.sent + self.failed
        while await self.start():
            await asyncio.gather(*self._under_way)
        return self.sent + self.failed - before

    async def start(self) -> int:
        """Begin to send what is due; return how many attempts that are."""
        if not await asyncio.to_thread(self._is_any_due):
            return 0
        notices, taken = await asyncio.wrap_future(self._store.write(self._take))
        for notice in notices:
            self._heard(notice)
        for one in taken:
            task = asyncio.create_task(self._attempt(one))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return len(taken) + len(notices)

    def _is_any_due(self) -> bool:
        with self.database.read() as connection:
            return deliveries.is_any_due(connection, self._now_s)

    def _take(self, t: Transaction) -> tuple[tuple[Notice, ...], tuple[Delivery, ...]]:
        notices = deliveries.hand_on(t, self._now_s)
        return notices, deliveries.take(t, self._now_s, HOLD_S, EACH)

    async def _attempt(self, one: Delivery) -> None:
        answer = await self._post(one, self._now())
        try:
            await asyncio.wrap_future(self._store.write(lambda t: self._settle(t, one, answer)))
        except JalonError as error:  # its hold ends, and it is sent again
            self._log.warning("webhooks", **told_of(error))
            return
        if answer.is_good:
            self.sent += 1
            return
        self.failed += 1
        self.given_up += due_again_s(one, self._now_s) is None
        told: dict[str, Any] = {"webhook_id": one.message, "subscription": one.subscription, "tenant": one.owner.tenant}
        self._log.warning("webhook_failed", **told, attempts=one.attempts + 1, message=answer.problem)

    def _settle(self, t: Transaction, one: Delivery, answer: Answer) -> None:
        if answer.is_good:
            deliveries.arrived(t, one.seq)
        elif answer.status == GONE:
            subscriptions.set_state(t, one.owner, one.subscription, SubscriptionState.GONE, self._now_s)
            deliveries.give_up(t, one.owner, one.subscription, answer.problem)
        else:
            deliveries.failed(t, one.seq, answer.problem, due_again_s(one, self._now_s))

    @property
    def _now_s(self) -> int:
        return int(self._now().timestamp())


def due_again_s(one: Delivery, now_s: int) -> int | None:
    """Return when to try again after an attempt in vain, ``None`` after the last one.

    The delay is stretched by up to :data:`JITTER`, by chance but always the same for an attempt, so that not all that
    failed together comes back together.
    """
    if one.attempts >= len(DELAYS_S):
        return None
    digest = hashlib.blake2b(f"{one.message}/{one.subscription}/{one.attempts}".encode(), digest_size=4).digest()
    stretch = 1 + JITTER * int.from_bytes(digest) / 2**32
    return now_s + round(DELAYS_S[one.attempts] * stretch)
