"""``jalon db``: the store that holds capacity, reservations, promises, orders and who they are for."""

from __future__ import annotations

from typing import Annotated

import typer

from data import clock
from data.errors import InputError
from data.model.reservation import DEFAULT_TENANT, Owner
from data.store import channels, contacts, deliveries, events, jobs, plans
from data.store.database import DEFAULT_URL, Database, StoreError
from data.store.size import rows_by_table
from jalon.options import JsonOption
from jalon.terminal import print_json, say
from promise.audit import audit
from promise.ledger import Ledger

A_DAY_S = 86_400

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The store: create it, check it, erase from it.")

DatabaseOption = Annotated[
    str,
    typer.Option(
        "--database",
        envvar="JALON_DATABASE_URL",
        metavar="URL",
        help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.",
    ),
]
TenantOption = Annotated[str, typer.Option("--tenant", metavar="NAME", help="The carrier.")]
ShipperOption = Annotated[str, typer.Option("--shipper", metavar="NAME", help="Its shipper; none: the carrier itself.")]


@app.callback()
def common() -> None:
    """Hold what goes before every command."""


@app.command()
def upgrade(database: DatabaseOption = DEFAULT_URL, as_json: JsonOption = False) -> None:
    """Create the store, or bring its schema up to date, and check that its balances are what its ledger adds up to.

    A server does the same when it starts. One process at a time may have an SQLite store open.
    """
    with Database(database) as store:
        Ledger(store).close()
        if as_json:
            told = {"database": store.name, "revision_before": store.revision_before, "revision": store.revision}
            print_json(told)
        change = (
            "up to date" if store.revision_before == store.revision else f"from {store.revision_before or 'nothing'}"
        )
        say("store", f"{store.name}: revision {store.revision} ({change}), its ledger adds up", "green")


@app.command()
def check(database: DatabaseOption = DEFAULT_URL, as_json: JsonOption = False) -> None:
    """Count what the store holds, and check that its balances are what its ledger adds up to; exit 3 where not.

    Nothing is written, so a server may have the store open meanwhile.
    """
    with Database(database, read_only=True) as store:
        lines = audit(store)
        with store.read() as reading:
            rows = rows_by_table(reading)
        if as_json and not lines:
            told = {"database": store.name, "revision": store.revision, "served_by": store.served_by, "rows": rows}
            print_json(told)
        if store.served_by is not None:
            say("store", f"process {store.served_by} serves it; it is only looked into here")
    if lines:
        message = f"{len(lines)} balances or places disagree with the ledger's entries, first: {lines[0]}"
        raise StoreError("ledger_mismatch", message, store.name, "restore the store from its last backup")
    kept = ", ".join(f"{count} {name}" for name, count in rows.items() if count)
    say("store", f"{store.name}: {kept or 'empty'}; its ledger adds up", "green")


@app.command()
def erase(
    order: Annotated[list[str] | None, typer.Option("--order", metavar="ID", help="An order's contact.")] = None,
    contact: Annotated[
        list[str] | None, typer.Option("--contact", metavar="ID", help="A customer, from all of their orders.")
    ] = None,
    tenant: TenantOption = DEFAULT_TENANT,
    shipper: ShipperOption = "",
    database: DatabaseOption = DEFAULT_URL,
    as_json: JsonOption = False,
) -> None:
    """Erase names, addresses and phone numbers, of orders or of customers, from the tables and from the files.

    Orders, promises and the ledger stay: they hold none.
    """
    if not order and not contact:
        raise InputError("nothing_named", "nothing says what to erase", action="give --order ID or --contact ID")
    owner = Owner(tenant, shipper)
    with Database(database) as store:
        with store.write() as writing:
            erased = contacts.erase_orders(writing, owner, order or ())
            erased += sum(contacts.erase_customer(writing, owner, one) for one in contact or ())
        store.scrub()
        if as_json:
            print_json({"database": store.name, "contacts": erased})
        say("erased", f"{erased} contacts", "green")


@app.command()
def retain(
    days: Annotated[int, typer.Option("--days", min=1, max=3650, metavar="N", help="Keep what is younger.")],
    database: DatabaseOption = DEFAULT_URL,
    as_json: JsonOption = False,
) -> None:
    """Erase the contacts of orders that are over, drop events, plans and other notes, once older than N days.

    Contacts of orders that are still on their way stay. The ledger is kept whole: it names nobody.
    """
    before_s = int(clock.now().timestamp()) - days * A_DAY_S
    with Database(database) as store:
        with store.write() as writing:
            gone = {
                "contacts": contacts.forget(writing, before_s),
                "events": events.forget(writing, before_s),
                "plans": plans.forget(writing, before_s),
                "jobs": jobs.forget(writing, before_s),
                "channel_notes": channels.forget(writing, before_s),
                "notices": deliveries.forget(writing, before_s),
            }
        store.scrub()
        if as_json:
            print_json({"database": store.name, **gone})
        say("erased", ", ".join(f"{count} {name}" for name, count in gone.items()), "green")
