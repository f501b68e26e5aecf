"""Speeds by the hour, live traffic and weather on the command line: plans get slower, mistakes are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from data.cityfile import read_city
from data.model.traffic import SPEED_FACTOR
from tests.jalon import town

JAM = "road_class,weekday,hour_from,hour_to,factor\n*,*,0,24,0.25\n"


def travel_s(folder: Path, capsys: pytest.CaptureFixture[str], *options: str | Path) -> int:
    """Return the driving time of a plan made with these options."""
    path = folder / "slow.json"
    given = ("solve", folder / "request.json", "-o", path, "-l", "0", "--json", *options)
    assert town.run(*given) == 0
    town.checked_against("solve", capsys.readouterr().out)
    return int(json.loads(path.read_bytes())["totals"]["travel_s"])


def refused(capsys: pytest.CaptureFixture[str], *words: str | Path) -> dict[str, Any]:
    capsys.readouterr()
    assert town.run(*words, "--json") == 2
    error: dict[str, Any] = town.checked_against("error", capsys.readouterr().out)["error"]
    return error


def test_a_city_built_with_speeds_is_slower_by_the_hour(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    free_s = travel_s(folder, capsys)
    speeds = folder / "speeds.csv"
    speeds.write_text(JAM)
    files = (folder / "town.osm.pbf", "-o", folder / "town.city", "--speeds", speeds, "--json")
    assert town.run("city", "build", *files, "--relays", folder / "relays.csv") == 0
    assert town.checked_against("city-build", capsys.readouterr().out)["speeds_by_hour"] is True
    assert read_city(folder / "town.city").derived[SPEED_FACTOR].min() == 0.25
    assert travel_s(folder, capsys) > 2 * free_s


def test_the_synthetic_city_takes_speeds_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "speeds.csv").write_text(JAM.replace("0.25", "slow"))
    words = ("city", "build", "synthetic", "-o", tmp_path / "x.city", "--speeds", tmp_path / "speeds.csv")
    error = refused(capsys, *words)
    assert (error["code"], error["where"]) == ("invalid_number", f"{tmp_path / 'speeds.csv'}:2")
    assert not (tmp_path / "x.city").exists()


def test_weather_is_a_name_or_a_factor(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dry, snow, same = (travel_s(folder, capsys, "--weather", name) for name in ("dry", "snow", "0.65"))
    assert dry == travel_s(folder, capsys) < snow == same
    for wrong, action in (("sno", "did you mean `snow`?"), ("0", "one of dry, rain"), ("2", "one of dry, rain")):
        error = refused(capsys, "solve", folder / "request.json", "--weather", wrong)
        assert error["code"] == "bad_weather" and error["where"] == "--weather" and action in error["action"]


def test_live_traffic_slows_a_plan(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All of the town's streets at walking pace: node n of street y is 1 + 10 y + x."""
    segments = folder / "speeds.csv"
    rows = [(1 + y * 10 + x, 2 + y * 10 + x) for y in range(10) for x in range(9)]
    rows += [(1 + y * 10 + x, 11 + y * 10 + x) for y in range(9) for x in range(10)]
    lines = [f"{a},{b},5\n{b},{a},5" for a, b in rows]
    segments.write_text("\n".join(lines) + "\n")
    free_s = travel_s(folder, capsys)
    assert travel_s(folder, capsys, "--traffic", segments) > 2 * free_s
    segments.write_text("\n".join([*lines, "7,8000,30"]) + "\n")
    assert town.run("solve", folder / "request.json", "-l", "0", "--traffic", segments) == 0
    assert "1 of 361 segments are not on these streets: 7-8000 (line 361)" in capsys.readouterr().err


def test_a_replan_hears_of_incidents(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "incidents.geojson"
    here, there = town.position(0, 0), town.position(9, 0)
    geometry = {"type": "LineString", "coordinates": [[at["lon"], at["lat"]] for at in (here, there)]}
    feature = {"type": "Feature", "geometry": geometry, "properties": {"kind": "slow", "factor": 0.5}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    words = ("replan", folder / "plan.json", "--burst", folder / "burst.json", "--city", folder / "town.city")
    given = (*words, "-l", "0", "-o", folder / "after.json", "--traffic", path)
    assert town.run(*given, "--weather", "rain", "--json") == 0
    assert town.checked_against("replan", capsys.readouterr().out)["violations"] == 0
    feature["properties"] = {"kind": "slow"}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert refused(capsys, *given)["where"] == f"{path}#/features/0/properties"


def test_traffic_does_not_go_with_vroom(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.dumps({"vehicles": [{"id": 1, "start_index": 0}], "jobs": []})
    capsys.readouterr()
    assert town.run("solve", document, "--weather", "rain") != 0
    assert "--weather does not go with VROOM's JSON" in "".join(capsys.readouterr())
