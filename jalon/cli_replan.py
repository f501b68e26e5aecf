"""``jalon replan`` and ``jalon commit``: what would change, what fewer changes cost, and putting it in force."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from data.errors import InputError
from data.model.change import ChangePrices
from data.model.plan import Plan
from data.sources.table import parse_number
from jalon.commit import commit_plan, require_in_force
from jalon.deliver import Wanted, deliver_replan, exit_code
from jalon.frontier import draw_frontier, frontier_figures, frontier_table
from jalon.inputs import (
    blaming,
    freeze_instant,
    load_burst,
    load_city,
    load_conditions,
    load_plan,
    load_statuses,
    read_bytes,
    refuse_unused,
    require_city_of,
    require_room,
    require_writable,
)
from jalon.options import (
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
from jalon.terminal import SearchLine, console, interruptible, print_json, say, warm_if_cold
from routing.frontier import Point, caps, frontier
from routing.job import Settings, run
from routing.replan import Replan, prepare_replan
from routing.solver.stop import Stop

FRONTIER_MOVE_CENTS = 1
"""A move in the frontier where the dispatcher names no price: there, the caps say what is too many."""


def replan(
    plan_path: Annotated[str, typer.Argument(metavar="PLAN", help="The plan in force, or - for stdin.")],
    burst: Annotated[
        Path, typer.Option("--burst", metavar="FILE", help="New orders, CSV or JSON; JSON also changes and cancels.")
    ],
    city: Annotated[str | None, typer.Option("--city", metavar="FILE", help="The city the plan was made on.")] = None,
    output: OutOption = None,
    stream: StreamOption = None,
    limit: SecondsOption = 20.0,
    status: Annotated[
        Path | None, typer.Option("--status", metavar="FILE", help="What vehicles have done, JSON (`schema status`).")
    ] = None,
    freeze_before: Annotated[
        str | None, typer.Option("--freeze-before", metavar="TIME", help="10:30: stops planned earlier stay as told.")
    ] = None,
    max_moves: Annotated[
        int | None, typer.Option("--max-moves", min=0, metavar="N", help="At most N planned orders change vehicle.")
    ] = None,
    move_price: Annotated[
        str | None, typer.Option("--move-price", metavar="EUR", help="What an order that changes vehicle counts.")
    ] = None,
    sorted_price: Annotated[
        str | None, typer.Option("--sorted-price", metavar="EUR", help="That much more where its parcels are sorted.")
    ] = None,
    eta_price: Annotated[
        str | None, typer.Option("--eta-price", metavar="EUR", help="What each minute later than told counts.")
    ] = None,
    loading_price: Annotated[
        str | None, typer.Option("--loading-price", metavar="EUR", help="What each order loaded out of turn counts.")
    ] = None,
    show_frontier: Annotated[
        bool, typer.Option("--frontier", help="What fewer changes cost: a table of plans, none written. -l is for all.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="With --frontier: draw it (PNG or SVG).")
    ] = None,
    traffic: TrafficOption = None,
    weather: WeatherOption = None,
    seed: SeedOption = 1,
    threads: ThreadsOption = 1,
    iterations: IterationsOption = None,
    map_path: MapOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; print what would change.")] = False,
    commit_it: Annotated[bool, typer.Option("--commit", help="Put the new plan in force: it replaces PLAN.")] = False,
    as_json: JsonOption = False,
    strict: StrictOption = False,
    loading: ListOption = False,
) -> int:
    """Take new orders into a plan in force.

    What is done, loaded or announced stays; planned orders keep their vehicle unless --max-moves or a price lets them
    change it. The first complete checked plan is written to -o at once and then replaced by the best one: a proposal,
    until --commit or `jalon commit`. Ctrl-C keeps the best so far and exits with 130.
    """
    writes: dict[str, object] = {"-o": output, "--map": map_path, "--commit": commit_it, "--stream": stream}
    _check_options(plan_path, show_frontier, plot, writes, dry_run)
    wanted = Wanted(output, map_path, as_json, loading, dry_run or show_frontier, stream_to(stream, as_json))
    prices = change_prices(max_moves, move_price, sorted_price, eta_price, loading_price)
    before = load_plan(plan_path)
    frozen = freeze_instant(freeze_before, before.day, before.time_zone)
    statuses = load_statuses(status)
    place = load_city(city, "", Path())
    require_city_of(before, place, city)
    book, warnings = load_burst(burst, before, place)
    conditions, notes = load_conditions(place, traffic, weather)
    for label, text in [("warning", f"{burst}{each}") for each in warnings] + [("note", each) for each in notes]:
        say(label, text, "yellow")
    require_room((*before.orders, *book.orders), before.vehicles, str(burst))
    warm_if_cold()
    stop = Stop(limit)
    with blaming(plan_path), SearchLine("replan") as line, interruptible(stop):
        settings = Settings(
            seed,
            threads=threads,
            iterations=iterations,
            progress=line,
            publish=wanted.write_early,
            publish_every_s=wanted.every_s,
        )
        if show_frontier:
            prices = prices or ChangePrices()
            prices = prices.replace(max_moves=None, move_cents=max(prices.move_cents, FRONTIER_MOVE_CENTS))
        begun = prepare_replan(before, book, place, statuses, frozen, conditions, prices)
        if show_frontier:
            return _frontier(begun, before, Stop(limit, flag=stop.flag), settings, plot, as_json)
        outcome = run(begun.instance, begun, before, stop, settings)
    for note in begun.settled.notes:
        say("note", note, "yellow")
    if commit_it:
        commit_plan(outcome.content, outcome.plan, Path(plan_path))
    deliver_replan(outcome, before, len(book.orders), wanted, begun.settled.notes, commit_it)
    return exit_code(outcome.plan, stop, strict)


def commit(
    proposal: Annotated[Path, typer.Argument(metavar="PROPOSAL", help="A plan that `jalon replan` wrote.")],
    plan_path: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan in force, which it replaces.")],
    as_json: JsonOption = False,
) -> int:
    """Put a proposed plan in force.

    Refused where PLAN is no longer the plan the proposal was made for. The plan before is kept beside it.
    """
    plan = load_plan(str(proposal))
    kept = commit_plan(read_bytes(str(proposal)), plan, plan_path)
    if as_json:
        print_json({"plan_id": plan.id, "replaces": plan.replaces, "plan_path": str(plan_path), "kept_at": str(kept)})
    say("in force", f"{plan_path} is now {plan.id}; the plan before is {kept}", "bold")
    return 0


def change_prices(
    max_moves: int | None, move: str | None, sorted_more: str | None, eta: str | None, loading: str | None
) -> ChangePrices | None:
    """Return the prices given in EUR; ``None`` where nothing is said: then no planned order changes vehicle."""
    if all(value is None for value in (max_moves, move, sorted_more, eta, loading)):
        return None
    return ChangePrices(
        move_cents=_cents(move, "--move-price"),
        sorted_cents=_cents(sorted_more, "--sorted-price"),
        eta_cents_per_minute=_cents(eta, "--eta-price"),
        loading_cents=_cents(loading, "--loading-price"),
        max_moves=max_moves,
    )


def _cents(text: str | None, option: str) -> int:
    price = 0.0 if text is None else parse_number(text)
    if price is None or not 0 <= price <= 10_000:
        raise InputError("bad_price", f"{text!r} is no price", option, "write EUR such as 5 or 0.25")
    return round(100 * price)


def _check_options(
    plan_path: str, show_frontier: bool, plot: Path | None, writes: dict[str, object], dry_run: bool
) -> None:
    if show_frontier:
        refuse_unused("--frontier, which writes no plan", writes)
    else:
        refuse_unused("a single plan (it draws --frontier)", {"--plot": plot})
    refuse_unused("--dry-run", {"--stream": dry_run and writes["--stream"]})
    if writes["--commit"]:
        refuse_unused("--commit", {"--dry-run": dry_run})
        require_in_force(plan_path)
    require_writable(plot)


def _frontier(begun: Replan, before: Plan, stop: Stop, settings: Settings, plot: Path | None, as_json: bool) -> int:
    """Print and draw what each cap on moves costs."""
    most = caps(sum(not one.collects for tour in before.tours for s in tour.stops for one in s.handovers))
    points: list[Point] = []
    for point in frontier(begun, before, most, stop.seconds / len(most), settings, stop):
        points.append(point)
    if plot is not None:
        draw_frontier(points, plot)
    if as_json:
        print_json(frontier_figures(points, before, plot))
    console.print(frontier_table(points, before))
    _advise(points)
    return 130 if stop.flag.is_set() else 0


def _advise(points: Sequence[Point]) -> None:
    most = "all" if points[-1].most is None else str(points[-1].most)
    say("next", f"choose a row (up to {most} moves) and run again with --max-moves N -o FILE", "bold")
