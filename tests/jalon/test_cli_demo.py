"""``jalon demo`` from the outside: one JSON value, files that are there, and a plan that holds."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.jalon import town

PLAN_S, REPLAN_S = "3", "8"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """Return what the demo printed: its JSON object and its screen."""
    output = tmp_path_factory.mktemp("demo") / "out"
    seconds = ("--plan-seconds", PLAN_S, "--replan-seconds", REPLAN_S)
    run = town.run_apart("demo", "-o", output, *seconds, "--json")
    assert run.returncode == 0, run.stderr
    return town.checked_against("demo", run.stdout), run.stderr


def test_the_figures_are_those_of_the_files(demo: tuple[dict[str, Any], str]) -> None:
    figures, _ = demo
    plan = json.loads(Path(figures["plan_path"]).read_text())
    assert (figures["orders_planned"], figures["orders_burst"]) == (400, 1200)
    assert figures["served"] == sum(len(stop["handovers"]) for tour in plan["tours"] for stop in tour["stops"])
    assert figures["postponed"] == len(plan["postponed"])
    assert [entry["order"] for entry in figures["unassigned"]] == [entry["order_id"] for entry in plan["unassigned"]]
    assert figures["cost_cents"] == plan["totals"]["cost_cents"]
    assert Path(figures["map_path"]).read_text().lstrip().lower().startswith("<!doctype html>")


def test_no_rule_is_broken(demo: tuple[dict[str, Any], str], capsys: pytest.CaptureFixture[str]) -> None:
    figures, _ = demo
    assert figures["violations"] == 0
    assert town.run("check", figures["plan_path"], "--json") == 0
    assert town.checked_against("check", capsys.readouterr().out)["violations"] == 0


def test_the_fleet_is_used_to_its_bound(demo: tuple[dict[str, Any], str]) -> None:
    figures, _ = demo
    assert figures["served"] + figures["postponed"] >= 0.9 * figures["fleet_capacity_bound"]
    assert figures["served"] + figures["postponed"] + len(figures["unassigned"]) == 1600


def test_the_screen_fits_one_screen(demo: tuple[dict[str, Any], str]) -> None:
    """50 lines or so at 100 columns, the search's own lines aside."""
    _, screen = demo
    result = screen[screen.index("Tours of ") :]
    assert sum(max(1, math.ceil(len(line.rstrip()) / 100)) for line in result.splitlines()) <= 54


def test_the_demo_can_be_done_again_by_hand(
    demo: tuple[dict[str, Any], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Path(demo[0]["plan_path"]).parent
    files = ("--burst", made / "burst.json", "--status", made / "status.json", "--city", made / "synthetic.city")
    evening = made / "plan-evening.json"
    assert town.run("replan", evening, *files, "-l", "0", "-o", tmp_path / "plan.json", "--json") == 0
    figures = town.checked_against("replan", capsys.readouterr().out)
    assert (figures["orders"], figures["violations"]) == (1600, 0)
    (loading,) = json.loads((made / "status.json").read_text())
    shifts_s = {tour["vehicle"]: tour["eta_shift_s"] for tour in figures["diff"]["tours"]}
    assert shifts_s[loading["vehicle_id"]] == [0, 0]
