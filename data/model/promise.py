"""Delivery promises: the options a shop offers, what a buyer asks, and the dated answer."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from data.calendar import OUVRABLES, REGIONS, Calendar, Weekday
from data.model.base import Count, Id, Instant, Latitude, Longitude, Value, Window
from data.model.live import Share
from data.model.place import PlaceKind
from data.model.schedule import EVERY_WEEKDAY, LocalTime

Postcode = Annotated[str, Meta(pattern=r"^[0-9]{5}$", description="French postcode, five digits")]
Days = Annotated[int, Meta(ge=0, le=60)]


class Quality(StrEnum):
    """What a promise rests on, best first."""

    MODEL = "model"
    TABLE = "table"
    SLA = "sla"
    FALLBACK = "fallback"


class Slot(Value):
    """A window of the day that is sold with a delivery; ``full_on`` are the days nothing is left in it."""

    begins: LocalTime
    ends: LocalTime
    price_cents: Count = 0
    weekdays: tuple[Weekday, ...] = EVERY_WEEKDAY
    full_on: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        if self.ends <= self.begins:
            raise ValueError(f"the slot ends ({self.ends}) before it begins ({self.begins})")


class DayCount(Value):
    """Parcels of one day."""

    day: date
    parcels: Count


class CarrierSla(Value):
    """What a carrier promises us: so many delivery days after it collects, for so many parcels a day.

    It collects with the waves of the hubs that name it, at their cut-offs.

    Attributes
    ----------
    transit_days : int
        Open days of the option's calendar after the day it collects.
    quota_parcels : int, optional
        What it takes on one day; a day with any of it left still takes a cart.
    taken : tuple of DayCount
        Parcels already given to it, by the day it collects.
    """

    transit_days: Days
    quota_parcels: Count | None = None
    taken: tuple[DayCount, ...] = ()

    def left(self, day: date) -> int | None:
        """Return how many parcels it still takes on a day, ``None`` for any number."""
        if self.quota_parcels is None:
            return None
        return max(0, self.quota_parcels - sum(one.parcels for one in self.taken if one.day == day))


class DeliveryOption(Value):
    """One way of getting the goods, as a shop offers it.

    Attributes
    ----------
    kind : PlaceKind
        Where it is handed over.
    calendar : Calendar
        On which days it delivers; J+N counts these days. The region's holidays are added by the destination.
    carrier : str
        Empty: our own tours. Else it leaves with the waves of that carrier.
    sla : CarrierSla, optional
        What stands where nothing has been learnt yet.
    slots : tuple of Slot
        Windows sold with it.
    widest_days : int
        With nothing else to go by: so many of its delivery days after the last day known, or after today.
    name_fr, name_en : str
        How a buyer knows it.
    """

    id: Id
    kind: PlaceKind
    calendar: Calendar = OUVRABLES
    carrier: str = ""
    sla: CarrierSla | None = None
    slots: tuple[Slot, ...] = ()
    widest_days: Annotated[int, Meta(ge=1, le=60)] = 10
    price_cents: Count = 0
    co2e_g: Count | None = None
    name_fr: str = ""
    name_en: str = ""


class Area(Value):
    """Where a date is promised for: an H3 cell of resolution 8 and/or postcodes.

    The region whose holidays hold there follows from the first postcode unless it is given.
    """

    id: Id
    postcodes: tuple[Postcode, ...] = ()
    cells: tuple[Id, ...] = ()
    region: str = ""

    def __post_init__(self) -> None:
        if self.region not in REGIONS:
            raise ValueError(f"unknown region `{self.region}`, one of {', '.join(REGIONS[1:])}, or empty")


class CartLine(Value):
    """So many units of a product."""

    sku: Id
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)] = 1


class Cart(Value):
    """What is bought. ``hub_ids`` are the hubs that hold all of it; empty is any.

    ``lines`` are checked against the shop's stock, as sold in ``channel``; without lines nothing is.
    """

    parcels: Annotated[int, Meta(ge=1, le=10_000)] = 1
    load_g: Count = 0
    volume_dm3: Count = 0
    hub_ids: Annotated[tuple[Id, ...], Meta(max_length=200)] = ()
    lines: Annotated[tuple[CartLine, ...], Meta(max_length=200)] = ()
    channel: Annotated[str, Meta(max_length=128)] = ""


class QuoteRequest(Value):
    """What a checkout asks: a cart and where to; a postcode alone is enough.

    ``options`` empty is all of them. ``priority`` is a class of the hub's queue, 0 leaves first. ``confidence`` asks
    for more certainty than the house rule, never for less.
    """

    cart: Cart = Cart()
    postcode: Postcode | None = None
    lat: Latitude | None = None
    lon: Longitude | None = None
    options: tuple[Id, ...] = ()
    priority: Annotated[int, Meta(ge=0, le=9)] = 1
    confidence: Share | None = None

    def __post_init__(self) -> None:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon go together")
        if self.postcode is None and self.lat is None:
            raise ValueError("a destination is needed: a postcode, or lat and lon")


class SoldWindow(Value):
    """A window that may be bought on the promised day."""

    window: Window
    price_cents: Count = 0


class Promise(Value, omit_defaults=False):
    """The dated answer for one option.

    Attributes
    ----------
    date : date
        Delivered by the end of this day, local time.
    j : int
        N of J+N by the option's calendar, counted from the local day of the quote.
    confidence : float, optional
        Probability that it is kept; ``None`` where nothing tells, as with a carrier's word.
    hub_id : str
        Where it should be sourced for this date; empty where nothing tells.
    order_by_at : datetime, optional
        An order placed from then on gets a later date; ``None`` where none is in sight.
    expires_at : datetime
        The quote holds until then.
    windows : tuple of SoldWindow
        What is sold on that day.
    text_fr, text_en : str
        What a buyer reads.
    facts : tuple of str
        What it rests on. Internal: never shown to a buyer.
    """

    option_id: Id
    date: date
    j: Count
    confidence: Share | None
    quality: Quality
    hub_id: str
    area_id: str
    order_by_at: Instant | None
    expires_at: Instant
    windows: tuple[SoldWindow, ...]
    price_cents: Count
    co2e_g: Count | None
    text_fr: str
    text_en: str
    facts: tuple[str, ...]


class Pool(Value):
    """Room shared on one day by some areas and options: a tour group, a hub's day, an area's lockers.

    Pools may be nested or overlap; an option has the room of the smallest that holds it. ``expected`` are the
    acceptances to come while quotes already shown are still good.
    """

    day: date
    parcels: Count
    reserved: Count = 0
    expected: Count = 0
    dm3: Count | None = None
    reserved_dm3: Count = 0
    areas: tuple[Id, ...] = ()
    options: tuple[Id, ...] = ()
