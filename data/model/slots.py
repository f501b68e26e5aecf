"""What a plan in force could still take: asked for orders that are not in it, answered by place and window."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from data.model.base import Count, Id, Instant, Value, Window
from data.model.order import Order
from data.model.place import Place
from data.model.request import VehicleStatus

MOST_ORDERS = 500
MOST_WINDOWS = 48


class SlotQuery(Value):
    """New orders, each asked for on its own, as if the others were not there.

    ``windows`` are tried for every option that names none of its own; an option with neither may be served any time its
    place is open. With ``each_vehicle`` the answer tells every vehicle on its own, not only the cheapest. ``statuses``
    and ``freeze_before`` are those of a re-plan: what is loaded, on the road or announced takes nothing new.
    """

    orders: Annotated[tuple[Order, ...], Meta(min_length=1, max_length=MOST_ORDERS)]
    places: tuple[Place, ...] = ()
    windows: Annotated[tuple[Window, ...], Meta(max_length=MOST_WINDOWS)] = ()
    each_vehicle: bool = False
    statuses: tuple[VehicleStatus, ...] = ()
    freeze_before: Instant | None = None


class Slot(Value, omit_defaults=False):
    """One place and window: whether the order still fits there, with which vehicle, when and at what price.

    Attributes
    ----------
    option : int
        Index into the order's options.
    window : Window, optional
        ``None``: whenever the place is open.
    eta_at : datetime, optional
        When it would be handed over as the plan stands.
    cost_cents : int
        What it adds to the plan's cost, its option's and its lateness's price included.
    delayed : int
        Hand-overs of others that would come later than planned, ``delay_s`` the most by which.
    reason : str
        Why it does not fit: a code as of unassigned orders; empty where it does.
    """

    option: Count
    place_id: Id
    window: Window | None = None
    fits: bool
    vehicle_id: str = ""
    eta_at: datetime | None = None
    cost_cents: int = 0
    delayed: Count = 0
    delay_s: Count = 0
    reason: str = ""
    text: str = ""


class OrderSlots(Value, omit_defaults=False):
    """What is open to one order; ``best`` is the index of the cheapest slot that fits."""

    order_id: Id
    slots: tuple[Slot, ...]
    best: int | None = None


class SlotAnswer(Value, omit_defaults=False):
    """What a plan could still take."""

    plan_id: Id
    time_zone: str
    orders: tuple[OrderSlots, ...]
