"""Live traffic: OSRM's segment speeds and GeoJSON incidents, matched to a few streets and refused where wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.errors import InputError
from data.model.streets import StreetNetwork
from data.model.traffic import Report
from data.model.vehicle import Category
from data.sources.traffic import read_traffic
from tests.small_town import SIDE, spot, town

ALL = frozenset(Category)
MOTOR = ALL - {Category.CARGO_BIKE}


def streets() -> StreetNetwork:
    """Return the town's streets; junction j is node 100 + j, and each arc bends at an inner node halfway."""
    plain = town().streets
    middle_lat = (plain.node_lat[plain.tail] + plain.node_lat[plain.head]) / 2
    middle_lon = (plain.node_lon[plain.tail] + plain.node_lon[plain.head]) / 2
    low, high = np.minimum(plain.tail, plain.head), np.maximum(plain.tail, plain.head)
    return replace(
        plain,
        node_id=100 + np.arange(plain.nodes, dtype=np.int64),
        shape_ptr=np.arange(plain.arcs + 1, dtype=np.int32),
        shape_lat=middle_lat,
        shape_lon=middle_lon,
        shape_node_id=10_000 + 100 * low.astype(np.int64) + high,
    )


STREETS = streets()


def arc_between(tail: int, head: int) -> int:
    return int(np.flatnonzero((STREETS.tail == tail) & (STREETS.head == head))[0])


def csv(folder: Path, *lines: str) -> Path:
    path = folder / "speeds.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def refused(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        read_traffic(path, STREETS)
    return caught.value


# ---------------------------------------------------------------------------------------------- segment speeds


def test_a_speed_holds_for_its_part_of_the_arc(tmp_path: Path) -> None:
    """Half of the arc 0 -> 1 is measured at 10 km/h: 125 m take 45 s; the other half stays as it is."""
    traffic, notes = read_traffic(csv(tmp_path, "100,10001,10", "10001,101,20.5,3.7"), STREETS)
    (report,) = traffic.reports
    assert report.arc.tolist() == [arc_between(0, 1)] and not report.closed and report.categories == MOTOR
    assert report.share[0] == pytest.approx(0.0, abs=1e-9) and notes == ()
    assert report.fixed_ms[0] == pytest.approx(125 * 3600 / 10 + 125 * 3600 / 20.5, rel=1e-3)
    (half,) = read_traffic(csv(tmp_path, "100,10001,10"), STREETS)[0].reports
    assert half.share[0] == pytest.approx(0.5, rel=1e-3)
    assert half.fixed_ms[0] == pytest.approx(45_000, rel=1e-3)


def test_direction_counts_and_the_last_line_holds(tmp_path: Path) -> None:
    path = csv(tmp_path, "101,10001,30", "10001,100,30", "101,10001,15")
    (report,) = read_traffic(path, STREETS)[0].reports
    assert report.arc.tolist() == [arc_between(1, 0)]
    assert report.fixed_ms[0] == pytest.approx(125 * 3600 / 15 + 125 * 3600 / 30, rel=1e-3)


def test_speed_zero_closes_the_arc(tmp_path: Path) -> None:
    slow, shut = read_traffic(csv(tmp_path, "100,10001,10", "10001,101,0", "101,10102,9"), STREETS)[0].reports
    assert shut.closed and shut.arc.tolist() == [arc_between(0, 1)]
    assert slow.arc.tolist() == [arc_between(1, 2)]


def test_unknown_segments_are_counted_and_shown(tmp_path: Path) -> None:
    _, (note,) = read_traffic(csv(tmp_path, "100,10001,10", "100,101,10", "5,6,10", "0,100,3"), STREETS)
    assert note.startswith("3 of 4 segments are not on these streets: 100-101 (line 2), 5-6 (line 3)")


def test_a_hundred_thousand_lines_agree_with_a_loop(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    arcs = rng.integers(0, STREETS.arcs, 100_000)
    kmh = rng.integers(1, 90, 100_000)
    rows = zip(STREETS.node_id[STREETS.tail[arcs]], STREETS.shape_node_id[arcs], kmh, strict=True)
    (report,) = read_traffic(csv(tmp_path, *(f"{a},{b},{c}" for a, b, c in rows)), STREETS)[0].reports
    last = {int(arc): int(speed) for arc, speed in zip(arcs, kmh, strict=True)}
    assert report.arc.tolist() == sorted(last)
    expected = [STREETS.length_dm[arc] / 20 * 3600 / last[arc] for arc in sorted(last)]
    assert np.allclose(report.fixed_ms, expected, rtol=1e-3)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("from,to,speed", "invalid_segment"),
        ("100,10001", "invalid_segment"),
        ("100,10001,fast", "invalid_segment"),
        ("100.5,10001,10", "invalid_segment"),
        ("100,10001,nan", "invalid_segment"),
        ("100,10001,-1", "out_of_range"),
        ("100,10001,0.5", "out_of_range"),
        ("100,10001,999", "out_of_range"),
        ("", "invalid_segment"),
        ("100,10001,10,1,2", "invalid_segment"),
        ("# a remark", "invalid_segment"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, code: str) -> None:
    error = refused(csv(tmp_path, "100,10001,10", line, "101,10001,10"))
    assert (error.code, error.where.rpartition("speeds.csv")[2]) == (code, ":2")


def test_nothing_known_is_an_error(tmp_path: Path) -> None:
    assert refused(csv(tmp_path, "5,6,10")).code == "no_known_segment"
    bare = replace(STREETS, node_id=np.zeros(STREETS.nodes, dtype=np.int64))
    with pytest.raises(InputError, match="without node ids"):
        read_traffic(csv(tmp_path, "100,10001,10"), bare)
    assert refused(tmp_path / "absent.csv").code == "unreadable_file"
    (tmp_path / "empty.csv").write_text("\n")
    assert refused(tmp_path / "empty.csv").code == "empty_file"


# --------------------------------------------------------------------------------------------------- incidents


def feature(geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": {"kind": "closure", **properties}}


def line(*spots: tuple[float, float]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [[*reversed(spot(*at))] for at in spots]}


def incidents(folder: Path, *features: dict[str, Any]) -> Path:
    path = folder / "incidents.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def reports(folder: Path, *features: dict[str, Any]) -> tuple[Report, ...]:
    return read_traffic(incidents(folder, *features), STREETS)[0].reports


def test_a_line_closes_the_street_under_it_and_no_crossing_one(tmp_path: Path) -> None:
    """From junction (0, 0) to (2, 0), drawn some 8 m off."""
    drawn = line((0, 0.03), (2, 0.03))
    (both,) = reports(tmp_path, feature(drawn))
    assert both.arc.tolist() == sorted(arc_between(*ends) for ends in ((0, 1), (1, 0), (1, 2), (2, 1)))
    assert both.closed and both.categories == ALL
    (one,) = reports(tmp_path, feature(drawn, both_directions=False))
    assert one.arc.tolist() == sorted(arc_between(*ends) for ends in ((0, 1), (1, 2)))


def test_a_short_line_inside_an_arc_means_the_arc(tmp_path: Path) -> None:
    (report,) = reports(tmp_path, feature(line((0.3, 0), (0.5, 0)), kind="slow", factor=0.5))
    assert report.arc.tolist() == sorted([arc_between(0, 1), arc_between(1, 0)])
    assert report.share.tolist() == [2.0, 2.0] and report.fixed_ms.tolist() == [0.0, 0.0]
    assert report.categories == MOTOR and not report.closed


def test_an_area_and_a_circle(tmp_path: Path) -> None:
    ring = [[*reversed(spot(*at))] for at in ((-0.5, -0.5), (1.5, -0.5), (1.5, 0.5), (-0.5, 0.5), (-0.5, -0.5))]
    area = {"type": "Polygon", "coordinates": [ring]}
    lat, lon = spot(0.5, 0)
    circle = {"type": "Point", "coordinates": [lon, lat]}
    inside, around = reports(
        tmp_path, feature(area, kind="slow", speed_kmh=5), feature(circle, radius_m=20, categories=["vul"])
    )
    assert {arc_between(0, 1), arc_between(1, 0), arc_between(0, SIDE)} <= set(inside.arc.tolist())
    assert arc_between(2, 3) not in inside.arc
    assert inside.share.tolist() == [0.0] * len(inside.arc)
    assert np.allclose(inside.fixed_ms, STREETS.length_dm[inside.arc] * 360 / 5)
    assert around.arc.tolist() == sorted([arc_between(0, 1), arc_between(1, 0)])
    assert around.categories == {Category.VUL}


def test_times_are_instants(tmp_path: Path) -> None:
    given = {"from": "2026-06-18T08:00:00+02:00", "to": "2026-06-18T09:30:00+02:00"}
    (report,) = reports(tmp_path, feature(line((0, 0), (1, 0)), **given))
    assert [at.isoformat() for at in (report.start_at, report.end_at) if at] == list(given.values())


STREET = line((0, 0), (1, 0))


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (feature(STREET, kind="jam"), "/properties/kind"),
        (feature(STREET, kind="slow"), "/properties"),
        (feature(STREET, kind="slow", factor=0.5, speed_kmh=9), "/properties"),
        (feature(STREET, kind="slow", factor=0), "/properties/factor"),
        (feature(STREET, kind="slow", factor=1.5), "/properties/factor"),
        (feature(STREET, kind="slow", factor=True), "/properties/factor"),
        (feature(STREET, kind="slow", speed_kmh="9"), "/properties/speed_kmh"),
        (feature(STREET, **{"from": "10:30"}), "/properties/from"),
        (feature(STREET, **{"from": "2026-06-18T10:30:00"}), "/properties/from"),
        (feature(STREET, **{"from": "2026-06-18T10:30:00Z", "to": "2026-06-18T10:30:00Z"}), "/properties/to"),
        (feature(STREET, categories=["van"]), "/properties/categories"),
        (feature(STREET, categories=[]), "/properties/categories"),
        (feature(STREET, both_directions="no"), "/properties/both_directions"),
        (feature({"type": "Point", "coordinates": [-1.56, 47.21]}), "/properties/radius_m"),
        (feature({"type": "Polygon", "coordinates": [[]]}), "/geometry"),
        (feature({"type": "LineString", "coordinates": [[-1.56, 47.21]]}), "/geometry"),
        (feature({"type": "LineString", "coordinates": [[-1.56, 47.21], [-1.56, 47.21]]}), "/geometry"),
        (feature({"type": "LineString", "coordinates": [[-1.56, 470], [-1.57, 470]]}), "/geometry"),
        (feature({"type": "LineString", "coordinates": "here"}), "/geometry"),
        (feature({"type": "Circle"}), "/geometry"),
        ({"type": "Feature", "properties": {"kind": "closure"}}, "/geometry"),
    ],
)
def test_a_wrong_feature_is_pointed_at(tmp_path: Path, wrong: dict[str, Any], pointer: str) -> None:
    error = refused(incidents(tmp_path, feature(STREET), wrong))
    assert error.code in {"invalid_value", "invalid_geometry"}
    assert error.where.rpartition("#")[2] == f"/features/1{pointer}"


def test_what_lies_nowhere_is_told(tmp_path: Path) -> None:
    far = {"type": "LineString", "coordinates": [[2.0, 48.0], [2.1, 48.0]]}
    _, (note,) = read_traffic(incidents(tmp_path, feature(STREET), feature(far)), STREETS)
    assert "#/features/1" in note
    assert refused(incidents(tmp_path, feature(far))).code == "no_street_matched"
    assert refused(incidents(tmp_path)).code == "no_street_matched"
