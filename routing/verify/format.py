"""What a plan of format ``jalon.plan/1`` made, and the whole of it, as the checker knows it.

Standard library only; written from the format's description, not shared with ``data.model``. A key that is absent
has its default; a key that is not listed is a violation.
"""

from __future__ import annotations

from typing import NamedTuple

from routing.verify.facts import (
    AccessClass,
    Apart,
    Booked,
    ChangePrices,
    Exemption,
    Failure,
    Hub,
    Lock,
    Order,
    Place,
    PlaceHours,
    Presumed,
    Told,
    Transfer,
    Vehicle,
)
from routing.verify.read import Count, Day, Flag, Id, Latitude, Longitude, Moment, Second, Text, Whole

FORMAT = "jalon.plan/1"


class Crossing(NamedTuple):
    """A stretch of a leg inside a zone, in seconds from the leg's departure."""

    zone_id: Id
    enter_s: Count
    exit_s: Count

    def flaw(self) -> str:
        """Return what is wrong with the crossing as a whole."""
        return "the zone is left before it is entered" if self.exit_s < self.enter_s else ""


class Pace(NamedTuple):
    """From so many seconds after the departure on, all of the leg would take ``whole_s``."""

    from_s: Count
    whole_s: Count


class Leg(NamedTuple):
    """A drive to the next stop, or back to the hub; ``paces`` where speeds change on the way."""

    depart_at: Second
    travel_s: Count
    distance_m: Count
    zones: tuple[Crossing, ...] = ()
    paces: tuple[Pace, ...] = ()

    def flaw(self) -> str:
        """Return what is wrong with the leg as a whole."""
        starts = [pace.from_s for pace in self.paces]
        if starts and (starts[0] != 0 or sorted(set(starts)) != starts or starts[-1] > self.travel_s):
            return "paces begin with the departure and follow each other until the arrival"
        return ""


class BoxUse(NamedTuple):
    """The box a parcel is put in."""

    parcel_id: Id
    box: Count


class Handover(NamedTuple):
    """One order handed over at a stop or, with ``collects``, taken in there."""

    order_id: Id
    option: Count
    start_at: Second
    service_s: Count
    boxes: tuple[BoxUse, ...] = ()
    collects: Flag = False
    late_s: Count = 0


class Stop(NamedTuple):
    """One visit of one place or, where it has a ``loading_list``, of the hub to be loaded again."""

    place_id: Id
    arrival_at: Second
    start_at: Second
    end_at: Second
    setup_s: Count
    handovers: tuple[Handover, ...]
    zone_ids: tuple[Id, ...] = ()
    loading_list: tuple[Id, ...] | None = None


class BreakTaken(NamedTuple):
    """A break, taken after ``after_stop`` stops."""

    break_id: Id
    after_stop: Count
    start_at: Second
    duration_s: Count


class Start(NamedTuple):
    """Where a tour starts."""

    lat: Latitude
    lon: Longitude
    at_hub: Flag = True
    trip: Count = 1


class Tour(NamedTuple):
    """One vehicle's day."""

    vehicle_id: Id
    start: Start
    departure_at: Second
    return_at: Second
    legs: tuple[Leg, ...]
    stops: tuple[Stop, ...]
    parcels: Count
    load_g: Count
    load_dm3: Count
    distance_m: Count
    travel_s: Count
    service_s: Count
    waiting_s: Count
    cost_cents: Count
    co2e_mg_per_km: Count
    co2e_g: Count
    loading_list: tuple[Id, ...]
    breaks: tuple[BreakTaken, ...] = ()
    late_cents: Count = 0
    balance_cents: Count = 0
    compactness_cents: Count = 0


class Reason(NamedTuple):
    """Why an order is not on a tour."""

    code: Id
    text: Text
    vehicle_id: Text = ""
    zone_id: Text = ""
    place_id: Text = ""


class Postponed(NamedTuple):
    """An order that goes on a later day."""

    order_id: Id
    to_day: Day
    reasons: tuple[Reason, ...]
    second: Flag = False


class Fix(NamedTuple):
    """What would make an order fit."""

    code: Id
    text: Text
    place_id: Text = ""
    vehicle_id: Text = ""
    order_id: Text = ""
    cost_cents: Count = 0


class Unassigned(NamedTuple):
    """An order that no tour takes."""

    order_id: Id
    reasons: tuple[Reason, ...]
    fixes: tuple[Fix, ...] = ()


class Overrun(NamedTuple):
    """A window, or without an order the shift, that can't be kept any more for what is loaded."""

    vehicle_id: Id
    late_s: Count
    text: Text
    order_id: Text = ""


class Returned(NamedTuple):
    """An order that is not handed over any more."""

    order_id: Id
    code: Id
    text: Text


class HireOption(NamedTuple):
    """A vehicle that could be hired."""

    vehicle_id: Id
    saves_order_ids: tuple[Id, ...]
    cost_cents: Count
    cents_per_order: Count


class Bound(NamedTuple):
    """What the fleet can carry at most."""

    orders: Count
    by_parcels: Count
    by_load_g: Count
    by_volume_dm3: Count
    by_boxes: Count
    by_time: Count
    explanation: Text


class Totals(NamedTuple):
    """Sums over the plan."""

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
    cost_cents: Count
    co2e_g: Count
    late_cents: Count = 0
    balance_cents: Count = 0
    compactness_cents: Count = 0
    reloads: Count = 0
    late: Count = 0
    returned: Count = 0
    change_cents: Count = 0


class Plan(NamedTuple):
    """A complete plan for one day."""

    id: Id
    day: Day
    time_zone: Text
    created_at: Moment
    city: Text
    seed: Whole
    hubs: tuple[Hub, ...]
    vehicles: tuple[Vehicle, ...]
    places: tuple[Place, ...]
    place_hours: tuple[PlaceHours, ...]
    orders: tuple[Order, ...]
    access: tuple[AccessClass, ...]
    locks: tuple[Lock, ...]
    tours: tuple[Tour, ...]
    postponed: tuple[Postponed, ...]
    unassigned: tuple[Unassigned, ...]
    bound: Bound
    emission_factors: Text
    totals: Totals
    format: Text = FORMAT
    city_id: Text = ""
    replaces: Text = ""
    done: tuple[Id, ...] = ()
    presumed: tuple[Presumed, ...] = ()
    moved: tuple[Id, ...] = ()
    delivery_days: tuple[Day, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    hire_options: tuple[HireOption, ...] = ()
    apart: tuple[Apart, ...] = ()
    balance_cents_per_h2: Count = 0
    compactness_cents_per_km2: Count = 0
    told: tuple[Told, ...] = ()
    change_prices: ChangePrices = ChangePrices()
    overruns: tuple[Overrun, ...] = ()
    failed: tuple[Failure, ...] = ()
    returned: tuple[Returned, ...] = ()
    cancelled: tuple[Id, ...] = ()
    down: tuple[Id, ...] = ()
    booked: tuple[Booked, ...] = ()
    transfers: tuple[Transfer, ...] = ()
