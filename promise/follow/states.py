"""How far an order is, from all that has happened to it: the same whatever order the events came in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from data.model.event import Event, EventKind
from data.model.parcel import ParcelState
from data.model.stored_order import OrderState, StoredOrder

AFTER: Mapping[EventKind, ParcelState] = {
    EventKind.RECEIVED: ParcelState.AT_HUB,
    EventKind.ARRIVED: ParcelState.AT_HUB,
    EventKind.SORTED: ParcelState.SORTED,
    EventKind.LOADED: ParcelState.LOADED,
    EventKind.DEPARTED: ParcelState.LOADED,
    EventKind.DELIVERED: ParcelState.DELIVERED,
    EventKind.COLLECTED: ParcelState.DELIVERED,
    EventKind.FAILED: ParcelState.FAILED,
    EventKind.RETURNED: ParcelState.RETURNING,
}
"""What a parcel is after an event; the other kinds say nothing of parcels."""
LEAVES_SHELF = (EventKind.LOADED, EventKind.DEPARTED, EventKind.DELIVERED)
OUT = (ParcelState.LOADED, ParcelState.DELIVERED)


def followed(stored: StoredOrder, events: Iterable[Event]) -> StoredOrder:
    """Return an order as its events leave it.

    Parameters
    ----------
    events : iterable of Event
        All of them, the oldest first. One without a parcel's name is of all its parcels.
    """
    told = [event for event in events if event.kind in AFTER]
    if not told:
        return stored
    parcels = {parcel.id: parcel for parcel in stored.order.parcels}
    for event in told:
        for name in [event.parcel_id] if event.parcel_id else list(parcels):
            if name in parcels:
                moved = parcels[name].replace(state=AFTER[event.kind])
                if AFTER[event.kind] is ParcelState.AT_HUB and event.hub_id:
                    moved = moved.replace(hub_id=event.hub_id)
                parcels[name] = moved
    order = stored.order.replace(parcels=tuple(parcels.values()))
    return stored.replace(order=order, state=_state(stored.state, {parcel.state for parcel in parcels.values()}))


def _state(before: OrderState, parcels: set[ParcelState]) -> OrderState:
    """Return what an order is by what its parcels are; a cancelled one comes back, unless it was handed over."""
    if parcels == {ParcelState.DELIVERED}:
        return OrderState.DELIVERED
    if before is OrderState.CANCELLED:
        return before
    if ParcelState.RETURNING in parcels:
        return OrderState.RETURNED
    if ParcelState.FAILED in parcels:
        return OrderState.FAILED
    if parcels & set(OUT):
        return OrderState.LOADED
    return OrderState.ACCEPTED if before in (OrderState.FAILED, OrderState.LOADED) else before
