"""Small valid plans, made by hand: the tours are drawn first, then every fact is fitted around them, often tightly.

So a plan is valid by construction, without any solver, and one second or one parcel more breaks it. Everything goes
through the model and the codec: what is checked is the JSON that would be published.
"""

from __future__ import annotations

import json
from datetime import timedelta
from fractions import Fraction
from math import cos, floor, pi, radians
from random import Random
from typing import Any

from data.codec import encode
from data.model.change import Presumed
from data.model.order import Order
from data.model.parcel import Apart, Dimensions
from data.model.place import BoxType, Place, PlaceKind
from data.model.plan import (
    AccessClass,
    Bound,
    Closure,
    HireOption,
    Lock,
    PlaceHours,
    Plan,
    Postponed,
    Reason,
    Stop,
    Totals,
    Tour,
    TourStart,
    Unassigned,
)
from data.model.vehicle import Break, Category, Critair, Energy, Role, Vehicle, VehicleCosts
from data.model.zone import Exemption
from tests.changed_plans import with_changes
from tests.drawn_tours import DAY, MIDNIGHT, SIZES, ZONE, Drawer, Drawn, at, seconds, window

DAY_S = 86_400
CLASSES = (
    (Category.VUL, Critair.V2, Energy.DIESEL),
    (Category.VUL, Critair.V4, Energy.DIESEL),
    (Category.CARGO_BIKE, Critair.EL, Energy.HUMAN),
)


def published(plan: Plan) -> dict[str, Any]:
    """Return the JSON that is published for ``plan``, as plain types."""
    document: dict[str, Any] = json.loads(encode(plan))
    return document


def small_plan(seed: int) -> Plan:
    """Return a valid plan of two to four tours, the same for the same seed."""
    rng = Random(seed)
    drawer = Drawer(rng)
    plan = _Fitter(rng, drawer).plan(seed, [drawer.tour(f"v{n}") for n in range(rng.randint(2, 4))])
    return with_changes(plan, rng)


class _Fitter:
    """Fits vehicles, places, hours, closures, locks and sums around drawn tours."""

    def __init__(self, rng: Random, drawer: Drawer) -> None:
        self.rng = rng
        self.drawer = drawer
        self.balance, self.compactness = rng.choice([0, 40]), rng.choice([0, 350])

    def plan(self, seed: int, drawn: list[Drawn]) -> Plan:
        """Return the whole plan."""
        vehicles = [self._vehicle(tour) for tour in drawn]
        tours = [self._tour(tour, vehicle) for tour, vehicle in zip(drawn, vehicles)]
        vehicles += [self._spare("idle", Role.RESERVE), self._spare("rent", Role.HIRED)]
        hub = self.rng.choice(self.drawer.hubs)
        left_out = [self.drawer.order(hub, [self.drawer.home()], 0) for _ in range(4)]
        postponed = tuple(self._postponed(order) for order in left_out[:1])
        unassigned = tuple(Unassigned(order_id=order.id, reasons=(self._reason(),)) for order in left_out[1:3])
        orders = (*self.drawer.orders, *left_out)
        places = [self._place(place) for place in self.drawer.shared] + self.drawer.homes
        replaces = self.rng.choice(["", "plan-before"])
        return Plan(
            id=f"plan-{seed}",
            day=DAY,
            time_zone="Europe/Paris",
            created_at=MIDNIGHT - timedelta(hours=3, microseconds=250),
            city="sample.city",
            seed=seed,
            replaces=replaces,
            hubs=tuple(self.drawer.hubs),
            vehicles=tuple(vehicles),
            places=tuple(places),
            place_hours=tuple(self._hours(place) for place in places if place.opening_hours is not None),
            orders=orders,
            delivery_days=tuple(DAY + timedelta(days=days) for days in range(1, 5)),
            exemptions=tuple(_exemption(vehicle) for vehicle in vehicles if vehicle.critair is Critair.EL),
            access=self._access(vehicles, drawn),
            locks=tuple(lock for tour in drawn for lock in self._locks(tour)),
            tours=tuple(tours),
            postponed=postponed,
            unassigned=unassigned,
            done=(left_out[3].id,),
            presumed=(Presumed(order_id=left_out[3].id, vehicle_id="idle"),),
            moved=(drawn[0].orders[0].id,) if replaces else (),
            hire_options=(self._hire([left_out[1].id, left_out[2].id]),),
            bound=self._bound(drawn),
            apart=(Apart(kind="food", other="paint"), Apart(kind="paint", other="feed")),
            balance_cents_per_h2=self.balance,
            compactness_cents_per_km2=self.compactness,
            emission_factors="sample 2026-01",
            totals=self._totals(tours, drawn),
        )

    def _vehicle(self, tour: Drawn) -> Vehicle:
        """A vehicle that can just about drive ``tour``."""
        rng = self.rng
        category, critair, energy = rng.choice(CLASSES)
        slack_s = rng.choice([0, 0, 1800])
        breaks = list(tour.breaks)
        if not tour.at_hub:
            earlier = window(tour.departure_s - 3600, tour.departure_s - 1)
            breaks.append(Break(id=f"{tour.vehicle_id}.earlier", window=earlier, duration_s=900))
        over = rng.choice([0, 60])
        late = window(tour.return_s + over, tour.return_s + 3600)
        breaks.append(Break(id=f"{tour.vehicle_id}.late", window=late, duration_s=900))
        early = window(tour.departure_s, tour.return_s)
        due_at = at(tour.return_s + over)
        breaks.append(Break(id=f"{tour.vehicle_id}.long", window=early, duration_s=900, due_at=due_at))
        return Vehicle(
            id=tour.vehicle_id,
            hub_id=tour.hub.id,
            category=category,
            critair=critair,
            energy=energy,
            capacity_parcels=tour.most(lambda parcel: 1) + rng.choice([0, 3]),
            capacity_g=tour.most(lambda parcel: parcel.load_g) + rng.choice([0, 1]),
            capacity_dm3=tour.most(lambda parcel: parcel.volume_dm3) + rng.choice([0, 1]),
            shift=window(tour.begins_s - slack_s, tour.return_s + slack_s),
            breaks=tuple(breaks),
            costs=VehicleCosts(fixed_cents=rng.choice([0, 4_000]), per_km_cents=41, per_hour_cents=2_350),
            skills=("fragile", "cold"),
            max_mm=rng.choice([None, Dimensions(length_mm=350, width_mm=400, height_mm=600)]),
            max_trips=len(tour.trips) + rng.choice([0, 1]),
            reload_s=tour.reload_s,
            returns=tour.returns,
        )

    def _spare(self, name: str, role: Role) -> Vehicle:
        """A vehicle that is not used."""
        category, critair, energy = self.rng.choice(CLASSES)
        return Vehicle(
            id=name,
            hub_id=self.drawer.hubs[0].id,
            category=category,
            critair=critair,
            energy=energy,
            capacity_parcels=90,
            capacity_g=900_000,
            capacity_dm3=9_000,
            shift=window(6 * 3600, 20 * 3600),
            role=role,
        )

    def _tour(self, drawn: Drawn, vehicle: Vehicle) -> Tour:
        duration_s = drawn.return_s - drawn.departure_s
        distance_m = sum(leg.distance_m for leg in drawn.legs)
        travel_s = sum(leg.travel_s for leg in drawn.legs)
        service_s = sum(seconds(stop.end_at) - seconds(stop.start_at) for stop in drawn.stops)
        co2e_mg_per_km = self.rng.choice([0, 180_500])
        hub = drawn.hub
        loading = [self._loading(drawn, trip) for trip in drawn.trips]
        later = iter(loading[1:])
        stops = [s if s.loading_list is None else s.replace(loading_list=next(later)) for s in drawn.stops]
        late = [(each.late_s, order.late_cents_per_hour) for stop in stops for each in stop.handovers
                for order in drawn.orders if order.id == each.order_id]  # fmt: skip
        return Tour(
            vehicle_id=vehicle.id,
            start=TourStart(lat=hub.lat, lon=hub.lon) if drawn.at_hub else TourStart(lat=47.3, lon=-1.6, at_hub=False),
            departure_at=at(drawn.departure_s),
            return_at=at(drawn.return_s),
            legs=tuple(drawn.legs),
            stops=tuple(stops),
            breaks=tuple(drawn.taken),
            parcels=len(drawn.parcels),
            load_g=sum(parcel.load_g for parcel in drawn.parcels),
            load_dm3=sum(parcel.volume_dm3 for parcel in drawn.parcels),
            distance_m=distance_m,
            travel_s=travel_s,
            service_s=service_s,
            waiting_s=duration_s
            - travel_s
            - service_s
            - sum(taken.duration_s for taken in drawn.taken if taken.start_at >= at(drawn.departure_s)),
            cost_cents=vehicle.costs.fixed_cents + _nearest(distance_m * 41, 1000) + _nearest(duration_s * 2_350, 3600),
            co2e_mg_per_km=co2e_mg_per_km,
            co2e_g=_nearest(distance_m * co2e_mg_per_km, 1_000_000),
            loading_list=loading[0],
            late_cents=sum(_nearest(late_s * price, 3600) for late_s, price in late),
            balance_cents=_nearest((travel_s + service_s) ** 2 * self.balance, 3600**2),
            compactness_cents=_nearest(floor(self._spread_m2(stops)) * self.compactness, 10**6),
        )

    def _loading(self, drawn: Drawn, trip: list[Stop]) -> tuple[str, ...]:
        """Return the parcels loaded for a trip, last stop first."""
        by_order = {order.id: [parcel.id for parcel in order.parcels] for order in drawn.orders}
        return tuple(
            parcel_id
            for stop in reversed(trip)
            for handover in self.rng.sample(stop.handovers, len(stop.handovers))
            if handover.order_id not in drawn.collected
            for parcel_id in by_order[handover.order_id]
        )

    def _spread_m2(self, stops: list[Stop]) -> Fraction:
        """Return the sum of squared distances of what a tour hands over and collects from its centre."""
        places = {place.id: place for place in (*self.drawer.shared, *self.drawer.homes)}
        hub = self.drawer.hubs[0]
        degree_m = 2 * pi * 6_371_009 / 360
        at = [places[stop.place_id] for stop in stops for _ in stop.handovers]
        axes = ([round((place.lon - hub.lon) * cos(radians(hub.lat)) * degree_m) for place in at],
                [round((place.lat - hub.lat) * degree_m) for place in at])  # fmt: skip
        return sum((each - Fraction(sum(axis), len(axis))) ** 2 for axis in axes for each in axis) + Fraction(0)

    def _place(self, place: Place) -> Place:
        """Give a shared place its limits: just enough boxes and room, or one more."""
        boxes = tuple(
            BoxType(
                size="SML"[n],
                free=self.drawer.boxes[place.id, n] + self.rng.choice([0, 1]),
                inner_mm=Dimensions(length_mm=size[0] + 5, width_mm=size[1] + 5, height_mm=size[2] + 5),
                max_load_g=self.rng.choice([self.drawer.heaviest_g.get((place.id, n), 0), 30_000]),
            )
            for n, size in enumerate(SIZES)
        )
        cap = self.rng.choice([None, self.drawer.received[place.id]])
        heaviest_g = self.drawer.heaviest_g.get((place.id, -1), 0)
        return place.replace(
            boxes=boxes if place.kind is PlaceKind.LOCKER else (),
            daily_cap_parcels=cap,
            max_load_g=self.rng.choice([None, heaviest_g]),
        )

    def _hours(self, place: Place) -> PlaceHours:
        """Open around what happens there; closed all day where nothing does."""
        starts_s = self.drawer.starts_s.get(place.id)
        if not starts_s:
            return PlaceHours(place_id=place.id, open=())
        first, last = min(starts_s), max(starts_s)
        if last - first > 7200 and not any(first < start < last for start in starts_s):
            return PlaceHours(place_id=place.id, open=(window(first - 60, first), window(last, last + 60)))
        return PlaceHours(place_id=place.id, open=(window(first - self.rng.choice([0, 600]), last),))

    def _access(self, vehicles: list[Vehicle], drawn: list[Drawn]) -> tuple[AccessClass, ...]:
        """Close the zone whenever no vehicle of the class is inside, to the second."""
        inside = {tour.vehicle_id: tour.inside for tour in drawn}
        groups = []
        for n, kind in enumerate(CLASSES):
            members = [v.id for v in vehicles if (v.category, v.critair, v.energy) == kind]
            free_s, closed = 0, []
            for enter_s, exit_s in sorted(stay for member in members for stay in inside.get(member, [])):
                if enter_s > free_s:
                    closed.append(window(free_s, enter_s))
                free_s = max(free_s, exit_s)
            closed.append(window(free_s, DAY_S))
            exempt = n == 2
            if exempt:
                closed = [window(0, DAY_S)]
            closure = Closure(zone_id=ZONE, first_banned=Critair.V2, hours="24/7", closed=tuple(closed))
            groups.append(
                AccessClass(
                    id=f"class{n}",
                    category=kind[0],
                    critair=kind[1],
                    energy=kind[2],
                    vehicle_ids=tuple(members),
                    exempt_zone_ids=(ZONE,) if exempt else (),
                    closures=(closure,),
                )
            )
        return tuple(groups)

    def _locks(self, tour: Drawn) -> list[Lock]:
        ids = tuple(order.id for order in tour.orders)
        if not tour.at_hub:
            return [Lock(vehicle_id=tour.vehicle_id, order_ids=ids, sequence=False, reason="on board")]
        first = Lock(vehicle_id=tour.vehicle_id, order_ids=ids[:2], sequence=True, reason="announced")
        frozen = Lock(
            vehicle_id=tour.vehicle_id, order_ids=ids, sequence=True, closed_to_others=True, reason="being loaded"
        )
        some = Lock(vehicle_id=tour.vehicle_id, order_ids=ids[-1:], sequence=False, reason="customer asked")
        return self.rng.choice([[], [first], [frozen], [first, some]])

    def _reason(self) -> Reason:
        return Reason(code="no_room", text="Every vehicle is full.", vehicle_id="idle", zone_id=ZONE)

    def _postponed(self, order: Order) -> Postponed:
        to_day = self.rng.choice([DAY + timedelta(days=1), order.promised_on])
        return Postponed(order_id=order.id, to_day=to_day, reasons=(self._reason(),))

    def _hire(self, saved: list[str]) -> HireOption:
        return HireOption(vehicle_id="rent", saves_order_ids=tuple(saved), cost_cents=9_001, cents_per_order=4_501)

    def _bound(self, drawn: list[Drawn]) -> Bound:
        served = sum(len(tour.orders) for tour in drawn)
        loose = [served + self.rng.choice([0, 5]) for _ in range(4)]
        return Bound(
            orders=min(loose),
            by_parcels=loose[0],
            by_load_g=loose[1],
            by_volume_dm3=loose[2],
            by_boxes=loose[2],
            by_time=loose[3],
            explanation="sample",
        )

    def _totals(self, tours: list[Tour], drawn: list[Drawn]) -> Totals:
        served = {order.id: order for tour in drawn for order in tour.orders}
        handovers = [handover for tour in tours for stop in tour.stops for handover in stop.handovers]
        option_cents = sum(served[item.order_id].option_at(item.option, item.collects).cost_cents for item in handovers)
        vehicle_cents = sum(tour.cost_cents for tour in tours)
        late_cents = sum(tour.late_cents for tour in tours)
        shape_cents = [sum(tour.balance_cents for tour in tours), sum(tour.compactness_cents for tour in tours)]
        reloads = sum(len(tour.trips) - 1 for tour in drawn)
        return Totals(
            orders=len(served) + 3,
            served=len(served),
            postponed=1,
            unassigned=2,
            tours=len(tours),
            stops=sum(len(tour.stops) for tour in tours) - reloads,
            reloads=reloads,
            late=sum(handover.late_s > 0 for handover in handovers),
            distance_m=sum(tour.distance_m for tour in tours),
            travel_s=sum(tour.travel_s for tour in tours),
            service_s=sum(tour.service_s for tour in tours),
            waiting_s=sum(tour.waiting_s for tour in tours),
            vehicle_cents=vehicle_cents,
            option_cents=option_cents,
            late_cents=late_cents,
            balance_cents=shape_cents[0],
            compactness_cents=shape_cents[1],
            cost_cents=vehicle_cents + option_cents + late_cents + sum(shape_cents),
            co2e_g=sum(tour.co2e_g for tour in tours),
        )


def _exemption(vehicle: Vehicle) -> Exemption:
    return Exemption(vehicle_id=vehicle.id, zone_id=ZONE, valid_from=DAY, valid_to=DAY, yearly_quota=24, used_days=23)


def _nearest(value: int, unit: int) -> int:
    return (2 * value + unit) // (2 * unit)
