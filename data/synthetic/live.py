"""A live-shopping burst: ten brands sell few products in one evening, and the orders land on top of a planned day.

Figures: +300 % in a region in one evening, one product sold out in five minutes, orders arriving in spikes when a
product drops. The live runs from 20:00 to 22:00 on the evening before the planned day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from data.clock import rng as seeded
from data.errors import InputError
from data.model.city import City
from data.model.order import Order
from data.model.parcel import ParcelState
from data.model.place import Place
from data.model.request import OrderBook, PlanRequest
from data.synthetic.addresses import Address, Addresses
from data.synthetic.day import at
from data.synthetic.hub_areas import HubAreas
from data.synthetic.options import Options, Shares
from data.synthetic.parcels import LARGE, MEDIUM, SMALL, Goods, draw_goods, parcel

BRANDS = (
    "Lune Rousse", "Chez Basile", "Nacre", "Fil & Lin", "Cave des Tuffeaux", "Koto Beauté", "Vélo Chic", "Miel Noir",
    "Studio Argile", "Petite Ourse",
)  # fmt: skip
WINE_BRAND = "Cave des Tuffeaux"
LIKES = Shares(home_only=0.35, home_or_nearby=0.30, windowed=0.10, locker_liking=3.5)
LIVE_S, START_HOUR = 2 * 3600, 20
PRODUCTS_PER_BRAND = (2, 4)
SOLD_OUT_S = 300
STEADY_SHARE = 0.15
HOT_SPOTS, HOT_SHARE, HOT_SPREAD_M = 6, 0.55, 500.0
PROMISES = (0.40, 0.35, 0.25)  # for the planned day, the next, the one after
READY_FROM_MINUTE, READY_TO_MINUTE = 5 * 60 + 30, 7 * 60 + 30
OTHER_HUB_SHARE = 0.10
TWO_ITEMS_SHARE = 0.14


@dataclass(frozen=True)
class _Product:
    """One product: whose, what it weighs, when it drops (seconds into the live), when it is sorted at the hub."""

    brand: str
    goods: Goods
    drop_s: int
    ready_minute: int
    demand: float


def burst(city: City, request: PlanRequest, orders: int = 1200, seed: int = 1) -> OrderBook:
    """Return the orders of one live evening, in the order they came in, with the homes they bring.

    Parameters
    ----------
    request : PlanRequest
        The planned day: its hubs, its day and its ``delivery_days`` (promises are spread over up to three days).
    orders : int
        How many; the default is +300 % of a normal day of 400.

    Raises
    ------
    InputError
        ``invalid_count`` or ``no_addresses``.
    """
    if orders < 0:
        raise InputError("invalid_count", f"{orders} orders asked for", action="ask for 0 or more")
    rng = seeded(seed * 1_000_003 + request.day.toordinal() + 500_000)
    options, addresses = Options(city, request.day, LIKES), Addresses(city)
    areas = HubAreas(rng, addresses, request.hubs, request.vehicles)
    products = _products(rng)
    demand = np.array([product.demand for product in products])
    sales = [products[k] for k in rng.choice(len(products), orders, p=demand / demand.sum())]
    arrivals = _arrivals(rng, sales)
    doors, wishes = _doors(rng, addresses, orders), options.wishes(rng, orders)
    made = []
    for number, k in enumerate(np.argsort(arrivals, kind="stable").tolist()):
        order_id = f"live{seed}-{number + 1:05d}"
        created_at = at(request.day - timedelta(days=1), START_HOUR) + timedelta(seconds=int(arrivals[k]))
        made.append(_order(rng, order_id, sales[k], wishes[k], doors[k], created_at, options, areas, request))
    return OrderBook(
        places=tuple(home for _, home in made if home),
        orders=tuple(order for order, _ in made),
    )


def _products(rng: np.random.Generator) -> list[_Product]:
    """Return what each brand shows in its slot: first products draw most."""
    slot_s = LIVE_S // len(BRANDS)
    found = []
    for turn, brand in enumerate(rng.permutation(BRANDS).tolist()):
        count = int(rng.integers(PRODUCTS_PER_BRAND[0], PRODUCTS_PER_BRAND[1] + 1))
        ready = int(rng.integers(READY_FROM_MINUTE // 15, READY_TO_MINUTE // 15 + 1)) * 15
        size = (SMALL, MEDIUM, MEDIUM, LARGE)[int(rng.integers(4))]
        fame = float(rng.lognormal(0, 0.45))
        for place in range(count):
            drop_s = turn * slot_s + place * slot_s // count
            found.append(_Product(brand, draw_goods(rng, size), drop_s, ready, fame / (1 + 0.6 * place)))
    return found


def _arrivals(rng: np.random.Generator, sales: list[_Product]) -> NDArray[np.float64]:
    """Return when each sale comes in: in a rush after its drop, gone within five minutes, or any time after it."""
    drops = np.array([product.drop_s for product in sales], dtype=float)
    rush = np.minimum(rng.exponential(SOLD_OUT_S / 4, len(sales)), SOLD_OUT_S)
    steady = rng.random(len(sales)) * (LIVE_S - drops)
    arrivals: NDArray[np.float64] = np.minimum(
        drops + np.where(rng.random(len(sales)) < STEADY_SHARE, steady, rush), LIVE_S - 1
    )
    return arrivals


def _doors(rng: np.random.Generator, addresses: Addresses, count: int) -> list[Address]:
    """Return homes: more than half around a few spots where a post went round, the others anywhere."""
    hot = int((rng.random(count) < HOT_SHARE).sum())
    doors = addresses.sample(rng, count - hot)
    for spot, part in zip(addresses.sample(rng, HOT_SPOTS), np.array_split(np.arange(hot), HOT_SPOTS), strict=True):
        doors += addresses.sample_near(rng, len(part), spot.lat, spot.lon, HOT_SPREAD_M)
    return [doors[k] for k in rng.permutation(count)]


def _order(
    rng: np.random.Generator,
    order_id: str,
    product: _Product,
    wish: str,
    door: Address,
    created_at: datetime,
    options: Options,
    areas: HubAreas,
    request: PlanRequest,
) -> tuple[Order, Place | None]:
    day = request.day
    ready_at = at(day, product.ready_minute // 60, product.ready_minute % 60)
    items = 1 + int(rng.random() < TWO_ITEMS_SHARE)
    parcels = tuple(parcel(f"{order_id}-p{k + 1}", product.goods, ParcelState.LINEHAUL, ready_at) for k in range(items))
    chosen, home = options.draw(rng, wish, door, f"home-{order_id}", parcels)
    promised_on = _promise(rng, (day, *request.delivery_days[:2]))
    order = Order(
        id=order_id,
        hub_id=areas.hub_for(rng, door, OTHER_HUB_SHARE).id,
        parcels=parcels,
        options=chosen,
        promised_on=promised_on,
        priority=40 if promised_on == day else 15,
        skills=("age_check",) if product.brand == WINE_BRAND else (),
        shipper=product.brand,
        created_at=created_at,
    )
    return order, home


def _promise(rng: np.random.Generator, days: tuple[date, ...]) -> date:
    shares = np.array(PROMISES[: len(days)])
    return days[int(rng.choice(len(days), p=shares / shares.sum()))]
