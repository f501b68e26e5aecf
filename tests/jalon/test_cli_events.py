"""``jalon events``: a file of scans into the store, once each."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from data import clock, codec
from data.model.parcel import ParcelState
from data.model.reservation import DEFAULT_TENANT, Owner
from data.model.stored_order import OrderState
from data.store import orders
from data.store.database import Database
from tests.jalon import town
from tests.jalon.test_cli_contracts import objects
from tests.promise.small_house import house
from tests.promise.test_follow import stored

TABLE = """id;kind;at;order_id
s1;loaded;2026-11-24T08:10;o1
s2;failed;2026-11-24T10:30;o1
s3;delivered;2026-11-24T11:00;o2
"""


def test_the_contract_leaves_nothing_open() -> None:
    contract = town.load_contract("events")
    jsonschema.Draft202012Validator.check_schema(contract)
    for one in objects(contract):
        assert one["additionalProperties"] is False
        assert set(one["required"]) == set(one["properties"])


def test_a_file_is_taken_in_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url, shop = f"sqlite:///{tmp_path}/shop.db", Owner(DEFAULT_TENANT, "shop")
    with Database(url) as database, database.write() as t:
        orders.put(t, shop, {name: stored(name) for name in ("o1", "o2", "o3")}, 0)
    (tmp_path / "scans.csv").write_text(TABLE)
    (tmp_path / "house.json").write_bytes(codec.encode(house(clock.now().replace(microsecond=0))))
    words = ("events", "scans.csv", "--database", url, "--shipper", "shop", "--json")
    assert town.run(*words) == 2
    assert "promise_not_configured" in capsys.readouterr().out
    monkeypatch.setenv("JALON_PROMISE", "house.json")
    for kept in (3, 0):
        assert town.run(*words) == 0
        told = town.checked_against("events", capsys.readouterr().out)
        assert (told["kept"], told["known"], told["orders_changed"]) == (kept, 3 - kept, 2 if kept else 0)
    with Database(url, read_only=True) as database, database.read() as connection:
        found = orders.load(connection, shop, ("o1", "o2", "o3"))
    assert [one.state for one in found.values()] == [OrderState.FAILED, OrderState.DELIVERED, OrderState.ACCEPTED]
    assert found["o1"].order.parcels[0].state is ParcelState.FAILED
    (tmp_path / "scans.csv").write_text(TABLE.replace("failed", "flown"))
    assert town.run(*words) == 2
    assert "scans.csv:3" in capsys.readouterr().err
