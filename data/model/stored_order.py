"""An accepted order and how far it is."""

from __future__ import annotations

from enum import StrEnum

from data.model.base import Value
from data.model.order import Order
from data.model.reservation import Name


class OrderState(StrEnum):
    """Where an order is on its way; the last three are its ends.

    The first two hold their place like every other one, and wait for coordinates before they can be planned.
    """

    UNLOCATED = "unlocated"
    ADDRESS_DOUBTFUL = "address_doubtful"
    ACCEPTED = "accepted"
    PLANNED = "planned"
    LOADED = "loaded"
    FAILED = "failed"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CANCELLED = "cancelled"


ENDS = (OrderState.DELIVERED, OrderState.RETURNED, OrderState.CANCELLED)
AT_THE_HUB = (OrderState.UNLOCATED, OrderState.ADDRESS_DOUBTFUL, OrderState.ACCEPTED, OrderState.PLANNED)
"""While it is in one of these, an order may be changed or cancelled."""


class StoredOrder(Value):
    """An order as accepted, without its contact; ``channel`` is where it came from."""

    order: Order
    state: OrderState = OrderState.ACCEPTED
    channel: Name = ""
