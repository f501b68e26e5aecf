"""A burst at a shop that keeps rates for 15 minutes: which orders get the date their buyer was shown.

Time is simulated, all else is real: rates and webhooks go through the adapter, orders through the ledger to disk.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from pydantic import SecretStr

from data import clock, codec
from data.calendar import EVERY_DAY
from data.clock import PARIS, rng
from data.model.place import PlaceKind
from data.model.promise import Area, DeliveryOption, Pool
from data.model.promise_state import HubLoad, PromiseState, StageCurve
from data.model.schedule import HubSchedule, Shift, Wave, Workload
from data.store.database import Database
from promise.compat.channel import Channel, ChannelKind, ChannelSettings
from promise.compat.channels import Channels
from promise.compat.shopify_values import RateRequest
from promise.desk import Desk
from promise.intake.desk import OrderDesk
from promise.refresh_worker import Facts, snapshot_from
from tests.fake_shopify import CACHE_S, SECRET, Buyer, order, rate_request

AT = datetime(2026, 11, 24, 17, tzinfo=PARIS)
AREAS, DAYS = 12, 10
CALM_PER_H, TIMES, CONVERSION, LOCKERS = 120, 10, 0.6, 0.3
BEFORE_S, BURST_S, AFTER_S = 7200, 3600, 1800
REFRESH_S = 300


class Figures(NamedTuple):
    """What became of the orders of a burst.

    Attributes
    ----------
    moved, unheard : int
        Orders with another date than the one shown: told of by ``promise.moved``, and not.
    told_max_s : float
        Real seconds from such an order's webhook until its notice was on disk in the outbox, the longest.
    days_shown, days_kept : float
        How far away the dates shown, and those that hold in the end, were: mean.
    """

    orders: int
    as_shown: int
    moved: int
    unheard: int
    told_max_s: float
    days_shown: float
    days_kept: float

    @property
    def share(self) -> float:
        """The share that got the date shown."""
        return self.as_shown / self.orders


class Clock:
    """A clock that the burst moves."""

    def __init__(self) -> None:
        self.at_s = AT.timestamp()

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.at_s, PARIS)


def house(orders: int) -> PromiseState:
    """Return a hub whose days hold a fifth of the orders each, its areas a little more than their part of that."""
    shifts = tuple(
        Shift(workload=work, begins=time(0), ends=time(23, 59), stations=500, parcels_per_hour=100) for work in Workload
    )
    schedule = HubSchedule(hub_id="h", shifts=shifts, waves=(Wave(id="w", departs=time(18), cutoff_s=3600),))
    areas = tuple(Area(id=f"a{number}", postcodes=(f"44{number:03d}",)) for number in range(AREAS))
    options = (
        DeliveryOption(id="home", kind=PlaceKind.HOME, calendar=EVERY_DAY, price_cents=590),
        DeliveryOption(id="locker", kind=PlaceKind.LOCKER, calendar=EVERY_DAY, price_cents=350),
    )
    pools = []
    for ahead in range(1, DAYS + 1):
        day = AT.date() + timedelta(days=ahead)
        pools.append(Pool(day=day, parcels=orders // 5))
        pools += [Pool(day=day, parcels=orders // 5 * 3 // 2 // AREAS, areas=(area.id,)) for area in areas]
    return PromiseState(
        at=AT,
        hubs=(HubLoad(schedule=schedule),),
        options=options,
        areas=areas,
        curves=tuple(StageCurve(option=one.id, within=(0.0, 1.0)) for one in options),
        pools=tuple(pools),
        valid_s=3600,
    )


def burst(url: str, scale: float = 1.0, seed: int = 1, shared: bool = False, careful: bool = True) -> Figures:
    """Return what a burst does.

    Parameters
    ----------
    scale : float
        Of the number of orders.
    shared : bool
        Whether one kept rate serves all buyers of a postcode; else each buyer's own address is part of what is asked.
    careful : bool
        Whether quotes leave room for what was shown before.
    """
    calm_per_s = CALM_PER_H * scale / 3600
    expected = int(calm_per_s * (BEFORE_S + AFTER_S + TIMES * BURST_S))
    moment = Clock()
    with Database(url) as database, Desk(database, house(expected), b"a secret of sixteen", now=moment) as desk:
        settings = ChannelSettings(
            kind=ChannelKind.SHOPIFY,
            shipper="shop",
            secret=SecretStr(SECRET),
            options=("home", "locker"),
            cache_s=CACHE_S,
        )
        with OrderDesk(desk) as orders, Channels(orders, "carrier", {"shop": settings}) as channels:
            shop = Channel("shop", "carrier", settings)
            return _Run(desk, channels, shop, moment, seed, shared, careful).all(calm_per_s)


class _Run:
    def __init__(
        self, desk: Desk, channels: Channels, shop: Channel, moment: Clock, seed: int, shared: bool, careful: bool
    ) -> None:
        self.desk, self.channels, self.shop, self.moment = desk, channels, shop, moment
        self.draws, self.shared = rng(seed), shared
        self.kept: dict[str, tuple[float, list[dict[str, str]]]] = {}
        self.shown: dict[str, str] = {}
        self.said: list[int] = []
        self.told_max_s = 0.0
        if not careful:
            desk.shown.show = lambda *_: None  # type: ignore[method-assign]

    def all(self, calm_per_s: float) -> Figures:
        """Run from the calm before to the last order after."""
        queue: list[tuple[float, int, str, Any]] = []
        numbers = count()
        for at_s in self._arrivals(calm_per_s / CONVERSION):
            heapq.heappush(queue, (at_s, next(numbers), "ask", None))
        for at_s in np.arange(0.0, BEFORE_S + BURST_S + AFTER_S + CACHE_S, REFRESH_S):
            heapq.heappush(queue, (float(at_s) - 1e-6, next(numbers), "refresh", None))
        while queue:
            at_s, number, what, told = heapq.heappop(queue)
            self.moment.at_s = AT.timestamp() + at_s
            if what == "refresh":
                self.desk.swap(snapshot_from(Facts(state=self.desk.state, now_s=self.desk.now_s)))
                self.desk.shown.expire(self.desk.now_s)
            elif what == "order":
                self._hear(told)
            elif self.draws.random() < CONVERSION:
                after_s = self.draws.uniform(5.0, CACHE_S - 5.0)
                body = json.dumps(self._order(number, at_s)).encode()
                heapq.heappush(queue, (at_s + after_s, next(numbers), "order", body))
            else:
                self._rates(self._buyer(number), at_s)
        return self._figures()

    def _hear(self, body: bytes) -> None:
        clerk = self.channels.inbox.desk.clerk
        moved, began_s = clerk.moved, clock.elapsed_s()
        self.channels._shopify.hear(self.shop, "orders/create", body)
        if clerk.moved > moved:
            self.told_max_s = max(self.told_max_s, clock.elapsed_s() - began_s)

    def _arrivals(self, per_s: float) -> Iterator[float]:
        at_s, end_s = 0.0, float(BEFORE_S + BURST_S + AFTER_S)
        while at_s < end_s:
            times = TIMES if BEFORE_S <= at_s < BEFORE_S + BURST_S else 1
            at_s += float(self.draws.exponential(1 / (per_s * times)))
            yield at_s

    def _buyer(self, number: int) -> Buyer:
        street = "1 rue" if self.shared else f"{number} rue"
        return Buyer("A B", street, f"44{int(self.draws.integers(AREAS)):03d}")

    def _rates(self, buyer: Buyer, at_s: float) -> list[dict[str, str]]:
        asked = json.dumps(rate_request(buyer))
        since_s, kept = self.kept.get(asked, (-CACHE_S, []))
        if at_s - since_s >= CACHE_S:
            rate = codec.decode(asked, RateRequest, "rate").rate
            kept = self.channels._shopify.rates(self.shop, rate)
            self.kept[asked] = at_s, kept
        return kept

    def _order(self, number: int, at_s: float) -> dict[str, Any]:
        """Return the order of a buyer who takes what is shown now."""
        buyer = self._buyer(number)
        rates = self._rates(buyer, at_s)
        rate = rates[1] if self.draws.random() < LOCKERS else rates[0]
        self.shown[str(number + 1)] = day = rate["min_delivery_date"][:10]
        self.said.append((datetime.fromisoformat(day).date() - AT.date()).days)
        return order(number + 1, buyer, rate["service_code"])

    def _figures(self) -> Figures:
        owner = self.shop.owner
        owed = self.desk.ledger.reservations(owner, list(self.shown))
        got = {name: json.loads(one.terms)["date"] for name, one in owed.items() if one.holds}
        notices = Counter(one.subject for one in self.desk.ledger.notices(1_000_000) if one.kind == "promise.moved")
        late = {name for name, day in self.shown.items() if got.get(name) != day}
        assert not self.desk.ledger.check()
        assert set(owed) == set(self.shown) and set(notices.values()) <= {1}
        return Figures(
            orders=len(self.shown),
            as_shown=len(self.shown) - len(late),
            moved=len(notices),
            unheard=len(late - set(notices)),
            told_max_s=self.told_max_s,
            days_shown=float(np.mean(self.said)),
            days_kept=float(np.mean([(date.fromisoformat(day) - AT.date()).days for day in got.values()])),
        )
