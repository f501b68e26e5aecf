"""``jalon``: the command line. Data goes to stdout, everything else to stderr; errors leave with their exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Annotated, Any

import typer

from data.errors import InputError, JalonError, TooLargeError
from jalon import __version__, cli_bench, cli_city, cli_db, cli_keys, cli_live, cli_promise
from jalon.cli_check import check, schema, warm
from jalon.cli_events import events
from jalon.cli_export import export
from jalon.cli_geocode import geocode
from jalon.cli_kpi import kpi
from jalon.cli_matrix import matrix
from jalon.cli_plan import solve
from jalon.cli_replan import commit, replan
from jalon.cli_route import route
from jalon.cli_serve import serve
from jalon.demo import demo
from jalon.terminal import interrupt_is_an_error, print_json, say

app = typer.Typer(
    name="jalon",
    help="Last-mile tours that absorb a burst of orders, and delivery dates that hold through it.\n\n"
    "Exit codes: 0 done; 1 promises broken under --strict, or violations found; 2 wrong input or usage; 3 streets, "
    "city file or store; 4 too large; 5 nothing feasible; 130 stopped by Ctrl-C, the best plan so far is kept.",
    no_args_is_help=True,
    rich_markup_mode=None,  # paragraphs are wrapped, not printed with the line breaks of the source
    pretty_exceptions_enable=False,
)
COMMANDS: tuple[Callable[..., Any], ...] = (
    *(demo, solve, replan, commit, export, route, matrix),
    *(geocode, events, kpi, check, schema, warm, serve),
)
for command in COMMANDS:
    app.command()(command)
app.add_typer(cli_city.app, name="city")
app.add_typer(cli_promise.app, name="promise")
app.add_typer(cli_live.app, name="live")
app.add_typer(cli_db.app, name="db")
app.add_typer(cli_keys.app, name="keys")
app.add_typer(cli_bench.app, name="bench")


def print_version(wanted: bool) -> None:
    """Print the version and leave, if asked to."""
    if wanted:
        print(f"jalon {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Hold what goes before every command."""


class Defect(JalonError):
    """Something we did not foresee: not the user's mistake."""

    exit_code = 70  # EX_SOFTWARE: 1 already means something here


def main(argv: list[str] | None = None) -> None:
    """Run the command line; never shows a stack trace for a user's mistake."""
    arguments = sys.argv[1:] if argv is None else argv
    with interrupt_is_an_error():
        sys.exit(_run(arguments))


def _run(arguments: list[str]) -> int:
    try:
        return int(app(arguments, prog_name="jalon", standalone_mode=False) or 0)
    except JalonError as error:
        return _fail(error, arguments)
    except MemoryError:
        return _fail(TooLargeError("out_of_memory", "not enough memory", action="plan each hub on its own"), arguments)
    except Exception as error:
        if hasattr(error, "format_message"):  # how the option parser's errors say what is wrong
            context = getattr(error, "ctx", None)
            message = error.format_message().replace(": Value error, ", ": ")  # pydantic's word for a bad choice
            return _usage(message, context.command_path if context else "jalon", arguments)
        traceback.print_exc()
        cause = f"{type(error).__name__}: {error}"
        return _fail(Defect("defect", cause, action="this is a defect of ours: please report it"), arguments)


def _usage(message: str, command: str, arguments: list[str]) -> int:
    if not message.strip():  # the help was asked for by giving no command, and is printed
        return 2
    return _fail(InputError("usage", message, action=f"see {command} --help"), arguments)


def _fail(error: JalonError, arguments: list[str]) -> int:
    if "--json" in arguments:
        print_json({"error": error.as_dict()})
    say("error", str(error), "bold red")
    return error.exit_code
