"""``jalon bench matrix``: what it measures is the table that plans are made with, and it says so by its contract."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from data.cityfile import read_city
from data.model.plan import AccessClass
from data.model.vehicle import Critair, Energy
from jalon import matrix_bench
from jalon.matrix_bench import CATEGORY, cores, points_on_streets, table
from routing.ground import ground_of
from routing.roads import roads_of
from routing.travel import travel_times
from tests.jalon import town


@pytest.mark.parametrize("file", ["town.osm.pbf", "town.city"])
def test_says_what_the_contract_says(file: str, built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("bench", "matrix", "--network", built / file, "--n", 30, "--seed", 4)
    assert town.run(*given, "--json") == 0
    figures = town.checked_against("bench-matrix", capsys.readouterr().out)
    assert (figures["n"], figures["threads"]) == (30, 1)
    assert 10 < figures["peak_rss_mb"] < 500
    assert town.run(*given) == 0
    told = capsys.readouterr()
    assert told.out == "" and all(name in told.err for name in figures)
    assert max(map(len, told.err.splitlines())) <= 80


def test_refuses_more_threads_than_cores(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("bench", "matrix", "--network", built / "town.city", "--threads", len(os.sched_getaffinity(0)) + 1)
    assert town.run(*given, "--json") == 2
    assert town.checked_against("error", capsys.readouterr().out)["error"]["code"] == "too_many_threads"


@pytest.mark.parametrize(
    ("network", "code", "name"),
    [("town.csv", 2, "unknown_network"), ("none.city", 3, ""), ("none.osm.pbf", 3, "")],
)
def test_refuses_what_is_no_network(
    network: str, code: int, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert town.run("bench", "matrix", "--network", tmp_path / network, "--n", 3, "--json") == code
    error = town.checked_against("error", capsys.readouterr().out)["error"]
    assert name in error["code"] and network in error["message"] + error["where"]


def test_the_measured_table_is_the_one_plans_use(built: Path) -> None:
    city = read_city(built / "town.city")
    ground = ground_of(city)
    lat, lon = points_on_streets(ground, 40, 1)
    anyone = AccessClass(id="c", category=CATEGORY, critair=Critair.EL, energy=Energy.ELECTRIC, vehicle_ids=())
    times = travel_times(city, lat, lon, (anyone,), date(2026, 11, 24), "Europe/Paris")
    duration_s, alone_s, distance_m = np.empty((3, 40, 40), dtype=np.int32)
    table(roads_of(ground, CATEGORY), lat, lon, duration_s, distance_m)
    table(roads_of(ground, CATEGORY), lat, lon, alone_s, None)
    np.testing.assert_array_equal(duration_s, times.duration_s[0])
    np.testing.assert_array_equal(alone_s, times.duration_s[0])
    np.testing.assert_array_equal(distance_m, times.distance_m[0])


def test_points_lie_on_streets_evenly_and_by_seed(built: Path) -> None:
    ground = ground_of(read_city(built / "town.city"))
    lat, lon = points_on_streets(ground, 4000, 7)
    x, y = (lon - 2) / town.STEP_DEGREES, (lat - 47) / town.STEP_DEGREES
    along_x, along_y = np.abs(y - y.round()) < 1e-6, np.abs(x - x.round()) < 1e-6
    assert (along_x | along_y).all() and x.min() >= -1e-6 and x.max() <= town.SIZE - 1 + 1e-6
    per_street = np.bincount(y[along_x].round().astype(int), minlength=town.SIZE)
    assert per_street.min() > 0.6 * per_street.mean() and per_street.max() < 1.4 * per_street.mean()
    np.testing.assert_array_equal(lat, points_on_streets(ground, 4000, 7)[0])
    assert (lat != points_on_streets(ground, 4000, 8)[0]).any()


def test_some_cores_and_back() -> None:
    before = os.sched_getaffinity(0)
    with pytest.raises(KeyError), cores(1):
        assert len(os.sched_getaffinity(0)) == 1
        raise KeyError
    assert os.sched_getaffinity(0) == before


def test_the_least_of_the_repeats_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0.0, 5.0, 5.0, 7.0, 7.0, 10.0])
    walls = iter([0.0, 9.0, 9.0, 12.0, 12.0, 20.0])
    monkeypatch.setattr(matrix_bench.clock, "cpu_s", lambda: next(ticks))
    monkeypatch.setattr(matrix_bench.clock, "elapsed_s", lambda: next(walls))
    assert matrix_bench.least(lambda: None, 3) == (2.0, 3.0)
