"""Why an order is on no tour: proven alone on every vehicle first, then against the plan.

Codes follow the field's vocabulary (``SKILL_CONSTRAINT``, ``CAPACITY_CONSTRAINT``, ...) and add ``ZFE_CONSTRAINT``,
``LOCKER_CAPACITY_CONSTRAINT``, ``OPENING_HOURS_CONSTRAINT``, ``FLEET_FULL`` (the order fits some vehicle that had
nothing else to do, but none as the plan stands), ``MIX_CONSTRAINT`` (those that have room carry goods it must be kept
apart from) and ``COST_CONSTRAINT`` (it fits the plan, but leaving it out is
cheaper). A rule is named where the order would fit the vehicle alone without that one rule; ``TIME_WINDOW_CONSTRAINT``
is what remains.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from data.model.order import Order
from data.model.place import PlaceKind, refuses
from data.model.plan import Reason
from data.model.vehicle import Role
from routing.build_fleet import may_take
from routing.instance import Instance
from routing.problem import INF_TRAVEL_S, NO_LOCATION
from routing.relaxed import Alone, Rule, insertion_cost, mixed, priceless
from routing.solver.rules import Rules
from routing.solver.tours import Tours, copy_tours, resources_free

TEXT = {
    "HUB_CONSTRAINT": "its parcels are at another hub",
    "SKILL_CONSTRAINT": "it lacks a skill the order needs",
    "DIMENSION_CONSTRAINT": "a parcel is larger than it takes",
    "KIND_CONSTRAINT": "it must not carry goods of that kind",
    "CAPACITY_CONSTRAINT": "the order alone is over its capacity",
    "RELEASE_CONSTRAINT": "the parcels are ready too late for its shift",
    "REACHABLE_CONSTRAINT": "no street it may use leads there and back",
    "TIME_WINDOW_CONSTRAINT": "it can't be there inside the window and back before its shift ends",
    "LOCKED_VEHICLE": "it is being loaded or on the road and takes nothing new",
    "VEHICLE_DOWN": "it is down and drives no more that day",
    "FLEET_FULL": "it could take the order alone, but has no load or time left for it in this plan",
}
"""In the words that follow "3 vehicles: ", for what is not told with names of its own."""

CLOSEST = (
    "FLEET_FULL", "LOCKER_CAPACITY_CONSTRAINT", "OPENING_HOURS_CONSTRAINT", "ZFE_CONSTRAINT", "TIME_WINDOW_CONSTRAINT",
    "RELEASE_CONSTRAINT", "LOCKED_VEHICLE", "VEHICLE_DOWN", "CAPACITY_CONSTRAINT", "DIMENSION_CONSTRAINT",
    "KIND_CONSTRAINT", "SKILL_CONSTRAINT", "REACHABLE_CONSTRAINT", "HUB_CONSTRAINT",
)  # fmt: skip
"""Reasons in the order they are told: those of the vehicles that come closest to taking the order first."""

PERMANENT = frozenset(
    {"HUB_CONSTRAINT", "SKILL_CONSTRAINT", "KIND_CONSTRAINT", "DIMENSION_CONSTRAINT", "CAPACITY_CONSTRAINT"}
)
"""What the same fleet can't do on another day either."""


class _Finding(NamedTuple):
    """What stops one vehicle; equal findings are told once."""

    code: str
    text: str
    zone_id: str = ""
    place_id: str = ""


@dataclass
class Explainer:
    """Explains orders of one instance against one plan."""

    instance: Instance
    tours: Tours

    def __post_init__(self) -> None:
        self.tables = self.instance.problem.tables
        self.alone = Alone(self.instance)
        self.rules = self.alone.rules
        self.scratch = copy_tours(self.tours)

    @cached_property
    def mixed(self) -> Rules:
        """The same rules where goods need not be kept apart."""
        return priceless(mixed(self.tables))

    def reasons(self, row: int) -> tuple[Reason, ...]:
        """Return the proven reasons why order ``row`` is on no tour; never empty."""
        order = self.instance.orders[row]
        refused = self._refusals(order)
        if len(refused) == len(order.options):
            return refused
        if insertion_cost(self.rules, self.alone.empty, row, self.scratch) is not None:
            return (self._full(row), *refused)
        told = (self._finding(row, column) for column in range(len(self.instance.vehicles)))
        found = Counter(finding for finding in told if finding is not None)
        if not found:
            text = "there is no vehicle of one's own or in reserve to plan with"
            return (Reason(code="NO_VEHICLE", text=text), *refused)
        return (*(_sum_up(finding, count) for finding, count in _closest_first(found)), *refused)

    def in_full(self, row: int) -> tuple[Reason, ...]:
        """Return :meth:`reasons`, and for an order that ran out of room also what bars the vehicles that had some."""
        short = self.reasons(row)
        if short[0].code != "FLEET_FULL":
            return short
        told = (self._finding_in_plan(row, column) for column in range(len(self.instance.vehicles)))
        found = Counter(finding for finding in told if finding is not None)
        return (*(_sum_up(finding, count) for finding, count in _closest_first(found)), *short[1:])

    def _finding_in_plan(self, row: int, column: int) -> _Finding | None:
        if self.instance.vehicles[column].role is not Role.HIRED and self.alone.fits(row, column):
            return _Finding("FLEET_FULL", TEXT["FLEET_FULL"])
        return self._finding(row, column)

    def _refusals(self, order: Order) -> tuple[Reason, ...]:
        reasons = []
        for option in order.options:
            place = self.instance.places[option.place_id]
            why = next(filter(None, (refuses(parcel, place) for parcel in order.parcels)), "")
            if why:
                code = "LOCKER_CAPACITY_CONSTRAINT" if place.kind is PlaceKind.LOCKER else "DIMENSION_CONSTRAINT"
                reasons.append(Reason(code=code, text=why, place_id=place.id))
        return tuple(reasons)

    def _full(self, row: int) -> Reason:
        """Tell what ran out in the plan: boxes, vehicles, or the readiness to pay."""
        usable = self._usable(row)
        taken = [k for k in usable if not resources_free(self.tables, self.tours, k)]
        if len(taken) == len(usable):
            place = self.instance.option_place[taken[0]]
            text = f"every box or relay place of {place} that would do is taken by the plan"
            return Reason(code="LOCKER_CAPACITY_CONSTRAINT", text=text, place_id=place)
        cost = insertion_cost(self.rules, self.tours, row, self.scratch)
        if cost is not None and cost >= self.tables.penalty[row]:
            text = "taking it costs more than leaving it for another day or breaking its promise counts"
            return Reason(code="COST_CONSTRAINT", text=text)
        if cost is None and insertion_cost(self.mixed, self.tours, row, self.scratch) is not None:
            text = "every vehicle that has room for it carries goods it must be kept apart from"
            return Reason(code="MIX_CONSTRAINT", text=text)
        text = "a vehicle with nothing else to do could take it, but none has load or time left in this plan"
        return Reason(code="FLEET_FULL", text=text)

    def _usable(self, row: int) -> list[int]:
        """Return the options whose place takes the parcels and is open to some class inside a window."""
        options = range(self.tables.opt_ptr[row], self.tables.opt_ptr[row + 1])
        return [k for k in options if (self.tables.win_first[:, k] < self.tables.win_last[:, k]).any()]

    def _finding(self, row: int, column: int) -> _Finding | None:
        """Return the rule that stops one planned vehicle alone, ``None`` for one that is not planned."""
        vehicle, order = self.instance.vehicles[column], self.instance.orders[row]
        if vehicle.role is Role.HIRED:
            return None
        code = may_take(vehicle, order)
        if not code and not self.tables.allowed[column, row]:
            code = "VEHICLE_DOWN" if vehicle.id in self.instance.request.down else "LOCKED_VEHICLE"
        carried = self.tables.load[row] + abs(self.tables.pickup[row])
        if not code and (carried > self.tables.veh_cap[column]).any():
            code = "CAPACITY_CONSTRAINT"
        if not code and self.alone.fits(row, column, Rule.RELEASE):
            code = "RELEASE_CONSTRAINT"
        return _Finding(code, TEXT[code]) if code else self._place_finding(row, column)

    def _place_finding(self, row: int, column: int) -> _Finding:
        options = range(self.tables.opt_ptr[row], self.tables.opt_ptr[row + 1])
        place = self.instance.option_place[options[0]]
        if self.alone.fits(row, column, Rule.BOXES):
            short = next(k for k in options if not resources_free(self.tables, self.alone.empty, k))
            place = self.instance.option_place[short]
            text = f"{place} has no free box or place that would do"
            return _Finding("LOCKER_CAPACITY_CONSTRAINT", text, place_id=place)
        if self.alone.fits(row, column, Rule.HOURS):
            places = (self.instance.option_place[k] for k in options)
            place = next(place for place in places if place in self.instance.hours)
            text = f"{place} is not open inside the order's windows"
            return _Finding("OPENING_HOURS_CONSTRAINT", text, place_id=place)
        if (zone_id := self._ban(row, column)) is not None:
            return _Finding("ZFE_CONSTRAINT", self._ban_text(column, zone_id), zone_id=zone_id)
        code = "TIME_WINDOW_CONSTRAINT" if self._reaches(row, column) else "REACHABLE_CONSTRAINT"
        return _Finding(code, TEXT[code], place_id=place if code == "REACHABLE_CONSTRAINT" else "")

    def _ban(self, row: int, column: int) -> str | None:
        """Return the zone that stops a vehicle: without zones it fits, or the place's is closed to it all day."""
        cls = int(self.tables.veh_class[column])
        profiles = self.tables.slice_profile[self.tables.slice_ptr[cls] : self.tables.slice_ptr[cls + 1]]
        places = self.tables.opt_loc[self.tables.opt_ptr[row] : self.tables.opt_ptr[row + 1]]
        all_day = bool(self.tables.closed_loc[profiles][:, places].all())
        if not all_day and not self.alone.fits(row, column, Rule.ZONES):
            return None
        banned = [closure.zone_id for closure in self.instance.access_of(column).closures]
        zones = [self.instance.location_zone[int(place)] for place in places]
        around = [self.instance.city.zones[zone].id for zone in zones if zone >= 0]
        return next((zone_id for zone_id in around if zone_id in banned), banned[0])

    def _ban_text(self, column: int, zone_id: str) -> str:
        closures = self.instance.access_of(column).closures
        closure = next(closure for closure in closures if closure.zone_id == zone_id)
        return (
            f"zone {zone_id} bans Crit'Air {closure.first_banned} and dirtier ({closure.hours}; {closure.decree_url})"
        )

    def _reaches(self, row: int, column: int) -> bool:
        """Return whether streets lead to a place of the order, and back if need be, at some time of the day."""
        cls, start, end = (int(column_of[column]) for column_of in
                           (self.tables.veh_class, self.tables.veh_start, self.tables.veh_end))  # fmt: skip
        profiles = self.tables.slice_profile[self.tables.slice_ptr[cls] : self.tables.slice_ptr[cls + 1]]
        places = self.tables.opt_loc[self.tables.opt_ptr[row] : self.tables.opt_ptr[row + 1]]
        there = (self.tables.duration_s[profiles, start][:, places] < INF_TRAVEL_S).any(axis=0)
        if end == NO_LOCATION:
            return bool(there.any())
        back = (self.tables.duration_s[profiles][:, places, end] < INF_TRAVEL_S).any(axis=0)
        return bool((there & back).any())


def _closest_first(found: Counter[_Finding]) -> list[tuple[_Finding, int]]:
    return sorted(found.items(), key=lambda item: (CLOSEST.index(item[0].code), item[0]))


def _sum_up(finding: _Finding, count: int) -> Reason:
    vehicles = "1 vehicle" if count == 1 else f"{count} vehicles"
    text = f"{vehicles}: {finding.text}"
    return Reason(code=finding.code, text=text, zone_id=finding.zone_id, place_id=finding.place_id)
