"""What the map shows of one plan: totals, tours with their lines and stops, and orders on no tour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from data.errors import InputError
from data.model.base import Value, Window
from data.model.order import Order
from data.model.place import Place
from data.model.plan import BreakTaken, Handover, Plan, Reason, Stop, Tour
from data.model.vehicle import Vehicle
from routing.map.layers import Feature, address, collection, feature, position, simplify_line

Shapes = Mapping[tuple[str, str, int], list[tuple[float, float]]]
Point = tuple[float, float]
V = TypeVar("V", bound=Value)

REASON_LABELS = {
    "FLEET_FULL": "Plus de place ou de temps dans les tournées",
    "LOCKER_CAPACITY_CONSTRAINT": "Plus de casier ou de place au point de retrait",
    "OPENING_HOURS_CONSTRAINT": "Point de retrait fermé sur le créneau",
    "ZFE_CONSTRAINT": "Interdit par une zone à faibles émissions",
    "TIME_WINDOW_CONSTRAINT": "Créneau impossible à tenir",
    "RELEASE_CONSTRAINT": "Colis prêts trop tard",
    "LOCKED_VEHICLE": "Véhicule en chargement ou déjà parti",
    "VEHICLE_DOWN": "Véhicule en panne",
    "SECOND_PRESENTATION": "Seconde présentation",
    "CAPACITY_CONSTRAINT": "Commande au-delà de la capacité du véhicule",
    "DIMENSION_CONSTRAINT": "Colis trop grand",
    "SKILL_CONSTRAINT": "Compétence manquante",
    "KIND_CONSTRAINT": "Marchandise refusée par le véhicule",
    "MIX_CONSTRAINT": "Marchandises à ne pas mélanger",
    "REACHABLE_CONSTRAINT": "Aucune rue autorisée n'y mène",
    "HUB_CONSTRAINT": "Colis dans un autre dépôt",
    "COST_CONSTRAINT": "Coûte plus que de reporter",
    "NO_VEHICLE": "Aucun véhicule à planifier",
}
"""What a French dispatcher reads for each reason code; the plan's own text, in English, stands below it."""

# Okabe and Ito's colours (Color Universal Design, 2008) and Paul Tol's "muted" scheme, without those too pale on a
# light map or too close to the marks of postponed, unassigned and moved orders.
PALETTE = (
    "#0072B2",
    "#117733",
    "#AA4499",
    "#B5651D",
    "#44AA99",
    "#332288",
    "#8C8C1A",
    "#56B4E9",
    "#882255",
    "#5F6B7A",
    "#CC6677",
    "#4A7AFF",
)


def vehicle_colours(after: Plan, before: Plan | None) -> dict[str, str]:
    """Return a colour per vehicle with a tour, the same in both plans; repeated after ``len(PALETTE)``."""
    plans = (after, before) if before else (after,)
    vehicles = dict.fromkeys(tour.vehicle_id for plan in plans for tour in plan.tours)
    return {vehicle: PALETTE[i % len(PALETTE)] for i, vehicle in enumerate(vehicles)}


def assignments(plan: Plan) -> dict[str, dict[str, str]]:
    """Return, per order on a tour, the vehicle and the local time its hand-over starts."""
    zone = ZoneInfo(plan.time_zone)
    return {
        handover.order_id: {"vehicle": tour.vehicle_id, "at": clock(handover.start_at, zone)}
        for tour in plan.tours
        for stop in tour.stops
        for handover in stop.handovers
    }


def clock(at: datetime, zone: ZoneInfo) -> str:
    """Return the local time as ``HH:MM``."""
    return at.astimezone(zone).strftime("%H:%M")


def plan_view(plan: Plan, shapes: Shapes, colours: Mapping[str, str]) -> dict[str, Any]:
    """Return one plan as the page draws it; ``colours`` names each vehicle's."""
    return _PlanView(plan, shapes, colours).build()


class _PlanView:
    """The plan's values by id, and the builders that need them."""

    def __init__(self, plan: Plan, shapes: Shapes, colours: Mapping[str, str]) -> None:
        self.plan, self.shapes, self.colours = plan, shapes, colours
        self.zone = ZoneInfo(plan.time_zone)
        self.places: dict[str, Place] = {place.id: place for place in plan.places}
        self.orders: dict[str, Order] = {order.id: order for order in plan.orders}
        self.vehicles: dict[str, Vehicle] = {vehicle.id: vehicle for vehicle in plan.vehicles}
        self.hubs = {hub.id: hub for hub in plan.hubs}
        self.hours = {hours.place_id: hours.open for hours in plan.place_hours}

    def build(self) -> dict[str, Any]:
        plan = self.plan
        stops = collection(stop for tour in plan.tours for stop in self.tour_stops(tour))
        return {
            "id": plan.id,
            "day": plan.day.isoformat(),
            "created": clock(plan.created_at, self.zone),
            "totals": {name: getattr(plan.totals, name) for name in plan.totals.__struct_fields__},
            "done": len(plan.done),
            "tours": [self.tour_row(tour) for tour in plan.tours],
            "lines": collection(line for tour in plan.tours for line in self.tour_lines(tour)),
            "stops": stops,
            "starts": collection(self.start(tour) for tour in plan.tours if not tour.start.at_hub),
            "lone": collection(self.lone()),
            "hubs": collection(
                feature("Point", position(hub.lon, hub.lat), id=hub.id, name=hub.name) for hub in plan.hubs
            ),
        }

    def tour_row(self, tour: Tour) -> dict[str, Any]:
        """Return the tour's line in the panel."""
        vehicle = self._get(self.vehicles, tour.vehicle_id, "vehicle")
        percent, limit = load_percent(tour.most_on_board(self.orders), vehicle)
        return {
            "vehicle": vehicle.id,
            "name": vehicle.name,
            "colour": self.colours[vehicle.id],
            "category": vehicle.category,
            "critair": vehicle.critair,
            "energy": vehicle.energy,
            "distance_m": tour.distance_m,
            "co2e_g": tour.co2e_g,
            "cost_cents": tour.cost_cents,
            "parcels": tour.parcels,
            "load_percent": percent,
            "load_limit": limit,
            "start": clock(tour.departure_at, self.zone),
            "end": clock(tour.return_at, self.zone),
            "breaks": [self.break_row(taken) for taken in tour.breaks],
        }

    def break_row(self, taken: BreakTaken) -> dict[str, Any]:
        """Return the break's line in the tour's list."""
        return {
            "after_stop": taken.after_stop,
            "start": clock(taken.start_at, self.zone),
            "minutes": taken.duration_s // 60,
        }

    def tour_lines(self, tour: Tour) -> Iterator[Feature]:
        """Yield the legs driven along their shapes, joined where they meet, then the straight ones."""
        ends = self.tour_points(tour)
        driven: list[list[Point]] = []
        straight: list[list[Point]] = []
        for leg, (tail, head) in enumerate(pairwise(ends)):
            shape = self.shapes.get((self.plan.id, tour.vehicle_id, leg), [])
            if len(shape) > 1 and driven and driven[-1][-1] == shape[0]:
                driven[-1].extend(shape[1:])
            elif len(shape) > 1:
                driven.append(list(shape))
            elif tail != head:
                straight.append([tail, head])
        look = {"vehicle": tour.vehicle_id, "colour": self.colours[tour.vehicle_id]}
        for lines, is_straight in ((driven, False), (straight, True)):
            if lines:
                simple = [simplify_line(line) for line in lines]
                yield feature("MultiLineString", simple, straight=is_straight, **look)

    def tour_points(self, tour: Tour) -> list[Point]:
        """Return ``(lon, lat)`` of the start, each stop, and the hub if the vehicle returns."""
        vehicle = self._get(self.vehicles, tour.vehicle_id, "vehicle")
        hub = self._get(self.hubs, vehicle.hub_id, "hub")
        places = (hub if stop.loading_list is not None else self._get(self.places, stop.place_id, "place")
                  for stop in tour.stops)  # fmt: skip
        start = (tour.start.lon, tour.start.lat)
        home = [(hub.lon, hub.lat)] if vehicle.returns else []
        return [start, *((place.lon, place.lat) for place in places), *home]

    def tour_stops(self, tour: Tour) -> Iterator[Feature]:
        """Yield the stops in sequence, from 1, those at the hub between two trips included."""
        for sequence, stop in enumerate(tour.stops, start=1):
            yield self.stop(tour, sequence, stop) if stop.loading_list is None else self.reload(tour, sequence, stop)

    def reload(self, tour: Tour, sequence: int, stop: Stop) -> Feature:
        """Return the stop at which a vehicle is loaded again, shaped like any other."""
        hub = self._get(self.hubs, stop.place_id, "hub")
        where = {"place": hub.id, "kind": "hub", "name": hub.name or hub.id, "address": ""}
        return self._stop(tour, sequence, stop, (hub.lon, hub.lat), where, [])

    def stop(self, tour: Tour, sequence: int, stop: Stop) -> Feature:
        """Return one stop with what its popup says."""
        place = self._get(self.places, stop.place_id, "place")
        where = {"place": place.id, "kind": place.kind.value, "name": place.name, "address": address(place)}
        orders = [self.handover(handover, place) for handover in stop.handovers]
        return self._stop(tour, sequence, stop, (place.lon, place.lat), where, orders)

    def _stop(
        self, tour: Tour, sequence: int, stop: Stop, at: Point, where: Mapping[str, str], orders: list[dict[str, Any]]
    ) -> Feature:
        return feature(
            "Point",
            position(*at),
            vehicle=tour.vehicle_id,
            colour=self.colours[tour.vehicle_id],
            sequence=sequence,
            **where,
            arrival=clock(stop.arrival_at, self.zone),
            start=clock(stop.start_at, self.zone),
            end=clock(stop.end_at, self.zone),
            zones=list(stop.zone_ids),
            loaded=len(stop.loading_list or ()),
            orders=orders,
        )

    def handover(self, handover: Handover, place: Place) -> dict[str, Any]:
        """Return one order of a stop; no windows means any time."""
        order = self._get(self.orders, handover.order_id, "order")
        windows = order.option_at(handover.option, handover.collects).windows or self.hours.get(place.id, ())
        return {
            "id": order.id,
            "at": clock(handover.start_at, self.zone),
            "windows": [self.window(window) for window in windows],
            "boxes": [place.boxes[use.box].size for use in handover.boxes],
            "parcels": len(order.parcels),
            "collects": handover.collects,
            "late_minutes": -(-handover.late_s // 60),
        }

    def window(self, window: Window) -> str:
        """Return ``HH:MM–HH:MM``, local time."""
        return f"{clock(window.start_at, self.zone)}–{clock(window.end_at, self.zone)}"

    def start(self, tour: Tour) -> Feature:
        """Return where a vehicle already on the road is."""
        at = position(tour.start.lon, tour.start.lat)
        return feature("Point", at, vehicle=tour.vehicle_id, colour=self.colours[tour.vehicle_id])

    def lone(self) -> Iterator[Feature]:
        """Yield postponed and unassigned orders, each at its first option's place."""
        for postponed in self.plan.postponed:
            day = postponed.to_day.isoformat()
            yield self.lone_order(postponed.order_id, postponed.reasons, kind="postponed", to_day=day)
        for unassigned in self.plan.unassigned:
            yield self.lone_order(unassigned.order_id, unassigned.reasons, kind="unassigned", to_day="")

    def lone_order(self, order_id: str, reasons: tuple[Reason, ...], kind: str, to_day: str) -> Feature:
        """Return one order on no tour, and why."""
        order = self._get(self.orders, order_id, "order")
        place = self._get(self.places, order.options[0].place_id, "place")
        return feature(
            "Point",
            position(place.lon, place.lat),
            order=order_id,
            kind=kind,
            to_day=to_day,
            parcels=len(order.parcels),
            address=address(place),
            windows=[self.window(window) for window in order.options[0].windows],
            reasons=[
                {"code": reason.code, "label": REASON_LABELS.get(reason.code, reason.code), "text": reason.text}
                for reason in reasons
            ],
        )

    def _get(self, known: Mapping[str, V], key: str, noun: str) -> V:
        if key not in known:
            message = f"the plan names {noun} {key!r} but does not hold it"
            raise InputError("unknown_reference", message, f"plan {self.plan.id}", "publish the plan again")
        return known[key]


def load_percent(most: tuple[int, int, int], vehicle: Vehicle) -> tuple[int, str]:
    """Return how full the vehicle is, in whole percent rounded up, and which capacity is the fullest.

    ``most`` are the parcels, grams and dm3 on board when each is most.
    """
    used = {
        "parcels": (most[0], vehicle.capacity_parcels),
        "load_g": (most[1], vehicle.capacity_g),
        "volume_dm3": (most[2], vehicle.capacity_dm3),
    }
    percents = {name: -(-100 * load // capacity) for name, (load, capacity) in used.items() if capacity}
    limit = max(percents, key=lambda name: percents[name], default="parcels")
    return percents.get(limit, 0), limit
