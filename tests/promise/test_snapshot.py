"""The snapshot's probabilities against a sum over waves and days written out, and its epochs and levels."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from data.calendar import ALSACE, EVERY_DAY, OUVRABLES
from data.clock import PARIS
from data.model.place import PlaceKind
from data.model.promise import Area, CarrierSla, DayCount, DeliveryOption, Pool, Quality, QuoteRequest
from data.model.schedule import HubSchedule, Wave
from promise.grid import UNBOUNDED, Grid
from promise.snapshot import NEVER_S, QUALITIES, Curves, HandOver, build
from tests.promise.drawn_promises import DAYS, World, worlds

NOW = datetime(2026, 11, 24, 10, tzinfo=PARIS)
NOW_S = int(NOW.timestamp())
UNKNOWN = np.full((1, 2), np.nan)


def naive_transit(world: World, hub: int, row: int, column: int) -> tuple[np.ndarray, int]:
    """Return P(transit <= k days) and the quality of a cell: model, table, SLA, nothing."""
    sla = world.grid.options[column].sla
    if row < len(world.grid.areas) and np.isfinite(world.curves.model[hub, row, column]).all():
        return world.curves.model[hub, row, column], 0
    if np.isfinite(world.curves.table[hub, column]).all():
        return world.curves.table[hub, column], 1
    if sla is not None:
        return (np.arange(4) >= sla.transit_days).astype(float), 2
    return np.zeros(4), 3


def naive_ontime(world: World, hub: HandOver, cdf: np.ndarray, transit: np.ndarray, row: int, column: int, at_s: int):
    """Return P(delivered by the end of day d), by the waves one by one."""
    option, area = world.grid.options[column], world.grid.row_ids[row]
    calendar = option.calendar.at(world.grid.regions[row])
    today = world.now.date().toordinal()
    ontime, handed = np.zeros(DAYS), 0.0
    for number, (wave_s, cutoff_s, which) in enumerate(zip(*hub.departures, strict=True)):
        wave = hub.schedule.waves[which]
        day = datetime.fromtimestamp(wave_s, UTC).astimezone(PARIS).date()
        full = option.sla is not None and option.sla.left(day) == 0
        if wave.carrier != option.carrier or (wave.areas and area not in wave.areas) or cutoff_s <= at_s or full:
            continue
        share, handed = max(0.0, cdf[number] - handed), max(handed, cdf[number])
        for d in range(DAYS):
            end = date.fromordinal(today + d)
            days = calendar.j(day, end)
            if end >= day and (days > 0 or calendar.is_open(day)):
                ontime[d] += share * transit[min(days, len(transit) - 1)]
    return ontime


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(worlds())
def test_it_is_the_sum_over_waves(world: World) -> None:
    snapshot = world.snapshot()
    for number, hub in enumerate(world.hubs):
        known = np.isfinite(hub.cdf).all()
        for row in range(len(world.grid.regions)):
            for column in range(len(world.grid.options)):
                transit, quality = naive_transit(world, number, row, column)
                assert snapshot.quality[number, row, column] == (quality if known else max(quality, 2))
                for epoch, at_s in enumerate(snapshot.epochs_s[number].tolist()):
                    for priority in range(2):
                        cdf = hub.cdf[:, priority] if known else np.ones(len(hub.cdf))
                        naive = naive_ontime(world, hub, cdf, transit, row, column, at_s)
                        found = snapshot.ontime[number, epoch, priority, row, column]
                        assert found == pytest.approx(naive, abs=2e-6)
                        assert (np.diff(found) >= 0).all()


def one_wave(days: int = 5, **changes: object) -> HandOver:
    schedule = HubSchedule(hub_id="h", waves=(Wave(id="six", departs=time(18), cutoff_s=3600),)).replace(**changes)
    departures = schedule.departures(NOW_S, NOW_S + days * 86_400)
    return HandOver(schedule, departures, np.ones((len(departures.waves_s), 1)))


def home(**changes: object) -> DeliveryOption:
    return DeliveryOption(id="home", kind=PlaceKind.HOME, calendar=EVERY_DAY).replace(**changes)


def test_epochs_are_now_and_each_cut_off() -> None:
    two = Wave(id="noon", departs=time(12), cutoff_s=1800), Wave(id="six", departs=time(18), cutoff_s=3600)
    slow = one_wave()
    hubs = [slow, one_wave(waves=two)]
    snapshot = build(NOW_S, hubs, Grid((), (home(),)), Curves(np.zeros((0, 1, 2)), UNKNOWN), 0.9)
    assert snapshot.epochs_s[0].tolist() == [NOW_S, NOW_S + 7 * 3600, NEVER_S]
    assert snapshot.epochs_s[1].tolist() == [NOW_S, NOW_S + 5400, NOW_S + 7 * 3600]
    assert not any(array.flags.writeable for array in (snapshot.ontime, snapshot.level, snapshot.room, snapshot.open))


def test_epochs_of_a_hub_that_gives_its_own() -> None:
    hub = one_wave()
    cdf = np.stack([hub.cdf, hub.cdf * 0.5, hub.cdf])  # the last can't be better than the one before it
    begins_s = np.array([NOW_S, NOW_S + 3600, NOW_S + 7200])
    own = HandOver(hub.schedule, hub.departures, cdf, begins_s)
    snapshot = build(NOW_S, [own], Grid((), (home(),)), Curves(np.zeros((0, 1, 1)), np.ones((1, 1))), 0.9)
    assert snapshot.epochs_s.tolist() == [begins_s.tolist()]
    assert snapshot.ontime[0, :, 0, 0, 0, 0].tolist() == [1.0, 0.5, 0.5]


def test_what_leaves_today_may_arrive_today_on_a_delivery_day_only() -> None:
    areas = (Area(id="a", postcodes=("44000",)),)
    curves = Curves(np.array([[[0.5, 1.0]]]), UNKNOWN)
    weekdays = build(NOW_S, [one_wave()], Grid(areas, (home(),)), curves, 0.9, days=3)
    assert weekdays.ontime[0, 0, 0, 0, 0].tolist() == [0.5, 1.0, 1.0]
    closed = home(calendar=OUVRABLES.replace(closed=(NOW.date(),)))
    shut = build(NOW_S, [one_wave()], Grid(areas, (closed,)), curves, 0.9, days=3)
    assert shut.ontime[0, 0, 0, 0, 0].tolist() == [0.0, 1.0, 1.0]


def test_a_quota_that_is_full_waits_for_the_next_day() -> None:
    sla = CarrierSla(transit_days=0, quota_parcels=5, taken=(DayCount(day=NOW.date(), parcels=5),))
    grid = Grid((), (home(sla=sla),))
    snapshot = build(NOW_S, [one_wave()], grid, Curves(np.zeros((0, 1, 2)), UNKNOWN), 0.9, days=3)
    assert snapshot.ontime[0, 0, 0, 0, 0].tolist() == [0.0, 1.0, 1.0]
    assert QUALITIES[snapshot.quality[0, 0, 0]] is Quality.SLA


def test_levels_by_row() -> None:
    areas = tuple(Area(id=name, postcodes=(f"4400{number}",)) for number, name in enumerate("ab"))
    grid = Grid(areas, (home(),))
    curves = Curves(np.ones((2, 1, 2)), UNKNOWN)
    by_area = build(NOW_S, [one_wave()], grid, curves, np.array([[0.9], [0.95]]))
    assert by_area.level[0, :, 0] == pytest.approx([0.9, 0.95, 0.95, 0.95, 0.95], abs=1e-6)
    assert build(NOW_S, [one_wave()], grid, curves, 0.92).level == pytest.approx(np.full((1, 5, 1), 0.92), abs=1e-6)
    by_hub = build(NOW_S, [one_wave(), one_wave()], grid, curves, np.array([0.5, 0.75])[:, None, None])
    assert by_hub.level[:, 0, 0].tolist() == [0.5, 0.75]


def test_room_is_that_of_the_smallest_pool() -> None:
    areas = tuple(Area(id=name, postcodes=(f"4400{number}",)) for number, name in enumerate("ab"))
    grid = Grid(areas, (home(), home(id="locker")))
    day = NOW.date()
    pools = (
        Pool(day=day, parcels=100, reserved=90, dm3=500, reserved_dm3=501),
        Pool(day=day, parcels=9, expected=2, areas=("a",), options=("home",)),
        Pool(day=day, parcels=3, reserved=8, options=("locker",)),
        Pool(day=date(2027, 1, 1), parcels=0),
    )
    room, room_dm3 = grid.room_left(pools, day.toordinal(), 2)
    assert room[:2, :, 0].tolist() == [[7, 0], [10, 0]]
    assert (room_dm3[:, :, 0] == 0).all() and (room[:, :, 1] == UNBOUNDED).all()


def test_where_a_destination_is() -> None:
    cell = "88184584e9fffff"
    areas = (Area(id="centre", cells=(cell,)), Area(id="rest", postcodes=("44000",)), Area(id="d", region="57"))
    grid = Grid(areas, (home(),))
    assert grid.row_of(QuoteRequest(postcode="44000")) == 1
    assert grid.row_of(QuoteRequest(postcode="44000", lat=47.2184, lon=-1.5536)) == 0
    assert grid.row_of(QuoteRequest(postcode="44000", lat=48.0, lon=2.0)) == 1
    assert grid.regions == ("", "", "57", "", "57", ALSACE)
    beyond = grid.row_of(QuoteRequest(lat=48.0, lon=2.0))
    assert beyond is not None and grid.regions[beyond] == ALSACE and grid.row_ids[beyond] == ""
    assert grid.row_of(QuoteRequest(postcode="75001")) == 3
    assert grid.row_of(QuoteRequest(postcode="97400")) is None
