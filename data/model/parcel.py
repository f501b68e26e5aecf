"""A parcel: what it weighs, how large it is, where it is and when it is ready to leave."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from data.model.base import Count, Id, Instant, Value


class Dimensions(Value):
    """Outer or inner size in millimetres."""

    length_mm: Count
    width_mm: Count
    height_mm: Count

    def __str__(self) -> str:
        return f"{self.length_mm}x{self.width_mm}x{self.height_mm}"

    def sorted_mm(self) -> tuple[int, ...]:
        """Return the three sides, longest first."""
        return tuple(sorted((self.length_mm, self.width_mm, self.height_mm), reverse=True))

    def fits_in(self, other: Dimensions) -> bool:
        """Return whether this box goes into ``other``, turned any right-angled way."""
        return all(mine <= theirs for mine, theirs in zip(self.sorted_mm(), other.sorted_mm(), strict=True))


class ParcelState(StrEnum):
    """Where a parcel is on its way."""

    ANNOUNCED = "announced"
    AT_MERCHANT = "at_merchant"
    LINEHAUL = "linehaul"
    AT_HUB = "at_hub"
    SORTED = "sorted"
    LOADED = "loaded"
    DELIVERED = "delivered"
    FAILED = "failed"
    RETURNING = "returning"


class Parcel(Value):
    """One parcel of an order.

    ``hub_id`` is the hub it leaves from (the order's hub where empty); ``ready_at`` the earliest instant it may
    leave that hub, ``None`` for "it is there". ``kind`` says what may not go with what: food, chemicals ...
    """

    id: Id
    load_g: Count
    volume_dm3: Count
    size_mm: Dimensions = Dimensions(length_mm=300, width_mm=200, height_mm=100)
    state: ParcelState = ParcelState.AT_HUB
    hub_id: str = ""
    ready_at: Instant | None = None
    kind: Annotated[str, Meta(max_length=128)] = ""


class Apart(Value):
    """Two kinds of parcels that may not be on one tour."""

    kind: Id
    other: Id
