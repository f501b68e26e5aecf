"""``jalon solve`` and ``jalon replan``: where things go, what they say, and how they leave."""

from __future__ import annotations

import io
import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from data import codec
from routing import large
from tests.jalon import town


def plan_of(text: str | bytes) -> dict[str, Any]:
    """Return a plan after checking that it is one."""
    plan: dict[str, Any] = json.loads(text)
    assert {"id", "orders", "tours", "totals"} <= plan.keys()
    return plan


def violations(path: Path, capsys: pytest.CaptureFixture[str]) -> int:
    capsys.readouterr()
    town.run("check", path, "--json")
    return int(town.checked_against("check", capsys.readouterr().out)["violations"])


def replan(folder: Path, *options: str | Path) -> int:
    files = (folder / "plan.json", "--burst", folder / "burst.json", "--city", folder / "town.city")
    return town.run("replan", *files, "-l", "0", *options)


def test_solve_writes_a_plan_and_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "made" / "plan.json"
    assert town.run("solve", "-i", folder / "request.json", "-o", path, "-l", "0.2", "--json", "--seed", "7") == 0
    told = capsys.readouterr()
    figures = town.checked_against("solve", told.out)
    plan = plan_of(path.read_bytes())
    assert (figures["served"], figures["violations"], plan["seed"]) == (8, 0, 7)
    assert figures["plan_path"] == str(path) and figures["map_path"] is None
    assert "Tours of 2026-11-24" in told.err and "Loading lists" in told.err
    assert violations(path, capsys) == 0
    assert list(path.parent.iterdir()) == [path]


def test_solve_without_a_file_prints_the_plan(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run("solve", folder / "request.json", "-l", "0") == 0
    assert len(plan_of(capsys.readouterr().out)["orders"]) == 8


@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_seed_and_a_count_fix_the_tours(folder: Path, capsys: pytest.CaptureFixture[str], threads: str) -> None:
    made = []
    for _ in range(2):
        words = ("-l", "60", "--seed", "3", "--iterations", "80", "--threads", threads)
        assert town.run("solve", folder / "request.json", *words) == 0
        made.append(plan_of(capsys.readouterr().out)["tours"])
    assert made[0] == made[1]


def test_a_large_day_is_planned_hub_by_hub(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = json.loads((folder / "request.json").read_bytes())
    west, van = request["hubs"][0], request["vehicles"][0]
    request["hubs"].append({**west, "id": "other"})
    request["vehicles"].append({**van, "id": "van-of-the-other", "hub_id": "other", "breaks": []})
    request["orders"][0]["hub_id"] = "other"
    (folder / "large.json").write_text(json.dumps(request))
    monkeypatch.setattr(large, "LARGE_FROM", 2)
    words = ("solve", folder / "large.json", "--city", folder / "town.city", "-l", "2", "--threads", "2")
    assert town.run(*words, "-o", folder / "plan.json") == 0
    plan = plan_of((folder / "plan.json").read_bytes())
    assert "hub by hub" in plan["bound"]["explanation"]
    assert violations(folder / "plan.json", capsys) == 0
    assert town.run(*words, "--map", folder / "map.html") == 2
    assert "--map does not go with" in capsys.readouterr().err


def test_solve_reads_stdin(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (["-"], [], ["-i", "-"]):
        stdin = io.TextIOWrapper(io.BytesIO((folder / "request.json").read_bytes()))
        monkeypatch.setattr(sys, "stdin", stdin)
        assert town.run("solve", *words, "--city", folder / "town.city", "-l", "0") == 0
        assert plan_of(capsys.readouterr().out)["city"] == "town"


def test_a_map_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "map.html"
    assert town.run("solve", folder / "request.json", "-l", "0", "--json", "--map", path) == 0
    assert town.checked_against("solve", capsys.readouterr().out)["map_path"] == str(path)
    assert path.read_text().startswith("<!doctype html>") or path.read_text().startswith("<!DOCTYPE html>")


def test_loading_lists_start_with_the_last_stop(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run("solve", folder / "request.json", "-o", folder / "plan.json", "-l", "0", "--loading") == 0
    tours = plan_of((folder / "plan.json").read_bytes())["tours"]
    lines = [line for line in capsys.readouterr().err.splitlines() if "last stop first: " in line]
    assert [line.split("last stop first: ")[1].split() for line in lines] == [tour["loading_list"] for tour in tours]
    for tour in tours:
        handovers = [handover["order_id"] for stop in tour["stops"] for handover in stop["handovers"]]
        assert tour["loading_list"] == [f"{order_id}-p1" for order_id in reversed(handovers)]


def test_strict_tells_a_broken_promise(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = town.request()
    document["orders"][0]["skills"] = ["piano"]
    path = town.write(folder / "hard.json", document)
    assert town.run("solve", path, "-o", folder / "hard-plan.json", "-l", "0") == 0
    assert "1 broken SKILL_CONSTRAINT" in capsys.readouterr().err
    assert town.run("solve", path, "-o", folder / "hard-plan.json", "-l", "0", "--strict", "--json") == 1
    (broken,) = town.checked_against("solve", capsys.readouterr().out)["unassigned"]
    assert (broken["order"], broken["code"]) == ("o0", "SKILL_CONSTRAINT")


def test_nothing_feasible(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = town.request(orders=2)
    for order in document["orders"]:
        order["skills"] = ["piano"]
    path = town.write(folder / "hopeless.json", document)
    assert town.run("solve", path, "-o", folder / "none.json", "-l", "0", "--json") == 5
    figures = town.checked_against("solve", capsys.readouterr().out)
    assert (figures["served"], len(figures["unassigned"])) == (0, 2)
    assert violations(folder / "none.json", capsys) == 0


def test_a_day_without_orders(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = town.write(folder / "idle.json", {**town.request(), "orders": [], "places": []})
    assert town.run("solve", path, "-l", "0", "--json", "-o", folder / "idle-plan.json") == 0
    assert town.checked_against("solve", capsys.readouterr().out)["tours"] == 0


def test_what_looks_wrong_is_warned_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = town.request()
    document["orders"][1]["promised_on"] = "2026-11-20"
    assert (
        town.run("solve", town.write(folder / "late.json", document), "-l", "0", "-o", folder / "late-plan.json") == 0
    )
    assert "warning #/orders/1: order o1 was promised for 2026-11-20" in capsys.readouterr().err


VROOM = {
    "vehicles": [{"id": 1, "start_index": 0, "end_index": 0}],
    "jobs": [{"id": 10, "location_index": 1}, {"id": 20, "location_index": 2}],
    "matrices": {"car": {"durations": [[0, 60, 90], [60, 0, 30], [90, 30, 0]]}},
}


def test_vroom_is_answered_as_vroom_does(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run("solve", json.dumps(VROOM), "-l", "0.1") == 0
    answer = town.checked_against("vroom-solution", capsys.readouterr().out)
    assert (answer["code"], answer["summary"]["cost"], answer["unassigned"]) == (0, 180, [])
    assert town.run("solve", "-i", town.write(folder / "vroom.json", VROOM), "-o", folder / "a.json", "-l", "0.1") == 0
    assert capsys.readouterr().out == ""
    assert json.loads((folder / "a.json").read_text())["summary"]["cost"] == 180


def test_vroom_errors_are_vrooms(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = town.write(folder / "vroom.json", {**VROOM, "vehicles": []})
    assert town.run("solve", path, "-o", folder / "a.json") == 2
    told = capsys.readouterr()
    assert json.loads(told.out) == {"code": 2, "error": "No vehicle defined."}
    assert "No vehicle defined." in told.err
    assert not (folder / "a.json").exists()


def test_vroom_on_a_city(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = [2.0, 47.0]
    jobs = [{"id": n, "location": [2 + n * 0.001, 47.003]} for n in (1, 2, 3)]
    path = town.write(folder / "vroom.json", {"vehicles": [{"id": 1, "start": start, "end": start}], "jobs": jobs})
    assert town.run("solve", path, "--city", folder / "town.city", "-g", "-l", "0.1") == 0
    (route,) = json.loads(capsys.readouterr().out)["routes"]
    assert route["geometry"] and route["distance"] > 0


def test_replan_takes_the_burst_in(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new, drawn = folder / "new.json", folder / "map.html"
    assert replan(folder, "-o", new, "--map", drawn, "--json") == 0
    told = capsys.readouterr()
    figures = town.checked_against("replan", told.out)
    assert (figures["orders_planned"], figures["orders_burst"], figures["orders"]) == (8, 5, 13)
    assert (figures["served"] + figures["postponed"], figures["violations"], figures["moved"]) == (13, 0, 0)
    assert figures["diff"]["added"] == figures["served"] - 8
    assert (figures["plan_path"], figures["map_path"]) == (str(new), str(drawn))
    assert "before > after" in told.err and "Loading lists" in told.err
    assert plan_of(new.read_bytes())["replaces"] == plan_of((folder / "plan.json").read_bytes())["id"]
    assert violations(new, capsys) == 0


def test_replan_over_the_plan_itself(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replan(folder, "-o", folder / "plan.json") == 0
    assert len(plan_of((folder / "plan.json").read_bytes())["orders"]) == 13
    assert violations(folder / "plan.json", capsys) == 0


def test_replan_from_a_csv(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "burst.csv"
    path.write_text("commande;poids_kg;latitude;longitude\nb1;2,5;47,003;2,003\nb2;1;47,004;2,002\n")
    files = (folder / "plan.json", "--burst", path, "--city", folder / "town.city")
    assert town.run("replan", *files, "-l", "0", "--json") == 0
    told = capsys.readouterr()
    assert town.checked_against("replan", told.out)["orders_burst"] == 2
    assert "kept nowhere" in told.err


def test_replan_dry_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert replan(folder, "--dry-run", "-o", folder / "plan.json", "--map", folder / "map.html") == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "Single changes" in told.err and "on no tour" in told.err
    assert "orders added to tours" in told.err and "The plan before and after" in told.err
    assert replan(folder, "--dry-run", "--json", "-o", folder / "plan.json") == 0
    figures = town.checked_against("replan", capsys.readouterr().out)
    assert figures["dry_run"] and figures["plan_path"] is None
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_the_diff_is_that_of_the_two_plans(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = folder / "new.json"
    assert replan(folder, "-o", new, "--json") == 0
    diff = town.checked_against("replan", capsys.readouterr().out)["diff"]
    then, now = (plan_of(path.read_bytes()) for path in (folder / "plan.json", new))
    starts = [
        {handover["order_id"]: (tour["vehicle_id"], handover["start_at"])
         for tour in plan["tours"] for stop in tour["stops"] for handover in stop["handovers"]}
        for plan in (then, now)
    ]  # fmt: skip
    assert diff["added"] == len(starts[1].keys() - starts[0].keys()) and diff["dropped"] == []
    slid = {
        order: abs(datetime.fromisoformat(starts[1][order][1]) - datetime.fromisoformat(starts[0][order][1]))
        for order in starts[0].keys() & starts[1].keys()
    }
    far = sorted((gap for gap in slid.values() if gap > timedelta(minutes=30)), reverse=True)
    assert diff["eta_moved"] == len(far)
    assert [slid[change["order"]] for change in diff["eta_worst"]] == far[:3]
    for tour in diff["tours"]:
        mine = {order for order, (vehicle, _) in starts[1].items() if vehicle == tour["vehicle"]}
        assert set(tour["added"]) == mine - starts[0].keys()
        assert (tour["orders_before"], tour["orders_after"]) == (len(mine & starts[0].keys()), len(mine))


def test_stops_before_the_freeze_stay_as_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tour,) = plan_of((folder / "plan.json").read_bytes())["tours"]
    told_at = tour["stops"][3]["start_at"][11:16]  # stops 0 to 2 start in an earlier minute or before it
    frozen = [stop for stop in tour["stops"] if stop["start_at"][11:16] < told_at]
    assert replan(folder, "--freeze-before", told_at, "-o", folder / "new.json") == 0
    after = plan_of((folder / "new.json").read_bytes())
    kept = next(one for one in after["tours"] if one["vehicle_id"] == tour["vehicle_id"])
    assert frozen and kept["stops"][: len(frozen)] == frozen
    assert after["locks"][0]["reason"] == "announced before the freeze time"


def test_a_tour_being_loaded_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tour,) = plan_of((folder / "plan.json").read_bytes())["tours"]
    status = town.write(folder / "status.json", [{"vehicle_id": tour["vehicle_id"], "loading_started": True}])
    assert replan(folder, "--status", status, "--json", "-o", folder / "new.json") == 0
    figures = town.checked_against("replan", capsys.readouterr().out)
    unchanged = next(one for one in figures["diff"]["tours"] if one["vehicle"] == tour["vehicle_id"])
    assert (unchanged["added"], unchanged["eta_shift_s"]) == ([], [0, 0])


def test_a_vehicle_on_the_road(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tour,) = plan_of((folder / "plan.json").read_bytes())["tours"]
    orders = [handover["order_id"] for stop in tour["stops"] for handover in stop["handovers"]]
    seen = {"vehicle_id": tour["vehicle_id"], "at": town.at("08:10"), "done": orders[:2], **town.position(3, 3)}
    status = town.write(folder / "status.json", [seen])
    assert replan(folder, "--status", status, "--json", "-o", folder / "new.json") == 0
    figures = town.checked_against("replan", capsys.readouterr().out)
    assert figures["diff"]["dropped"] == []
    assert set(plan_of((folder / "new.json").read_bytes())["done"]) == set(orders[:2])
    assert violations(folder / "new.json", capsys) == 0


def test_the_first_plan_is_on_disk_before_the_search(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write is whole: old plan, first plan, best plan, nothing in between."""
    seen: list[int] = []
    whole = codec.write_whole

    def watched(path: Path, content: bytes) -> None:
        assert not path.exists() or plan_of(path.read_bytes())
        seen.append(len(plan_of(content)["orders"]))
        whole(path, content)

    monkeypatch.setattr(codec, "write_whole", watched)
    assert replan(folder, "-o", folder / "plan.json", "-l", "0.3") == 0
    assert len(seen) >= 2 and set(seen) == {13}


def test_the_same_seed_is_the_same_plan(folder: Path) -> None:
    ids = set()
    for name in ("a.json", "b.json"):
        assert town.run("solve", folder / "request.json", "-o", folder / name, "-l", "0", "--seed", "3") == 0
        ids.add(plan_of((folder / name).read_bytes())["id"])
    assert len(ids) == 1
