"""Travel times on a drawn city: tables against streets cut at every point, speeds, hours, snapping, errors."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from data.errors import RoutingDataError
from data.model.streets import RoadClass
from data.model.traffic import Conditions, Report, SpeedCurves, Traffic
from data.model.vehicle import Category
from data.units import haversine_m
from routing.ground import HALVES, RANK, ground_of
from routing.roads import Located, Roads
from routing.travel import INF_S, TravelTimes, prepare_city, travel_times
from tests.drawn_city import CLASSES, DAY, MIDNIGHT, PARIS, access, between, city_of
from tests.drawn_streets import (
    BIKE,
    LAT,
    LON,
    SIDE,
    STEP_LAT,
    STEP_LON,
    drawn_points,
    drawn_streets,
    network,
    with_rules,
)
from tests.naive import Arc, dijkstra

PLAIN = prepare_city(city_of(drawn_streets()))
RULED = prepare_city(replace(city_of(with_rules(drawn_streets())), street_hours=("Mo-Fr 06:00-11:00",)))
HOURS = 24


def conditions() -> Conditions:
    """Rain, slow at eight and at five; a street that is slow in the morning, and streets that are closed at noon."""
    factor = np.full((len(RoadClass), 7, HOURS), 0.9)
    factor[:, 0, 8] = np.linspace(0.4, 0.7, len(RoadClass))
    factor[:, 0, 17] = 0.5
    everybody, one = frozenset(Category), np.ones(1)
    slow = Report(np.array([40], np.int32), 0.5 * one, 30_000 * one, False, everybody, *at(7, 9))
    dug_up = np.array([11, 50, 51, 83], np.int32)
    shut = Report(dug_up, np.ones(4), np.zeros(4), True, frozenset({Category.VUL}), *at(12, 13))
    return Conditions(SpeedCurves(factor), Traffic((slow, shut)), weather=0.85)


def at(*hours: float) -> tuple[datetime, ...]:
    return tuple(MIDNIGHT + timedelta(hours=hour) for hour in hours)


def drawn_travel(count: int = 40, seed: int = 1, ruled: bool = False) -> TravelTimes:
    lat, lon = drawn_points(count, seed)
    lat[-1], lon[-1] = lat[0], lon[0]  # two orders at one door
    if ruled:
        return travel_times(RULED, lat, lon, CLASSES, DAY, PARIS, conditions())
    return travel_times(PLAIN, lat, lon, CLASSES, DAY, PARIS)


def cut_streets(roads: Roads, points: Located) -> tuple[list[Arc], dict[tuple[object, ...], int]]:
    """Return the arcs of a graph whose streets are cut at every point, and the number of each node by name.

    A street's states are cut alike. A vehicle starts from ``("from", point)`` on the street itself, under no
    restriction yet, and arrives at ``("to", point)`` whatever state it is in: no point is a way from one to another.
    """
    number: dict[tuple[object, ...], int] = {}
    arcs: list[Arc] = []
    turns, found = roads.ground.turns, points.doors

    def join(tail: tuple[object, ...], head: tuple[object, ...], ms: int = 0, dm: int = 0) -> None:
        here, there = (number.setdefault(name, len(number)) for name in (tail, head))
        arcs.append((here, there, ms, dm))

    for state, arc in enumerate(turns.arc.tolist()):
        if roads.weights_ms[arc] >= INF_S:
            continue
        end = (10**9, int(roads.weights_ms[arc]), int(roads.ground.streets.length_dm[arc]))
        spots = {(0, 0, 0), end}
        for point, way in zip(*np.nonzero(found.arc == arc)):
            spot = tuple(int(part[point, way]) for part in (found.piece, found.before_ms, found.before_dm))
            spots.add(spot)
            join((state, *spot), ("to", point))
            if state < roads.ground.streets.arcs:
                join(("from", point), (state, *spot))
        ordered = sorted(spots)
        for here, there in pairwise(ordered):
            join((state, *here), (state, *there), there[1] - here[1], there[2] - here[2])
        for turn in range(turns.ptr[state], turns.ptr[state + 1]):
            after = int(turns.head[turn])
            if roads.turn_ms[turn] < INF_S and roads.weights_ms[turns.arc[after]] < INF_S:
                join((state, *end), (after, 0, 0, 0), int(roads.turn_ms[turn]))
    return arcs, number


def naive_table(travel: TravelTimes, profile: int) -> list[list[tuple[int, int]]]:
    """Return (s, m) of every pair; the first and the last point are at one door."""
    assert travel.finder
    arcs, number = cut_streets(travel.finder.roads[profile], travel.finder.points[profile])
    count = len(travel.snap_m)
    rows = []
    for source in range(count):
        start = number.get(("from", source))
        reached = {} if start is None else dijkstra(arcs, {start: (0, 0)})
        ends = [reached.get(number.get(("to", target), -1)) for target in range(count)]
        row = [((end[0] + 500) // 1000, (end[1] + 5) // 10) if end else (INF_S, INF_S) for end in ends]
        row[source] = (0, 0)
        rows.append(row)
    rows[0][-1] = rows[-1][0] = (0, 0)
    return rows


@pytest.mark.parametrize("ruled", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_tables_are_those_of_streets_cut_at_every_point(seed: int, ruled: bool) -> None:
    travel = drawn_travel(40, seed, ruled)
    unreachable = set()
    for p, profile in enumerate(travel.profiles):
        found = np.stack([travel.duration_s[p], travel.distance_m[p]], axis=-1)
        wanted = np.array(naive_table(travel, p))
        assert (found == wanted).all()
        assert ((found == INF_S).all(axis=-1) == (found == INF_S).any(axis=-1)).all()
        unreachable |= {profile.category} if (wanted == INF_S).any() else set()
    assert unreachable == {Category.VUL}, "closures are there to be met, and none is a bike's"


def test_the_ruled_city_has_turns_that_are_forbidden_and_paths_that_remember() -> None:
    turns = ground_of(RULED).turns
    assert len(turns.copy) >= 5 and (turns.banned != 0).sum() >= 5
    assert (RULED.streets.arc_hours == 0).sum() >= 5
    travel = drawn_travel(ruled=True)
    assert any(profile.hours for profile in travel.profiles) and any(profile.blocked for profile in travel.profiles)


def speeds(travel: TravelTimes, access_class: int) -> Iterator[tuple[int, float, np.ndarray]]:
    """Yield ``(profile, hour it begins at, ms per arc)`` of a class's slices."""
    assert travel.finder
    since = 0.0
    for piece in range(travel.slice_ptr[access_class], travel.slice_ptr[access_class + 1]):
        profile = int(travel.slice_profile[piece])
        yield profile, since, travel.finder.roads[profile].weights_ms
        since = travel.slice_end_s[piece] / 3600


def test_each_slice_is_as_fast_as_its_hour() -> None:
    streets, given = RULED.streets, conditions()
    assert given.curves
    travel = drawn_travel(5, ruled=True)
    free_flow_ms = ground_of(RULED).open_to(Category.VUL).weights_ms
    allowed = free_flow_ms < INF_S
    hours = []
    for _, since, weights_ms in speeds(travel, 0):
        hours.append(since)
        monday = int(since) < HOURS
        factor = 0.85 * given.curves.factor[streets.road_class, 0 if monday else 1, int(since) % HOURS]
        driving = (free_flow_ms - streets.obstacle_ms) / factor
        driving[40] = 0.5 * driving[40] + 30_000 if 7 <= since < 9 else driving[40]
        wanted = np.floor(driving + 0.5).astype(np.int64) + streets.obstacle_ms
        closed = (streets.arc_hours == 0) & ~((6 <= since < 11) or (HOURS + 6 <= since < HOURS + 11))
        closed[[11, 50, 51, 83]] |= 12 <= since < 13
        assert (weights_ms == np.where(allowed & ~closed, wanted, INF_S)).all()
    assert hours == [0, 6, 7, 8, 9, 11, 12, 13, 17, 18]
    bikes = list(speeds(travel, 2))
    assert len(bikes) == 1, "no traffic, no hours, one weather"
    before_s, rush_s = (travel.duration_s[profile] for profile, since, _ in speeds(travel, 0) if since in (7, 8))
    assert (rush_s >= before_s).all() and (rush_s > before_s).any()


def test_streets_are_closed_outside_of_their_hours() -> None:
    """A place on such a street is out of a van's reach then, and never out of a bike's."""
    streets = RULED.streets
    arc = int(np.flatnonzero((streets.arc_hours == 0) & ground_of(RULED).open_to(Category.VUL).usable)[0])
    middle_lon, middle_lat = np.mean(streets.arc_points(arc)[:2], axis=0)
    lat, lon = np.array([middle_lat, LAT + 3.5 * STEP_LAT]), np.array([middle_lon, LON + 3 * STEP_LON])
    travel = travel_times(RULED, lat, lon, CLASSES, DAY, PARIS)
    closed, open_at_six = (travel.duration_s[travel.slice_profile[piece]] for piece in (0, 1))
    assert closed.tolist() == [[0, INF_S], [INF_S, 0]]
    assert open_at_six.max() < 600
    assert travel.slice_end_s[: travel.slice_ptr[1]].tolist()[:2] == [6 * 3600, 11 * 3600]
    assert travel.duration_s[travel.slice_profile[-1]].max() < 600


def test_places_in_a_closed_zone_are_out_of_reach() -> None:
    lat, lon = np.array([LAT + 2 * STEP_LAT, LAT + 2.5 * STEP_LAT]), np.array([LON, LON + (SIDE - 1) * STEP_LON])
    travel = travel_times(PLAIN, lat, lon, [access("old", east=(between(8, 10),))], DAY, PARIS)
    open_p, closed_p = travel.slice_profile[:2]
    assert travel.duration_s[open_p].max() < 300
    assert travel.duration_s[closed_p].tolist() == travel.distance_m[closed_p].tolist() == [[0, INF_S], [INF_S, 0]]
    with pytest.raises(RoutingDataError, match="from point 0 to point 1") as error:
        travel.legs([(int(open_p), 0, 1), (int(closed_p), 0, 0), (int(closed_p), 0, 1)])
    assert error.value.code == "unreachable" and error.value.action


def test_how_far_a_point_is_from_its_street_is_told() -> None:
    """The worst over the categories: a van keeps off the streets that are for bikes."""
    streets = PLAIN.streets
    for_bikes = np.where(streets.way_id % 5 == 0, np.uint8(BIKE), streets.access)
    city = prepare_city(city_of(replace(streets, access=for_bikes)))
    lat, lon = drawn_points(60)
    travel = travel_times(city, lat, lon, CLASSES, DAY, PARIS)
    assert travel.finder
    away_m = []
    for points in travel.finder.points:
        spots = points.snapped
        away_m.append([haversine_m(*each) for each in zip(lat, lon, spots.lat, spots.lon)])
    assert (np.abs(travel.snap_m - np.max(away_m, axis=0)) <= 0.51).all()
    assert (travel.snap_m > np.array(away_m[-1]) + 20).any(), "the last profile is the bike's"


def test_only_streets_one_can_leave_again_are_usable() -> None:
    streets, ground = PLAIN.streets, ground_of(PLAIN)
    usable = ground.open_to(Category.VUL).usable
    trap = streets.head == SIDE * SIDE
    isle = streets.tail > SIDE * SIDE
    assert trap.any() and isle.any() and not usable[trap | isle].any()
    one_way_for_motors = streets.access == BIKE
    assert one_way_for_motors.any() and not usable[one_way_for_motors].any()
    assert ground.open_to(Category.CARGO_BIKE).usable[one_way_for_motors].all()


def test_a_city_without_a_hierarchy_says_so_and_gives_the_same(caplog: pytest.LogCaptureFixture) -> None:
    bare = city_of(drawn_streets())
    lat, lon = drawn_points(5)
    with caplog.at_level(logging.WARNING):
        travel = travel_times(bare, lat, lon, CLASSES, DAY, PARIS)
    assert "no hierarchy" in caplog.text
    assert (travel.duration_s == travel_times(PLAIN, lat, lon, CLASSES, DAY, PARIS).duration_s).all()


@pytest.mark.parametrize("name", [RANK, *HALVES])
def test_a_hierarchy_that_is_cut_short_is_refused(name: str) -> None:
    short = replace(PLAIN, derived={**PLAIN.derived, name: PLAIN.derived[name][:-1]})
    with pytest.raises(RoutingDataError) as error:
        travel_times(short, *drawn_points(2), CLASSES, DAY, PARIS)
    assert error.value.code == "stale_hierarchy" and error.value.action


def test_a_hierarchy_of_other_streets_is_refused() -> None:
    other_arcs = replace(PLAIN, streets=replace(PLAIN.streets, head=np.roll(PLAIN.streets.head, 7)))
    other_order = replace(PLAIN, derived={**PLAIN.derived, RANK: np.roll(PLAIN.derived[RANK], 7)})
    for city in (other_arcs, other_order):
        with pytest.raises(RoutingDataError) as error:
            travel_times(city, *drawn_points(2), CLASSES, DAY, PARIS)
        assert error.value.code == "stale_hierarchy" and error.value.action


def test_a_closure_of_an_unknown_zone_is_refused() -> None:
    with pytest.raises(RoutingDataError, match="west") as error:
        travel_times(PLAIN, *drawn_points(1), [access("old", west=(between(8, 9),))], DAY, PARIS)
    assert error.value.code == "unknown_zone"


def test_no_streets_is_an_error_of_its_own() -> None:
    with pytest.raises(RoutingDataError) as error:
        travel_times(replace(PLAIN, streets=network([], [], [], [])), *drawn_points(1), CLASSES, DAY, PARIS)
    assert error.value.code == "no_streets"


def test_no_points_and_no_classes() -> None:
    none = np.zeros(0)
    travel = travel_times(PLAIN, none, none, CLASSES, DAY, PARIS)
    assert travel.duration_s.shape == (5, 0, 0) and travel.legs([]) == []
    nobody = travel_times(PLAIN, *drawn_points(3), (), DAY, PARIS)
    assert nobody.duration_s.shape == (0, 3, 3) and nobody.slice_ptr.tolist() == [0]
    assert nobody.snap_m.tolist() == [0] * 3


def test_tables_without_streets_have_no_legs() -> None:
    travel = replace(drawn_travel(2), finder=None)
    with pytest.raises(RoutingDataError) as error:
        travel.leg(0, 0, 1)
    assert error.value.code == "no_streets_behind_tables"
