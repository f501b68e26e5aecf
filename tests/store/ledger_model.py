"""The ledger as a dictionary: slow, obvious, with no database, to compare the real one with."""

from __future__ import annotations

from dataclasses import dataclass, field

from data.model.reservation import Balance, Capacity
from promise.reserve import Change, Command, Confirm, Publish, Release, Reserve

HOLDS = ("pending", "confirmed")


@dataclass
class Order:
    """An order's place."""

    state: str
    capacity_id: str
    parcels: int
    dm3: int
    terms: str
    expires_s: int


@dataclass
class Model:
    """Capacities and orders by id; what is reserved is counted anew each time."""

    capacities: dict[str, Capacity] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)

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

    def do(self, command: Command, now_s: int) -> tuple[str | None, str | None]:
        """Do a command; return the order's state and why it was refused."""
        if isinstance(command, Publish):
            self.capacities[command.capacity.id] = command.capacity
            return None, None
        assert isinstance(command, Reserve | Confirm | Change | Release)
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

    def _do(self, command: Reserve | Confirm | Change | Release, now_s: int) -> str | None:
        order = self.orders.get(command.id)
        if isinstance(command, Reserve):
            if order is None or order.state == "expired":
                if command.expires_s <= now_s:
                    return "expired"
                return self._take(command, "pending", command.expires_s, command.force)
            mine = (order.capacity_id, order.parcels, order.dm3, order.terms)
            if mine != (command.capacity_id, command.parcels, command.dm3, command.terms):
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
        return self._take(command, order.state, order.expires_s, force=False)

    def _take(self, command: Reserve | Change, state: str, expires_s: int, force: bool) -> str | None:
        """Give an order its new place where every level that gets fuller has room, else leave all as it was."""
        before, had = self.orders.get(command.id), {name: self.reserved(name) for name in self.capacities}
        place = (command.capacity_id, command.parcels, command.dm3, command.terms)
        self.orders[command.id] = Order(state, *place, expires_s)
        full = []
        for name, one in self.capacities.items():
            parcels, dm3 = self.reserved(name)
            grew = (parcels > had[name][0] and parcels > one.parcels, dm3 > had[name][1] and one.dm3 is not None)
            if grew[0] or (grew[1] and dm3 > (one.dm3 or 0)):
                full.append(one)
        if not full or force:
            return None
        if before is None:
            del self.orders[command.id]
        else:
            self.orders[command.id] = before
        first = min(full, key=lambda one: -len(self.levels(one.id)))
        return "full" if first.parcels else "closed"
