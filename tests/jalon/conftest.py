"""The small town, built once, and files in it that a test may change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jalon import town
from tests.jalon.compat_server import Live, live


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the town's extract, zone, relay points and city file."""
    folder = tmp_path_factory.mktemp("town")
    extract = town.town_pbf(folder / "town.osm.pbf")
    zone = town.zone_geojson(folder / "zone.geojson", vul_critair="V5", vul_horaires="24/7")
    relays = town.relays_csv(folder / "relays.csv")
    code = town.run("city", "build", extract, "-o", folder / "town.city", "--zfe", zone, "--relays", relays)
    assert code == 0
    return folder


@pytest.fixture(scope="session")
def planned(built: Path) -> Path:
    """Return the folder with a plan of the day in it as well."""
    town.write(built / "request.json", town.request())
    town.write(built / "burst.json", town.burst())
    assert town.run("solve", built / "request.json", "-o", built / "plan.json", "-l", "0") == 0
    return built


@pytest.fixture
def folder(planned: Path, tmp_path: Path) -> Path:
    """Return a copy of everything, to spoil."""
    shutil.copytree(planned, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture(scope="session")
def compat(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Yield a live server with the town open."""
    with live(tmp_path_factory.mktemp("compat"), city=built / "town.city") as one:
        yield one
