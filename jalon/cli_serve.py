"""``jalon serve``: the HTTP server, until it is told to stop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jalon import scale_fork
from jalon.options import JsonOption
from jalon.rooms import Auth, Room


def serve(
    host: Annotated[str | None, typer.Option("--host", metavar="HOST", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", metavar="PORT", help="Port; 0 takes a free one.")] = None,
    only: Annotated[Room | None, typer.Option("--only", help="Serve one room alone.")] = None,
    city: Annotated[
        Path | None, typer.Option("--city", metavar="PATH", help="A .city file, or a folder of them.")
    ] = None,
    promise: Annotated[
        Path | None, typer.Option("--promise", metavar="FILE", help="Hubs, options, areas, tables to promise from.")
    ] = None,
    database: Annotated[
        str | None, typer.Option("--database", metavar="URL", help="sqlite:///FILE or postgresql://HOST/NAME.")
    ] = None,
    no_auth: Annotated[
        bool, typer.Option("--no-auth", help="Let everybody in without a key, beyond this machine too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Serve HTTP until told to stop; requests at work are then finished first.

    Settings come from here, from JALON_* variables and from jalon.toml. With --json, one line tells the address once it
    serves; the log is JSON on stderr.
    """
    from jalon.settings import load_settings  # half a second, with the next, that no other command should wait for

    auth = Auth.OFF if no_auth else None
    settings = load_settings(
        host=host, port=port, only=only, city=city, promise=promise, database_url=database, auth=auth
    )
    if settings.solves_here:
        scale_fork.start()  # on another processor meanwhile
    from jalon.http.runner import run

    run(settings, as_json)
