"""Goods on the shelf: how many a shipper has of each product in each hub, and how many of them are promised."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from data.model.base import Count, Id, Value
from data.model.reservation import Name, joined


class StockLine(Value):
    """So many units of a product from a hub's shelf; ``channel`` is where they are sold."""

    sku: Id
    hub_id: Id
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    channel: Name = ""

    @property
    def levels(self) -> tuple[str, ...]:
        """What it is taken from: all there is of the product in the hub, and of that what the channel may sell."""
        whole = joined(self.sku, self.hub_id, "")
        return (whole, joined(self.sku, self.hub_id, self.channel)) if self.channel else (whole,)


class Stock(Value):
    """What there is of a product in a hub, or what one channel may sell of it at most.

    Attributes
    ----------
    channel : str
        Empty: the whole shelf. A channel may sell all of it, or so many ``units`` at most: what is held back for others
        is what that leaves out.
    units : int, optional
        On the shelf, those that are promised already included; they leave it when they are shipped. ``None``: no limit.
    oversell : bool
        Sell on when nothing is left. Of the whole shelf it is the shop's leave, of a channel it lifts its limit.
    back_order_on : date, optional
        When what is sold beyond it can leave the hub.
    """

    sku: Id
    hub_id: Id
    channel: Name = ""
    units: Count | None
    oversell: bool = False
    back_order_on: date | None = None

    @property
    def id(self) -> str:
        """Its name among a shipper's stock."""
        return joined(self.sku, self.hub_id, self.channel)


class StockBalance(Stock):
    """Stock and what is promised of it; the deficit is what was promised beyond it, and never more than that."""

    reserved: Count = 0
    deficit: Count = 0

    def fits(self, quantity: int) -> bool:
        """Whether so much more may be promised; giving back always fits."""
        return quantity <= 0 or self.oversell or self.units is None or self.reserved + quantity <= self.units

    def debited(self, quantity: int) -> StockBalance:
        """Return it with so much more promised (less where negative), the deficit right again."""
        return self.replace(reserved=self.reserved + quantity).settled()

    def shipped(self, quantity: int) -> StockBalance:
        """Return it once so many promised units have left the shelf."""
        units = None if self.units is None else max(0, self.units - quantity)
        return self.replace(units=units, reserved=self.reserved - quantity).settled()

    def published(self, stock: Stock) -> StockBalance:
        """Return it as counted anew; below what is promised, the difference is a deficit."""
        return self.replace(**msgspec.structs.asdict(stock)).settled()

    def settled(self) -> StockBalance:
        """Return it with the deficit that follows from the rest."""
        return self.replace(deficit=0 if self.units is None else max(0, self.reserved - self.units))


def goods_of(lines: Sequence[StockLine]) -> str:
    """Return lines as a reservation holds them, the same text for the same lines; no lines: an empty text."""
    return msgspec.json.encode(sorted(lines, key=lambda one: one.levels)).decode() if lines else ""


def lines_of(goods: str) -> tuple[StockLine, ...]:
    """Return the lines a reservation holds."""
    return msgspec.json.decode(goods, type=tuple[StockLine, ...]) if goods else ()
