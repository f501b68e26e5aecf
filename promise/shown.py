"""What buyers will likely take of the dates shown to them: shops cache rates, and an order then comes without asking.

Each rate shown stands, until its cache ends or its order comes, for as many orders as rates of its channel and option
usually bring. Quotes leave that room, and some more for chance, to those who were promised it first.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from promise.left import Levels
from promise.ticket import Ticket

Z = 2.0
"""Standard deviations of the orders to come that are left beside their mean. That is on the safe side anyway: an old
rate brings an order less often than a new one, and is counted like it.
"""
PRIOR = 50.0
"""Rates that what is configured of a channel's conversion weighs as much as."""
FADES = 0.999
"""What an old rate weighs for each new one whose end is known."""
LEAST = 10
"""So many rates still open tell how many orders they bring at the least."""
MINUTE_S = 60
NOTHING = 1e-6


class Cache(NamedTuple):
    """How a channel keeps rates: for how long, and which part of them, as far as is known, becomes orders."""

    channel: str
    ttl_s: int
    conversion: float


class _Key(NamedTuple):
    """Rates counted together; ``place`` is hub, area and day."""

    minute: int
    tenant: str
    kind: tuple[str, str]
    place: tuple[str, str, int]


class _Batch(NamedTuple):
    """Rates of one minute, carrier, channel and option for one chain of levels.

    ``left`` is [parcels, dm3, rates] still open, ``ever`` is [rates, orders] of all of them.
    """

    until_s: int
    levels: Levels
    kind: tuple[str, str]
    chain: tuple[int, ...]
    left: list[float]
    ever: list[int]


class _Rate:
    """How many orders a rate of a kind brings: those that have ended, and those still open at the least.

    That is more than one where a shop shows one answer to many buyers.
    """

    def __init__(self, conversion: float) -> None:
        self.taken, self.ended = PRIOR * conversion, PRIOR
        self.open_taken = self.open_shown = 0

    def end(self, rates: int, taken: int) -> None:
        self.open_shown, self.open_taken = self.open_shown - rates, self.open_taken - taken
        fade = FADES**rates
        self.taken, self.ended = self.taken * fade + taken, self.ended * fade + rates

    @property
    def share(self) -> float:
        so_far = self.open_taken / self.open_shown if self.open_shown >= LEAST else 0.0
        return max(self.taken / self.ended, so_far)


class Shown:
    """Rates that are still good, of every carrier, in this process.

    Parameters
    ----------
    levels_of : callable
        Returns a carrier's levels; what is expected of them is written into ``likely`` and ``likely_dm3``.

    Notes
    -----
    Two servers of one store know only of their own rates.
    """

    def __init__(self, levels_of: Callable[[str], Levels]) -> None:
        self._levels_of = levels_of
        self._door = threading.Lock()
        self._batches: dict[_Key, _Batch] = {}
        self._order: deque[_Key] = deque()
        self._rates: dict[tuple[str, str], _Rate] = {}
        self._open: dict[tuple[str, int], dict[tuple[str, str], list[float]]] = {}

    def show(self, ticket: Ticket, chains: dict[str, tuple[int, ...]], cache: Cache, now_s: int) -> None:
        """Count the options of a quote that a shop keeps; ``chains`` are the levels each would take."""
        with self._door:
            self._expire(now_s)
            levels, minute = self._levels_of(ticket.tenant), now_s // MINUTE_S
            for option_id, chain in chains.items():
                kind = (cache.channel, option_id)
                rate = self._rates.setdefault(kind, _Rate(cache.conversion))
                key = _Key(minute, ticket.tenant, kind, _place(ticket, option_id))
                if key not in self._batches:
                    until_s = (minute + 1) * MINUTE_S + cache.ttl_s
                    self._batches[key] = _Batch(until_s, levels, kind, chain, [0, 0, 0], [0, 0])
                    self._order.append(key)
                batch = self._batches[key]
                batch.ever[0] += 1
                rate.open_shown += 1
                self._add(ticket.tenant, batch, ticket.parcels, ticket.dm3, 1)

    def taken(self, ticket: Ticket, option_id: str, channel: str, shown_s: int) -> None:
        """Note that a buyer of a quote has ordered: one order less is to come of it."""
        with self._door:
            kind = (channel, option_id)
            batch = self._batches.get(_Key(shown_s // MINUTE_S, ticket.tenant, kind, _place(ticket, option_id)))
            if batch is None:
                return  # its cache has ended, or another server has shown it
            batch.ever[1] += 1
            self._rates[kind].open_taken += 1
            less = min(1.0, batch.left[2], 1 / max(1.0, self._rates[kind].share))
            if less > 0:
                self._add(ticket.tenant, batch, -less * ticket.parcels, -less * ticket.dm3, -less)

    def expire(self, now_s: int) -> None:
        """Forget the rates whose cache has ended."""
        with self._door:
            self._expire(now_s)

    def _expire(self, now_s: int) -> None:
        while self._order and self._batches[self._order[0]].until_s <= now_s:
            key = self._order.popleft()
            batch = self._batches.pop(key)
            self._rates[batch.kind].end(*batch.ever)
            parcels, dm3, rates = batch.left
            self._add(key.tenant, batch, -parcels, -dm3, -rates)

    def _add(self, tenant: str, batch: _Batch, parcels: float, dm3: float, rates: float) -> None:
        for number, more in enumerate((parcels, dm3, rates)):
            batch.left[number] += more
        for slot in batch.chain:
            kinds = self._open.setdefault((tenant, slot), {})
            open_ = kinds.setdefault(batch.kind, [0, 0])
            open_[0] += parcels
            open_[1] += dm3
            if open_[0] < NOTHING:
                del kinds[batch.kind]
            self._tell(batch.levels, slot, kinds)

    def _tell(self, levels: Levels, slot: int, kinds: dict[tuple[str, str], list[float]]) -> None:
        """Write down what is expected of a level: the mean, and a margin for chance."""
        mean = sum(self._rates[kind].share * max(0, open_[0]) for kind, open_ in kinds.items())
        shown = sum(max(0, open_[0]) for open_ in kinds.values())
        dm3 = sum(max(0, open_[1]) for open_ in kinds.values())
        expected = math.ceil(mean + Z * math.sqrt(mean)) if mean > 0 else 0
        levels.likely[slot] = expected
        levels.likely_dm3[slot] = math.ceil(expected * dm3 / shown) if shown else 0


def _place(ticket: Ticket, option_id: str) -> tuple[str, str, int]:
    offer = ticket.offer(option_id)
    return offer.hub_id, ticket.area_id, offer.day
