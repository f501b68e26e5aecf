"""A seat kept free in a plan's rules: one row that any new order may take for the time of a question, two for one that
is collected on the way.

Building a plan's tables takes a second, an insertion a tenth of a millisecond. So the tables are built once with an
order that stands for none, and a question writes into that row, into spare places and into the ends of the lists of
windows and boxes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data.hours import open_windows
from data.model.base import Window
from data.model.order import Order, PlaceOption
from data.model.place import Place, PlaceKind, refuses, smallest_box
from data.zoning import place_membership
from routing.access import zone_in_force
from routing.build import HORIZON, with_transfers
from routing.build_fleet import may_take
from routing.build_orders import busy_s, closed_spans, order_release_s, ready_from_s, visit_windows
from routing.build_trips import spot_m
from routing.instance import Instance, elapsed_s
from routing.newcomers import Newcomers
from routing.problem import COST_PER_CENT, FAR_FUTURE_S, INF_TRAVEL_S
from routing.solver.rules import INFEASIBLE, Rules, rules_of
from routing.travel import add_points

SPARE = "(new)"
"""Name of the order that stands for none (one per hub) and of its place."""
PLACES = 32
"""New places that one round of questions may name."""
MOST_WINDOWS, MOST_TAKES = 4_096, 64
"""Of the windows, the second half is for where the order is collected."""


class Seat:
    """The rules of a plan in force with room for one order more.

    Attributes
    ----------
    rules : Rules
        Its arrays are written to: they are this seat's own.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.newcomers = Newcomers(instance.travel)
        tables = instance.problem.tables
        self.hubs = {hub.id: hub for hub in instance.request.hubs}
        self._row = {order.hub_id: row for row, order in enumerate(instance.orders) if order.id.startswith(SPARE)}
        self._collects = any(order.from_place is not None for order in instance.orders if order.id.startswith(SPARE))
        self._first_window, self._first_take = len(tables.win_open), len(tables.res_row)
        self._release_s = int(tables.release_s.max(initial=-INF_TRAVEL_S))
        self.rules = _roomy(rules_of(tables))
        self.known = self.newcomers.known
        self._location = {name: number for number, name in enumerate(instance.problem.location_names)}
        self._zone = [*instance.location_zone, *[-1] * PLACES]
        self._hours = dict(instance.hours)
        self._boxes = _resource_rows(instance)
        classes: dict[int, int] = {int(cls): column for column, cls in enumerate(tables.veh_class)}
        self._closed = [
            closed_spans(instance.access_of(classes[cls]), instance.city.zones, instance.problem.epoch_at)
            if cls in classes else {}
            for cls in range(len(tables.slice_ptr) - 1)
        ]  # fmt: skip
        self._guests: list[str] = []

    def bring(self, places: Sequence[Place]) -> None:
        """Put new places on the map, instead of those brought before.

        Raises
        ------
        RoutingDataError
            A place is too far from any street; ``where`` is its number.
        """
        for name in self._guests:
            del self._location[name]
            self._hours.pop(name, None)
        self._guests = []
        if not places:
            return
        lat, lon = np.array([(place.lat, place.lon) for place in places], dtype=np.float64).T
        found = self.newcomers.reach(lat, lon)
        rows = slice(self.known, self.known + len(places))
        for table, out, back in (
            (self.rules.duration_s, found.out_s, found.in_s),
            (self.rules.distance_m, found.out_m, found.in_m),
        ):
            table[:, rows, : self.known] = out
            table[:, : self.known, rows] = back.transpose(0, 2, 1)
        if self._collects and len(places) > 1:  # the only orders that may lead from one new place to another
            whole = add_points(self.instance.travel, lat, lon)
            self.rules.duration_s[:, rows, rows] = whole.duration_s[:, self.known :, self.known :]
            self.rules.distance_m[:, rows, rows] = whole.distance_m[:, self.known :, self.known :]
        zones, epoch_at = self.instance.city.zones, self.instance.problem.epoch_at
        zone = zone_in_force(place_membership(lat, lon, zones), zones, self.instance.request.day)
        for number, place in enumerate(places):
            location = self.known + number
            self._location[place.id] = location
            self._guests.append(place.id)
            self._zone[location] = int(zone[number])
            if place.opening_hours is not None:
                self._hours[place.id] = open_windows(place.opening_hours, epoch_at, epoch_at + HORIZON)
            if len(self.rules.spot_m):
                self.rules.spot_m[location] = spot_m(self.instance.request.hubs[0], place.lat, place.lon)
        for p, profile in enumerate(self.instance.travel.profiles):
            self.rules.closed_loc[p, rows] = [int(z) in profile.closed for z in zone]

    def knows(self, place_id: str) -> bool:
        """Whether a place is on the map."""
        return place_id in self._location

    def seat(self, order: Order) -> tuple[int, str]:
        """Let an order take the seat of its hub; return the row, and why no vehicle may take it, else an empty text."""
        rules, instance = self.rules, self.instance
        order = with_transfers(instance.request.replace(orders=(order,))).orders[0]
        row, epoch_at = self._row[order.hub_id], instance.problem.epoch_at
        now_s = int(instance.problem.tables.release_s[row])  # nothing new is loaded in the past
        release_s = max(now_s, order_release_s(order, self.hubs[order.hub_id].loading_s, epoch_at))
        rules.orders["release_s"][row] = release_s
        rules.vehicles["waits"] = rules.vehicles["opens"] < max(release_s, self._release_s)
        load = np.array([len(order.parcels), order.load_g, order.volume_dm3])
        if order.from_place is None:
            rules.load[row] = load
        else:
            rules.pickup[self.rows(row)] = -load, load
        names = sorted({name for pair in instance.request.apart for name in (pair.kind, pair.other)})
        rules.kinds[self.rows(row)] = [name in order.kinds for name in names]
        late_s = FAR_FUTURE_S if order.promised_by is None else elapsed_s(epoch_at, order.promised_by)
        rules.late[row] = late_s, 0 if order.promised_by is None else order.late_cents_per_hour * 1000
        given = instance.problem.tables.allowed[:, row]
        refusals = [may_take(vehicle, order) if free else "LOCKED_VEHICLE"
                    for vehicle, free in zip(instance.vehicles, given, strict=True)]  # fmt: skip
        rules.allowed[:, self.rows(row)] = np.where([bool(why) for why in refusals], 0, given)[:, None]
        if not all(refusals):
            return row, ""
        own = [why for why, vehicle in zip(refusals, instance.vehicles, strict=True) if vehicle.hub_id == order.hub_id]
        return row, max(sorted(set(own)), key=own.count) if own else "HUB_CONSTRAINT"

    def rows(self, row: int) -> list[int]:
        """Return the row of a seated order, and that of its collection where it has one."""
        partner = int(self.rules.orders["partner"][row])
        return [row] if partner < 0 else [row, partner]

    def collect(self, row: int, order: Order, there: PlaceOption, place: Place) -> str:
        """Say where the seated order is collected; return why it can't be, else an empty text."""
        rules, half = self.rules, self.rows(row)[1]
        at, busy = int(rules.orders["first"][half]), busy_s(there, place)
        location = self._location[place.id]
        ready_s = max(0, ready_from_s(order, self.instance.problem.epoch_at) or 0)
        self._fill_windows(at, there, place, busy, location, self._first_window + MOST_WINDOWS // 2, ready_s)
        rules.options[at] = (
            *(half, location, busy - place.setup_s, place.setup_s),
            *(self._first_take, self._first_take, there.cost_cents * COST_PER_CENT),
        )
        return "" if (rules.visits["first"][:, at] < rules.visits["last"][:, at]).any() else "OPENING_HOURS_CONSTRAINT"

    def offer(self, row: int, order: Order, option: PlaceOption, place: Place, windows: Sequence[Window]) -> str:
        """Make a place and its windows the seated order's only option; return why it can't be, else an empty text."""
        rules, locker = self.rules, place.kind is PlaceKind.LOCKER
        at = int(rules.orders["first"][row])
        if any(refuses(parcel, place) for parcel in order.parcels):
            return "LOCKER_CAPACITY_CONSTRAINT" if locker else "DIMENSION_CONSTRAINT"
        takes = self._takes(order, place)
        if takes is None:
            return "LOCKER_CAPACITY_CONSTRAINT"
        choice = option.replace(windows=tuple(windows))
        location, busy = self._location[place.id], busy_s(option, place)
        self._fill_windows(at, choice, place, busy, location, self._first_window)
        rules.takes[self._first_take : self._first_take + len(takes)] = takes
        rules.options[at] = (
            *(row, location, busy - place.setup_s, place.setup_s),
            *(self._first_take, self._first_take + len(takes), option.cost_cents * COST_PER_CENT),
        )
        return "" if (rules.visits["first"][:, at] < rules.visits["last"][:, at]).any() else "OPENING_HOURS_CONSTRAINT"

    def _fill_windows(
        self, at: int, choice: PlaceOption, place: Place, busy: int, location: int, free: int, ready_s: int = 0
    ) -> None:
        """Write when a place may be served, class by class, behind all other windows."""
        rules = self.rules
        drawn: dict[object, tuple[int, int]] = {}
        for cls, closed in enumerate(self._closed):
            spans = closed.get(self._zone[location], ())
            if spans not in drawn:
                epoch_at = self.instance.problem.epoch_at
                pieces = visit_windows(choice, self._hours.get(place.id), spans, busy, epoch_at, ready_s)
                drawn[spans] = free, free + len(pieces)
                rules.windows[free : free + len(pieces)] = pieces
                free += len(pieces)
            rules.visits[cls, at] = drawn[spans]

    def _takes(self, order: Order, place: Place) -> list[tuple[int, int]] | None:
        """Return what an order takes of boxes and relay places; ``None`` where a place of no tour has too few."""
        needs = [smallest_box(parcel, place) for parcel in order.parcels] if place.kind is PlaceKind.LOCKER else []
        wanted = {size: sum(need is not None and need >= size for need in needs) for size in range(len(place.boxes))}
        have = {size: sum(box.free for box in place.boxes[size:]) for size in wanted}
        if place.daily_cap_parcels is not None:
            wanted[-1], have[-1] = len(order.parcels), place.daily_cap_parcels
        if place.id not in self.instance.places:
            return None if any(wanted[size] > have[size] for size in wanted) else []
        return [(self._boxes[place.id, size], count) for size, count in wanted.items() if count]


def _roomy(rules: Rules) -> Rules:
    """Return rules of their own with spare places, windows and boxes; who is seated goes in at any price."""
    known, spare = rules.duration_s.shape[1], (0, PLACES)
    assert len(rules.late), "the spare order has a price on being late"

    def wider(table: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.pad(table, ((0, 0), spare, spare), constant_values=INF_TRAVEL_S))

    closed = np.zeros((len(rules.closed_loc), known + PLACES), dtype=rules.closed_loc.dtype)
    closed[:, :known] = rules.closed_loc
    orders = rules.orders.copy()
    orders["penalty"] = INFEASIBLE
    return rules._replace(
        duration_s=wider(rules.duration_s),
        distance_m=wider(rules.distance_m),
        closed_loc=closed,
        orders=orders,
        windows=np.concatenate([rules.windows, np.zeros(MOST_WINDOWS, dtype=rules.windows.dtype)]),
        takes=np.concatenate([rules.takes, np.zeros(MOST_TAKES, dtype=rules.takes.dtype)]),
        load=rules.load.copy(),
        pickup=rules.pickup.copy(),
        kinds=rules.kinds.copy(),
        late=rules.late.copy(),
        allowed=rules.allowed.copy(),
        vehicles=rules.vehicles.copy(),
        spot_m=np.pad(rules.spot_m, (spare, (0, 0))) if len(rules.spot_m) else rules.spot_m,
    )


def _resource_rows(instance: Instance) -> dict[tuple[str, int], int]:
    """Return the row of each shared resource: a locker's boxes from a size on, a relay's places (-1)."""
    rows: dict[tuple[str, int], int] = {}
    for place in instance.places.values():
        for size in range(len(place.boxes)):
            rows[place.id, size] = len(rows)
        if place.daily_cap_parcels is not None:
            rows[place.id, -1] = len(rows)
    return rows
