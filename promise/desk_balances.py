"""What commits leave, by carrier and by shop, for quotes to look at: ours at once, those of other processes soon."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from data.model.reservation import Capacity, Key
from data.model.stock import StockBalance
from data.store import capacity, stock
from data.store.database import Database
from promise.desk_room import Shared
from promise.ledger import Committed
from promise.left import Left, Levels, Names, left_of
from promise.stock_left import StockLeft

OVERLAP_S = 5
"""Commits are looked for again so long: hosts' clocks differ, and a long transaction ends after it began."""


class Balances:
    """Levels and stock as the last commits left them.

    Parameters
    ----------
    shared : sequence of Shared
        Room that every carrier has from the start, published when the carrier is first seen.
    publish : callable
        Queues capacities of a carrier for the ledger; it must not wait for it.
    """

    def __init__(
        self, names: Names, shared: Sequence[Shared], publish: Callable[[str, Sequence[Capacity]], None]
    ) -> None:
        self.stock = StockLeft()
        self._names, self._shared, self._publish = names, shared, publish
        self._levels: dict[str, Levels] = {}
        self._door = threading.RLock()
        self._since_s = 0
        self._newer: set[Key] | None = None
        """What our commits have changed while the store is looked at for those of others."""

    def of(self, tenant: str) -> Levels:
        """Return what is left to a carrier."""
        return self._levels.get(tenant) or self._open(tenant)

    def follow(self, committed: Committed) -> None:
        """Take over what a commit has changed."""
        by_tenant: dict[str, list[Left]] = {}
        for key, balance in committed.balances.items():
            by_tenant.setdefault(key.tenant, []).append(left_of(balance))
        with self._door:
            if self._newer is not None:
                self._newer |= {*committed.balances, *committed.stocks}
            self._put(by_tenant, committed.stocks)

    def load(self, database: Database, from_day: int) -> None:
        """Take over what the store holds, of a day (ordinal) and later ones."""
        with database.read() as connection:
            balances, stocks = capacity.read_all(connection), stock.read_all(connection)
        ahead = {key: one for key, one in balances.items() if one.day.toordinal() >= from_day}
        self.follow(Committed(ahead, {}, stocks))

    def poll(self, database: Database, now_s: int) -> None:
        """Take over what other processes have committed since the last time.

        What a commit of ours changes meanwhile is newer than what is read here.
        """
        since_s = (self._since_s or now_s) - OVERLAP_S
        newer = self._newer = set[Key]()
        with database.read() as connection:
            changed, stocks = capacity.changed_since(connection, since_s), stock.changed_since(connection, since_s)
        by_tenant: dict[str, list[Left]] = {}
        with self._door:
            for tenant, name, parent_id, parcels, dm3, at_s in changed:
                if Key(tenant, "", name) not in newer:
                    by_tenant.setdefault(tenant, []).append(Left(name, parent_id, parcels, dm3))
                self._since_s = max(self._since_s, at_s)
            self._put(by_tenant, {key: one for key, one in stocks.items() if key not in newer})
            self._newer = None

    def forget(self, before: int) -> None:
        """Drop the days before one (ordinal)."""
        with self._door:
            for levels in self._levels.values():
                levels.forget(before)

    def _put(self, changed: Mapping[str, Sequence[Left]], stocks: Mapping[Key, StockBalance]) -> None:
        for tenant, some in changed.items():
            self.of(tenant).put(some)
        self.stock.put(stocks)

    def _open(self, tenant: str) -> Levels:
        """Return a carrier's levels, with the room all hubs share in them."""
        with self._door:
            if tenant in self._levels:
                return self._levels[tenant]
            levels = Levels(self._names)
            capacities = [one.capacity for one in self._shared]
            levels.put(Left(one.id, one.parent_id, one.parcels, one.dm3) for one in capacities)
            for one in self._shared:
                levels.share(one.cells, one.capacity.day.toordinal(), levels.chain(one.capacity.id))
            if capacities:
                self._publish(tenant, capacities)  # before anybody who sees them can ask for a place in them
            self._levels[tenant] = levels
        return levels
