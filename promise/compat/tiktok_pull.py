"""One thread a TikTok shop: fetches the orders that are due, and tells the shop when they are handed over.

An order is taken, with what is kept of it here, in one transaction: whenever the process ends, what was not taken is
still due, and what was taken is known. Where several servers follow one shop, each hand-over is told by the one that
has begun to.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from data.errors import ConflictError, JalonError
from data.model.reservation import Owner
from data.model.stored_order import AT_THE_HUB, OrderState
from data.store import channels, contacts, orders
from data.store.channels import ChannelOrder, FetchState, Handover, HandoverState
from data.store.database import StoreError, Transaction
from promise.compat.channel import Channel
from promise.compat.inbox import BUSY, Inbox
from promise.compat.tiktok import contact_of, handover_of, order_of, tracking_of
from promise.compat.tiktok_client import IDS_MAX, ApiError, TikTokClient
from promise.compat.tiktok_values import CANCELLED, OPEN, Detail
from promise.intake.change import is_elsewhere
from promise.intake.values import Accepted, OrderChange

R = TypeVar("R")
TICK_S = 1.0
ORDER_TRIES, TELL_TRIES = 8, 3
"""After so many an alarm goes out; an order is then given up, a hand-over is not."""
BACKOFF_S, BACKOFF_MAX_S = 2, 300
TELL_AT_ONCE, TELL_S = 4, 120
"""How many are told at a time, and how long that is left to the server that has begun to: longer than it may take."""
GATHER_S = 0.2
"""Notices come in crowds: the orders of so many seconds are fetched together."""
LEFT_ALONE = (FetchState.HELD, FetchState.IGNORED)

log = logging.getLogger(__name__)


class Puller:
    """Follows one shop.

    Attributes
    ----------
    fetched, calls_failed, told, tell_failures : int
        So far.
    """

    def __init__(self, inbox: Inbox, shop: Channel, client: TikTokClient) -> None:
        self.fetched = self.calls_failed = self.told = self.tell_failures = 0
        self._inbox, self._shop, self._client = inbox, shop, client
        self._desk, self._options = inbox.desk, inbox.desk.desk.state.options
        self._ended, self._wake = threading.Event(), threading.Event()
        self._pool = ThreadPoolExecutor(TELL_AT_ONCE, thread_name_prefix="tiktok-tell")
        self._thread = threading.Thread(target=self._run, name=f"tiktok-{shop.name}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Fetch now."""
        self._wake.set()

    def close(self) -> None:
        """Stop after the call that is being made."""
        self._ended.set()
        self._wake.set()
        self._thread.join()
        self._pool.shutdown()
        self._client.close()

    def figures(self) -> dict[str, float]:
        """Return what it has done, and how many orders and hand-overs are in each state."""
        with self._desk.database.read() as connection:
            states = channels.counts(connection, self._shop.name)
        done = {"fetched": self.fetched, "calls_failed": self.calls_failed, "told": self.told}
        return {**states, **done, "tell_failures": self.tell_failures}

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                while not self._ended.is_set() and self.fetch():
                    pass
                self.tell()
            except (JalonError, StoreError):
                log.exception("the channel %s is followed again in a second", self._shop.name)
            self._wake.wait(TICK_S)
            self._wake.clear()
            self._ended.wait(GATHER_S)

    # ---------------------------------------------------------------------------------------------------- orders in

    def fetch(self) -> bool:
        """Fetch the next orders; return whether there may be more."""
        with self._desk.database.read() as connection:
            due = channels.orders_due(connection, self._shop.name, self._inbox.now_s, IDS_MAX)
        if not due:
            return False
        seen = {one.order_id: one for _, one in due}
        try:
            details = self._client.orders(list(seen))
        except ApiError as error:
            self.calls_failed += 1
            self._later(list(seen.values()), error.code, error.retry_s)
            return False
        self.fetched += len(details)
        missing = [one for name, one in seen.items() if name not in details]
        if missing:
            self._later(missing, "unknown_to_channel", None)
        self._take(seen, details)
        return True

    def _take(self, seen: Mapping[str, ChannelOrder], details: Mapping[str, Detail]) -> None:
        """Do with orders what they are now."""
        owner, shop = self._shop.owner, self._shop.name
        verdicts = {name: _verdict(one) for name, one in details.items()}
        for name in [name for name, what in verdicts.items() if what is FetchState.CANCELLED]:
            self._cancel(seen[name])
        self._settle({seen[name]: what for name, what in verdicts.items() if what in LEFT_ALONE}, details)
        new = [one for name, one in details.items() if verdicts[name] is FetchState.TAKEN]
        settled: set[str] = set()

        def settle(t: Transaction, told: Sequence[Accepted]) -> None:
            for one in told:
                self._note(t, seen[one.id], details[one.id], one)
                settled.add(one.id)

        told = self._desk.clerk.take(owner, [order_of(self._shop, one, self._options) for one in new], shop, settle)
        if known := [one for one in told if one.id not in settled]:
            self._write(lambda t: settle(t, known))
        for answer in told:
            if answer.problem is not None and answer.problem.code != BUSY:
                self._inbox.alarm(self._shop, answer.id, answer.problem.code, answer.problem.detail)
        self._readdress([details[one.id] for one in told if not one.new and one.state in AT_THE_HUB])
        self._desk.wake()

    def _note(self, t: Transaction, seen: ChannelOrder, detail: Detail, told: Accepted) -> None:
        """Keep what came of an order, in the transaction that takes it."""
        owner, now_s = self._shop.owner, self._inbox.now_s
        if told.problem is not None:
            if told.problem.code != BUSY:  # else it stays due
                channels.settle(t, owner, seen, FetchState.FAILED, told.problem.code, now_s)
            return
        channels.settle(t, owner, seen, FetchState.TAKEN, "", now_s)
        if told.state is not OrderState.CANCELLED and detail.status in OPEN:
            channels.expect(t, owner, handover_of(self._shop, detail), now_s)

    def _cancel(self, seen: ChannelOrder) -> None:
        """Cancel an order; one that never came is settled all the same."""
        owner, now_s = self._shop.owner, self._inbox.now_s
        with self._desk.database.read() as connection:
            known = orders.load(connection, owner, (seen.order_id,))

        def settle(t: Transaction) -> None:
            channels.settle(t, owner, seen, FetchState.CANCELLED, "", now_s)

        if not known:
            self._write(settle)
            return
        try:
            self._desk.changes.cancel(owner, seen.order_id, settle)
        except ConflictError as error:
            self._write(settle)
            self._inbox.alarm(self._shop, seen.order_id, error.code, error.message)

    def _readdress(self, known: Sequence[Detail]) -> None:
        """Change the addresses of orders that are known, where they are others now."""
        owner = self._shop.owner
        with self._desk.database.read() as connection:
            before = contacts.load(connection, owner, [one.id for one in known])
        for one in known:
            old, now = before.get(one.id), contact_of(one)
            if old is None or not is_elsewhere(old, now.replace(lat=old.lat, lon=old.lon)):
                continue
            try:
                self._desk.changes.change(owner, one.id, OrderChange(to=now))
            except JalonError as error:
                self._inbox.alarm(self._shop, one.id, error.code, error.message)

    def _settle(self, some: Mapping[ChannelOrder, FetchState], details: Mapping[str, Detail]) -> None:
        """Keep what orders are that are left alone."""
        owner, now_s = self._shop.owner, self._inbox.now_s

        def settle(t: Transaction) -> None:
            for one, state in some.items():
                channels.settle(t, owner, one, state, details[one.order_id].status[:64], now_s)

        if some:
            self._write(settle)

    def _later(self, some: Sequence[ChannelOrder], code: str, retry_s: float | None) -> None:
        """Fetch orders later; those that were tried often are given up, and somebody is told."""
        owner, now_s = self._shop.owner, self._inbox.now_s
        lost = [one for one in some if retry_s is None and one.tries + 1 >= ORDER_TRIES]

        def put_off(t: Transaction) -> None:
            for one in some:
                if one in lost:
                    channels.settle(t, owner, one, FetchState.FAILED, code, now_s)
                else:
                    channels.put_off(t, owner, one, now_s + _backoff_s(one.tries, retry_s), now_s)

        self._write(put_off)
        for one in lost:
            self._inbox.alarm(self._shop, one.order_id, code, "it could not be fetched")

    # ---------------------------------------------------------------------------------------------------- told back

    def tell(self) -> None:
        """Tell the shop of the orders that have left, or that it must hear of now at the latest."""
        self._write(lambda t: channels.scanned(t, self._shop.name, self._inbox.now_s))
        with self._desk.database.read() as connection:
            due = channels.handovers_due(connection, self._shop.name, self._inbox.now_s, 200)
        for _ in self._pool.map(lambda pair: self._tell(*pair), due):
            pass  # what a call raises is raised here

    def _tell(self, owner: Owner, due: Handover) -> None:
        now_s = self._inbox.now_s
        one = self._write(lambda t: channels.begin(t, owner, due, now_s + TELL_S, now_s))
        if one is None:
            return
        try:
            packages: list[str] = json.loads(one.packages) or list(self._packages(one.order_id))
            if not packages:
                raise ApiError("no_package", "the channel names no package of the order", float(BACKOFF_MAX_S))
            for number, package in enumerate(packages):
                self._client.ship(package, tracking_of(one.order_id, number, len(packages)))
        except ApiError as error:
            self._told_in_vain(owner, one, error)
            return
        self.told += 1
        self._write(lambda t: channels.close(t, owner, one, HandoverState.TOLD, self._inbox.now_s))
        if not self._has_left(owner, one.order_id):
            self._alarm(owner, one, "not_scanned", "the shop was told in time, but nobody has scanned the order")

    def _told_in_vain(self, owner: Owner, one: Handover, error: ApiError) -> None:
        self.tell_failures += 1
        now_s = self._inbox.now_s
        again_s = now_s + _backoff_s(one.tries - 1, error.retry_s)
        self._write(lambda t: channels.tell_again(t, owner, one, again_s, now_s))
        if one.tries >= TELL_TRIES or now_s >= one.ship_by_s - self._shop.settings.tell_before_s // 2:
            self._alarm(owner, one, error.code, error.message)

    def _alarm(self, owner: Owner, one: Handover, code: str, detail: str) -> None:
        self._inbox.alarm(self._shop, one.order_id, code, detail)
        self._write(lambda t: channels.alarmed(t, owner, one, self._inbox.now_s))

    def _packages(self, order_id: str) -> tuple[str, ...]:
        detail = self._client.orders((order_id,)).get(order_id)
        return detail.package_ids if detail else ()

    def _has_left(self, owner: Owner, order_id: str) -> bool:
        with self._desk.database.read() as connection:
            stored = orders.load(connection, owner, (order_id,)).get(order_id)
        return stored is not None and stored.state in channels.LEFT

    def _write(self, job: Callable[[Transaction], R]) -> R:
        return self._desk.ledger.write(job).result()


def _verdict(detail: Detail) -> FetchState:
    """Return what is to be done with an order."""
    if detail.status == CANCELLED:
        return FetchState.CANCELLED
    if detail.is_theirs:
        return FetchState.IGNORED
    if detail.is_held:
        return FetchState.HELD
    return FetchState.TAKEN if detail.status in OPEN else FetchState.IGNORED


def _backoff_s(tries: int, retry_s: float | None) -> int:
    waits_s = min(BACKOFF_MAX_S, BACKOFF_S * 2**tries)
    return max(waits_s, -int(-retry_s // 1)) if retry_s is not None else waits_s
