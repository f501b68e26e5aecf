"""``jalon geocode`` and ``jalon city ban``: rows out, doubts listed, one JSON value, errors by file and line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import jsonschema
import pytest

from tests.jalon import town
from tests.jalon.test_cli_contracts import objects
from tests.jalon.test_http_addresses import REGISTER

FILE = """commande;adresse;code_postal;ville;poids_kg
A;12 r. du Port;99100;Port-Fictif;1
B;9 rue Zyx;99100;Port-Fictif;1
"""


@pytest.fixture
def ban(tmp_path: Path) -> Path:
    (tmp_path / "ban.csv").write_text(REGISTER, encoding="utf-8")
    (tmp_path / "in.csv").write_text(FILE, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", ["geocode", "city-ban"])
def test_a_contract_leaves_nothing_open(name: str) -> None:
    contract = town.load_contract(name)
    jsonschema.Draft202012Validator.check_schema(contract)
    for one in objects(contract):
        assert one["additionalProperties"] is False and set(one["required"]) == set(one["properties"])
        assert all("type" in value and value.get("description") for value in one["properties"].values())


def test_rows_and_doubts(ban: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run("geocode", ban / "in.csv", "--ban", ban / "ban.csv") == 0
    told = capsys.readouterr()
    first, second = csv.DictReader(io.StringIO(told.out))
    assert (first["id"], first["lat"], first["lon"], first["doubtful"]) == ("A", "45.000000", "1.000000", "no")
    assert (second["lat"], second["level"], second["reason"]) == ("", "municipality", "no_street")
    assert "in.csv:3" in told.err and "1 of 2 addresses" in told.err


def test_json_and_a_file(ban: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ban / "out.csv"
    assert town.run("geocode", ban / "in.csv", "--ban", ban / "ban.csv", "--to", out, "--json") == 0
    figures = town.checked_against("geocode", capsys.readouterr().out)
    assert (figures["addresses"], figures["doubtful"], figures["path"]) == (2, 1, str(out))
    assert figures["rows"][0]["found"]["label"] == "12 Rue du Port 99100 Port-Fictif"
    assert len(out.read_text(encoding="utf-8").splitlines()) == 3
    assert town.run("geocode", ban / "in.csv", "--ban", ban / "ban.csv", "--to", out) == 0
    assert capsys.readouterr().out == ""


def test_errors(ban: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (ban / "long.csv").write_text(f"adresse\n{'x' * 600}\n", encoding="utf-8")
    (ban / "none.csv").write_text("commande\nA\n", encoding="utf-8")
    for file, code in [("long.csv", "too_long"), ("none.csv", "missing_column"), ("gone.csv", "unreadable_file")]:
        assert town.run("geocode", ban / file, "--ban", ban / "ban.csv", "--json") == 2
        assert json.loads(capsys.readouterr().out)["error"]["code"] == code
    assert town.run("geocode", ban / "in.csv", "--ban", ban / "in.csv", "--json") == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "missing_column"


def test_a_register_for_a_city(built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "ban.csv"
    assert town.run("city", "ban", built / "town.city", "-o", file, "--json") == 0
    figures = town.checked_against("city-ban", capsys.readouterr().out)
    assert figures["doors"] == len(file.read_text(encoding="utf-8").splitlines()) - 1 > 0
    (tmp_path / "in.csv").write_text("adresse\nnulle part\n", encoding="utf-8")
    assert town.run("geocode", tmp_path / "in.csv", "--ban", file, "--json") == 0
