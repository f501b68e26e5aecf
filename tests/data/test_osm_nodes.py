"""What lights, signs and gates cost on the arcs that meet them."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.sources.osm_nodes import Obstacle, obstacle_at
from tests.data.osm_town import Town, crossroads


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("highway=traffic_signals", Obstacle(2000, 2000)),
        ("highway=traffic_signals direction=forward", Obstacle(2000, 0)),
        ("highway=traffic_signals direction=forward traffic_signals:direction=backward", Obstacle(0, 2000)),
        ("highway=traffic_signals direction=N", Obstacle(2000, 2000)),
        ("highway=stop", Obstacle(2000, 2000, unsided=True)),
        ("highway=stop direction=both", Obstacle(2000, 2000)),
        ("highway=stop direction=backward", Obstacle(0, 2000)),
        ("highway=stop stop=minor", Obstacle(2000, 2000, unsided=True, minor_only=True)),
        ("highway=give_way direction=forward", Obstacle(1000, 0)),
        ("barrier=gate", Obstacle(60_000, 60_000)),
        ("barrier=lift_gate highway=stop direction=forward", Obstacle(62_000, 60_000)),
        ("barrier=gate access=yes", None),
        ("barrier=toll_booth", None),
        ("highway=crossing crossing=traffic_signals", None),
        ("highway=turning_circle", None),
        ("barrier=bollard", None),
    ],
)
def test_what_a_node_costs(text: str, expected: Obstacle | None) -> None:
    assert obstacle_at(dict(part.split("=", 1) for part in text.split())) == expected


def lost(town: Town, folder: Path) -> dict[tuple[int, int], int]:
    """Return the milliseconds lost on each arc that loses any, by the map's ids."""
    network, _ = town.load(folder)
    ends = zip(network.node_id[network.tail].tolist(), network.node_id[network.head].tolist())
    return {arc: ms for arc, ms in zip(ends, network.obstacle_ms.tolist()) if ms}


def street(**tags: str) -> Town:
    """Return the crossroads with a street 3 - 6 - 7 - 8 going on east from node 3; node 6 carries the tags."""
    town = crossroads()
    town.node(6, 2, 0, **{key.replace("__", ":"): value for key, value in tags.items()})
    town.node(7, 2.1, 0)
    town.node(8, 4, 0)
    town.way(20, [3, 6, 7, 8])
    return town


def test_lights_on_a_street_count_both_ways_or_one(tmp_path: Path) -> None:
    assert lost(street(highway="traffic_signals"), tmp_path) == {(3, 8): 2000, (8, 3): 2000}
    forward = street(highway="traffic_signals", traffic_signals__direction="forward")
    assert lost(forward, tmp_path) == {(3, 8): 2000}
    assert lost(street(highway="give_way", direction="backward"), tmp_path) == {(8, 3): 1000}


def test_lights_at_a_junction_count_on_the_arcs_that_lead_to_it(tmp_path: Path) -> None:
    town = crossroads()
    town.nodes = town.nodes[1:]
    town.node(1, 0, 0, highway="traffic_signals")
    assert lost(town, tmp_path) == {(end, 1): 2000 for end in (2, 3, 4, 5)}


def test_a_gate_that_only_trucks_can_not_pass_counts_once(tmp_path: Path) -> None:
    assert lost(street(barrier="gate"), tmp_path) == {(3, 8): 60_000, (8, 3): 60_000}
    assert lost(street(barrier="gate", hgv="no"), tmp_path) == {(3, 6): 60_000, (8, 6): 60_000}


def test_a_stop_sign_near_one_end_is_for_those_who_come_there(tmp_path: Path) -> None:
    town = crossroads()
    town.node(6, 1.1, 0, highway="stop")  # 8 m after node 3
    town.node(7, 3, 0)
    town.way(20, [3, 6, 7])
    assert lost(town, tmp_path) == {(7, 3): 2000}
    town = crossroads()
    town.node(6, 1.1, 0, highway="stop", direction="both")
    town.node(7, 3, 0)
    town.way(20, [3, 6, 7])
    assert lost(town, tmp_path) == {(3, 7): 2000, (7, 3): 2000}
    assert lost(street(highway="stop"), tmp_path) == {(3, 8): 2000, (8, 3): 2000}


def test_minor_stops_hold_up_the_slower_streets_only(tmp_path: Path) -> None:
    town = Town()
    for ref, x, y in ((2, -1, 0), (3, 1, 0), (4, 0, 1), (5, 0, -1)):
        town.node(ref, x, y)
    town.node(1, 0, 0, highway="stop", stop="minor")
    for way, end in ((10, 2), (11, 3), (12, 4), (13, 5)):
        town.way(way, [end, 1], "primary" if way < 12 else "residential")
    assert lost(town, tmp_path) == {(4, 1): 2000, (5, 1): 2000}
