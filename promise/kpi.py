"""How promises to live orders were kept, and at what cost: per live, creator, channel and product.

An order is due once the day it was promised for is over, whether it has come or not: to count those delivered so far
would flatter, since the early ones come first. An order that ended for want of stock is a broken promise, yet not a
late one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from data.clock import PARIS
from promise.kpi_orders import KpiOrder

AFTERMATH = timedelta(hours=72)
"""So long after a live's last order, products found missing count as sold out by it."""


@dataclass(frozen=True)
class Figures:
    """The key figures of some orders; shares are fractions, ``None`` where there is nothing to take a share of.

    Parameters
    ----------
    due : int
        Orders whose promised day is over.
    service_level, late_share : float, optional
        Of those due: delivered in full by the promised day; delivered later, or still not. The rest ended for want of
        stock.
    stock_out_orders : int
        Orders that ended for want of stock.
    stock_outs_72h : int
        Products of a live found missing from its first order until 72 hours after its last, by whatever channel.
    transport_cents_per_order : float, optional
        Mean over the orders whose cost is known.
    returned_share : float, optional
        Of the delivered ones.
    returns : dict of str to int
        Orders that came back by reason, the most frequent first.
    """

    orders: int
    due: int
    service_level: float | None
    late_share: float | None
    stock_out_orders: int
    stock_outs_72h: int
    transport_cents_per_order: float | None
    returned_share: float | None
    returns: dict[str, int]


COMPARED = (
    *("orders", "service_level", "late_share", "stock_outs_72h"),
    *("transport_cents_per_order", "returned_share"),
)
"""The figures whose change from one live to the next is told."""


@dataclass(frozen=True)
class Row:
    """A group of orders, and the same figures in the last live it has orders in and in the one before."""

    name: str
    all: Figures
    last_live_id: str | None
    previous_live_id: str | None
    last: Figures | None
    previous: Figures | None

    def change(self) -> dict[str, float | None] | None:
        """Return the last live's figures minus those of the one before, ``None`` where there are not two."""
        if self.last is None or self.previous is None:
            return None
        pairs = {name: (getattr(self.last, name), getattr(self.previous, name)) for name in COMPARED}
        return {name: None if None in pair else pair[0] - pair[1] for name, pair in pairs.items()}


@dataclass(frozen=True)
class Kpi:
    """All key figures; groups in alphabetical order, lives by their first order."""

    live_orders: Figures
    other_orders: Figures
    lives: tuple[Row, ...]
    creators: tuple[Row, ...]
    channels: tuple[Row, ...]
    skus: tuple[Row, ...]


def count(orders: Sequence[KpiOrder], at: datetime) -> Kpi:
    """Return the key figures as of ``at`` (aware)."""
    begins: dict[str, datetime] = {}
    for order in sorted(orders, key=lambda order: order.ordered_at):
        if order.live_id:
            begins.setdefault(order.live_id, order.ordered_at)
    book = _Book(tuple(begins), _missing(orders, begins), at)
    of_lives = [order for order in orders if order.live_id]
    return Kpi(
        live_orders=book.figures(of_lives),
        other_orders=book.figures([order for order in orders if not order.live_id]),
        lives=tuple(book.live(row, of_lives) for row in range(len(book.lives))),
        creators=book.rows(of_lives, lambda order: order.creator),
        channels=book.rows(orders, lambda order: order.channel.value),
        skus=book.rows(orders, lambda order: order.sku),
    )


def _missing(orders: Iterable[KpiOrder], begins: dict[str, datetime]) -> set[tuple[str, str]]:
    """Return live and product of what was found missing during a live or within :data:`AFTERMATH` after it."""
    last: dict[str, datetime] = {}
    sold: dict[str, set[str]] = {}
    for order in orders:
        if order.live_id:
            last[order.live_id] = max(order.ordered_at, last.get(order.live_id, order.ordered_at))
            sold.setdefault(order.live_id, set()).add(order.sku)
    found = [(order.sku, order.stock_out_at) for order in orders if order.stock_out_at is not None]
    return {
        (live, sku)
        for live, end_at in last.items()
        for sku, missing_at in found
        if sku in sold[live] and begins[live] <= missing_at <= end_at + AFTERMATH
    }


@dataclass(frozen=True)
class _Book:
    """What figures are counted with: the lives in their order, what was missing after each, as of when."""

    lives: tuple[str, ...]
    missing: set[tuple[str, str]]
    at: datetime

    def figures(self, orders: Sequence[KpiOrder]) -> Figures:
        today = self.at.astimezone(PARIS).date()
        due = [order for order in orders if order.promised_on < today]
        kept = sum(self._kept(order) for order in due)
        ended = sum(self._out(order) for order in due)
        costs = [order.transport_cents for order in orders if order.transport_cents is not None]
        delivered = [order for order in orders if order.delivered_at is not None and order.delivered_at <= self.at]
        returns = Counter(order.return_reason for order in delivered if order.return_reason)
        return Figures(
            orders=len(orders),
            due=len(due),
            service_level=_share(kept, len(due)),
            late_share=_share(len(due) - kept - ended, len(due)),
            stock_out_orders=sum(self._out(order) for order in orders),
            stock_outs_72h=len({(order.live_id, order.sku) for order in orders} & self.missing),
            transport_cents_per_order=_share(sum(costs), len(costs)),
            returned_share=_share(returns.total(), len(delivered)),
            returns=dict(sorted(returns.items(), key=lambda item: (-item[1], item[0]))),
        )

    def _out(self, order: KpiOrder) -> bool:
        return order.stock_out_at is not None and order.stock_out_at <= self.at

    def _kept(self, order: KpiOrder) -> bool:
        if order.delivered_at is None or order.delivered_at > self.at or self._out(order):
            return False
        return order.delivered_at.astimezone(PARIS).date() <= order.promised_on

    def live(self, number: int, orders: Sequence[KpiOrder]) -> Row:
        """Return the row of a live, compared with the one before it."""
        names = self.lives[max(0, number - 1) : number + 1]
        return self._row(self.lives[number], orders, names, only=self.lives[number])

    def rows(self, orders: Sequence[KpiOrder], group_of: Callable[[KpiOrder], str]) -> tuple[Row, ...]:
        """Return a row per group; orders without one are left out."""
        groups: dict[str, list[KpiOrder]] = {}
        for order in orders:
            groups.setdefault(group_of(order), []).append(order)
        return tuple(
            self._row(name, mine, [live for live in self.lives if any(order.live_id == live for order in mine)])
            for name, mine in sorted(groups.items())
            if name
        )

    def _row(self, name: str, orders: Sequence[KpiOrder], lives: Sequence[str], only: str = "") -> Row:
        last, previous = lives[-1] if lives else None, lives[-2] if len(lives) > 1 else None
        mine = [order for order in orders if not only or order.live_id == only]
        sides = [
            self.figures([order for order in orders if order.live_id == live]) if live else None
            for live in (last, previous)
        ]
        return Row(name, self.figures(mine), last, previous, *sides)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
