"""The books of the ledger: every level an order's place is part of is debited, or none.

What a transaction works on is read into :class:`Books` first, changed here by the rules, and written back whole. No
rule here waits for anything; the database holds ``reserved <= capacity + deficit`` once more, as a constraint.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from data.model.reservation import Balance, Capacity, Key, Owner, Reservation, State
from data.model.stock import Stock, StockBalance, StockLine, lines_of
from data.store.outbox import Notice


class Refusal(StrEnum):
    """Why nothing was done."""

    FULL = "full"
    CLOSED = "closed"
    OUT_OF_STOCK = "out_of_stock"
    UNKNOWN_CAPACITY = "unknown_capacity"
    UNKNOWN_STOCK = "unknown_stock"
    UNKNOWN_RESERVATION = "unknown_reservation"
    ID_TAKEN = "id_taken"
    EXPIRED = "expired"
    RELEASED = "released"
    UNKNOWN_PARENT = "unknown_parent"
    PARENT_FIXED = "parent_fixed"
    CARRIER_ONLY = "carrier_only"
    KEY_REUSED = "key_reused"


class Refused(Exception):
    """A rule says no; ``level`` is the capacity or the stock that does, if one does."""

    def __init__(self, refusal: Refusal, level: str = "") -> None:
        super().__init__(refusal)
        self.refusal, self.level = refusal, level


@dataclass
class Books:
    """Balances, stock and orders by key, as read; then what the rules made of them.

    Attributes
    ----------
    touched, sold : set of Key
        Balances and stock that changed.
    published : set of Key
        Of the balances, those whose total changed too.
    entries : list
        What happened to orders, in order: the ledger's new lines.
    notices : list of Notice
        What others must be told.
    """

    balances: dict[Key, Balance]
    orders: dict[Key, Reservation]
    stocks: dict[Key, StockBalance] = field(default_factory=dict)
    touched: set[Key] = field(default_factory=set)
    published: set[Key] = field(default_factory=set)
    sold: set[Key] = field(default_factory=set)
    entries: list[tuple[Key, Reservation]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def put(self, key: Key, order: Reservation, force: bool = False) -> Reservation:
        """Set an order to what it becomes, at once in the place it then holds and out of the one it held.

        Its own old place counts as room for the new one; where that still does not fit, nothing changes.

        Parameters
        ----------
        key : Key
            Of the order.
        order : Reservation
            What it becomes; ``step`` is set here.
        force : bool
            Take the place and the goods even beyond what there is, as a deficit.

        Raises
        ------
        Refused
            ``unknown_capacity``, ``full`` or ``closed``; ``unknown_stock`` or ``out_of_stock``.
        """
        before = self.orders.get(key)
        parcels, dm3 = Counter[Key](), Counter[Key]()
        for one, sign in ((order, 1), (before, -1)):  # the innermost level of the new place is the first to refuse it
            if one is not None and one.holds:
                for level in self.levels(key.tenant, one.capacity_id):
                    parcels[level] += sign * one.parcels
                    dm3[level] += sign * one.dm3
        units = self._units(key, before, order)
        if not force:
            self._require_room(parcels, dm3, units)
        for level in parcels:
            if parcels[level] or dm3[level]:
                self._set(level, self.balances[level].debited(parcels[level], dm3[level]))
        for name, quantity in units.items():
            if quantity:
                self._set_stock(name, self.stocks[name].debited(quantity))
        return self._enter(key, order)

    def ship(self, key: Key) -> Reservation:
        """Take an order's goods off the shelf and out of what is promised of it."""
        order = self.orders[key]
        for line in lines_of(order.goods):
            for name in self._shelves(key, line):
                self._set_stock(name, self.stocks[name].shipped(line.quantity))
        return self._enter(key, order.replace(goods=""))

    def publish(self, tenant: str, capacity: Capacity) -> None:
        """Set a level's total; below what is reserved, the difference is a deficit, and somebody must be told.

        Raises
        ------
        Refused
            ``unknown_parent``, or ``parent_fixed``: a level stays within the one it began in.
        """
        key = Key(tenant, "", capacity.id)
        known = self.balances.get(key)
        if known is not None and known.parent_id != capacity.parent_id:
            raise Refused(Refusal.PARENT_FIXED, known.parent_id)
        if capacity.parent_id and key._replace(id=capacity.parent_id) not in self.balances:
            raise Refused(Refusal.UNKNOWN_PARENT, capacity.parent_id)
        published = known.published(capacity) if known else Balance(**msgspec.structs.asdict(capacity))
        if published != known:
            self._set(key, published)
            self.published.add(key)

    def publish_stock(self, owner: Owner, stock: Stock, available: bool) -> None:
        """Set what there is of a product; with ``available``, ``units`` are those that may still be promised.

        Raises
        ------
        Refused
            ``unknown_stock``: a channel's part of a shelf that was never published.
        """
        key = Key(*owner, stock.id)
        if stock.channel and key._replace(id=stock.replace(channel="").id) not in self.stocks:
            raise Refused(Refusal.UNKNOWN_STOCK, stock.replace(channel="").id)
        known = self.stocks.get(key) or StockBalance(**msgspec.structs.asdict(stock))
        units = stock.units + known.reserved if available and stock.units is not None else stock.units
        self._set_stock(key, known.published(stock.replace(units=units)))  # also what a refused order has just made up

    def levels(self, tenant: str, capacity_id: str) -> Iterator[Key]:
        """Yield a capacity and every level around it."""
        while capacity_id:
            key = Key(tenant, "", capacity_id)
            if key not in self.balances:
                raise Refused(Refusal.UNKNOWN_CAPACITY, capacity_id)
            yield key
            capacity_id = self.balances[key].parent_id

    def _units(self, key: Key, before: Reservation | None, order: Reservation) -> Counter[Key]:
        """Return how many more units of each stock an order takes than before."""
        units = Counter[Key]()
        for one, sign in ((before, -1), (order, 1)):
            if one is not None and one.holds and one.goods:
                for line in lines_of(one.goods):
                    for name in self._shelves(key, line):
                        units[name] += sign * line.quantity
        return units

    def _shelves(self, key: Key, line: StockLine) -> Iterator[Key]:
        """Yield the shelf a line is from and its channel's part of it, without a limit until one is published."""
        whole, *parts = (key._replace(id=name) for name in line.levels)
        if whole not in self.stocks:
            raise Refused(Refusal.UNKNOWN_STOCK, whole.id)
        for part in parts:
            fresh = StockBalance(sku=line.sku, hub_id=line.hub_id, channel=line.channel, units=None)
            self.stocks.setdefault(part, fresh)
        yield from (whole, *parts)

    def _require_room(self, parcels: Counter[Key], dm3: Counter[Key], units: Counter[Key]) -> None:
        for level in parcels:
            balance = self.balances[level]
            if not balance.fits(parcels[level], dm3[level]):
                raise Refused(Refusal.FULL if balance.parcels else Refusal.CLOSED, level.id)
        for name, quantity in units.items():
            if not self.stocks[name].fits(quantity):
                raise Refused(Refusal.OUT_OF_STOCK, name.id)

    def _enter(self, key: Key, order: Reservation) -> Reservation:
        before = self.orders.get(key)
        order = order.replace(step=before.step + 1 if before else 0)
        self.orders[key] = order
        self.entries.append((key, order))
        return order

    def _set(self, key: Key, balance: Balance) -> None:
        before = self.balances.get(key)
        self.balances[key] = balance
        self.touched.add(key)
        owed = (balance.deficit_parcels, balance.deficit_dm3)
        had = (before.deficit_parcels, before.deficit_dm3) if before else (0, 0)
        if owed[0] > had[0] or owed[1] > had[1]:
            facts = {"capacity_id": key.id, "day": balance.day, "parcels": owed[0], "dm3": owed[1]}
            self.notices.append(Notice(tenant=key.tenant, shipper="", kind="capacity.deficit", body=_json(facts)))

    def _set_stock(self, key: Key, stock: StockBalance) -> None:
        before = self.stocks.get(key)
        self.stocks[key] = stock
        self.sold.add(key)
        if stock.deficit > (before.deficit if before else 0):
            facts = {"sku": stock.sku, "hub_id": stock.hub_id, "channel": stock.channel, "units": stock.deficit}
            self.notices.append(Notice(tenant=key.tenant, shipper=key.shipper, kind="stock.deficit", body=_json(facts)))


def lapsed(order: Reservation, now_s: int) -> bool:
    """Whether a pending reservation's time is over."""
    return order.state is State.PENDING and order.expires_s <= now_s


def _json(facts: dict[str, object]) -> str:
    return msgspec.json.encode(facts).decode()
