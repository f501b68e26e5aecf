"""Live-shopping sessions: what is planned, what is seen while one runs, what past ones brought."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, field

from data.model.base import Count, Id, Instant, Value

Share = Annotated[float, Meta(ge=0, le=1)]


class Channel(StrEnum):
    """Where orders come from."""

    SOCIAL = "social"
    SITE = "site"
    STORES = "stores"
    MARKETPLACE = "marketplace"


class SkuGroup(Value):
    """Products that sell, are stored and are counted alike.

    Attributes
    ----------
    share : float
        Of the live's parcels, 0..1.
    stock : dict of str to int
        Parcels on the shelf, by hub id.
    buffer : dict of str to int
        Of these, what is held back for other channels, by hub id.
    """

    id: Id
    share: Share = 1.0
    stock: dict[str, Count] = field(default_factory=dict)
    buffer: dict[str, Count] = field(default_factory=dict)


class Live(Value):
    """One live session on the calendar.

    Attributes
    ----------
    reach : int
        Viewers expected over the session.
    conversion : float, optional
        Orders per viewer, where whoever announces the live expects one.
    area_shares : dict of str to float
        Where its orders go, by area id; they sum to 1, or are empty: as usual.
    sku_groups : tuple of SkuGroup
        What is sold; shares sum to 1.
    """

    id: Id
    start_at: Instant
    end_at: Instant
    brands: tuple[Id, ...] = ()
    creators: tuple[Id, ...] = ()
    reach: Count = 0
    channel: Channel = Channel.SOCIAL
    conversion: Share | None = None
    area_shares: dict[str, Share] = field(default_factory=dict)
    sku_groups: tuple[SkuGroup, ...] = ()

    def __post_init__(self) -> None:
        if self.end_at <= self.start_at:
            raise ValueError(f"live `{self.id}` ends ({self.end_at.isoformat()}) before it starts")
        _require_whole(list(self.area_shares.values()), "area_shares")
        _require_whole([group.share for group in self.sku_groups], "shares of sku_groups")


class Signal(Value):
    """What was seen of a live in the ``interval_s`` seconds that end ``at``.

    ``viewers`` are those present at the end; ``add_to_cart`` and ``orders`` happened in the interval.
    """

    live_id: Id
    at: Instant
    interval_s: Annotated[int, Meta(ge=1, le=3600)] = 60
    viewers: Count = 0
    add_to_cart: Count = 0
    orders: Count = 0


class PastLive(Value):
    """A live that is over, with its totals; ``orders`` include the tail after it (replays)."""

    live: Live
    viewers: Count = 0
    add_to_cart: Count = 0
    orders: Count = 0
    orders_during: Count = 0

    def __post_init__(self) -> None:
        if self.orders_during > self.orders:
            raise ValueError("more orders during the live than in all")


def _require_whole(shares: list[float], name: str) -> None:
    if shares and not math.isclose(math.fsum(shares), 1.0, abs_tol=1e-6):
        raise ValueError(f"the {name} sum to {math.fsum(shares):.6g}, not to 1")
