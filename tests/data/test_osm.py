"""From a map to arcs: junctions, shapes, barriers and islands, against a slow and obvious oracle."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.model.streets import StreetNetwork
from data.sources.osm_access import ALL, BIKE, MOTOR
from data.units import haversine_m
from tests.data.osm_town import Town, crossroads


def check(network: StreetNetwork) -> None:
    """Assert what every street network promises."""
    arcs, restrictions = network.arcs, len(network.restriction_only)
    assert np.all(np.diff(network.tail) >= 0)
    assert np.all(network.tail != network.head)
    assert np.all(network.length_dm >= 1)
    assert np.all(network.access > 0)
    assert np.all(network.speed_kmh > 0) and np.all(network.cruise_kmh > 0) and np.all(network.obstacle_ms >= 0)
    assert len(network.node_id) == network.nodes and len(network.shape_node_id) == len(network.shape_lat)
    assert network.shape_ptr[0] == 0 and network.shape_ptr[-1] == len(network.shape_lat) == len(network.shape_lon)
    assert len(network.shape_ptr) == arcs + 1 and np.all(np.diff(network.shape_ptr) >= 0)
    assert len(network.restriction_ptr) == restrictions + 1
    assert network.restriction_ptr[-1] == len(network.restriction_arcs)
    assert set(np.concatenate([network.tail, network.head]).tolist()) == set(range(network.nodes))
    for name in ("tail", "head", "length_dm", "shape_ptr", "restriction_ptr", "restriction_arcs"):
        assert getattr(network, name).dtype == np.int32, name
    for name in ("speed_kmh", "road_class", "access", "restriction_except"):
        assert getattr(network, name).dtype == np.uint8, name
    kinds = {"cruise_kmh": np.float32, "obstacle_ms": np.int32, "arc_hours": np.int16, "roundabout": np.bool_}
    for name, dtype in kinds.items():
        assert getattr(network, name).dtype == dtype and len(getattr(network, name)) == arcs, name
    assert network.node_id.dtype == network.shape_node_id.dtype == np.int64
    for arc in range(min(arcs, 200)):
        points = network.arc_points(arc)
        along = sum(haversine_m(a[1], a[0], b[1], b[0]) for a, b in pairwise(points))
        assert abs(network.length_dm[arc] - max(1, along * 10)) <= 1


def test_a_crossroads_has_five_junctions_and_eight_arcs(tmp_path: Path) -> None:
    town = crossroads()
    network, report = town.load(tmp_path)
    check(network)
    assert town.arcs(network) == sorted((a, b, ALL) for x in (2, 3, 4, 5) for a, b in ((1, x), (x, 1)))
    assert sorted(set(network.way_id.tolist())) == [10, 11, 12, 13]
    assert report.dropped_ways == 0 and report.street_hours == ()
    assert [int(ref) for ref in network.node_id] == [town.ref(network, node) for node in range(5)]
    assert network.length_dm[0] in (1112, 758)  # 0.001 degree north, or east at 47 N


def test_shapes_follow_each_direction(tmp_path: Path) -> None:
    town = Town()
    for ref, x, y in ((1, 0, 0), (2, 1, 1), (3, 2, 1), (4, 3, 0)):
        town.node(ref, x, y)
    town.way(10, [1, 2, 3, 4], maxspeed="50", maxspeed__backward="30")
    network, _ = town.load(tmp_path)
    check(network)
    lines = [[town.at[point] for point in network.arc_points(arc)] for arc in range(2)]
    assert lines == [[1, 2, 3, 4], [4, 3, 2, 1]]
    assert network.shape_node_id.tolist() == [2, 3, 3, 2]
    assert network.speed_kmh.tolist() == [50, 30]
    assert network.cruise_kmh.tolist() == [40, 24]


def test_a_closed_way_is_split_and_parallel_arcs_are_kept(tmp_path: Path) -> None:
    town = crossroads()
    for ref, x, y in ((6, 2, 0), (7, 2, 1), (8, 1, 1)):
        town.node(ref, x, y)
    town.way(20, [3, 6, 7, 8, 3], oneway="yes")
    town.way(21, [2, 1])
    network, _ = town.load(tmp_path)
    check(network)
    arcs = [(tail, head) for tail, head, _ in town.arcs(network)]
    assert (3, 7) in arcs and (7, 3) in arcs
    assert arcs.count((2, 1)) == 2 and arcs.count((1, 2)) == 2


def test_repeated_nodes_and_ways_of_one_point_do_no_harm(tmp_path: Path) -> None:
    town = crossroads()
    town.node(6, 2, 0)
    town.way(20, [3, 3, 6, 6])
    town.way(21, [2])
    town.way(22, [4, 4])
    network, _ = town.load(tmp_path)
    check(network)
    assert [(tail, head) for tail, head, _ in town.arcs(network) if 6 in (tail, head)] == [(3, 6), (6, 3)]


def barred(tmp_path: Path, **tags: str) -> list[tuple[int, int, int]]:
    town = crossroads()
    town.node(6, 2, 0, **tags)
    town.node(7, 3, 0)
    town.way(20, [3, 6, 7])
    network, _ = town.load(tmp_path)
    check(network)
    return [arc for arc in town.arcs(network) if 6 in arc[:2]]


def test_a_bollard_stops_cars_but_not_bicycles(tmp_path: Path) -> None:
    assert barred(tmp_path, barrier="bollard") == [
        (3, 6, ALL),
        (6, 3, ALL),
        # Both halves of the bollard's node lie at one spot; only bicycles pass between them.
        (6, 6, BIKE),
        (6, 6, BIKE),
        (6, 7, ALL),
        (7, 6, ALL),
    ]


def test_a_locked_gate_stops_everybody(tmp_path: Path) -> None:
    # The street beyond it is an island.
    assert barred(tmp_path, barrier="gate", access="private") == [(3, 6, ALL), (6, 3, ALL)]


def test_an_open_gate_stops_nobody(tmp_path: Path) -> None:
    assert barred(tmp_path, barrier="gate") == []


def test_a_doubled_node_keeps_its_id_and_rising_bollards_let_everybody_pass(tmp_path: Path) -> None:
    town = crossroads()
    town.node(6, 2, 0, barrier="bollard")
    town.node(7, 3, 0, barrier="bollard", bollard="rising")
    town.node(8, 4, 0)
    town.way(20, [3, 6, 7, 8], junction="roundabout", oneway="no")
    network, _ = town.load(tmp_path)
    assert sorted(network.node_id.tolist()) == [1, 2, 3, 4, 5, 6, 6, 8]
    assert set(network.shape_node_id.tolist()) == {7}
    assert network.roundabout.tolist() == (network.way_id == 20).tolist()


def test_a_bollard_where_two_ways_meet_separates_them(tmp_path: Path) -> None:
    town = crossroads()
    town.node(6, 2, 0, barrier="bollard")
    town.node(7, 3, 0)
    town.way(20, [3, 6])
    town.way(21, [7, 6])
    network, _ = town.load(tmp_path)
    cars = nx.DiGraph(
        (tail, head) for tail, head, who in zip(network.tail, network.head, network.access) if who & MOTOR
    )
    parts = [{town.ref(network, node) for node in part} for part in nx.weakly_connected_components(cars)]
    assert sorted(parts, key=len) == [{6, 7}, {1, 2, 3, 4, 5, 6}]


def test_a_barrier_on_a_junction_closes_nothing_and_is_reported(tmp_path: Path) -> None:
    town = crossroads()
    town.nodes = town.nodes[1:]
    town.node(1, 0, 0, barrier="bollard")
    network, report = town.load(tmp_path)
    assert network.arcs == 8 and network.nodes == 5
    assert any("1 barriers stand on a junction" in warning for warning in report.warnings)


def test_small_islands_are_left_out(tmp_path: Path) -> None:
    town = Town()
    for ref in range(1, 31):
        town.node(ref, ref, 0)
    for ref in (*range(1, 12), *range(13, 17), *range(18, 30)):
        town.way(100 + ref, [ref, ref + 1])
    network, report = town.load(tmp_path)
    check(network)
    assert network.nodes == 12 + 13  # the five junctions 13..17 go
    assert report.dropped_ways == 4
    assert any("islands" in warning for warning in report.warnings)


def test_a_way_that_leaves_the_extract_keeps_its_part_inside(tmp_path: Path) -> None:
    town = crossroads()
    for ref in (6, 7):
        town.node(ref, ref, 0)
    town.way(20, [3, 999, 6, 7])
    town.way(21, [7, 998])
    town.way(22, [7, 3])
    network, report = town.load(tmp_path)
    check(network)
    assert (6, 7, ALL) in town.arcs(network)
    assert not any(3 in arc[:2] and 6 in arc[:2] for arc in town.arcs(network))
    assert any("2 ways leave the extract" in warning for warning in report.warnings)


def test_closed_ways_are_reported(tmp_path: Path) -> None:
    town = crossroads()
    town.way(20, [2, 4], "footway")
    _, report = town.load(tmp_path)
    assert report.dropped_ways == 1


@pytest.mark.parametrize(("highway", "warned"), [("residential", True), ("cycleway", False), ("footway", False)])
def test_a_drive_only_extract_is_reported(tmp_path: Path, highway: str, warned: bool) -> None:
    town = crossroads()
    town.way(20, [2, 4], highway)
    _, report = town.load(tmp_path)
    assert any("roads for cars only" in warning for warning in report.warnings) == warned


WAYS = st.lists(
    st.tuples(
        st.lists(st.integers(1, 12), min_size=2, max_size=6),
        st.sampled_from([{}, {"oneway": "yes"}, {"oneway": "-1"}, {"oneway": "yes", "oneway__bicycle": "no"}]),
    ),
    min_size=1,
    max_size=7,
)


def oracle(ways: list[tuple[list[int], dict[str, str]]]) -> Counter[tuple[int, tuple[int, ...], int]]:
    """Return (way, nodes along the arc, access), one entry per arc, islands left out."""
    clean = [[ref for i, ref in enumerate(refs) if i == 0 or ref != refs[i - 1]] for refs, _ in ways]
    uses = Counter(ref for refs in clean for ref in refs)
    stops = {ref for refs in clean for ref in refs if uses[ref] > 1} | {refs[i] for refs in clean for i in (0, -1)}
    found: Counter[tuple[int, tuple[int, ...], int]] = Counter()
    for way, (refs, (_, tags)) in enumerate(zip(clean, ways)):
        cuts = [i for i, ref in enumerate(refs) if ref in stops]
        middles = [(i + j) // 2 for i, j in pairwise(cuts) if refs[i] == refs[j]]
        cuts = sorted(cuts + middles)
        oneway, bike_too = tags.get("oneway"), "oneway__bicycle" in tags
        for i, j in pairwise(cuts):
            piece = tuple(refs[i : j + 1])
            forward = ALL if oneway != "-1" else 0
            backward = ALL if oneway in (None, "-1") else BIKE if bike_too else 0
            if forward:
                found[way, piece, forward] += 1
            if backward:
                found[way, piece[::-1], backward] += 1
    links = nx.Graph((piece[0], piece[-1]) for _, piece, _ in found)
    largest = max(map(len, nx.connected_components(links)), default=0)
    kept = {ref for part in nx.connected_components(links) if len(part) >= min(10, largest) for ref in part}
    return Counter({arc: count for arc, count in found.items() if arc[1][0] in kept})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ways=WAYS)
def test_any_map_is_cut_as_the_oracle_cuts_it(tmp_path: Path, ways: list[tuple[list[int], dict[str, str]]]) -> None:
    town = Town()
    for ref in range(1, 13):
        town.node(ref, ref * ref % 13, ref)
    town.node(13, 0, 0)
    town.node(14, 0, -1)
    ways = [([13, 14], {}), *ways]  # something is always left
    for number, (refs, tags) in enumerate(ways):
        town.way(100 + number, refs, **tags)
    network, _ = town.load(tmp_path)
    check(network)
    found = Counter(
        (int(network.way_id[arc]) - 100, tuple(town.at[p] for p in network.arc_points(arc)), int(network.access[arc]))
        for arc in range(network.arcs)
    )
    assert found == oracle(ways)
