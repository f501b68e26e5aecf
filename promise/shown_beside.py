"""Rates that other servers of the same store have shown: told through a row of each, a few times a minute.

Each server writes what is expected of the rates it has shown, and which orders it has taken on rates it doesn't know.
What one has told that is silent now goes on to count for :data:`SILENT_S`: so long shops may still keep its rates.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

import msgspec

from data.model.reservation import Owner
from data.store import settings
from data.store.database import Database, Transaction
from promise.shown import Shown, Sold

R = TypeVar("R")
PREFIX = "shown."
SILENT_S, BEAT_S = 900, 60
STORE = Owner("")


class Store(Protocol):
    """Who writes the store in this process."""

    def write(self, job: Callable[[Transaction], R], /) -> Future[R]:
        """Queue a write."""
        ...


class Told(msgspec.Struct, array_like=True):
    """What a server tells: parcels and dm3 expected, by carrier and level, and the orders on others' rates so far."""

    expected: dict[str, dict[str, tuple[float, float]]]
    sold: list[tuple[Sold, int]]


NOTHING = msgspec.json.encode(Told({}, []))


class Beside:
    """Tells the other servers, and hears them."""

    def __init__(self, database: Database, store: Store, shown: Shown) -> None:
        self._database, self._store, self._shown = database, store, shown
        self._name = PREFIX + secrets.token_hex(8)
        self._told, self._told_s = NOTHING, 0
        self._heard: dict[str, Counter[Sold]] = {}

    def exchange(self, now_s: int) -> None:
        """Tell what has changed, then hear what the others tell.

        Raises
        ------
        StoreError, UnavailableError
        """
        told = msgspec.json.encode(Told(self._shown.expected(), list(self._shown.sold.items())))
        if told != self._told or (told != NOTHING and now_s - self._told_s >= BEAT_S):
            self._store.write(lambda t: self._tell(t, told.decode(), now_s)).result()
            self._told, self._told_s = told, now_s
        with self._database.read() as connection:
            rows = settings.begun(connection, STORE, PREFIX, now_s - SILENT_S)
        others = {name: msgspec.json.decode(raw, type=Told) for name, raw in rows.items() if name != self._name}
        beside: dict[tuple[str, str], tuple[float, float]] = {}
        for name, other in others.items():
            sold = Counter(dict(other.sold))
            for one, count in (sold - self._heard.get(name, Counter())).items():
                self._shown.sold_beside(one, count)
            self._heard[name] = sold
            for tenant, levels in other.expected.items():
                for level, (parcels, dm3) in levels.items():
                    before = beside.get((tenant, level), (0.0, 0.0))
                    beside[tenant, level] = before[0] + parcels, before[1] + dm3
        self._shown.hear(beside)

    def _tell(self, t: Transaction, told: str, now_s: int) -> None:
        settings.put(t, STORE, self._name, told, now_s)
        settings.forget(t, STORE, PREFIX, now_s - SILENT_S)
