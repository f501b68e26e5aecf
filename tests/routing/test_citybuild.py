"""A city built from a file keeps what its streets need."""

from __future__ import annotations

from pathlib import Path

import pytest

from routing.citybuild import Sources, build_city
from tests.data.osm_town import crossroads


@pytest.mark.parametrize("highway", ["pedestrian", "service"])
def test_a_city_knows_its_streets_hours_and_where_bikes_are_confined(tmp_path: Path, highway: str) -> None:
    town = crossroads()
    town.way(20, [2, 4], highway, motor_vehicle="no", motor_vehicle__conditional="delivery @ (06:00-11:00)")
    path = town.write(tmp_path / "town.osm.pbf")
    city, notes = build_city(Sources(str(path)), lambda stage, done: None)
    assert city.street_hours == ("06:00-11:00",)
    assert set(city.streets.arc_hours[city.streets.way_id == 20]) == {0}
    assert any("cargo bikes are confined" in note for note in notes) == (highway == "service")
