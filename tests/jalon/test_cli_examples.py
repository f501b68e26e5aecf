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


class Shown:
    """What the examples leave in one folder; each goes on from what the ones before left."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder / "out"
        self._run = {"cwd": folder, "env": environment, "capture_output": True, "text": True}
        self._left = list(EXAMPLES)

    def up_to(self, number: int) -> Path:
        """Run what has not run yet of the first examples; return their folder."""
        while self._left and int(self._left[0].name[:2]) <= number:
            path = self._left.pop(0)
            run = subprocess.run(["bash", path, "out"], timeout=300, **self._run)
            assert run.returncode == 0, f"{path.name}: {run.stderr}"
            assert "Traceback" not in run.stderr
        return self.folder


@pytest.fixture(scope="module")
def shown(shell: tuple[Path, dict[str, str]]) -> Shown:
    """Return the examples, none run yet."""
    return Shown(*shell)


def test_there_is_a_test_for_each_example() -> None:
    assert [int(path.name[:2]) for path in EXAMPLES] == list(range(1, 10))


def test_a_day_and_its_burst(shown: Shown) -> None:
    folder = shown.up_to(2)
    for name in ("plan.json", "plan-2.json"):
        assert check(json.loads((folder / name).read_text())) == []
    town.checked_against("replan", (folder / "figures.json").read_text())
    assert (folder / "map.html").exists() and (folder / "map-2.html").exists()


def test_vroom(shown: Shown) -> None:
    town.checked_against("vroom-solution", (shown.up_to(3) / "vroom.json").read_text())


def test_a_detour_around_a_zone(shown: Shown) -> None:
    folder = shown.up_to(4)
    dirty, clean = town.checked_against("route", (folder / "route.json").read_text())["routes"]
    assert (dirty["zones"], clean["avoided"], clean["extra_s"]) == ([], [], 0)
    assert [ban["zone_id"] for ban in dirty["avoided"]] == ["999000001-ZFE-001"]
    assert dirty["extra_s"] == dirty["travel_s"] - clean["travel_s"]
    assert dirty["extra_m"] == dirty["distance_m"] - clean["distance_m"]
    assert dirty["extra_s"] > 120 and (folder / "zfe.html").exists()


def test_what_a_live_would_do(shown: Shown) -> None:
    folder = shown.up_to(5)
    town.checked_against("live-what-if", (folder / "what-if.json").read_text())
    assert (folder / "what-if.png").exists()


def test_promises_over_an_evening(shown: Shown) -> None:
    folder = shown.up_to(6)
    evening = json.loads((folder / "promise-evening.json").read_text())
    assert sum(evening["by_day"].values()) == evening["orders"] and evening["discrepancies"] == []
    assert all(evening["last"][area] > days for area, days in evening["first"].items())
    assert (folder / "promise-evening.png").exists()


def test_the_evening_and_the_morning_after(shown: Shown) -> None:
    check_the_evening(shown.up_to(7) / "evening")


def test_curl_and_python(shown: Shown) -> None:
    check_the_api(shown.up_to(8) / "api")


def test_an_evening_that_is_watched(shown: Shown) -> None:
    evening = json.loads((shown.up_to(9) / "watched-evening.json").read_text())
    assert len({told["order_id"] for told in evening["moved"]}) == evening["orders"]
    assert evening["kpis"]["orders"] == evening["orders"] > 0


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
    """Nobody leaves the hub in the past; vans of which nothing was heard go on from where the plan had them."""
    statuses = {status["vehicle_id"]: status for status in json.loads((folder / "status.json").read_text())}
    present = max(datetime.fromisoformat(status["at"]) for status in statuses.values())
    others = [tour for tour in plan["tours"] if tour["vehicle_id"] not in statuses]
    for tour in others:
        departure_at = datetime.fromisoformat(tour["departure_at"])
        if tour["start"].get("at_hub", True):
            assert departure_at >= present
        assert all(datetime.fromisoformat(stop["start_at"]) >= departure_at for stop in tour["stops"])
    presumed = {each["order_id"] for each in plan["presumed"]}
    assert presumed <= set(plan["done"]) and not {each["vehicle_id"] for each in plan["presumed"]} & statuses.keys()
