"""Tours drawn at random for the sample plans of :mod:`tests.plans`, with the orders and places they need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from data.model.base import Window
from data.model.hub import Hub
from data.model.order import Order, PlaceOption
from data.model.parcel import Dimensions, Parcel
from data.model.place import Place, PlaceKind
from data.model.plan import BoxUse, BreakTaken, Handover, Leg, Pace, Stop, ZoneCrossing
from data.model.vehicle import Break

DAY = date(2026, 11, 24)
PARIS = ZoneInfo("Europe/Paris")
MIDNIGHT = datetime(2026, 11, 24, tzinfo=PARIS)
ZONE = "zfe-centre"
SIZES = ((200, 150, 50), (350, 250, 150), (600, 400, 350))


def at(second: int) -> datetime:
    """Return the instant ``second`` seconds into the planned day."""
    return MIDNIGHT + timedelta(seconds=second)


def seconds(instant: datetime) -> int:
    """Return how many seconds into the planned day ``instant`` is."""
    return int((instant - MIDNIGHT).total_seconds())


def window(first: int, last: int) -> Window:
    """Return the window between two seconds of the planned day."""
    return Window(start_at=at(first), end_at=at(last))


@dataclass
class Drawn:
    """A tour being drawn, in seconds of the day, with what its vehicle must then be able to do."""

    vehicle_id: str
    hub: Hub
    departure_s: int
    at_hub: bool
    leaves_s: int = 0
    reload_s: int | None = None
    returns: bool = True
    begins_s: int = 0
    return_s: int = 0
    legs: list[Leg] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    taken: list[BreakTaken] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)
    inside: list[tuple[int, int]] = field(default_factory=list)

    @property
    def collected(self) -> set[str]:
        """The orders it takes in on its way."""
        return {each.order_id for stop in self.stops for each in stop.handovers if each.collects}

    @property
    def trips(self) -> list[list[Stop]]:
        """The stops of each trip; those at the hub in between are in none."""
        found: list[list[Stop]] = [[]]
        for stop in self.stops:
            if stop.loading_list is None:
                found[-1].append(stop)
            else:
                found.append([])
        return found

    def most(self, amount: Callable[[Parcel], int]) -> int:
        """Return the largest sum of an amount that is on board at any time."""
        sums = {order.id: sum(map(amount, order.parcels)) for order in self.orders}
        most = 0
        for trip in self.trips:
            aboard = {each.order_id for stop in trip for each in stop.handovers} - self.collected
            now = sum(sums[order_id] for order_id in aboard)
            most = max(most, now)
            for each in (each for stop in trip for each in stop.handovers):
                now += sums[each.order_id] if each.collects else -sums[each.order_id]
                most = max(most, now)
        return most

    @property
    def parcels(self) -> list[Parcel]:
        """The parcels of its orders."""
        return [parcel for order in self.orders for parcel in order.parcels]


class Drawer:
    """Draws tours; remembers what they bring where, so that facts can be fitted around them."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.hubs = [self._hub(n) for n in range(rng.randint(1, 2))]
        self.shared = [self._shared_place(n) for n in range(4)]
        self.homes: list[Place] = []
        self.kind = ""
        self.orders: list[Order] = []
        self.starts_s: dict[str, list[int]] = {}
        self.received: Counter[str] = Counter()
        self.boxes: Counter[tuple[str, int]] = Counter()
        self.heaviest_g: dict[tuple[str, int], int] = {}  # by place and box; box -1 is the place itself

    def _hub(self, n: int) -> Hub:
        return Hub(id=f"hub{n}", lat=47.2 + n / 10, lon=-1.55, loading_s=self.rng.choice([0, 600, 900]))

    def _shared_place(self, n: int) -> Place:
        kind = (PlaceKind.RELAY, PlaceKind.LOCKER, PlaceKind.LOCKER, PlaceKind.POST_OFFICE)[n]
        return Place(
            id=f"{kind.value}{n}",
            kind=kind,
            lat=47.21,
            lon=-1.56,
            setup_s=self.rng.choice([0, 60, 180]),
            service_s=self.rng.choice([20, 45]),
            opening_hours=self.rng.choice([None, "Mo-Sa 08:00-19:00"]),
            max_mm=Dimensions(length_mm=620, width_mm=410, height_mm=360) if n % 2 else None,
        )

    def home(self) -> Place:
        setup_s = self.rng.choice([0, 30])
        lat, lon = 47.22 + self.rng.randint(-9, 9) / 1000, -1.54 + self.rng.randint(-9, 9) / 1000
        home = Place(id=f"home{len(self.homes)}", kind=PlaceKind.HOME, lat=lat, lon=lon, setup_s=setup_s)
        self.homes.append(home)
        return home

    def _parcel(self, hub: Hub, ready_s: int, name: str) -> Parcel:
        sides = list(self.rng.choice(SIZES))
        self.rng.shuffle(sides)
        return Parcel(
            id=name,
            load_g=self.rng.randint(100, 9_000),
            volume_dm3=self.rng.randint(1, 60),
            size_mm=Dimensions(length_mm=sides[0], width_mm=sides[1], height_mm=sides[2]),
            hub_id=self.rng.choice(["", hub.id]),
            ready_at=self.rng.choice([None, at(ready_s)]),
            kind=self.rng.choice(["", self.kind]),
        )

    def order(self, hub: Hub, places: Sequence[Place], ready_s: int) -> Order:
        name = f"o{len(self.orders)}-{self.rng.randrange(10**9)}"
        return Order(
            id=name,
            hub_id=hub.id,
            parcels=tuple(self._parcel(hub, ready_s, f"{name}.{p}") for p in range(self.rng.randint(1, 3))),
            options=tuple(
                PlaceOption(
                    place_id=place.id,
                    cost_cents=self.rng.choice([0, 150]),
                    service_s=self.rng.choice([None, 75]),
                )
                for place in places
            ),
            promised_on=DAY + timedelta(days=self.rng.randint(2, 4)),
            skills=self.rng.choice([(), ("fragile",)]),
        )

    def tour(self, vehicle_id: str) -> Drawn:
        """Drive from stop to stop; every duration is drawn, facts are fitted later."""
        rng = self.rng
        tour = Drawn(
            vehicle_id=vehicle_id,
            hub=rng.choice(self.hubs),
            departure_s=rng.randint(7 * 3600, 9 * 3600),
            at_hub=rng.random() < 0.75,
        )
        tour.leaves_s, tour.reload_s = tour.departure_s, rng.choice([None, 300])
        tour.returns = rng.random() < 0.8
        visits = [True] * rng.randint(2, 5)
        if rng.random() < 0.4:
            visits.insert(rng.randint(1, len(visits) - 1), False)
        count = len(visits)
        self.kind = rng.choice(["", "food", "paint"])
        self.waiting: list[tuple[Order, Place]] = []
        pauses = Counter(rng.randint(0, count) for _ in range(rng.randint(0, 2)))
        self._rest_first(tour)
        free_s = tour.departure_s
        for k in range(count + 1):
            free_s = self._pause(tour, k, pauses[k], free_s)
            if k == count and not tour.returns:
                tour.return_s = free_s
                break
            free_s += rng.choice([0, 0, 40])
            travel_s = rng.randint(60, 900)
            enter_s = rng.randint(0, travel_s)
            through = rng.random() < 0.4
            crossing = ZoneCrossing(zone_id=ZONE, enter_s=enter_s, exit_s=rng.randint(enter_s, travel_s))
            if through:
                tour.inside.append((free_s + crossing.enter_s, free_s + crossing.exit_s))
            zones = (crossing,) if through else ()
            leg = Leg(depart_at=at(free_s), travel_s=travel_s, distance_m=rng.randint(300, 9_000), zones=zones)
            tour.legs.append(leg.replace(paces=self._paces(travel_s)))
            if k < count and visits[k]:
                free_s = self._visit(tour, free_s + travel_s, last=not all(visits[k + 1 : k + 2]) or k == count - 1)
            elif k < count:
                free_s = self._load_again(tour, free_s + travel_s)
            else:
                tour.return_s = free_s + travel_s
        self._note_stays(tour)
        return tour

    def _load_again(self, tour: Drawn, arrival_s: int) -> int:
        """Load the vehicle for another trip; what with is only known once that is drawn. Return when it leaves."""
        start_s = arrival_s + self.rng.choice([0, 120])
        tour.leaves_s = start_s + (tour.hub.loading_s if tour.reload_s is None else tour.reload_s)
        tour.stops.append(
            Stop(
                place_id=tour.hub.id,
                arrival_at=at(arrival_s),
                start_at=at(start_s),
                end_at=at(tour.leaves_s),
                setup_s=0,
                handovers=(),
                loading_list=(),
            )
        )
        return tour.leaves_s

    def _paces(self, travel_s: int) -> tuple[Pace, ...]:
        """Return, for one leg in three, two speeds that make it take as long as it does."""
        if self.rng.random() < 0.67:
            return ()
        change_s = self.rng.randint(1, travel_s - 1)
        before_s = self.rng.randint(change_s + 1, 3 * travel_s)
        after_s = round((travel_s - change_s) * before_s / (before_s - change_s))
        return Pace(from_s=0, whole_s=before_s), Pace(from_s=change_s, whole_s=after_s)

    def _note_stays(self, tour: Drawn) -> None:
        """Remember when the vehicle is inside the zone at a stop: from arrival until the next leg departs."""
        for k, stop in enumerate(tour.stops):
            if ZONE in stop.zone_ids:
                left_at = tour.legs[k + 1].depart_at if k + 1 < len(tour.legs) else at(tour.return_s)
                tour.inside.append((seconds(stop.arrival_at), seconds(left_at)))

    def _rest_first(self, tour: Drawn) -> None:
        """Now and then the driver rests at the hub before leaving."""
        tour.begins_s = tour.departure_s
        if tour.at_hub and self.rng.random() < 0.3:
            duration_s = self.rng.choice([900, 1800])
            start_s = tour.departure_s - duration_s + self.rng.choice([0, -300])
            name = f"{tour.vehicle_id}.first"
            tour.begins_s = start_s
            tour.breaks.append(Break(id=name, window=window(start_s - 60, start_s), duration_s=duration_s))
            tour.taken.append(BreakTaken(break_id=name, after_stop=0, start_at=at(start_s), duration_s=duration_s))

    def _pause(self, tour: Drawn, after_stop: int, breaks: int, free_s: int) -> int:
        for _ in range(breaks):
            start_s, duration_s = free_s + self.rng.choice([0, 30]), self.rng.choice([900, 1800])
            name = f"{tour.vehicle_id}.b{len(tour.breaks)}"
            due = window(start_s - self.rng.choice([0, 600]), start_s + self.rng.choice([0, 600]))
            tour.breaks.append(Break(id=name, window=due, duration_s=duration_s))
            tour.taken.append(
                BreakTaken(break_id=name, after_stop=after_stop, start_at=at(start_s), duration_s=duration_s)
            )
            free_s = start_s + duration_s
        return free_s

    def _visit(self, tour: Drawn, arrival_s: int, last: bool) -> int:
        """Hand over one order at a home, or up to three at a shared place; return the end in seconds.

        Now and then an order is collected too; it is handed over at home, at the last stop if not before.
        """
        rng = self.rng
        shared = rng.random() < 0.5
        place = rng.choice(self.shared) if shared else self.home()
        brought = []
        if self.waiting and (last or rng.random() < 0.5):
            brought, self.waiting = self.waiting, []
            place = brought[0][1]
        start_s = arrival_s + rng.choice([0, 0, 25, 300])
        ready_s = tour.leaves_s - tour.hub.loading_s
        handovers: list[Handover] = []
        stays = bool(tour.stops) and tour.stops[-1].place_id == place.id
        setup_s = 0 if stays else place.setup_s
        next_s, end_s = start_s, start_s + setup_s
        for _ in range(rng.randint(1, 3) if shared else 1):
            option = rng.randint(0, 1)
            other = rng.choice([other for other in self.shared if other is not place])
            order = self.order(tour.hub, [place, other] if option == 0 else [other, place], ready_s)
            order = self._promised(self._with_windows(order, option, next_s), next_s)
            service_s = order.options[option].service_s
            boxes = tuple(self._box(parcel, place) for parcel in order.parcels if place.kind is PlaceKind.LOCKER)
            handovers.append(
                Handover(
                    order_id=order.id,
                    option=option,
                    start_at=at(next_s),
                    service_s=place.service_s if service_s is None else service_s,
                    boxes=boxes,
                    late_s=0 if order.promised_by is None else max(0, next_s - seconds(order.promised_by)),
                )
            )
            self.orders.append(order)
            tour.orders.append(order)
            self.starts_s.setdefault(place.id, []).append(next_s)
            self.received[place.id] += len(order.parcels)
            heaviest_g = max(parcel.load_g for parcel in order.parcels)
            self.heaviest_g[place.id, -1] = max(heaviest_g, self.heaviest_g.get((place.id, -1), 0))
            end_s += handovers[-1].service_s
            next_s = end_s
        for order, _ in brought:
            service_s = place.service_s if order.options[0].service_s is None else order.options[0].service_s
            handovers.append(Handover(order_id=order.id, option=0, start_at=at(next_s), service_s=service_s))
            tour.orders.append(order)
            self.starts_s.setdefault(place.id, []).append(next_s)
            self.received[place.id] += len(order.parcels)
            end_s = next_s = next_s + service_s
        if not last and not self.waiting and rng.random() < 0.4:
            handovers.append(self._collection(tour, place, next_s))
            end_s += handovers[-1].service_s
        tour.stops.append(
            Stop(
                place_id=place.id,
                arrival_at=at(arrival_s),
                start_at=at(start_s),
                end_at=at(end_s),
                setup_s=setup_s,
                handovers=tuple(handovers),
                zone_ids=rng.choice([(), (ZONE,)]),
            )
        )
        return end_s

    def _collection(self, tour: Drawn, place: Place, start_s: int) -> Handover:
        """Take in an order that goes to a new home."""
        home = self.home()
        order = self.order(tour.hub, [home], start_s)
        order = order.replace(from_place=PlaceOption(place_id=place.id, cost_cents=self.rng.choice([0, 70])))
        self.orders.append(order)
        self.waiting.append((order, home))
        self.starts_s.setdefault(place.id, []).append(start_s)
        return Handover(order_id=order.id, option=0, start_at=at(start_s), service_s=place.service_s, collects=True)

    def _promised(self, order: Order, start_s: int) -> Order:
        """Promise now and then an hour, kept or not, with or without a price."""
        by_s = start_s + self.rng.choice([-1200, -1, 0, 600])
        price = self.rng.choice([0, 1_700])
        return self.rng.choice([order, order.replace(promised_by=at(by_s), late_cents_per_hour=price)])

    def _with_windows(self, order: Order, chosen: int, start_s: int) -> Order:
        """Give the chosen option no window, or some of which one holds, often just so."""
        early, late = self.rng.choice([(0, 0), (0, 900), (900, 0), (1200, 600)])
        fitting = window(start_s - early, start_s + late)
        windows = self.rng.choice([(), (fitting,), (window(0, 3600), fitting)])
        options = list(order.options)
        options[chosen] = options[chosen].replace(windows=windows)
        return order.replace(options=tuple(options))

    def _box(self, parcel: Parcel, place: Place) -> BoxUse:
        """Put ``parcel`` into a box of its size or a larger one."""
        smallest = [sorted(size) for size in SIZES].index(sorted(parcel.size_mm.sorted_mm()))
        box = self.rng.randint(smallest, len(SIZES) - 1)
        self.boxes[place.id, box] += 1
        self.heaviest_g[place.id, box] = max(parcel.load_g, self.heaviest_g.get((place.id, box), 0))
        return BoxUse(parcel_id=parcel.id, box=box)
