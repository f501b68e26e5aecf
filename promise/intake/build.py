"""From an order as it came in to what the house keeps of it: the order, and apart from it who it is for."""

from __future__ import annotations

import re

from data.model.order import Order, PlaceOption
from data.model.parcel import Parcel, ParcelState
from data.model.place import PlaceKind
from data.model.promise import Cart, QuoteRequest
from data.model.reservation import Owner
from data.model.stored_order import OrderState, StoredOrder
from promise.desk_values import Terms
from promise.intake.values import NewOrder

POSTCODE = re.compile(r"[0-9]{5}")


def postcode_of(order: NewOrder) -> str | None:
    """Return the French postcode of an order's address, ``None`` where it has none."""
    found = POSTCODE.fullmatch(order.to.postcode.replace(" ", ""))
    return found[0] if found else None


def request_of(order: NewOrder, option_id: str, cart: Cart) -> QuoteRequest:
    """Return what to ask for an order's date; raises ``ValueError`` where nothing says where it goes."""
    return QuoteRequest(
        cart=cart,
        postcode=postcode_of(order),
        lat=order.to.lat,
        lon=order.to.lon,
        options=(option_id,),
        priority=order.priority,
    )


def stored_of(order: NewOrder, owner: Owner, terms: Terms, kind: PlaceKind, channel: str, hub_id: str) -> StoredOrder:
    """Return what is kept of an order; its home is where its contact says, under the order's own id."""
    place = PlaceOption(place_id=order.place_id or order.id, windows=(terms.window,) if terms.window else ())
    kept = Order(
        id=order.id,
        hub_id=terms.hub_id or hub_id,
        parcels=order.parcels or parcels_of(order.id, order.cart),
        options=(place,),
        promised_on=terms.date,
        shipper=owner.shipper,
        created_at=order.created_at,
    )
    return StoredOrder(order=kept, state=first_state(order, kind), channel=channel)


def first_state(order: NewOrder, kind: PlaceKind) -> OrderState:
    """Return what an order begins as: one that goes home waits until its address is on the map."""
    if order.place_id or (order.to.lat is not None and order.to.lon is not None):
        return OrderState.ACCEPTED
    return OrderState.UNLOCATED if kind is PlaceKind.HOME else OrderState.ADDRESS_DOUBTFUL


def parcels_of(order_id: str, cart: Cart) -> tuple[Parcel, ...]:
    """Return as many parcels as a cart has, alike but for what does not divide."""
    return tuple(
        Parcel(
            id=order_id if cart.parcels == 1 else f"{order_id}-{number + 1}",
            load_g=_part(cart.load_g, cart.parcels, number),
            volume_dm3=_part(cart.volume_dm3, cart.parcels, number),
            state=ParcelState.ANNOUNCED,
        )
        for number in range(cart.parcels)
    )


def moved_on(stored: StoredOrder, terms: Terms) -> StoredOrder:
    """Return an order with the date of other terms."""
    options = tuple(one.replace(windows=(terms.window,) if terms.window else ()) for one in stored.order.options)
    order = stored.order.replace(promised_on=terms.date, hub_id=terms.hub_id or stored.order.hub_id, options=options)
    return stored.replace(order=order)


def _part(whole: int, parts: int, number: int) -> int:
    return whole // parts + (number < whole % parts)
