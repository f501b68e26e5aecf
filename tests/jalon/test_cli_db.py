"""``jalon db``: what it prints, erases and refuses, and the password it never prints."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

from data.clock import now
from data.model.contact import Contact
from data.model.reservation import DEFAULT_TENANT, Owner
from data.store import contacts
from data.store.database import Database
from data.store.migrate import newest
from tests.jalon import town
from tests.jalon.test_cli_contracts import objects

UPGRADE = ("db", "upgrade")


@pytest.mark.parametrize("name", ["db-upgrade", "db-check", "db-erase", "db-retain"])
def test_a_contract_leaves_nothing_open(name: str) -> None:
    contract = town.load_contract(name)
    jsonschema.Draft202012Validator.check_schema(contract)
    for one in objects(contract):
        assert one["additionalProperties"] is False
        assert set(one["required"]) == set(one["properties"])
        assert all("type" in value and value.get("description") for value in one["properties"].values())


def test_a_store_is_created_then_up_to_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JALON_DATABASE_URL", f"sqlite:///{tmp_path}/shop.db")
    for before in (None, newest()):
        assert town.run(*UPGRADE, "--json") == 0
        told = town.checked_against("db-upgrade", capsys.readouterr().out)
        assert (told["revision_before"], told["revision"]) == (before, newest())
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


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URL of a store with the contacts of three orders, which the commands find by themselves."""
    found = f"sqlite:///{tmp_path}/shop.db"
    monkeypatch.setenv("JALON_DATABASE_URL", found)
    ada, long_ago_s = Contact(customer_id="c1", name="Ada"), int(now().timestamp()) - 40 * 86_400
    with Database(found) as store, store.write() as writing:
        contacts.put(writing, Owner(DEFAULT_TENANT), {"o1": ada, "o2": ada}, int(now().timestamp()))
        contacts.put(writing, Owner(DEFAULT_TENANT, "shop"), {"o3": ada}, long_ago_s)
    return found


def test_a_store_in_use_is_checked_by_looking(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Database(url):
        assert town.run("db", "check", "--json") == 0
    shown = capsys.readouterr()
    told = town.checked_against("db-check", shown.out)
    assert (told["served_by"], told["rows"]["contacts"]) == (os.getpid(), 3)
    assert f"process {os.getpid()} serves it" in shown.err
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as broken, broken:
        level = "'x', '', '', '', '2026-11-24', 1, NULL, 1, 0, 0, 0, '', '', '', '', 0"
        broken.execute(f"INSERT INTO capacity VALUES ({level})")
    assert town.run("db", "check", "--json") == 3
    assert town.checked_against("error", capsys.readouterr().out)["error"]["code"] == "ledger_mismatch"


def test_contacts_are_erased(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    def erased(*words: str) -> int:
        assert town.run("db", "erase", *words, "--json") == 0
        told = town.checked_against("db-erase", capsys.readouterr().out)
        return int(told["contacts"])

    assert erased("--order", "o1", "--order", "o3") == 1
    assert erased("--order", "o3", "--shipper", "shop", "--tenant", "else") == 0
    assert erased("--contact", "c1") == 1
    assert erased("--order", "o3", "--shipper", "shop") == 1
    assert town.run("db", "erase", "--json") == 2
    assert town.checked_against("error", capsys.readouterr().out)["error"]["code"] == "nothing_named"


def test_what_is_too_old_goes(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    for contacts_gone in (1, 0):
        assert town.run("db", "retain", "--days", "30", "--json") == 0
        told = town.checked_against("db-retain", capsys.readouterr().out)
        assert (told["contacts"], told["events"], told["plans"]) == (contacts_gone, 0, 0)
