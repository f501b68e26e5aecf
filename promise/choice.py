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
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from data.clock import PARIS
from data.model.promise import DeliveryOption, Quality
from promise.decide import first_kept
from promise.snapshot import FALLBACK, NEVER_S, QUALITIES, SLA, HandOver, Snapshot, local_day, rounded


@dataclass(frozen=True, eq=False)
class Asked:
    """A checked request: what to look up.

    Attributes
    ----------
    row : int, optional
        ``None`` where the grid knows nothing of the destination.
    hubs : int64 [h]
        Candidates, at least one.
    confidence : float
        A date must reach it, and its cell's level.
    """

    now_s: int
    row: int | None
    region: str
    hubs: NDArray[np.int64]
    priority: int
    parcels: int
    volume_dm3: int
    confidence: float

    @property
    def today(self) -> date:
        """Local day of the purchase."""
        return datetime.fromtimestamp(self.now_s, PARIS).date()


@dataclass(frozen=True)
class Choice:
    """A date and what it rests on; orders placed from ``order_by_s`` (Unix seconds) on get a later one."""

    day: date
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
        return _widest(option, asked, asked.today, "nothing is known of this option there")
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
    quality = snapshot.quality[asked.hubs, asked.row, column]
    if quality.min() == FALLBACK:
        return None
    hubs = asked.hubs[quality == quality.min()]
    allowed = _allowed(snapshot, asked, column)
    ontime = snapshot.ontime[hubs, :, asked.priority, asked.row, column]
    level = np.maximum(snapshot.level[hubs, asked.row, column], np.float32(rounded(asked.confidence)))[:, None]
    days = first_kept(ontime, level, allowed)
    epochs_s = snapshot.epochs_s[hubs]
    here = np.arange(len(hubs)), _epoch(epochs_s, np.array([asked.now_s]))[:, 0]
    day = int(days[here].min())
    option = snapshot.grid.options[column]
    if day == snapshot.days:
        horizon = max(asked.today, date.fromordinal(snapshot.first_day + snapshot.days - 1))
        return _widest(option, asked, horizon, f"no day up to {horizon} is sure enough and has room")
    sure = np.where(days[here] == day, ontime[(*here, day)], -1.0)
    best = int(sure.argmax())
    facts = snapshot.hubs[hubs[best]].facts + _full_days(
        snapshot, asked, column, ontime[best, here[1][best]], level[best]
    )
    return Choice(
        date.fromordinal(snapshot.first_day + day),
        QUALITIES[int(quality.min())],
        round(float(sure[best]), 4) if quality.min() < SLA else None,
        int(hubs[best]),
        _order_by_s(days, epochs_s, asked.now_s, day),
        facts,
    )


def _allowed(snapshot: Snapshot, asked: Asked, column: int) -> NDArray[np.bool_]:
    """Return the open days from today on with room for the cart; bool [D]."""
    cell = asked.row, column
    room = (snapshot.room[cell] >= asked.parcels) & (snapshot.room_dm3[cell] >= asked.volume_dm3)
    return snapshot.open[cell] & room & (np.arange(snapshot.days) >= local_day(asked.now_s) - snapshot.first_day)


def _epoch(epochs_s: NDArray[np.int64], at_s: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the epoch of each hub at each instant; what was placed before the snapshot counts as placed with it."""
    return np.maximum((epochs_s[:, None, :] <= at_s[None, :, None]).sum(-1) - 1, 0)


def _order_by_s(days: NDArray[np.int64], epochs_s: NDArray[np.int64], now_s: int, day: int) -> int | None:
    """Return the first cut-off to come after which no hub holds ``day`` any more."""
    ahead = np.unique(epochs_s[(epochs_s > now_s) & (epochs_s < NEVER_S)])
    later = np.take_along_axis(days, _epoch(epochs_s, ahead), axis=1).min(axis=0) > day
    return int(ahead[later.argmax()]) if later.any() else None


def _full_days(
    snapshot: Snapshot, asked: Asked, column: int, ontime: NDArray[np.float32], level: NDArray[np.float32]
) -> tuple[str, ...]:
    """Return the days that would be sure enough but have no room left, as a fact."""
    cell = asked.row, column
    full = (snapshot.room[cell] < asked.parcels) | (snapshot.room_dm3[cell] < asked.volume_dm3)
    missed = np.flatnonzero(snapshot.open[cell] & full & (ontime >= level))
    named = ", ".join(date.fromordinal(snapshot.first_day + int(day)).isoformat() for day in missed[:3])
    return (f"no room left on {named}",) if named else ()


def _by_word(snapshot: Snapshot, asked: Asked, option: DeliveryOption) -> Choice | None:
    """Return the date of the carrier's word: from the first day with a wave whose cut-off is ahead, at any hub."""
    if option.sla is None or asked.row is None:
        return None
    area = snapshot.grid.row_ids[asked.row]
    ahead = [
        (day, cutoff_s, int(hub))
        for hub in asked.hubs
        for day, cutoff_s in _waves_ahead(snapshot.hubs[hub], option, area, asked)
    ]
    if not ahead:
        return None
    first, _, hub = min(ahead)
    day = option.calendar.at(asked.region).plus(date.fromordinal(first), option.sla.transit_days)
    order_by_s = max(cutoff_s for on, cutoff_s, _ in ahead if on == first)
    return Choice(day, Quality.SLA, hub=hub, order_by_s=order_by_s, facts=("the carrier's word, by cut-off alone",))


def _waves_ahead(hub: HandOver, option: DeliveryOption, area: str, asked: Asked) -> Iterator[tuple[int, int]]:
    """Yield the day (ordinal) and the cut-off of the waves to come that take the option there."""
    for leaves_s, cutoff_s, which in zip(*(column.tolist() for column in hub.departures), strict=True):
        wave, day = hub.schedule.waves[which], local_day(leaves_s)
        if cutoff_s > asked.now_s and wave.carrier == option.carrier and (not wave.areas or area in wave.areas):
            left = option.sla.left(date.fromordinal(day)) if option.sla else None
            if left is None or left >= asked.parcels:
                yield day, cutoff_s


def _last_wave_day(snapshot: Snapshot, asked: Asked) -> date:
    """Return the last day on which a wave is known to leave, or today."""
    last = [int(at_s) for hub in asked.hubs for at_s in snapshot.hubs[hub].departures.waves_s[-1:]]
    return max([asked.today, *(date.fromordinal(local_day(at_s)) for at_s in last)])


def _widest(option: DeliveryOption, asked: Asked, last_day: date, why: str) -> Choice:
    """Return so many of the option's delivery days after the last day that anything is known of."""
    days = max(option.widest_days, option.sla.transit_days if option.sla else 0)
    day = option.calendar.at(asked.region).plus(last_day, days)
    return Choice(day, Quality.FALLBACK, facts=(why,))
