"""One immutable snapshot of every date that can be promised, built beside the request path and only looked up in it.

An order leaves its hub with some wave, travels so many delivery days of its option, and arrives. With H(w) the
probability that it is handed over with wave w or before, dT(k) that transit and last leg take exactly k delivery days,
and n(w, d) the delivery days after wave w's day up to day d, it is there by day d with probability

    F(d) = sum over k of dT(k) * H(last wave w with n(w, d) >= k)

because n falls with w. The curves are rounded to multiples of 2**-20 first: every product and sum is then exact, so
that a smaller H or T can't come out with a larger F by noise, and a date never gets earlier by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.clock import PARIS
from data.model.promise import Pool, Quality
from data.model.schedule import Departures, HubSchedule
from promise.grid import Grid
from promise.lookup import NEVER_S, Lookup, Table, until_s

Floats = NDArray[np.float64]
MODEL, TABLE, SLA, FALLBACK = range(4)
QUALITIES = (Quality.MODEL, Quality.TABLE, Quality.SLA, Quality.FALLBACK)
"""By the number stored in ``Snapshot.quality``."""

EPOCHS_MAX, EPOCHS_WITHIN_S = 8, 86_400
GRAIN = 2.0**20


@dataclass(frozen=True, eq=False)
class HandOver:
    """When a hub hands over an order.

    Attributes
    ----------
    departures : Departures
        W waves to come.
    cdf : float64 [W, P] or [E, W, P]
        P(handed over with wave w or before), by priority class; over waves that carry for the same destinations it
        never falls. NaN where nobody knows, then cut-offs alone count. Of an order placed now, or of one placed in
        each of E epochs.
    begins_s : int64 [E], optional
        When the epochs begin (Unix seconds), the first no later than now; without, they begin with each cut-off.
    facts : tuple of str
        What it rests on, for the house.
    """

    schedule: HubSchedule
    departures: Departures
    cdf: Floats
    begins_s: NDArray[np.int64] | None = None
    facts: tuple[str, ...] = ()

    def epochs_s(self, now_s: int) -> NDArray[np.int64]:
        """Return when its epochs begin."""
        if self.begins_s is not None:
            return self.begins_s
        ahead = np.unique(self.departures.cutoffs_s)
        ahead = ahead[(ahead > now_s) & (ahead <= now_s + EPOCHS_WITHIN_S)]
        return np.concatenate([[now_s], ahead[: EPOCHS_MAX - 1]])


class Curves(NamedTuple):
    """P(transit and last leg take at most k delivery days of the option after the wave's day), K + 1 values of k.

    ``model`` is float [A, O, K + 1] or [H, A, O, K + 1]; ``table`` is what an area gets that the model doesn't know,
    [O, K + 1] or [H, O, K + 1]. NaN where nobody knows.
    """

    model: Floats
    table: Floats


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What can be promised: H hubs, E epochs, P priority classes, R rows and O options of the grid, D days.

    Attributes
    ----------
    built_s, valid_until_s : int
        Unix seconds; from then on it is stale.
    first_day : int
        Ordinal of day 0, the local day it was built on.
    epochs_s : int64 [H, E]
        Epoch e holds for orders placed from ``epochs_s[h, e]`` until the next one begins, :data:`NEVER_S` for no more.
    ontime : float32 [H, E, P, R, O, D]
        P(delivered by the end of day d).
    level : float32 [H, R, O]
        What a date must reach, see :mod:`promise.decide`.
    quality : uint8 [H, R, O]
        Index into :data:`QUALITIES`.
    open : bool [R, O, D]
        Delivery days.
    room, room_dm3 : int32 [R, O, D]
        Parcels and dm3 left.
    hubs : tuple of HandOver
        What it was built from.
    """

    built_s: int
    valid_until_s: int
    first_day: int
    grid: Grid
    hubs: tuple[HandOver, ...]
    epochs_s: NDArray[np.int64]
    ontime: NDArray[np.float32]
    level: NDArray[np.float32]
    quality: NDArray[np.uint8]
    open: NDArray[np.bool_]
    room: NDArray[np.int32]
    room_dm3: NDArray[np.int32]

    def __post_init__(self) -> None:
        for array in (self.epochs_s, self.ontime, self.level, self.quality, self.open, self.room, self.room_dm3):
            array.setflags(write=False)

    @property
    def days(self) -> int:
        """Number of days D."""
        return self.ontime.shape[-1]

    @cached_property
    def until_s(self) -> NDArray[np.int64]:
        """Until when each day may be promised, int64 [R, O, P, D, H]; see :func:`promise.lookup.until_s`."""
        return until_s(self.ontime, self.level, self.epochs_s)

    @cached_property
    def lookup(self) -> Lookup:
        """The same, laid out for quotes."""
        room = Table(self.room, self.room_dm3)
        return Lookup(self.ontime, self.until_s, self.epochs_s, self.quality, self.open, room)

    @cached_property
    def wardrobe(self) -> dict[tuple[int, str, int, int, bool], Any]:
        """What :mod:`promise.quote` has put into words already."""
        return {}

    @cached_property
    def hub_index(self) -> dict[str, int]:
        """Number of each hub."""
        return {hub.schedule.hub_id: number for number, hub in enumerate(self.hubs)}


def build(
    now_s: int,
    hubs: Sequence[HandOver],
    grid: Grid,
    curves: Curves,
    level: Floats | float,
    pools: tuple[Pool, ...] = (),
    days: int = 10,
    valid_s: int = 900,
) -> Snapshot:
    """Return the snapshot of orders placed at ``now_s`` and after the next cut-offs.

    Parameters
    ----------
    hubs : sequence of HandOver
        H of them, with the same P.
    level : float, or array that broadcasts to [H, A, O] or [H, R, O]
        See :func:`promise.decide.levels`; a row beyond the areas takes its option's highest.
    pools : tuple of Pool
        Room in the tours.
    """
    first_day = local_day(now_s)
    transit, quality = _transit(curves, grid, len(hubs))
    epochs_s = _epochs(now_s, hubs)
    open_days = grid.open_days(first_day, days)
    shape = (*epochs_s.shape, hubs[0].cdf.shape[-1], len(grid.regions), len(grid.options), days)
    ontime = np.zeros(shape, np.float32)
    for number, hub in enumerate(hubs):
        known = bool(np.isfinite(hub.cdf).all())
        cdf = hub.cdf if known else np.ones_like(hub.cdf)
        placed = _placed(rounded(cdf), hub.departures.cutoffs_s, epochs_s[number])
        _fill(ontime[number], hub, placed, transit[number], grid, first_day)
        if not known:
            quality[number] = np.maximum(quality[number], SLA)
    room, room_dm3 = grid.room_left(pools, first_day, days)
    return Snapshot(
        built_s=now_s,
        valid_until_s=now_s + valid_s,
        first_day=first_day,
        grid=grid,
        hubs=tuple(hubs),
        epochs_s=epochs_s,
        ontime=ontime,
        level=_levels(level, len(hubs), grid),
        quality=quality,
        open=open_days,
        room=room,
        room_dm3=room_dm3,
    )


@lru_cache(4096)
def local_day(at_s: int) -> int:
    """Return the ordinal of the local day of a Unix second."""
    return datetime.fromtimestamp(at_s, PARIS).toordinal()


def rounded(probabilities: Floats | float) -> Floats:
    """Return probabilities as multiples of 2**-20: all that is compared here is."""
    return np.round(np.asarray(probabilities, np.float64) * GRAIN) / GRAIN


def _levels(level: Floats | float, hubs: int, grid: Grid) -> NDArray[np.float32]:
    """Return the levels of every row; those beyond the areas are as strict as the strictest area."""
    given = np.asarray(level, np.float64)
    rows, options = len(grid.regions), len(grid.options)
    full = np.empty((hubs, rows, options), np.float32)
    if given.ndim >= 2 and given.shape[-2] == len(grid.areas) and given.shape[-2] != rows:
        full[:, : given.shape[-2]] = rounded(given)
        full[:, given.shape[-2] :] = full[:, : given.shape[-2]].max(axis=1, keepdims=True)
    else:
        full[:] = rounded(given)
    return full


def _transit(curves: Curves, grid: Grid, hubs: int) -> tuple[Floats, NDArray[np.uint8]]:
    """Return P(exactly k delivery days) float64 [H, R, O, K + 1] and what it rests on, uint8 [H, R, O]."""
    rows, options = len(grid.regions), len(grid.options)
    known = curves.model.shape[-1]
    sla_days = [option.sla.transit_days for option in grid.options if option.sla]
    length = max([known, curves.table.shape[-1], *(days + 1 for days in sla_days)])
    cdf = np.full((hubs, rows, options, length), np.nan)
    cdf[:, : len(grid.areas), :, :known] = curves.model
    cdf[:, : len(grid.areas), :, known:] = cdf[:, : len(grid.areas), :, known - 1 : known]
    quality = np.zeros((hubs, rows, options), np.uint8)
    table = np.asarray(curves.table)[..., None, :, :]
    table = np.concatenate([table, np.repeat(table[..., -1:], length - table.shape[-1], -1)], -1)
    _take(cdf, quality, np.broadcast_to(table, cdf.shape), TABLE)
    sla = np.full((options, length), np.nan)
    for column, option in enumerate(grid.options):
        if option.sla:
            sla[column] = np.arange(length) >= option.sla.transit_days
    _take(cdf, quality, np.broadcast_to(sla, cdf.shape), SLA)
    _take(cdf, quality, np.zeros(cdf.shape), FALLBACK)
    return np.diff(np.maximum.accumulate(rounded(cdf), axis=-1), axis=-1, prepend=0.0), quality


def _take(cdf: Floats, quality: NDArray[np.uint8], other: Floats, name: int) -> None:
    """Fill the curves that nobody knows yet from ``other``."""
    unknown = ~np.isfinite(cdf).all(-1)
    cdf[unknown], quality[unknown] = other[unknown], name


def _epochs(now_s: int, hubs: Sequence[HandOver]) -> NDArray[np.int64]:
    """Return each hub's epochs, int64 [H, E], padded with :data:`NEVER_S`."""
    found = [hub.epochs_s(now_s) for hub in hubs]
    epochs = np.full((len(hubs), max(len(row) for row in found)), NEVER_S, np.int64)
    for number, row in enumerate(found):
        epochs[number, : len(row)] = row
    return epochs


def _placed(cdf: Floats, cutoffs_s: NDArray[np.int64], epochs_s: NDArray[np.int64]) -> Floats:
    """Return P(handed over with wave w or before) by epoch, never rising with it; [E, P, W]."""
    by_epoch = np.zeros((len(epochs_s), *cdf.shape[-2:]))
    by_epoch[: len(cdf) if cdf.ndim == 3 else None] = cdf
    ahead = cutoffs_s > epochs_s[:, None]
    return np.minimum.accumulate(np.where(ahead[:, None, :], by_epoch.swapaxes(1, 2), 0.0), axis=0)


def _fill(
    ontime: NDArray[np.float32], hub: HandOver, placed: Floats, transit: Floats, grid: Grid, first_day: int
) -> None:
    """Fill one hub's F(d), float32 [E, P, R, O, D]."""
    wave_days = np.array([local_day(int(at_s)) for at_s in hub.departures.waves_s], np.int64) - first_day
    epochs, classes, _, _, days = ontime.shape
    regions = np.array(grid.regions)
    for rows, column, waves in _routes(hub, grid):
        option = grid.options[column]
        served = np.maximum.accumulate(placed[:, :, waves], axis=-1)
        for region in np.unique(regions[rows]):
            open_days = option.calendar.at(str(region)).open_mask(first_day, days)
            last = _last_wave(wave_days[waves], open_days, transit.shape[-1])
            handed = np.concatenate([np.zeros((epochs, classes, 1)), served], -1)[:, :, last]
            here = rows[regions[rows] == region]
            ontime[:, :, here, column] = np.einsum("epkd,rk->eprd", handed, transit[here, column], optimize=True)


def _routes(hub: HandOver, grid: Grid) -> list[tuple[NDArray[np.int64], int, NDArray[np.int64]]]:
    """Return rows, option and the waves that serve them, for each group of rows that the same waves serve."""
    waves = hub.schedule.waves
    serves = np.array([grid.serves(wave.areas) for wave in waves])[hub.departures.which]
    wave_days = [date.fromordinal(local_day(int(at_s))) for at_s in hub.departures.waves_s]
    found = []
    for column, option in enumerate(grid.options):
        takes = np.array([waves[which].carrier == option.carrier for which in hub.departures.which], bool)
        if option.sla and option.sla.quota_parcels is not None:
            takes &= np.array([option.sla.left(day) != 0 for day in wave_days], bool)
        groups, of_row = np.unique(serves & takes[:, None], axis=1, return_inverse=True)
        for group in range(groups.shape[1]):
            found.append((np.flatnonzero(of_row == group), column, np.flatnonzero(groups[:, group])))
    return found


def _last_wave(wave_days: NDArray[np.int64], open_days: NDArray[np.bool_], length: int) -> NDArray[np.int64]:
    """Return, for k and d, 1 + the last wave that leaves k delivery days or more up to day d, 0 for none; [K + 1, D].

    A wave of day d leaves 0: what it carries may still be delivered on its own day, if that is a delivery day.
    """
    days = np.arange(len(open_days))
    opened = np.concatenate([[0], np.cumsum(open_days)])  # before day d
    at_wave = np.clip(wave_days, 0, len(days) - 1)
    left = opened[1:][None, :] - opened[at_wave + 1][:, None]
    never = (days[None, :] < wave_days[:, None]) | ((left == 0) & ~open_days[at_wave][:, None])
    left = np.where(never, -1, left)
    return (left[None, :, :] >= np.arange(length)[:, None, None]).sum(axis=1)
