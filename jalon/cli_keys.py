"""``jalon keys``: the API keys that open a server."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from data.errors import JalonError
from data.model.caller import Caller, Scope
from data.model.reservation import DEFAULT_TENANT
from data.store.database import DEFAULT_URL, Database
from jalon.cli_db import DatabaseOption, ShipperOption, TenantOption
from jalon.http import keys
from jalon.http.keys import KeyRequest, KeySeen
from jalon.options import JsonOption
from jalon.terminal import print_json, say

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="API keys: make, list, revoke.")


@app.callback()
def common() -> None:
    """Hold what goes before every command."""


@app.command()
def add(
    scopes: Annotated[list[Scope], typer.Option("--scope", help="What the key may be used for; repeatable.")],
    tenant: TenantOption = DEFAULT_TENANT,
    shipper: ShipperOption = "",
    label: Annotated[str, typer.Option("--label", metavar="TEXT", help="What it is for, to know it again.")] = "",
    database: DatabaseOption = DEFAULT_URL,
    as_json: JsonOption = False,
) -> None:
    """Make a key; its secret is printed this once and stored nowhere.

    From the first key on, nobody comes in without one. While a server has an SQLite store open, ask the server:
    POST /v1/keys.
    """
    asked = KeyRequest(scopes=tuple(scopes), shipper=shipper, label=label)
    with _opened(database, "POST /v1/keys") as store:
        made = keys.make(store, tenant, asked)
    if as_json:
        print_json(_plain(made))
    else:
        print(made.secret)
    say("key", f"{made.id} of {_whose(made)} for {', '.join(made.scopes)}; the secret is not shown again", "green")


@app.command("list")
def all_keys(
    tenant: TenantOption = DEFAULT_TENANT, database: DatabaseOption = DEFAULT_URL, as_json: JsonOption = False
) -> None:
    """List the keys there are and were; also while a server runs."""
    with Database(database, read_only=True) as store:
        found = keys.known_to(store, Caller(tenant=tenant))
    if as_json:
        print_json({"keys": [_plain(key) for key in found]})
    for key in found:
        state = "revoked" if key.revoked_s is not None else "good"
        say(key.id, f"{_whose(key)}: {', '.join(key.scopes)} ({state}) {key.label}".rstrip(), "bold")


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="The key's name, as in `jalon keys list`.")],
    tenant: TenantOption = DEFAULT_TENANT,
    database: DatabaseOption = DEFAULT_URL,
    as_json: JsonOption = False,
) -> None:
    """Make a key useless. While a server has an SQLite store open, ask the server: DELETE /v1/keys/KEY."""
    with _opened(database, f"DELETE /v1/keys/{key_id}") as store:
        keys.revoke(store, Caller(tenant=tenant), key_id)
    if as_json:
        print_json({"id": key_id, "revoked": True})
    say("revoked", key_id, "green")


def _opened(url: str, request: str) -> Database:
    """Return the open store; where a server has it, say which request does the same."""
    try:
        return Database(url)
    except JalonError as error:
        if error.code == "store_in_use":
            error.action = f"ask the server that has it open: {request} with a key for admin"
        raise


def _whose(key: KeySeen) -> str:
    return f"{key.tenant}/{key.shipper}" if key.shipper else key.tenant


def _plain(key: KeySeen) -> Any:
    return msgspec.to_builtins(key)
