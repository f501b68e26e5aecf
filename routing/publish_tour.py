"""One tour in arrays to one published tour: latest sensible departure, stops merged by place, legs with their zones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import takewhile

import numpy as np

from data.emissions import co2e_mg_per_km, factor_set_on
from data.model.place import PlaceKind, smallest_box
from data.model.plan import BoxUse, BreakTaken, Handover, Leg, Stop, Tour, TourStart
from data.model.vehicle import Vehicle
from routing.build_fleet import breaks_left
from routing.instance import Instance
from routing.problem import Tables
from routing.publish_departure import Leaving
from routing.publish_legs import leg_paces, zone_crossings
from routing.publish_prices import balance_cents, compactness_cents, late_by_s, late_cents
from routing.solver.sequences import breaks_needed, tour_nodes
from routing.solver.timing import before_breaks
from routing.solver.tours import Tours

Boxes = dict[str, tuple[BoxUse, ...]]


def assign_boxes(instance: Instance, tours: Tours) -> Boxes:
    """Return the boxes of every order handed over at a locker: the most demanding parcels choose first.

    Needs are nested (see :func:`data.model.place.smallest_box`), so taking the smallest free box that fits, largest
    needs first, uses as many boxes as any assignment could.
    """
    waiting: dict[str, list[tuple[int, str, str]]] = {}
    for row, order in enumerate(instance.orders):
        if tours.vehicle[row] < 0:
            continue
        place = instance.places[instance.option_place[int(tours.option[row])]]
        if place.kind is PlaceKind.LOCKER:
            for parcel in order.parcels:
                need = smallest_box(parcel, place)
                assert need is not None, "an option whose parcels fit no box has no window"
                waiting.setdefault(place.id, []).append((need, parcel.id, order.id))
    boxes: dict[str, list[BoxUse]] = {}
    for place_id, parcels in waiting.items():
        free = [box.free for box in instance.places[place_id].boxes]
        for need, parcel_id, order_id in sorted(parcels, reverse=True):
            box = next(size for size in range(need, len(free)) if free[size] > 0)
            free[box] -= 1
            boxes.setdefault(order_id, []).append(BoxUse(parcel_id=parcel_id, box=box))
    return {order_id: tuple(uses) for order_id, uses in boxes.items()}


@dataclass
class _Visit:
    """Nodes served in one go at one place."""

    location: int
    nodes: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class TourWriter:
    """Writes the tours of one instance; ``tours`` is a private copy whose timing it may shift."""

    instance: Instance
    tours: Tours
    boxes: Boxes

    @property
    def tables(self) -> Tables:
        """The instance's tables."""
        return self.instance.problem.tables

    @cached_property
    def _leaving(self) -> Leaving:
        return Leaving(self.instance, self.tours)

    def tour(self, row: int) -> Tour:
        """Return the published tour of vehicle ``row``."""
        instance, tours = self.instance, self.tours
        vehicle = instance.vehicles[row]
        self._leaving.leave_late(row)
        nodes = tour_nodes(self.tables, tours, row)
        orders = [instance.orders[node] for node in nodes if node < len(instance.orders)]
        start, end = self._ends(row)
        visits = self._visits(nodes)
        stops = tuple(self._stops(vehicle, visits))
        legs = self._legs(row, [*(visit.nodes[0] for visit in visits), *([end] if vehicle.returns else [])])
        breaks = tuple(self._breaks(row, visits))
        metres = sum(leg.distance_m for leg in legs)
        departure, back = int(tours.end_s[start]), int(tours.start_s[end])
        travel, service = sum(leg.travel_s for leg in legs), sum(int(tours.end_s[n] - tours.start_s[n]) for n in nodes)
        paid_from = instance.at(departure)
        resting = sum(_within_s(pause, paid_from) for pause in breaks)
        work = instance.request.balance_cents_per_h2, instance.request.compactness_cents_per_km2
        per_km = co2e_mg_per_km(vehicle, factor_set_on(instance.request.day))
        return Tour(
            vehicle_id=vehicle.id,
            start=self._start(vehicle),
            departure_at=instance.at(departure),
            return_at=instance.at(back),
            legs=legs,
            stops=stops,
            breaks=breaks,
            parcels=sum(len(order.parcels) for order in orders),
            load_g=sum(order.load_g for order in orders),
            load_dm3=sum(order.volume_dm3 for order in orders),
            distance_m=metres,
            travel_s=travel,
            service_s=service,
            waiting_s=back - departure - travel - service - resting,
            cost_cents=tour_cents(vehicle, metres, back - departure),
            late_cents=late_cents({order.id: order for order in orders}, [each for s in stops for each in s.handovers]),
            balance_cents=balance_cents(work[0], travel + service),
            compactness_cents=compactness_cents(work[1], self._spots(nodes)) if work[1] else 0,
            co2e_mg_per_km=per_km,
            co2e_g=(metres * per_km + 500_000) // 1_000_000,
            loading_list=self._loading_list(vehicle, nodes),
        )

    def _loading_list(self, vehicle: Vehicle, nodes: Sequence[int]) -> tuple[str, ...]:
        """Return the parcels loaded for the trip that begins with the first of ``nodes``, last stop first."""
        status = self.instance.statuses.get(vehicle.id)
        aboard = status.on_board if status else ()
        trip = takewhile(lambda node: node < self.instance.first_reload, nodes)
        orders = [self.instance.orders[node] for node in trip if node < len(self.instance.orders)]
        loaded = [order for order in orders if order.id in aboard or order.from_place is None]
        return tuple(parcel.id for order in reversed(loaded) for parcel in order.parcels)

    def _spots(self, nodes: Sequence[int]) -> list[tuple[int, int]]:
        """Return where a tour's orders are handed over and collected, in metres."""
        extras = self.tables.extras
        assert extras is not None
        rows = extras.spot_m[[self.tours.location[node] for node in nodes if node < self.instance.first_reload]]
        return [(east, north) for east, north in rows.tolist()]

    def _ends(self, row: int) -> tuple[int, int]:
        start = self.instance.problem.orders + 2 * row
        return start, start + 1

    def _visits(self, nodes: Sequence[int]) -> list[_Visit]:
        """Merge hand-overs that follow each other at one place without waiting or a break."""
        tours = self.tours
        visits: list[_Visit] = []
        for node in nodes:
            previous = int(tours.pred[node])
            joins = (
                visits
                and visits[-1].location == tours.location[node]
                and tours.start_s[node] == tours.end_s[previous]
                and tours.breaks_after[previous] == 0
            )
            if not joins:
                visits.append(_Visit(int(tours.location[node])))
            visits[-1].nodes.append(node)
        return visits

    def _stops(self, vehicle: Vehicle, visits: Sequence[_Visit]) -> Iterator[Stop]:
        """Yield the stops; where the vehicle is loaded again, with what for."""
        for number, visit in enumerate(visits, start=1):
            stop = self._stop(visit)
            if visit.nodes[0] >= self.instance.first_reload:
                ahead = [node for later in visits[number:] for node in later.nodes]
                stop = stop.replace(loading_list=self._loading_list(vehicle, ahead))
            yield stop

    def _stop(self, visit: _Visit) -> Stop:
        tours, tables = self.tours, self.tables
        first, last = visit.nodes[0], visit.nodes[-1]
        option = int(tours.option[first])
        setup = int(tours.end_s[first] - tours.start_s[first] - tables.opt_service_s[option])
        zone = self.instance.location_zone[visit.location]
        return Stop(
            place_id=self.instance.option_place[option],
            arrival_at=self.instance.at(self._arrival_s(first)),
            start_at=self.instance.at(tours.start_s[first]),
            end_at=self.instance.at(tours.end_s[last]),
            setup_s=setup,
            handovers=tuple(self._handover(node) for node in visit.nodes if node < self.instance.first_reload),
            zone_ids=(self.instance.city.zones[zone].id,) if zone >= 0 else (),
        )

    def _handover(self, node: int) -> Handover:
        option = int(self.tours.option[node])
        order, collects = self.instance.order_of(node), node >= len(self.instance.orders)
        return Handover(
            order_id=order.id,
            option=self.instance.option_index[option],
            start_at=self.instance.at(self.tours.start_s[node]),
            service_s=int(self.tables.opt_service_s[option]),
            boxes=() if collects else self.boxes.get(order.id, ()),
            collects=collects,
            late_s=0 if collects else late_by_s(order, self.instance.at(self.tours.start_s[node])),
        )

    def _arrival_s(self, node: int) -> int:
        return int(self.tours.depart_s[node] + self.tours.travel_s[node])

    def _legs(self, row: int, targets: Sequence[int]) -> tuple[Leg, ...]:
        tours, tables, zones = self.tours, self.tables, self.instance.city.zones
        cls = int(tables.veh_class[row])
        wanted = np.array(
            [(tours.leg_profile[node], tours.location[tours.pred[node]], tours.location[node]) for node in targets]
        )
        legs = []
        for node, (profile, source, target), path in zip(
            targets, wanted.tolist(), self.instance.travel.legs(wanted), strict=True
        ):
            depart_s, travel_s = int(tours.depart_s[node]), int(tours.travel_s[node])
            paces = leg_paces(tables, cls, profile, source, target, depart_s, travel_s)
            legs.append(
                Leg(
                    depart_at=self.instance.at(depart_s),
                    travel_s=travel_s,
                    distance_m=int(tables.distance_m[profile, source, target]),
                    zones=zone_crossings(path.crossings, zones, paces, travel_s),
                    paces=paces if len(paces) > 1 else (),
                )
            )
        return tuple(legs)

    def _breaks(self, row: int, visits: Sequence[_Visit]) -> list[BreakTaken]:
        """Return the breaks taken, each after its stop; those before the first, as late as it allows."""
        tours, tables = self.tours, self.tables
        start, end = self._ends(row)
        first, opening = int(tables.brk_ptr[row]), int(tables.veh_open_s[row])
        due = breaks_left(self.instance.vehicles[row], self.instance.problem.epoch_at, opening)
        taken = []
        for after_stop, node in enumerate([start, *(visit.nodes[-1] for visit in visits)]):
            clock = int(tours.end_s[node])
            index = int(tours.break_index[node])
            last = index + int(tours.breaks_after[node])
            if tours.succ[node] == end:
                last = breaks_needed(tables, tours, row, index, last)
            if node == start:
                clock = int(before_breaks(tables, index, last, tours.depart_s[tours.succ[node]]))
            for pause in range(index, last):
                clock = max(clock, int(tables.brk_open[pause]))
                taken.append(
                    BreakTaken(
                        break_id=due[pause - first].id,
                        after_stop=after_stop,
                        start_at=self.instance.at(clock),
                        duration_s=int(tables.brk_duration[pause]),
                    )
                )
                clock += int(tables.brk_duration[pause])
        return taken

    def _start(self, vehicle: Vehicle) -> TourStart:
        status = self.instance.statuses.get(vehicle.id)
        trip = status.trip if status is not None else 1
        if status is not None and status.lat is not None and status.lon is not None:
            return TourStart(lat=status.lat, lon=status.lon, at_hub=False, trip=trip)
        hub = next(hub for hub in self.instance.request.hubs if hub.id == vehicle.hub_id)
        return TourStart(lat=hub.lat, lon=hub.lon, trip=trip)


def _within_s(pause: BreakTaken, departure_at: datetime) -> int:
    """Return how much of a break lies after the departure."""
    end_at = pause.start_at + timedelta(seconds=pause.duration_s)
    return max(0, min(pause.duration_s, int((end_at - departure_at).total_seconds())))


def tour_cents(vehicle: Vehicle, distance_m: int, duration_s: int) -> int:
    """Return what a tour costs in cents: fixed, per kilometre and per hour from departure to return."""
    costs = vehicle.costs
    return (
        costs.fixed_cents
        + (distance_m * costs.per_km_cents + 500) // 1000
        + (duration_s * costs.per_hour_cents + 1800) // 3600
    )
