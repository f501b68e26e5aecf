"""``jalon``: the command line. Data goes to stdout, everything else to stderr; errors leave with their exit code."""

from __future__ import annotations

import sys

import typer

from data.errors import JalonError
from jalon import cli_city
from jalon.cli_plan import COMMANDS
from jalon.demo import demo
from jalon.terminal import console, print_json

app = typer.Typer(
    name="jalon",
    help="Last-mile tours and delivery promises that absorb a burst.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(cli_city.app, name="city")
for command in (demo, *COMMANDS):
    app.command()(command)


def main(argv: list[str] | None = None) -> None:
    """Run the command line; never shows a stack trace for a user's mistake."""
    arguments = sys.argv[1:] if argv is None else argv
    try:
        code = app(arguments, standalone_mode=False)
    except JalonError as error:
        if "--json" in arguments:
            print_json({"error": error.as_dict()})
        console.print(f"[bold red]error[/] {error}", highlight=False, markup=True)
        sys.exit(error.exit_code)
    except typer.Exit as leaving:
        sys.exit(leaving.exit_code)
    except Exception as error:  # click's usage errors carry how to show themselves
        show = getattr(error, "show", None)
        if show is None:
            raise
        show(file=sys.stderr)
        sys.exit(2)
    sys.exit(code or 0)
