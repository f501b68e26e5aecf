"""Legs: their arcs follow by turns one may make and add up to the tables; their shape on the map; zones they cross."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, pairwise, product

import numpy as np
import pytest

from data.model.city import City
from data.model.traffic import Conditions, Report, Traffic
from data.model.vehicle import Category
from data.units import haversine_m
from routing.legs import LegPath
from routing.roads import Located, Roads
from routing.snap import NO_ARC
from routing.travel import INF_S, TravelTimes, prepare_city, travel_times
from tests.drawn_city import CLASSES, DAY, PARIS, access, city_of, zone
from tests.drawn_streets import (
    EVERYBODY,
    LAT,
    LON,
    STEP_LAT,
    STEP_LON,
    drawn_points,
    drawn_streets,
    network,
    with_rules,
)

RULED = prepare_city(replace(city_of(with_rules(drawn_streets())), street_hours=("Mo-Fr 06:00-11:00",)))
COUNT = 40


@pytest.fixture(scope="module")
def travel() -> TravelTimes:
    lat, lon = drawn_points(COUNT)
    lat[-1], lon[-1] = lat[0], lon[0]  # two orders at one door
    return travel_times(RULED, lat, lon, CLASSES, DAY, PARIS)


@pytest.fixture(scope="module")
def legs(travel: TravelTimes) -> dict[tuple[int, int, int], LegPath]:
    """Return the leg of every pair that can be reached."""
    grid = product(range(len(travel.profiles)), range(COUNT), range(COUNT))
    requests = [request for request in grid if travel.duration_s[request] < INF_S]
    return dict(zip(requests, travel.legs(requests)))


def on(travel: TravelTimes, profile: int) -> tuple[Roads, Located]:
    assert travel.finder
    return travel.finder.roads[profile], travel.finder.points[profile]


def way_on(points: Located, point: int, arc: int) -> int:
    """Return the column of the point's doors that is this arc."""
    return points.doors.arc[point].tolist().index(arc)


def turns_along(roads: Roads, arcs: list[int]) -> list[int]:
    """Return the turns driven, from the first arc under no restriction yet; each must exist."""
    turns, state, driven = roads.ground.turns, arcs[0], []
    for arc in arcs[1:]:
        mine = range(turns.ptr[state], turns.ptr[state + 1])
        (turn,) = (turn for turn in mine if turns.arc[turns.head[turn]] == arc)
        driven.append(turn)
        state = int(turns.head[turn])
    return driven


def step_times(roads: Roads, points: Located, pair: tuple[int, int], arcs: list[int]) -> tuple[list[int], int]:
    """Return the milliseconds of each arc, the turn at its end included, and the decimetres of all."""
    doors, weights, lengths = points.doors, roads.weights_ms, roads.ground.streets.length_dm
    first, last = way_on(points, pair[0], arcs[0]), way_on(points, pair[1], arcs[-1])
    before_ms, before_dm = int(doors.before_ms[pair[1], last]), int(doors.before_dm[pair[1], last])
    if len(arcs) == 1:
        return [before_ms - int(doors.before_ms[pair[0], first])], before_dm - int(doors.before_dm[pair[0], first])
    turning = [int(roads.turn_ms[turn]) for turn in turns_along(roads, arcs)]
    driving = [int(doors.rest_ms[pair[0], first]), *weights[arcs[1:-1]].tolist()]
    whole_dm = int(doors.rest_dm[pair[0], first]) + int(lengths[arcs[1:-1]].sum()) + before_dm
    return [*map(sum, zip(driving, turning)), before_ms], whole_dm


def test_legs_are_driven_by_turns_one_may_make_and_add_up_to_the_tables(
    travel: TravelTimes, legs: dict[tuple[int, int, int], LegPath]
) -> None:
    remembered = 0
    for (p, *pair), leg in legs.items():
        roads, points = on(travel, p)
        arcs = leg.arcs.tolist()
        entry = (travel.duration_s[p, *pair], travel.distance_m[p, *pair])
        if not arcs:
            assert entry == (0, 0) and (pair[0] == pair[1] or set(pair) == {0, COUNT - 1})
            continue
        driven = turns_along(roads, arcs)
        assert (roads.turn_ms[driven] < INF_S).all() and (roads.weights_ms[arcs] < INF_S).all()
        assert (RULED.streets.head[arcs[:-1]] == RULED.streets.tail[arcs[1:]]).all()
        times_ms, length_dm = step_times(roads, points, (pair[0], pair[1]), arcs)
        assert ((sum(times_ms) + 500) // 1000, (length_dm + 5) // 10) == entry
        remembered += any(roads.ground.turns.head[turn] >= RULED.streets.arcs for turn in driven)
    assert remembered > 10, "restrictions over via ways are met"


def test_legs_are_the_shape_of_their_streets_from_spot_to_spot(
    travel: TravelTimes, legs: dict[tuple[int, int, int], LegPath]
) -> None:
    for (p, source, target), leg in legs.items():
        spots = on(travel, p)[1].snapped
        line = leg.points.tolist()
        ends = [[float(spots.lon[point]), float(spots.lat[point])] for point in (source, target)]
        assert [line[0], line[-1]] == ends and len(line) >= 2
        walked_m = sum(haversine_m(a[1], a[0], b[1], b[0]) for a, b in pairwise(line))
        assert abs(walked_m - travel.distance_m[p, source, target]) <= 1.5 + 0.002 * walked_m
        drawn = [RULED.streets.arc_points(arc) for arc in leg.arcs.tolist()]
        whole = [list(point) for k, points in enumerate(drawn) for point in points[min(k, 1) :]]
        passed = line[1:-1]
        assert any(whole[k : k + len(passed)] == passed for k in range(len(whole) + 1))
        if len(drawn) > 2:
            inner = [list(point) for points in drawn[1:-1] for point in points[1:]]
            assert len(passed) >= len(inner) + 1


def test_crossings_are_the_zones_of_the_arcs(travel: TravelTimes, legs: dict[tuple[int, int, int], LegPath]) -> None:
    assert travel.finder
    zones, met = travel.finder.zone_of_arc, 0
    for (p, source, target), leg in legs.items():
        arcs, wanted, since = leg.arcs.tolist(), [], 0
        times_ms = step_times(*on(travel, p), (source, target), arcs)[0] if arcs else []
        for number, run in groupby(zip(zones[arcs].tolist(), times_ms), key=lambda step: step[0]):
            until = since + sum(ms for _, ms in run)
            if number >= 0 and until > since:
                wanted.append((number, since // 1000, -(-until // 1000)))
            since = until
        assert [tuple(crossing) for crossing in leg.crossings] == wanted
        assert not {crossing.zone for crossing in leg.crossings} & travel.profiles[p].closed
        met = max(met, len(wanted))
    assert met > 1


def test_one_leg_is_that_of_many(travel: TravelTimes, legs: dict[tuple[int, int, int], LegPath]) -> None:
    assert {request[0] for request in legs} == set(range(len(travel.profiles)))
    for request in list(legs)[::500]:
        alone = travel.leg(*request)
        assert alone.arcs.tolist() == legs[request].arcs.tolist() and alone.crossings == legs[request].crossings


def ring(one_way: bool = True, **changes: object) -> City:
    """A ring of four 100 m streets."""
    lat = [LAT, LAT, LAT + STEP_LAT, LAT + STEP_LAT]
    lon = [LON, LON + STEP_LON, LON + STEP_LON, LON]
    rows = [(node, (node + 1) % 4, EVERYBODY) for node in range(4)]
    rows += [] if one_way else [(head, tail, access) for tail, head, access in rows]
    streets = network(lat, lon, rows, [[] for _ in rows])
    nowhere = np.zeros(streets.arcs, np.uint64)
    bare = City(name="ring", streets=streets, zones=(), arc_zones=nowhere, places=(), derived={})
    return prepare_city(replace(bare, **changes))


RING_LAT, RING_LON = np.array([LAT, LAT]), LON + STEP_LON * np.array([0.25, 0.75])


def test_backwards_on_a_one_way_street_goes_around() -> None:
    city = ring()
    travel = travel_times(city, RING_LAT, RING_LON, [access("van")], DAY, PARIS)
    around, half = city.streets.length_dm.sum() / 10, city.streets.length_dm[0] / 20
    assert abs(travel.distance_m[0, 0, 1] - half) <= 1 and abs(travel.distance_m[0, 1, 0] - (around - half)) <= 1
    there, back = travel.legs([(0, 0, 1), (0, 1, 0)])
    assert there.arcs.tolist() == [0] and back.arcs.tolist() == [0, 1, 2, 3, 0]
    assert len(there.points) == 2 and len(back.points) == 6
    here = travel.leg(0, 1, 1)
    assert here.arcs.tolist() == [] and len(here.points) == 2 and here.crossings == ()


def test_crossings_start_and_end_where_the_zone_does() -> None:
    """Out of zone for the rest of street 0, through it on streets 1 and 2, out on 3, and back to the start of 0."""
    city = ring(zones=(zone("far"),), arc_zones=np.array([0, 1, 1, 0], dtype=np.uint64))
    travel = travel_times(city, RING_LAT, RING_LON, [access("van")], DAY, PARIS)
    roads, points = on(travel, 0)
    enter_ms = int(points.doors.rest_ms[1, 0])
    exit_ms = enter_ms + int(roads.weights_ms[[1, 2]].sum())
    assert [tuple(c) for c in travel.leg(0, 1, 0).crossings] == [(0, enter_ms // 1000, -(-exit_ms // 1000))]
    assert travel.leg(0, 0, 1).crossings == ()


def test_along_a_two_way_street_one_drives_straight_either_way() -> None:
    lat, lon = [LAT, LAT, LAT], [LON, LON + STEP_LON, LON + 2 * STEP_LON]
    rows = [(0, 1, EVERYBODY), (1, 0, EVERYBODY), (1, 2, EVERYBODY), (2, 1, EVERYBODY)]
    street = City("street", network(lat, lon, rows, [[] for _ in rows]), (), np.zeros(4, np.uint64), (), {})
    travel = travel_times(prepare_city(street), RING_LAT, RING_LON, [access("van", Category.VP)], DAY, PARIS)
    there, back = travel.legs([(0, 0, 1), (0, 1, 0)])
    assert travel.distance_m[0, 0, 1] == travel.distance_m[0, 1, 0]
    assert len(there.arcs) == len(back.arcs) == 1 and there.arcs[0] != back.arcs[0]
    assert NO_ARC not in on(travel, 0)[1].doors.arc
    assert there.points.tolist() == back.points[::-1].tolist()


def test_around_the_block_where_the_street_itself_is_slower() -> None:
    """Ten minutes on the street between the two: back to its start and around, and in from its end."""
    city = ring(one_way=False)
    arc = int(np.flatnonzero((city.streets.tail == 0) & (city.streets.head == 1))[0])
    jam = Report(np.array([arc], np.int32), np.ones(1), np.full(1, 600_000.0), False, frozenset(Category))
    around = travel_times(city, RING_LAT, RING_LON, [access("van")], DAY, PARIS, Conditions(traffic=Traffic((jam,))))
    leg = around.leg(0, 0, 1)
    assert city.streets.tail[leg.arcs].tolist() == [1, 0, 3, 2, 1] and city.streets.head[leg.arcs[-1]] == 0
    straight = around.leg(0, 1, 0)
    assert len(straight.arcs) == 1 and 0 < around.duration_s[0, 1, 0] < around.duration_s[0, 0, 1] < 300
