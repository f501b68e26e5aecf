"""Bad input: one clear error each (code, where, why, what to do), its exit code, and nothing half-written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jalon import inputs
from tests.jalon import town

Spoil = Callable[[dict[str, Any]], object]


def put(**changes: Any) -> Spoil:
    """Return a change of the document's own keys."""
    return lambda document: document.update(changes)


def at(pointer: str, **changes: Any) -> Spoil:
    """Return a change of the object at a pointer."""

    def spoil(document: dict[str, Any]) -> None:
        found: Any = document
        for part in pointer.split("/"):
            found = found[int(part)] if part.isdigit() else found[part]
        found.update(changes)

    return spoil


def twice(key: str) -> Spoil:
    return lambda document: document[key].append(document[key][0])


SWAPPED = {"lat": 2.003, "lon": 47.003}
CLOSED = {"start_at": town.at("10:00"), "end_at": town.at("09:00")}
NAIVE = {"start_at": "2026-11-24T10:00:00", "end_at": town.at("11:00")}
EMPTY_OPTIONS: list[str] = []

# what is done to the request, code, where in it, part of the message or advice
REQUESTS = {
    "unknown key": (put(vehicels=[]), "unknown_key", "#", "did you mean `vehicles`?"),
    "unknown key inside": (at("places/0", lng=2.0), "unknown_key", "#/places/0", "did you mean `lon`?"),
    "swapped lat and lon": (at("places/2", **SWAPPED), "invalid_coordinates", "#/places/2/lat", "swapped"),
    "swapped hub": (at("hubs/0", **SWAPPED), "invalid_coordinates", "#/hubs/0/lat", "swapped"),
    "outside the city": (at("places/1", lat=48.0), "outside_city", "#/places/1/lat", "km outside the streets of town"),
    "latitude beyond the pole": (at("places/1", lat=95), "invalid_value", "#/places/1/lat", "<= 90"),
    "window closes before it opens": (
        at("orders/3/options/0", windows=[CLOSED]),
        "invalid_value",
        "#/orders/3/options/0/windows/0",
        "before it opens",
    ),
    "naive datetime": (
        at("orders/3/options/0", windows=[NAIVE]),
        "invalid_value",
        "#/orders/3/options/0/windows/0/start_at",
        "add the offset",
    ),
    "no datetime": (
        at("vehicles/1/shift", end_at="noon"),
        "invalid_value",
        "#/vehicles/1/shift/end_at",
        "write it like",
    ),
    "duplicate order": (twice("orders"), "duplicate_id", "#/orders/8/id", "already used at #/orders/0/id"),
    "duplicate vehicle": (twice("vehicles"), "duplicate_id", "#/vehicles/2/id", "already used"),
    "negative number": (at("orders/0/parcels/0", load_g=-1), "invalid_value", "#/orders/0/parcels/0/load_g", ">= 0"),
    "negative capacity": (at("vehicles/0", capacity_g=-5), "invalid_value", "#/vehicles/0/capacity_g", ">= 0"),
    "fraction for a count": (at("vehicles/0", capacity_g=1.5), "invalid_value", "#/vehicles/0/capacity_g", "int"),
    "text for a number": (at("places/0", lat="47"), "invalid_value", "#/places/0/lat", "float"),
    "missing key": (lambda document: document.pop("hubs"), "invalid_value", "#", "add it"),
    "no vehicles": (put(vehicles=[]), "invalid_value", "#/vehicles", "length >= 1"),
    "unknown category": (
        at("vehicles/0", category="lorry"),
        "invalid_value",
        "#/vehicles/0/category",
        "one of vp, vul",
    ),
    "another format": (put(format="jalon.request/9"), "invalid_value", "#/format", "jalon.request/9"),
    "unknown hub": (at("orders/0", hub_id="hab"), "unknown_hub", "#/orders/0/hub_id", "did you mean `hub`?"),
    "unknown place": (
        at("orders/0", options=[{"place_id": "x"}]),
        "unknown_place",
        "#/orders/0/options/0/place_id",
        "x",
    ),
    "no options": (at("orders/0", options=EMPTY_OPTIONS), "invalid_value", "#/orders/0/options", "length >= 1"),
    "a day of another age": (put(day="9999-12-31"), "bad_date", "#/day", "this century"),
    "unknown time zone": (put(time_zone="Mars/Base"), "unknown_time_zone", "#/time_zone", "Europe/Paris"),
    "unreadable hours": (at("places/0", opening_hours="late"), "unreadable_hours", "#/places/0/opening_hours", "late"),
    "banned at its hub": (
        lambda document: (at("hubs/0", **town.position(8, 8))(document), at("vehicles/1", critair="NC")(document)),
        "hub_closed_by_zone",
        "#/vehicles/1",
        "may not leave hub hub: it lies in EAST",
    ),
    "status of nobody": (put(statuses=[{"vehicle_id": "v9"}]), "unknown_vehicle", "#/statuses/0/vehicle_id", "v9"),
}


def refused(capsys: pytest.CaptureFixture[str], code: int, *arguments: str | Path) -> dict[str, str]:
    """Run a command that must fail with ``code``, in both ways of telling; return the error object."""
    capsys.readouterr()
    assert town.run(*arguments) == code
    plain = capsys.readouterr()
    assert plain.out == ""
    lines = [line for line in plain.err.splitlines() if not line.startswith(("step:", "note"))]
    assert lines[0].startswith("error ")
    assert town.run(*arguments, "--json") == code
    error: dict[str, str] = town.checked_against("error", capsys.readouterr().out)["error"]
    assert f"[{error['code']}]" in plain.err
    assert len(lines) == 1 or error["message"].startswith(f"{len(lines) - 1} problems:")
    return error


@pytest.mark.parametrize("name", REQUESTS)
def test_a_wrong_request(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil, code, pointer, says = REQUESTS[name]
    document = town.request()
    spoil(document)
    path = town.write(folder / "wrong.json", document)
    error = refused(capsys, 2, "solve", path, "-o", folder / "new.json", "-l", "0")
    assert (error["code"], error["where"]) == (code, f"{path}{pointer}")
    assert says in error["message"] + error["action"]
    assert not (folder / "new.json").exists()


# content, code, what follows the file's name in `where`, part of the message or advice
NOT_JSON = {
    "empty": (b"", "empty_file", "", "empty"),
    "blank": (b" \n", "empty_file", "", "empty"),
    "garbage": (b"\x00\x93PK\xff", "invalid_json", ":1:1", "malformed"),
    "a missing colon": (b'{\n "day": "2026-11-24",\n "city" "x"}', "invalid_json", ":3:9", "expected ':'"),
    "cut off": (b'{\n "day": "2026-11-', "invalid_json", ":2:18", "cut off"),
    "NaN": (b'{"hubs": [\n  {"id": "h", "lat": NaN}]}', "invalid_json", ":2:22", "NaN is no JSON number"),
    "Infinity": (b'{"hubs": [{"lat": -Infinity}]}', "invalid_json", ":1:20", "Infinity is no JSON number"),
    "an array": (b"[]", "invalid_value", "#", "object"),
    "nested too deep": (b"[" * 100_000, "invalid_json", "", "nested too deep"),
    "VROOM's, cut off": (b'{"vehicles":[{"id":1', "invalid_json", ":1:21", "truncated"),
    "VROOM's with NaN": (b'{"vehicles":[],"jobs":[[0,NaN]]}', "invalid_json", ":1:27", "NaN is no JSON number"),
    "French quotes": ("{« day »: 1}".encode("latin-1"), "invalid_json", ":1:2", "malformed"),
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_no_json(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, code, where, says = NOT_JSON[name]
    path = folder / "wrong.json"
    path.write_bytes(content)
    error = refused(capsys, 2, "solve", path, "-o", folder / "new.json")
    assert (error["code"], error["where"]) == (code, f"{path}{where}")
    assert says in error["message"] + error["action"]
    assert not (folder / "new.json").exists()
    for command in (("check", path), ("replan", path, "--burst", path, "--city", folder / "town.city")):
        assert town.run(*command) in (1, 2)  # an array is JSON: a plan that breaks rules
    assert "Traceback" not in capsys.readouterr().err


BURSTS = {
    "already in the plan": (at("orders/1", id="o3"), "duplicate_id", "#/orders/1/id", "send only new orders"),
    "a parcel of the plan's": (
        at("orders/0", parcels=[{"id": "o3-p1", "load_g": 1, "volume_dm3": 1}]),
        "duplicate_id",
        "#/orders/0/parcels/0/id",
        "o3-p1",
    ),
    "a place of the plan's": (at("places/0", id="home-o3"), "conflicting_place", "#/places/0", "id of its own"),
    "swapped lat and lon": (at("places/0", **SWAPPED), "invalid_coordinates", "#/places/0/lat", "swapped"),
    "outside the city": (at("places/0", lat=48.0), "outside_city", "#/places/0/lat", "outside"),
    "unknown hub": (at("orders/0", hub_id="x"), "unknown_hub", "#/orders/0/hub_id", "x"),
    "unreadable hours": (at("places/0", opening_hours="?"), "unreadable_hours", "#/places/0/opening_hours", "?"),
    "unknown key": (at("orders/0", prio=3), "unknown_key", "#/orders/0", "priority"),
}


@pytest.mark.parametrize("name", BURSTS)
def test_a_wrong_burst(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil, code, pointer, says = BURSTS[name]
    document = town.burst()
    spoil(document)
    path, plan = town.write(folder / "wrong.json", document), folder / "plan.json"
    old = plan.read_bytes()
    replan = ("replan", plan, "--burst", path, "--city", folder / "town.city", "-o", plan, "-l", "0")
    error = refused(capsys, 2, *replan)
    assert (error["code"], error["where"]) == (code, f"{path}{pointer}")
    assert says in error["message"] + error["action"]
    assert plan.read_bytes() == old


CSV = "commande;poids_kg;latitude;longitude\n"
CSV_BURSTS = {
    "no header": ("b1;2;47,001;2,001\n", "unknown_column", ":1"),
    "unknown column": ("commande;poidskg;lat;lon\nb1;2;47,001;2,001\n", "unknown_column", ":1"),
    "no number": (CSV + "b1;2;47,001;2,001\nb2;two;47,001;2,001\n", "invalid_number", ":3"),
    "NaN": (CSV + "b1;nan;47,001;2,001\n", "invalid_number", ":2"),
    "negative weight": (CSV + "b1;-2;47,001;2,001\n", "out_of_range", ":2"),
    "latitude beyond the pole": (CSV + "b1;2;147,001;2,001\n", "invalid_coordinates", ":2"),
    "only a header": (CSV, "empty_file", ""),
    "empty": ("", "empty_file", ""),
}


@pytest.mark.parametrize("name", CSV_BURSTS)
def test_a_wrong_csv(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, code, where = CSV_BURSTS[name]
    path = folder / "burst.csv"
    path.write_text(text)
    error = refused(capsys, 2, "replan", folder / "plan.json", "--burst", path, "--city", folder / "town.city")
    assert (error["code"], error["where"]) == (code, f"{path}{where}")


def _flipped(content: bytes, byte: int) -> bytes:
    return content[:byte] + bytes([content[byte] ^ 1]) + content[byte + 1 :]


# what is done to the city file, code, part of the message
CITIES: dict[str, tuple[Callable[[bytes], bytes], str, str]] = {
    "a bit of its magic": (lambda content: _flipped(content, 0), "not_a_city_file", "no .city file"),
    "a bit of its length": (lambda content: _flipped(content, 17), "damaged_city_file", "header"),
    "a bit of its header": (lambda content: _flipped(content, 300), "damaged_city_file", "header"),
    "a bit of its streets": (lambda content: _flipped(content, len(content) // 2), "damaged_city_file", "checksum"),
    "its last bytes": (lambda content: content[:-64], "damaged_city_file", "bytes of"),
    "all of it": (lambda content: b"", "not_a_city_file", "no .city file"),
}


@pytest.mark.parametrize("name", CITIES)
def test_a_damaged_city(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil, code, says = CITIES[name]
    city = folder / "town.city"
    city.write_bytes(spoil(city.read_bytes()))
    for command in (("city", "info", city), ("solve", folder / "request.json", "-o", folder / "new.json")):
        error = refused(capsys, 3, *command)
        assert (error["code"], error["where"]) == (code, str(city))
        assert says in error["message"] and "jalon city build" in error["action"]
    assert not (folder / "new.json").exists()


def test_a_plan_from_another_city(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = folder / "other.city"
    assert town.run("city", "build", folder / "town.osm.pbf", "-o", other, "--name", "elsewhere") == 0
    error = refused(capsys, 2, "replan", folder / "plan.json", "--burst", folder / "burst.json", "--city", other)
    assert (error["code"], error["where"]) == ("wrong_city", str(other))


def test_a_plan_somebody_edited(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = json.loads((folder / "plan.json").read_text())
    plan["tours"][0]["distance_m"] += 1
    path = town.write(folder / "edited.json", plan)
    replan = ("replan", path, "--burst", folder / "burst.json", "--city", folder / "town.city")
    error = refused(capsys, 2, *replan)
    assert (error["code"], error["where"]) == ("invalid_plan", f"{path}#/tours/0/distance_m")
    assert town.run("check", path) == 1


SOURCES = {
    "a truncated extract": ("town.osm.pbf", 3, "unreadable_extract"),
    "a zone that is no GeoJSON": ("zone.geojson", 2, "invalid_json"),
    "relay points cut off": ("relays.csv", 2, "unknown_column"),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_wrong_source(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, exit_code, code = SOURCES[name]
    path = folder / file
    path.write_bytes(path.read_bytes()[:-100])
    old = (folder / "town.city").read_bytes()
    build = (
        "city",
        "build",
        folder / "town.osm.pbf",
        "--zfe",
        folder / "zone.geojson",
        "--relays",
        folder / "relays.csv",
    )
    error = refused(capsys, exit_code, *build, "-o", folder / "town.city")
    assert error["code"] == code and error["where"].startswith(str(path))
    assert (folder / "town.city").read_bytes() == old


def test_files_that_are_not_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere, plan, city = folder / "nowhere.json", folder / "plan.json", folder / "town.city"
    for exit_code, command in (
        (2, ("solve", nowhere)),
        (2, ("check", nowhere)),
        (2, ("replan", nowhere, "--burst", folder / "burst.json", "--city", city)),
        (2, ("replan", plan, "--burst", nowhere, "--city", city)),
        (2, ("replan", plan, "--burst", folder / "burst.json", "--city", city, "--status", nowhere)),
        (3, ("solve", folder / "request.json", "--city", nowhere)),
        (3, ("city", "info", nowhere)),
        (3, ("city", "build", folder / "nowhere.osm.pbf", "-o", folder / "x.city")),
        (2, ("city", "build", folder / "town.osm.pbf", "-o", folder / "x.city", "--zfe", nowhere)),
    ):
        error = refused(capsys, exit_code, *command)
        assert "nowhere" in error["where"] and "No such file" in error["message"]
    assert not (folder / "x.city").exists()


def test_outputs_that_cannot_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request, plan, city, burst = (folder / name for name in ("request.json", "plan.json", "town.city", "burst.json"))
    inside_a_file = plan / "new.json"
    for command in (
        ("solve", request, "-o", inside_a_file),
        ("solve", request, "-o", folder),
        ("solve", request, "--map", inside_a_file),
        ("replan", plan, "--burst", burst, "--city", city, "-o", inside_a_file),
        ("city", "build", folder / "town.osm.pbf", "-o", inside_a_file),
        ("city", "sample", city, "-o", plan),
        ("demo", "-o", plan),
    ):
        error = refused(capsys, 2, *command)
        assert error["code"] == "unwritable_file" and error["where"].startswith(str(folder))


def test_wrong_statuses(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, city, burst = folder / "plan.json", folder / "town.city", folder / "burst.json"
    for value, code, pointer in (
        ([{"vehicle_id": "v1"}, {"vehicle_id": "v1"}], "duplicate_id", "#/1/vehicle_id"),
        ([{"vehicle_id": "v1", "lat": 47.0}], "invalid_value", "#/0"),
        ([{"vehicle": "v1"}], "unknown_key", "#/0"),
        ({"vehicle_id": "v1"}, "invalid_value", "#"),
    ):
        path = town.write(folder / "status.json", value)
        error = refused(capsys, 2, "replan", plan, "--burst", burst, "--city", city, "--status", path)
        assert (error["code"], error["where"]) == (code, f"{path}{pointer}")


USAGE = {
    "no such command": (("sovle",), "No such command 'sovle'"),
    "no such option": (("solve", "--ouput", "x"), "--output"),
    "a negative limit": (("solve", "REQUEST", "-l", "-1"), "greater than or equal to 0"),
    "a limit that is no number": (("solve", "REQUEST", "-l", "nan"), "less than or equal to 86400"),
    "a limit without end": (("solve", "REQUEST", "-l", "inf"), "less than or equal to 86400"),
    "no burst": (("replan", "PLAN"), "--burst"),
    "a freeze time": (("replan", "PLAN", "--burst", "BURST", "--city", "CITY", "--freeze-before", "25:00"), "25:00"),
    "two requests": (("solve", "REQUEST", "-i", "REQUEST"), "two requests"),
    "no city": (("replan", "PLAN", "--burst", "BURST"), "--city"),
    "geometry of ours": (("solve", "REQUEST", "-g"), "--geometry"),
    "a name for the synthetic city": (("city", "build", "synthetic", "-o", "x.city", "--name", "x"), "--name"),
    "no such schema": (("schema", "requets"), "request"),
    "no date": (("city", "sample", "CITY", "-o", "x", "--day", "tomorrow"), "tomorrow"),
}
FILES = {"REQUEST": "request.json", "PLAN": "plan.json", "BURST": "burst.json", "CITY": "town.city"}


@pytest.mark.parametrize("name", USAGE)
def test_wrong_usage(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments, says = USAGE[name]
    monkeypatch.chdir(folder)
    error = refused(capsys, 2, *(FILES.get(word, word) for word in arguments))
    assert says in " ".join(error.values())
    assert not (folder / "x.city").exists()


def test_several_problems_are_told_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = town.request()
    at("places/2", **SWAPPED)(document)
    twice("orders")(document)
    path = town.write(folder / "wrong.json", document)
    error = refused(capsys, 2, "solve", path)
    assert error["message"].startswith("3 problems:")  # the order, its parcel, the place
    assert "#/places/2/lat" in error["message"] and "#/orders/8/id" in error["message"]


def test_a_place_far_from_any_street(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = town.request()
    at("places/4", lat=47.03)(document)  # 2 km north: near the city, on none of its streets
    path = town.write(folder / "wrong.json", document)
    error = refused(capsys, 3, "solve", path, "-o", folder / "new.json")
    assert (error["code"], error["where"]) == ("far_from_streets", f"{path}#/places/4")
    assert "home-o4" in error["message"]
    assert not (folder / "new.json").exists()


def test_too_large(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "_memory_bytes", lambda: 9 * 9 * 8 - 1)  # eight homes and the locker
    error = refused(capsys, 4, "solve", folder / "request.json")
    assert error["code"] == "too_many_places"
    monkeypatch.undo()
    monkeypatch.setattr("jalon.cli_plan.plan_day", _no_memory)
    assert refused(capsys, 4, "solve", folder / "request.json")["code"] == "out_of_memory"


def _no_memory(*_: object) -> None:
    raise MemoryError


def test_text_is_never_markup(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = town.request()
    document["places"][0]["id"] = "[bold]x[/bold] [/red]"
    path = town.write(folder / "[red]wrong.json", document)
    error = refused(capsys, 2, "solve", path)
    assert error["where"] == f"{path}#/orders/0/options/0/place_id"
    assert town.run("solve", path) == 2
    assert "[red]wrong.json" in capsys.readouterr().err


def test_a_defect_of_ours_is_told_as_one(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("[/] out of order")

    monkeypatch.setattr("jalon.cli_plan.plan_day", broken)
    assert town.run("solve", folder / "request.json", "--json") == 70
    told = capsys.readouterr()
    assert town.checked_against("error", told.out)["error"]["code"] == "defect"
    assert "RuntimeError: [/] out of order" in told.err


def test_a_plan_in_a_time_zone_nobody_knows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = town.write(folder / "mars.json", {**json.loads((folder / "plan.json").read_text()), "time_zone": "Mars"})
    error = refused(capsys, 2, "replan", path, "--burst", folder / "burst.json", "--city", folder / "town.city")
    assert (error["code"], error["where"]) == ("unknown_time_zone", f"{path}#/time_zone")
