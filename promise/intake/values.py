"""What an order looks like when it comes in, and what is answered."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from msgspec import Meta

from data.model.address import Suggestion
from data.model.base import Count, Id, Instant, Value, Window
from data.model.contact import Contact
from data.model.parcel import Parcel
from data.model.promise import Cart
from data.model.reservation import Name
from data.model.stored_order import OrderState
from promise.desk_values import Held, NoPlace, QuoteId


class NewOrder(Value):
    """An order that is placed, and in ``to`` who it is for.

    Attributes
    ----------
    option_id : str
        How it is to be handed over; empty: what its reservation says, else the house's first option.
    quote_id : str, optional
        The quote its buyer saw: what that said is owed, however old it is.
    shown_on : date, optional
        The date its buyer saw, where no quote proves it.
    place_id : str
        The relay point or the locker; empty: at home.
    parcels : tuple of Parcel
        As packed; empty: as many as the cart says, alike.
    """

    id: Id
    to: Contact
    option_id: Name = ""
    quote_id: QuoteId | None = None
    shown_on: date | None = None
    window: Window | None = None
    place_id: Name = ""
    cart: Cart = Cart()
    parcels: Annotated[tuple[Parcel, ...], Meta(max_length=1000)] = ()
    priority: Annotated[int, Meta(ge=0, le=9)] = 1
    created_at: Instant | None = None


class Accepted(Value, omit_defaults=False):
    """What became of an order that came in.

    Attributes
    ----------
    state : OrderState, optional
        ``None``: it was not taken, ``problem`` says why.
    new : bool
        Whether it was unknown before: the same order again changes nothing.
    promise : Held, optional
        The place it has.
    moved_from : date, optional
        The date its buyer was shown, where that could not be had.
    """

    id: str
    state: OrderState | None = None
    new: bool = False
    promise: Held | None = None
    moved_from: date | None = None
    problem: NoPlace | None = None


class Intake(Value, omit_defaults=False):
    """Orders that came in together, in the order they were sent; ``accepted`` of them are taken."""

    accepted: Count
    orders: tuple[Accepted, ...]


class OnTour(Value):
    """Where an order is in the plan that is driven; ``start_at`` is when it is handed over."""

    plan_id: Id
    vehicle_id: Id
    stop: Count
    start_at: Instant


class OrderView(Value, omit_defaults=False):
    """An order as it stands.

    Attributes
    ----------
    promise : Held, optional
        ``None``: it never had a place.
    tour : OnTour, optional
        ``None``: no plan that is driven has it.
    suggestions : tuple of Suggestion
        What its address may be, while that is doubtful.
    """

    id: str
    state: OrderState
    channel: str
    promised_on: date
    promise: Held | None
    tour: OnTour | None
    suggestions: tuple[Suggestion, ...] = ()


class OrderChange(Value):
    """What changes of an order: who it is for or where they live, or what it was quoted since.

    Attributes
    ----------
    to : Contact, optional
        All of it, not only what differs.
    quote_id, option_id
        The quote whose date it is to have instead, and which option of it.
    """

    to: Contact | None = None
    quote_id: QuoteId | None = None
    option_id: Name = ""
    window: Window | None = None

    def __post_init__(self) -> None:
        if self.to is None and self.quote_id is None:
            raise ValueError("nothing changes: send `to`, or a `quote_id`")
        if self.quote_id is not None and not self.option_id:
            raise ValueError("a quote_id needs the option_id that is wanted of it")


class Signed(Value):
    """A message of the generic webhook (Standard Webhooks): what happened, when, and to what."""

    type: Id
    timestamp: Instant
    data: dict[str, Any]
