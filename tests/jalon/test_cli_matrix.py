"""``jalon matrix``: the same table in every format, whole or in blocks; why pairs have no way; what it refuses."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest

from data.cityfile import read_city
from data.clock import PARIS
from data.model.vehicle import Category, Critair, Energy
from routing import table_blocks
from routing.access import VehicleKind, class_access
from routing.matrix.cost import INF
from routing.matrix.sweep import LANES
from routing.travel import travel_times
from tests.jalon import town

AT = f"{town.DAY}T10:00"
SPOTS = [(0.2, 0), (3, 1.4), (2, 7.5), (8.3, 2), (6.6, 5), (3.1, 9), (9, 8.7), (1, 5.5)]
"""In blocks; those from street 5 on lie in the zone."""
EAST = [x >= 5 for x, _ in SPOTS]


def csv_of(path: Path, spots: list[tuple[float, float]] = SPOTS, first: int = 0) -> Path:
    """Write points as a French spreadsheet does."""
    lines = ["Commande;Latitude;Longitude;poids_kg"]
    for number, spot in enumerate(spots, start=first):
        at = town.position(*spot)
        lines.append(f"p{number};{at['lat']:.6f};{at['lon']:.6f};2,5".replace(".", ","))
    path.write_text("\n".join(lines))
    return path


def geojson_of(path: Path) -> Path:
    features = []
    for number, spot in enumerate(SPOTS):
        at = town.position(*spot)
        name = {"id": f"p{number}"} if number % 2 else {}
        point = {"type": "Point", "coordinates": [round(at["lon"], 6), round(at["lat"], 6)]}
        own = {"type": "Feature", "geometry": point, "properties": {} if name else {"id": f"p{number}"}}
        features.append(own | name)
    return town.write(path, {"type": "FeatureCollection", "features": features})


def asked(built: Path, points: Path, *more: str | Path) -> tuple[str | Path, ...]:
    return ("matrix", points, "--city", built / "town.city", "--at", AT, *more)


def read_table(path: Path, sources: int, targets: int) -> tuple[np.ndarray, np.ndarray]:
    """Return seconds and metres of any of the formats, INF without a way."""
    if path.suffix == ".npz":
        with np.load(path) as held:
            assert held["unreachable"] == INF and held["duration_s"].dtype == np.int32
            return held["duration_s"], held["distance_m"]
    if path.suffix == ".parquet":
        rows = pyarrow.parquet.read_table(path).to_pylist()
        names = [(row["source_id"], row["target_id"]) for row in rows]
        assert len(set(names)) == sources * targets and names == sorted(names, key=lambda pair: int(pair[0][1:]))
        tables = [[row[column] for row in rows] for column in ("duration_s", "distance_m")]
    else:
        document = json.loads(path.read_text())
        assert (len(document["sources"]), len(document["targets"])) == (sources, targets)
        tables = [[v for row in document[name] for v in row] for name in ("durations_s", "distances_m")]
    seconds, metres = (np.array([INF if v is None else v for v in t]).reshape(sources, targets) for t in tables)
    return seconds, metres


@pytest.fixture
def as_planned(built: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the table that a plan of the day would use at ten, for an old van that the zone keeps out."""
    city = read_city(built / "town.city")
    kind = VehicleKind(Category.VUL, Critair.NC, Energy.DIESEL)
    day = date.fromisoformat(town.DAY)
    spots = [town.position(*spot) for spot in SPOTS]
    lat, lon = (np.array([round(spot[name], 6) for spot in spots]) for name in ("lat", "lon"))
    access = class_access(city.zones, kind, day, PARIS.key)
    times = travel_times(city, lat, lon, (access,), day, PARIS.key)
    at_ten = times.slice_profile[0]
    assert times.slice_end_s[0] > 10 * 3600
    return times.duration_s[at_ten], times.distance_m[at_ten]


@pytest.mark.parametrize("suffix", [".npz", ".parquet", ".json"])
@pytest.mark.parametrize("write", [csv_of, geojson_of])
def test_every_format_holds_the_table_that_plans_use(
    write: Any, suffix: str, built: Path, tmp_path: Path, as_planned: tuple[np.ndarray, np.ndarray], capsys: Any
) -> None:
    points = write(tmp_path / ("p.csv" if write is csv_of else "p.geojson"))
    output = tmp_path / f"out{suffix}"
    assert town.run(*asked(built, points, "-o", output, "--json")) == 0
    figures = town.checked_against("matrix", capsys.readouterr().out)
    seconds, metres = read_table(output, len(SPOTS), len(SPOTS))
    np.testing.assert_array_equal(seconds, as_planned[0])
    np.testing.assert_array_equal(metres, as_planned[1])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([points.name, output.name])
    apart = (np.array(EAST)[:, None] | np.array(EAST)[None, :]) & ~np.eye(len(SPOTS), dtype=bool)
    np.testing.assert_array_equal(seconds == INF, apart)
    assert figures["unreachable"] == apart.sum()
    assert figures["reasons"] == [{"reason": "closed_zone", "zone_id": "EAST", "pairs": apart.sum()}]
    assert figures["profile"]["closed_zones"] == ["EAST"] and figures["vehicle"] == "vul-NC-diesel"


def test_targets_and_blocks(
    built: Path, tmp_path: Path, as_planned: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks are as small as batches of the sweep: with points repeated, several are needed."""
    monkeypatch.setattr(table_blocks, "BLOCK_ENTRIES", 1)
    many = 2 * LANES // len(SPOTS) + 1
    points, targets = csv_of(tmp_path / "p.csv", SPOTS * many), csv_of(tmp_path / "t.csv", SPOTS[:5], first=900)
    for suffix in (".npz", ".parquet", ".json"):
        output = tmp_path / f"out{suffix}"
        assert town.run(*asked(built, points, "--targets", targets, "-o", output)) == 0
        for found, whole in zip(read_table(output, many * len(SPOTS), 5), as_planned, strict=True):
            np.testing.assert_array_equal(found, np.tile(whole[:, :5], (many, 1)))


def test_stdout_holds_the_table_or_the_summary(built: Path, tmp_path: Path, capsysbinary: Any) -> None:
    points = csv_of(tmp_path / "p.csv", SPOTS[:3])
    assert town.run(*asked(built, points, "--durations-only")) == 0
    document = json.loads(capsysbinary.readouterr().out)
    assert set(document) == {"sources", "targets", "durations_s"}
    assert np.diagonal(document["durations_s"]).tolist() == [0, 0, 0]
    assert town.run(*asked(built, points, "--durations-only", "--json")) == 0
    figures = town.checked_against("matrix", capsysbinary.readouterr().out.decode())
    assert figures["path"] is None and figures["durations_only"]
    for suffix in (".npz", ".parquet"):
        assert town.run(*asked(built, points, "--durations-only", "-o", tmp_path / f"out{suffix}")) == 0
    with np.load(tmp_path / "out.npz") as held:
        assert "distance_m" not in held
    assert pyarrow.parquet.read_schema(tmp_path / "out.parquet").names == ["source_id", "target_id", "duration_s"]


def test_who_may_enter_gets_everywhere(built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = csv_of(tmp_path / "p.csv")
    for kind in ("vul-v3-diesel", "cargo_bike", "vul-EL-electric"):
        assert town.run(*asked(built, points, "--vehicle", kind, "--json")) == 0
        figures = town.checked_against("matrix", capsys.readouterr().out)
        assert (figures["unreachable"], figures["reasons"], figures["profile"]["closed_zones"]) == (0, [], [])


def closure(path: Path, *spots: tuple[float, float]) -> Path:
    """Write traffic closures around some spots."""
    features = []
    for spot in spots:
        at = town.position(*spot)
        properties = {"kind": "closure", "radius_m": 30}
        point = {"type": "Point", "coordinates": [at["lon"], at["lat"]]}
        features.append({"type": "Feature", "geometry": point, "properties": properties})
    return town.write(path, {"type": "FeatureCollection", "features": features})


def test_the_cause_that_alone_keeps_a_pair_apart_counts(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One point in the west on a blocked street, one in the zone on a blocked street, one free, one in the zone."""
    points = csv_of(tmp_path / "p.csv", [(1.5, 3), (7.5, 3), (3, 6.5), (8, 6.5)])
    blocked = closure(tmp_path / "closed.geojson", (1.5, 3), (7.5, 3))
    assert town.run(*asked(built, points, "--traffic", blocked, "--weather", "rain", "--json")) == 0
    figures = town.checked_against("matrix", capsys.readouterr().out)
    found = {(reason["reason"], reason["zone_id"]): reason["pairs"] for reason in figures["reasons"]}
    assert found == {("several_closures", None): 8, ("closed_zone", "EAST"): 2, ("traffic_closure", None): 2}
    assert figures["unreachable"] == 12 and figures["profile"]["traffic_closures"] == 2
    assert figures["profile"]["speed_factors"]["residential"] == 0.85


def test_a_point_off_the_street_is_named(built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = csv_of(tmp_path / "p.csv", [(1, 1), (2, 2), (-2.5, 3)])
    assert town.run(*asked(built, points, "--json")) == 0
    told = capsys.readouterr()
    snap = town.checked_against("matrix", told.out)["snap"]
    assert [point["id"] for point in snap["far"]] == ["p2"] and snap["max_m"] == snap["far"][0]["snap_m"]
    assert "p2" in told.err and snap["median_m"] == 0


GOOD = "id,lat,lon\na,47.001,2.001\n"
WRONG = {
    "no number": (GOOD + "b,nan,2.001\n", 2, "invalid_number", ":3"),
    "out of range": (GOOD + "b,147.0,2.001\n", 2, "invalid_coordinates", ":3"),
    "swapped": (GOOD + "b,2.001,47.0\n", 2, "invalid_coordinates", ":3"),
    "500 km away": (GOOD + "b,47.0,8.6\n", 3, "far_from_streets", ":3"),
    "twice": (GOOD + "a,47.002,2.001\n", 2, "duplicate_id", ":3"),
    "no position": (GOOD + "b,,\n", 2, "missing_value", ":3"),
    "no id": (GOOD + ",47.0,2.0\n", 2, "missing_value", ":3"),
    "no column": ("id,lat\na,47.0\n", 2, "missing_column", ":1"),
    "nothing": ("", 2, "empty_file", ""),
    "a header only": ("id,lat,lon\n", 2, "empty_file", ""),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_points_are_refused_by_line(
    what: str, built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, code, name, line = WRONG[what]
    points, good, output = tmp_path / "p.csv", tmp_path / "good.csv", tmp_path / "out.npz"
    points.write_text(text)
    good.write_text(GOOD)
    for given in ((points,), (good, "--targets", points)):
        assert town.run(*asked(built, given[0], *given[1:], "-o", output, "--json")) == code
        error = town.checked_against("error", capsys.readouterr().out)["error"]
        assert error["code"] == name and error["where"].startswith(f"{points}{line}")
        assert not output.exists()


@pytest.mark.parametrize(
    ("more", "code", "name"),
    [
        (("--vehicle", "vull"), 2, "unknown_vehicle"),
        (("--vehicle", "vul-V9-diesel"), 2, "unknown_vehicle"),
        (("--at", "tomorrow"), 2, "bad_time"),
        (("--weather", "fog"), 2, "bad_weather"),
        (("-o", "out.xlsx"), 2, "unknown_format"),
        (("--city", "none.city"), 3, "no_city_file"),
        (("--traffic", "none.csv"), 2, "unreadable_file"),
    ],
)
def test_wrong_options_are_refused(
    more: tuple[str, ...], code: int, name: str, built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    points = csv_of(tmp_path / "p.csv")
    assert town.run(*asked(built, points, "--json", *more)) == code
    assert town.checked_against("error", capsys.readouterr().out)["error"]["code"] == name


def test_geojson_without_points_is_refused(built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = {"type": "LineString", "coordinates": [[2.0, 47.0], [2.001, 47.0]]}
    for features, name in (
        ([], "empty_file"),
        ([{"type": "Feature", "id": 1, "geometry": line, "properties": {}}], "invalid_geometry"),
    ):
        points = town.write(tmp_path / "p.geojson", {"type": "FeatureCollection", "features": features})
        assert town.run(*asked(built, points, "--json")) == 2
        assert town.checked_against("error", capsys.readouterr().out)["error"]["code"] == name


def test_a_table_cut_short_leaves_the_old_file(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    points = csv_of(tmp_path / "p.csv", SPOTS * (LANES // len(SPOTS) + 1))
    monkeypatch.setattr(table_blocks, "BLOCK_ENTRIES", 1)
    filled = table_blocks.fill_table

    def fill_once(*given: Any) -> None:
        monkeypatch.setattr(table_blocks, "fill_table", fail)
        filled(*given)

    def fail(*given: Any) -> None:
        raise MemoryError

    for suffix in (".npz", ".parquet", ".json"):
        monkeypatch.setattr(table_blocks, "fill_table", fill_once)
        output = tmp_path / f"out{suffix}"
        output.write_text("old")
        assert town.run(*asked(built, points, "-o", output)) == 4
        assert output.read_text() == "old" and not list(tmp_path.glob(".*"))
