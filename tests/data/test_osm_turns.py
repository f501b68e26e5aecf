"""Turn restrictions: which relations bind whom, and which arcs they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.model.streets import ACCESS_BIT
from data.model.vehicle import Category
from data.sources.osm_access import ALL, BIKE
from tests.data.osm_town import Town, crossroads

PL, VUL = ACCESS_BIT[Category.PL], ACCESS_BIT[Category.VUL]
LEFT = [("w", 10, "from"), ("n", 1, "via"), ("w", 12, "to")]
Turns = list[tuple[list[int], bool, int]]


def turns(tmp_path: Path, town: Town) -> tuple[Turns, int]:
    network, report = town.load(tmp_path)
    return town.turns(network), report.ignored_restrictions


@pytest.mark.parametrize(
    ("tags", "only", "exempt"),
    [
        ({"restriction": "no_left_turn"}, False, 0),
        ({"restriction": "only_left_turn"}, True, 0),
        ({"restriction": "no_left_turn", "except": "bicycle;psv"}, False, BIKE),
        ({"restriction": "no_left_turn", "except": "hgv; bicycle"}, False, BIKE | PL),
        ({"restriction__hgv": "no_left_turn"}, False, ALL & ~PL),
        ({"restriction__goods": "only_left_turn"}, True, ALL & ~VUL),
        ({"restriction__motor_vehicle": "no_left_turn"}, False, BIKE),
    ],
)
def test_who_is_bound(tmp_path: Path, tags: dict[str, str], only: bool, exempt: int) -> None:
    town = crossroads()
    town.turn(LEFT, **tags)
    assert turns(tmp_path, town) == ([([2, 1, 4], only, exempt)], 0)


@pytest.mark.parametrize(
    ("tags", "ignored"),
    [
        ({"restriction__conditional": "no_left_turn @ (07:00-09:00)"}, 1),
        ({"restriction__hgv__conditional": "no_left_turn @ (07:00-09:00)"}, 1),
        ({"restriction": "no_left_turn", "hour_on": "07:00", "hour_off": "09:00"}, 1),
        ({"restriction": "give_way"}, 1),
        ({"restriction__psv": "no_left_turn"}, 0),  # concerns nobody we know
        ({"restriction": "no_left_turn", "except": "vehicle"}, 0),
    ],
)
def test_what_does_not_bind(tmp_path: Path, tags: dict[str, str], ignored: int) -> None:
    town = crossroads()
    town.turn(LEFT, **tags)
    assert turns(tmp_path, town) == ([], ignored)


def test_a_rule_and_its_timed_sister_are_told_apart(tmp_path: Path) -> None:
    town = crossroads()
    town.turn(LEFT, restriction="no_left_turn", restriction__conditional="no_u_turn @ (Mo)")
    assert turns(tmp_path, town) == ([([2, 1, 4], False, 0)], 1)


def test_no_u_turn_names_one_way_twice(tmp_path: Path) -> None:
    town = crossroads()
    town.turn([("w", 11, "from"), ("n", 1, "via"), ("w", 11, "to")], restriction="no_u_turn")
    assert turns(tmp_path, town) == ([([3, 1, 3], False, 0)], 0)


def test_no_entry_forbids_each_way_in(tmp_path: Path) -> None:
    town = crossroads()
    town.turn(
        [("w", 10, "from"), ("w", 11, "from"), ("n", 1, "via"), ("w", 12, "to")],
        restriction="no_entry",
    )
    assert turns(tmp_path, town) == ([([2, 1, 4], False, 0), ([3, 1, 4], False, 0)], 0)


@pytest.mark.parametrize(
    "members",
    [
        [("w", 10, "from"), ("w", 12, "to")],
        [("w", 10, "from"), ("n", 1, "via")],
        [("n", 1, "via"), ("w", 12, "to")],
        [("w", 10, "from"), ("n", 1, "via"), ("n", 2, "via"), ("w", 12, "to")],
        [("w", 10, "from"), ("n", 1, "via"), ("w", 11, "via"), ("w", 12, "to")],
        [("w", 10, "from"), ("n", 1, "via"), ("w", 12, "toward")],
        [("w", 10, "from"), ("n", 3, "via"), ("w", 12, "to")],
        [("w", 10, "from"), ("w", 13, "via"), ("w", 12, "to")],
    ],
)
def test_broken_relations_are_counted(tmp_path: Path, members: list[tuple[str, int, str]]) -> None:
    town = crossroads()
    town.turn(members, restriction="no_left_turn")
    assert turns(tmp_path, town) == ([], 1)


def test_only_with_several_ways_out_is_counted(tmp_path: Path) -> None:
    town = crossroads()
    town.turn([*LEFT, ("w", 13, "to")], restriction="only_left_turn")
    assert turns(tmp_path, town) == ([], 1)


def test_a_turn_into_a_street_that_is_not_there_is_no_loss(tmp_path: Path) -> None:
    town = crossroads()
    town.node(6, 1, 1)
    town.way(20, [1, 6], "footway")
    town.way(21, [6, 1], oneway="yes")
    town.turn([("w", 10, "from"), ("n", 1, "via"), ("w", 20, "to")], restriction="no_left_turn")
    town.turn([("w", 10, "from"), ("n", 1, "via"), ("w", 21, "to")], restriction="no_left_turn")
    town.turn([("w", 10, "from"), ("n", 1, "via"), ("w", 999, "to")], restriction="no_left_turn")
    assert turns(tmp_path, town) == ([], 0)


def test_a_through_way_is_ambiguous_unless_one_way_decides(tmp_path: Path) -> None:
    town = crossroads()
    town.node(6, 1, 1)
    town.node(7, -1, -1)
    town.way(20, [6, 1, 7])
    town.way(21, [6, 1, 7], oneway="yes")
    town.turn([("w", 20, "from"), ("n", 1, "via"), ("w", 12, "to")], restriction="no_left_turn")
    town.turn([("w", 21, "from"), ("n", 1, "via"), ("w", 12, "to")], restriction="no_left_turn")
    assert turns(tmp_path, town) == ([([6, 1, 4], False, 0)], 1)


def dual_carriageway() -> Town:
    """Return two one-way streets (20 east, 21 west) joined by a link of two ways (30: 3-8-9, 31: 9-6)."""
    town = Town()
    for ref, x, y in ((2, 0, 0), (3, 1, 0), (4, 2, 0), (5, 2, 1), (6, 1, 1), (7, 0, 1), (8, 1, 0.3), (9, 1, 0.6)):
        town.node(ref, x, y)
    town.node(10, 2, 0.3)
    town.way(19, [2, 3], oneway="yes")
    town.way(20, [3, 4], oneway="yes")
    town.way(21, [5, 6], oneway="yes")
    town.way(22, [6, 7], oneway="yes")
    town.way(30, [3, 8, 9])
    town.way(31, [6, 9])
    town.way(32, [8, 10])
    return town


@pytest.mark.parametrize("vias", [(30, 31), (31, 30)])
def test_several_via_ways_in_any_order_and_direction(tmp_path: Path, vias: tuple[int, int]) -> None:
    town = dual_carriageway()
    members = [("w", 19, "from"), *(("w", via, "via") for via in vias), ("w", 22, "to")]
    town.turn(members, restriction="no_u_turn")
    assert turns(tmp_path, town) == ([([2, 3, 8, 9, 6, 7], False, 0)], 0)


def test_via_ways_that_do_not_touch_are_counted(tmp_path: Path) -> None:
    town = dual_carriageway()
    town.turn([("w", 19, "from"), ("w", 31, "via"), ("w", 22, "to")], restriction="no_u_turn")
    assert turns(tmp_path, town) == ([], 1)


def test_a_barrier_on_the_via_node_leaves_nothing_to_forbid(tmp_path: Path) -> None:
    town = crossroads()
    town.node(6, 2, 0, barrier="bollard")
    town.node(7, 3, 0)
    town.way(20, [3, 6])
    town.way(21, [6, 7])
    town.turn([("w", 20, "from"), ("n", 6, "via"), ("w", 21, "to")], restriction="no_straight_on")
    assert turns(tmp_path, town) == ([], 1)
