"""The chain that always ends in a date: model, area table, the carrier's word with its cut-off, the widest date.

An option gets the first delivery day with room on which the probability of being there reaches its level, from
whichever hub reaches it first, among the hubs of which most is known. Where no day within the horizon does, it gets a
date beyond it. A stale snapshot still counts: the date is then no earlier than it says, nor than what comes next in the
chain.

Within one snapshot no date gets earlier by more load, a later purchase or a higher confidence: the curves can only
fall, the levels only rise, the allowed days only shrink, and what comes after the curves lies beyond all they know.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from data.calendar import Calendar
from data.clock import PARIS
from data.model.promise import DeliveryOption, Quality
from promise.lookup import MIXED, NEVER_S, Lookup, Room, until_s
from promise.snapshot import FALLBACK, QUALITIES, SLA, HandOver, Snapshot, local_day, rounded


class Asked(NamedTuple):
    """A checked request: what to look up.

    Attributes
    ----------
    now_s, placed_s : int
        When it is asked, and when the hub may begin: later for goods that are yet to come.
    row : int, optional
        ``None`` where the grid knows nothing of the destination.
    hubs : tuple of int
        Candidates, at least one, in order.
    confidence : float
        A date must reach it, and its cell's level.
    room : Room
        What is left in the tours.
    """

    now_s: int
    placed_s: int
    row: int | None
    region: str
    hubs: tuple[int, ...]
    priority: int
    parcels: int
    volume_dm3: int
    confidence: float
    room: Room


class Choice(NamedTuple):
    """A day (its ordinal) and what it rests on; orders placed from ``order_by_s`` (Unix seconds) on get a later one."""

    day: int
    quality: Quality
    confidence: float | None = None
    hub: int | None = None
    order_by_s: int | None = None
    facts: tuple[str, ...] = ()


def choose(snapshot: Snapshot, asked: Asked, column: int) -> Choice:
    """Return the date of one option."""
    option = snapshot.grid.options[column]
    found = _by_curve(snapshot, asked, column)
    if found and asked.now_s < snapshot.valid_until_s:
        return found
    if not found:
        return _widest(option, asked, local_day(asked.placed_s), "nothing is known of this option there")
    after = _by_word(snapshot, asked, option) or _widest(
        option, asked, _last_wave_day(snapshot, asked), "no carrier's word"
    )
    stale = f"snapshot stale since {datetime.fromtimestamp(snapshot.valid_until_s, PARIS):%H:%M}"
    later = found if found.day > after.day else after
    worse = max(found.quality, after.quality, key=QUALITIES.index)
    return Choice(later.day, worse, None, later.hub, later.order_by_s, (stale, *later.facts))


def _by_curve(snapshot: Snapshot, asked: Asked, column: int) -> Choice | None:
    """Return the date of the curves, the widest one where none reaches its level; ``None`` where there is none."""
    if asked.row is None:
        return None
    tables = snapshot.lookup
    count, _, classes, _, options, days = tables.shape
    cell = asked.row * options + column
    hubs, quality = _best_known(tables, asked.hubs, cell)
    if quality == FALLBACK:
        return None
    first = (cell * classes + asked.priority) * days
    until, latest = tables.until[first * count : (first + days) * count], tables.latest[first : first + days]
    if asked.confidence:
        until, latest = _raised(snapshot, asked, column)
    full: list[int] = []
    now_s, waits = asked.now_s, asked.placed_s > asked.now_s
    first_day = local_day(now_s) - snapshot.first_day
    for day in tables.open_days[cell]:
        if day < first_day or latest[day] <= now_s:
            continue
        ends_s = until[day * count : (day + 1) * count].tolist()
        sure = [hub for hub in hubs if ends_s[hub] > now_s]
        if not sure:
            continue
        if waits:
            first_day, waits = _as_long_after(snapshot, asked, tables.open_days[cell], day), False
            if day < first_day:
                continue
        free = asked.room.free(sure, cell, day, asked.parcels, asked.volume_dm3)
        if free:
            return _sure(snapshot, asked, cell, day, free, max([ends_s[hub] for hub in free]), full)
        full.append(day)
    horizon = max(local_day(asked.placed_s), snapshot.first_day + snapshot.days - 1)
    why = f"no day up to {date.fromordinal(horizon)} is sure enough and has room"
    return _widest(snapshot.grid.options[column], asked, horizon, why)


def _best_known(tables: Lookup, hubs: tuple[int, ...], cell: int) -> tuple[tuple[int, ...], int]:
    """Return the hubs of which most is known for a cell, and what that rests on."""
    quality = tables.common[cell]
    if quality != MIXED:
        return hubs, quality
    count = len(tables.every_hub)
    known = tables.known[cell * count : (cell + 1) * count]
    best = min(known[hub] for hub in hubs)
    return tuple(hub for hub in hubs if known[hub] == best), best


def _as_long_after(snapshot: Snapshot, asked: Asked, open_days: tuple[int, ...], day: int) -> int:
    """Return the first day of goods that are yet to come: as many delivery days after them as ``day`` is after now."""
    now, come = (local_day(at_s) - snapshot.first_day for at_s in (asked.now_s, asked.placed_s))
    takes = sum(now < one <= day for one in open_days)
    after = [one for one in open_days if one > come]
    if takes == 0:
        return come
    return after[takes - 1] if takes <= len(after) else snapshot.days


def _sure(
    snapshot: Snapshot, asked: Asked, cell: int, day: int, hubs: list[int], end_s: int, full: list[int]
) -> Choice:
    """Return a day of the curves, from the hub that is surest of it."""
    tables = snapshot.lookup
    sure, best = tables.surest(hubs, asked.now_s, asked.priority, cell, day)
    quality = tables.known[cell * len(tables.every_hub) + best]
    facts = snapshot.hubs[best].facts
    if full:
        named = ", ".join(date.fromordinal(snapshot.first_day + one).isoformat() for one in full[:3])
        facts = (*facts, f"no room left on {named}")
    return Choice(
        snapshot.first_day + day,
        QUALITIES[quality],
        round(sure, 4) if quality < SLA else None,
        best,
        end_s if end_s < NEVER_S and asked.placed_s == asked.now_s else None,
        facts,
    )


def _raised(snapshot: Snapshot, asked: Asked, column: int) -> tuple[memoryview, memoryview]:
    """Return until when each day is as sure as this order asks for, from each hub [D * H] and from any [D]."""
    cell = np.s_[:, :, asked.priority : asked.priority + 1, asked.row, None, column, None]
    level = np.maximum(snapshot.level[:, asked.row, column], np.float32(rounded(asked.confidence)))
    until = until_s(snapshot.ontime[cell], level[:, None, None], snapshot.epochs_s)
    return until.reshape(-1).data, until.max(axis=-1).reshape(-1).data


def _by_word(snapshot: Snapshot, asked: Asked, option: DeliveryOption) -> Choice | None:
    """Return the date of the carrier's word: from the first day with a wave whose cut-off is ahead, at any hub."""
    if option.sla is None or asked.row is None:
        return None
    area = snapshot.grid.row_ids[asked.row]
    ahead = [
        (day, cutoff_s, hub)
        for hub in asked.hubs
        for day, cutoff_s in _waves_ahead(snapshot.hubs[hub], option, area, asked)
    ]
    if not ahead:
        return None
    first, _, hub = min(ahead)
    day = _plus(option.calendar, asked.region, first, option.sla.transit_days)
    order_by_s = max(cutoff_s for on, cutoff_s, _ in ahead if on == first)
    facts = ("the carrier's word, by cut-off alone",)
    return Choice(day, Quality.SLA, hub=hub, order_by_s=order_by_s, facts=facts)


def _waves_ahead(hub: HandOver, option: DeliveryOption, area: str, asked: Asked) -> Iterator[tuple[int, int]]:
    """Yield the day (ordinal) and the cut-off of the waves to come that take the option there."""
    for leaves_s, cutoff_s, which in zip(*(column.tolist() for column in hub.departures), strict=True):
        wave, day = hub.schedule.waves[which], local_day(leaves_s)
        if cutoff_s > asked.placed_s and wave.carrier == option.carrier and (not wave.areas or area in wave.areas):
            left = option.sla.left(date.fromordinal(day)) if option.sla else None
            if left is None or left >= asked.parcels:
                yield day, cutoff_s


def _last_wave_day(snapshot: Snapshot, asked: Asked) -> int:
    """Return the last day on which a wave is known to leave, or today."""
    last = [int(at_s) for hub in asked.hubs for at_s in snapshot.hubs[hub].departures.waves_s[-1:]]
    return max([local_day(asked.placed_s), *map(local_day, last)])


def _widest(option: DeliveryOption, asked: Asked, last_day: int, why: str) -> Choice:
    """Return so many of the option's delivery days after the last day that anything is known of."""
    days = max(option.widest_days, option.sla.transit_days if option.sla else 0)
    return Choice(_plus(option.calendar, asked.region, last_day, days), Quality.FALLBACK, facts=(why,))


@lru_cache(4096)
def _plus(calendar: Calendar, region: str, day: int, count: int) -> int:
    return calendar.at(region).plus(date.fromordinal(day), count).toordinal()
