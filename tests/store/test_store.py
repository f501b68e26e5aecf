"""Opening a store: made and migrated, owned by one process, its constraints the database's own, errors that help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, insert, inspect, text, update
from sqlalchemy.exc import IntegrityError

from data.errors import InputError
from data.store.database import Database, StoreError
from data.store.tables import capacity, metadata
from data.store.writer import Writer
from promise.ledger import Ledger
from promise.reserve import Confirm
from tests.store import postgres
from tests.store.faults import Fault, order_request
from tests.store.orders import CARRIER, DAY, ask, nested, opened, publish, reserve

LEVEL = {
    **{"tenant": "t", "shipper": "", "id": "x", "parent_id": "", "day": DAY, "parcels": 5, "dm3": 10},
    **{"reserved_parcels": 5, "reserved_dm3": 10, "deficit_parcels": 0, "deficit_dm3": 0},
}


def test_a_store_is_made_once_and_is_what_the_tables_say(url: str) -> None:
    with Database(url) as database:
        assert (database.revision_before, database.revision) == (None, "0001")
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
        ("DELETE FROM reservations WHERE state = 'confirmed'", "shop/o1"),
        ("UPDATE promises SET capacity_id = 'south'", "shop/o1"),
        ("DELETE FROM promises", "shop/o1"),
        ("DELETE FROM capacity WHERE id = 'hub'", "never published"),
    ],
)
def test_a_ledger_that_does_not_add_up_is_not_opened(url: str, statement: str, told: str) -> None:
    with opened(url) as ledger:
        publish(ledger, *nested())
        ask(ledger, reserve("o1"), Confirm(id="o1"))
    with Database(url) as database:
        with database.write() as connection:
            connection.execute(text(statement))
        with pytest.raises(StoreError, match="ledger_mismatch") as refused:
            Ledger(database)
        assert told in refused.value.message


def test_sqlite_is_durable_and_one_process_has_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/jalon.db"
    with Database(url) as database:
        with database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        with pytest.raises(StoreError, match="store_in_use"):
            Database(url)
    Database(url).close()


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
    def handle(connection: Connection, jobs: Sequence[str]) -> list[str]:
        for job in jobs:
            connection.execute(insert(capacity), {**LEVEL, "id": job})
            if job == "bad":
                raise Fault
        return [job.upper() for job in jobs]

    with Database(new_url()) as database:
        writer: Writer[str, str] = Writer(database, handle)
        futures = [writer.submit(job) for job in ("a", "b", "bad", "c", "a", "d")]
        writer.close()
        failed = {number: type(one.exception()) for number, one in enumerate(futures) if one.exception()}
        assert failed == {2: Fault, 4: StoreError}
        assert futures[5].result() == "D"
        told = str(futures[4].exception())
        assert "store_failed" in told and "INSERT" not in told  # neither statements nor values
        with database.read() as connection:
            assert sorted(connection.scalars(text("SELECT id FROM capacity"))) == ["a", "b", "c", "d"]
        with pytest.raises(StoreError, match="store_closed"):
            writer.submit("e")
        assert (writer.jobs, writer.commits <= 4) == (4, True)


def test_what_waits_shares_a_commit(url: str) -> None:
    with opened(url) as ledger:
        publish(ledger, *nested())
        before = ledger.commits
        waiting = [ledger.submit(one) for one in map(order_request, range(100))]
        assert all(future.result()[0].refusal is None for future in waiting)
        assert ledger.commits - before < 60
        assert len(ledger.balances(CARRIER.tenant)) == 4
