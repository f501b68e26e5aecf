"""Travel times on a drawn city: tables against streets cut at every point, slices, snapping, legs, errors."""

from __future__ import annotations

import itertools
import logging
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from data.clock import rng
from data.errors import RoutingDataError
from data.model.base import Window
from data.model.city import City
from data.model.plan import AccessClass, Closure
from data.model.streets import ACCESS_BIT, RoadClass, StreetNetwork
from data.model.vehicle import Category, Critair, Energy
from data.model.zone import Zone, ZoneKind
from data.units import haversine_m
from routing.ground import RANK
from routing.snap import NO_ARC
from routing.streets import JUNCTION_MS, arc_weights_ms, connected_arcs
from routing.travel import FAR_S, INF_S, TravelTimes, prepare_city, travel_times
from tests.naive import dijkstra

DAY = date(2026, 11, 23)
PARIS = "Europe/Paris"
MIDNIGHT = datetime(2026, 11, 23, tzinfo=ZoneInfo(PARIS))
EVERYBODY = sum(ACCESS_BIT.values())
BIKE = ACCESS_BIT[Category.CARGO_BIKE]
SIDE = 6
LAT, LON = 47.2, -1.55
STEP_LAT, STEP_LON = 0.001, 0.0015  # about 111 m and 113 m


def drawn_streets(seed: int = 5) -> StreetNetwork:
    """A bent grid: some streets one-way for motors, a dead end one can't leave, an island."""
    draw = rng(seed)
    lat = [LAT + STEP_LAT * (node // SIDE) for node in range(SIDE * SIDE)]
    lon = [LON + STEP_LON * (node % SIDE) for node in range(SIDE * SIDE)]
    lat += [LAT - STEP_LAT, LAT + 0.01, LAT + 0.01]  # a trap, and two nodes of an island
    lon += [LON, LON, LON + STEP_LON]
    trap, isle = SIDE * SIDE, SIDE * SIDE + 1
    rows = [(0, trap, EVERYBODY), (isle, isle + 1, EVERYBODY), (isle + 1, isle, EVERYBODY)]
    shapes: list[list[tuple[float, float]]] = [[], [], []]
    for here in range(SIDE * SIDE):
        right, up = here + 1 if (here + 1) % SIDE else None, here + SIDE if here + SIDE < SIDE * SIDE else None
        for there in (right, up):
            if there is None:
                continue
            bend = [(float(x), float(y)) for x, y in draw.uniform(0.2, 0.8, (int(draw.integers(0, 3)), 2))]
            inner = [
                (lat[here] + x * (lat[there] - lat[here]) + 1e-4 * y, lon[here] + x * (lon[there] - lon[here]))
                for x, y in sorted(bend)
            ]
            one_way = bool(draw.random() < 0.25) and 0 < here % SIDE < SIDE - 1 and 0 < here // SIDE < SIDE - 1
            rows += [(here, there, EVERYBODY), (there, here, BIKE if one_way else EVERYBODY)]
            shapes += [inner, inner[::-1]]
    return network(lat, lon, rows, shapes)


def network(
    lat: list[float], lon: list[float], rows: list[tuple[int, int, int]], shapes: list[list[tuple[float, float]]]
) -> StreetNetwork:
    order = sorted(range(len(rows)), key=lambda arc: rows[arc][0])
    rows, shapes = [rows[arc] for arc in order], [shapes[arc] for arc in order]
    length = []
    for (tail, head, _), inner in zip(rows, shapes):
        line = [(lat[tail], lon[tail]), *inner, (lat[head], lon[head])]
        length.append(max(1, round(sum(10 * haversine_m(*a, *b) for a, b in itertools.pairwise(line)))))
    flat = np.array([point for inner in shapes for point in inner], dtype=np.float64).reshape(-1, 2)
    tail, head, access = np.array(rows, dtype=np.int32).reshape(-1, 3).T
    return StreetNetwork(
        node_lat=np.array(lat, dtype=np.float64),
        node_lon=np.array(lon, dtype=np.float64),
        tail=tail.copy(),
        head=head.copy(),
        length_dm=np.array(length, dtype=np.int32),
        speed_kmh=np.full(len(rows), 30, dtype=np.uint8),
        road_class=np.full(len(rows), RoadClass.RESIDENTIAL, dtype=np.uint8),
        access=access.astype(np.uint8),
        way_id=np.minimum(tail, head).astype(np.int64) * 1000 + np.maximum(tail, head),
        shape_ptr=np.cumsum([0, *map(len, shapes)]).astype(np.int32),
        shape_lat=flat[:, 0].copy(),
        shape_lon=flat[:, 1].copy(),
        restriction_ptr=np.zeros(1, dtype=np.int32),
        restriction_arcs=np.zeros(0, dtype=np.int32),
        restriction_only=np.zeros(0, dtype=np.bool_),
        restriction_except=np.zeros(0, dtype=np.uint8),
    )


def zone(name: str, rank: int = 0) -> Zone:
    square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    return Zone(id=name, rank=rank, kind=ZoneKind.AREA, geometry=square, valid_from=date(2020, 1, 1))


def city_of(streets: StreetNetwork) -> City:
    """Zone 0 covers every arc that touches the right third, zone 1 the arcs inside the bottom left corner."""
    row, column = streets.tail // SIDE, streets.tail % SIDE
    head_row, head_column = streets.head // SIDE, streets.head % SIDE
    east = np.maximum(column, head_column) >= SIDE - 2
    corner = np.maximum(np.maximum(column, head_column), np.maximum(row, head_row)) <= 1
    membership = east.astype(np.uint64) | (corner.astype(np.uint64) << np.uint64(1))
    return City(
        name="grid",
        streets=streets,
        zones=(zone("east"), zone("corner", rank=1)),
        arc_zones=membership,
        places=(),
        derived={},
    )


def between(start_h: float, end_h: float) -> Window:
    return Window(start_at=MIDNIGHT + timedelta(hours=start_h), end_at=MIDNIGHT + timedelta(hours=end_h))


def access(name: str, category: Category = Category.VUL, **closed: tuple[Window, ...]) -> AccessClass:
    closures = tuple(
        Closure(zone_id=zone_id, first_banned=Critair.V3, hours="", closed=windows)
        for zone_id, windows in closed.items()
    )
    return AccessClass(
        id=name, category=category, critair=Critair.V4, energy=Energy.DIESEL, vehicle_ids=(), closures=closures
    )


CITY = prepare_city(city_of(drawn_streets()))
CLASSES = (
    access("clean"),
    access("old", east=(between(8, 10), between(17, 20)), corner=(between(9, 12),)),
    access("bike", Category.CARGO_BIKE),
)


def drawn_points(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    draw = rng(seed)
    lat = LAT + STEP_LAT * draw.uniform(-0.3, SIDE - 0.7, count)
    return lat, LON + STEP_LON * draw.uniform(-0.3, SIDE - 0.7, count)


def drawn_travel(count: int = 40, seed: int = 1) -> TravelTimes:
    lat, lon = drawn_points(count, seed)
    lat[-1], lon[-1] = lat[0], lon[0]  # two orders at one door
    return travel_times(CITY, lat, lon, CLASSES, DAY, PARIS)


def naive_table(travel: TravelTimes, profile: int) -> list[list[tuple[int, int]]]:
    """Return (s, m) of every pair on a graph whose streets are cut at every point."""
    assert travel.finder
    drive, streets = travel.finder.drives[profile], CITY.streets
    points = len(travel.snap_m)
    first = streets.nodes
    arcs = []
    for arc in np.flatnonzero(drive.weights_ms < INF_S).tolist():
        on_it = [
            (int(drive.doors.before_ms[point, way]), int(drive.doors.before_dm[point, way]), first + point)
            for point in range(points)
            for way in (0, 1)
            if drive.doors.arc[point, way] == arc
        ]
        whole = (int(drive.weights_ms[arc]), int(streets.length_dm[arc]), int(streets.head[arc]))
        stations = [(0, 0, int(streets.tail[arc])), *sorted(on_it), whole]
        for (ms, dm, here), (next_ms, next_dm, there) in itertools.pairwise(stations):
            arcs.append((here, there, next_ms - ms, next_dm - dm))
            if (ms, dm) == (next_ms, next_dm) and min(here, there) >= first:
                arcs.append((there, here, 0, 0))
    rows = []
    for source in range(points):
        reached = dijkstra(arcs, {first + source: (0, 0)})
        ends = [reached.get(first + target) for target in range(points)]
        rows.append([((e[0] + 500) // 1000, (e[1] + 5) // 10) if e else (INF_S, INF_S) for e in ends])
    for same in ((0, points - 1), (points - 1, 0)):
        rows[same[0]][same[1]] = (0, 0)
    return rows


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_tables_are_those_of_streets_cut_at_every_point(seed: int) -> None:
    travel = drawn_travel(seed=seed)
    unreachable = 0
    for p in range(len(travel.profiles)):
        found = np.stack([travel.duration_s[p], travel.distance_m[p]], axis=-1)
        wanted = np.array(naive_table(travel, p))
        assert (found == wanted).all()
        assert (np.diagonal(travel.duration_s[p]) == 0).all() and (np.diagonal(travel.distance_m[p]) == 0).all()
        unreachable += int((wanted == INF_S).any(axis=-1).sum())
    assert unreachable > 0, "the closures are there to be met"


def test_legs_add_up_to_the_tables() -> None:
    travel = drawn_travel()
    assert travel.finder
    grid = itertools.product(range(len(travel.profiles)), range(40), range(40))
    requests = [request for request in grid if travel.duration_s[request] < INF_S]
    for (p, source, target), leg in zip(requests, travel.legs(requests)):
        drive = travel.finder.drives[p]
        line = leg.points
        spots = [(float(drive.snapped.lon[end]), float(drive.snapped.lat[end])) for end in (source, target)]
        assert [tuple(line[0]), tuple(line[-1])] == spots and len(line) >= 2
        walked = sum(haversine_m(a[1], a[0], b[1], b[0]) for a, b in itertools.pairwise(line.tolist()))
        assert abs(walked - travel.distance_m[p, source, target]) <= 1.5 + 0.002 * walked
        assert (CITY.streets.head[leg.arcs[:-1]] == CITY.streets.tail[leg.arcs[1:]]).all()
        assert (drive.weights_ms[leg.arcs] < INF_S).all()
        assert not {crossing.zone for crossing in leg.crossings} & travel.profiles[p].closed
        if len(leg.arcs) > 2:
            inner = int(drive.weights_ms[leg.arcs[1:-1]].sum())
            ends = int(drive.weights_ms[leg.arcs[[0, -1]]].sum())
            assert inner - 500 <= 1000 * travel.duration_s[p, source, target] <= inner + ends + 500
    one = travel.leg(*requests[50])
    assert one.arcs.tolist() == travel.legs(requests)[50].arcs.tolist()


def test_crossings_are_the_zones_of_the_arcs() -> None:
    travel = drawn_travel()
    assert travel.finder
    legs = travel.legs([(0, source, target) for source in range(40) for target in range(40)])
    assert any(len(leg.crossings) > 1 for leg in legs)
    for leg, (source, target) in zip(legs, itertools.product(range(40), range(40))):
        zones = travel.finder.zone_of_arc[leg.arcs].tolist()
        runs = [zone for zone, _ in itertools.groupby(zones) if zone >= 0]
        assert len(leg.crossings) <= len(runs)
        assert {crossing.zone for crossing in leg.crossings} <= set(runs)
        for crossing in leg.crossings:
            assert 0 <= crossing.enter_s < crossing.exit_s <= travel.duration_s[0, source, target] + 1
        assert all(a.exit_s <= b.enter_s + 1 for a, b in itertools.pairwise(leg.crossings))


def test_slices_cut_the_day_where_the_closed_zones_change() -> None:
    travel = drawn_travel(2)
    east, corner = 0, 1
    first, last = travel.slice_ptr[1], travel.slice_ptr[2]
    closed = [travel.profiles[p].closed for p in travel.slice_profile[first:last]]
    hours = (travel.slice_end_s[first:last] / 3600).tolist()
    assert hours == [8, 9, 10, 12, 17, 20, FAR_S / 3600]
    assert closed == [set(), {east}, {east, corner}, {corner}, set(), {east}, set()]
    assert travel.profiles[travel.safe_profile[1]].closed == {east, corner}
    assert travel.slice_end_s[travel.slice_ptr[1:] - 1].tolist() == [FAR_S] * 3
    assert travel.safe_profile[0] == travel.slice_profile[0], "nothing is closed to the clean class"
    assert len(set(travel.profiles)) == len(travel.profiles) == 5
    assert [travel.profiles[p].category for p in travel.safe_profile] == ["vul", "vul", "cargo_bike"]


def test_closures_are_cut_to_the_day_and_merged() -> None:
    windows = (between(-3, 2), between(2, 5), between(5, 5), between(23, 31))
    travel = travel_times(CITY, *drawn_points(1), [access("old", east=windows)], DAY, PARIS)
    assert (travel.slice_end_s / 3600).tolist() == [5, 23, 31, FAR_S / 3600]
    assert [len(travel.profiles[p].closed) for p in travel.slice_profile] == [1, 0, 1, 0]


def test_the_day_axis_counts_elapsed_seconds_when_clocks_change() -> None:
    noon = datetime(2026, 10, 25, 12, tzinfo=ZoneInfo(PARIS))
    window = Window(start_at=noon, end_at=noon.astimezone(UTC) + timedelta(seconds=1.5))
    travel = travel_times(CITY, *drawn_points(1), [access("old", east=(window,))], date(2026, 10, 25), PARIS)
    assert travel.slice_end_s.tolist() == [13 * 3600, 13 * 3600 + 2, FAR_S]
    assert travel.epoch_at.isoformat() == "2026-10-25T00:00:00+02:00"


def test_places_in_a_closed_zone_are_out_of_reach() -> None:
    lat, lon = np.array([LAT + 2 * STEP_LAT, LAT + 2.5 * STEP_LAT]), np.array([LON, LON + (SIDE - 1) * STEP_LON])
    travel = travel_times(CITY, lat, lon, [access("old", east=(between(8, 10),))], DAY, PARIS)
    open_p, closed_p = travel.slice_profile[:2]
    assert travel.duration_s[open_p].max() < 300
    assert travel.duration_s[closed_p].tolist() == travel.distance_m[closed_p].tolist() == [[0, INF_S], [INF_S, 0]]
    with pytest.raises(RoutingDataError) as error:
        travel.leg(int(closed_p), 0, 1)
    assert error.value.code == "unreachable"


def ring() -> City:
    """A one-way ring of four 100 m streets."""
    lat = [LAT, LAT, LAT + STEP_LAT, LAT + STEP_LAT]
    lon = [LON, LON + STEP_LON, LON + STEP_LON, LON]
    rows = [(node, (node + 1) % 4, EVERYBODY) for node in range(4)]
    streets = network(lat, lon, rows, [[] for _ in rows])
    return prepare_city(replace(CITY, streets=streets, zones=(), arc_zones=np.zeros(4, np.uint64), derived={}))


def test_backwards_on_a_one_way_street_goes_around() -> None:
    city = ring()
    lat, lon = np.array([LAT, LAT]), LON + STEP_LON * np.array([0.25, 0.75])
    travel = travel_times(city, lat, lon, [access("van")], DAY, PARIS)
    around, half = city.streets.length_dm.sum() / 10, city.streets.length_dm[0] / 20
    assert abs(travel.distance_m[0, 0, 1] - half) <= 1 and abs(travel.distance_m[0, 1, 0] - (around - half)) <= 1
    there, back = travel.legs([(0, 0, 1), (0, 1, 0)])
    assert there.arcs.tolist() == [0] and back.arcs.tolist() == [0, 1, 2, 3, 0]
    assert len(there.points) == 2 and len(back.points) == 6
    here = travel.leg(0, 1, 1)
    assert here.arcs.tolist() == [] and len(here.points) == 2 and here.crossings == ()


def test_crossings_start_and_end_where_the_zone_does() -> None:
    """Out of zone for the rest of street 0, through it on streets 1 and 2, out on 3, and back to the start of 0."""
    zoned = np.array([0, 1, 1, 0], dtype=np.uint64)
    city = replace(ring(), zones=(zone("far"),), arc_zones=zoned)
    lat, lon = np.array([LAT, LAT]), LON + STEP_LON * np.array([0.25, 0.75])
    travel = travel_times(city, lat, lon, [access("van")], DAY, PARIS)
    assert travel.finder
    drive = travel.finder.drives[0]
    enter_ms = int(drive.doors.rest_ms[1, 0])
    exit_ms = enter_ms + int(drive.weights_ms[[1, 2]].sum())
    assert [tuple(c) for c in travel.leg(0, 1, 0).crossings] == [(0, enter_ms // 1000, -(-exit_ms // 1000))]
    assert travel.leg(0, 0, 1).crossings == ()


def test_points_are_snapped_to_the_nearest_street_they_can_leave() -> None:
    travel = drawn_travel()
    assert travel.finder
    streets, shapes = CITY.streets, travel.finder.shapes
    lat, lon = drawn_points(40)
    for p, drive in enumerate(travel.finder.drives):
        for point in range(39):
            best = float(drive.snapped.distance_m[point])
            for arc in np.flatnonzero(connected_arcs(streets, Category.VUL)).tolist():
                span = slice(shapes.first[arc], shapes.first[arc + 1])
                corners = zip(shapes.lat[span].tolist(), shapes.lon[span].tolist())
                assert best <= min(haversine_m(lat[point], lon[point], *corner) for corner in corners) + 1.5
            arc, twin = drive.snapped.arc[point], drive.snapped.twin[point]
            if twin != NO_ARC:
                assert arc < twin and streets.head[twin] == streets.tail[arc]
                assert (drive.weights_ms[[arc, twin]] < INF_S).all() or travel.profiles[p].closed
    usable = connected_arcs(streets, Category.VUL)
    trap = streets.head == SIDE * SIDE
    isle = streets.tail > SIDE * SIDE
    assert trap.any() and isle.any() and not usable[trap | isle].any()
    one_way_for_motors = streets.access == BIKE
    assert one_way_for_motors.any() and not usable[one_way_for_motors].any()
    assert connected_arcs(streets, Category.CARGO_BIKE)[one_way_for_motors].all()


def test_weights_follow_class_category_and_closures() -> None:
    streets = CITY.streets
    nothing = np.zeros(streets.arcs, dtype=bool)
    van, bike = (arc_weights_ms(streets, category, nothing) for category in (Category.VUL, Category.CARGO_BIKE))
    middle = np.flatnonzero((streets.access == EVERYBODY) & (streets.tail == SIDE + 1))[0]
    metres = streets.length_dm[middle] / 10
    assert abs(van[middle] - (metres / (30 * 0.75 / 3.6) * 1000 + JUNCTION_MS)) <= 1
    assert abs(bike[middle] - (metres / (17 / 3.6) * 1000 + JUNCTION_MS)) <= 1
    into_corner = np.flatnonzero(streets.head == SIDE - 1)[0]
    assert abs(van[into_corner] - streets.length_dm[into_corner] / 10 / (30 * 0.75 / 3.6) * 1000) <= 1, "no junction"
    assert (van[streets.access == BIKE] == INF_S).all() and (bike < INF_S).all()
    some = nothing.copy()
    some[middle] = True
    closed = arc_weights_ms(streets, Category.VUL, some)
    assert closed[middle] == INF_S and (np.delete(closed, middle) == np.delete(van, middle)).all()


def test_a_city_without_a_hierarchy_says_so_and_gives_the_same(caplog: pytest.LogCaptureFixture) -> None:
    bare = city_of(drawn_streets())
    lat, lon = drawn_points(5)
    with caplog.at_level(logging.WARNING):
        travel = travel_times(bare, lat, lon, CLASSES, DAY, PARIS)
    assert "no hierarchy" in caplog.text
    assert (travel.duration_s == travel_times(CITY, lat, lon, CLASSES, DAY, PARIS).duration_s).all()


def test_a_hierarchy_of_other_streets_is_refused() -> None:
    lat, lon = drawn_points(2)
    other_arcs = replace(CITY, streets=replace(CITY.streets, head=np.roll(CITY.streets.head, 7)))
    other_nodes = replace(CITY, derived={**CITY.derived, RANK: CITY.derived[RANK][:-1]})
    for city in (other_arcs, other_nodes):
        with pytest.raises(RoutingDataError) as error:
            travel_times(city, lat, lon, CLASSES, DAY, PARIS)
        assert error.value.code == "stale_hierarchy" and error.value.action


@pytest.mark.parametrize(
    ("lat", "lon", "code", "says"),
    [
        (LAT + 0.1, LON, "far_from_streets", "point 1 (lat"),
        (LON, LAT, "far_from_streets", "look swapped"),
        (float("nan"), LON, "not_a_coordinate", "point 1 has latitude nan"),
    ],
)
def test_points_that_cannot_be_served_are_named(lat: float, lon: float, code: str, says: str) -> None:
    with pytest.raises(RoutingDataError) as error:
        travel_times(CITY, np.array([LAT, lat]), np.array([LON, lon]), CLASSES, DAY, PARIS)
    assert error.value.code == code and says in str(error.value) and error.value.where == "#/1"


def test_a_closure_of_an_unknown_zone_is_refused() -> None:
    with pytest.raises(RoutingDataError, match="west") as error:
        travel_times(CITY, *drawn_points(1), [access("old", west=(between(8, 9),))], DAY, PARIS)
    assert error.value.code == "unknown_zone"


def test_a_category_without_streets_is_refused() -> None:
    no_bikes = replace(CITY.streets, access=CITY.streets.access & np.uint8(EVERYBODY - BIKE))
    with pytest.raises(RoutingDataError) as error:
        travel_times(replace(CITY, streets=no_bikes), *drawn_points(1), CLASSES, DAY, PARIS)
    assert error.value.code == "no_streets"


def test_no_points_and_no_classes() -> None:
    none = np.zeros(0)
    travel = travel_times(CITY, none, none, CLASSES, DAY, PARIS)
    assert travel.duration_s.shape == (5, 0, 0) and travel.legs([]) == []
    nobody = travel_times(CITY, *drawn_points(3), (), DAY, PARIS)
    assert (
        nobody.duration_s.shape == (0, 3, 3) and nobody.slice_ptr.tolist() == [0] and nobody.snap_m.tolist() == [0] * 3
    )


def test_tables_without_streets_have_no_legs() -> None:
    travel = replace(drawn_travel(2), finder=None)
    with pytest.raises(RoutingDataError) as error:
        travel.leg(0, 0, 1)
    assert error.value.code == "no_streets_behind_tables"
