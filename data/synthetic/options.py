"""Where an invented order may be handed over: its home, and relay points and lockers near it that take its parcels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
from scipy.spatial import cKDTree

from data.clock import PARIS
from data.hours import open_windows
from data.model.city import City
from data.model.order import PlaceOption
from data.model.parcel import Parcel
from data.model.place import Place, PlaceKind, refuses
from data.synthetic.addresses import METRES_PER_DEGREE, Address
from data.synthetic.day import window

NEAREST = 12
WALK_M = 650.0
WISHES = ("home", "either", "nearby")
OPEN_ENOUGH = timedelta(hours=2)
SLOTS = (
    ((8, 0), (10, 0)), ((8, 0), (12, 0)), ((9, 0), (11, 0)), ((9, 0), (12, 0)), ((10, 0), (12, 0)), ((10, 0), (13, 0)),
    ((11, 0), (14, 0)), ((12, 0), (14, 0)), ((12, 0), (15, 0)), ((13, 0), (15, 0)), ((11, 0), (15, 0)),
)  # fmt: skip


@dataclass(frozen=True)
class Shares:
    """How customers choose, as shares of all orders; what is left of 1 is picked up at a relay point or locker.

    ``windowed`` have a 2 to 4 h slot at home. ``locker_liking`` is how much a locker is preferred to a relay point
    at the same distance (1 = not at all).
    """

    home_only: float
    home_or_nearby: float
    windowed: float
    locker_liking: float


class Options:
    """Draws hand-over options in one city on one day.

    Only places open for two hours of the vans' day are offered: a shop closed on Mondays offers no Monday.
    """

    def __init__(self, city: City, day: date, shares: Shares) -> None:
        self._day, self._shares = day, shares
        self._places = [place for place in city.places if _is_open(place, day)]
        shrink = math.cos(math.radians(float(city.streets.node_lat.mean())))
        self._scale = np.array([METRES_PER_DEGREE, METRES_PER_DEGREE * shrink])
        spots = np.array([(place.lat, place.lon) for place in self._places]).reshape(-1, 2)
        self._tree = cKDTree(spots * self._scale)

    def wishes(self, rng: np.random.Generator, count: int) -> list[str]:
        """Return for each order ``home``, ``either`` or ``nearby``; always ``home`` in a city without places."""
        if not self._places:
            return ["home"] * count
        shares = (self._shares.home_only, self._shares.home_or_nearby)
        return [str(wish) for wish in rng.choice(WISHES, count, p=(*shares, 1 - sum(shares)))]

    def draw(
        self, rng: np.random.Generator, wish: str, door: Address, home_id: str, parcels: tuple[Parcel, ...]
    ) -> tuple[tuple[PlaceOption, ...], Place | None]:
        """Return an order's options, the customer's own choice first, and its home where one is among them."""
        nearby = [] if wish == "home" else self._nearby(rng, door, parcels)
        if wish == "nearby" and nearby:
            first, *others = nearby[: 1 + int(rng.random() < 0.4)]
            second = [PlaceOption(place_id=place.id, cost_cents=_cents(rng, 40, 120)) for place in others]
            return (PlaceOption(place_id=first.id), *second), None
        slots: tuple[int, ...] = ()
        if rng.random() < self._shares.windowed / (self._shares.home_only + self._shares.home_or_nearby):
            slots = (int(rng.integers(len(SLOTS))),)
        options = [PlaceOption(place_id=home_id, windows=tuple(window(self._day, *SLOTS[slot]) for slot in slots))]
        for place in nearby[: int(rng.integers(1, 3))]:
            options.append(PlaceOption(place_id=place.id, cost_cents=_cents(rng, 90, 300)))
        return tuple(options), _home(rng, home_id, door)

    def _nearby(self, rng: np.random.Generator, door: Address, parcels: tuple[Parcel, ...]) -> list[Place]:
        """Return places that take all parcels, those a customer would rather walk to likely first."""
        spot = np.array([door.lat, door.lon]) * self._scale
        metres, found = self._tree.query(spot, k=min(NEAREST, len(self._places)))
        fitting = [
            (float(away), self._places[k])
            for away, k in zip(np.atleast_1d(metres), np.atleast_1d(found), strict=True)
            if not any(refuses(parcel, self._places[k]) for parcel in parcels)
        ]
        liking = {PlaceKind.LOCKER: self._shares.locker_liking, PlaceKind.POST_OFFICE: 0.5}
        ranked = [
            (away / WALK_M - math.log(liking.get(place.kind, 1.0)) + float(rng.gumbel()), place.id, place)
            for away, place in fitting
        ]
        return [place for _, _, place in sorted(ranked, key=lambda entry: entry[:2])]


def _is_open(place: Place, day: date) -> bool:
    start, end = (datetime.combine(day, time(hour), tzinfo=PARIS) for hour in (8, 15))
    spans = open_windows(place.opening_hours, start, end)
    return sum((span.end_at - span.start_at for span in spans), timedelta()) >= OPEN_ENOUGH


def _cents(rng: np.random.Generator, low: int, high: int) -> int:
    return int(rng.integers(low // 10, high // 10 + 1)) * 10


def _home(rng: np.random.Generator, home_id: str, door: Address) -> Place:
    """A home: parking and finding the name, then the hand-over itself, longer in blocks of flats."""
    return Place(
        id=home_id,
        kind=PlaceKind.HOME,
        lat=door.lat,
        lon=door.lon,
        address=door.text,
        postcode=door.postcode,
        setup_s=int(rng.choice((30, 45, 60))),
        service_s=int(rng.choice((75, 90, 120, 180), p=(0.3, 0.35, 0.25, 0.1))),
    )
