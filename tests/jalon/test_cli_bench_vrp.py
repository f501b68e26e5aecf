"""``jalon bench vrp``: what its contract says, routes that add up, the same routes for the same seed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jalon.vrp.check import convention, cost, faults
from jalon.vrp.read import read_instance
from tests.jalon import town
from tests.jalon.test_vrp_files import CVRP, wrote


def clustered(stops: int) -> str:
    """Return an instance of stops on two rings around the depot."""
    at = [(50, 50), *((50 + (9 + i % 2 * 20) * (i * 7 % 13 - 6) // 6, 50 + i * 11 % 23 - 11) for i in range(stops))]
    coords = "".join(f"{i} {x} {y}\n" for i, (x, y) in enumerate(at, 1))
    demand = "".join(f"{i} {0 if i == 1 else 1 + i % 5}\n" for i in range(1, stops + 2))
    head = CVRP[: CVRP.index("NODE")].replace("DIMENSION : 4", f"DIMENSION : {stops + 1}")
    return f"{head}NODE_COORD_SECTION\n{coords}DEMAND_SECTION\n{demand}DEPOT_SECTION\n1\n-1\nEOF\n"


def test_says_what_the_contract_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrote(tmp_path, "Route #1: 1 2\nRoute #2: 3\nCost 30\n", "a.sol")
    files = [wrote(tmp_path, CVRP, "a.vrp"), wrote(tmp_path, clustered(20), "b.vrp")]
    given = ("bench", "vrp", *files, "--seconds", 60, "--iterations", 2000, "--seed", 3)
    assert town.run(*given, "--json") == 0
    told = capsys.readouterr()
    first, second = town.checked_against("bench-vrp", told.out)
    assert (first["instance"], first["cost"], first["bks"], first["gap_pct"]) == ("a", 30, 30, 0)
    assert second["bks"] is None and second["gap_pct"] is None and first["feasible"] and second["feasible"]
    assert "a:" in told.err and "b:" in told.err
    instance = read_instance(files[1])
    way = convention(instance)
    assert faults(instance, second["routes"], way) == [] and cost(instance, second["routes"], way) == second["cost"]
    assert second["iterations"] >= 2000 and 0 <= second["first_s"] <= second["seconds"]
    assert town.run(*given, "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert [one["routes"] for one in again] == [first["routes"], second["routes"]]
    assert town.run(*given, "--threads", 2) == 0
    told = capsys.readouterr()
    assert told.out == "" and max(map(len, told.err.splitlines())) <= 100


def test_a_broken_file_stops_it_before_it_starts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [wrote(tmp_path, CVRP, "a.vrp"), wrote(tmp_path, CVRP.replace("3 6 8", "3 6 x"), "b.vrp")]
    assert town.run("bench", "vrp", *files, "--json") == 2
    error = town.checked_against("error", capsys.readouterr().out)["error"]
    assert error["where"].endswith("b.vrp:9") and error["code"] == "not_a_number"
