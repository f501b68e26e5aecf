"""Zone membership against dense sampling with a hand-written point-in-polygon test."""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from data.model.streets import StreetNetwork
from data.model.vehicle import Category, Critair
from data.model.zone import Zone, ZoneKind, ZoneRule
from data.units import haversine_m
from data.zoning import arc_membership, place_membership, published_id, zones_for_city

LAT, LON = 47.2, -1.55
M_LAT = 1 / 111_195.08  # degrees per metre north
M_LON = M_LAT / math.cos(math.radians(LAT))  # and east
Point = tuple[float, float]  # metres east and north of (LAT, LON)


def lonlat(point: Point) -> list[float]:
    return [LON + point[0] * M_LON, LAT + point[1] * M_LAT]


def network(*arcs: list[Point]) -> StreetNetwork:
    """Return a network whose arcs have no junction in common; two far corners keep its centre at (LAT, LON)."""
    ends = [point for arc in arcs for point in (arc[0], arc[-1])] + [(-5000.0, -5000.0), (5000.0, 5000.0)]
    inner = [point for arc in arcs for point in arc[1:-1]]
    node, shape = (np.array([lonlat(point) for point in points]).reshape(-1, 2) for points in (ends, inner))
    m = len(arcs)
    bytes_, none = np.zeros(m, np.uint8), np.zeros(0, np.int32)
    return StreetNetwork(
        node_lat=node[:, 1],
        node_lon=node[:, 0],
        node_id=np.zeros(len(node), np.int64),
        tail=np.arange(0, 2 * m, 2, dtype=np.int32),
        head=np.arange(1, 2 * m, 2, dtype=np.int32),
        length_dm=np.ones(m, np.int32),
        speed_kmh=bytes_,
        cruise_kmh=np.zeros(m, np.float32),
        obstacle_ms=np.zeros(m, np.int32),
        road_class=bytes_,
        roundabout=np.zeros(m, np.bool_),
        access=bytes_,
        arc_hours=np.full(m, -1, np.int16),
        way_id=np.zeros(m, np.int64),
        shape_ptr=np.cumsum([0] + [len(arc) - 2 for arc in arcs]).astype(np.int32),
        shape_lat=shape[:, 1],
        shape_lon=shape[:, 0],
        shape_node_id=np.zeros(len(shape), np.int64),
        restriction_ptr=np.zeros(1, np.int32),
        restriction_arcs=none,
        restriction_only=none.astype(np.bool_),
        restriction_except=none.astype(np.uint8),
    )


def area(name: str, *points: Point, **changes: Any) -> Zone:
    ring = [lonlat(point) for point in [*points, points[0]]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return Zone(id=name, rank=0, kind=ZoneKind.AREA, geometry=geometry, valid_from=date(2025, 1, 1)).replace(**changes)


def road(name: str, *points: Point, **changes: Any) -> Zone:
    geometry = {"type": "LineString", "coordinates": [lonlat(point) for point in points]}
    return area(name, (0, 0), (1, 0), (0, 1)).replace(kind=ZoneKind.ROAD, geometry=geometry, **changes)


def members(arcs: list[list[Point]], zone: Zone) -> list[bool]:
    return [bool(word & 1) for word in arc_membership(network(*arcs), [zone]).tolist()]


SQUARE = area("Z", (0, 0), (1000, 0), (1000, 1000), (0, 1000))


@pytest.mark.parametrize(
    ("arc", "inside"),
    [
        ([(100.0, 100.0), (900.0, 900.0)], True),
        ([(-100.0, 500.0), (11.0, 500.0)], True),  # 11 m of 111 m
        ([(-100.0, 500.0), (9.0, 500.0)], False),
        ([(-5.0, 500.0), (6.0, 500.0)], True),  # more than half of 11 m
        ([(-6.0, 500.0), (5.0, 500.0)], False),
        ([(-100.0, 500.0), (0.0, 500.0)], False),  # touches the border
        ([(-50.0, -50.0), (-50.0, 1050.0)], False),
        ([(500.0, -50.0), (500.0, 500.0), (500.0, -50.0)], True),
        ([(-50.0, 500.0), (1050.0, 500.0)], True),  # crosses the whole zone
        ([(0.0, 0.0), (0.0, 1000.0)], True),  # along the border
    ],
)
def test_arcs_and_an_area(arc: list[Point], inside: bool) -> None:
    assert members([arc], SQUARE) == [inside]


def test_a_hole_is_outside() -> None:
    hole = [lonlat(point) for point in [(400, 400), (400, 600), (600, 600), (600, 400), (400, 400)]]
    ring = SQUARE.geometry["coordinates"][0]
    holed = SQUARE.replace(geometry={"type": "Polygon", "coordinates": [ring, hole]})
    assert members([[(450, 500), (550, 500)], [(390, 500), (610, 500)]], holed) == [False, True]


@pytest.mark.parametrize(
    ("arc", "follows"),
    [
        ([(100.0, 5.0), (300.0, 5.0)], True),
        ([(300.0, -5.0), (100.0, -5.0)], True),  # the other carriageway, the other way
        ([(100.0, 20.0), (300.0, 20.0)], False),  # a parallel street
        ([(200.0, 0.0), (200.0, 12.0)], False),  # a short street that starts on it
        ([(200.0, -6.0), (200.0, 6.0)], False),  # crosses it, all within 8 m
        ([(200.0, 0.0), (206.0, 2.0), (206.0, 60.0)], False),  # turns off
        ([(900.0, 2.0), (1010.0, 2.0), (1010.0, 40.0)], True),  # leaves it after two thirds
        ([(-300.0, 0.0), (100.0, 0.0)], False),  # a quarter of it
        ([(480.0, 0.0), (520.0, 0.0)], True),  # across the joint of two pieces
        ([(200.0, 3.0), (201.0, 3.0)], True),
    ],
)
def test_arcs_and_a_road(arc: list[Point], follows: bool) -> None:
    pieces = [[lonlat(point) for point in line] for line in ([(0, 0), (500, 0)], [(500, 0), (1000, 0)])]
    both = road("R", (0, 0), (1, 0)).replace(geometry={"type": "MultiLineString", "coordinates": pieces})
    assert members([arc], both) == [follows]


def in_polygon(point: Point, corners: list[Point]) -> bool:
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1]):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def inside_m(arc: list[Point], corners: list[Point]) -> tuple[float, float]:
    """Return the length of the arc inside the polygon and its whole length, by walking it in steps of 0.1 m."""
    within = total = 0.0
    for (x1, y1), (x2, y2) in pairwise(arc):
        (lon1, lat1), (lon2, lat2) = lonlat((x1, y1)), lonlat((x2, y2))
        length = haversine_m(lat1, lon1, lat2, lon2)
        steps = max(1, round(length * 10))
        share = [
            in_polygon((x1 + (x2 - x1) * t, y1 + (y2 - y1) * t), corners) for t in (np.arange(steps) + 0.5) / steps
        ]
        within += length * sum(share) / steps
        total += length
    return within, total


coordinates = st.floats(-300, 300, allow_nan=False).map(lambda value: round(value, 1))
points = st.tuples(coordinates, coordinates)


@given(
    arcs=st.lists(st.lists(points, min_size=2, max_size=4, unique=True), min_size=1, max_size=5),
    radii=st.lists(st.floats(40, 300), min_size=3, max_size=9),
)
@settings(max_examples=60, deadline=None)
def test_against_walking_the_arc(arcs: list[list[Point]], radii: list[float]) -> None:
    turn = 2 * math.pi / len(radii)
    corners = [(r * math.cos(k * turn), r * math.sin(k * turn)) for k, r in enumerate(radii)]
    for arc, found in zip(arcs, members(arcs, area("Z", *corners))):
        within, total = inside_m(arc, corners)
        threshold = min(10.0, total / 2)
        if abs(within - threshold) > 1.0:  # nearer than that, the walk's own steps decide
            assert found is (within > threshold)


def test_bits_follow_the_order_of_zones() -> None:
    zones = [area(str(index), (index * 100, 0), (index * 100 + 90, 0), (index * 100 + 90, 90)) for index in range(64)]
    arcs = [[(index * 100 + 60.0, 10.0), (index * 100 + 80.0, 10.0)] for index in range(64)]
    assert arc_membership(network(*arcs), zones).tolist() == [1 << index for index in range(64)]
    at = np.array([lonlat(arc[0]) for arc in arcs])
    assert place_membership(at[:, 1], at[:, 0], zones).tolist() == [1 << index for index in range(64)]


def test_steps_of_a_calendar_share_their_arcs() -> None:
    steps = [SQUARE, SQUARE.replace(id="other", valid_from=date(2028, 1, 1))]
    assert arc_membership(network([(100.0, 100.0), (200.0, 100.0)]), steps).tolist() == [0b11]


def test_places_lie_in_areas_only() -> None:
    lat, lon = (np.array(column) for column in zip(*[lonlat(p)[::-1] for p in [(500, 500), (0, 0), (-1, 0), (500, 0)]]))
    zones = [SQUARE, road("R", (0, 0), (1000, 0))]
    assert place_membership(lat, lon, zones).tolist() == [1, 1, 0, 1]
    assert place_membership(np.zeros(0), np.zeros(0), zones).tolist() == []


BOX = (*lonlat((-100, -100)), *lonlat((100, 100)))


def test_zones_far_away_are_left_out() -> None:
    frame = area("F", (-500, -500), (500, -500), (500, 500), (-500, 500))
    ring = [[lonlat(p) for p in [(-400, -400), (400, -400), (400, 400), (-400, 400), (-400, -400)]]]
    frame = frame.replace(geometry={"type": "Polygon", "coordinates": frame.geometry["coordinates"] + ring})
    far = area("X", (900, 900), (950, 900), (950, 950))
    assert [zone.id for zone in zones_for_city([far, SQUARE, frame], BOX)] == ["Z"]  # the frame only goes around


def unreadable(zone: Zone) -> Zone:
    vul, vp = (
        ZoneRule(category=category, first_banned=Critair.NC, hours=hours)
        for category, hours in [(Category.VUL, "NC"), (Category.VP, "24/7")]
    )
    return zone.replace(rules=(vul, vp))


def test_rules_nobody_can_read_stop_the_city() -> None:
    with pytest.raises(InputError) as caught:
        zones_for_city([unreadable(SQUARE)], BOX)
    assert caught.value.code == "unreadable_hours"
    assert "Z bans vul from NC, hours `NC`" in caught.value.message
    (kept,) = zones_for_city([unreadable(SQUARE)], BOX, ignore_unreadable=True)
    assert [rule.category for rule in kept.rules] == [Category.VP]
    far = area("X", (900, 900), (950, 900), (950, 950))
    assert zones_for_city([unreadable(far)], BOX) == ()


def test_runs_of_equal_roads_become_one_zone() -> None:
    rule = ZoneRule(category=Category.VUL, first_banned=Critair.V4, hours="24/7")
    roads = [road(f"R{i}", (i * 10, 0), (i * 10 + 10, 0), rank=i, rules=(rule,) if i != 3 else ()) for i in range(6)]
    found = zones_for_city(roads, BOX)
    assert [(zone.id, zone.rank) for zone in found] == [("R0..R2", 2), ("R3", 3), ("R4..R5", 5)]
    assert len(found[0].geometry["coordinates"]) == 3
    assert members([[(5.0, 0.0), (25.0, 0.0)]], found[0]) == [True]


def test_more_zones_than_bits() -> None:
    zones = [SQUARE.replace(id=str(index), rank=index) for index in range(65)]
    assert len(zones_for_city(zones[:64], BOX)) == 64
    with pytest.raises(InputError, match="65 zones"):
        zones_for_city(zones, BOX)


def test_the_published_id() -> None:
    assert published_id(SQUARE.replace(id="200046977-ZFE-001@2025-01-01#2")) == "200046977-ZFE-001"
    assert published_id(SQUARE) == "Z"
