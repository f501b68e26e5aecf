"""Reading the BNZFE: the published snapshot, its schema's examples, and files that are wrong."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from data.errors import InputError
from data.model.vehicle import Category, Critair
from data.model.zone import ZoneKind
from data.sources.zfe import read_zones

RING = [[-1.6, 47.2], [-1.5, 47.2], [-1.5, 47.3], [-1.6, 47.3], [-1.6, 47.2]]


def feature(zone_id: str = "Z", geometry: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    given = {"id": zone_id, "date_debut": "2025-01-01", "date_fin": None, **properties}
    shape = geometry or {"type": "Polygon", "coordinates": [RING]}
    return {"type": "Feature", "geometry": shape, "properties": given}


def write(folder: Path, *features: dict[str, Any], name: str = "zones.geojson", **members: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps({"type": "FeatureCollection", **members, "features": features}))
    return path


def refused(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        read_zones(path)
    return caught.value


def test_a_zone(tmp_path: Path) -> None:
    published = feature(
        vul_critair="V4",
        vul_horaires="Mo-Fr 08:00-20:00; PH off",
        vp_critair="",
        vp_horaires="<Nul>",
        pl_critair=None,
        pl_horaires="24/4",
        deux_rm_critair="NC",
        deux_rm_horaires="24/7",
        url_arrete="https://example.org/arrete.pdf",
        proprietaire_vehicule="PERSONNE MORALE",
        date_fin="2026-12-31",
    )
    published["publisher"] = {"nom": "Métropole de X", "siren": "1"}
    (zone,), notes = read_zones(write(tmp_path, published))
    assert notes == ()
    assert [(rule.category, rule.first_banned, rule.hours) for rule in zone.rules] == [
        (Category.VUL, Critair.V4, "Mo-Fr 08:00-20:00; PH off"),
        (Category.TWO_WHEELER, Critair.NC, "24/7"),
    ]
    assert (zone.name, zone.valid_from, zone.valid_to) == ("Métropole de X", date(2025, 1, 1), date(2026, 12, 31))
    assert (zone.kind, zone.rank, zone.legal_persons_only) == (ZoneKind.AREA, 0, True)
    assert zone.decree_url == "https://example.org/arrete.pdf"


def test_altitudes_and_a_crs_member(tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[2.34, 48.9, 50.9], [2.35, 48.9, 52.3]]}
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    (road,), _ = read_zones(write(tmp_path, feature(geometry=line), crs=crs))
    assert road.kind is ZoneKind.ROAD
    assert road.geometry["coordinates"] == [[2.34, 48.9], [2.35, 48.9]]


def test_rank_counts_over_all_files(tmp_path: Path) -> None:
    first = write(tmp_path, feature("A"), feature("B"), name="aires.geojson")
    second = write(tmp_path, feature("C"), name="voies.geojson")
    zones, _ = read_zones(first, second)
    assert [(zone.id, zone.rank) for zone in zones] == [("A", 0), ("B", 1), ("C", 2)]


def test_ids_used_twice_get_their_first_day(tmp_path: Path) -> None:
    steps = [feature("Z"), feature("Z", date_debut="2026-01-01"), feature("Z", date_debut="2026-01-01"), feature("Y")]
    zones, notes = read_zones(write(tmp_path, *steps))
    assert [zone.id for zone in zones] == ["Z@2025-01-01", "Z@2026-01-01#1", "Z@2026-01-01#2", "Y"]
    assert len([note for note in notes if note.startswith("Z: used by 3 features")]) == 3


@pytest.mark.parametrize("hours", [None, "", "NC", "<Nul>", "24/4"])
def test_hours_that_cannot_be_read_are_kept_and_named(tmp_path: Path, hours: str | None) -> None:
    (zone,), notes = read_zones(write(tmp_path, feature("Z1", vul_critair="V4", vul_horaires=hours)))
    assert zone.rules[0].hours == (hours or "")
    (note,) = notes
    assert note.startswith("Z1: vul_horaires: can't tell the hours")


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"vul_critair": "V4", "vul_horaires": "Mo-Su : 00:00-00:00"}, "read as `24/7`"),
        ({"vul_critair": "V4", "vul_horaires": "00:00-23:59"}, "read as `24/7`"),
        ({"vul_critair": "EC", "vul_horaires": "24/7"}, "read as `EL`"),
        ({"date_fin": "2024-12-31"}, "never in force"),
        ({"date_fin_init": "2024-12-31"}, "`date_fin_init` is not in the scheme"),
        ({"proprietaire_vehicule": "PERSONNE PHYSIQUE"}, "applied to everybody"),
    ],
)
def test_what_is_odd_is_said(tmp_path: Path, properties: dict[str, Any], said: str) -> None:
    _, notes = read_zones(write(tmp_path, feature("Z1", **properties)))
    assert len(notes) == 1
    assert notes[0].startswith("Z1: ")
    assert said in notes[0]


def test_an_older_rule_that_wins_by_its_place_is_said(tmp_path: Path) -> None:
    strict = feature("NEW", date_debut="2025-01-01", vul_critair="V3", vul_horaires="24/7")
    mild = feature("OLD", date_debut="2022-01-01", vul_critair="V5", vul_horaires="24/7")
    _, notes = read_zones(write(tmp_path, strict, mild))
    assert len(notes) == 1
    assert "wins over it" in notes[0]
    assert read_zones(write(tmp_path, mild, strict))[1] == ()


def test_a_ring_that_crosses_itself_is_repaired_and_said(tmp_path: Path) -> None:
    bow = {"type": "Polygon", "coordinates": [[RING[0], RING[2], RING[1], RING[3], RING[0]]]}
    _, notes = read_zones(write(tmp_path, feature(geometry=bow)))
    assert "outline repaired (Self-intersection" in notes[0]


@pytest.mark.parametrize(
    ("broken", "code", "pointer"),
    [
        (feature(id=""), "missing_value", "/features/0/properties/id"),
        (feature(date_debut=None), "missing_value", "/features/0/properties/date_debut"),
        (feature(date_debut="01/01/2025"), "invalid_date", "/features/0/properties/date_debut"),
        (feature(date_fin="soon"), "invalid_date", "/features/0/properties/date_fin"),
        (feature(vul_critair="V6"), "invalid_value", "/features/0/properties/vul_critair"),
        (feature(geometry={"type": "Point", "coordinates": [1, 2]}), "invalid_geometry", "/features/0/geometry"),
        (
            feature(geometry={"type": "Polygon", "coordinates": [RING[:3]]}),
            "invalid_geometry",
            "/features/0/geometry/coordinates/0",
        ),
        (
            feature(geometry={"type": "LineString", "coordinates": [[1, 2]]}),
            "invalid_geometry",
            "/features/0/geometry/coordinates",
        ),
        (
            feature(geometry={"type": "Polygon", "coordinates": [[[47.2, -1.6], *RING]]}),
            "invalid_coordinates",
            "/features/0/geometry/coordinates/0/0",
        ),
        (
            feature(geometry={"type": "Polygon", "coordinates": [[RING[0], [float("nan"), 47.2], *RING[1:]]]}),
            "invalid_coordinates",
            "/features/0/geometry/coordinates/0/1",
        ),
        (
            feature(geometry={"type": "MultiPolygon", "coordinates": [[[["a", 47.2]]]]}),
            "invalid_geometry",
            "/features/0/geometry/coordinates/0/0/0",
        ),
        ({"type": "Feature"}, "not_geojson", "/features/0"),
    ],
)
def test_errors_say_where(tmp_path: Path, broken: dict[str, Any], code: str, pointer: str) -> None:
    error = refused(write(tmp_path, broken))
    assert (error.code, error.where.partition("#")[2]) == (code, pointer)


def test_files_that_are_no_zones(tmp_path: Path) -> None:
    path = tmp_path / "zones.geojson"
    assert refused(path).code == "unreadable_file"
    for text, code in [
        ("", "empty_file"),
        ("{", "invalid_json"),
        ("[]", "not_geojson"),
        ('{"features": []}', "not_geojson"),
    ]:
        path.write_text(text)
        assert refused(path).code == code
    lambert = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}}
    assert refused(write(tmp_path, feature(), crs=lambert)).code == "unsupported_crs"


def test_the_national_snapshot(shared_data: Path) -> None:
    zones, notes = read_zones(shared_data / "zfe" / "aires.geojson")
    assert len(zones) == 37
    by_id = {zone.id: zone for zone in zones}
    assert len(by_id) == 37
    paris = by_id["217500016-ZFE-001"]
    assert paris.name == "Ville de Paris"
    assert (Category.VUL, Critair.V4, "Mo-Fr 08:00-20:00; PH off") in {
        (rule.category, rule.first_banned, rule.hours) for rule in paris.rules
    }
    unreadable = {note.split(":")[0] for note in notes if "can't tell" in note}
    assert unreadable == {"244900015-ZFE-001", "200011773-ZFE-001"}  # Angers and Annemasse
    assert {zone.id for zone in zones if zone.legal_persons_only} == {"246300701-ZFE-001"}
    assert sum("Mo-Su : 00:00-00:00" in note for note in notes) == 16


def test_the_schema_s_examples(shared_data: Path) -> None:
    folder = shared_data / "zfe"
    zones, notes = read_zones(folder / "exemple-valide-zone.geojson", folder / "exemple-valide-voie-speciale.geojson")
    assert [zone.kind for zone in zones] == [ZoneKind.AREA] + [ZoneKind.ROAD] * 4
    assert notes == ()
