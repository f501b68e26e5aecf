"""``jalon keys``: a secret is told once, a key is known by its name ever after."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from tests.jalon import town
from tests.jalon.http_server import client, problem
from tests.jalon.test_cli_contracts import objects


@pytest.mark.parametrize("name", ["keys-add", "keys-list", "keys-revoke", "serve"])
def test_a_contract_leaves_nothing_open(name: str) -> None:
    contract = town.load_contract(name)
    jsonschema.Draft202012Validator.check_schema(contract)
    for one in objects(contract):
        assert one["additionalProperties"] is False
        assert set(one["required"]) == set(one["properties"])
        assert all("type" in value and value.get("description") for value in one["properties"].values())


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the store's URL, which the commands find in the environment."""
    found = f"sqlite:///{tmp_path}/server.db"
    monkeypatch.setenv("JALON_DATABASE_URL", found)
    return found


def test_a_key_from_its_making_to_its_end(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--tenant", "acme", "--shipper", "nord", "--scope", "promise:read", "--scope", "admin", "--label", "shop")
    assert town.run("keys", "add", *asked, "--json") == 0
    told = capsys.readouterr()
    made = town.checked_against("keys-add", told.out)
    assert made["secret"].startswith(made["id"] + "_") and len(made["secret"]) > 50
    assert made["secret"] not in told.err
    assert (made["scopes"], made["shipper"]) == (["admin", "promise:read"], "nord")
    assert town.run("keys", "list", "--tenant", "acme", "--json") == 0
    told = capsys.readouterr()
    (seen,) = town.checked_against("keys-list", told.out)["keys"]
    assert seen == {**made, "secret": None}
    assert "acme/nord: admin, promise:read (good) shop" in told.err
    with client(tmp_path) as one:
        header = {"x-api-key": made["secret"]}
        assert [key["id"] for key in one.get("/v1/keys", headers=header).json()] == [made["id"]]
    assert town.run("keys", "revoke", made["id"], "--tenant", "acme", "--json") == 0
    assert town.checked_against("keys-revoke", capsys.readouterr().out)["id"] == made["id"]
    assert town.run("keys", "revoke", made["id"], "--tenant", "acme", "--json") == 2
    assert town.checked_against("error", capsys.readouterr().out)["error"]["code"] == "unknown_key"
    assert town.run("keys", "add", "--scope", "admin") == 0
    secret = capsys.readouterr().out.strip()
    with client(tmp_path) as one:
        problem(one.get("/v1/keys", headers=header), 401)
        assert one.get("/v1/keys", headers={"x-api-key": secret}).status_code == 200


def test_no_scope_and_no_such_scope(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run("keys", "add", "--json") == 2
    assert town.run("keys", "add", "--scope", "all", "--json") == 2
    capsys.readouterr()
