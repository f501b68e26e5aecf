"""What a planner is asked: one day, a fleet, places, orders, and what is already fixed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from data.model.base import Id, Instant, Latitude, Longitude, Price, Value
from data.model.change import Booked, Failure, Transfer
from data.model.hub import Hub
from data.model.order import Order
from data.model.parcel import Apart
from data.model.place import Place
from data.model.vehicle import Vehicle
from data.model.zone import Exemption


class VehicleStatus(Value):
    """What a vehicle has done so far on the planned day.

    Its tour freezes at the first loading scan (``loading_started``): the stops and their order stay, nothing is
    added. Once it has left, ``lat``/``lon``/``at`` say where it is, ``done`` which orders are handed over (or
    failed), ``on_board`` which it still carries; on-board orders stay on this vehicle. ``breaks_done`` are the
    breaks its driver has taken. ``trip`` counts the times it was or is being loaded: 2 once it has been back once.
    ``failed`` hand-overs were tried in vain. A vehicle that is ``down`` drives no more: what it carries is collected
    where it stands or, with ``hand_back_at``, is ready at its hub from then on.
    """

    vehicle_id: Id
    loading_started: bool = False
    trip: Annotated[int, Meta(ge=1, le=20)] = 1
    lat: Latitude | None = None
    lon: Longitude | None = None
    at: Instant | None = None
    done: tuple[Id, ...] = ()
    on_board: tuple[Id, ...] = ()
    breaks_done: tuple[Id, ...] = ()
    failed: tuple[Failure, ...] = ()
    down: bool = False
    hand_back_at: Instant | None = None

    def __post_init__(self) -> None:
        given = [value is not None for value in (self.lat, self.lon, self.at)]
        if any(given) and not all(given):
            raise ValueError("a vehicle that has left needs lat, lon and at together")
        if self.on_board and not all(given):
            raise ValueError("a vehicle with orders on_board needs lat, lon and at")

    @property
    def has_left(self) -> bool:
        """Whether the vehicle is on the road."""
        return self.at is not None


class PlanRequest(Value, omit_defaults=False):
    """The input of ``jalon solve``: ``format`` is its version.

    ``city`` is the path of the ``.city`` file, relative to the request's own file. ``places`` are homes and any
    place the city doesn't know; an order's option may name either. ``done`` are orders already handed over.
    ``apart`` are the kinds of parcels that may not be on one tour.
    ``delivery_days`` are the days later than ``day`` on which the same fleet runs, for postponing within the promise.
    ``balance_cents_per_h2`` prices uneven work: that much for the squared hours of driving and serving of each tour.
    ``compactness_cents_per_km2`` prices tours that spread: for the squared distance of each hand-over and collection
    from the centre (the mean) of its tour's.
    ``booked`` is what later days carry already. ``transfers`` bring parcels that are at another hub;
    with ``change_hubs`` an order may go through any hub that its parcels are brought to in time.
    Vehicles that are ``down`` do nothing that day.
    """

    format: Literal["jalon.request/1"] = "jalon.request/1"
    day: date
    time_zone: str = "Europe/Paris"
    city: str = ""
    hubs: Annotated[tuple[Hub, ...], Meta(min_length=1)]
    vehicles: Annotated[tuple[Vehicle, ...], Meta(min_length=1)]
    places: tuple[Place, ...] = ()
    orders: tuple[Order, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    statuses: tuple[VehicleStatus, ...] = ()
    done: tuple[Id, ...] = ()
    delivery_days: tuple[date, ...] = ()
    apart: tuple[Apart, ...] = ()
    balance_cents_per_h2: Price = 0
    compactness_cents_per_km2: Price = 0
    booked: tuple[Booked, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    change_hubs: bool = False
    down: tuple[Id, ...] = ()


class OrderBook(Value, omit_defaults=False):
    """Orders on their own, as in a burst: with the home places they bring.

    ``changed`` ones replace what is known by their ids, ``cancelled`` ones are not wanted any more.
    """

    format: Literal["jalon.orders/1"] = "jalon.orders/1"
    places: tuple[Place, ...] = ()
    orders: tuple[Order, ...] = ()
    changed: tuple[Order, ...] = ()
    cancelled: tuple[Id, ...] = ()
