"""What the desk is asked and what it answers."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from data.errors import JalonError
from data.model.base import Count, Id, Instant, Value, Window
from data.model.live import Share
from data.model.promise import Promise, Quality, QuoteRequest
from data.model.reservation import Name, State

QuoteId = Annotated[str, Meta(min_length=1, max_length=16_384, description="As a quote gave it")]


class Quoted(Value, omit_defaults=False):
    """The dated options for a cart.

    Attributes
    ----------
    quote_id : str
        Names this quote when a place is reserved.
    expires_at : datetime
        The dates hold until then, also past a cut-off.
    options : tuple of Promise
        Nothing where the goods are sold out.
    short : tuple of str
        The products that are.
    """

    quote_id: str
    expires_at: Instant
    time_zone: str
    options: tuple[Promise, ...]
    short: tuple[str, ...] = ()


class Order(Value):
    """An order that wants its place: on the terms of a quote, or for whatever date its own ``request`` gets now.

    ``window`` is one of those sold on the promised day.
    """

    id: Id
    option_id: Id
    quote_id: QuoteId | None = None
    request: QuoteRequest | None = None
    window: Window | None = None

    def __post_init__(self) -> None:
        if (self.quote_id is None) == (self.request is None):
            raise ValueError("an order names a quote_id, or says in its request what it is and where it goes")


class Swap(Value):
    """The place an order is to have instead of its own: by the terms of another quote."""

    option_id: Id
    quote_id: QuoteId
    window: Window | None = None


class Terms(Value):
    """What an order is owed, as it is kept in the ledger; ``asked`` is a fingerprint of what was asked for."""

    option_id: Id
    date: date
    quality: Quality
    confidence: Share | None = None
    hub_id: str = ""
    area_id: str = ""
    window: Window | None = None
    price_cents: Count = 0
    asked: str = ""


class NoPlace(Value):
    """Why an order has no place: a stable code, what is wrong, where in the order, what to do."""

    code: str
    detail: str
    pointer: str = ""
    action: str = ""


class Held(Value, omit_defaults=False):
    """An order's place.

    Attributes
    ----------
    state : State, optional
        ``None``: it never had one.
    expires_at : datetime, optional
        A pending one is given back then, unless it is confirmed.
    problem : NoPlace, optional
        Why what was asked for was not done; the rest is what holds all the same.
    """

    id: str
    state: State | None = None
    option_id: str = ""
    date: date | None = None
    window: Window | None = None
    quality: Quality | None = None
    confidence: float | None = None
    hub_id: str = ""
    area_id: str = ""
    price_cents: int = 0
    text_fr: str = ""
    text_en: str = ""
    expires_at: Instant | None = None
    problem: NoPlace | None = None


class Shelf(Value):
    """What there is of a product in a hub, or with ``channel`` what that channel may sell of it; null is no limit."""

    hub_id: Id
    channel: Name = ""
    units: Count | None
    oversell: bool = False
    back_order_on: date | None = None


class StockPut(Value):
    """What a shop sets of one product.

    ``available``: units are what may still be sold; else all that is on the shelf, those promised included.
    """

    shelves: Annotated[tuple[Shelf, ...], Meta(min_length=1, max_length=1000)]
    available: bool = True


class Seen(Value, omit_defaults=False):
    """How many signals were kept."""

    kept: Count


class Bulk(Value, omit_defaults=False):
    """Places of many orders, in the order they were sent; ``kept`` of them are held."""

    kept: Count
    promises: tuple[Held, ...]


def problem_of(error: JalonError) -> NoPlace:
    """Return an error as part of an answer."""
    return NoPlace(code=error.code, detail=error.message, pointer=error.where, action=error.action)
