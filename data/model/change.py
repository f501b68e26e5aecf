"""What changes a plan in force: prices of changing it, what customers were told, what went wrong on the road."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from data.model.base import Count, Id, Instant, Price, Value
from data.model.parcel import Parcel


class FailureReason(StrEnum):
    """Why a hand-over failed. The first four are tried again, the others go back to the sender."""

    ABSENT = "absent"
    CLOSED = "closed"
    FULL = "full"
    LATE = "late"
    REFUSED = "refused"
    ADDRESS = "address"
    DAMAGED = "damaged"

    @property
    def comes_back(self) -> bool:
        """Whether the parcel is presented again: elsewhere today, or at the same place on the next delivery day."""
        return self not in (FailureReason.REFUSED, FailureReason.ADDRESS, FailureReason.DAMAGED)


class Failure(Value):
    """A hand-over that was tried at ``place_id`` (empty: where it was planned) and failed."""

    order_id: Id
    reason: FailureReason
    place_id: str = ""
    at: Instant | None = None


class ChangePrices(Value):
    """What changing a plan counts when it is weighed against driving; nobody is paid that.

    ``move_cents`` is for an order that goes to another vehicle, ``sorted_cents`` comes on top where its parcels are
    already sorted for the first one, ``eta_cents_per_minute`` is for each minute later than told: who is early can
    wait at the door, who is late can't. ``loading_cents`` is for an order that stays on its vehicle but is loaded in
    another order: per vehicle the fewest that would have to be taken out for the others to be in the order told. At
    most ``max_moves`` orders change vehicle; those that must, since their vehicle is down or left without them, not
    counted.
    """

    move_cents: Price = 0
    sorted_cents: Price = 0
    eta_cents_per_minute: Price = 0
    loading_cents: Price = 0
    max_moves: Count | None = None


class Told(Value):
    """Vehicle and hour of an order in the plan before; ``forced`` where what has happened takes it off that vehicle.

    It was to be the vehicle's hand-over number ``place``, from 0, of those that plan had ahead.
    """

    order_id: Id
    vehicle_id: Id
    start_at: Instant
    sorted: bool = False
    forced: bool = False
    place: Count = 0


class Presumed(Value):
    """An order that its vehicle has handed over by the plan, of which no status says so yet."""

    order_id: Id
    vehicle_id: Id


class Overrun(Value):
    """A rule that can no longer be kept for what is loaded: by how much, and why that is the least.

    With ``order_id`` the hand-over starts ``late_s`` after the order's window, without it the tour ends that much after
    the shift. The plan is made all the same: the parcels are on the road.
    """

    vehicle_id: Id
    order_id: str = ""
    late_s: Count
    text: str


class Returned(Value):
    """An order that is not handed over any more: refused, cancelled when it was loaded, or out of presentations."""

    order_id: Id
    code: Id
    text: str


class Fix(Value):
    """What would make an order fit, proven like a reason: an order of its own place, another vehicle, another hour.

    ``code`` is ``OTHER_PLACE``, ``MORE_VEHICLES``, ``OTHER_HOUR`` or ``MOVE_OTHER``; ``cost_cents`` what it adds.
    """

    code: Id
    text: str
    place_id: str = ""
    vehicle_id: str = ""
    order_id: str = ""
    cost_cents: Count = 0


class Booked(Value):
    """What a hub's vehicles of a later day have to carry already."""

    day: date
    hub_id: Id
    orders: Count
    parcels: Count
    load_g: Count = 0
    volume_dm3: Count = 0


class Transfer(Value):
    """A drive between two hubs: parcels ready at ``from_hub_id`` by ``leaves_at`` are ready at the other after it."""

    from_hub_id: Id
    to_hub_id: Id
    leaves_at: Instant
    arrives_at: Instant

    def takes(self, parcel: Parcel, hub_id: str) -> bool:
        """Return whether it brings a parcel to a hub."""
        in_time = parcel.ready_at is None or parcel.ready_at <= self.leaves_at
        return in_time and (self.from_hub_id, self.to_hub_id) == (parcel.hub_id, hub_id)
