"""What people read: tables at 80 columns, help, and the README."""

from __future__ import annotations

import importlib.metadata
import io
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import typer
from rich.console import Console, RenderableType

from data.model.plan import Plan
from jalon import terminal
from jalon.cli import app
from jalon.diff import changes_table, diff_line, diff_table, totals_table
from jalon.settings import Settings
from jalon.summary import tour_table
from routing.diff import compare, diff_figures
from routing.solver.engine import Progress
from tests.jalon import town
from tests.plans import small_plan

README = town.ROOT / "README.md"


def commands() -> Iterator[tuple[str, ...]]:
    """Yield the words of every command there is."""
    todo = [((), typer.main.get_command(app))]
    while todo:
        words, found = todo.pop()
        inner = getattr(found, "commands", {})
        if not inner:
            yield words
        todo += [((*words, name), command) for name, command in inner.items()]


COMMANDS = sorted(commands())


def shown(table: RenderableType, width: int = 80) -> list[str]:
    """Return the lines a terminal of this width shows."""
    console = Console(width=width, file=io.StringIO(), force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return captured.get().splitlines()


def busy_plan() -> Plan:
    """Return a plan whose figures are as wide as a large city makes them."""
    plan = small_plan(1)
    long_id = f"{plan.tours[0].vehicle_id}-of-a-subcontractor-with-a-long-name"
    tours = [tour.replace(cost_cents=124_813, distance_m=312_400) for tour in plan.tours]
    tours[0] = tours[0].replace(vehicle_id=long_id)
    renamed = [v.replace(id=long_id) if v.id == plan.tours[0].vehicle_id else v for v in plan.vehicles]
    return plan.replace(tours=tuple(tours), vehicles=tuple(renamed), city="[bold]Saint-[/x]Étienne")


def test_the_tour_table_keeps_to_80_columns() -> None:
    plan = busy_plan()
    lines = shown(tour_table(plan))
    assert len(lines) == 2 + len(plan.tours)
    assert max(map(len, lines)) <= 80
    assert "[bold]Saint-[/x]Étienne" in lines[0]
    assert all(line.rstrip().endswith("1 248.13") and "312.4" in line for line in lines[2:])


def test_the_diff_keeps_to_80_columns() -> None:
    before, after = small_plan(1), busy_plan()
    diff = compare(before, after)
    lines = shown(diff_table(diff, after))
    assert len(lines) == 2 + len(diff.tours)
    assert max(map(len, lines)) <= 80
    assert not any("…" in line[16:] for line in lines)
    lines = shown(totals_table(before, after, "Before and after"))
    assert len(lines) == 12 and max(map(len, lines)) <= 80


def later(plan: Plan, tour_row: int, by: timedelta) -> Plan:
    """Return the plan with one tour's hand-overs moved."""
    tour = plan.tours[tour_row]
    stops = [
        stop.replace(handovers=tuple(one.replace(start_at=one.start_at + by) for one in stop.handovers))
        for stop in tour.stops
    ]
    tours = list(plan.tours)
    tours[tour_row] = tour.replace(stops=tuple(stops))
    return plan.replace(tours=tuple(tours))


def test_hand_overs_that_move_by_more_than_half_an_hour_are_told() -> None:
    before = small_plan(1).replace(moved=())
    orders = sorted(one.order_id for stop in before.tours[0].stops for one in stop.handovers)
    for minutes, told in ((30, 0), (-30, 0), (31, len(orders)), (-31, len(orders))):
        diff = compare(before, later(before, 0, timedelta(minutes=minutes)))
        assert sorted(change.order_id for change in diff.slid) == (orders if told else [])
        figures = diff_figures(diff)
        assert (figures["eta_moved"], len(figures["eta_worst"])) == (told, min(3, told))
        assert any("handed over more than 30 min" in line for line in [diff_line(diff)]) is bool(told)
    lines = shown(changes_table(diff))
    assert len(lines) == 2 + min(3, len(orders)) and all(line.startswith("-31 min") for line in lines[2:])


def test_single_changes_keep_to_12_lines_of_80_columns() -> None:
    before = busy_plan()
    lost = before.replace(tours=before.tours[1:])
    for old, new, label, other in ((before, lost, "dropped", "from"), (lost, before, "added", "to")):
        lines = shown(changes_table(compare(old, new)))
        assert 2 < len(lines) <= 14 and max(map(len, lines)) <= 80
        assert any(line.startswith(label) and "on no tour" in line for line in lines[2:])
        assert other in lines[1]


@pytest.mark.parametrize("on_terminal", [True, False])
def test_work_is_followed(on_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar per job and one line per search on a terminal; plain lines, never wrapped, elsewhere."""
    file = io.StringIO()
    screen = Console(file=file, force_terminal=on_terminal, width=60, color_system=None)
    monkeypatch.setattr(terminal, "console", screen)
    with terminal.StepBars() as bars:
        for step, share in (("reading ways", 0.3), ("done", 1.0), ("ordering streets", 0.0), ("done", 1.0)):
            bars(step, share)
    with terminal.SearchLine("solve [all]") as line:
        line(Progress(engine="insertion", elapsed_s=1.25, served=1_600, cost_cents=123_456_789))
    text = file.getvalue()
    if on_terminal:
        assert "━" in text and len(bars.bars.tasks) == 2
        assert all(task.finished for task in bars.bars.tasks)
    else:
        assert text.splitlines() == [
            "step: reading ways",
            "step: ordering streets",
            "solve [all]:   1.2 s  1600 served, 1 234 568 EUR, what is left out priced in (insertion)",
        ]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_clear_help(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run(*words, "--help") == 0
    text = capsys.readouterr().out
    command = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined]
    assert "Usage: jalon " + " ".join(words) in text
    assert command.help
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{parameter.name} says nothing"
    takes_json = any("--json" in parameter.opts for parameter in command.params)
    assert takes_json, "every command knows --json"


def test_help_of_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run("--help") == 0
    text = capsys.readouterr().out
    assert all(words[0] in text for words in COMMANDS)
    assert "130" in text and "Exit codes" in text
    assert town.run() == 2


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run("--version") == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == (f"jalon {importlib.metadata.version('jalon')}\n", "")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_is_in_the_readme(words: tuple[str, ...]) -> None:
    if not README.exists():
        pytest.skip("README.md is not written yet")
    *group, name = words
    lines = [line for line in README.read_text().splitlines() if " ".join(["jalon", *group]) in line]
    assert any(re.search(rf"\b{name}\b", line) for line in lines), "say what it is for"


def test_the_readme_lists_every_setting() -> None:
    table = README.read_text(encoding="utf-8").split("## Settings")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(Settings.model_fields)
