"""Places from our CSV, La Poste's open data, GeoJSON and OSM."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.errors import InputError
from data.model.parcel import Dimensions
from data.model.place import PlaceKind
from data.sources.relay_rules import ASSUMED_FREE, BOX_SIZES, DEFAULT_HOURS
from data.sources.relays import parse_dimensions_cm, read_places, within
from data.sources.relays_osm import brand_of, kind_of

HEADER = (
    "id,name,kind,lat,lon,opening_hours,brand,capacity_small,capacity_medium,capacity_large,"
    "max_weight_kg,max_dims_cm,cutoff_time,active\n"
)


def write(folder: Path, text: str, name: str = "relays.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refused(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        read_places(path)
    return caught.value


def test_our_csv(tmp_path: Path) -> None:
    text = HEADER + (
        'L1,Consigne Gare,locker,47.21,-1.54,24/7,Pickup,4,,1,20,"64x38x41",,yes\n'
        '\nR1,Épicerie,relay,47.22,-1.55,"Mo-Sa 09:00-19:00; PH off",,10,5,0,15,,16:00,\n'
        "R2,Fermé,relay,47.23,-1.56,24/7,,,,,,,,no\n"
    )
    (locker, relay), notes = read_places(write(tmp_path, text))
    assert (locker.id, locker.kind, locker.brand, locker.opening_hours) == ("L1", PlaceKind.LOCKER, "Pickup", "24/7")
    assert [(box.size, box.free, box.max_load_g) for box in locker.boxes] == [
        ("small", 4, 20_000),
        ("medium", 0, 20_000),
        ("large", 1, 20_000),
    ]
    assert locker.max_load_g == 20_000
    assert locker.max_mm == Dimensions(length_mm=640, width_mm=380, height_mm=410)
    assert (relay.kind, relay.daily_cap_parcels, relay.boxes, relay.name) == (PlaceKind.RELAY, 15, (), "Épicerie")
    assert notes == ("cutoff_time not used: 1", "left out, not active: 1")


def test_french_headers_semicolons_and_a_bom(tmp_path: Path) -> None:
    text = (
        "\ufeffIdentifiant;Nom;Type;Latitude;Longitude;Horaires;Code postal\nA;X;Point relais;47,21;-1,54;24/7;44000\n"
    )
    (place,), notes = read_places(write(tmp_path, text))
    assert (place.lat, place.lon, place.kind, place.postcode) == (47.21, -1.54, PlaceKind.RELAY, "44000")
    assert notes == ()


def test_what_is_assumed_is_said(tmp_path: Path) -> None:
    text = (
        "id,kind,lat,lon,opening_hours\nL,locker,47,-1,\nR,relay,47,-1,\nP,post_office,47,-1,\nB,relay,47,-1,9h-12h\n"
    )
    places, notes = read_places(write(tmp_path, text))
    assert [place.opening_hours for place in places] == [DEFAULT_HOURS[place.kind] for place in places]
    assert tuple(box.free for box in places[0].boxes) == ASSUMED_FREE
    assert len(places) == 3
    assert sum("assumed: 1" in note for note in notes) == 4
    assert any(note.startswith("B left out: can't tell the hours") for note in notes)


def test_default_boxes_are_nested() -> None:
    small, medium, large = BOX_SIZES.values()
    assert small.fits_in(medium)
    assert medium.fits_in(large)


def test_all_problems_at_once(tmp_path: Path) -> None:
    text = HEADER + (
        "A,,loker,47,-1,,,,,,,,,\nB,,locker,-1.5,47.2,,,,,,,,,\nC,,relay,,,,,,,,,,,\nD,,relay,x,1,,,,,,,,,\n"
        "E,,locker,47,-1,,,1.5,,,,,,\nF,,relay,47,-1,,,,,,nan,,,\nG,,relay,47,-1,,,,,,,64x38,,\nH,,relay,47,-1,,,,,,,,,maybe\n"
        ",,relay,47,-1,,,,,,,,,\nI,,relay,47,-1,,,,,,,,,\nI,,relay,47,-1,,,,,,,,,\n"
    )
    path = write(tmp_path, text)
    error = refused(path)
    assert error.where == f"{path}:2"
    for line, said in [
        (2, "did you mean `locker`?"),
        (3, "lat and lon look swapped"),
        (4, "no coordinates"),
        (5, "lat is not a number"),
        (6, "capacity_small is 1.5"),
        (7, "max_weight_kg is not a number: `nan`"),
        (8, "64x38x41"),
        (9, "neither yes nor no"),
        (10, "no id"),
    ]:
        assert any(f"{path}:{line}: " in part and said in part for part in str(error).split("\n")), (line, said)
    assert "2 places are called `I`" in str(error)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_file"),
        ("id,kind,lat,lon\n", "empty_file"),
        ("id,kind,lat\nA,relay,1\n", "missing_column"),
        ("id,kind,lat,lon,lattitude\n", "unknown_column"),
        ("id,kind,lat,lon,latitude\n", "duplicate_column"),
        ("id,kind,lat,lon\nA,relay,47,-1,5\n", "too_many_cells"),
    ],
)
def test_files_that_are_wrong(tmp_path: Path, text: str, code: str) -> None:
    assert refused(write(tmp_path, text)).code == code


def test_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "relays.csv"
    path.write_bytes("id,kind,lat,lon\nÉ,relay,47,-1\n".encode("cp1252"))
    assert refused(path).code == "invalid_encoding"


def test_geojson_points(tmp_path: Path) -> None:
    feature = {
        "type": "Feature",
        "id": 7,
        "geometry": {"type": "Point", "coordinates": [-1.54, 47.21, 12.0]},
        "properties": {"kind": "relay", "name": "X", "colour": "red", "lat": 0, "capacity_small": 5},
    }
    path = write(tmp_path, json.dumps({"type": "FeatureCollection", "features": [feature]}), "relays.geojson")
    (place,), notes = read_places(path)
    assert (place.id, place.lat, place.lon, place.daily_cap_parcels) == ("7", 47.21, -1.54, 5)
    assert "property `colour` not used: 1" in notes
    feature["geometry"] = {"type": "Point", "coordinates": [47.21, -1.54]}
    write(tmp_path, json.dumps({"type": "FeatureCollection", "features": [feature]}), "relays.geojson")
    assert refused(path).where == f"{path}#/features/0"


@pytest.mark.parametrize(
    ("text", "millimetres"),
    [("64x38x41", (640, 380, 410)), ("30 x 20,5 × 10", (300, 205, 100)), ("1*2*3", (10, 20, 30))],
)
def test_dimensions(text: str, millimetres: tuple[int, int, int]) -> None:
    length, width, height = millimetres
    assert parse_dimensions_cm(text) == Dimensions(length_mm=length, width_mm=width, height_mm=height)


@pytest.mark.parametrize("text", ["", "64x38", "axbxc", "0x1x2", "1x2x3x4", "nanx1x1"])
def test_what_is_no_dimension(text: str) -> None:
    assert parse_dimensions_cm(text) is None


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"amenity": "parcel_locker"}, PlaceKind.LOCKER),
        ({"amenity": "parcel_locker", "parcel_pickup": "no"}, None),
        ({"amenity": "vending_machine", "vending": "parcel_pickup;parcel_mail_in"}, PlaceKind.LOCKER),
        ({"amenity": "vending_machine", "vending": "parcel_mail_in"}, None),
        ({"shop": "kiosk", "post_office": "post_partner"}, PlaceKind.RELAY),
        ({"shop": "kiosk", "post_office": "post_partner", "post_office:parcel_pickup": "no"}, None),
        ({"shop": "kiosk", "post_office": "post_partner", "post_office:parcel_to": "DHL"}, PlaceKind.RELAY),
        ({"amenity": "post_office", "post_office": "post_partner"}, PlaceKind.RELAY),
        ({"amenity": "post_office"}, PlaceKind.POST_OFFICE),
        ({"amenity": "cafe"}, None),
    ],
)
def test_which_osm_objects_count(tags: dict[str, str], kind: PlaceKind | None) -> None:
    assert kind_of(tags) is kind


@pytest.mark.parametrize(
    ("tags", "brand"),
    [
        ({"brand": "Amazon Hub Locker"}, "Amazon"),
        ({"operator": "InPost / Mondial Relay"}, "Mondial Relay"),
        ({"post_office:brand": "DHL Paketshop;Hermes PaketShop"}, "DHL Paketshop"),
        ({}, ""),
    ],
)
def test_brands(tags: dict[str, str], brand: str) -> None:
    assert brand_of(tags) == brand


OSM = """<osm version="0.6">
<node id="1" lat="47.21" lon="-1.54"><tag k="amenity" v="parcel_locker"/><tag k="capacity" v="32"/></node>
<node id="2" lat="47.22" lon="-1.55"><tag k="amenity" v="post_office"/><tag k="post_office" v="post_partner"/>
 <tag k="opening_hours" v="Mo-Su 00:00-24:00"/><tag k="post_office:opening_hours" v="Mo-Fr 09:00-18:00"/></node>
<node id="3" lat="47.2" lon="-1.5"/><node id="4" lat="47.2" lon="-1.6"/><node id="5" lat="47.3" lon="-1.55"/>
<node id="6" lat="47.2" lon="-1.5"><tag k="amenity" v="parcel_locker"/><tag k="access" v="private"/></node>
<node id="7" lat="47.2" lon="-1.5"><tag k="amenity" v="post_office"/><tag k="opening_hours" v="sunrise-sunset"/></node>
<way id="9"><nd ref="3"/><nd ref="4"/><nd ref="5"/><nd ref="3"/><tag k="amenity" v="post_office"/>
 <tag k="addr:housenumber" v="3"/><tag k="addr:street" v="rue du Port"/><tag k="addr:city" v="Nantes"/></way>
</osm>"""


def test_an_osm_extract(tmp_path: Path) -> None:
    (locker, relay, office), notes = read_places(write(tmp_path, OSM, "city.osm"))
    assert (locker.id, relay.id, office.id) == ("osm-n1", "osm-n2", "osm-w9")
    assert [box.free for box in locker.boxes] == [16, 12, 4]
    assert (relay.kind, relay.opening_hours) == (PlaceKind.RELAY, "Mo-Fr 09:00-18:00")
    assert (office.lat, office.lon, office.address) == (47.2333333, -1.55, "3 rue du Port, Nantes")
    assert "locker left out, private: 1" in notes
    assert any(note.startswith("osm-n7 left out: ") for note in notes)


def test_an_extract_that_is_none(tmp_path: Path) -> None:
    assert refused(write(tmp_path, "garbage", "city.osm.pbf")).code == "unreadable_file"
    assert refused(tmp_path / "absent.osm.pbf").code == "unreadable_file"


def test_la_poste(shared_data: Path) -> None:
    places, notes = read_places(shared_data / "relays" / "laposte_poincont2.csv")
    assert len(places) == 17_700 - 26 - 1
    assert "left out, no coordinates: 26" in notes
    assert "left out, Agence postale militaire: 1" in notes
    assert {place.kind for place in places} == {PlaceKind.POST_OFFICE, PlaceKind.RELAY}
    assert len({place.id for place in places}) == len(places)
    nantes = within(places, (-1.65, 47.17, -1.48, 47.27))
    assert 20 < len(nantes) < 100
    assert all(place.postcode.startswith("44") for place in nantes)


def test_monaco(shared_data: Path) -> None:
    places, notes = read_places(shared_data / "osm" / "monaco.osm.pbf")
    assert len(places) == 18
    assert {place.kind for place in places} == {PlaceKind.POST_OFFICE}
    assert notes == (f"post_office without hours, `{DEFAULT_HOURS[PlaceKind.POST_OFFICE]}` assumed: 18",)
