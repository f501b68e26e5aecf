"""Why pairs have no way: each cause alone, several together, none; and tables in blocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from data.clock import PARIS
from data.model.city import City
from data.model.traffic import Conditions
from data.model.vehicle import Category, Critair, Energy
from routing import table_blocks
from routing.access import VehicleKind, class_access
from routing.matrix.cost import INF
from routing.matrix.sweep import LANES
from routing.moment import DayRoads, day_roads
from routing.roads import fill_table, locate_on, snap_to
from routing.slices import Profile
from routing.table_blocks import table_blocks as blocks_of
from routing.unreached import Cause, Reason, Unreached
from tests.small_town import THURSDAY, spot, town, zone

KIND = VehicleKind(Category.VUL, Critair.V4, Energy.DIESEL)
EVENING = "Mo-Su 20:00-22:00"
SPOTS = [(0.5, 1), (2, 2.4), (6.5, 3), (7, 5.5), (1.5, 7)]
"""The third and fourth lie in the zone, the last on a street that opens in the evening."""


def evening_street(city: City) -> City:
    """Return the town with its northernmost street open in the evening only."""
    north = np.flatnonzero(city.streets.node_lat > city.streets.node_lat.max() - 1e-9)
    along = np.isin(city.streets.tail, north) & np.isin(city.streets.head, north)
    hours = np.where(along, 0, -1).astype(np.int16)
    return replace(city, streets=replace(city.streets, arc_hours=hours), street_hours=(EVENING,))


def day_of(city: City, hour: int) -> tuple[DayRoads, Profile]:
    access = class_access(city.zones, KIND, THURSDAY, PARIS.key)
    day = day_roads(city, access, THURSDAY, PARIS.key, Conditions())
    at = datetime(THURSDAY.year, THURSDAY.month, THURSDAY.day, hour, tzinfo=PARIS)
    return day, day.profile(at, at)


def counted(day: DayRoads, profile: Profile) -> tuple[Unreached, np.ndarray]:
    """Return the causes in a table between all spots, and which pairs have no way."""
    lat, lon = np.array([spot(*each) for each in SPOTS]).T
    snapped = snap_to(day.ground, profile.category, lat, lon)
    roads = day.roads(profile)
    time_s = np.empty((len(SPOTS), len(SPOTS)), dtype=np.int32)
    fill_table(roads, locate_on(roads, snapped, lat, lon), time_s, None)
    every = np.arange(len(SPOTS))
    unreached = Unreached(day, profile, snapped, lat, lon)
    unreached.count(time_s >= INF, every, every)
    return unreached, time_s >= INF


def test_each_pair_counts_for_the_closure_that_alone_keeps_it_apart() -> None:
    unreached, missing = counted(*day_of(evening_street(town(zone())), 10))
    assert unreached.pairs == {
        Cause(Reason.ZONE, 0): 2 * 2 * 2 + 2,  # the zone's two to and from the free two, and one another
        Cause(Reason.HOURS): 2 * 2,
        Cause(Reason.SEVERAL): 2 * 2,
    }
    assert unreached.pairs.total() == missing.sum()


def test_in_the_evening_nothing_is_closed() -> None:
    unreached, missing = counted(*day_of(evening_street(town(zone())), 21))
    assert not missing.any() and not unreached.pairs


def test_one_closure_is_never_several() -> None:
    unreached, _ = counted(*day_of(town(zone()), 10))
    assert set(unreached.pairs) == {Cause(Reason.ZONE, 0)}


def test_what_no_closure_explains_is_disconnected() -> None:
    day, profile = day_of(town(), 10)
    unreached, _ = counted(day, profile)
    every = np.arange(len(SPOTS))
    unreached.count(np.eye(len(SPOTS), dtype=bool), every, every)
    assert unreached.pairs == {Cause(Reason.DISCONNECTED): len(SPOTS)}


@pytest.mark.parametrize("distances", [False, True])
def test_blocks_are_the_whole_table(distances: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_blocks, "BLOCK_ENTRIES", 1)
    day, profile = day_of(town(zone()), 10)
    generator = np.random.default_rng(3)
    count = 2 * LANES + 9
    lat, lon = np.array([spot(*each) for each in generator.uniform(0, 7, (count, 2))]).T
    roads = day.roads(profile)
    points = locate_on(roads, snap_to(day.ground, profile.category, lat, lon), lat, lon)
    whole = np.empty((2, count, count), dtype=np.int32)
    fill_table(roads, points, *whole)
    rows, columns = np.arange(count - 3)[::-1], np.arange(40, count)
    found = list(blocks_of(roads, points, rows, columns, distances))
    assert [len(block.rows) for block in found] == [LANES, LANES, 6]
    np.testing.assert_array_equal(np.concatenate([block.rows for block in found]), rows)
    np.testing.assert_array_equal(
        np.concatenate([block.duration_s for block in found]), whole[0][np.ix_(rows, columns)]
    )
    for block in found:
        if distances:
            np.testing.assert_array_equal(block.distance_m, whole[1][np.ix_(block.rows, columns)])
        else:
            assert block.distance_m is None
    assert (whole >= INF).any()
