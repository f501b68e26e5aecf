"""``jalon promise simulate``: one JSON object by its contract, a table for people, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from data import codec
from tests.jalon import town
from tests.jalon.test_cli_contracts import objects
from tests.promise.tiny_world import tiny

SIMULATE = ("promise", "simulate")


@pytest.fixture(scope="module")
def world_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("world") / "world.json"
    codec.write_whole(path, codec.encode(tiny(scored_days=3)))
    return path


def test_the_contract_leaves_nothing_open() -> None:
    contract = town.load_contract("promise-simulate")
    jsonschema.Draft202012Validator.check_schema(contract)
    for one in objects(contract):
        assert one["additionalProperties"] is False
        assert set(one["required"]) == set(one["properties"])
        assert all("type" in value and value.get("description") for value in one["properties"].values())


def test_it_prints_one_object(world_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run(*SIMULATE, "--world", world_path, "--burst", "4", "--seed", "2", "--json") == 0
    found = town.checked_against("promise-simulate", capsys.readouterr().out)
    assert (found["seed"], found["burst"], found["nominal"]) == (2, 4.0, 0.95)
    assert len(found["by_hub_option"]) == 4
    assert 0 < found["mean_promised_days"] < 10


def test_people_get_a_table(
    world_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert town.run(*SIMULATE, "--world", world_path, "--burst", "1") == 0
    told = capsys.readouterr()
    assert told.out == "" and "static conformal" in told.err and "the oracle's at our share" in told.err
    assert all(len(line) <= 80 for line in told.err.splitlines())


def test_wrong_input_is_told(world_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    for arguments, code in (
        (("--burst", "0.5"), "invalid_burst"),
        (("--burst", "nan"), "invalid_burst"),
        (("--seed", "-1"), "invalid_seed"),
    ):
        assert town.run(*SIMULATE, "--world", world_path, *arguments, "--json") == 2
        assert town.checked_against("error", capsys.readouterr().out)["error"]["code"] == code
    for path, code in ((broken, "invalid_value"), (tmp_path / "none.json", "unreadable_file")):
        assert town.run(*SIMULATE, "--world", path, "--json") == 2
        assert town.checked_against("error", capsys.readouterr().out)["error"]["code"] == code
