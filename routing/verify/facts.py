"""What a plan of format ``jalon.plan/1`` was given, as the checker knows it: every key, its type and its default.

Standard library only; written from the format's description, not shared with ``data.model``. A key that is absent
has its default; a key that is not listed is a violation.
"""

from __future__ import annotations

from typing import NamedTuple

from routing.verify.read import (
    Category,
    Count,
    Critair,
    Day,
    Energy,
    FailureReason,
    Flag,
    Id,
    Latitude,
    Longitude,
    Moment,
    ParcelState,
    Percent,
    PlaceKind,
    Role,
    Text,
)


class Window(NamedTuple):
    """From ``start_at`` to ``end_at``, both included (but see :class:`Closure`)."""

    start_at: Moment
    end_at: Moment

    def flaw(self) -> str:
        """Return what is wrong with the window as a whole."""
        return "the window closes before it opens" if self.end_at < self.start_at else ""


class Size(NamedTuple):
    """Outer or inner size in millimetres."""

    length_mm: Count
    width_mm: Count
    height_mm: Count

    def fits(self, other: Size) -> bool:
        """Return whether this box goes into ``other``, turned any right-angled way."""
        return all(mine <= theirs for mine, theirs in zip(sorted(self), sorted(other)))


class Hub(NamedTuple):
    """Where tours start and end."""

    id: Id
    lat: Latitude
    lon: Longitude
    name: Text = ""
    loading_s: Count = 0


class Break(NamedTuple):
    """A driver's break, due if the tour is still on at ``due_at``, or when its window opens."""

    id: Id
    window: Window
    duration_s: Count
    due_at: Moment | None = None


class Costs(NamedTuple):
    """What a vehicle costs."""

    fixed_cents: Count = 0
    per_km_cents: Count = 0
    per_hour_cents: Count = 0


class Vehicle(NamedTuple):
    """A vehicle with its driver."""

    id: Id
    hub_id: Id
    category: Category
    capacity_parcels: Count
    capacity_g: Count
    capacity_dm3: Count
    shift: Window
    critair: Critair = "NC"
    energy: Energy = "diesel"
    breaks: tuple[Break, ...] = ()
    costs: Costs = Costs()
    skills: tuple[Text, ...] = ()
    role: Role = "own"
    max_mm: Size | None = None
    use_per_100km_milli: Count = 0
    name: Text = ""
    refused_kinds: tuple[Id, ...] = ()
    break_rule: Text = "none"
    max_trips: Count = 1
    returns: Flag = True
    reload_s: Count | None = None


class Box(NamedTuple):
    """The free boxes of one size in a locker."""

    size: Id
    free: Count
    inner_mm: Size
    max_load_g: Count = 30_000


class Place(NamedTuple):
    """Where a parcel may be handed over."""

    id: Id
    kind: PlaceKind
    lat: Latitude
    lon: Longitude
    name: Text = ""
    address: Text = ""
    postcode: Text = ""
    brand: Text = ""
    opening_hours: Text | None = None
    setup_s: Count = 0
    service_s: Count = 120
    boxes: tuple[Box, ...] = ()
    daily_cap_parcels: Count | None = None
    max_load_g: Count | None = None
    max_mm: Size | None = None


class PlaceHours(NamedTuple):
    """When a place is open on the planned day."""

    place_id: Id
    open: tuple[Window, ...]


class Parcel(NamedTuple):
    """One parcel; ``hub_id`` empty is the order's."""

    id: Id
    load_g: Count
    volume_dm3: Count
    size_mm: Size = Size(300, 200, 100)
    state: ParcelState = "at_hub"
    hub_id: Text = ""
    ready_at: Moment | None = None
    kind: Text = ""


class Apart(NamedTuple):
    """Two kinds of parcels that may not be on one tour."""

    kind: Id
    other: Id


class Option(NamedTuple):
    """One place an order may be handed over at; no windows is any time, no ``service_s`` is the place's."""

    place_id: Id
    windows: tuple[Window, ...] = ()
    cost_cents: Count = 0
    service_s: Count | None = None


class Order(NamedTuple):
    """An order; all its parcels go together to one of its options, from the hub or from where they are collected."""

    id: Id
    hub_id: Id
    parcels: tuple[Parcel, ...]
    options: tuple[Option, ...]
    promised_on: Day
    priority: Percent = 0
    skills: tuple[Text, ...] = ()
    shipper: Text = ""
    created_at: Moment | None = None
    from_place: Option | None = None
    promised_by: Moment | None = None
    late_cents_per_hour: Count = 0

    def flaw(self) -> str:
        """Return what is wrong with the order as a whole."""
        return "" if self.parcels and self.options else "an order needs a parcel and an option"


class Exemption(NamedTuple):
    """A vehicle that may enter a zone between two dates, on so many days a year."""

    vehicle_id: Id
    zone_id: Id
    valid_from: Day
    valid_to: Day
    yearly_quota: Count | None = None
    used_days: Count = 0


class Closure(NamedTuple):
    """When a zone is closed to an access class; here alone an interval's end is not part of it."""

    zone_id: Id
    first_banned: Critair
    hours: Text
    closed: tuple[Window, ...]
    decree_url: Text = ""


class AccessClass(NamedTuple):
    """Vehicles that may drive the same streets at the same times."""

    id: Id
    category: Category
    critair: Critair
    energy: Energy
    vehicle_ids: tuple[Id, ...]
    exempt_zone_ids: tuple[Id, ...] = ()
    closures: tuple[Closure, ...] = ()


class Lock(NamedTuple):
    """What must not change."""

    vehicle_id: Id
    order_ids: tuple[Id, ...]
    sequence: Flag
    reason: Text
    closed_to_others: Flag = False


class ChangePrices(NamedTuple):
    """What changing the plan before counts."""

    move_cents: Count = 0
    sorted_cents: Count = 0
    eta_cents_per_minute: Count = 0
    loading_cents: Count = 0
    max_moves: Count | None = None


class Told(NamedTuple):
    """Vehicle, hour and place in the sequence of an order in the plan before."""

    order_id: Id
    vehicle_id: Id
    start_at: Moment
    sorted: Flag = False
    forced: Flag = False
    place: Count = 0


class Presumed(NamedTuple):
    """An order that only the plan before says is handed over."""

    order_id: Id
    vehicle_id: Id


class Failure(NamedTuple):
    """A hand-over that was tried in vain."""

    order_id: Id
    reason: FailureReason
    place_id: Text = ""
    at: Moment | None = None


class Booked(NamedTuple):
    """What a hub's vehicles of a later day carry already."""

    day: Day
    hub_id: Id
    orders: Count
    parcels: Count
    load_g: Count = 0
    volume_dm3: Count = 0


class Transfer(NamedTuple):
    """A drive between two hubs."""

    from_hub_id: Id
    to_hub_id: Id
    leaves_at: Moment
    arrives_at: Moment
