"""Available to promise: which hubs can send a cart's goods, now or when more has come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from functools import lru_cache
from typing import NamedTuple

from data.clock import PARIS
from data.errors import InputError
from data.model.promise import CartLine
from data.model.reservation import Key, Owner
from data.model.schedule import instant_s
from data.model.stock import StockBalance, StockLine

NOW_S = 0
"""When goods on the shelf are ready."""


class Supply(NamedTuple):
    """Who can send a cart.

    Attributes
    ----------
    hub_ids : tuple of str
        Hubs that hold all of it, or can the soonest.
    ready_s : int
        When that is (Unix seconds), :data:`NOW_S` for now.
    short : tuple of str
        Products that keep every hub from it; nothing where one can.
    """

    hub_ids: tuple[str, ...]
    ready_s: int = NOW_S
    short: tuple[str, ...] = ()


class StockLeft:
    """Every shop's stock as the last commit left it."""

    def __init__(self) -> None:
        self._shops: dict[Owner, dict[str, StockBalance]] = {}
        self._hubs: dict[Owner, dict[str, set[str]]] = {}

    def put(self, stocks: Mapping[Key, StockBalance]) -> None:
        """Take over what is left of some products."""
        for key, stock in stocks.items():
            owner = Owner(key.tenant, key.shipper)
            self._shops.setdefault(owner, {})[key.id] = stock
            self._hubs.setdefault(owner, {}).setdefault(stock.sku, set()).add(stock.hub_id)

    def of(self, owner: Owner, sku: str) -> tuple[StockBalance, ...]:
        """Return what is left of a product: by hub, then by channel."""
        shop = self._shops.get(owner, {})
        return tuple(
            sorted((one for one in list(shop.values()) if one.sku == sku), key=lambda one: (one.hub_id, one.channel))
        )

    def holders(self, owner: Owner, sku: str) -> frozenset[str]:
        """Return the hubs that ever had a product."""
        return frozenset(self._hubs.get(owner, {}).get(sku, ()))

    def supply(self, owner: Owner, lines: Sequence[CartLine], channel: str, among: Iterable[str] = ()) -> Supply:
        """Return which hubs can send all lines, of those named or of all.

        Raises
        ------
        InputError
            ``unknown_stock``: nobody ever said how many there are of a product.
        """
        hubs = self._hubs.get(owner, {})
        for number, line in enumerate(lines):
            if line.sku not in hubs:
                action = f"PUT /v1/stock/{line.sku} first, or leave the lines out"
                raise InputError(
                    "unknown_stock", f"there is no stock of `{line.sku}`", f"#/cart/lines/{number}/sku", action
                )
        holding = set.union(*(hubs[line.sku] for line in lines))
        named = sorted(holding.intersection(among) if among else holding)
        asked = self._shops[owner]
        short = {hub: tuple(line.sku for line in lines if _ready_s(asked, hub, line, channel) is None) for hub in named}
        able = [hub for hub in named if not short[hub]]
        if not able:
            return Supply((), NOW_S, min(short.values(), key=len, default=tuple(line.sku for line in lines)))
        ready = {hub: max(_ready_s(asked, hub, line, channel) or NOW_S for line in lines) for hub in able}
        first_s = min(ready.values())
        return Supply(tuple(hub for hub in able if ready[hub] == first_s), first_s)


def _ready_s(shop: Mapping[str, StockBalance], hub_id: str, line: CartLine, channel: str) -> int | None:
    """Return when a hub can send a line, ``None`` where it can't."""
    whole, *narrow = StockLine(sku=line.sku, hub_id=hub_id, channel=channel).levels
    ready_s = NOW_S
    for name in (whole, *narrow):
        stock = shop.get(name)
        if stock is None:
            if name == whole:
                return None
        elif not stock.fits(line.quantity):
            return None
        elif stock.units is not None and stock.reserved + line.quantity > stock.units and stock.back_order_on:
            ready_s = max(ready_s, _begins_s(stock.back_order_on))
    return ready_s


@lru_cache(1024)
def _begins_s(day: date) -> int:
    return instant_s(day, time(), PARIS.key)
