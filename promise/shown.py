"""What buyers will likely take of the dates shown to them: shops cache rates, and an order then comes without asking.

Each rate shown stands, until its cache ends or its order comes, for as many orders as rates of its channel and option
usually bring. Quotes leave that room, and some more for chance, to those who were promised it first. A rate that is
shown to several buyers stands for what all of them will likely order, see :mod:`promise.shown_shared`, and is shown
only where there is room for that.
"""

from __future__ import annotations

import math
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from promise.left import Levels, RoomNow
from promise.shown_shared import SharedRates, with_margin
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
BESIDE_S, SOLD_MAX = 3600, 2_000
"""For so long what was sold on another server's rates is told; kinds of it beyond which the older are dropped."""


class Sold(NamedTuple):
    """Orders on rates of one minute, carrier, channel, option, hub, area and day."""

    minute: int
    tenant: str
    channel: str
    option_id: str
    hub_id: str
    area_id: str
    day: int


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

    The orders of further buyers of one answer are counted elsewhere.
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

    Attributes
    ----------
    sold : Counter of Sold
        Orders of the last while on rates that another server must have shown.
    """

    def __init__(self, levels_of: Callable[[str], Levels]) -> None:
        self._levels_of = levels_of
        self._door = threading.Lock()
        self._batches: dict[_Key, _Batch] = {}
        self._order: deque[_Key] = deque()
        self._rates: dict[tuple[str, str], _Rate] = {}
        self._open: dict[tuple[str, int], dict[tuple[str, str], list[float]]] = {}
        self._shared = SharedRates()
        self._expected: dict[tuple[str, int], tuple[Levels, float, float]] = {}
        self._beside: dict[tuple[str, int], tuple[float, float]] = {}
        self.sold: Counter[Sold] = Counter()

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
                cell = levels.cell(ticket.area_id, option_id)
                if cell is not None:
                    whose = (ticket.tenant, *kind)
                    self._shared.show(whose, cell, ticket, levels, chain, cache.ttl_s, now_s)
                self._add(ticket.tenant, batch, ticket.parcels, ticket.dm3, 1)

    def taken(self, ticket: Ticket, option_id: str, channel: str, shown_s: int, now_s: int) -> None:
        """Note that a buyer of a quote has ordered: one order less is to come of it."""
        with self._door:
            kind, levels = (channel, option_id), self._levels_of(ticket.tenant)
            cell, day = levels.cell(ticket.area_id, option_id), ticket.offer(option_id).day
            if cell is not None and self._shared.taken((ticket.tenant, *kind), cell, shown_s, day, now_s):
                self._refresh(now_s)
                return
            batch = self._batches.get(_Key(shown_s // MINUTE_S, ticket.tenant, kind, _place(ticket, option_id)))
            if batch is not None:
                self._take(ticket.tenant, batch, ticket.parcels, ticket.dm3)
            elif now_s - shown_s < BESIDE_S:  # another server has shown it, or its cache has ended
                hub_id, area_id, day = _place(ticket, option_id)
                self.sold[Sold(shown_s // MINUTE_S, ticket.tenant, channel, option_id, hub_id, area_id, day)] += 1
                self._forget(now_s)

    def sold_beside(self, sold: Sold, orders: int) -> None:
        """Note that another server has taken orders on rates of ours."""
        with self._door:
            kind, place = (sold.channel, sold.option_id), (sold.hub_id, sold.area_id, sold.day)
            batch = self._batches.get(_Key(sold.minute, sold.tenant, kind, place))
            for _ in range(orders if batch is not None else 0):
                assert batch is not None
                rates = max(batch.left[2], NOTHING)
                self._take(sold.tenant, batch, batch.left[0] / rates, batch.left[1] / rates)

    def expected(self) -> dict[str, dict[str, tuple[float, float]]]:
        """Return the parcels and dm3 that the rates shown here will likely take, by carrier and level."""
        found: dict[str, dict[str, tuple[float, float]]] = {}
        with self._door:
            for (tenant, slot), (levels, parcels, dm3) in self._expected.items():
                if parcels > 0:
                    found.setdefault(tenant, {})[levels.ids[slot]] = round(parcels, 2), round(dm3, 2)
        return found

    def hear(self, beside: Mapping[tuple[str, str], tuple[float, float]]) -> None:
        """Reckon with what the rates that other servers have shown will likely take, by carrier and level."""
        with self._door:
            before, self._beside = self._beside, {}
            for (tenant, level), more in beside.items():
                slot = self._levels_of(tenant).slots.get(level)
                if slot is not None:
                    self._beside[tenant, slot] = more
            for tenant, slot in {*before, *self._beside}:
                if before.get((tenant, slot)) != self._beside.get((tenant, slot)):
                    self._tell(self._levels_of(tenant), tenant, slot)

    def _take(self, tenant: str, batch: _Batch, parcels: float, dm3: float) -> None:
        batch.ever[1] += 1
        rate = self._rates[batch.kind]
        rate.open_taken += 1
        less = min(1.0, batch.left[2], 1 / max(1.0, rate.share))
        if less > 0:
            self._add(tenant, batch, -less * parcels, -less * dm3, -less)

    def _forget(self, now_s: int) -> None:
        if len(self.sold) > SOLD_MAX:
            self.sold = Counter(
                {one: count for one, count in self.sold.items() if one.minute > (now_s - BESIDE_S) // 60}
            )

    def room_for(self, room: RoomNow, tenant: str, channel: str, now_s: int, part: float = 1.0) -> RoomNow:
        """Return the room as a rate needs it that a shop keeps: for all who will likely order by it, or some of them.

        Parameters
        ----------
        part : float
            Of those beside its own buyer: all of them may be more than any day has room for.
        """

        def times(cell: int) -> int:
            option_id = room.levels.option(cell)
            with self._door:
                return 1 + with_margin(part * self._shared.need((tenant, channel, option_id), cell, now_s), Z)

        return _Spare(room, times)

    def expire(self, now_s: int) -> None:
        """Forget the rates whose cache has ended."""
        with self._door:
            self._expire(now_s)

    def _refresh(self, now_s: int) -> None:
        for (tenant, slot), levels in self._shared.refresh(now_s).items():
            self._tell(levels, tenant, slot)

    def _expire(self, now_s: int) -> None:
        self._refresh(now_s)
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
            self._tell(batch.levels, tenant, slot)

    def _tell(self, levels: Levels, tenant: str, slot: int) -> None:
        """Write down what is expected of a level: the mean, and a margin for chance."""
        kinds, shared = self._open.get((tenant, slot), {}), self._shared.held(tenant, slot)
        mean = sum(self._rates[kind].share * max(0, open_[0]) for kind, open_ in kinds.items()) + shared.parcels
        shown = sum(max(0, open_[0]) for open_ in kinds.values()) + shared.parcels
        dm3 = sum(max(0, open_[1]) for open_ in kinds.values()) + shared.dm3
        own_dm3 = mean * dm3 / shown if shown else 0.0
        self._expected[tenant, slot] = levels, mean, own_dm3
        parcels_beside, dm3_beside = self._beside.get((tenant, slot), (0.0, 0.0))
        mean += parcels_beside
        levels.likely[slot] = expected = with_margin(mean, Z)
        levels.likely_dm3[slot] = math.ceil(expected * (own_dm3 + dm3_beside) / mean) if mean > 0 else 0


class _Spare(RoomNow):
    """Room where so many times what is asked for has to fit, by cell."""

    def __init__(self, room: RoomNow, times: Callable[[int], int]) -> None:
        super().__init__(room.levels, room.first_day)
        self._times = cache(times)

    def free(self, hubs: Sequence[int], cell: int, day: int, parcels: int, dm3: int) -> list[int]:
        """Return the hubs whose tours take so many carts to a cell."""
        times = self._times(cell)
        return super().free(hubs, cell, day, times * parcels, times * dm3)


def _place(ticket: Ticket, option_id: str) -> tuple[str, str, int]:
    offer = ticket.offer(option_id)
    return offer.hub_id, ticket.area_id, offer.day
