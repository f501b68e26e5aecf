"""The books of the ledger: every level an order's place is part of is debited, or none.

What a transaction works on is read into :class:`Books` first, changed here by the rules, and written back whole. No
rule here waits for anything; the database holds ``reserved <= capacity + deficit`` once more, as a constraint.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from data.model.reservation import Balance, Capacity, Key, Reservation, State
from data.store.outbox import Event


class Refusal(StrEnum):
    """Why nothing was done."""

    FULL = "full"
    CLOSED = "closed"
    UNKNOWN_CAPACITY = "unknown_capacity"
    UNKNOWN_RESERVATION = "unknown_reservation"
    ID_TAKEN = "id_taken"
    EXPIRED = "expired"
    RELEASED = "released"
    UNKNOWN_PARENT = "unknown_parent"
    PARENT_FIXED = "parent_fixed"
    CARRIER_ONLY = "carrier_only"
    KEY_REUSED = "key_reused"


class Refused(Exception):
    """A rule says no; ``level`` is the capacity that does, if one does."""

    def __init__(self, refusal: Refusal, level: str = "") -> None:
        super().__init__(refusal)
        self.refusal, self.level = refusal, level


@dataclass
class Books:
    """Balances and orders by key, as read; then what the rules made of them.

    Attributes
    ----------
    touched : set of Key
        Balances that changed.
    entries : list
        What happened to orders, in order: the ledger's new lines.
    events : list of Event
        What others must be told.
    """

    balances: dict[Key, Balance]
    orders: dict[Key, Reservation]
    touched: set[Key] = field(default_factory=set)
    entries: list[tuple[Key, Reservation]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

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
            Take the place even beyond capacity, as a deficit.

        Raises
        ------
        Refused
            ``unknown_capacity``, ``full`` or ``closed``.
        """
        before = self.orders.get(key)
        parcels, dm3 = Counter[Key](), Counter[Key]()
        for one, sign in ((before, -1), (order, 1)):
            if one is not None and one.holds:
                for level in self.levels(key.tenant, one.capacity_id):
                    parcels[level] += sign * one.parcels
                    dm3[level] += sign * one.dm3
        for level in parcels:
            balance = self.balances[level]
            if not force and not balance.fits(parcels[level], dm3[level]):
                raise Refused(Refusal.FULL if balance.parcels else Refusal.CLOSED, level.id)
        for level in parcels:
            if parcels[level] or dm3[level]:
                self._set(level, self.balances[level].debited(parcels[level], dm3[level]))
        order = order.replace(step=before.step + 1 if before else 0)
        self.orders[key] = order
        self.entries.append((key, order))
        return order

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
        self._set(key, known.published(capacity) if known else Balance(**msgspec.structs.asdict(capacity)))

    def levels(self, tenant: str, capacity_id: str) -> Iterator[Key]:
        """Yield a capacity and every level around it."""
        while capacity_id:
            key = Key(tenant, "", capacity_id)
            if key not in self.balances:
                raise Refused(Refusal.UNKNOWN_CAPACITY, capacity_id)
            yield key
            capacity_id = self.balances[key].parent_id

    def _set(self, key: Key, balance: Balance) -> None:
        before = self.balances.get(key)
        self.balances[key] = balance
        self.touched.add(key)
        owed = (balance.deficit_parcels, balance.deficit_dm3)
        had = (before.deficit_parcels, before.deficit_dm3) if before else (0, 0)
        if owed[0] > had[0] or owed[1] > had[1]:
            facts = {"capacity_id": key.id, "day": balance.day, "parcels": owed[0], "dm3": owed[1]}
            self.events.append(Event(tenant=key.tenant, shipper="", kind="capacity.deficit", body=_json(facts)))


def lapsed(order: Reservation, now_s: int) -> bool:
    """Whether a pending reservation's time is over."""
    return order.state is State.PENDING and order.expires_s <= now_s


def discrepancies(balances: dict[Key, Balance], held: dict[Key, tuple[int, int]], strays: Collection[Key]) -> list[str]:
    """Return where balances are not what the ledger's entries add up to, one line each; nothing where all is right.

    Parameters
    ----------
    balances : dict
        As stored.
    held : dict
        Parcels and dm3 that the entries hold, by the capacity they name.
    strays : collection of Key
        Orders whose place now is not that of their last entry.
    """
    parcels, dm3 = Counter[Key](), Counter[Key]()
    lines = [f"{'/'.join(key)}: its place is not that of its last entry" for key in strays]
    for key, (some, volume) in held.items():
        level = key
        while level.id and level in balances:
            parcels[level] += some
            dm3[level] += volume
            level = level._replace(id=balances[level].parent_id)
        if level.id:
            lines.append(f"{'/'.join(level)}: reserved from, but never published")
    for key, balance in balances.items():
        replayed = balance.replace(reserved_parcels=parcels[key], reserved_dm3=dm3[key]).settled()
        if replayed != balance:
            lines.append(f"{'/'.join(key)}: {balance} is stored, the entries make it {replayed}")
    return lines


def _json(facts: dict[str, object]) -> str:
    return msgspec.json.encode(facts).decode()
