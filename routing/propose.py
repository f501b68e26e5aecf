"""What would make an order fit that the plan leaves out, each proposal tried on the plan itself before it is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data.model.change import Fix
from data.model.order import Order
from data.model.place import Place, PlaceKind, refuses, smallest_box
from data.model.vehicle import Role
from data.units import euros, haversine_m
from routing.build_fleet import may_take
from routing.build_orders import busy_s, closed_spans, visit_windows
from routing.instance import Instance
from routing.problem import COST_PER_CENT, Tables
from routing.relaxed import insertion_cost, priceless
from routing.solver.insertion import insert_each
from routing.solver.links import unlink
from routing.solver.rules import Rules
from routing.solver.schedule import tours_cost
from routing.solver.stop import Stop
from routing.solver.tours import Tours, copy_tours, empty_tours, schedule_tour

NEAR_M = 3_000.0
"""A customer goes no farther to another place."""
PLACES, MOVES = 5, 8
"""Places, and orders that might make room, that are tried for each order."""
MOST_ORDERS = 40
"""Orders that proposals are made for, the most urgent first: the others mostly want the same."""


def proposals(instance: Instance, tours: Tours, order_ids: Sequence[str], stop: Stop) -> dict[str, tuple[Fix, ...]]:
    """Return what would make each order fit, the cheapest of each kind; nothing for those that nothing found helps.

    Orders that are looked at after ``stop`` get none.
    """
    finder = _Finder(instance, tours)
    rows = {order.id: row for row, order in enumerate(instance.orders)}
    wanted = sorted((rows[order_id] for order_id in order_ids), key=lambda row: -instance.orders[row].priority)
    return {instance.orders[row].id: tuple(finder.fixes(row)) for row in wanted[:MOST_ORDERS] if not stop()}


@dataclass
class _Finder:
    """Tries what an order could be or have instead, on the plan as it stands."""

    instance: Instance
    tours: Tours

    def __post_init__(self) -> None:
        self.tables = self.instance.problem.tables
        self.rules = priceless(self.tables)
        self.alone = empty_tours(self.tables)
        self.alone.used[:] = self.tours.used  # boxes that the plan fills stay full, whatever drives

    def fixes(self, row: int) -> Iterator[Fix]:
        """Yield proposals for one order."""
        tried = (self._other_place(row), self._more_vehicles(row), self._other_hour(row), self._move_other(row))
        yield from (fix for fix in tried if fix is not None)

    @cached_property
    def _shared(self) -> dict[str, list[int]]:
        """Options at relays and lockers, by place, that are open whenever the place is."""
        found: dict[str, list[int]] = {}
        for k, place_id in enumerate(self.instance.option_place):
            row = int(self.tables.opt_order[k])
            if row >= len(self.instance.orders) or self.instance.places[place_id].kind is PlaceKind.HOME:
                continue
            if not self.instance.orders[row].options[self.instance.option_index[k]].windows:
                found.setdefault(place_id, []).append(k)
        return found

    def _other_place(self, row: int) -> Fix | None:
        """Try the nearest relays and lockers of the plan that take the parcels and are not among its places."""
        order = self.instance.orders[row]
        home = self.instance.places[order.options[0].place_id]
        known = {option.place_id for option in order.options}
        near = sorted(
            (haversine_m(home.lat, home.lon, place.lat, place.lon), place_id)
            for place_id in self._shared.keys() - known
            for place in [self.instance.places[place_id]]
            if not any(refuses(parcel, place) for parcel in order.parcels)
        )
        for metres, place_id in near[:PLACES]:
            place = self.instance.places[place_id]
            option = self._like(order, place)
            if metres > NEAR_M or option is None:
                continue
            cost = insertion_cost(_served_by(self.rules, row, option), self.tours, row)
            if cost is not None:
                cents = max(0, -(-cost // COST_PER_CENT))
                zone = self._left_zone(home, place)
                text = f"{place.name or place.id}, {metres:.0f} m away{zone}, fits for {euros(cents)}"
                return Fix(code="OTHER_PLACE", text=text, place_id=place_id, cost_cents=cents)
        return None

    def _like(self, order: Order, place: Place) -> int | None:
        """Return an option at a place that takes as much of it as the order would."""
        wanted = _needs(order, place)
        same = (
            k for k in self._shared[place.id]
            if _needs(self.instance.orders[int(self.tables.opt_order[k])], place) == wanted
        )  # fmt: skip
        return next(same, None)

    def _left_zone(self, home: Place, place: Place) -> str:
        """Say so where the order's own place lies in a zone and the other doesn't."""
        names = self.instance.problem.location_names
        zones = [self.instance.location_zone[names.index(each.id)] for each in (home, place)]
        return f", outside zone {self.instance.city.zones[zones[0]].id}" if zones[0] >= 0 > zones[1] else ""

    def _more_vehicles(self, row: int) -> Fix | None:
        """Try a vehicle that does nothing else: one to hire, or one more like those there are."""
        order, best = self.instance.orders[row], None
        for column, vehicle in enumerate(self.instance.vehicles):
            status = self.instance.statuses.get(vehicle.id)
            if (status is not None and status.has_left) or may_take(vehicle, order):
                continue
            only = np.zeros_like(self.tables.allowed)
            only[column, row] = 1
            cost = insertion_cost(priceless(self.tables._replace(allowed=only)), self.alone, row)
            if cost is not None and (best is None or cost < best[0]):
                best = (cost, vehicle)
        if best is None:
            return None
        cents, vehicle = -(-best[0] // COST_PER_CENT), best[1]
        how = f"hiring {vehicle.id}" if vehicle.role is Role.HIRED else f"one more vehicle like {vehicle.id}"
        text = f"{how} ({vehicle.category}, Crit'Air {vehicle.critair}) takes it, for {euros(cents)} if that is all"
        return Fix(code="MORE_VEHICLES", text=text, vehicle_id=vehicle.id, cost_cents=cents)

    def _other_hour(self, row: int) -> Fix | None:
        """Try the order's places at any hour they are open."""
        order = self.instance.orders[row]
        if not any(option.windows for option in order.options):
            return None
        trial, rules = copy_tours(self.tours), priceless(_anytime(self.instance, row))
        if not insert_each(rules, trial, np.array([row], dtype=np.int64)):
            return None
        cents = max(0, -(-int(tours_cost(rules, trial) - tours_cost(rules, self.tours)) // COST_PER_CENT))
        vehicle = self.instance.vehicles[int(trial.vehicle[row])].id
        text = f"at {self.instance.at(trial.start_s[row]):%H:%M} {vehicle} could be there, for {euros(cents)}"
        return Fix(code="OTHER_HOUR", text=text, vehicle_id=vehicle, cost_cents=cents)

    def _move_other(self, row: int) -> Fix | None:
        """Try whether a planned order nearby makes room by going to another vehicle."""
        place = int(self.tables.opt_loc[self.tables.opt_ptr[row]])
        movable = [other for other in np.flatnonzero(self.tours.vehicle[: len(self.instance.orders)] >= 0).tolist()
                   if self._may_leave(other)]  # fmt: skip
        movable.sort(key=lambda other: int(self.tables.distance_m[0, place, self.tours.location[other]]))
        for other in movable[:MOVES]:
            allowed = self.tables.allowed.copy()
            allowed[:, other] = [self._takes(column, other) for column in range(len(self.instance.vehicles))]
            allowed[int(self.tours.vehicle[other]), other] = 0
            rules = priceless(self.tables._replace(allowed=allowed))
            trial = copy_tours(self.tours)
            was = int(trial.vehicle[other])
            unlink(rules, trial, other)
            if not schedule_tour(self.tables, trial, was):
                continue
            if insert_each(rules, trial, np.array([row, other], dtype=np.int64)) == 2:
                cents = -(-int(tours_cost(rules, trial) - tours_cost(rules, self.tours)) // COST_PER_CENT)
                name, to = self.instance.orders[other].id, self.instance.vehicles[int(trial.vehicle[other])].id
                text = f"it fits if {name} goes from {self.instance.vehicles[was].id} to {to}, for {euros(cents)}"
                return Fix(code="MOVE_OTHER", text=text, order_id=name, vehicle_id=to, cost_cents=max(0, cents))
        return None

    def _may_leave(self, row: int) -> bool:
        """Return whether an order is neither on board nor frozen, and goes out from the hub."""
        if self.tables.partner[row] >= 0 or self.tours.nodes[row]["shut"]:
            return False
        status = self.instance.statuses.get(self.instance.vehicles[int(self.tours.vehicle[row])].id)
        return status is None or not (status.has_left or status.loading_started)

    def _takes(self, column: int, row: int) -> bool:
        """Return whether a vehicle is still at its hub with nothing loaded and may take an order."""
        vehicle = self.instance.vehicles[column]
        status = self.instance.statuses.get(vehicle.id)
        away = status is not None and (status.has_left or status.loading_started)
        out = vehicle.role is Role.HIRED or vehicle.id in self.instance.request.down
        return not (away or out or may_take(vehicle, self.instance.orders[row]))


def _needs(order: Order, place: Place) -> list[int | None]:
    return sorted((smallest_box(parcel, place) for parcel in order.parcels), key=str)


def _served_by(rules: Rules, row: int, option: int) -> Rules:
    """Return the rules under which an order's only place is that of another order's option."""
    orders, options = rules.orders.copy(), rules.options.copy()
    orders["first"][row], orders["last"][row] = option, option + 1
    options["order"][option], options["cost"][option] = row, 0
    return rules._replace(orders=orders, options=options)


def _anytime(instance: Instance, row: int) -> Tables:
    """Return the tables in which an order may be handed over whenever its places are open."""
    tables, epoch_at = instance.problem.tables, instance.problem.epoch_at
    first, last = tables.win_first.copy(), tables.win_last.copy()
    pool = list(zip(tables.win_open.tolist(), tables.win_close.tolist(), tables.win_arrive.tolist(), strict=True))
    class_of = {int(tables.veh_class[column]): column for column in range(len(instance.vehicles))}
    for cls, column in class_of.items():
        closed = closed_spans(instance.access_of(column), instance.city.zones, epoch_at)
        for k in range(int(tables.opt_ptr[row]), int(tables.opt_ptr[row + 1])):
            option = instance.orders[row].options[instance.option_index[k]]
            place = instance.places[option.place_id]
            if any(refuses(parcel, place) for parcel in instance.orders[row].parcels):
                continue
            spans = closed.get(instance.location_zone[int(tables.opt_loc[k])], ())
            free = option.replace(windows=())
            pieces = visit_windows(free, instance.hours.get(place.id), spans, busy_s(option, place), epoch_at)
            first[cls, k], last[cls, k] = len(pool), len(pool) + len(pieces)
            pool += pieces
    opens, closes, arrive = (np.ascontiguousarray(values) for values in np.array(pool, dtype=np.int64).reshape(-1, 3).T)
    return tables._replace(win_first=first, win_last=last, win_open=opens, win_close=closes, win_arrive=arrive)
