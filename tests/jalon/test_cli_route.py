"""``jalon route`` in the small town: around a zone, through it, and why there is no way."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import shapely

from tests.jalon import town
from tests.jalon.town import Json

MIDDLE, WALL = (2.5, -1, 6.5, 7.5), (7.5, -1, 8.5, 10)  # streets 3 to 6 but for two in the north; street 8, all of it
WEST, EAST, BEYOND = (1, 2), (7, 2), (9, 2)
VAN, CLEAN = "vul-V3-diesel", "vul-EL-electric"
MORNING = "2026-11-24T09:00"  # a Tuesday
SATURDAY = "2026-11-28T09:00"
Ask = Callable[..., list[Json]]


def corner(x: float, y: float) -> list[float]:
    where = town.position(x, y)
    return [where["lon"], where["lat"]]


def zone(name: str, box: tuple[float, float, float, float], hours: str) -> Json:
    west, south, east, north = box
    ring = [corner(*at) for at in ((west, south), (east, south), (east, north), (west, north), (west, south))]
    rules = {"vul_critair": "V3", "vul_horaires": hours, "url_arrete": "https://example.org/arrete"}
    properties = {"id": name, "date_debut": "2025-01-01", "date_fin": None, **rules}
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": properties}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a town whose middle is closed on working days, and whose east is cut off at weekends."""
    folder = tmp_path_factory.mktemp("route")
    zones = [zone("MIDDLE", MIDDLE, "Mo-Fr 08:00-20:00"), zone("WALL", WALL, "Sa-Su 00:00-24:00")]
    file = town.write(folder / "zones.geojson", {"type": "FeatureCollection", "features": zones})
    extract = town.town_pbf(folder / "town.osm.pbf")
    assert town.run("city", "build", extract, "-o", folder / "town.city", "--zfe", file) == 0
    return folder / "town.city"


def point(x: float, y: float) -> str:
    where = town.position(x, y)
    return f"{where['lat']:.6f},{where['lon']:.6f}"


def words(
    city: Path, *kinds: str, start: tuple[int, int] = WEST, end: tuple[int, int] = EAST, at: str = MORNING
) -> list[str]:
    ends = ["--from", point(*start), "--to", point(*end), "--at", at]
    return ["route", "--city", str(city), *ends, *(word for kind in kinds for word in ("--vehicle", kind))]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Ask:
    """Return what runs a route with ``--json`` and gives its routes."""

    def ask(*arguments: str) -> list[Json]:
        capsys.readouterr()
        assert town.run(*arguments, "--json") == 0
        routes: list[Json] = town.checked_against("route", capsys.readouterr().out)["routes"]
        return routes

    return ask


def test_the_dirty_van_drives_around_the_zone_and_the_clean_one_through(city: Path, told: Ask) -> None:
    dirty, clean = told(*words(city, VAN, CLEAN))
    assert [route["vehicle"] for route in (dirty, clean)] == [VAN, CLEAN]
    (ban,) = dirty["avoided"]
    assert (ban["zone_id"], ban["first_banned"], ban["hours"]) == ("MIDDLE", "V3", "Mo-Fr 08:00-20:00")
    assert (ban["closed_from"], ban["closed_until"]) == (town.at("08:00"), town.at("20:00"))
    assert ban["decree_url"] == "https://example.org/arrete"
    assert (dirty["zones"], clean["avoided"], clean["extra_s"], clean["extra_m"]) == ([], [], 0, 0)
    assert dirty["extra_s"] == dirty["travel_s"] - clean["travel_s"] > 0
    # Six streets up and six down again, 111 m each in this town: the only open way leads over street 8.
    assert dirty["extra_m"] == dirty["distance_m"] - clean["distance_m"] == pytest.approx(12 * 111, rel=0.01)
    (stay,) = clean["zones"]
    assert stay["zone_id"] == "MIDDLE"
    assert 0 < stay["enter_s"] < stay["exit_s"] <= clean["travel_s"]
    inside = shapely.box(*corner(*MIDDLE[:2]), *corner(*MIDDLE[2:]))
    assert not shapely.LineString(dirty["line"]).intersects(inside)
    assert shapely.LineString(clean["line"]).intersects(inside)


def test_outside_of_its_hours_the_zone_costs_nothing(city: Path, told: Ask) -> None:
    evening, clean = told(*words(city, VAN, CLEAN, at="2026-11-24T20:00"))
    assert {**evening, "vehicle": CLEAN} == clean


def test_a_zone_that_closes_on_the_way_is_closed_from_the_start(city: Path, told: Ask) -> None:
    (early,) = told(*words(city, VAN, at="2026-11-24T07:50"))
    (late,) = told(*words(city, VAN, at="2026-11-24T07:59:50"))
    assert early["avoided"] == []
    assert late["zones"] == [] and late["extra_s"] > 0
    assert late["avoided"][0]["closed_from"] == town.at("08:00")


def test_a_time_with_an_offset_is_that_instant(city: Path, told: Ask) -> None:
    assert told(*words(city, VAN, at="2026-11-24T08:00:00+00:00")) == told(*words(city, VAN))


def test_points_on_the_way_are_driven_through_in_order(city: Path, told: Ask) -> None:
    corners = [WEST, (2, 9), (8, 9), EAST]
    parts = [told(*words(city, VAN, start=a, end=b))[0] for a, b in pairwise(corners)]
    (whole,) = told(*words(city, VAN), "--via", point(2, 9), "--via", point(8, 9))
    assert whole["travel_s"] == sum(part["travel_s"] for part in parts)
    assert whole["distance_m"] == sum(part["distance_m"] for part in parts)


def test_bad_weather_takes_longer(city: Path, told: Ask) -> None:
    (dry,), (snow,) = told(*words(city, CLEAN)), told(*words(city, CLEAN), "--weather", "snow")
    assert snow["travel_s"] > dry["travel_s"] and snow["distance_m"] == dry["distance_m"]


def test_the_screen_tells_the_price_of_the_zone(city: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run(*words(city, VAN, CLEAN)) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "more than with all zones open" in told.err
    assert "MIDDLE; closed from V3 on, Mo-Fr 08:00-20:00; until 20:00; https://example.org/arrete" in told.err


def test_the_map_holds_both_drives(city: Path, tmp_path: Path) -> None:
    path = tmp_path / "route.html"
    assert town.run(*words(city, VAN, CLEAN), "--map", str(path)) == 0
    page = path.read_text()
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    assert [route["critair"] for route in data["routes"]] == ["V3", "EL"]
    assert [line["properties"]["rank"] for line in data["lines"]["features"]] == [0, 1]
    assert len({line["properties"]["colour"] for line in data["lines"]["features"]}) == 2
    assert [ban["until"] for ban in data["bans"]] == ["20:00"]
    assert (data["day"], data["time"]) == ("2026-11-24", "09:00")
    assert "http://" not in page.partition("<body")[0].partition("</style>")[2]


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, Json]:
    capsys.readouterr()
    code = town.run(*arguments, "--json")
    error: Json = town.checked_against("error", capsys.readouterr().out)["error"]
    return code, error


@pytest.mark.parametrize(
    ("change", "code", "where", "said"),
    [
        ({"--from": "48.5,2.0"}, "far_from_streets", "--from", "from any street"),
        ({"--to": "2.005,47.005"}, "far_from_streets", "--to", "swapped"),
        ({"--to": "nowhere"}, "not_a_point", "--to", "no point"),
        ({"--via": "47,181"}, "not_a_coordinate", "--via (1)", "longitude 181.0"),
        ({"--vehicle": "vul-V7-diesel"}, "unknown_vehicle", "--vehicle", "'V7' is no Crit'Air class"),
        ({"--vehicle": "van"}, "unknown_vehicle", "--vehicle", "'van' is no category"),
        ({"--vehicle": "vul-V3"}, "unknown_vehicle", "--vehicle", "no kind of vehicle"),
        ({"--at": "9 o'clock"}, "bad_time", "--at", "no time"),
        ({"--weather": "fog"}, "bad_weather", "--weather", "no weather"),
        ({"--city": "nowhere.city"}, "no_city_file", "nowhere.city", ""),
    ],
)
def test_what_is_wrong_is_told_by_option(
    city: Path, tmp_path: Path, change: Json, code: str, where: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "route.html"
    arguments = [*words(city, VAN), "--map", str(path)]
    for option, value in change.items():
        if option in arguments:
            arguments[arguments.index(option) + 1] = value
        else:
            arguments += [option, value]
    exit_code, error = refused(arguments, capsys)
    assert exit_code in (2, 3)
    assert (error["code"], error["where"]) == (code, where)
    assert said in error["message"] + error["action"]
    assert not path.exists()


def test_a_target_inside_a_closed_zone_says_which_and_until_when(
    city: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, error = refused(words(city, CLEAN, VAN, end=(5, 2)), capsys)
    assert (code, error["code"], error["where"]) == (3, "zone_closed", "--to")
    assert "zone MIDDLE" in error["message"]
    assert "closed to vul from Crit'Air V3 on, Mo-Fr 08:00-20:00" in error["message"]
    assert error["message"].endswith("from 2026-11-24 08:00 until 2026-11-24 20:00")
    assert "leave when it is open" in error["action"]


def test_a_target_behind_a_closed_zone_names_the_zone(
    city: Path, told: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    (weekday,) = told(*words(city, VAN, end=BEYOND))
    assert [ban["zone_id"] for ban in weekday["avoided"]] == ["MIDDLE"]
    code, error = refused(words(city, VAN, end=BEYOND, at=SATURDAY), capsys)
    assert (code, error["code"], error["where"]) == (3, "zone_closed", "")
    assert "every way runs through zone WALL" in error["message"]
    assert error["message"].endswith("with no end in sight"), "Sunday too"
    assert error["action"] == "take a cleaner vehicle or a bike"
