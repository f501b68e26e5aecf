"""The .city file: what goes in comes out, mapped and read-only; anything damaged is refused."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from data.cityfile import VERSION, city_id, read_city, write_city
from data.errors import RoutingDataError
from data.model.city import City
from data.model.parcel import Dimensions
from data.model.place import BoxType, Place, PlaceKind
from data.model.streets import StreetNetwork
from data.model.vehicle import Category, Critair
from data.model.zone import Zone, ZoneKind, ZoneRule
from data.sources.osm import streets_from_pbf
from tests.data.osm_town import crossroads

ZONE = Zone(
    id="zfe-é",
    rank=0,
    kind=ZoneKind.AREA,
    geometry={"type": "Polygon", "coordinates": [[[2.0, 47.0], [2.1, 47.0], [2.1, 47.1], [2.0, 47.0]]]},
    valid_from=date(2025, 1, 1),
    rules=(ZoneRule(category=Category.VUL, first_banned=Critair.V4, hours="24/7"),),
)
LOCKER = Place(
    id="locker-1",
    kind=PlaceKind.LOCKER,
    lat=47.0,
    lon=2.0,
    name="Consigne à colis",
    opening_hours="Mo-Sa 08:00-20:00",
    boxes=(BoxType(size="M", free=3, inner_mm=Dimensions(length_mm=500, width_mm=400, height_mm=200)),),
)


@pytest.fixture
def city(tmp_path: Path) -> City:
    town = crossroads()
    town.turn([("w", 10, "from"), ("n", 1, "via"), ("w", 12, "to")], restriction="no_left_turn")
    streets, _ = town.load(tmp_path)
    derived = {
        "matrix.order": np.arange(10, dtype=np.int32)[::-1],
        "matrix.weights": np.arange(12.0).reshape(3, 4),
        "matrix.big_endian": np.arange(3, dtype=">i8"),
        "matrix.nothing": np.empty((0, 2), dtype=np.uint8),
        "matrix.flags": np.array([True, False]),
        "matrix.scalar": np.array(7, dtype=np.int64),
    }
    return City(
        "Croisée", streets, (ZONE,), np.ones(streets.arcs, np.uint64), (LOCKER,), derived, ("Mo-Sa 06:00-11:00",)
    )


def refused(path: Path, verify: bool = True) -> str:
    with pytest.raises(RoutingDataError) as caught:
        read_city(path, verify)
    assert caught.value.where == str(path)
    assert "jalon city build" in caught.value.action
    return caught.value.code


@pytest.mark.parametrize("verify", [True, False])
def test_what_goes_in_comes_out(tmp_path: Path, city: City, verify: bool) -> None:
    path = tmp_path / "croisee.city"
    write_city(city, path)
    found = read_city(path, verify)
    assert (found.name, found.zones, found.places) == (city.name, city.zones, city.places)
    assert np.array_equal(found.arc_zones, city.arc_zones)
    assert found.street_hours == city.street_hours == ("Mo-Sa 06:00-11:00",)
    for field in fields(StreetNetwork):
        ours, theirs = getattr(city.streets, field.name), getattr(found.streets, field.name)
        assert ours.dtype == theirs.dtype and np.array_equal(ours, theirs), field.name
        assert not theirs.flags.writeable and theirs.flags.aligned
    assert list(found.derived) == list(city.derived)
    for name, array in city.derived.items():
        assert found.derived[name].shape == array.shape and np.array_equal(found.derived[name], array), name
        assert found.derived[name].dtype == array.dtype.newbyteorder("<")


def test_arrays_are_views_of_the_mapped_file(tmp_path: Path, city: City) -> None:
    path = tmp_path / "croisee.city"
    write_city(city, path)
    found = read_city(path)
    assert not found.streets.tail.flags.owndata
    assert found.streets.node_lat.ctypes.data % 64 == found.streets.tail.ctypes.data % 64 == 0
    with pytest.raises(ValueError, match="read-only"):
        found.streets.tail[0] = 1


def test_a_file_may_be_written_over_itself(tmp_path: Path, city: City) -> None:
    path = tmp_path / "croisee.city"
    write_city(city, path)
    mapped = read_city(path)
    write_city(replace(mapped, name="Autre"), path)
    assert np.array_equal(mapped.streets.tail, city.streets.tail)
    assert read_city(path).name == "Autre"
    assert [file.name for file in tmp_path.glob("*.city*")] == ["croisee.city"]


def test_the_same_city_gives_the_same_bytes(tmp_path: Path, city: City) -> None:
    write_city(city, tmp_path / "a.city")
    write_city(read_city(tmp_path / "a.city"), tmp_path / "b.city")
    assert (tmp_path / "a.city").read_bytes() == (tmp_path / "b.city").read_bytes()


def test_the_id_follows_the_facts_only(tmp_path: Path, city: City) -> None:
    write_city(city, tmp_path / "a.city")
    own = city_id(city)
    assert len(own) == 32
    assert city_id(read_city(tmp_path / "a.city")) == own
    assert city_id(replace(city, derived={})) == own
    slower = replace(city.streets, speed_kmh=city.streets.speed_kmh - np.uint8(1))
    others = (replace(city, name="x"), replace(city, zones=()), replace(city, places=()), replace(city, streets=slower))
    others = (*others, replace(city, street_hours=()))
    assert len({own, *(city_id(other) for other in others)}) == 6


def test_absent_and_foreign_files_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "absent.city") == "no_city_file"
    assert refused(tmp_path) == "no_city_file"
    assert refused(Path("a\0b")) == "no_city_file"
    for content in (b"", b"JALON", b"PK\x03\x04" + bytes(100)):
        (tmp_path / "foreign.city").write_bytes(content)
        assert refused(tmp_path / "foreign.city") == "not_a_city_file"


def test_a_file_of_another_format_is_refused(tmp_path: Path, city: City) -> None:
    path = tmp_path / "croisee.city"
    write_city(city, path)
    content = bytearray(path.read_bytes())
    content[8] = VERSION + 1
    path.write_bytes(content)
    assert refused(path) == "newer_city_file"
    content[8] = VERSION - 1
    path.write_bytes(content)
    assert refused(path) == "older_city_file"
    content[8] = 0
    path.write_bytes(content)
    assert refused(path) == "damaged_city_file"


def test_a_cut_or_longer_file_is_refused_even_unverified(tmp_path: Path, city: City) -> None:
    path = tmp_path / "croisee.city"
    write_city(city, path)
    content = path.read_bytes()
    for length in (8, 20, 63, 64, 200, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        assert refused(path, verify=False) == "damaged_city_file"
    path.write_bytes(content + b"\0")
    assert refused(path, verify=False) == "damaged_city_file"


def test_every_flipped_bit_is_noticed_or_harmless(tmp_path: Path, city: City) -> None:
    path = tmp_path / "croisee.city"
    write_city(city, path)
    content, own = path.read_bytes(), city_id(city)
    noticed = 0
    for at in range(len(content)):
        flipped = bytearray(content)
        flipped[at] ^= 1 << at % 8
        path.write_bytes(flipped)
        try:
            assert city_id(read_city(path)) == own  # padding
        except RoutingDataError as error:
            assert error.code in ("damaged_city_file", "not_a_city_file", "newer_city_file", "older_city_file")
            noticed += 1
    payload = sum(getattr(city.streets, field.name).nbytes for field in fields(StreetNetwork))
    assert noticed > payload


def test_a_file_without_an_array_is_refused(tmp_path: Path, city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "croisee.city"
    with monkeypatch.context() as patched:
        patched.setattr("data.cityfile._ARC_ZONES", "renamed")
        write_city(city, path)
    assert refused(path) == "damaged_city_file"


def test_what_can_not_be_stored_leaves_the_old_file(tmp_path: Path, city: City) -> None:
    path = tmp_path / "croisee.city"
    write_city(city, path)
    before = path.read_bytes()
    for bad in (
        replace(city, arc_zones=city.arc_zones[1:]),
        replace(city, zones=(ZONE,) * 65),
        replace(city, derived={"names": np.array(["a"], dtype=object)}),
    ):
        with pytest.raises(RoutingDataError) as caught:
            write_city(bad, path)
        assert caught.value.code == "inconsistent_city"
    assert path.read_bytes() == before


def test_porto_fits_a_city_file(tmp_path: Path, shared_data: Path) -> None:
    streets, _ = streets_from_pbf(shared_data / "osm" / "porto_portugal.osm.pbf")
    city = City("Porto", streets, (), np.zeros(streets.arcs, np.uint64), (), {})
    write_city(city, tmp_path / "porto.city")
    assert city_id(read_city(tmp_path / "porto.city")) == city_id(city)
