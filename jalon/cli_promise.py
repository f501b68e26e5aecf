"""``jalon promise``: the dates. Each command has a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from jalon.cli_promise_backtest import backtest
from jalon.cli_promise_quote import quote
from jalon.cli_promise_simulate import simulate

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Delivery dates: quote, backtest, simulate.")
COMMANDS: tuple[Callable[..., Any], ...] = (
    quote,
    backtest,
    simulate,
)
for command in COMMANDS:
    app.command()(command)
