"""A normal day's orders in any city, with hubs and a fleet that suits them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np

from data.clock import rng as seeded
from data.model.city import City
from data.model.hub import Hub
from data.model.order import Order
from data.model.parcel import Parcel, ParcelState
from data.model.place import Place
from data.model.request import PlanRequest
from data.synthetic.addresses import Address, Addresses
from data.synthetic.day import at, next_working_days
from data.synthetic.fleet import fleet_and_hubs
from data.synthetic.hub_areas import HubAreas
from data.synthetic.options import Options, Shares
from data.synthetic.parcels import BULKY_SKILL_G, MOST_PARCELS, PARCEL_SHARES, draw_goods, draw_size, parcel

NORMAL = Shares(home_only=0.55, home_or_nearby=0.25, windowed=0.30, locker_liking=1.6)
LINEHAUL_SHARE, SORTED_SHARE = 0.30, 0.45
OTHER_HUB_SHARE = 0.08
AGE_CHECK_SHARE = 0.02
SHIPPERS = (
    "Atelier Loire", "Maison Verveine", "Sport Horizon", "Librairie Quai 9", "Petit Chaperon", "Electro Sud",
    "Jardin Clair", "Cave des Tuffeaux", "Papeterie Onze", "Mode Capucine", "Bricotout", "Pharmaflore",
)  # fmt: skip


def normal_day(
    city: City, day: date, orders: int = 400, seed: int = 1, hubs: tuple[Hub, ...] | None = None
) -> PlanRequest:
    """Return a day's request: hubs, a fleet, ``orders`` orders and the homes they go to.

    About 55 % of the orders go home only, 25 % home or to a relay point or locker near it, 20 % to those only;
    30 % have a slot of 2 to 4 h. Most are promised for ``day``. A city without relay points has homes only.

    Parameters
    ----------
    seed : int
        With city, day and count it fixes everything.
    hubs : tuple of Hub, optional
        One hub or more; by default the two of :func:`data.synthetic.hubs.hub_sites`.

    Raises
    ------
    InputError
        ``invalid_count``, ``no_hub_site`` or ``no_addresses``.
    """
    hubs, vehicles = fleet_and_hubs(city, day, seed, orders, hubs)
    later = next_working_days(day, 2)
    rng = seeded(seed * 1_000_003 + day.toordinal())
    options, addresses = Options(city, day, NORMAL), Addresses(city)
    areas = HubAreas(rng, addresses, hubs, vehicles)
    doors, wishes = addresses.sample(rng, orders), options.wishes(rng, orders)
    made = [
        _order(rng, number + 1, wish, door, options, areas, (day, *later))
        for number, (wish, door) in enumerate(zip(wishes, doors, strict=True))
    ]
    return PlanRequest(
        day=day,
        hubs=hubs,
        vehicles=vehicles,
        places=tuple(home for _, home in made if home),
        orders=tuple(order for order, _ in made),
        delivery_days=later,
    )


def _order(
    rng: np.random.Generator,
    number: int,
    wish: str,
    door: Address,
    options: Options,
    areas: HubAreas,
    days: tuple[date, ...],
) -> tuple[Order, Place | None]:
    order_id = f"o-{number:05d}"
    parcels = _parcels(rng, order_id, wish, days[0])
    chosen, home = options.draw(rng, wish, door, f"home-{order_id}", parcels)
    promised_on = days[int(rng.choice(3, p=(0.78, 0.14, 0.08)))]
    urgent = promised_on == days[0]
    order = Order(
        id=order_id,
        hub_id=areas.hub_for(rng, door, OTHER_HUB_SHARE).id,
        parcels=parcels,
        options=chosen,
        promised_on=promised_on,
        priority=int(rng.choice((30, 50, 80), p=(0.6, 0.28, 0.12))) if urgent else 10,
        skills=_skills(rng, parcels),
        shipper=str(rng.choice(SHIPPERS)),
        created_at=_created_at(rng, days[0]),
    )
    return order, home


def _parcels(rng: np.random.Generator, order_id: str, wish: str, day: date) -> tuple[Parcel, ...]:
    """Return an order's parcels; they travel together, so they are all at the same stage."""
    stage = rng.random()
    state, ready_at = ParcelState.AT_HUB, None
    if stage < LINEHAUL_SHARE:
        state, ready_at = ParcelState.LINEHAUL, at(day, 6, 30)
    elif stage < LINEHAUL_SHARE + SORTED_SHARE:
        state = ParcelState.SORTED
    count = int(rng.choice(MOST_PARCELS, p=PARCEL_SHARES))
    goods = [draw_goods(rng, draw_size(rng, bulky=wish == "home")) for _ in range(count)]
    return tuple(parcel(f"{order_id}-p{k + 1}", item, state, ready_at) for k, item in enumerate(goods))


def _skills(rng: np.random.Generator, parcels: tuple[Parcel, ...]) -> tuple[str, ...]:
    """Heavy parcels need a van with a hand truck; a few orders an age check."""
    heavy = any(each.load_g > BULKY_SKILL_G for each in parcels)
    return ("bulky",) if heavy else ("age_check",) if rng.random() < AGE_CHECK_SHARE else ()


def _created_at(rng: np.random.Generator, day: date) -> datetime:
    """Return an instant on one of the two days before, between 08:00 and 20:00."""
    minute = int(rng.integers(8 * 60, 20 * 60))
    return at(day - timedelta(days=int(rng.integers(1, 3))), minute // 60, minute % 60)
