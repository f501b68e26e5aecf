"""``jalon solve``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.sources.check import check_request
from jalon.cli_vroom import solve_document, vroom_document
from jalon.deliver import Wanted, deliver, exit_code
from jalon.inputs import (
    blaming,
    load_city,
    load_conditions,
    load_request,
    refuse_unused,
    request_source,
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
    StreamOption,
    StrictOption,
    ThreadsOption,
    TrafficOption,
    WeatherOption,
)
from jalon.stream import stream_to
from jalon.terminal import SearchLine, interruptible, say, warm_if_cold
from routing.job import Settings, Written, plan_day
from routing.large import in_threads, is_large, plan_large
from routing.solver.stop import Stop


def solve(
    given: Annotated[
        str | None, typer.Argument(metavar="REQUEST", help="A request file, JSON itself, or - for stdin.")
    ] = None,
    source: Annotated[str | None, typer.Option("-i", "--input", metavar="FILE", help="The same, as an option.")] = None,
    output: OutOption = None,
    stream: StreamOption = None,
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
    wanted = Wanted(output, map_path, as_json, loading, stream=stream_to(stream, as_json))
    document = vroom_document(raw)
    if document is not None:
        other = {"--map": map_path, "--loading": loading, "--traffic": traffic, "--weather": weather}
        other["--stream"] = stream
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
    large = is_large(request)
    if large:
        refuse_unused("a day that is planned hub by hub", {"--map": map_path, "--stream": stream})
    else:
        require_room(request.orders, request.vehicles, name)
    warm_if_cold()
    stop = Stop(limit)
    with blaming(name), SearchLine("solve") as line, interruptible(stop):
        settings = Settings(
            seed,
            threads=threads,
            iterations=iterations,
            progress=line,
            publish=wanted.write_early,
            publish_every_s=wanted.every_s,
        )
        if large:
            solved = plan_large(request, place, stop, seed, threads, in_threads(place, settings, conditions, threads))
            outcome = Written(*solved, stop.elapsed_s(), stop.elapsed_s())
        else:
            outcome = plan_day(request, place, stop, settings, conditions)
    deliver(outcome, wanted)
    return exit_code(outcome.plan, stop, strict)
