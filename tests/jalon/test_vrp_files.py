"""Instances of the literature: read or refused with a line, and a checker that finds what is wrong with routes."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import InputError
from jalon.vrp.check import convention, cost, faults
from jalon.vrp.instance import DIMACS, EXACT_HUNDREDTHS, ROUNDED, THOUSANDTHS, Instance, Vehicle
from jalon.vrp.read import read_instance

CVRP = """NAME : tiny
TYPE : CVRP
DIMENSION : 4
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : 10
NODE_COORD_SECTION
1 0 0
2 3 4
3 6 8
4 0 5
DEMAND_SECTION
1 0
2 4
3 5
4 6
DEPOT_SECTION
1
-1
EOF
"""
SOLOMON = """tiny

VEHICLE
NUMBER     CAPACITY
  2         10

CUSTOMER
CUST NO.  XCOORD.    YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE TIME

    0      0         0          0          0       100          0
    1      3         4          4          5        20         10
    2      1         1          6          0        50         10
"""


def wrote(folder: Path, text: str, name: str = "tiny.vrp") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_reads_and_counts_as_the_file_says(tmp_path: Path) -> None:
    wrote(tmp_path, "Route #1: 1 2\nRoute #2: 3\nCost 30\n", "tiny.sol")
    instance = read_instance(wrote(tmp_path, CVRP))
    assert (instance.demand, instance.depots, instance.bks) == ((0, 4, 5, 6), (0,), 30.0)
    assert instance.known == ((1, 2), (3,)) and len(instance.vehicles) == 4 and not instance.by_vehicle
    way = convention(instance)
    assert way is ROUNDED and cost(instance, instance.known, way) == 5 + 5 + 10 + 10
    assert faults(instance, instance.known, way) == []


def test_reads_solomon(tmp_path: Path) -> None:
    instance = read_instance(wrote(tmp_path, SOLOMON, "tiny.txt"))
    assert instance.windows == ((0, 100), (5, 20), (0, 50)) and instance.service == (0, 10, 10)
    assert instance.vehicles == (Vehicle(10),) * 2 and instance.bks is None
    assert convention(instance) is DIMACS
    assert cost(instance, [[1, 2]], DIMACS) == pytest.approx((50 + 36 + 14) / 10)
    assert faults(instance, [[1, 2]], DIMACS) == [] and len(faults(instance, [[2], [1, 2]], DIMACS)) == 1


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ("3 6 8\n", "3 6 x\n", 9, "not_a_number"),
        ("4 0 5\n", "", 6, "wrong_length"),
        ("3 5\n4 6\n", "3 5\n4 66\n", 15, "unservable"),
        ("3 5\n", "3 oops\n", 14, "not_a_number"),
        ("TYPE : CVRP", "TYPE : TSP", 2, "unknown_rule"),
        ("CAPACITY : 10", "CAPACITY : ten", 5, "not_a_number"),
        ("DIMENSION : 4", "DIMENSION : four", 3, "not_a_number"),
        ("EUC_2D", "GEO", 4, "unknown_rule"),
        ("DEPOT_SECTION\n1\n", "DEPOT_SECTION\n9\n", 16, "wrong_reference"),
        ("DEPOT_SECTION", "BACKHAUL_SECTION\n2\nDEPOT_SECTION", 16, "unknown_rule"),
        ("CAPACITY : 10", "CAPACITY 10", 5, "not_an_instance"),
    ],
)
def test_says_where_a_file_is_broken(tmp_path: Path, old: str, new: str, line: int, code: str) -> None:
    assert old in CVRP
    with pytest.raises(InputError) as caught:
        read_instance(wrote(tmp_path, CVRP.replace(old, new)))
    assert (caught.value.code, caught.value.where) == (code, f"{tmp_path / 'tiny.vrp'}:{line}")


def test_refuses_what_is_no_instance(tmp_path: Path) -> None:
    missing = CVRP.replace("CAPACITY : 10\n", "")
    for text, code in ((missing, "missing_value"), ("", "empty_file"), ("hello\n", "not_an_instance")):
        with pytest.raises(InputError) as caught:
            read_instance(wrote(tmp_path, text))
        assert caught.value.code == code and "tiny.vrp" in caught.value.where
    with pytest.raises(InputError, match="unreadable_file"):
        read_instance(tmp_path / "none.vrp")
    wrote(tmp_path, "Route #1: one\n", "tiny.sol")
    with pytest.raises(InputError, match="not_a_solution"):
        read_instance(wrote(tmp_path, CVRP))


WINDOWED = Instance(
    name="w",
    family="MDVRPTW",
    depots=(0, 1),
    demand=(0, 0, 4, 5, 6),
    vehicles=(Vehicle(10, longest=30), Vehicle(10, depot=1, longest=100), Vehicle(6, fixed=7, unit=2)),
    coords=((0, 0), (10, 0), (3, 4), (6, 8), (0, 5)),
    windows=((0, 100), (0, 100), (0, 50), (20, 30), (0, 100)),
    service=(0, 0, 2, 2, 2),
    groups=((3, 4),),
    by_vehicle=True,
)


@pytest.mark.parametrize(
    ("routes", "fault"),
    [
        ([[2, 3]], ""),
        ([[], [3, 2]], ""),
        ([[2], [], [4]], ""),
        ([[2]], "one of [3, 4] must be served once, not 0 times"),
        ([[2, 3], [4]], "one of [3, 4] must be served once, not 2 times"),
        ([[2, 3, 2]], "one of [2] must be served once, not 2 times"),
        ([[2, 3, 1]], "1 is no customer"),
        ([[2, 3, 7]], "7 is no customer"),
        ([[2, 3], [], [], []], "4 routes for 3 vehicles"),
        ([[], [], [2, 3]], "route 3: load 9 is over the capacity 6"),
    ],
)
def test_the_checker_finds(routes: list[list[int]], fault: str) -> None:
    found = faults(WINDOWED, routes, THOUSANDTHS)
    assert (fault in found) if fault else found == []


def test_the_checker_follows_the_clock() -> None:
    late = [[], [2, 3]]  # 8062 there, 5000 on, and the window of 3 is open from 20 to 30
    assert faults(WINDOWED, late, THOUSANDTHS) == []
    early = Instance(**{**vars(WINDOWED), "windows": ((0, 100), (0, 100), (0, 50), (5, 14), (0, 100))})
    assert faults(early, late, THOUSANDTHS) == ["route 2: 3 is reached 1062 too late"]
    short = Instance(**{**vars(WINDOWED), "vehicles": (Vehicle(10, longest=23), *WINDOWED.vehicles[1:])})
    assert faults(short, [[2, 3]], THOUSANDTHS) == ["route 1: takes 24000, 23000 is the most"]


def test_costs_with_prices() -> None:
    assert cost(WINDOWED, [[2], [], [4]], THOUSANDTHS) == 10_000 + (2 * 10_000 + 7_000)
    assert cost(WINDOWED, [[2], [], [4]], EXACT_HUNDREDTHS) == pytest.approx((10 + 20 + 7) / 100)


def test_published_costs_are_met(shared_data: Path) -> None:
    files = sorted((shared_data / "vrp").glob("*/*.vrp"))
    assert len(files) > 20
    for file in files:
        instance = read_instance(file)
        way = convention(instance)
        assert faults(instance, instance.known, way) == [], file.name
        assert cost(instance, instance.known, way) == pytest.approx(instance.bks, rel=1e-6), file.name
