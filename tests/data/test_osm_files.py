"""Extracts and graphs as files: damaged ones are refused, real ones give the numbers we know."""

from __future__ import annotations

import bz2
from collections import Counter
from pathlib import Path

import networkx as nx
import numpy as np
import osmnx
import pytest
from osmnx import settings

from data.errors import RoutingDataError
from data.model.streets import StreetNetwork
from data.sources.osm import streets_from_graphml, streets_from_pbf, streets_from_place
from data.sources.osm_access import ALL, BIKE
from tests.data.osm_town import crossroads
from tests.data.test_osm import check


def refused(path: Path) -> str:
    with pytest.raises(RoutingDataError) as caught:
        streets_from_pbf(path)
    assert caught.value.where == str(path)
    assert caught.value.action
    return caught.value.code


@pytest.mark.parametrize("suffix", ["osm.pbf", "osm", "osm.bz2"])
def test_every_format_gives_the_same_streets(tmp_path: Path, suffix: str) -> None:
    town = crossroads()
    network, _ = streets_from_pbf(town.write(tmp_path / f"town.{suffix}"))
    assert len(town.arcs(network)) == 8


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("absent.osm.pbf", None),
        ("empty.osm.pbf", b""),
        ("text.osm.pbf", b"these are no streets\n" * 50),
        ("page.osm.pbf", b"<!DOCTYPE html><html><body>404 Not Found</body></html>"),
        ("zeros.osm.pbf", bytes(4096)),
        ("empty.osm", b""),
        ("page.osm", b"<html><body>404</body></html>"),
        ("cut.osm", b"<osm version='0.6'><node id='1' lat='47'"),
        ("streets.csv", b"lat;lon\n"),
    ],
)
def test_what_is_no_extract_is_refused(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert refused(path) == "unreadable_extract"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path) == "unreadable_extract"


def test_a_cut_extract_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    whole = crossroads().write(tmp_path / "town.osm.pbf").read_bytes()
    cut = tmp_path / "cut.osm.pbf"
    codes = Counter[str]()
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        codes[refused(cut)] += 1
    # Between the header's blob and each later one lies a cut that leaves a whole file without streets.
    assert codes["unreadable_extract"] >= len(whole) - 3


def test_a_large_extract_cut_anywhere_is_refused(tmp_path: Path, shared_data: Path) -> None:
    whole = (shared_data / "osm" / "monaco.osm.pbf").read_bytes()
    cut = tmp_path / "cut.osm.pbf"
    # 1014845 and 1731478 are ends of blobs: osmium alone reads on when fewer than four bytes follow one.
    for length in (1, 3, 203 + 1, len(whole) // 2, 1_014_845 + 1, 1_731_478 + 3, len(whole) - 1):
        cut.write_bytes(whole[:length])
        assert refused(cut) == "unreadable_extract"


def test_no_streets_at_all(tmp_path: Path) -> None:
    town = crossroads()
    town.ways = []
    town.way(1, [2, 1], "steps")
    assert refused(town.write(tmp_path / "steps.osm.pbf")) == "no_streets"


def test_ways_without_their_nodes(tmp_path: Path) -> None:
    town = crossroads()
    town.nodes = []
    assert refused(town.write(tmp_path / "ways.osm.pbf")) == "unreadable_extract"


def test_a_latitude_off_the_globe_is_refused(tmp_path: Path) -> None:
    path = crossroads().write(tmp_path / "town.osm")
    path.write_text(path.read_text().replace('lat="47.001"', 'lat="97.001"'))
    assert refused(path) == "unreadable_extract"


def test_progress_rises_to_one(tmp_path: Path) -> None:
    seen: list[float] = []
    streets_from_pbf(crossroads().write(tmp_path / "town.osm.pbf"), lambda stage, done: seen.append(done))
    assert seen == sorted(seen) and seen[-1] == 1.0


def drivable(network: StreetNetwork) -> int:
    """Return the junctions of the largest part in which a car gets from everywhere to everywhere."""
    cars = network.access & 1 > 0
    graph = nx.DiGraph(zip(network.tail[cars].tolist(), network.head[cars].tolist()))
    return max(map(len, nx.strongly_connected_components(graph)))


@pytest.mark.parametrize(
    ("name", "nodes", "arcs", "restrictions", "drivable_nodes"),
    [("monaco", 2439, 4808, 27, 2153), ("porto_portugal", 72014, 175539, 335, 64255)],
)
def test_real_extracts(
    shared_data: Path, name: str, nodes: int, arcs: int, restrictions: int, drivable_nodes: int
) -> None:
    network, report = streets_from_pbf(shared_data / "osm" / f"{name}.osm.pbf")
    check(network)
    assert (network.nodes, network.arcs, len(network.restriction_only)) == (nodes, arcs, restrictions)
    assert drivable(network) == drivable_nodes
    assert not any("roads for cars only" in warning for warning in report.warnings)


def test_nantes_as_known(shared_data: Path) -> None:
    network, report = streets_from_pbf(shared_data / "osm" / "nantes_drive.osm.pbf")
    check(network)
    # 6588 junctions and 14404 edges, of which 79 (47 streets) are loops we split; 5 bus-only streets are closed.
    assert network.nodes == 6588 + 47 - 1
    assert network.arcs == 14404 + 79 - 6
    assert any("roads for cars only" in warning for warning in report.warnings)


def lines(network: StreetNetwork) -> dict[tuple[tuple[float, float], ...], int]:
    """Return the access of every arc by its points."""
    return {tuple(network.arc_points(arc)): int(network.access[arc]) for arc in range(network.arcs)}


def test_graph_and_extract_of_nantes_agree(shared_data: Path) -> None:
    extract, _ = streets_from_pbf(shared_data / "osm" / "nantes_drive.osm.pbf")
    graph, report = streets_from_graphml(shared_data / "osm" / "SGdrive_Nantes.graphml.bz2")
    check(graph)
    by_extract, by_graph = lines(extract), lines(graph)
    assert by_graph.items() <= by_extract.items()
    # Only the graph knows `access`: 23 edges are closed, and two arcs beyond them become an island.
    assert len(by_extract) - len(by_graph) == 25
    assert report.ignored_restrictions == 0


def saved(tmp_path: Path, **edge: object) -> Path:
    """Save a two-way street 1-2 with a bend, and a one-way street 2-3, as OSMnx does."""
    graph = nx.MultiDiGraph(crs="epsg:4326", simplified=True)
    for node, x, y in ((1, 2.0, 47.0), (2, 2.001, 47.0), (3, 2.002, 47.0)):
        graph.add_node(node, x=x, y=y)
    bend = "LINESTRING (2 47, 2.0005 47.0005, 2.001 47)"
    back = "LINESTRING (2.001 47, 2.0005 47.0005, 2 47)"
    street = {"osmid": 10, "highway": "residential", "oneway": False, "length": 1.0, **edge}
    graph.add_edge(1, 2, **street, reversed=False, geometry=bend)
    graph.add_edge(2, 1, **street, reversed=True, geometry=back)
    graph.add_edge(2, 3, osmid=11, highway="residential", oneway=True, length=1.0, reversed=False)
    path = tmp_path / "graph.graphml"
    osmnx.save_graphml(graph, path)
    return path


def test_both_directions_of_an_edge_become_one_street(tmp_path: Path) -> None:
    network, report = streets_from_graphml(saved(tmp_path))
    check(network)
    assert network.nodes == 3
    assert list(zip(network.tail.tolist(), network.head.tolist())) == [(0, 1), (1, 0), (1, 2)]
    assert network.shape_ptr.tolist() == [0, 1, 2, 2]
    assert any("no turn restrictions" in warning for warning in report.warnings)


@pytest.mark.parametrize(
    ("tags", "kmh", "access"),
    [
        ({"maxspeed": "['50', '30']"}, 30, ALL),
        ({"highway": "['primary', 'living_street']"}, 20, ALL),
        ({"access": "['yes', 'no']", "bicycle": "yes"}, 50, BIKE),
        ({"access": "destination"}, 50, ALL),
    ],
)
def test_merged_edges_take_the_strictest_tag(tmp_path: Path, tags: dict[str, str], kmh: int, access: int) -> None:
    network, _ = streets_from_graphml(saved(tmp_path, **tags))
    assert network.speed_kmh[:2].tolist() == [kmh, kmh]
    assert network.access[:2].tolist() == [access, access]


def test_a_reversed_edge_reads_its_way_backwards(tmp_path: Path) -> None:
    network, _ = streets_from_graphml(saved(tmp_path, **{"maxspeed:forward": "70", "maxspeed:backward": "30"}))
    assert network.speed_kmh.tolist() == [70, 30, 50]
    assert network.cruise_kmh.tolist() == [56, 24, 25]
    assert network.node_id.tolist() == [1, 2, 3] and network.shape_node_id.tolist() == [0, 0]


@pytest.mark.parametrize("damage", ["absent", "empty", "cut", "cut_bz2", "text", "projected", "nothing"])
def test_what_is_no_graph_is_refused(tmp_path: Path, damage: str) -> None:
    path = saved(tmp_path)
    text = path.read_text()
    broken = {
        "empty": "",
        "cut": text[: len(text) // 2],
        "text": "no graph",
        "projected": text.replace("47.0", "5200000.0"),
        "nothing": "<graphml></graphml>",
    }
    if damage == "absent":
        path.unlink()
    elif damage == "cut_bz2":
        path = tmp_path / "graph.graphml.bz2"
        path.write_bytes(bz2.compress(text.encode())[:-40])
    else:
        path.write_text(broken[damage])
    with pytest.raises(RoutingDataError) as caught:
        streets_from_graphml(path)
    assert caught.value.code == "unreadable_graph"
    assert caught.value.where == str(path)


def test_a_place_is_downloaded_with_every_tag_and_no_folder_of_ours_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JALON_CACHE", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def graph_from_place(query: str, **options: object) -> nx.MultiDiGraph:
        assert (query, options["custom_filter"], options["simplify"]) == ("Here, France", '["highway"]', False)
        folders = (settings.cache_folder, settings.data_folder, settings.logs_folder, settings.imgs_folder)
        assert all(Path(folder).is_relative_to(tmp_path / "jalon") for folder in folders)
        assert settings.all_oneway and "barrier" in settings.useful_tags_node
        graph = nx.MultiDiGraph(crs="epsg:4326")
        for node in range(1, 7):
            graph.add_node(node, x=2 + node / 1000, y=47.0)
        graph.nodes[3]["barrier"] = "bollard"
        graph.nodes[4]["highway"], graph.nodes[5]["highway"] = "crossing", "traffic_signals"
        one_way = {"osmid": 10, "highway": "residential", "oneway": "-1", "oneway:bicycle": "no", "length": 1.0}
        graph.add_edge(1, 2, **one_way)
        for tail in (2, 3, 4, 5):
            graph.add_edge(tail, tail + 1, osmid=11, highway="residential", length=1.0)
        return graph

    monkeypatch.setattr(osmnx, "graph_from_place", graph_from_place)
    before = settings.data_folder, settings.all_oneway
    network, report = streets_from_place("Here, France")
    check(network)
    assert (settings.data_folder, settings.all_oneway) == before
    west = np.rint((network.node_lon - 2) * 1000).astype(int)
    arcs = sorted(zip(west[network.tail].tolist(), west[network.head].tolist(), network.access.tolist()))
    assert arcs == [
        (1, 2, ALL),
        (2, 1, BIKE),
        (2, 3, ALL),
        (3, 2, ALL),
        (3, 3, BIKE),
        (3, 3, BIKE),
        (3, 5, ALL),
        (5, 3, ALL),
        (5, 6, ALL),
        (6, 5, ALL),
    ]
    assert set(west[network.head[network.obstacle_ms > 0]].tolist()) == {5} and network.obstacle_ms.max() == 2000
    assert any("no turn restrictions" in warning for warning in report.warnings)


def test_a_place_that_can_not_be_loaded_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def graph_from_place(query: str, **options: object) -> nx.MultiDiGraph:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(osmnx, "graph_from_place", graph_from_place)
    with pytest.raises(RoutingDataError, match="no route to host") as caught:
        streets_from_place("Nowhere")
    assert caught.value.code == "place_not_loaded"
    assert ".osm.pbf" in caught.value.action
