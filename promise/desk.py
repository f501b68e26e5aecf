"""The desk a checkout talks to: dates from the newest snapshot, places and goods from the ledger.

A quote reads one reference to a snapshot and waits for nothing. What happens to orders goes through the ledger, whose
commits show in the next quote. Expiry, and what other processes commit, are followed beside the request path.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Self

from data import clock
from data.errors import NotFoundError, UnavailableError
from data.model.promise_state import PromiseState
from data.model.reservation import Capacity, Owner
from data.model.stock import Stock, StockBalance
from data.store import settings
from data.store.database import Database, StoreError
from promise.desk_balances import Balances
from promise.desk_facts import HouseFacts
from promise.desk_places import Places
from promise.desk_quotes import Quotes
from promise.desk_room import names_of, shared_of
from promise.grid import Grid
from promise.ledger import Ledger
from promise.reserve import Publish, PublishStock, Request
from promise.shown import Shown
from promise.shown_beside import Beside
from promise.snapshot import Snapshot

SECRET = "promise.secret"
EXPIRE_EVERY_S, POLL_EVERY_S = 1.0, 0.4


class Desk:
    """An open desk; it answers once it is given a snapshot.

    Parameters
    ----------
    database : Database
        Stays the caller's to close.
    state : PromiseState
        The house: hubs, options, areas, room. What it has left of the room when the desk opens is published.
    secret : bytes, optional
        Signs quotes; without, one is made and kept in the store.
    hold_s : int
        A reserved place is held so long beyond the quote it rests on, unless it is confirmed.
    now : callable
        The clock.

    Attributes
    ----------
    quotes, places
        What checkouts ask for.
    facts : HouseFacts
        What the house tells about its hubs and lives.
    ledger : Ledger
        The store's only writer in this process.

    Raises
    ------
    InputError, StoreError
    """

    def __init__(
        self,
        database: Database,
        state: PromiseState,
        secret: bytes | None = None,
        hold_s: int = 900,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self.database, self.state, self.now = database, state, now
        grid = Grid(state.areas, state.options)
        names = names_of(grid, [load.schedule.hub_id for load in state.hubs])
        self.balances = Balances(names, shared_of(state.pools, grid, names), self._publish)
        self.ledger = Ledger(database, self.balances.follow)
        self.balances.load(database, now().toordinal())
        self.quotes = Quotes(self.balances, names, secret or self._kept_secret(), state.ttl_s, now)
        self.places, self.hold_s = Places(self.quotes, self.ledger, state.options, hold_s), hold_s
        self.shown = Shown(self.balances.of)
        self._beside = Beside(database, self.ledger, self.shown)
        self.facts = HouseFacts(database, state, self.ledger, now)
        self._swaps = self._lapses = 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._sweep, name="desk-expiry", daemon=True)]
        if not database.is_sqlite:
            self._threads.append(threading.Thread(target=self._poll, name="desk-others", daemon=True))
        for thread in self._threads:
            thread.start()

    @property
    def now_s(self) -> int:
        """The present, Unix seconds."""
        return int(self.now().timestamp())

    def swap(self, snapshot: Snapshot) -> None:
        """Quote from another snapshot from now on."""
        _ = snapshot.lookup  # laid out before anybody waits for it
        self.balances.forget(snapshot.first_day)
        self.quotes.snapshot = snapshot
        self._swaps += 1

    def ready(self) -> str:
        """Return why it can't answer yet, or an empty string."""
        return "" if self.quotes.snapshot else "the first snapshot is being built"

    def figures(self) -> dict[str, float]:
        """Return what it has done since it was opened, and how old its snapshot is."""
        built_s = self.quotes.snapshot.built_s if self.quotes.snapshot else self.now_s
        return {
            "quotes": self.quotes.given,
            "reservations": self.places.kept,
            "refusals": self.places.refused,
            "commits": self.ledger.commits,
            "snapshot_swaps": self._swaps,
            "snapshot_age_s": self.now_s - built_s,
            "store_lapses": self._lapses,
        }

    async def put_stock(self, owner: Owner, stocks: Sequence[Stock], available: bool) -> tuple[StockBalance, ...]:
        """Set what a shipper has of one product, by hub and channel; return it with what is promised of it.

        Parameters
        ----------
        available : bool
            Whether ``units`` are what may still be sold; else all that is on the shelf.
        """
        commands = tuple(PublishStock(stock=one, available=available) for one in stocks)
        await asyncio.wrap_future(self.ledger.submit(Request(owner=owner, commands=commands, now_s=self.now_s)))
        return self.stock(owner, stocks[0].sku)

    def stock(self, owner: Owner, sku: str) -> tuple[StockBalance, ...]:
        """Return what a shipper has of a product, by hub and channel.

        Raises
        ------
        NotFoundError
            ``unknown_stock``.
        """
        found = self.balances.stock.of(owner, sku)
        if not found:
            raise NotFoundError("unknown_stock", f"there is no stock of `{sku}`", action=f"PUT /v1/stock/{sku} first")
        return found

    def close(self) -> None:
        """Answer what waits, then stop."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _kept_secret(self) -> bytes:
        fresh = json.dumps(secrets.token_hex(32))
        return self.ledger.write(lambda t: settings.keep(t, Owner(""), SECRET, fresh, self.now_s)).result().encode()

    def _publish(self, tenant: str, capacities: Sequence[Capacity]) -> None:
        commands = tuple(Publish(capacity=one) for one in capacities)
        self.ledger.submit(Request(owner=Owner(tenant), commands=commands, now_s=self.now_s))

    def _sweep(self) -> None:
        self._every(EXPIRE_EVERY_S, self._lapse)

    def _lapse(self) -> None:
        self.shown.expire(self.now_s)
        self.ledger.expire(self.now_s)

    def _poll(self) -> None:
        self._every(POLL_EVERY_S, self.follow_others)

    def follow_others(self) -> None:
        """Take over what other servers of the store have taken and shown."""
        self.balances.poll(self.database, self.now_s)
        self._beside.exchange(self.now_s)

    def _every(self, seconds: float, act: Callable[[], object]) -> None:
        """Act again and again; a store that fails now may be back the next time."""
        while not self._stop.wait(seconds):
            try:
                act()
            except (StoreError, UnavailableError):
                self._lapses += 1
