"""``jalon solve`` and ``jalon replan``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.sources.check import check_request
from jalon.cli_vroom import solve_document, vroom_document
from jalon.deliver import Wanted, deliver, deliver_replan, exit_code
from jalon.inputs import (
    blaming,
    freeze_instant,
    load_burst,
    load_city,
    load_conditions,
    load_plan,
    load_request,
    load_statuses,
    refuse_unused,
    request_source,
    require_city_of,
    require_room,
)
from jalon.options import (
    CityOption,
    IterationsOption,
    JsonOption,
    ListOption,
    MapOption,
    OutOption,
    SecondsOption,
    SeedOption,
    StrictOption,
    ThreadsOption,
    TrafficOption,
    WeatherOption,
)
from jalon.terminal import SearchLine, interruptible, say, warm_if_cold
from routing.job import Settings, plan_day, replan_day
from routing.solver.stop import Stop


def solve(
    given: Annotated[
        str | None, typer.Argument(metavar="REQUEST", help="A request file, JSON itself, or - for stdin.")
    ] = None,
    source: Annotated[str | None, typer.Option("-i", "--input", metavar="FILE", help="The same, as an option.")] = None,
    output: OutOption = None,
    limit: SecondsOption = 10.0,
    city: CityOption = None,
    seed: SeedOption = 1,
    threads: ThreadsOption = 1,
    iterations: IterationsOption = None,
    map_path: MapOption = None,
    traffic: TrafficOption = None,
    weather: WeatherOption = None,
    geometry: Annotated[bool, typer.Option("-g", "--geometry", help="VROOM only: add the routes' geometry.")] = False,
    as_json: JsonOption = False,
    strict: StrictOption = False,
    loading: ListOption = False,
) -> int:
    """Plan a day.

    REQUEST is a Jalon request (`jalon schema request`) on a city file, or VROOM's JSON, which is answered as VROOM
    answers. Ctrl-C keeps the best plan so far and exits with 130.
    """
    name, raw = request_source(given, source)
    wanted = Wanted(output, map_path, as_json, loading)
    document = vroom_document(raw)
    if document is not None:
        other = {"--map": map_path, "--loading": loading, "--traffic": traffic, "--weather": weather}
        refuse_unused("VROOM's JSON", other)
        settings = Settings(seed, threads=threads, iterations=iterations)
        return solve_document(document, city, Stop(limit), settings, output, geometry, strict)
    refuse_unused("a Jalon request", {"--geometry": geometry})
    request = load_request(raw, name)
    place = load_city(city, request.city, Path(name).parent)
    with blaming(name):
        for warning in check_request(request, place):
            say("warning", warning, "yellow")
    conditions, notes = load_conditions(place, traffic, weather)
    for note in notes:
        say("note", note, "yellow")
    require_room(request.orders, request.vehicles, name)
    warm_if_cold()
    stop = Stop(limit)
    with blaming(name), SearchLine("solve") as line, interruptible(stop):
        settings = Settings(seed, threads=threads, iterations=iterations, progress=line, publish=wanted.write_early)
        outcome = plan_day(request, place, stop, settings, conditions)
    deliver(outcome, wanted)
    return exit_code(outcome.plan, stop, strict)


def replan(
    plan_path: Annotated[str, typer.Argument(metavar="PLAN", help="The plan in force, or - for stdin.")],
    burst: Annotated[Path, typer.Option("--burst", metavar="FILE", help="The new orders, CSV or JSON.")],
    city: Annotated[str | None, typer.Option("--city", metavar="FILE", help="The city the plan was made on.")] = None,
    output: OutOption = None,
    limit: SecondsOption = 20.0,
    status: Annotated[
        Path | None, typer.Option("--status", metavar="FILE", help="What vehicles have done, JSON (`schema status`).")
    ] = None,
    freeze_before: Annotated[
        str | None, typer.Option("--freeze-before", metavar="TIME", help="10:30: stops planned earlier stay as told.")
    ] = None,
    traffic: TrafficOption = None,
    weather: WeatherOption = None,
    seed: SeedOption = 1,
    threads: ThreadsOption = 1,
    iterations: IterationsOption = None,
    map_path: MapOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; print what would change.")] = False,
    as_json: JsonOption = False,
    strict: StrictOption = False,
    loading: ListOption = False,
) -> int:
    """Take new orders into a plan in force.

    What is done, loaded or announced stays. The first complete checked plan is written to -o at once and then
    replaced by the best one. Ctrl-C keeps the best so far and exits with 130.
    """
    wanted = Wanted(output, map_path, as_json, loading, dry=dry_run)
    before = load_plan(plan_path)
    frozen = freeze_instant(freeze_before, before.day, before.time_zone)
    statuses = load_statuses(status)
    place = load_city(city, "", Path())
    require_city_of(before, place, city)
    book, warnings = load_burst(burst, before, place)
    for warning in warnings:
        say("warning", f"{burst}{warning}", "yellow")
    conditions, notes = load_conditions(place, traffic, weather)
    for note in notes:
        say("note", note, "yellow")
    require_room((*before.orders, *book.orders), before.vehicles, str(burst))
    warm_if_cold()
    stop = Stop(limit)
    with blaming(plan_path), SearchLine("replan") as line, interruptible(stop):
        settings = Settings(seed, threads=threads, iterations=iterations, progress=line, publish=wanted.write_early)
        outcome = replan_day(before, book, place, stop, settings, statuses, frozen, conditions)
    deliver_replan(outcome, before, len(book.orders), wanted)
    return exit_code(outcome.plan, stop, strict)
