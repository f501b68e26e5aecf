"""Rates that a shop shows to more than one buyer: what they will bring grows with the orders that come, not with rates.

Where a shop keeps a rate by postcode and cart, all buyers of its cache time see the same answer. That shows in orders
that name a quote which has brought one before; orders that name a quote which was asked for while another one was kept
for the same place tell of the contrary. What a rate will still bring is the shared part of the orders expected in its
place, for as long as it is kept and as its buyers take.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from promise.left import Levels
from promise.order_rate import OrderRate
from promise.ticket import Ticket

FADES, PRIOR = 0.99, 5.0
"""What an old order weighs for each new one; orders without sharing that are reckoned with at first."""
LEAST = 0.02
"""Below, nothing is shared."""
EVERY_S = 5
TIMES = 10.0
"""A burst that may begin while a rate is kept: room is left for so many times the usual orders."""

Kind = tuple[str, str, str]
"""Carrier, channel and option."""
Slot = tuple[str, int]


class _Quote:
    """One answer: how often it was given and taken; ``alone``: though another one was kept, it was asked for."""

    def __init__(self, shown_s: int, levels: Levels, chain: tuple[int, ...], ticket: Ticket, alone: bool) -> None:
        self.shown_s, self.levels, self.chain, self.alone = shown_s, levels, chain, alone
        self.parcels, self.dm3 = ticket.parcels, ticket.dm3
        self.shown = self.taken = 0


class _Sharing:
    """Which part of the orders of a kind come from quotes that have brought others, and how fast orders come."""

    def __init__(self, ttl_s: int) -> None:
        self.ttl_s = ttl_s
        self.rate = OrderRate(TIMES)
        self.again, self.could = 0.0, PRIOR
        self.quotes: dict[int, dict[tuple[int, int], _Quote]] = {}
        """Quotes by cell, then by instant and day."""

    @property
    def part(self) -> float:
        return self.again / self.could

    def note(self, again: bool) -> None:
        self.again, self.could = self.again * FADES + again, self.could * FADES + 1


class Expected(NamedTuple):
    """Parcels and dm3."""

    parcels: float
    dm3: float


class SharedRates:
    """Quotes of every carrier that may be shown to several buyers; whoever calls holds a lock."""

    def __init__(self) -> None:
        self._kinds: dict[Kind, _Sharing] = {}
        self._held: dict[Slot, Expected] = {}
        self._held_s = 0

    def show(
        self, kind: Kind, cell: int, ticket: Ticket, levels: Levels, chain: tuple[int, ...], ttl_s: int, now_s: int
    ) -> None:
        """Count an answer that a shop keeps for ``ttl_s``."""
        sharing = self._kinds.setdefault(kind, _Sharing(ttl_s))
        quotes = sharing.quotes.setdefault(cell, {})
        key = now_s, ticket.offer(kind[2]).day
        if key not in quotes:
            alone = any(one.shown_s > now_s - ttl_s for one in quotes.values())
            quotes[key] = _Quote(now_s, levels, chain, ticket, alone)
        quotes[key].shown += 1
        if sharing.part > LEAST:
            self._hold(kind[0], quotes[key], self._to_come(sharing, cell, now_s, now_s))

    def taken(self, kind: Kind, cell: int, shown_s: int, day: int, now_s: int) -> bool:
        """Count an order; return whether its quote had brought all it would if it were shown to one buyer each."""
        sharing = self._kinds.get(kind)
        if sharing is None:
            return False
        sharing.rate.add(cell, now_s)
        quote = sharing.quotes.get(cell, {}).get((shown_s, day))
        if quote is None:
            return False
        again = quote.taken >= quote.shown
        quote.taken += 1
        if again or quote.alone:
            sharing.note(again)
        return again

    def need(self, kind: Kind, cell: int, now_s: int) -> float:
        """Return the orders that an answer given now will bring beside its own buyer's."""
        sharing = self._kinds.get(kind)
        if sharing is None or sharing.part <= LEAST:
            return 0.0
        return self._to_come(sharing, cell, now_s, now_s, new=1)

    def held(self, tenant: str, slot: int) -> Expected:
        """Return what shared rates will likely still take of a level."""
        return self._held.get((tenant, slot), Expected(0.0, 0.0))

    def refresh(self, now_s: int) -> dict[Slot, Levels]:
        """Reckon anew, every few seconds; return the levels whose figures have changed."""
        if 0 <= now_s - self._held_s < EVERY_S:
            return {}
        self._held_s = now_s
        before, self._held = self._held, {}
        changed: dict[Slot, Levels] = {}
        for (tenant, *_), sharing in self._kinds.items():
            for cell, quote in self._live(sharing, now_s):
                changed |= {(tenant, slot): quote.levels for slot in quote.chain if (tenant, slot) in before}
                if sharing.part > LEAST:
                    self._hold(tenant, quote, self._to_come(sharing, cell, quote.shown_s, now_s) * quote.shown)
                    changed |= {(tenant, slot): quote.levels for slot in quote.chain}
        return changed

    def _live(self, sharing: _Sharing, now_s: int) -> Iterator[tuple[int, _Quote]]:
        """Yield the quotes that may still bring orders, and one last time those that no longer do."""
        for cell, quotes in sharing.quotes.items():
            yield from [(cell, one) for one in quotes.values()]
            for key in [key for key in quotes if key[0] + 2 * sharing.ttl_s <= now_s]:
                del quotes[key]

    def _to_come(self, sharing: _Sharing, cell: int, shown_s: int, now_s: int, new: int = 0) -> float:
        """Return the orders that one answer is still to bring: buyers see it for ``ttl_s``, and take as long to pay."""
        ttl_s, age = sharing.ttl_s, (now_s - shown_s) / max(1, sharing.ttl_s)
        rest = 1 - age**2 / 2 if age < 1 else max(0.0, 2 - age) ** 2 / 2
        quotes = sharing.quotes.get(cell, {}).values()
        beside = sum(one.shown for one in quotes if one.shown_s > now_s - ttl_s) + new
        return sharing.part * sharing.rate.per_s(cell, now_s, ttl_s) * ttl_s * rest / max(1, beside)

    def _hold(self, tenant: str, quote: _Quote, orders: float) -> None:
        for slot in quote.chain:
            parcels, dm3 = self._held.get((tenant, slot), (0.0, 0.0))
            self._held[tenant, slot] = Expected(parcels + orders * quote.parcels, dm3 + orders * quote.dm3)


def with_margin(mean: float, z: float) -> int:
    """Return a mean of orders to come and some more for chance."""
    return math.ceil(mean + z * math.sqrt(mean)) if mean > 0 else 0
