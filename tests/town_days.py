"""Random days of :mod:`tests.small_town`: requests, bursts and statuses with everything they may hold."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

from data.model.break_rules import BreakRule
from data.model.city import City
from data.model.order import Order, PlaceOption
from data.model.parcel import Apart, Dimensions, Parcel
from data.model.place import Place, PlaceKind
from data.model.plan import Plan, Tour
from data.model.request import OrderBook, PlanRequest, VehicleStatus
from data.model.vehicle import Break, Critair, Role, Vehicle, VehicleCosts
from data.model.zone import Exemption, Zone
from tests.small_town import (
    FALL_BACK,
    KINDS,
    LARGE,
    SIDE,
    SMALL,
    SPRING_FORWARD,
    THURSDAY,
    at,
    home,
    hub,
    rule,
    spot,
    town,
    window,
    zone,
)

CLOSINGS = ("Mo-Fr 07:00-20:00", "08:00-10:00,16:00-18:30", "10:00-24:00", "00:00-09:30", "24/7")
HUBS = ("hub", "hub-south")


def drawn_town(rng: Random) -> City:
    """Return the town with a zone, sometimes a stricter one inside it, sometimes none."""
    zones: list[Zone] = []
    if rng.random() < 0.85:
        zones.append(zone(rules=(rule(rng.choice(CLOSINGS)),)))
        if rng.random() < 0.3:
            both = (rule(rng.choice(CLOSINGS), Critair.V2), rule(rng.choice(CLOSINGS), Critair.V4))
            zones.append(zone("ZFE-core", rank=1, first=5.5, rules=both))
    return town(*zones)


class Days:
    """Draws requests and what happens after them."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.city = drawn_town(self.rng)
        self.day = self.rng.choice([THURSDAY, THURSDAY, SPRING_FORWARD, FALL_BACK])
        self.homes: list[Place] = []
        self.made = 0

    def request(self, orders: int) -> PlanRequest:
        """Return a day's request."""
        rng = self.rng
        fleet = tuple(self._vehicle(n) for n in range(rng.randint(1, 4)))
        made = tuple(self._order() for _ in range(orders))
        exempt = [each for each in fleet if rng.random() < 0.1]
        return PlanRequest(
            day=self.day,
            hubs=(hub(), hub("hub-south", 6.2, 0.1)),
            vehicles=fleet,
            places=tuple(self.homes),
            orders=made,
            exemptions=tuple(
                Exemption(vehicle_id=each.id, zone_id="ZFE", valid_from=self.day, valid_to=self.day)
                for each in exempt if self.city.zones
            ),
            delivery_days=tuple(self.day + timedelta(days=n) for n in rng.choice([(), (1,), (1, 2)])),
            apart=rng.choice([(), (Apart(kind="food", other="paint"), Apart(kind="feed", other="paint"))]),
            balance_cents_per_h2=rng.choice([0, 0, 90]),
            compactness_cents_per_km2=rng.choice([0, 0, 40]),
        )  # fmt: skip

    def burst(self, orders: int) -> OrderBook:
        """Return new orders with the homes they bring."""
        self.homes = []
        made = tuple(self._order() for _ in range(orders))
        return OrderBook(places=tuple(self.homes), orders=made)

    def _vehicle(self, n: int) -> Vehicle:
        rng = self.rng
        category, critair, energy = rng.choice(KINDS)
        opens = rng.choice([6.0, 7.5, 8.0, 9.0])
        closes = opens + rng.choice([0.4, 1.0, 3.0, 8.0, 10.0])
        breaks = []
        for k in range(rng.choice([0, 0, 1, 2])):
            begins = rng.uniform(opens, closes)
            length_s = rng.choice([0, 600, 1800])
            last = begins + rng.choice([0.05, 0.5, 2.0])
            breaks.append(Break(id=f"v{n}.{k}", window=window(self.day, begins, last), duration_s=length_s))
        return Vehicle(
            id=f"v{n}",
            hub_id="hub" if rng.random() < 0.85 else "hub-south",
            category=category,
            critair=critair,
            energy=energy,
            capacity_parcels=rng.choice([3, 10, 30]),
            capacity_g=rng.choice([12_000, 200_000, 200_000]),
            capacity_dm3=rng.choice([30, 2_000, 2_000]),
            shift=window(self.day, opens, closes),
            max_trips=rng.choice([1, 1, 2, 4]),
            reload_s=rng.choice([None, 0, 300]),
            breaks=tuple(breaks),
            break_rule=rng.choice([*BreakRule, BreakRule.NONE, BreakRule.NONE]),
            costs=VehicleCosts(
                fixed_cents=rng.choice([0, 3_000, 25_000]), per_km_cents=rng.choice([0, 40]), per_hour_cents=2_000
            ),
            skills=rng.choice([(), ("cold",)]),
            refused_kinds=rng.choice([(), (), (), ("paint",)]),
            role=rng.choice([Role.OWN, Role.OWN, Role.OWN, Role.OWN, Role.RESERVE, Role.HIRED]),
            max_mm=rng.choice([None, None, LARGE]),
        )

    def _order(self) -> Order:
        rng = self.rng
        name = f"o{self.made}"
        self.made += 1
        hub_id = "hub" if rng.random() < 0.9 else "hub-south"
        ready = rng.choice([None, None, None, at(self.day, rng.uniform(5, 9))])
        kind = rng.choice(["", "", "food", "paint", "feed"])
        from_place = self._option(name, 9) if rng.random() < 0.2 else None
        return Order(
            id=name,
            hub_id=hub_id,
            parcels=tuple(self._parcel(f"{name}.{k}", hub_id, ready, kind) for k in range(rng.choice([1, 1, 1, 2]))),
            options=tuple(self._option(name, k) for k in range(rng.choice([1, 1, 2, 3]))),
            from_place=from_place,
            promised_on=self.day + timedelta(days=rng.choice([-1, 0, 0, 0, 1, 2])),
            promised_by=rng.choice([None, None, at(self.day, rng.uniform(6, 16))]),
            late_cents_per_hour=rng.choice([0, 600]),
            priority=rng.choice([0, 0, 50, 100]),
            skills=rng.choice([(), (), (), ("cold",)]),
        )

    def _parcel(self, name: str, hub_id: str, ready: datetime | None, kind: str) -> Parcel:
        rng = self.rng
        long = Dimensions(length_mm=900, width_mm=100, height_mm=100)
        size = rng.choice([SMALL, SMALL, SMALL, SMALL, LARGE, LARGE, long])
        return Parcel(
            id=name,
            load_g=rng.choice([300, 300, 4_000, 4_000, 25_000]),
            volume_dm3=rng.randint(1, 12),
            size_mm=size,
            hub_id=rng.choice(["", hub_id]),
            ready_at=ready,
            kind=rng.choice(["", kind]),
        )

    def _option(self, name: str, k: int) -> PlaceOption:
        rng = self.rng
        place = rng.choice(["home", "home", "home", "relay", "locker"])
        if place == "home":
            near = bool(self.homes) and rng.random() < 0.2
            known = rng.choice(self.homes) if near else self._home(f"{name}-home{k}")
            place = known.id
        first = rng.uniform(6, 16)
        slots = [window(self.day, first, first + rng.choice([0.0, 0.3, 2.0])) for first in (first, first + 1)]
        return PlaceOption(
            place_id=place,
            windows=tuple(slots[: rng.choice([0, 0, 0, 1, 2])]),
            cost_cents=rng.choice([0, 0, 200]),
            service_s=rng.choice([None, None, 0, 300]),
        )

    def _home(self, name: str) -> Place:
        rng = self.rng
        column, row = rng.uniform(0, SIDE - 1), float(rng.randrange(SIDE))
        twin = bool(self.homes) and rng.random() < 0.1
        lat, lon = (self.homes[-1].lat, self.homes[-1].lon) if twin else spot(column, row)
        made = home(name, 0, 0, lat=lat, lon=lon, setup_s=rng.choice([0, 60]), service_s=rng.choice([0, 90]),
                    opening_hours=rng.choice([None, None, None, "08:00-12:00"]), kind=PlaceKind.HOME)  # fmt: skip
        self.homes.append(made)
        return made

    def statuses(self, plan: Plan) -> tuple[VehicleStatus, ...]:
        """Return what has happened to some of the tours: being loaded, or on the road with some stops done."""
        return tuple(status for tour in plan.tours if (status := self._status(tour, plan)) is not None)

    def _status(self, tour: Tour, plan: Plan) -> VehicleStatus | None:
        rng = self.rng
        state = rng.choice(["nothing", "loading", "left", "left"]) if tour.start.at_hub else "left"
        if state == "nothing":
            return None
        if state == "loading":
            return VehicleStatus(vehicle_id=tour.vehicle_id, loading_started=True, trip=tour.start.trip)
        past = rng.randint(0, len(tour.stops))
        trip = tour.start.trip + sum(stop.loading_list is not None for stop in tour.stops[:past])
        given = [handover for stop in tour.stops[:past] for handover in stop.handovers]
        done = [each.order_id for each in plan.presumed if each.vehicle_id == tour.vehicle_id]
        done += [handover.order_id for handover in given if not handover.collects]
        here = (tour.start.lat, tour.start.lon)
        seen_at = tour.departure_at
        if past:
            stop = tour.stops[past - 1]
            place = next(each for each in (*plan.places, *plan.hubs) if each.id == stop.place_id)
            here, seen_at = (place.lat, place.lon), stop.end_at
        rested = tuple(
            pause.break_id
            for pause in tour.breaks
            if pause.after_stop < past or pause.start_at + timedelta(seconds=pause.duration_s) <= seen_at
        )
        return VehicleStatus(
            vehicle_id=tour.vehicle_id, loading_started=True, lat=here[0], lon=here[1], at=seen_at, done=tuple(done),
            breaks_done=rested, trip=trip,
        )  # fmt: skip


def some_instant(rng: Random, day: date) -> datetime | None:
    """Return a freeze time in the morning, or none."""
    return rng.choice([None, at(day, rng.uniform(6, 12))])
