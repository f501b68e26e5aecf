"""What really happened: scans, departures, deliveries, failures, collections from lockers."""

from __future__ import annotations

from enum import StrEnum

from data.model.base import Id, Instant, Value
from data.model.reservation import Name


class EventKind(StrEnum):
    """What may happen to a parcel, an order, a vehicle or a place."""

    RECEIVED = "received"
    SORTED = "sorted"
    LOADED = "loaded"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    DELIVERED = "delivered"
    COLLECTED = "collected"
    FAILED = "failed"
    RETURNED = "returned"
    CLOSED = "closed"
    OPENED = "opened"
    INCIDENT = "incident"


class Event(Value):
    """One thing that happened ``at`` an instant.

    Attributes
    ----------
    id : str
        The sender's own; the same one sent again is the same event.
    box : str
        Size of the locker's box a parcel was put in (``delivered``) or taken from (``collected``, ``returned``).
    reason : str
        Why it failed, a code of the sender's: no names, no addresses.
    """

    id: Id
    kind: EventKind
    at: Instant
    order_id: Name = ""
    parcel_id: Name = ""
    place_id: Name = ""
    hub_id: Name = ""
    vehicle_id: Name = ""
    box: Name = ""
    reason: Name = ""
