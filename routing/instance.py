"""A request made ready to solve: model values, travel times and the flat problem, with the way back from indices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from data.model.base import Window
from data.model.city import City
from data.model.order import Order
from data.model.place import Place
from data.model.plan import AccessClass
from data.model.request import PlanRequest, VehicleStatus
from data.model.vehicle import Vehicle
from routing.problem import Problem
from routing.travel import TravelTimes

ON_ROAD = "@"
"""Prefix of the location name of a vehicle that is on the road."""


@dataclass(frozen=True)
class Instance:
    """Everything a solve of one request needs.

    Attributes
    ----------
    orders : tuple of Order
        The problem's orders in index order (orders already handed over are left out). The problem counts more: what
        is yet to be collected has a second half, behind all of these, and last come rows for loading again.
    vehicles : tuple of Vehicle
        The problem's vehicles in index order (hired ones last: they are proposed, not planned).
    places : dict of str to Place
        Every place an option names.
    hours : dict of str to tuple of Window
        Resolved opening hours of the places that have any.
    location_zone : tuple of int
        Index into ``city.zones`` of the zone in force at each location, or -1.
    option_place, option_index : tuple
        Place id and index within its order of each option k.
    done : frozenset of str
        Orders handed over before this instance.
    present_s : int
        Second of the day before which nothing is loaded any more.
    """

    request: PlanRequest
    city: City
    access: tuple[AccessClass, ...]
    travel: TravelTimes
    problem: Problem
    orders: tuple[Order, ...]
    vehicles: tuple[Vehicle, ...]
    places: dict[str, Place]
    hours: dict[str, tuple[Window, ...]]
    location_zone: tuple[int, ...]
    option_place: tuple[str, ...]
    option_index: tuple[int, ...]
    statuses: dict[str, VehicleStatus]
    done: frozenset[str]
    present_s: int = 0

    @property
    def first_reload(self) -> int:
        """The first of the problem's rows that stand for a vehicle being loaded again; N where there is none."""
        extras = self.problem.tables.extras
        return self.problem.orders if extras is None else int(extras.reload_ptr[0])

    def order_of(self, row: int) -> Order:
        """Return the order of a problem's row, be it the collecting half of a pair."""
        return self.orders[row if row < len(self.orders) else int(self.problem.tables.partner[row])]

    def access_of(self, column: int) -> AccessClass:
        """Return the access class of a vehicle; a problem may split classes that are one on the street."""
        vehicle_id = self.vehicles[column].id
        return next(group for group in self.access if vehicle_id in group.vehicle_ids)

    def at(self, day_s: int) -> datetime:
        """Return the aware instant of a second on the day axis, in the request's time zone."""
        return datetime.fromtimestamp(self.problem.epoch_at.timestamp() + int(day_s), self.problem.epoch_at.tzinfo)

    def day_s(self, instant: datetime) -> int:
        """Return an instant as seconds on the day axis (elapsed, so DST days are 23 or 25 hours long)."""
        return elapsed_s(self.problem.epoch_at, instant)


def elapsed_s(epoch_at: datetime, instant: datetime, *, up: bool = False) -> int:
    """Return whole seconds between two aware instants, whatever their time zones, parts of a second down (or up).

    What begins is rounded up and what ends is rounded down, so that nothing happens a split second early or late.
    """
    micros = (instant.astimezone(UTC) - epoch_at.astimezone(UTC)) // timedelta(microseconds=1)
    return -(-micros // 1_000_000) if up else micros // 1_000_000
