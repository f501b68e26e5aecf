"""``jalon live what-if`` and ``jalon kpi``: what they print, draw and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from data import codec
from jalon.cli_kpi import SAMPLE_PATH as ORDERS
from promise.what_if_input import SAMPLE_PATH, WhatIf
from tests.jalon import town
from tests.jalon.test_cli_contracts import objects

WHAT_IF = ("live", "what-if")


@pytest.mark.parametrize("name", ["live-what-if", "kpi"])
def test_a_contract_leaves_nothing_open(name: str) -> None:
    contract = town.load_contract(name)
    jsonschema.Draft202012Validator.check_schema(contract)
    for one in objects(contract):
        assert one["additionalProperties"] is False
        assert set(one["required"]) == set(one["properties"])
        assert all("type" in value and value.get("description") for value in one["properties"].values())


def test_the_formats_read_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    order = {"order_id": "o1", "ordered_at": "2026-11-19T20:00:00+01:00", "promised_on": "2026-11-21"}
    for name, example in (("what_if", json.loads(SAMPLE_PATH.read_text())), ("kpi_order", order)):
        assert town.run("schema", name) == 0
        validator = jsonschema.Draft202012Validator(json.loads(capsys.readouterr().out))
        validator.validate(example)
        assert not validator.is_valid({**example, "unknown": 1})


def test_what_if_on_the_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plot = tmp_path / "what-if.png"
    assert town.run(*WHAT_IF, "--reach", "3", "--down", "NANTES", "--plot", plot, "--json") == 0
    told = town.checked_against("live-what-if", capsys.readouterr().out)
    assert told["input_path"] is None and told["plot_path"] == str(plot)
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert told["live_parcels"]["after"]["mean"] > told["live_parcels"]["before"]["mean"]
    assert all(one["later_days"] >= 0 for one in told["dates"]) and any(one["later_days"] > 0 for one in told["dates"])
    assert [hub["hub_id"] for hub in told["hubs"] if hub["after"]["load_ratio"] is None] == ["NANTES"]
    assert any(hub["moves"] for hub in told["hubs"])
    assert told["transfers"] and told["stock"][0]["after"]["ends_at"]


def test_what_if_for_people_keeps_to_80_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    given = codec.read(SAMPLE_PATH, WhatIf)
    odd = given.areas[0].replace(area=given.areas[0].area.replace(id="[bold]x[/y]"))
    path = tmp_path / "input.json"
    codec.write_whole(path, codec.encode(given.replace(areas=(odd, *given.areas[1:]))))
    plot = tmp_path / "what-if.svg"
    assert town.run(*WHAT_IF, path, "--conversion", "8", "--for", "20", "--weather", "snow", "--plot", plot) == 0
    told = capsys.readouterr()
    assert told.out == "" and "<svg" in plot.read_text()
    assert "[bold]x[/y]" in told.err
    assert max(len(line.rstrip()) for line in told.err.splitlines()[1:]) <= 80
    assert "noel-1" in told.err and "people to move" in told.err and "hired" in told.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "no_change"),
        (("--for", "10"), "no_change"),
        (("--live", "x", "--reach", "2"), "unknown_live"),
        (("--down", "PARIS"), "unknown_hub"),
        (("--weather", "fog"), "unknown_weather"),
        (("--reach", "2", "--plot", "what-if.gif"), "unknown_format"),
        (("nowhere.json", "--reach", "2"), "unreadable_file"),
        (("--reach", "0"), "usage"),
    ],
)
def test_what_if_refuses(words: tuple[str, ...], code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run(*WHAT_IF, *words, "--json") == 2
    assert town.checked_against("error", capsys.readouterr().out)["error"]["code"] == code
    assert not Path("what-if.gif").exists()


def test_kpi_on_the_sample_and_on_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run("kpi", "--json") == 0
    told = town.checked_against("kpi", capsys.readouterr().out)
    assert told["input_path"] is None
    assert [row["name"] for row in told["lives"]] == ["lea-11-06", "ines-11-13", "lea-11-20"]
    assert told["lives"][-1]["change"]["service_level"] < 0 and told["lives"][0]["change"] is None
    copied = tmp_path / "orders.csv"
    copied.write_bytes(ORDERS.read_bytes())
    assert town.run("kpi", copied, "--at", "2026-11-30T08:00", "--json") == 0
    again = town.checked_against("kpi", capsys.readouterr().out)
    assert {**again, "input_path": None} == told
    assert town.run("kpi", copied) == 0  # as of now
    shown = capsys.readouterr()
    assert shown.out == "" and "lea-11-20" in shown.err


def test_kpi_refuses_what_it_can_t_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "orders.csv"
    bad.write_text("order_id,ordered_at,promised_on\n1,yesterday,2026-11-20\n")
    assert town.run("kpi", bad, "--json") == 2
    error = town.checked_against("error", capsys.readouterr().out)["error"]
    assert (error["code"], error["where"]) == ("invalid_time", f"{bad}:2")
