"""``jalon events``: what happened, from a file into the store, with all that follows from it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from data import codec
from data.errors import InputError
from data.model.promise_state import PromiseState
from data.model.reservation import DEFAULT_TENANT, Owner
from data.store.database import Database
from jalon.cli_db import ShipperOption, TenantOption
from jalon.options import JsonOption
from jalon.terminal import print_json, say
from promise.desk import Desk
from promise.follow.desk import Follower
from promise.follow.values import from_table
from promise.watch import Watcher


def events(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="CSV: id, kind, at; order, parcel, place, hub, vehicle where there are."),
    ],
    promise: Annotated[
        Path | None, typer.Option("--promise", metavar="FILE", help="Hubs, options, areas, as for `jalon serve`.")
    ] = None,
    database: Annotated[
        str | None, typer.Option("--database", metavar="URL", help="sqlite:///FILE or postgresql://HOST/NAME.")
    ] = None,
    tenant: TenantOption = DEFAULT_TENANT,
    shipper: ShipperOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take in scans, departures, deliveries, failures, collections and incidents, as POST /v1/events does.

    Once each, by id: orders move on, boxes become free, promises that fail are told. A server that has an SQLite store
    open must be sent the file instead (curl --data-binary @FILE -H 'content-type: text/csv' URL/v1/events). What is not
    given comes from JALON_* variables and from jalon.toml.
    """
    from jalon.settings import load_settings  # half a second that no other command should wait for

    settings = load_settings(promise=promise, database_url=database)
    if settings.promise is None:
        action = "give --promise FILE, as to `jalon serve`"
        raise InputError("promise_not_configured", "nothing says what was promised", action=action)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise InputError("unreadable_file", str(error.strerror), str(file)) from None
    reported = from_table(raw, str(file))
    state = codec.read(settings.promise, PromiseState)
    with Database(settings.database_url.get_secret_value()) as store, Desk(store, state) as desk:
        follower = Follower(store, desk.ledger, Watcher(desk, tenant), desk.now)
        found = asyncio.run(follower.take(Owner(tenant, shipper), reported))
        if as_json:
            told = {"kept": found.kept, "known": found.known, "orders_changed": found.orders_changed}
            print_json({"database": store.name, **told})
        say("events", f"{found.kept} kept, {found.known} known already, {found.orders_changed} orders changed", "green")
