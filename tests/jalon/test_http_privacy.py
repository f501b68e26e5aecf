"""Erasure over HTTP: of one's own customers only, and out of the files."""

from __future__ import annotations

from pathlib import Path

from data.model.contact import Contact
from data.model.reservation import Owner
from data.store import contacts
from data.store.database import Database
from tests.jalon.http_server import client, key

NAME = "Zéphyrine Quatrebarbes"


def fill(folder: Path) -> None:
    """Keep one customer with two orders, of two shippers each."""
    with Database(f"sqlite:///{folder}/server.db") as store, store.write() as writing:
        for shipper in ("nord", "sud"):
            kept = {f"o{number}": Contact(name=NAME, customer_id="c1") for number in (1, 2)}
            contacts.put(writing, Owner("default", shipper), kept, 1)


def left(folder: Path, shipper: str) -> set[str]:
    """Return the orders of a shipper that still have a contact."""
    with Database(f"sqlite:///{folder}/server.db") as store, store.read() as reading:
        return set(contacts.load(reading, Owner("default", shipper), ("o1", "o2")))


def test_orders_then_a_customer(tmp_path: Path) -> None:
    fill(tmp_path)
    with client(tmp_path) as one:
        carrier = key(one, "admin")
        nord = key(one, "admin", shipper="nord", by=carrier)
        assert one.delete("/v1/orders/o1/contact", headers=nord).json() == {"contacts": 1}
        assert one.delete("/v1/orders/o1/contact", headers=nord).json() == {"contacts": 0}
    assert (left(tmp_path, "nord"), left(tmp_path, "sud")) == ({"o2"}, {"o1", "o2"})
    with client(tmp_path) as one:
        assert one.delete("/v1/contacts/c1", headers=nord).json() == {"contacts": 1}
        sud = key(one, "admin", shipper="sud", by=carrier)
        assert one.delete("/v1/contacts/c1", headers=sud).json() == {"contacts": 2}
        held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert NAME.encode() not in held
