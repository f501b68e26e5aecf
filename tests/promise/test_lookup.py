"""The look-up against the definition: the first open day with room that is sure enough, from any hub."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data.model.promise import Promise, Quality, QuoteRequest
from promise.grid import UNBOUNDED
from promise.left import DAY_BITS, Left, Levels, Names, RoomNow, Taking
from promise.lookup import NEVER_S
from promise.quote import quote
from promise.snapshot import Snapshot, local_day, rounded
from tests.promise.drawn_promises import World, requests, worlds
from tests.promise.test_promise_laws import SETTINGS


def first_days(snapshot: Snapshot, request: QuoteRequest, now_s: int, column: int) -> tuple[list[int], list[int]]:
    """Return, by hub, the first day that holds (D where none does) and until when it does, by trying them all."""
    row = snapshot.grid.row_of(request)
    assert row is not None
    priority = min(request.priority, snapshot.ontime.shape[2] - 1)
    quality = snapshot.quality[:, row, column]
    found, until = [], []
    for hub in np.flatnonzero(quality == quality.min()).tolist():
        need = max(snapshot.level[hub, row, column], np.float32(rounded(request.confidence or 0.0)))
        epochs_s = snapshot.epochs_s[hub].tolist()
        epoch = max([0, *(number for number, at_s in enumerate(epochs_s) if at_s <= now_s)])
        first = snapshot.days
        for day in reversed(range(max(0, local_day(now_s) - snapshot.first_day), snapshot.days)):
            fits = snapshot.room[row, column, day] >= request.cart.parcels
            fits &= snapshot.room_dm3[row, column, day] >= request.cart.volume_dm3
            if (
                fits
                and snapshot.open[row, column, day]
                and snapshot.ontime[hub, epoch, priority, row, column, day] >= need
            ):
                first = day
        found.append(first)
        ends = NEVER_S
        for later in range(epoch + 1, len(epochs_s)):
            if first < snapshot.days and snapshot.ontime[hub, later, priority, row, column, first] < need:
                ends = min(ends, epochs_s[later])
        until.append(ends)
    return found, until


@SETTINGS
@given(worlds(), requests(), st.integers(0, 20 * 3600))
def test_the_day_is_the_first_that_holds(world: World, request: QuoteRequest, later_s: int) -> None:
    snapshot = world.snapshot()
    now = world.now + timedelta(seconds=min(later_s, world.valid_s - 1))
    if snapshot.grid.row_of(request) is None:
        return
    for column, promise in enumerate(quote(snapshot, request, now)):
        days, until = first_days(snapshot, request, int(now.timestamp()), column)
        if promise.quality is Quality.FALLBACK:
            assert min(days) == snapshot.days or snapshot.quality[:, snapshot.grid.row_of(request), column].min() == 3
            continue
        assert promise.date == date.fromordinal(snapshot.first_day + min(days))
        last_s = max(end_s for day, end_s in zip(days, until, strict=True) if day == min(days))
        assert promise.order_by_at is None if last_s == NEVER_S else promise.order_by_at.timestamp() == last_s


def room(snapshot: Snapshot) -> tuple[Levels, RoomNow]:
    """Return the snapshot's own room as levels that all hubs share."""
    hubs = {hub.schedule.hub_id: number for number, hub in enumerate(snapshot.hubs)}
    rows = {area.id: row for row, area in enumerate(snapshot.grid.areas)}
    levels = Levels(Names(hubs, rows, snapshot.grid.option_index))
    for (row, column, day), parcels in np.ndenumerate(snapshot.room):
        name = f"/{day}/~{row}-{column}"
        levels.put([Left(name, "", int(parcels), int(snapshot.room_dm3[row, column, day]))])
        cell = row * len(snapshot.grid.options) + column
        levels.share([cell], snapshot.first_day + day, levels.chain(name))
    return levels, RoomNow(levels, snapshot.first_day)


@SETTINGS
@given(worlds(), requests())
def test_what_is_left_by_now_counts_like_what_was_left_then(world: World, request: QuoteRequest) -> None:
    snapshot = world.snapshot()
    levels, now = room(snapshot)

    def told(**more: Any) -> tuple[Promise, ...]:
        return quote(snapshot, request, world.now, **more)

    assert told() == told(room=now) == told(room=Taking(now))
    levels.forget(snapshot.first_day + snapshot.days)
    boundless = told(room=now)
    assert all(one.date <= other.date for one, other in zip(boundless, told(), strict=True))


def test_a_level_is_found_by_its_name_and_counts_what_is_around_it() -> None:
    levels = Levels(Names({"h": 0, "g": 1}, {"a/b": 0, "c": 1}, {"home": 0, "locker": 1}))
    first = date(2026, 11, 24).toordinal()
    levels.put([Left("h/2026-11-24", "", 9, None), Left("h/2026-11-24/~1", "h/2026-11-24", 5, 70)])
    levels.put([Left("h/2026-11-24/a%2Fb/home", "h/2026-11-24/~1", UNBOUNDED, None)])
    now = RoomNow(levels, first)

    def free(cell: int, parcels: int, dm3: int = 0, day: int = 0) -> list[int]:
        return now.free([0, 1], cell, day, parcels, dm3)

    assert (free(0, 5), free(0, 6), free(0, 1, 71)) == ([0, 1], [1], [1])
    assert (free(1, 9, 99), free(1, 10), free(1, 10, day=1)) == ([0, 1], [1], [0, 1])  # its hub's day alone
    levels.put([Left("h/2026-11-24", "", 4, None)])
    assert (free(0, 4), free(0, 5)) == ([0, 1], [1])
    taking = Taking(now)
    taking.take(taking.chain(0, 0, 0), 3, 60)
    assert [taking.free([0], 0, 0, parcels, dm3) for parcels, dm3 in ((1, 10), (2, 0), (1, 11))] == [[0], [], []]
    levels.forget(first + 1)
    assert free(0, 99) == [0, 1] and all(key >> DAY_BITS for key in levels.cells)
