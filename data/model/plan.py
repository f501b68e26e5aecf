"""A plan: what is published, self-contained, so that anyone can check it with nothing but its JSON.

Timeline of a tour. It leaves ``start`` at ``departure_at``. For stop k the vehicle drives ``legs[k]`` (leaving at
``depart_at``, not before the previous end plus the breaks taken there), arrives ``travel_s`` later, waits until
``start_at``, and is busy until ``end_at`` = ``start_at`` + the place's set-up (none where the stop before was at the
same place) + the service of each hand-over, one after the other. ``legs[-1]`` returns to the hub; a vehicle that does
not return has one leg per stop, and ``return_at`` is when it is free after the last one. Windows and opening
hours hold for the *start* of each hand-over, low-emission hours for everything from arrival to departure and for
every zone a leg crosses.

A vehicle that comes back to its hub for more stops there like anywhere else: ``place_id`` is the hub, nothing is handed
over, and from ``start_at`` to ``end_at`` the next trip is loaded. What was collected on the trip before is handed over
by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from data.model.base import Count, Id, Instant, Latitude, Longitude, Price, Value, Window
from data.model.change import Booked, ChangePrices, Failure, Fix, Overrun, Presumed, Returned, Told, Transfer
from data.model.hub import Hub
from data.model.order import Order
from data.model.parcel import Apart
from data.model.place import Place
from data.model.vehicle import Category, Critair, Energy, Vehicle
from data.model.zone import Exemption


class ZoneCrossing(Value):
    """A stretch of a leg inside a zone, in seconds from the leg's departure (both rounded outwards)."""

    zone_id: Id
    enter_s: Count
    exit_s: Count


class Pace(Value):
    """How fast traffic is from ``from_s`` seconds after a leg's departure on: all of the leg would take ``whole_s``."""

    from_s: Count
    whole_s: Count


class Leg(Value):
    """The drive to the next stop; integers are the travel-time table's own entries.

    Where traffic gets faster or slower on the way, ``paces`` holds the entries of each speed met, the first from the
    departure on; ``travel_s`` is then what the shares of the leg driven at each add up to, rounded up.
    """

    depart_at: Instant
    travel_s: Count
    distance_m: Count
    zones: tuple[ZoneCrossing, ...] = ()
    paces: tuple[Pace, ...] = ()


class BoxUse(Value):
    """A parcel's box: index into the locker's ``boxes``."""

    parcel_id: Id
    box: Count


class Handover(Value):
    """One order handed over at a stop: which option of the order, from when, for how long.

    With ``collects`` its parcels are taken in instead, at its ``from_place`` (``option`` is then 0).
    ``late_s`` is by how much it starts after the order's ``promised_by``.
    """

    order_id: Id
    option: Count
    start_at: Instant
    service_s: Count
    boxes: tuple[BoxUse, ...] = ()
    collects: bool = False
    late_s: Count = 0


class Stop(Value):
    """One visit of one place. ``zone_ids`` are the zones in force the place lies in.

    ``loading_list`` is there where the vehicle is loaded again at its hub: the parcels of its next trip, last stop
    first.
    """

    place_id: Id
    arrival_at: Instant
    start_at: Instant
    end_at: Instant
    setup_s: Count
    handovers: tuple[Handover, ...]
    zone_ids: tuple[Id, ...] = ()
    loading_list: tuple[Id, ...] | None = None


class BreakTaken(Value):
    """A driver's break, taken after ``after_stop`` stops (0 = before the first, maybe before the departure)."""

    break_id: Id
    after_stop: Count
    start_at: Instant
    duration_s: Count


class TourStart(Value):
    """Where a tour starts: at its hub, or where the vehicle is when it is already on the road.

    ``trip`` is which of the vehicle's trips of the day that is.
    """

    lat: Latitude
    lon: Longitude
    at_hub: bool = True
    trip: Annotated[int, Meta(ge=1, le=20)] = 1


class Tour(Value):
    """One vehicle's day. ``loading_list`` names the parcels of its first trip in loading order: last stop first.

    ``parcels``, ``load_g`` and ``load_dm3`` are what is handed over; with collections on the way or several trips the
    vehicle never carries all of it at once. ``cost_cents`` is what the vehicle costs; ``late_cents``,
    ``balance_cents`` and ``compactness_cents`` are what the plan counts for lateness, long work and spread.
    """

    vehicle_id: Id
    start: TourStart
    departure_at: Instant
    return_at: Instant
    legs: tuple[Leg, ...]
    stops: tuple[Stop, ...]
    breaks: tuple[BreakTaken, ...] = ()
    parcels: Count
    load_g: Count
    load_dm3: Count
    distance_m: Count
    travel_s: Count
    service_s: Count
    waiting_s: Count
    cost_cents: Count
    late_cents: Count = 0
    balance_cents: Count = 0
    compactness_cents: Count = 0
    co2e_mg_per_km: Count
    co2e_g: Count
    loading_list: tuple[Id, ...]

    def most_on_board(self, orders: Mapping[str, Order]) -> tuple[int, int, int]:
        """Return the most parcels, grams and dm3 the vehicle carries at once, each at its own time."""
        most = [0, 0, 0]
        now = [0, 0, 0]
        for stop in reversed(self.stops):  # back in time: what is handed over comes on board
            if stop.loading_list is not None:
                now = [0, 0, 0]
            for each in reversed(stop.handovers):
                order, sign = orders[each.order_id], -1 if each.collects else 1
                amounts = (len(order.parcels), order.load_g, order.volume_dm3)
                now = [before + sign * amount for before, amount in zip(now, amounts, strict=True)]
                most = [max(pair) for pair in zip(most, now, strict=True)]
        return most[0], most[1], most[2]


class Closure(Value):
    """When a zone is closed to an access class, already resolved to instants for the planned day."""

    zone_id: Id
    first_banned: Critair
    hours: str
    decree_url: str = ""
    closed: tuple[Window, ...]


class AccessClass(Value):
    """Vehicles that may drive the same streets at the same times."""

    id: Id
    category: Category
    critair: Critair
    energy: Energy
    vehicle_ids: tuple[Id, ...]
    exempt_zone_ids: tuple[Id, ...] = ()
    closures: tuple[Closure, ...] = ()


class PlaceHours(Value):
    """When a place is open on the planned day, resolved from its opening_hours."""

    place_id: Id
    open: tuple[Window, ...]


class Lock(Value):
    """What must not change: these orders, on this vehicle; with ``sequence`` also first and in this order."""

    vehicle_id: Id
    order_ids: tuple[Id, ...]
    sequence: bool
    closed_to_others: bool = False
    reason: str


class Reason(Value):
    """Why an order is not on a tour; ``code`` is stable, ``text`` is for people."""

    code: Id
    text: str
    vehicle_id: str = ""
    zone_id: str = ""
    place_id: str = ""


class Postponed(Value):
    """An order that goes on a later day its promise still holds; after a failed hand-over (``second``) on the next."""

    order_id: Id
    to_day: date
    reasons: tuple[Reason, ...]
    second: bool = False


class Unassigned(Value):
    """An order that no tour takes and whose promise is thereby broken (or can't be kept at all)."""

    order_id: Id
    reasons: tuple[Reason, ...]
    fixes: tuple[Fix, ...] = ()


class HireOption(Value):
    """A vehicle that could be hired: the promises it would keep and at what price."""

    vehicle_id: Id
    saves_order_ids: tuple[Id, ...]
    cost_cents: Count
    cents_per_order: Count


class Bound(Value):
    """What the fleet can carry and the boxes can take at most, per limiting resource; ``orders`` is the smallest."""

    orders: Count
    by_parcels: Count
    by_load_g: Count
    by_volume_dm3: Count
    by_boxes: Count
    by_time: Count
    explanation: str


class Totals(Value):
    """Sums over the plan; costs in cents, emissions in grams of CO2e (well to wheel).

    ``stops`` counts without the ``reloads`` at the hub; ``late`` are the orders handed over late. ``change_cents`` is
    what changing the plan before counts; it is no part of ``cost_cents``.
    """

    orders: Count
    served: Count
    postponed: Count
    unassigned: Count
    tours: Count
    stops: Count
    distance_m: Count
    travel_s: Count
    service_s: Count
    waiting_s: Count
    vehicle_cents: Count
    option_cents: Count
    late_cents: Count = 0
    balance_cents: Count = 0
    compactness_cents: Count = 0
    cost_cents: Count
    co2e_g: Count
    reloads: Count = 0
    late: Count = 0
    returned: Count = 0
    change_cents: Count = 0


class Plan(Value, omit_defaults=False):
    """A complete plan for one day, as written to disk and sent over the wire.

    ``done`` are orders handed over before this plan was made, ``presumed`` those of them that only the plan before says
    so of: nothing was heard of their vehicles. ``moved`` are orders that were on another vehicle in
    the plan this one replaces, ``told`` what that plan said of each, ``change_prices`` what changing that counts.
    ``overruns`` are rules that can't be kept any more for what is loaded. ``failed`` hand-overs are on another stop,
    presented again (``postponed``) or ``returned``; vehicles ``down`` drive no more that day; ``cancelled`` orders are
    gone. ``booked`` is what later days carry already, ``transfers`` run between the hubs.
    ``city_id`` is the hash of the streets and places it was made on.
    ``emission_factors`` names the dated factor set behind ``co2e_mg_per_km``.
    """

    format: Literal["jalon.plan/1"] = "jalon.plan/1"
    id: Id
    day: date
    time_zone: str
    created_at: Instant
    city: str
    city_id: str = ""
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
    replaces: str = ""
    hubs: tuple[Hub, ...]
    vehicles: tuple[Vehicle, ...]
    places: tuple[Place, ...]
    place_hours: tuple[PlaceHours, ...]
    orders: tuple[Order, ...]
    delivery_days: tuple[date, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    apart: tuple[Apart, ...] = ()
    balance_cents_per_h2: Price = 0
    compactness_cents_per_km2: Price = 0
    access: tuple[AccessClass, ...]
    locks: tuple[Lock, ...]
    tours: tuple[Tour, ...]
    postponed: tuple[Postponed, ...]
    unassigned: tuple[Unassigned, ...]
    done: tuple[Id, ...] = ()
    presumed: tuple[Presumed, ...] = ()
    moved: tuple[Id, ...] = ()
    told: tuple[Told, ...] = ()
    change_prices: ChangePrices = ChangePrices()
    overruns: tuple[Overrun, ...] = ()
    failed: tuple[Failure, ...] = ()
    returned: tuple[Returned, ...] = ()
    cancelled: tuple[Id, ...] = ()
    down: tuple[Id, ...] = ()
    booked: tuple[Booked, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    hire_options: tuple[HireOption, ...] = ()
    bound: Bound
    emission_factors: str
    totals: Totals
