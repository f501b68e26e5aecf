"""Why an order is on no tour: proven alone on every vehicle first, then against the plan.

Codes follow the field's vocabulary (``SKILL_CONSTRAINT``, ``CAPACITY_CONSTRAINT``, ...) and add
``ZFE_CONSTRAINT``, ``LOCKER_CAPACITY_CONSTRAINT``, ``OPENING_HOURS_CONSTRAINT`` and ``FLEET_FULL``: the order fits
some vehicle that had nothing else to do, but none as the plan stands.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from data.model.order import Order
from data.model.place import PlaceKind, refuses
from data.model.plan import Reason
from data.model.vehicle import Role, Vehicle
from routing.build_fleet import may_take
from routing.instance import Instance
from routing.problem import INF_TRAVEL_S
from routing.solver.insertion import INFEASIBLE, best_position
from routing.solver.tours import Tours, empty_tours, resources_free

TEXT = {
    "HUB_CONSTRAINT": "its parcels are at another hub",
    "SKILL_CONSTRAINT": "it lacks a skill the order needs",
    "DIMENSION_CONSTRAINT": "a parcel is larger than it takes",
    "CAPACITY_CONSTRAINT": "the order alone is over its capacity",
    "RELEASE_CONSTRAINT": "the parcels are ready after its shift could still use them",
    "REACHABLE_CONSTRAINT": "no street it may use leads there and back",
    "TIME_WINDOW_CONSTRAINT": "it can't be there inside the window and back before its shift ends",
    "LOCKED_VEHICLE": "it is being loaded or on the road and takes nothing new",
}


@dataclass
class Explainer:
    """Explains orders of one instance against one plan."""

    instance: Instance
    tours: Tours

    def __post_init__(self) -> None:
        self.alone = empty_tours(self.instance.problem.tables)

    def reasons(self, row: int) -> tuple[Reason, ...]:
        """Return the proven reasons why order ``row`` is on no tour; never empty."""
        order = self.instance.orders[row]
        refused = self._refusals(order)
        if refused and len(refused) == len(order.options):
            return refused
        if self._fits_alone(row):
            return (self._full(row), *refused)
        told = (self._vehicle_reason(row, column) for column in range(len(self.instance.vehicles)))
        found = Counter(reason for reason in told if reason is not None)
        return (*(self._sum_up(key, count) for key, count in sorted(found.items())), *refused)

    def _fits_alone(self, row: int, vehicle: int | None = None) -> bool:
        tables = self.instance.problem.tables
        barred = np.zeros(len(tables.veh_class), dtype=np.uint8)
        if vehicle is not None:
            barred[:] = 1
            barred[vehicle] = 0
        return bool(best_position(tables, self.alone, row, barred).cost < INFEASIBLE)

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
        """Tell whether boxes or vehicles are what ran out."""
        tables = self.instance.problem.tables
        options = range(tables.opt_ptr[row], tables.opt_ptr[row + 1])
        usable = [k for k in options if (tables.win_first[:, k] < tables.win_last[:, k]).any()]
        taken = [k for k in usable if not resources_free(tables, self.tours, k)]
        if usable and len(taken) == len(usable):
            place = self.instance.option_place[taken[0]]
            text = f"every box or relay place of {place} that would do is taken by the plan"
            return Reason(code="LOCKER_CAPACITY_CONSTRAINT", text=text, place_id=place)
        text = "a vehicle with nothing else to do could take it, but none has load or time left in this plan"
        return Reason(code="FLEET_FULL", text=text)

    def _vehicle_reason(self, row: int, column: int) -> tuple[str, str, str] | None:
        """Return ``(code, zone_id, place_id)`` for one planned vehicle, the first rule that stops it alone."""
        vehicle, order = self.instance.vehicles[column], self.instance.orders[row]
        tables = self.instance.problem.tables
        if vehicle.role is Role.HIRED:
            return None
        code = may_take(vehicle, order)
        if code:
            return code, "", ""
        if not tables.allowed[column, row]:
            return "LOCKED_VEHICLE", "", ""
        if (tables.load[row] > tables.veh_cap[column]).any():
            return "CAPACITY_CONSTRAINT", "", ""
        if tables.release_s[row] > tables.veh_close_s[column]:
            return "RELEASE_CONSTRAINT", "", ""
        return self._place_reason(row, column, vehicle)

    def _place_reason(self, row: int, column: int, vehicle: Vehicle) -> tuple[str, str, str]:
        tables = self.instance.problem.tables
        cls = int(tables.veh_class[column])
        safe = int(tables.safe_profile[cls])
        for option in range(tables.opt_ptr[row], tables.opt_ptr[row + 1]):
            location = int(tables.opt_loc[option])
            zone = self.instance.location_zone[location]
            if zone >= 0 and zone in self.instance.travel.profiles[safe].closed:
                return "ZFE_CONSTRAINT", self.instance.city.zones[zone].id, ""
            if tables.win_first[cls, option] == tables.win_last[cls, option]:
                return "OPENING_HOURS_CONSTRAINT", "", self.instance.option_place[option]
            if tables.duration_s[safe, tables.veh_start[column], location] >= INF_TRAVEL_S:
                return "REACHABLE_CONSTRAINT", "", self.instance.option_place[option]
        return "TIME_WINDOW_CONSTRAINT", "", ""

    def _sum_up(self, key: tuple[str, str, str], count: int) -> Reason:
        code, zone_id, place_id = key
        vehicles = "1 vehicle" if count == 1 else f"{count} vehicles"
        if code == "ZFE_CONSTRAINT":
            text = f"{vehicles}: {self._ban(zone_id)}"
        elif code == "OPENING_HOURS_CONSTRAINT":
            text = f"{vehicles}: {place_id} is not open inside the order's windows"
        else:
            text = f"{vehicles}: {TEXT[code]}"
        return Reason(code=code, text=text, zone_id=zone_id, place_id=place_id)

    def _ban(self, zone_id: str) -> str:
        closures = [c for group in self.instance.access for c in group.closures if c.zone_id == zone_id]
        closure = closures[0]
        return (
            f"zone {zone_id} bans Crit'Air {closure.first_banned} and dirtier ({closure.hours}; {closure.decree_url})"
        )
