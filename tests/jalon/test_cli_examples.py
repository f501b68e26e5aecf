"""The numbered examples run, one after the other, as a newcomer would run them."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from routing.verify import check
from tests.jalon import town

EXAMPLES = sorted((town.ROOT / "examples").glob("[0-9][0-9]_*.sh"))


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Return a folder, and an environment whose PATH has a ``jalon``."""
    folder = tmp_path_factory.mktemp("examples")
    tools = folder / "bin"
    tools.mkdir()
    program = tools / "jalon"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(town.ROOT))} exec {shlex.join(town.command())} "$@"\n')
    program.chmod(0o755)
    return folder, {
        **os.environ,
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "LIMIT": "1",
        "PYTHON": sys.executable,
    }


@pytest.fixture(scope="module")
def ran(shell: tuple[Path, dict[str, str]]) -> Path:
    """Run all examples in their order, since each goes on from what the one before left; return their folder."""
    folder, environment = shell
    assert EXAMPLES
    for path in EXAMPLES:
        run = subprocess.run(
            ["bash", path, "out"], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
        )
        assert run.returncode == 0, f"{path.name}: {run.stderr}"
        assert "Traceback" not in run.stderr
    return folder / "out"


def test_the_examples_run_and_what_they_leave_holds(ran: Path) -> None:
    for name in ("plan.json", "plan-2.json"):
        assert check(json.loads((ran / name).read_text())) == []
    town.checked_against("replan", (ran / "figures.json").read_text())
    town.checked_against("vroom-solution", (ran / "vroom.json").read_text())
    town.checked_against("live-what-if", (ran / "what-if.json").read_text())
    dirty, clean = town.checked_against("route", (ran / "route.json").read_text())["routes"]
    assert (dirty["zones"], clean["avoided"], clean["extra_s"]) == ([], [], 0)
    assert [ban["zone_id"] for ban in dirty["avoided"]] == ["999000001-ZFE-001"]
    assert dirty["extra_s"] == dirty["travel_s"] - clean["travel_s"]
    assert dirty["extra_m"] == dirty["distance_m"] - clean["distance_m"]
    assert dirty["extra_s"] > 120
    assert (ran / "zfe.html").exists() and (ran / "what-if.png").exists()
    check_the_evening(ran / "evening")
    assert (ran / "map.html").exists() and (ran / "map-2.html").exists()
    check_the_api(ran / "api")
    evening = json.loads((ran / "promise-evening.json").read_text())
    assert sum(evening["by_day"].values()) == evening["orders"] and evening["discrepancies"] == []
    assert all(evening["last"][area] > days for area, days in evening["first"].items())
    assert (ran / "promise-evening.png").exists()


def check_the_api(folder: Path) -> None:
    """What curl and Python were answered."""
    plan, after = (json.loads((folder / name).read_text()) for name in ("plan.json", "plan-2.json"))
    assert check(plan) == [] and check(after) == [] and after["replaces"] == plan["id"]
    assert json.loads((folder / "committed.json").read_text())["state"] == "committed"
    (told,) = json.loads((folder / "slots.json").read_text())["orders"]
    assert len(told["slots"]) == 2 and told["best"] is not None
    diff = json.loads((folder / "diff.json").read_text())
    assert diff["against"] == plan["id"] and diff["added"]
    assert json.loads((folder / "tours.geojson").read_text())["type"] == "FeatureCollection"
    assert "<gpx" in (folder / "tours.gpx").read_text() and json.loads((folder / "tours.waves.json").read_text())
    client = json.loads((folder / "client.json").read_text())
    assert client["added"] > 0 and client["fits_alone"] > 0
    problem = json.loads((folder / "problem.json").read_text())
    assert problem["status"] == 422 and problem["action"] == "did you mean `orders`?"


def check_the_evening(folder: Path) -> None:
    """What the morning brought is in the plan that is in force, and on paper."""
    points = town.checked_against("replan-frontier", (folder / "frontier.json").read_text())["points"]
    costs = [(-point["served"], point["cost_cents"]) for point in points]
    assert points[0]["moved"] == 0 and costs[-1] <= costs[0] and (folder / "frontier.png").exists()
    figures = town.checked_against("replan", (folder / "morning-figures.json").read_text())
    assert figures["committed"] and len(figures["down"]) == 1
    codes = [one["code"] for one in figures["returned"]]
    assert codes.count("REFUSED") == 1 and set(codes) <= {"REFUSED", "CANCELLED"}
    plan = json.loads((folder / "plan.json").read_text())
    assert plan["id"] == figures["plan_id"] and check(plan) == []
    streamed = [json.loads(line) for line in (folder / "better-and-better.ndjson").read_text().splitlines()]
    assert streamed[-1]["final"] and streamed[-1]["plan"] == json.loads((folder / "proposal.json").read_text())
    (out,) = [
        failure["order_id"]
        for status in json.loads((folder / "status.json").read_text())
        for failure in status.get("failed", [])
        if failure["reason"] == "absent"
    ]
    served = {one["order_id"] for tour in plan["tours"] for stop in tour["stops"] for one in stop["handovers"]}
    assert out in served or out in {one["order"] for one in figures["presented_again"]}, "elsewhere today, or again"
    check_the_present(folder, plan)
    assert "<table>" in (folder / "sheets" / "run_sheets.html").read_text()
    assert len(list((folder / "sheets").glob("*.gpx"))) == len(plan["tours"])


def check_the_present(folder: Path, plan: town.Json) -> None:
    """Nothing is planned into the past: vans of which nothing was heard are where the plan had them."""
    statuses = {status["vehicle_id"]: status for status in json.loads((folder / "status.json").read_text())}
    present = max(datetime.fromisoformat(status["at"]) for status in statuses.values())
    others = [tour for tour in plan["tours"] if tour["vehicle_id"] not in statuses]
    for tour in others:
        assert all(datetime.fromisoformat(stop["start_at"]) > present for stop in tour["stops"])
        assert not tour["start"]["at_hub"] or datetime.fromisoformat(tour["departure_at"]) >= present
    presumed = {each["order_id"] for each in plan["presumed"]}
    assert presumed <= set(plan["done"]) and not {each["vehicle_id"] for each in plan["presumed"]} & statuses.keys()
