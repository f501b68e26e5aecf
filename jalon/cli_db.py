"""``jalon db``: the store that holds capacity, reservations and promises."""

from __future__ import annotations

from typing import Annotated

import typer

from data.store.database import DEFAULT_URL, Database
from jalon.options import JsonOption
from jalon.terminal import print_json, say
from promise.ledger import Ledger

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The store: create it, bring it up to date.")

DatabaseOption = Annotated[
    str,
    typer.Option(
        "--database",
        envvar="JALON_DATABASE_URL",
        metavar="URL",
        help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.",
    ),
]


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
