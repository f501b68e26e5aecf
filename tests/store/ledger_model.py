"""The ledger as a dictionary: slow, obvious, with no database, to compare the real one with."""

from __future__ import annotations

from dataclasses import dataclass, field

from data.model.reservation import Balance, Capacity
from data.model.stock import Stock, StockBalance, StockLine
from promise.reserve import Change, Command, Confirm, Publish, PublishStock, Release, Reserve, Shipped

HOLDS = ("pending", "confirmed")
Shelf = tuple[str, str, str]
"""Product, hub, channel."""


@dataclass
class Order:
    """An order's place."""

    state: str
    capacity_id: str
    parcels: int
    dm3: int
    terms: str
    lines: list[StockLine]
    expires_s: int


@dataclass
class Model:
    """Capacities and orders by id; what is reserved is counted anew each time."""

    capacities: dict[str, Capacity] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    stocks: dict[Shelf, Stock] = field(default_factory=dict)

    def levels(self, name: str) -> list[str]:
        """Return a capacity and those around it."""
        return [name, *self.levels(self.capacities[name].parent_id)] if name else []

    def reserved(self, name: str) -> tuple[int, int]:
        """Return the parcels and dm3 reserved of a capacity."""
        held = [one for one in self.orders.values() if one.state in HOLDS and name in self.levels(one.capacity_id)]
        return sum(one.parcels for one in held), sum(one.dm3 for one in held)

    def balances(self) -> dict[str, Balance]:
        """Return every balance."""
        found = {}
        for name, one in self.capacities.items():
            parcels, dm3 = self.reserved(name)
            over = max(0, dm3 - one.dm3) if one.dm3 is not None else 0
            found[name] = Balance(
                id=name,
                day=one.day,
                parent_id=one.parent_id,
                parcels=one.parcels,
                dm3=one.dm3,
                reserved_parcels=parcels,
                reserved_dm3=dm3,
                deficit_parcels=max(0, parcels - one.parcels),
                deficit_dm3=over,
            )
        return found

    def sold(self, shelf: Shelf) -> int:
        """Return the units of a shelf that are promised, by all channels or by its own."""
        sku, hub, channel = shelf
        held = [line for one in self.orders.values() if one.state in HOLDS for line in one.lines]
        return sum(
            line.quantity
            for line in held
            if (line.sku, line.hub_id) == (sku, hub) and (not channel or line.channel == channel)
        )

    def shelves(self) -> dict[Shelf, StockBalance]:
        """Return the stock of every shelf that was published or sold from."""
        found = {}
        for shelf, one in self.stocks.items():
            sold = self.sold(shelf)
            deficit = 0 if one.units is None else max(0, sold - one.units)
            fields = {name: getattr(one, name) for name in Stock.__struct_fields__}
            found[shelf] = StockBalance(**fields, reserved=sold, deficit=deficit)
        return found

    def do(self, command: Command, now_s: int) -> tuple[str | None, str | None]:
        """Do a command; return the order's state and why it was refused."""
        if isinstance(command, Publish):
            self.capacities[command.capacity.id] = command.capacity
            return None, None
        if isinstance(command, PublishStock):
            return None, self._stock(command.stock, command.available)
        assert isinstance(command, Reserve | Confirm | Change | Release | Shipped)
        self.expire(now_s, command.id)
        refusal = self._do(command, now_s)
        order = self.orders.get(command.id)
        return order.state if order else None, refusal

    def expire(self, now_s: int, *names: str) -> set[str]:
        """Expire what is over, among ``names`` or all; return their ids."""
        over = {
            name
            for name, one in self.orders.items()
            if one.state == "pending" and one.expires_s <= now_s and (name in names or not names)
        }
        for name in over:
            self.orders[name].state = "expired"
        return over

    def _stock(self, one: Stock, available: bool) -> str | None:
        shelf = (one.sku, one.hub_id, one.channel)
        if one.channel and (one.sku, one.hub_id, "") not in self.stocks:
            return "unknown_stock"
        units = one.units + self.sold(shelf) if available and one.units is not None else one.units
        self.stocks[shelf] = one.replace(units=units)
        return None

    def _do(self, command: Reserve | Confirm | Change | Release | Shipped, now_s: int) -> str | None:
        order = self.orders.get(command.id)
        if isinstance(command, Reserve):
            if order is None or order.state == "expired":
                if command.expires_s <= now_s:
                    return "expired"
                return self._take(command, "pending", command.expires_s, command.force)
            mine = (order.capacity_id, order.parcels, order.dm3, order.terms, order.lines)
            if mine != (command.capacity_id, command.parcels, command.dm3, command.terms, _sorted(command.lines)):
                return "id_taken"
            return "released" if order.state == "released" else None
        if order is None:
            return "unknown_reservation"
        if isinstance(command, Release):
            order.state = "released" if order.state in HOLDS else order.state
            return None
        if order.state not in HOLDS:
            return order.state
        if isinstance(command, Confirm):
            order.state = "confirmed"
            return None
        if isinstance(command, Shipped):
            self._ship(order)
            return None
        return self._take(command, order.state, order.expires_s, force=False)

    def _ship(self, order: Order) -> None:
        for line in order.lines:
            for shelf in {(line.sku, line.hub_id, channel) for channel in ("", line.channel)}:
                one = self.stocks[shelf]
                self.stocks[shelf] = one if one.units is None else one.replace(units=max(0, one.units - line.quantity))
        order.lines = []

    def _take(self, command: Reserve | Change, state: str, expires_s: int, force: bool) -> str | None:
        """Give an order its new place where every level that gets fuller has room, else leave all as it was."""
        before, had = self.orders.get(command.id), {name: self.reserved(name) for name in self.capacities}
        lines = before.lines if command.lines is None and before else _sorted(command.lines or ())
        for line in lines:
            if (line.sku, line.hub_id, "") not in self.stocks:
                return "unknown_stock"
        stocks = dict(self.stocks)
        for line in lines:
            fresh = Stock(sku=line.sku, hub_id=line.hub_id, channel=line.channel, units=None)
            self.stocks.setdefault((line.sku, line.hub_id, line.channel), fresh)
        sold = {shelf: self.sold(shelf) for shelf in self.stocks}
        place = (command.capacity_id, command.parcels, command.dm3, command.terms)
        self.orders[command.id] = Order(state, *place, lines, expires_s)
        refusal = None if force else self._full(had) or self._out(sold)
        if refusal:
            self.stocks = stocks
            self.orders.pop(command.id)
            if before is not None:
                self.orders[command.id] = before
        return refusal

    def _full(self, had: dict[str, tuple[int, int]]) -> str | None:
        """Return why the places taken now, that were ``had`` before, are too many."""
        full = []
        for name, one in self.capacities.items():
            parcels, dm3 = self.reserved(name)
            grew = (parcels > had[name][0] and parcels > one.parcels, dm3 > had[name][1] and one.dm3 is not None)
            if grew[0] or (grew[1] and dm3 > (one.dm3 or 0)):
                full.append(one)
        if not full:
            return None
        first = min(full, key=lambda one: -len(self.levels(one.id)))
        return "full" if first.parcels else "closed"

    def _out(self, sold: dict[Shelf, int]) -> str | None:
        """Return why the units promised now, that were ``sold`` before, are too many."""
        for shelf, one in self.stocks.items():
            now = self.sold(shelf)
            if now > sold[shelf] and one.units is not None and now > one.units and not one.oversell:
                return "out_of_stock"
        return None


def _sorted(lines: tuple[StockLine, ...]) -> list[StockLine]:
    return sorted(lines, key=lambda line: (line.sku, line.hub_id, line.channel))
