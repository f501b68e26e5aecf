"""``jalon db upgrade``: what it prints and refuses, and the password it never prints."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from data.store.database import Database
from tests.jalon import town
from tests.jalon.test_cli_contracts import objects

UPGRADE = ("db", "upgrade")


def test_the_contract_leaves_nothing_open() -> None:
    contract = town.load_contract("db-upgrade")
    jsonschema.Draft202012Validator.check_schema(contract)
    for one in objects(contract):
        assert one["additionalProperties"] is False
        assert set(one["required"]) == set(one["properties"])
        assert all("type" in value and value.get("description") for value in one["properties"].values())


def test_a_store_is_created_then_up_to_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JALON_DATABASE_URL", f"sqlite:///{tmp_path}/shop.db")
    for before in (None, "0001"):
        assert town.run(*UPGRADE, "--json") == 0
        told = town.checked_against("db-upgrade", capsys.readouterr().out)
        assert (told["revision_before"], told["revision"]) == (before, "0001")
        assert told["database"].endswith("/shop.db")
    assert town.run(*UPGRADE) == 0
    shown = capsys.readouterr()
    assert shown.out == "" and "up to date" in shown.err


def test_the_store_of_another_process_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"
    with Database(url):
        assert town.run(*UPGRADE, "--database", url, "--json") == 3
    assert town.checked_against("error", capsys.readouterr().out)["error"]["code"] == "store_in_use"


@pytest.mark.parametrize(
    ("url", "exit_code", "code"),
    [
        ("mysql://me:secret@host/x", 2, "unusable_database_url"),
        ("postgresql://me:secret@/x?host=/nowhere", 3, "store_unusable"),
    ],
)
def test_it_refuses_without_a_password(url: str, exit_code: int, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run(*UPGRADE, "--database", url, "--json") == exit_code
    told = capsys.readouterr()
    assert town.checked_against("error", told.out)["error"]["code"] == code
    assert "secret" not in told.out + told.err
