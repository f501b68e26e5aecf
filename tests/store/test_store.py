"""Opening a store: made and migrated, owned by one process, its constraints the database's own, errors that help."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from msgspec import structs
from sqlalchemy import CheckConstraint, Connection, insert, inspect, text, update
from sqlalchemy.exc import IntegrityError

from data.errors import InputError
from data.model.reservation import Balance, Capacity, Key
from data.model.stock import Stock, StockLine
from data.store import idempotency, migrate, rows
from data.store.capacity import of_tenant, save
from data.store.database import Database, StoreError
from data.store.idempotency import Answered
from data.store.tables import capacity, metadata
from data.store.writer import Done, Writer
from promise.ledger import Ledger
from promise.reserve import Confirm, PublishStock
from tests.store import postgres
from tests.store.faults import Fault, order_request
from tests.store.orders import CARRIER, DAY, SHOP, ask, nested, opened, publish, reserve

LEVEL = {
    **{"tenant": "t", "shipper": "", "id": "x", "parent_id": "", "day": DAY, "parcels": 5, "dm3": 10},
    **{"reserved_parcels": 5, "reserved_dm3": 10, "deficit_parcels": 0, "deficit_dm3": 0, "changed_s": 0},
    **dict.fromkeys(("hub_id", "area_id", "option_id", "place_id"), ""),
}
ENTRY = (
    "INSERT INTO reservations (id, tenant, shipper, step, state, capacity_id, parcels, dm3, goods, at_s) "
    "VALUES ('{}', 'carrier', 'shop', {}, 'confirmed', '{}', 1, 0, '', 0)"
)
OLD_LEVEL = "('x', 'carrier', '', '', '2026-11-24', 5, NULL, 1, 0, 0, 0)"
OLD_ENTRY = "('o1', 'carrier', 'shop', 0, 'confirmed', 'x', 1, 0, 0)"
OLD_PLACE = "('o1', 'carrier', 'shop', 0, 'confirmed', 'x', 1, 0, 9, '')"


def test_a_store_is_made_once_and_is_what_the_tables_say(url: str) -> None:
    with Database(url) as database:
        assert (database.revision_before, database.revision) == (None, "0005")
    with Database(url) as database:
        assert database.revision_before == database.revision
        with database.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
            checks = {one["name"] for one in inspect(connection).get_check_constraints("capacity")}
        assert checks == {one.name for one in capacity.constraints if isinstance(one, CheckConstraint)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"reserved_parcels": 6},
        {"reserved_dm3": 11},
        {"reserved_parcels": -1},
        {"deficit_parcels": -1},
        {"parcels": 4},
    ],
    ids=str,
)
def test_the_database_refuses_to_sell_a_place_twice(url: str, wrong: dict[str, int]) -> None:
    with Database(url) as database:
        with database.write() as connection:
            connection.execute(insert(capacity), LEVEL)
        with pytest.raises(IntegrityError), database.write() as connection:
            connection.execute(update(capacity).values(**wrong))
        with database.write() as connection:  # a deficit that is owned up to, and volume without a limit, are right
            right = {"reserved_parcels": 6, "deficit_parcels": 1, "dm3": None, "reserved_dm3": 99}
            connection.execute(update(capacity).values(**right))


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE capacity SET reserved_parcels = 0 WHERE id = 'group'", "group"),
        (ENTRY.format("o1", 2, "south"), "shop/o1"),
        (ENTRY.format("o2", 0, "north"), "shop/o2"),
        ("UPDATE stock SET reserved = 1", "s/H/"),
        ("UPDATE promises SET capacity_id = 'south'", "shop/o1"),
        ("DELETE FROM promises", "shop/o1"),
        ("DELETE FROM capacity WHERE id = 'hub'", "never published"),
    ],
)
def test_a_ledger_that_does_not_add_up_is_not_opened(url: str, statement: str, told: str) -> None:
    with opened(url) as ledger:
        publish(ledger, *nested())
        ask(ledger, PublishStock(stock=Stock(sku="s", hub_id="H", units=5)))
        ask(ledger, reserve("o1", lines=(StockLine(sku="s", hub_id="H", quantity=2),)), Confirm(id="o1"))
    with Database(url) as database:
        with database.write() as connection:
            connection.execute(text(statement))
        with pytest.raises(StoreError, match="ledger_mismatch") as refused:
            Ledger(database)
        assert told in refused.value.message


def test_writes_made_at_once_are_all_made_or_none(url: str) -> None:
    rows_of = {one.id: one for one in nested()}
    changed = rows_of["hub"].replace(parcels=7)

    def made(of: dict[str, Capacity]) -> dict[Key, Balance]:
        return {Key("carrier", "", name): Balance(**structs.asdict(one)) for name, one in of.items()}

    answers = {Key(*SHOP, "key"): Answered(fingerprint="f", reply="r")}
    with Database(url) as database:
        with database.write() as t:
            save(t, made({"hub": rows_of["hub"]}), {}, 1)
        with database.write() as t, rows.at_once(t):
            save(t, made({"group": rows_of["group"]}), made({"hub": changed}), 2)
            idempotency.save(t, answers, 2)
        for written in (True, False):
            with pytest.raises(IntegrityError), database.write() as t, rows.at_once(t):
                save(t, made({"north": rows_of["north"]}), {}, 3)
                idempotency.save(t, answers if written else {Key(*SHOP, "other"): answers[Key(*SHOP, "key")]}, 3)
                if not written:
                    save(t, made({"hub": changed}), {}, 3)
        with database.read() as t:
            assert {one.id: one.parcels for one in of_tenant(t, "carrier")} == {"group": 100, "hub": 7}
            assert idempotency.load(t, {*answers, Key(*SHOP, "other")}) == answers


@pytest.mark.parametrize("statement", ["UPDATE reservations SET parcels = 2", "DELETE FROM reservations"])
def test_the_database_lets_the_ledger_only_grow(url: str, statement: str) -> None:
    with opened(url) as ledger:
        publish(ledger, *nested())
        ask(ledger, reserve("o1"))
    with Database(url) as database:
        with pytest.raises(IntegrityError, match="reservations only grow"), database.write() as connection:
            connection.execute(text(statement))
        Ledger(database).close()


def test_sqlite_is_durable_and_one_process_has_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/jalon.db"
    with Database(url) as database:
        with database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        with pytest.raises(StoreError, match=f"process {os.getpid()} has this store open.*store_in_use"):
            Database(url)
    Database(url).close()


def test_a_store_that_is_served_can_be_looked_into(url: str) -> None:
    with opened(url) as ledger:
        publish(ledger, *nested())
        with Database(url, read_only=True) as looking:
            assert looking.served_by == (os.getpid() if looking.is_sqlite else None)
            with looking.read() as connection:
                assert len(of_tenant(connection, CARRIER.tenant)) == 4
            with pytest.raises(StoreError, match="store_read_only"), looking.write():
                pass
            with pytest.raises(StoreError, match="store_failed"), looking.read() as connection:
                connection.execute(insert(capacity), LEVEL)
        ask(ledger, reserve("o1"))
    with Database(url, read_only=True) as looking:
        assert looking.served_by is None


def test_an_old_store_is_not_looked_into(url: str, tmp_path: Path) -> None:
    with Database(url) as database, database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(StoreError, match="store_outdated"):
        Database(url, read_only=True)
    with pytest.raises(StoreError, match="store_unusable"):
        Database(f"sqlite:///{tmp_path}/none.db", read_only=True)
    assert not list(tmp_path.glob("none*"))


def test_an_older_store_is_migrated_with_what_it_holds(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as then:
        then.setattr(migrate, "newest", lambda: "0001")
        with Database(url) as database, database.write() as connection:
            connection.execute(text(f"INSERT INTO capacity VALUES {OLD_LEVEL}"))
            connection.execute(text(f"INSERT INTO reservations VALUES {OLD_ENTRY}"))
            connection.execute(text(f"INSERT INTO promises VALUES {OLD_PLACE}"))
    with opened(url) as ledger:
        assert ledger.reservation(SHOP, "o1").goods == ""
        assert ask(ledger, reserve("o2", "x")).refusal is None


def test_postgresql_is_durable(server: postgres.Server) -> None:
    with Database(server.new_url()) as database, database.read() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        assert connection.exec_driver_sql("SHOW fsync").scalar() == "on"


@pytest.mark.parametrize("url", ["", "jalon.db", "mysql://localhost/x", "sqlite://", "sqlite:///:memory:"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(InputError, match="unusable_database_url"):
        Database(url)


def test_errors_tell_no_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="store_unusable") as refused:
        Database(f"postgresql://me:secret@/x?host={tmp_path}")
    assert "secret" not in str(refused.value) and "***" in str(refused.value)
    (tmp_path / "no.db").write_bytes(b"this is no database" * 1000)
    with pytest.raises(StoreError, match="store_unusable"):
        Database(f"sqlite:///{tmp_path}/no.db")


def test_one_job_that_fails_fails_alone(new_url: Callable[[], str]) -> None:
    def handle(connection: Connection, jobs: Sequence[str]) -> Done:
        for job in jobs:
            connection.execute(insert(capacity), {**LEVEL, "id": job})
            if job == "bad":
                raise Fault
        return Done([job.upper() for job in jobs])

    with Database(new_url()) as database:
        writer = Writer(database)
        futures = [writer.submit(handle, job) for job in ("a", "b", "bad", "c", "a", "d")]
        writer.close()
        failed = {number: type(one.exception()) for number, one in enumerate(futures) if one.exception()}
        assert failed == {2: Fault, 4: StoreError}
        assert futures[5].result() == "D"
        told = str(futures[4].exception())
        assert "store_failed" in told and "INSERT" not in told  # neither statements nor values
        with database.read() as connection:
            assert sorted(connection.scalars(text("SELECT id FROM capacity"))) == ["a", "b", "c", "d"]
        with pytest.raises(StoreError, match="store_closed"):
            writer.submit(handle, "e")
        assert (writer.jobs, writer.commits <= 4) == (4, True)


def test_what_waits_shares_a_commit(url: str) -> None:
    with opened(url) as ledger:
        publish(ledger, *nested())
        before = ledger.commits
        waiting = [ledger.submit(one) for one in map(order_request, range(100))]
        assert all(future.result()[0].refusal is None for future in waiting)
        assert ledger.commits - before < 60
        assert len(ledger.balances(CARRIER.tenant)) == 4
