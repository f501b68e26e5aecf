"""``jalon check``, ``schema`` and ``warm``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from data import clock, codec
from data.errors import InputError, near_miss
from data.model.plan import Plan
from data.model.promise_state import PromiseState
from data.model.request import OrderBook, PlanRequest, VehicleStatus
from jalon.inputs import read_bytes
from jalon.kernels import warm_kernels
from jalon.options import JsonOption
from jalon.terminal import console, print_json, say
from promise.kpi_orders import KpiOrder
from promise.what_if_input import WhatIf
from routing.verify import check as check_plan

SCHEMAS: dict[str, Any] = {
    "request": PlanRequest,
    "orders": OrderBook,
    "plan": Plan,
    "status": tuple[VehicleStatus, ...],
    "promise": PromiseState,
    "what_if": WhatIf,
    "kpi_order": KpiOrder,
}
SHOWN = 50


def check(
    plan_path: Annotated[str, typer.Argument(metavar="PLAN", help="A published plan, or - for stdin.")],
    as_json: JsonOption = False,
) -> int:
    """Check a published plan; exit 1 if it breaks a rule.

    The checker shares no code with the solver: it recomputes every arrival, load, zone entry, box, lock and total
    from the plan's own JSON.
    """
    violations = check_plan(codec.plain(read_bytes(plan_path), plan_path))
    if as_json:
        rows = [{"code": v.code, "pointer": v.pointer, "message": v.message} for v in violations]
        print_json({"plan_path": plan_path, "violations": len(rows), "list": rows})
    for violation in violations[:SHOWN]:
        say(violation.code, f"{plan_path}#{violation.pointer}: {violation.message}", "red")
    if len(violations) > SHOWN:
        say("...", f"and {len(violations) - SHOWN} more (--json lists them all)")
    say("checked", f"{len(violations)} violations", "red" if violations else "green")
    return 1 if violations else 0


def schema(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help=f"One of {', '.join(SCHEMAS)}; all of them if left out.")
    ] = None,
    as_json: JsonOption = True,  # accepted like everywhere; it prints JSON anyway
) -> None:
    """Print the JSON Schema of what Jalon reads and writes."""
    if name is not None and name not in SCHEMAS:
        hint = near_miss(name, SCHEMAS) or f"one of {', '.join(SCHEMAS)}"
        raise InputError("unknown_schema", f"there is no schema {name!r}", "NAME", hint)
    schemas = {key: codec.schema(kind) for key, kind in SCHEMAS.items() if name in (None, key)}
    print_json(schemas[name] if name else schemas)


def warm(as_json: JsonOption = False) -> None:
    """Compile the kernels ahead (`make setup` does it).

    Needed once per version; else the first run does it, about three minutes.
    """
    started_s = clock.elapsed_s()
    with console.status("compiling kernels (once per version, about three minutes)"):
        warm_kernels()
    took_s = round(clock.elapsed_s() - started_s, 2)
    if as_json:
        print_json({"warm_s": took_s})
    say("warm", f"kernels are compiled ({took_s} s)")
