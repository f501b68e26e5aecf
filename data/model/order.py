"""An order: parcels, the places it may be handed over at, and the date it was promised for."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from data.model.base import Count, Id, Instant, Price, Value, Window
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

    Its parcels are loaded at the hub or, with ``from_place``, collected there by the vehicle of that hub that hands
    them over later on the same tour: a return from a customer to a relay point, a parcel from a shop to a home.
    ``priority`` 0..100, higher is served first. ``promised_on`` is the last local day it may be handed over.
    A hand-over that starts after ``promised_by`` is late: allowed, at ``late_cents_per_hour``, by the second.
    """

    id: Id
    hub_id: Id
    parcels: Annotated[tuple[Parcel, ...], Meta(min_length=1)]
    options: Annotated[tuple[PlaceOption, ...], Meta(min_length=1)]
    from_place: PlaceOption | None = None
    promised_on: date
    promised_by: Instant | None = None
    late_cents_per_hour: Price = 0
    priority: Annotated[int, Meta(ge=0, le=100)] = 0
    skills: tuple[str, ...] = ()
    shipper: str = ""
    created_at: Instant | None = None

    def option_at(self, option: int, collects: bool = False) -> PlaceOption:
        """Return the place a hand-over or, with ``collects``, the collection is at."""
        return self.from_place if collects and self.from_place is not None else self.options[option]

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of its parcels; plain ones have none."""
        return frozenset(parcel.kind for parcel in self.parcels if parcel.kind)

    @property
    def load_g(self) -> int:
        """Total mass in grams."""
        return sum(parcel.load_g for parcel in self.parcels)

    @property
    def volume_dm3(self) -> int:
        """Total volume in dm3."""
        return sum(parcel.volume_dm3 for parcel in self.parcels)
