"""Places held in the tours: published capacity, what is taken of it, and the reservations that take it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, NamedTuple

from msgspec import Meta

from data.model.base import Count, Id, Value

Terms = Annotated[str, Meta(max_length=8192, description="What was promised, as it was quoted; no names, no addresses")]
Parcels = Annotated[int, Meta(ge=1, le=10_000)]
UnixSeconds = Annotated[int, Meta(ge=0, le=253_402_300_799)]


class Owner(NamedTuple):
    """Whose a row is: the carrier, and which of its shippers; the empty shipper is the carrier itself."""

    tenant: str
    shipper: str = ""


class Key(NamedTuple):
    """What names a row: ids are unique within an owner."""

    tenant: str
    shipper: str
    id: str


class Capacity(Value):
    """What a hub's day, a tour group or an area's option may carry on a day, as a total.

    Attributes
    ----------
    parent_id : str
        The level it is part of, which every reservation debits too; empty for the outermost.
    parcels : int
        0 closes it.
    dm3 : int, optional
        ``None``: volume is no limit.
    """

    id: Id
    day: date
    parcels: Count
    dm3: Count | None = None
    parent_id: Annotated[str, Meta(max_length=128)] = ""


class Balance(Capacity):
    """A capacity and what is taken of it; the deficit is what was taken beyond it, and never more than that."""

    reserved_parcels: Count = 0
    reserved_dm3: Count = 0
    deficit_parcels: Count = 0
    deficit_dm3: Count = 0

    def fits(self, parcels: int, dm3: int) -> bool:
        """Whether so much more may be taken without a deficit; giving back always fits."""
        return (parcels <= 0 or self.reserved_parcels + parcels <= self.parcels) and (
            dm3 <= 0 or self.dm3 is None or self.reserved_dm3 + dm3 <= self.dm3
        )

    def debited(self, parcels: int, dm3: int) -> Balance:
        """Return it with so much more taken (less where negative), the deficit right again."""
        return self.replace(
            reserved_parcels=self.reserved_parcels + parcels, reserved_dm3=self.reserved_dm3 + dm3
        ).settled()

    def published(self, capacity: Capacity) -> Balance:
        """Return it with a new total; below what is taken, the difference is a deficit."""
        return self.replace(parcels=capacity.parcels, dm3=capacity.dm3).settled()

    def settled(self) -> Balance:
        """Return it with the deficit that follows from the rest."""
        over = self.reserved_dm3 - self.dm3 if self.dm3 is not None else 0
        return self.replace(deficit_parcels=max(0, self.reserved_parcels - self.parcels), deficit_dm3=max(0, over))


class State(StrEnum):
    """pending -> confirmed | released | expired; a confirmed one may still be released."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    EXPIRED = "expired"


HOLDING = (State.PENDING, State.CONFIRMED)
"""A reservation in one of these takes its place."""


class Reservation(Value):
    """An order's place as it stands; ``step`` counts what happened to it, ``expires_s`` bounds a pending one.

    It takes ``parcels`` and ``dm3`` of the capacity ``capacity_id`` and of every level around that.
    """

    id: Id
    step: Count
    state: State
    capacity_id: Id
    parcels: Parcels
    dm3: Count
    expires_s: UnixSeconds
    terms: Terms

    @property
    def holds(self) -> bool:
        """Whether it takes its place."""
        return self.state in HOLDING
