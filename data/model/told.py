"""What a carrier's own system tells by name, with whatever else it wants back: ``extensions`` are kept and not read."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from data.model.base import Id, Value, Window
from data.model.break_rules import BreakRule
from data.model.hub import Hub
from data.model.order import Order
from data.model.place import Place
from data.model.request import PlanRequest
from data.model.vehicle import Break, Vehicle

Extensions = dict[Annotated[str, Meta(max_length=128)], Any]


class ToldHub(Hub):
    """A hub as told."""

    extensions: Extensions = msgspec.field(default_factory=dict)


class ToldVehicle(Vehicle):
    """A vehicle as told; hours of its shift and breaks are the local clock's, on whichever day is planned."""

    extensions: Extensions = msgspec.field(default_factory=dict)


class ToldPlace(Place):
    """A place as told."""

    extensions: Extensions = msgspec.field(default_factory=dict)


class ToldOrder(Order):
    """An order as told."""

    extensions: Extensions = msgspec.field(default_factory=dict)


class ToldDriver(Value):
    """A driver, who brings skills to a vehicle and whose shift and breaks are then the vehicle's.

    Without ``vehicle_id`` the driver is free that day.
    """

    id: Id
    vehicle_id: str = ""
    skills: tuple[str, ...] = ()
    shift: Window | None = None
    breaks: tuple[Break, ...] = ()
    break_rule: BreakRule = BreakRule.NONE
    extensions: Extensions = msgspec.field(default_factory=dict)

    def drives(self, vehicle: Vehicle) -> Vehicle:
        """Return the vehicle with this driver in it."""
        skills = tuple(dict.fromkeys((*vehicle.skills, *self.skills)))
        if self.shift is None:
            return vehicle.replace(skills=skills)
        return vehicle.replace(skills=skills, shift=self.shift, breaks=self.breaks, break_rule=self.break_rule)


class ToldRequest(PlanRequest):
    """A :class:`data.model.request.PlanRequest` that may name what was told before.

    A hub, a vehicle or a place is given whole or by its id; without any, all hubs and vehicles told are meant. ``city``
    is the name of a city the server has open.
    """

    hubs: tuple[ToldHub | Id, ...] = ()  # type: ignore[assignment]
    vehicles: tuple[ToldVehicle | Id, ...] = ()  # type: ignore[assignment]
    places: tuple[ToldPlace | Id, ...] = ()  # type: ignore[assignment]
    orders: tuple[ToldOrder, ...] = ()
