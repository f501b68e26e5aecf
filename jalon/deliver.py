"""Hands a plan over: to a file or stdout, as a map, as one JSON object or as a screen for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data import codec
from data.model.plan import Plan
from jalon.diff import changes_table, diff_line, diff_table, totals_table
from jalon.events import event_figures, print_events
from jalon.inputs import require_writable
from jalon.maps import leg_shapes, write_map
from jalon.stream import STREAM_EVERY_S, PlanStream
from jalon.summary import plan_figures, print_loading_lists, print_unserved, tour_table
from jalon.terminal import console, print_json, say
from routing.diff import compare, diff_figures
from routing.job import PUBLISH_EVERY_S, Outcome, Written
from routing.solver.stop import Stop
from routing.verify import check


@dataclass(frozen=True)
class Wanted:
    """How the user wants a plan: where it is written, and what is printed. ``dry`` writes nothing.

    ``stream`` takes each better plan on the way.
    """

    output: Path | None
    map_path: Path | None
    as_json: bool
    loading: bool
    dry: bool = False
    stream: PlanStream | None = None

    def __post_init__(self) -> None:
        require_writable(self.output, self.map_path)

    @property
    def every_s(self) -> float:
        """Least time between two plans written while the search goes on."""
        return PUBLISH_EVERY_S if self.stream is None else STREAM_EVERY_S

    def write_early(self, content: bytes) -> None:
        """Write a checked plan while the search goes on, so that an accident later leaves something."""
        if self.output is not None and not self.dry:
            codec.write_whole(self.output, content)
        if self.stream is not None:
            self.stream.add(content)


def deliver(outcome: Written, wanted: Wanted) -> None:
    """Write and print the plan of a day; one that was planned in parts has no map."""
    figures = {**_written(outcome, None, wanted), **_times("solve", outcome)}
    if wanted.as_json:
        print_json(figures)
    console.print(tour_table(outcome.plan))
    _finish(outcome, wanted)


def deliver_replan(
    outcome: Outcome, before: Plan, burst: int, wanted: Wanted, notes: Sequence[str] = (), committed: bool = False
) -> None:
    """Write and print a re-plan, and what it changes in the plan before."""
    diff = compare(before, outcome.plan)
    planned = {"orders_planned": before.totals.orders, "orders_burst": burst}
    figures = {**planned, **_written(outcome, before, wanted), **_times("replan", outcome)}
    if wanted.as_json:
        said = {"dry_run": wanted.dry, "committed": committed, "notes": list(notes)}
        print_json({**figures, **event_figures(outcome.plan), **said, "diff": diff_figures(diff)})
    console.print(diff_table(diff, outcome.plan))
    console.print(totals_table(before, outcome.plan, "The plan before and after"))
    print_events(outcome.plan)
    changes = changes_table(diff)
    if changes.row_count:
        console.print(changes)
    say("diff", diff_line(diff), "bold")
    _finish(outcome, wanted)


def exit_code(plan: Plan, stop: Stop, strict: bool) -> int:
    """Return 130 if cut short, 5 if no order can be served, 1 under ``--strict`` if a promise is broken, else 0."""
    if stop.flag.is_set():
        return 130
    if plan.unassigned and not (plan.tours or plan.postponed):
        return 5
    return 1 if strict and plan.unassigned else 0


def violations_in(content: bytes) -> int:
    """Return how many violations the independent checker finds in a plan's JSON."""
    return len(check(codec.plain(content)))


def _written(outcome: Written, before: Plan | None, wanted: Wanted) -> dict[str, Any]:
    """Write plan and map where wanted and return the plan's figures."""
    output, map_path = (None, None) if wanted.dry else (wanted.output, wanted.map_path)
    if wanted.stream is not None:
        wanted.stream.add(outcome.content, final=True)
    if output is not None:
        codec.write_whole(output, outcome.content)
    elif not wanted.as_json and not wanted.dry and not (wanted.stream and wanted.stream.to_stdout):
        print(outcome.content.decode(), end="")
    if map_path is not None and isinstance(outcome, Outcome):
        write_map(
            map_path, outcome.instance, outcome.plan, before, leg_shapes(outcome.instance, before) if before else {}
        )
    return plan_figures(outcome.plan, violations_in(outcome.content), output, map_path)


def _times(job: str, outcome: Written) -> dict[str, float]:
    return {f"{job}_first_s": round(outcome.first_s, 2), f"{job}_s": round(outcome.total_s, 2)}


def _finish(outcome: Written, wanted: Wanted) -> None:
    """Print what ends both screens: loading lists, counts, reasons, and where everything is."""
    plan = outcome.plan
    print_loading_lists(plan, wanted.loading)
    print_unserved(plan)
    counts = f"{plan.totals.served} of {plan.totals.orders} orders that day, {plan.totals.postponed} postponed within"
    say("served", f"{counts} their promise, {plan.totals.unassigned} broken ({plan.bound.explanation})", "bold")
    say("search", f"first checked plan after {outcome.first_s:.1f} s, best after {outcome.total_s:.1f} s", "bold")
    if wanted.dry:
        say("dry run", "nothing is written", "yellow")
    elif wanted.output or wanted.map_path:
        say("written", " and ".join(str(path) for path in (wanted.output, wanted.map_path) if path), "bold")
    elif wanted.as_json:
        say("note", "the plan itself is kept nowhere: name a file with -o", "yellow")
