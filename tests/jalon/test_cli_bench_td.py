"""``jalon bench td``: what its contract says, costs by an independent checker, files that are refused."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jalon.td.check import arrival, cost, faults, latest, returned, shortest
from jalon.td.convert import timed_of
from jalon.td.read import read_instance
from tests.jalon import town
from tests.jalon.td_files import HORIZON, STEP, best_known, curve, drawn, written


def test_says_what_the_contract_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [drawn(tmp_path, "a", 7, 1), drawn(tmp_path, "b", 8, 2)]
    alone = [[stop] for stop in range(1, 8)]
    best_known(files[0], alone, cost(read_instance(files[0]), alone) or 0.0)
    given = ("bench", "td", *files, "--seconds", 60, "--iterations", 1500, "--seed", 3)
    assert town.run(*given, "--json") == 0
    told = capsys.readouterr()
    results = town.checked_against("bench-td", told.out)
    assert [result["instance"] for result in results] == ["a", "b"]
    assert results[0]["gap_pct"] < 0 and results[1]["bks"] is None and results[1]["gap_pct"] is None
    assert "a, 7 customers:" in told.err and "b, 8 customers:" in told.err
    for file, result in zip(files, results):
        instance = read_instance(file)
        assert faults(instance, result["routes"], result["departures"]) == []
        assert cost(instance, result["routes"]) == result["cost"]
        homes = [returned(instance, *pair) for pair in zip(result["routes"], result["departures"])]
        assert sum(home or 0 for home in homes) - sum(result["departures"]) == result["cost"]
    assert town.run(*given, "--json") == 0
    assert [one["routes"] for one in json.loads(capsys.readouterr().out)] == [one["routes"] for one in results]
    assert town.run(*given) == 0
    told = capsys.readouterr()
    assert told.out == "" and max(map(len, told.err.splitlines())) <= 80


@pytest.mark.parametrize("seed", range(4))
def test_the_checker_knows_the_best_departure(seed: int, tmp_path: Path) -> None:
    instance = read_instance(drawn(tmp_path, "a", 5, seed))
    rng = np.random.default_rng(seed)
    for _ in range(30):
        route = tuple(int(stop) for stop in rng.permutation(5)[: rng.integers(1, 4)] + 1)
        tried = [home - leave for leave in range(HORIZON + 1) if (home := returned(instance, route, leave)) is not None]
        found = shortest(instance, route)
        assert (found[0] if found else None) == min(tried, default=None)
        if found:
            assert returned(instance, route, found[1]) == sum(found)


@pytest.mark.parametrize("seed", range(5))
def test_functions_are_the_envelope_and_their_slices_the_same(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    travel = rng.integers(5, 200, size=HORIZON // STEP).tolist()
    drawn_curve = tuple(map(tuple, curve(travel)))
    before = 0.0
    for leave in range(HORIZON + 1):
        least = min(at + travel[max(at - 1, 0) // STEP] for at in range(leave, HORIZON + 1))
        reached = arrival(drawn_curve, leave)
        assert reached is not None and least - 1 <= reached <= least  # the boundary itself is the infimum's
        assert reached >= before
        before = reached
        last = latest(drawn_curve, reached)
        assert last is not None and last >= leave and arrival(drawn_curve, last) == reached
    instance = read_instance(drawn(tmp_path, "a", 3, seed))
    problem = timed_of(instance)
    for pair in itertools.permutations(range(4), 2):
        for leave in range(HORIZON + 1):
            seconds, late = problem.travel[pair][max(leave - 1, 0) // problem.step]
            assert arrival(instance.arcs[pair], leave) == min(leave + seconds, late)


def test_evaluation_at_a_step_and_beyond_the_horizon() -> None:
    stepped = ((0.0, 10.0, 10.0, 20.0), (5.0, 15.0, 30.0, 40.0))
    assert [arrival(stepped, at) for at in (0, 10, 10.5, 20, 21, -1)] == [5, 15, 30.5, 40, None, None]
    assert [latest(stepped, at) for at in (4, 5, 15, 20, 30, 35, 50)] == [None, 0, 10, 10, 10, 15, 20]


def test_the_checker_finds_every_fault(tmp_path: Path) -> None:
    instance = read_instance(drawn(tmp_path, "a", 6, 1, vehicles=6))
    alone = [[stop] for stop in range(1, 7)]
    leaves = [found[1] for route in alone if (found := shortest(instance, route))]
    assert len(leaves) == 6 and faults(instance, alone, leaves) == []
    assert faults(instance, alone[1:], leaves[1:]) == ["1 must be served once, not 0 times"]
    assert faults(instance, [*alone, [1]], [*leaves, leaves[0]])[:2] == [
        "1 must be served once, not 2 times",
        "7 routes for 6 vehicles",
    ]
    assert faults(instance, [[9], *alone], [0, *leaves])[0] == "9 is no customer"
    assert faults(instance, alone, leaves[1:]) == [
        "5 departures for 6 routes",
        *faults(instance, alone, leaves[1:])[1:],
    ]
    assert "late" in faults(instance, alone, [HORIZON] * 6)[0]
    loaded = [[1, 2, 3, 4, 5, 6]]
    assert any("over the capacity" in fault for fault in faults(instance, loaded, [0]))
    assert cost(instance, loaded) is None


def changed(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.update({key: value})


def other_model(document: dict[str, Any]) -> None:
    document["td"]["model"] = "steps"


def other_sum(document: dict[str, Any]) -> None:
    document["td"]["atf_sha256"] = "0" * 64


def no_functions(document: dict[str, Any]) -> None:
    document["td"]["atf_path"] = "none.atf.json.gz"


REFUSED = [
    (changed("demands", [0, 1]), "wrong_length", "#/demands"),
    (changed("demands", [0, 1, 99, 1]), "unservable", "#/demands/2"),
    (changed("service_times", [0, 1.5, 1, 1]), "unknown_rule", ""),
    (changed("time_windows", [[0, 1], [0, 1], [5, 1], [0, 1]]), "unservable", "#/time_windows/2"),
    (changed("depot", 1), "unknown_rule", "#/depot"),
    (changed("num_vehicles", 0), "not_an_instance", "#/num_vehicles"),
    (changed("vehicle_capacity", "much"), "invalid_value", "#/vehicle_capacity"),
    (changed("horizon", [0.0, 60.0]), "wrong_horizon", "#/arcs/0"),
    (other_model, "unknown_rule", "#/td/model"),
    (other_sum, "wrong_functions", "#/td/atf_sha256"),
    (no_functions, "unreadable_file", "#/td/atf_path"),
]


@pytest.mark.parametrize(("spoil", "code", "where"), REFUSED)
def test_refuses_what_is_broken_before_it_starts(
    spoil: Callable[[dict[str, Any]], None],
    code: str,
    where: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole, broken = drawn(tmp_path, "a", 3, 1), drawn(tmp_path, "b", 3, 2)
    document = json.loads(broken.read_text())
    spoil(document)
    broken.write_text(json.dumps(document))
    assert town.run("bench", "td", whole, broken, "--json") == 2
    error = town.checked_against("error", capsys.readouterr().out)["error"]
    assert error["code"] == code and where in error["where"]


def test_refuses_what_is_no_instance(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "a.vrp"
    other.write_text("NAME : a\n")
    assert town.run("bench", "td", other, "--json") == 2
    assert town.checked_against("error", capsys.readouterr().out)["error"]["code"] == "not_an_instance"


@pytest.mark.parametrize(
    ("xs", "ys", "code"),
    [
        ([0.0, 600.0, HORIZON], [10.0, 9.0, HORIZON + 10.0], "not_fifo"),
        ([0.0, HORIZON], [0.0, HORIZON - 1.0], "not_fifo"),
        ([0.0, HORIZON], [10.0], "wrong_length"),
        ([0.0, HORIZON], [10.0, 2.0 * HORIZON], "unknown_rule"),
        ([0.0, 7.0, 7.0, HORIZON], [10.0, 17.0, 20.0, HORIZON + 13.0], "unknown_rule"),
    ],
)
def test_refuses_functions_it_cannot_use(
    xs: list[float], ys: list[float], code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(drawn(tmp_path, "a", 2, 1).read_text())
    arcs = json.loads(gzip.decompress((tmp_path / "a.atf.json.gz").read_bytes()))["arcs"]
    arcs[3][2:] = xs, ys
    path = written(tmp_path, "b", document, arcs)
    assert town.run("bench", "td", path, "--json") == 2
    assert town.checked_against("error", capsys.readouterr().out)["error"]["code"] == code


def test_costs_of_the_best_known_are_matched(shared_data: Path) -> None:
    files = sorted((shared_data / "td_lyon").glob("n=*/*.vrp.json"))
    assert files
    for file in files:
        instance = read_instance(file)
        assert instance.bks is not None
        assert cost(instance, instance.known) == pytest.approx(instance.bks, abs=1e-9)
        assert faults(instance, instance.known, [round(leave) for leave in instance.known_departures]) == []
