"""Places held in the tours: published capacity, what is taken of it, and the reservations that take it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, NamedTuple

from msgspec import Meta

from data.errors import InputError
from data.model.base import Count, Id, Value

DEFAULT_TENANT = "default"
"""Whose the rows of a store with one carrier are."""

ID_MAX = 128
Name = Annotated[str, Meta(max_length=ID_MAX, description="An id, or empty: none")]
Goods = Annotated[str, Meta(max_length=65_536, description="What it takes from stock: StockLine values as JSON")]
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


def joined(*parts: str) -> str:
    """Return names as one id from which each can be told: ``/`` goes between them, so one inside is written ``%2F``."""
    return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in parts)


def level_id(hub_id: str, day: date, *parts: str) -> str:
    """Return the id of a capacity: a hub's day, then what it is of that.

    Raises
    ------
    InputError
        ``name_too_long``: together they are longer than an id may be.
    """
    name = joined(hub_id, day.isoformat(), *parts)
    if len(name) > ID_MAX:
        action = f"use shorter ids: {ID_MAX} characters for hub, day, area, option, place and box together"
        raise InputError("name_too_long", f"`{name}` has {len(name)} characters", action=action)
    return name


class Capacity(Value):
    """What a hub's day, a tour group, an area's option or a place may carry on a day, as a total.

    Attributes
    ----------
    parent_id : str
        The level it is part of, which every reservation debits too; empty for the outermost.
    parcels : int
        0 closes it.
    dm3 : int, optional
        ``None``: volume is no limit.
    hub_id, area_id, option_id, place_id : str
        What it is the capacity of; empty: of all of them within its level.
    """

    id: Id
    day: date
    parcels: Count
    dm3: Count | None = None
    parent_id: Name = ""
    hub_id: Name = ""
    area_id: Name = ""
    option_id: Name = ""
    place_id: Name = ""


class Balance(Capacity):
    """A capacity and what is taken of it; the deficit is what was taken beyond it, and never more than that."""

    reserved_parcels: Count = 0
    reserved_dm3: Count = 0
    deficit_parcels: Count = 0
    deficit_dm3: Count = 0

    @property
    def left_parcels(self) -> int:
        """What may still be taken; below 0 in deficit."""
        return self.parcels - self.reserved_parcels

    @property
    def left_dm3(self) -> int | None:
        """The volume that may still be taken; ``None``: no limit."""
        return None if self.dm3 is None else self.dm3 - self.reserved_dm3

    def fits(self, parcels: int, dm3: int) -> bool:
        """Whether so much more may be taken without a deficit; giving back always fits."""
        return (parcels <= 0 or self.reserved_parcels + parcels <= self.parcels) and (
            dm3 <= 0 or self.dm3 is None or self.reserved_dm3 + dm3 <= self.dm3
        )

    def debited(self, parcels: int, dm3: int) -> Balance:
        """Return it with so much more taken (less where negative), the deficit right again."""
        reserved, volume = self.reserved_parcels + parcels, self.reserved_dm3 + dm3
        return self.replace(
            reserved_parcels=reserved,
            reserved_dm3=volume,
            deficit_parcels=max(0, reserved - self.parcels),
            deficit_dm3=0 if self.dm3 is None else max(0, volume - self.dm3),
        )

    def published(self, capacity: Capacity) -> Balance:
        """Return it with a new total; below what is taken, the difference is a deficit."""
        total = {name: getattr(capacity, name) for name in Capacity.__struct_fields__}
        return self.replace(**total).debited(0, 0)


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

    It takes ``parcels`` and ``dm3`` of the capacity ``capacity_id`` and of every level around that, and ``goods`` from
    the shelf.
    """

    id: Id
    step: Count
    state: State
    capacity_id: Id
    parcels: Parcels
    dm3: Count
    expires_s: UnixSeconds
    terms: Terms
    goods: Goods = ""

    @property
    def holds(self) -> bool:
        """Whether it takes its place."""
        return self.state in HOLDING
