"""The invented city: the same for a seed, drivable everywhere, and with every kind of zone rule."""

from __future__ import annotations

import dataclasses
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from data.hours import normalise_hours
from data.model.city import City
from data.model.place import PlaceKind
from data.model.streets import ACCESS_BIT, RoadClass, StreetNetwork
from data.model.vehicle import Category, Critair
from data.model.zone import ZoneKind
from data.synthetic import synthetic_city
from data.synthetic.reach import largest_core
from data.units import haversine_m


@pytest.fixture(scope="module", params=[1, 2, 7])
def city(request: pytest.FixtureRequest) -> City:
    return synthetic_city(request.param)


def test_one_seed_is_one_city() -> None:
    first, again, other = synthetic_city(1), synthetic_city(1), synthetic_city(3)
    for field in dataclasses.fields(StreetNetwork):
        np.testing.assert_array_equal(getattr(first.streets, field.name), getattr(again.streets, field.name))
    np.testing.assert_array_equal(first.arc_zones, again.arc_zones)
    assert (first.zones, first.places) == (again.zones, again.places)
    assert first.places != other.places


def test_has_the_size_of_a_french_town(city: City) -> None:
    assert 5000 <= city.streets.nodes <= 8000
    assert 12_000 <= city.streets.arcs <= 18_500
    min_lon, min_lat, max_lon, max_lat = city.streets.bounds()
    assert 47.3 < min_lat < max_lat < 47.5
    assert 0.15 < min_lon < max_lon < 0.45


def test_arrays_fit_together(city: City) -> None:
    streets = city.streets
    assert np.all(np.diff(streets.tail) >= 0)
    assert np.all(streets.tail != streets.head)
    assert streets.length_dm.min() >= 1
    assert streets.speed_kmh.min() >= 10
    assert streets.access.min() >= 1
    assert streets.shape_ptr[0] == 0
    assert streets.shape_ptr[-1] == len(streets.shape_lat)
    assert np.all(np.diff(streets.shape_ptr) >= 0)
    assert len(city.arc_zones) == streets.arcs
    used = np.zeros(streets.nodes, dtype=bool)
    used[streets.tail] = used[streets.head] = True
    assert used.all()


def test_lengths_follow_the_shapes(city: City) -> None:
    for arc in range(0, city.streets.arcs, 97):
        points = city.streets.arc_points(arc)
        metres = sum(haversine_m(a[1], a[0], b[1], b[0]) for a, b in pairwise(points))
        assert city.streets.length_dm[arc] == pytest.approx(10 * metres, abs=1)


@pytest.mark.parametrize("category", list(Category))
def test_every_junction_open_to_a_category_is_reachable_by_it(city: City, category: Category) -> None:
    streets = city.streets
    open_arc = (streets.access & ACCESS_BIT[category]) > 0
    if category is not Category.CARGO_BIKE:
        open_arc &= streets.arc_hours < 0
    used = np.zeros(streets.nodes, dtype=bool)
    used[streets.tail[open_arc]] = used[streets.head[open_arc]] = True
    core = largest_core(streets, category)
    if category is Category.PL:  # the old town is closed to lorries, whatever it cuts off
        assert core.sum() > 0.9 * used.sum()
    else:
        np.testing.assert_array_equal(core, used)


def test_turn_restrictions_cut_nothing_off(city: City) -> None:
    streets = city.streets
    assert 10 <= len(streets.restriction_only) <= 40
    assert 0 < streets.restriction_only.sum() < len(streets.restriction_only)
    pairs = streets.restriction_arcs.reshape(-1, 2)
    np.testing.assert_array_equal(streets.head[pairs[:, 0]], streets.tail[pairs[:, 1]])
    open_arc = (streets.access & ACCESS_BIT[Category.VUL]) > 0
    leaving = np.searchsorted(streets.tail, np.arange(streets.nodes + 1))
    first = np.repeat(np.arange(streets.arcs), np.diff(leaving)[streets.head])
    second = np.concatenate([np.arange(leaving[node], leaving[node + 1]) for node in streets.head])
    allowed = open_arc[first] & open_arc[second]
    for (before, after), only in zip(pairs, streets.restriction_only, strict=True):
        allowed &= ~((first == before) & ((second != after) if only else (second == after)))
    turns = coo_array((np.ones(int(allowed.sum())), (first[allowed], second[allowed])), shape=[streets.arcs] * 2)
    _, label = connected_components(turns, directed=True, connection="strong")
    assert len(np.unique(label[open_arc])) == 1


def test_has_what_a_french_town_has(city: City) -> None:
    streets = city.streets
    classes = {RoadClass(int(each)) for each in np.unique(streets.road_class)}
    assert set(RoadClass) - classes == {RoadClass.MOTORWAY, RoadClass.SERVICE, RoadClass.TRACK}
    on_foot = np.isin(streets.road_class, (RoadClass.PEDESTRIAN, RoadClass.CYCLEWAY))
    timed = streets.arc_hours >= 0
    assert set(streets.access[on_foot & ~timed]) == {ACCESS_BIT[Category.CARGO_BIKE]}
    assert 1 <= len(np.unique(streets.way_id[timed])) <= 5 and np.all(streets.road_class[timed] == RoadClass.PEDESTRIAN)
    assert np.all(streets.access[timed] & ACCESS_BIT[Category.VUL]) and city.street_hours == ("Mo-Sa 06:00-11:00",)
    ring = streets.road_class == RoadClass.TRUNK
    assert not (streets.access[ring] & ACCESS_BIT[Category.CARGO_BIKE]).any()
    both_ways = set(zip(streets.tail[ring].tolist(), streets.head[ring].tolist(), strict=True))
    assert all((head, tail) not in both_ways for tail, head in both_ways)
    against = streets.access == ACCESS_BIT[Category.CARGO_BIKE]
    assert 0.03 < (against & ~on_foot).mean() < 0.25, "one-way streets that only bikes may take back"
    assert len(np.unique(streets.way_id)) > 1000
    assert np.diff(streets.shape_ptr).mean() > 0.8, "streets are curved"
    assert 20 <= len(np.unique(streets.head[streets.obstacle_ms > 0])) <= 80, "lights stand at the main crossings"
    assert streets.roundabout.any() and not (streets.roundabout & timed).any()


def test_vans_get_into_delivery_streets_and_out_again(city: City) -> None:
    streets = city.streets
    by_day = largest_core(streets, Category.VUL)
    open_arc = (streets.access & ACCESS_BIT[Category.VUL]) > 0
    arcs = (np.ones(int(open_arc.sum())), (streets.tail[open_arc], streets.head[open_arc]))
    _, label = connected_components(coo_array(arcs, shape=[streets.nodes] * 2), directed=True, connection="strong")
    assert len(np.unique(label[streets.tail[open_arc]])) == 1
    inner = np.unique(streets.tail[streets.arc_hours >= 0])
    assert not by_day[inner].all() and by_day[inner].any()


def test_zones_exercise_every_rule(city: City) -> None:
    zfe, core, road, future = city.zones
    assert [zone.rank for zone in city.zones] == [0, 1, 2, 3]
    assert (zfe.kind, core.kind, road.kind) == (ZoneKind.AREA, ZoneKind.AREA, ZoneKind.ROAD)
    assert {rule.category: rule.first_banned for rule in zfe.rules} == {
        Category.VUL: Critair.V3,
        Category.PL: Critair.V2,
    }
    assert core.rules[0].first_banned is Critair.V2
    assert road.rules == ()
    assert future.valid_from >= date(2028, 1, 1)
    for zone in city.zones:
        for rule in zone.rules:
            assert normalise_hours(rule.hours) == (rule.hours, "")
    inside = [(city.arc_zones & np.uint64(1 << bit)) > 0 for bit in range(4)]
    assert 0.3 < inside[0].mean() < 0.8
    assert np.all(inside[0][inside[1]]), "the core lies inside the zone"
    assert 0.02 < inside[1].mean() < 0.2
    np.testing.assert_array_equal(inside[0], inside[3])
    assert not inside[0][city.streets.road_class == RoadClass.TRUNK].any(), "the ring stays out"
    open_road = inside[2] & inside[0]
    assert open_road.sum() > 50
    assert (city.streets.road_class[open_road] == RoadClass.PRIMARY).mean() > 0.95


def test_the_open_road_leads_through_the_zone(city: City) -> None:
    """A van banned from the zone gets from one end of the through route to the other without leaving it."""
    on_road = (city.arc_zones & np.uint64(4)) > 0
    tail, head = city.streets.tail[on_road], city.streets.head[on_road]
    _, label = connected_components(
        coo_array((np.ones(len(tail)), (tail, head)), shape=[city.streets.nodes] * 2), directed=False
    )
    assert len(np.unique(label[tail])) == 1


def test_places_are_those_of_a_town(city: City) -> None:
    kinds = [place.kind for place in city.places]
    assert [kinds.count(kind) for kind in PlaceKind] == [0, 60, 25, 8]
    assert len({place.id for place in city.places}) == len(city.places)
    for place in city.places:
        assert place.opening_hours
        normalise_hours(place.opening_hours)
        if place.kind is PlaceKind.LOCKER:
            assert [box.size for box in place.boxes] == ["S", "M", "L"]
            sizes = [box.inner_mm for box in place.boxes]
            assert all(small.fits_in(large) for small, large in pairwise(sizes))
    hours = {place.opening_hours for place in city.places if place.kind is PlaceKind.RELAY}
    assert any(text.startswith("Tu") for text in hours if text), "some shops close on Mondays"
