"""``jalon solve``, ``replan``, ``check``, ``schema`` and ``warm``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from data import codec
from data.errors import InputError
from data.model.plan import Plan
from data.model.request import OrderBook, PlanRequest, VehicleStatus
from data.sources.check import check_request
from jalon.inputs import (
    freeze_instant,
    load_burst,
    load_city,
    load_plan,
    load_request,
    load_statuses,
    read_bytes,
)
from jalon.maps import leg_shapes, write_map
from jalon.summary import plan_figures, print_loading_lists, print_unserved, tour_table
from jalon.terminal import SearchLine, console, interruptible, print_json
from routing.compat.vroom import is_vroom, solve_vroom
from routing.job import Outcome, Settings, plan_day, replan_day
from routing.solver.ortools_model import OrToolsEngine
from routing.solver.stop import Stop
from routing.verify import check as check_plan
from routing.warm import warm_kernels

SCHEMAS: dict[str, type[Any]] = {
    "request": PlanRequest,
    "orders": OrderBook,
    "plan": Plan,
    "status": VehicleStatus,
}

CityOption = Annotated[str | None, typer.Option("--city", help="A .city file; else the one the request names.")]
SecondsOption = Annotated[float, typer.Option("-l", "--limit", min=0.0, help="Seconds to search.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Recorded in the plan.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
MapOption = Annotated[Path | None, typer.Option("--map", help="Write a self-contained HTML map here.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit 1 when a promise is broken.")]
OutOption = Annotated[Path | None, typer.Option("-o", "--output", help="Write the plan here, else to stdout.")]
ListOption = Annotated[bool, typer.Option("--loading", help="Print each tour's loading list, last stop first.")]


def solve(
    given: Annotated[str | None, typer.Argument(metavar="[REQUEST]", help="A request file, or - for stdin.")] = None,
    source: Annotated[str | None, typer.Option("-i", "--input", help="A request file, or - for stdin.")] = None,
    output: OutOption = None,
    limit: SecondsOption = 10.0,
    city: CityOption = None,
    seed: SeedOption = 1,
    map_path: MapOption = None,
    as_json: JsonOption = False,
    strict: StrictOption = False,
    loading: ListOption = False,
) -> int:
    """Plan a day: a Jalon request with a city, or VROOM's JSON, which is answered as VROOM answers."""
    name = given or source or "-"
    raw = read_bytes(name)
    document = _vroom_document(raw)
    if document is not None:
        return _solve_vroom(document, city, limit, output)
    request = load_request(raw, name)
    place = load_city(city, request.city, Path(name).parent if name != "-" else Path())
    for warning in check_request(request, place):
        console.print(f"[yellow]warning[/] {warning}", highlight=False)
    stop = Stop(limit)
    with SearchLine("solve") as line, interruptible(stop):
        outcome = plan_day(request, place, stop, _settings(seed, line, output))
    _deliver(outcome, None, output, map_path, as_json, loading)
    return _exit_code(outcome, stop, strict)


def replan(
    plan_path: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan in force.")],
    burst: Annotated[Path, typer.Option("--burst", help="New orders, CSV or JSON.")],
    city: CityOption = None,
    output: OutOption = None,
    limit: SecondsOption = 20.0,
    status: Annotated[Path | None, typer.Option("--status", help="JSON array of vehicle statuses.")] = None,
    freeze_before: Annotated[str | None, typer.Option("--freeze-before", help="10:30: earlier stops stay.")] = None,
    seed: SeedOption = 1,
    map_path: MapOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write no plan; print what would change.")] = False,
    as_json: JsonOption = False,
    strict: StrictOption = False,
    loading: ListOption = False,
) -> int:
    """Take new orders into a plan, keeping what is done, loaded or announced."""
    before = load_plan(plan_path)
    place = load_city(city, "", Path())
    statuses = load_statuses(status)
    frozen = freeze_instant(freeze_before, before.day, before.time_zone)
    target = None if dry_run else output
    stop = Stop(limit)
    orders = load_burst(burst, before)
    with SearchLine("replan") as line, interruptible(stop):
        outcome = replan_day(before, orders, place, stop, _settings(seed, line, target), statuses, frozen)
    extra = {"orders_planned": before.totals.orders, "orders_burst": len(orders.orders)}
    _deliver(outcome, before, target, map_path, as_json, loading, extra, silent=dry_run)
    return _exit_code(outcome, stop, strict)


def check(
    plan_path: Annotated[str, typer.Argument(metavar="PLAN", help="A published plan, or - for stdin.")],
    as_json: JsonOption = False,
) -> int:
    """Check a published plan independently: recompute every arrival, load, zone entry, box, lock and total."""
    raw = read_bytes(plan_path)
    try:
        document = json.loads(raw)
    except ValueError as error:
        raise InputError("invalid_json", str(error), plan_path, "expected a published plan") from None
    violations = check_plan(document)
    if as_json:
        rows = [{"code": v.code, "pointer": v.pointer, "message": v.message} for v in violations]
        print_json({"violations": len(rows), "list": rows})
    else:
        for violation in violations[:50]:
            console.print(f"[red]{violation.code}[/] {violation.pointer}: {violation.message}", highlight=False)
        console.print(f"{len(violations)} violation(s)")
    return 1 if violations else 0


def schema(
    name: Annotated[str | None, typer.Argument(help=f"One of {', '.join(SCHEMAS)}; all of them if left out.")] = None,
) -> None:
    """Print the JSON Schema of what Jalon reads and writes."""
    if name is not None and name not in SCHEMAS:
        raise InputError("unknown_schema", f"there is no schema {name!r}", "schema", f"one of {', '.join(SCHEMAS)}")
    if name is not None:
        print_json(codec.schema(SCHEMAS[name]))
    else:
        print_json({key: codec.schema(kind) for key, kind in SCHEMAS.items()})


def warm() -> None:
    """Compile the kernels into their cache; needed once per version, done by `make setup`."""
    with console.status("compiling kernels (once per version, about a minute)"):
        warm_kernels()
    console.print("kernels are compiled")


COMMANDS = (solve, replan, check, schema, warm)


def _settings(seed: int, line: SearchLine, output: Path | None) -> Settings:
    def write_first(content: bytes) -> None:
        if output is not None:
            codec.write_whole(output, content)

    return Settings(seed=seed, progress=line, first_plan=write_first)


def _deliver(
    outcome: Outcome,
    before: Plan | None,
    output: Path | None,
    map_path: Path | None,
    as_json: bool,
    loading: bool,
    extra: dict[str, Any] | None = None,
    silent: bool = False,
) -> None:
    plan = outcome.plan
    if output is not None:
        codec.write_whole(output, outcome.content)
    if map_path is not None:
        shapes = leg_shapes(outcome.instance, before) if before else {}
        write_map(map_path, outcome.instance, plan, before, shapes)
    prefix = "replan" if before else "solve"
    times = {f"{prefix}_first_s": round(outcome.first_s, 2), f"{prefix}_s": round(outcome.total_s, 2), "violations": 0}
    if as_json:
        print_json({**(extra or {}), **plan_figures(plan, output, map_path), **times})
    elif output is None and not silent:
        print(outcome.content.decode())
    console.print(tour_table(plan))
    console.print(
        f"{plan.totals.served} served, {plan.totals.postponed} postponed within their promise, "
        f"{plan.totals.unassigned} broken, {len(plan.moved)} moved; first checked plan after {outcome.first_s:.2f} s",
        highlight=False,
    )
    print_unserved(console, plan)
    if loading:
        print_loading_lists(console, plan)


def _exit_code(outcome: Outcome, stop: Stop, strict: bool) -> int:
    if stop.flag.is_set():
        return 130
    return 1 if strict and outcome.plan.unassigned else 0


def _vroom_document(raw: bytes) -> dict[str, Any] | None:
    """Return the document if it is VROOM's; leave every other complaint to the request's own reader."""
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return document if isinstance(document, dict) and is_vroom(document) else None


def _solve_vroom(document: dict[str, Any], city: str | None, limit: float, output: Path | None) -> int:
    place = load_city(city, "", Path()) if city else None
    stop = Stop(limit)
    with SearchLine("solve") as line, interruptible(stop):
        answer = solve_vroom(document, place, stop, (OrToolsEngine(),), lambda progress, _: line(progress))
    if output is not None:
        codec.write_whole(output, json.dumps(answer).encode())
    else:
        print_json(answer)
    return int(answer.get("code", 0))
