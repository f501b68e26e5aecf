"""The invented register: in the real one's columns, the same for the same seed, and its noisy addresses are found."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from pyproj import Transformer

from benchmarks.geocode import run
from data.model.city import City
from data.sources.ban import read_ban
from data.synthetic import synthetic_city
from data.synthetic.ban import COLUMNS, Door, doors, write_ban


@pytest.fixture(scope="module")
def city() -> City:
    return synthetic_city(1)


@pytest.fixture(scope="module")
def found(city: City) -> list[Door]:
    return doors(city)


def test_doors(city: City, found: list[Door]) -> None:
    assert doors(city) == found and doors(city, seed=2) != found
    assert 40_000 < len(found) < 100_000
    west, south, east, north = city.streets.bounds()
    assert all(west - 0.001 < door.lon < east + 0.001 and south - 0.001 < door.lat < north + 0.001 for door in found)
    assert len({(door.commune, door.street, door.number, door.rep) for door in found}) == len(found)
    reps = Counter(door.rep for door in found)
    assert reps["bis"] > reps["ter"] > 0
    names = Counter(name for name, _ in {(door.street, door.commune) for door in found})
    assert max(names.values()) > 3  # the same street name in several communes
    by_postcode = {(door.commune.postcode, door.commune.name) for door in found}
    assert len(by_postcode) == 6 and len({postcode for postcode, _ in by_postcode}) == 3


def test_the_file_is_the_registers(found: list[Door], tmp_path: Path) -> None:
    file = tmp_path / "ban.csv"
    write_ban(found[:2000], file)
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text, delimiter=";"))
    assert tuple(rows[0]) == COLUMNS and len({row["id"] for row in rows}) == 2000
    back = Transformer.from_crs(2154, 4326, always_xy=True)
    for row, door in zip(rows[::100], found[:2000:100], strict=True):
        lon, lat = back.transform(float(row["x"]), float(row["y"]))
        assert abs(lon - door.lon) < 1e-6 and abs(lat - door.lat) < 1e-6
        assert (row["numero"], row["rep"], row["code_insee"]) == (str(door.number), door.rep, door.commune.citycode)
    register = read_ban(file)
    assert len(register.number) == 2000
    assert {street.name for street in register.streets} == {row["nom_voie"] for row in rows}


def test_noisy_addresses_are_found(found: list[Door]) -> None:
    figures = run(found, 630, seed=3)
    print({kind: (row["near"], row["flagged"]) for kind, row in figures["kinds"].items()})
    assert figures["all"]["n"] == 630 and len(figures["kinds"]) == 22
    assert figures["all"]["near"] >= 0.97 and figures["all"]["far_unflagged"] == 0
    assert figures["all"]["sure"] >= 0.88
    assert figures["kinds"]["as_is"]["sure"] == 1 and figures["kinds"]["no_number"]["flagged"] > 0.9


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 110))
def test_many_more_are_found(seed: int) -> None:
    figures = run(doors(synthetic_city(seed % 3 + 1)), 5000, seed)
    print(seed, figures["all"])
    assert figures["all"]["near"] >= 0.97 and figures["all"]["far_unflagged"] == 0
