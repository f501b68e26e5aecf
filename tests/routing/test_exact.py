"""Tables and paths on whole street networks: to the millisecond and the decimetre what scipy's Dijkstra finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from scipy.sparse import csgraph, csr_array

from data.clock import rng
from data.model.city import City
from data.model.traffic import Traffic
from data.model.vehicle import Category
from data.sources.osm import streets_from_pbf
from data.sources.speeds import read_speed_curves
from data.synthetic import synthetic_city
from routing.access import zone_in_force
from routing.conditions import closed_arcs, slice_weights
from routing.doors import direct
from routing.ground import Ground, ground_of, prepare_city
from routing.matrix.cost import DISTANCE_MASK, INF, INF_COST, TIME_SHIFT
from routing.matrix.path import shortest_paths
from routing.matrix.table import many_to_many
from routing.roads import Located, Roads, locate_on, roads_of
from routing.slices import FREE_FLOW, Profile, Speed
from routing.snap import NO_ARC, Snapped
from routing.streets import standing_ms
from tests.conftest import ROOT

DAY, MONDAY, EIGHT = date(2026, 11, 23), 0, 8
DM_BITS = 24
"""scipy adds floats: ``ms * 2**24 + dm`` stays exact below 2**53, and orders times before distances."""

PROFILES = ("van", "closed", "bike", "rush")
EXTRACTS = {"nantes": "nantes_drive.osm.pbf", "monaco": "monaco.osm.pbf", "porto": "porto_portugal.osm.pbf"}


@pytest.fixture(
    scope="module", params=["synthetic", *(pytest.param(name, marks=pytest.mark.shared) for name in EXTRACTS)]
)
def city(request: pytest.FixtureRequest) -> City:
    if request.param == "synthetic":
        return prepare_city(synthetic_city())
    path = request.getfixturevalue("shared_data") / "osm" / EXTRACTS[request.param]
    streets, report = streets_from_pbf(path)
    nowhere = np.zeros(streets.arcs, dtype=np.uint64)
    return prepare_city(City(request.param, streets, (), nowhere, (), {}, report.street_hours))


def zone_of_arc(city: City) -> np.ndarray:
    """Return the zones the city has, or else one over the middle of it."""
    if city.zones:
        return zone_in_force(city.arc_zones, city.zones, DAY)
    lat, lon = city.streets.node_lat[city.streets.tail], city.streets.node_lon[city.streets.tail]
    inside = [abs(at - np.median(at)) < np.ptp(at) / 10 for at in (lat, lon)]
    return np.where(inside[0] & inside[1], 0, -1).astype(np.int16)


def roads_in(city: City, profile: str) -> Roads:
    """Return the roads of a van at free flow, with closed zones and delivery streets, or at eight; or of a bike."""
    ground = ground_of(city)
    category = Category.CARGO_BIKE if profile == "bike" else Category.VUL
    if profile in ("van", "bike"):
        return roads_of(ground, category)
    speed, closures = FREE_FLOW, Profile(category, frozenset())
    if profile == "closed":
        hours = frozenset(range(len(city.street_hours)))
        closures = Profile(category, frozenset(range(max(1, len(city.zones)))), hours)
    else:
        curves = read_speed_curves(ROOT / "data" / "samples" / "speeds_urban.csv")
        speed = Speed(tuple((0.85 * curves.factor[:, MONDAY, EIGHT]).tolist()))
    closed = closed_arcs(closures, zone_of_arc(city), city.streets.arc_hours, Traffic())
    free_flow_ms = ground.open_to(category).weights_ms
    return roads_of(ground, category, slice_weights(free_flow_ms, city.streets, category, speed, Traffic(), closed))


class Way(NamedTuple):
    """One direction in which a point's street may be driven; what lies before the point and after, as costs."""

    arc: int
    before: int
    rest: int


@dataclass(frozen=True)
class Spots:
    """Points a quarter, a half or three quarters along arcs."""

    arc: np.ndarray
    quarter: np.ndarray
    reverse: np.ndarray

    def snapped(self) -> Snapped:
        zero = np.zeros(len(self.arc), dtype=np.int32)
        # Only points at equal coordinates are one point: here arc and quarter stand for them.
        return Snapped(
            self.arc, self.reverse, self.quarter / 4, zero, self.arc * 1.0, self.quarter * 1.0, distance_m=zero
        )

    def ways(self, roads: Roads, point: int) -> list[Way]:
        """Return the point's one or two ways; halves are rounded up as seen from the first.

        Lights and gates stand at an arc's end, behind the point.
        """
        streets, found = roads.ground.streets, []
        lost_ms = standing_ms(streets, roads.category)
        for arc in (int(self.arc[point]), int(self.reverse[point])):
            if arc == NO_ARC or roads.weights_ms[arc] >= INF:
                continue
            parts = []
            for whole, lost in (
                (int(roads.weights_ms[arc]), int(lost_ms[arc])),
                (int(streets.length_dm[arc]), 0),
            ):
                first = ((whole - lost) * int(self.quarter[point]) + 2) // 4
                before = first if arc == self.arc[point] else whole - lost - first
                parts.append((before, whole - before))
            found.append(Way(arc, *(cost(*each) for each in zip(*parts))))
        return found


def cost(ms: int, dm: int) -> int:
    return (ms << DM_BITS) + dm


def drawn_spots(ground: Ground, category: Category, count: int, seed: int) -> Spots:
    """Return points on streets; some share a street, one in ten is at another's place."""
    draw = rng(seed)
    usable = ground.open_to(category).usable
    reverse = np.where(usable[ground.turns.reverse], ground.turns.reverse, NO_ARC)
    reverse[ground.turns.reverse == NO_ARC] = NO_ARC
    first = np.flatnonzero(usable & ((reverse == NO_ARC) | (np.arange(len(usable)) < reverse)))
    arc = draw.choice(first, count).astype(np.int32)
    quarter = draw.integers(1, 4, count)
    arc[1::10], quarter[1::10] = arc[::10][: len(arc[1::10])], quarter[::10][: len(arc[1::10])]
    arc[2::10] = arc[::10][: len(arc[2::10])]
    return Spots(arc, quarter, reverse[arc].astype(np.int32))


def table(roads: Roads, points: Located, count: int) -> tuple[np.ndarray, np.ndarray]:
    time_ms, distance_dm, alone = (np.empty((count, count), dtype=np.int32) for _ in range(3))
    ways = direct(points.links, count)
    seeds = points.sources.seeds, points.targets.seeds
    many_to_many(roads.metric, *seeds, ways, time_ms, distance_dm, rounded=False)
    many_to_many(roads.metric, *seeds, ways, alone, None, rounded=False)
    assert (alone == time_ms).all()
    return time_ms, distance_dm


def state_graph(roads: Roads) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return tail, head and cost of all turns that are open."""
    turns = roads.ground.turns
    source, target = turns.arc[turns.tail], turns.arc[turns.head]
    is_open = (roads.turn_ms < INF) & (roads.weights_ms[source] < INF) & (roads.weights_ms[target] < INF)
    ms = roads.weights_ms[source].astype(np.int64) + roads.turn_ms
    costs = (ms << DM_BITS) + roads.ground.streets.length_dm[source]
    return turns.tail[is_open], turns.head[is_open], costs[is_open]


def scipy_rows(roads: Roads, spots: Spots, rows: np.ndarray) -> np.ndarray:
    """Return the costs of some rows of the table, infinite where there is no way."""
    turns = roads.ground.turns
    states, tails, heads, costs = len(turns.arc), *([part] for part in state_graph(roads))
    turn_of = {}
    for row, point in enumerate(rows.tolist()):
        cheapest: dict[int, int] = {}
        for way in spots.ways(roads, point):
            for turn in range(turns.ptr[way.arc], turns.ptr[way.arc + 1]):
                state = int(turns.head[turn])
                if roads.turn_ms[turn] < INF and roads.weights_ms[turns.arc[state]] < INF:
                    into = way.rest + cost(int(roads.turn_ms[turn]), 0)
                    cheapest[state] = min(into, cheapest.get(state, into))
        turn_of[states + row] = cheapest
    tails.append([source for source, cheapest in turn_of.items() for _ in cheapest])
    heads.append([state for cheapest in turn_of.values() for state in cheapest])
    costs.append([into for cheapest in turn_of.values() for into in cheapest.values()])
    ends = [np.concatenate(parts).astype(np.int32) for parts in (tails, heads)]
    size = states + len(rows)
    graph = csr_array((np.concatenate(costs).astype(np.float64), tuple(ends)), shape=(size, size))
    assert graph.nnz == len(ends[0]), "no two turns join the same states"
    reached = csgraph.dijkstra(graph, indices=states + np.arange(len(rows)))
    return _to_points(roads, spots, rows, reached)


def _to_points(roads: Roads, spots: Spots, rows: np.ndarray, reached: np.ndarray) -> np.ndarray:
    count = len(spots.arc)
    states_of: dict[int, list[int]] = {}
    for state, arc in enumerate(roads.ground.turns.arc.tolist()):
        states_of.setdefault(arc, []).append(state)
    ways = [{way.arc: way for way in spots.ways(roads, point)} for point in range(count)]
    best = np.full((len(rows), count), np.inf)
    for target in range(count):
        for way in ways[target].values():
            for state in states_of[way.arc]:
                np.minimum(best[:, target], reached[:, state] + way.before, out=best[:, target])
    for row, source in enumerate(rows.tolist()):
        for target in np.flatnonzero(spots.arc == spots.arc[source]).tolist():
            if spots.quarter[target] == spots.quarter[source]:
                best[row, target] = 0
                continue
            for way in ways[source].values():
                ahead = (spots.quarter[target] > spots.quarter[source]) == (way.arc == spots.arc[source])
                if ahead:
                    along = ways[target][way.arc].before - way.before
                    best[row, target] = min(best[row, target], along)
    return best


def check_rows(city: City, profile: str, count: int, rows: int) -> None:
    """Compare some rows of a table with scipy's, and some paths with the table."""
    roads = roads_in(city, profile)
    spots = drawn_spots(roads.ground, roads.category, count, seed=count)
    snapped = spots.snapped()
    points = locate_on(roads, snapped, snapped.lat, snapped.lon)
    time_ms, distance_dm = table(roads, points, count)
    chosen = np.sort(rng(rows).permutation(count)[:rows])
    for some in np.array_split(chosen, -(-rows // 50)):
        wanted = scipy_rows(roads, spots, some)
        no_way = np.isinf(wanted)
        costs = np.where(no_way, 0, wanted).astype(np.int64)
        assert (time_ms[some] == np.where(no_way, INF, costs >> DM_BITS)).all()
        assert (distance_dm[some] == np.where(no_way, INF, costs & (2**DM_BITS - 1))).all()
    assert (time_ms >= INF).any() == (profile == "closed"), "what can't be reached is behind a closure"
    check_paths(roads, points, time_ms, distance_dm)


def check_paths(roads: Roads, points: Located, time_ms: np.ndarray, distance_dm: np.ndarray) -> None:
    """Add up the turns of 300 paths."""
    turns, costs = roads.ground.turns, (points.sources.seeds.cost, points.targets.seeds.cost)
    source, target = rng(3).integers(0, len(time_ms), (2, 300)).astype(np.int32)
    paths = shortest_paths(roads.metric, points.sources.seeds, points.targets.seeds, source, target)
    along = {(s, t): c for s, t, c in zip(points.links.source, points.links.target, points.links.cost)}
    for r, pair in enumerate(zip(source, target)):
        entry = (int(time_ms[pair]), int(distance_dm[pair]))
        if pair in along and along[pair] <= paths.cost[r]:
            assert parts(along[pair]) == entry
            continue
        assert entry == ((INF, INF) if paths.cost[r] >= INF_COST else parts(paths.cost[r]))
        driven = paths.arc[paths.ptr[r] : paths.ptr[r + 1]]
        if entry[0] >= INF:
            assert len(driven) == 0
            continue
        assert all(turns.head[a] == turns.tail[b] for a, b in pairwise(driven))
        assert (roads.turn_ms[driven] < INF).all()
        seeds = paths.source_seed[r], paths.target_seed[r]
        state, last = points.sources.seeds.node[seeds[0]], points.targets.seeds.node[seeds[1]]
        assert [state, last] == ([turns.tail[driven[0]], turns.head[driven[-1]]] if len(driven) else [state, state])
        arcs = turns.arc[turns.tail[driven]]
        (leave_ms, leave_dm), (reach_ms, reach_dm) = (parts(each[seed]) for each, seed in zip(costs, seeds))
        turning_ms = roads.weights_ms[arcs].sum() + roads.turn_ms[driven].sum()
        lengths_dm = roads.ground.streets.length_dm[arcs].sum()
        assert (leave_ms + turning_ms + reach_ms, leave_dm + lengths_dm + reach_dm) == entry


def parts(packed: int) -> tuple[int, int]:
    return int(packed) >> TIME_SHIFT, int(packed) & DISTANCE_MASK


@pytest.mark.parametrize("profile", PROFILES)
def test_rows_are_those_of_dijkstra(city: City, profile: str) -> None:
    check_rows(city, profile, count=1000, rows=20)


@pytest.mark.soak
@pytest.mark.parametrize("count", [1000, 4000])
@pytest.mark.parametrize("profile", PROFILES)
def test_two_hundred_rows_are_those_of_dijkstra(city: City, profile: str, count: int) -> None:
    check_rows(city, profile, count, rows=200)
