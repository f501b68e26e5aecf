"""A house small enough to know all its dates: two hubs, two areas, two options, few places."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from data.calendar import EVERY_DAY
from data.clock import PARIS
from data.model.place import PlaceKind
from data.model.promise import Area, Cart, CartLine, DeliveryOption, Pool, QuoteRequest, Slot
from data.model.promise_state import HubLoad, PromiseState, StageCurve
from data.model.reservation import Owner
from data.model.schedule import HubSchedule, Shift, Wave, Workload
from data.model.stock import Stock
from data.store.database import Database
from promise.desk import Desk
from promise.desk_values import Held, Order, Quoted
from promise.refresh_worker import Facts, snapshot_from

R = TypeVar("R")

AT = datetime(2026, 11, 24, 10, tzinfo=PARIS)  # a Tuesday
FIRST, SECOND = date(2026, 11, 25), date(2026, 11, 26)
PLACES = 3
SHOP, OTHER_SHOP, CARRIER = Owner("carrier", "shop"), Owner("carrier", "other"), Owner("carrier")
SECRET = b"a secret of sixteen bytes or more"


def schedule(hub_id: str) -> HubSchedule:
    """Return a hub that works every day and sends all at six; what is ordered from five on waits a day."""
    shifts = tuple(
        Shift(workload=work, begins=time(0), ends=time(23, 59), stations=50, parcels_per_hour=100) for work in Workload
    )
    wave = Wave(id="six", departs=time(18), cutoff_s=3600)
    return HubSchedule(hub_id=hub_id, shifts=shifts, waves=(wave,), calendar=EVERY_DAY)


def house(at: datetime = AT) -> PromiseState:
    """Return the house: what leaves today is there tomorrow; three places a day in the centre at home."""
    return PromiseState(
        at=at,
        hubs=(HubLoad(schedule=schedule("nantes")), HubLoad(schedule=schedule("rennes"))),
        options=(
            DeliveryOption(
                id="home",
                kind=PlaceKind.HOME,
                calendar=EVERY_DAY,
                price_cents=590,
                slots=(Slot(begins=time(8), ends=time(12), price_cents=200),),
            ),
            DeliveryOption(id="locker", kind=PlaceKind.LOCKER, calendar=EVERY_DAY),
        ),
        areas=(Area(id="centre", postcodes=("44000",)), Area(id="north", postcodes=("44300",))),
        curves=(StageCurve(option="home", within=(0.0, 1.0)), StageCurve(option="locker", within=(0.0, 0.0, 1.0))),
        pools=tuple(
            Pool(day=at.date() + timedelta(days=ahead), parcels=PLACES, areas=("centre",), options=("home",))
            for ahead in range(1, 4)
        ),
        valid_s=7200,
    )


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime = AT) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        """Move it."""
        self.at += timedelta(**by)


@contextmanager
def opened(url: str, clock: Clock | None = None, state: PromiseState | None = None) -> Iterator[Desk]:
    """Yield a desk with a snapshot; whoever moves its clock far refreshes it."""
    now = clock or Clock()
    with Database(url) as database, Desk(database, state or house(), SECRET, now=now) as desk:
        refresh(desk)
        yield desk


def refresh(desk: Desk) -> None:
    """Give a desk the snapshot of its now."""
    desk.swap(snapshot_from(Facts(state=desk.state, now_s=desk.now_s)))


def run(job: Coroutine[Any, Any, R]) -> R:
    """Return what a coroutine returns."""
    return asyncio.run(job)


def ask(desk: Desk, *skus: str, owner: Owner = SHOP, **more: Any) -> Quoted:
    """Return a quote for the centre."""
    cart = Cart(lines=tuple(CartLine(sku=sku) for sku in skus), **more)
    return desk.quotes.quote(owner, QuoteRequest(postcode="44000", cart=cart))


def day_of(quoted: Quoted, option: str = "home") -> date:
    """Return the date of an option."""
    return next(one.date for one in quoted.options if one.option_id == option)


def reserve(
    desk: Desk, order_id: str, quoted: Quoted, option: str = "home", key: str = "", owner: Owner = SHOP
) -> Held:
    """Return the place of an order on the terms of a quote."""
    order = Order(id=order_id, option_id=option, quote_id=quoted.quote_id)
    return run(desk.places.reserve(owner, order, key, "x" if key else ""))


def free(order_id: str, option: str = "home", *skus: str) -> Order:
    """Return an order to the centre that comes without a quote."""
    cart = Cart(lines=tuple(CartLine(sku=sku) for sku in skus))
    return Order(id=order_id, option_id=option, request=QuoteRequest(postcode="44000", cart=cart))


def put_stock(desk: Desk, sku: str, units: int, hub_id: str = "nantes", owner: Owner = SHOP, **more: Any) -> None:
    """Say how many of a product may be sold."""
    run(desk.put_stock(owner, [Stock(sku=sku, hub_id=hub_id, units=units, **more)], available=True))
