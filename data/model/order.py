"""An order: parcels, the places it may be handed over at, and the date it was promised for."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from data.model.base import Count, Id, Instant, Value, Window
from data.model.parcel import Parcel


class PlaceOption(Value):
    """One place an order may be handed over at.

    ``cost_cents`` is what choosing it costs beyond driving (0 for the option the customer picked, a compensation
    for switching to a relay). ``windows`` empty means any time the place is open. ``service_s`` overrides the place's.
    """

    place_id: Id
    windows: tuple[Window, ...] = ()
    cost_cents: Count = 0
    service_s: Count | None = None


class Order(Value):
    """An accepted order; exactly one of its options is served, all parcels together.

    ``priority`` 0..100, higher is served first. ``promised_on`` is the last local day it may be handed over.
    """

    id: Id
    hub_id: Id
    parcels: Annotated[tuple[Parcel, ...], Meta(min_length=1)]
    options: Annotated[tuple[PlaceOption, ...], Meta(min_length=1)]
    promised_on: date
    priority: Annotated[int, Meta(ge=0, le=100)] = 0
    skills: tuple[str, ...] = ()
    shipper: str = ""
    created_at: Instant | None = None

    @property
    def load_g(self) -> int:
        """Total mass in grams."""
        return sum(parcel.load_g for parcel in self.parcels)

    @property
    def volume_dm3(self) -> int:
        """Total volume in dm3."""
        return sum(parcel.volume_dm3 for parcel in self.parcels)
