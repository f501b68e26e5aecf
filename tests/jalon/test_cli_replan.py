"""``jalon replan`` with prices and caps, ``jalon commit``, ``jalon export``: proposals, what is in force, and paper."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from routing.verify import check
from tests.jalon import town

GPX = "{http://www.topografix.com/GPX/1/1}"


def replan(folder: Path, *options: str | Path) -> int:
    files = (folder / "plan.json", "--burst", folder / "burst.json", "--city", folder / "town.city")
    return town.run("replan", *files, "-l", "0", *options)


def plan_in(path: Path) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(path.read_text())
    return plan


def error_of(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = town.checked_against("error", capsys.readouterr().out)["error"]
    return found


def test_a_cap_and_prices_are_in_the_plan(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--max-moves", "2", "--move-price", "1.50", "--sorted-price", "3", "--eta-price", "0,20")
    words += ("--loading-price", "0.10")
    assert replan(folder, *words, "-o", folder / "next.json", "--json") == 0
    figures = town.checked_against("replan", capsys.readouterr().out)
    assert figures["max_moves"] == 2 and figures["moved"] <= 2 and figures["violations"] == 0
    prices = plan_in(folder / "next.json")["change_prices"]
    assert prices == {
        "move_cents": 150, "sorted_cents": 300, "eta_cents_per_minute": 20, "loading_cents": 10, "max_moves": 2,
    }  # fmt: skip


def test_plans_stream_out_each_better_and_the_last_is_the_one_written(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jalon.deliver.STREAM_EVERY_S", 0.0)
    assert replan(folder, "--stream", folder / "s.ndjson", "-o", folder / "next.json", "--json", "-l", "2") == 0
    figures = town.checked_against("replan", capsys.readouterr().out)
    lines = [json.loads(line) for line in (folder / "s.ndjson").read_text().splitlines()]
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1)) and len(lines) >= 2
    assert [line["final"] for line in lines] == [False] * (len(lines) - 1) + [True]
    assert all(check(line["plan"]) == [] for line in lines)
    totals = [line["plan"]["totals"] for line in lines]
    assert all(later["served"] >= earlier["served"] for earlier, later in pairwise(totals))
    assert lines[-1]["plan"] == plan_in(folder / "next.json") and figures["plan_id"] == lines[-1]["plan"]["id"]
    assert replan(folder, "--stream", "-") == 0
    out = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(out) >= 2 and out[-1]["final"], "nothing else is on stdout"
    assert replan(folder, "--stream", "-", "--json") == 2
    assert error_of(capsys)["code"] == "unused_option"


@pytest.mark.parametrize("price", ["x", "-1", "nan", "20000"])
def test_a_price_that_is_none_is_refused(folder: Path, capsys: pytest.CaptureFixture[str], price: str) -> None:
    assert replan(folder, "--move-price", price, "--json") == 2
    assert error_of(capsys)["code"] == "bad_price"


def test_the_frontier_is_told_and_drawn_and_writes_no_plan(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path.name for path in folder.iterdir())
    assert replan(folder, "--frontier", "--plot", folder / "front.png", "--json") == 0
    told = capsys.readouterr()
    points = town.checked_against("replan-frontier", told.out)["points"]
    assert [point["max_moves"] for point in points] == [0, 1, 2, None] and points[0]["moved"] == 0
    assert (folder / "front.png").read_bytes().startswith(b"\x89PNG") and "What fewer changes cost" in told.err
    assert sorted(path.name for path in folder.iterdir()) == sorted([*before, "front.png"])
    assert replan(folder, "--frontier", "-o", folder / "x.json", "--json") == 2
    assert error_of(capsys)["code"] == "unused_option"
    assert replan(folder, "--plot", folder / "x.png", "--json") == 2


def test_a_proposal_is_committed_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    in_force = plan_in(folder / "plan.json")
    assert replan(folder, "-o", folder / "proposal.json") == 0
    assert plan_in(folder / "plan.json") == in_force, "a proposal changes nothing"
    capsys.readouterr()
    assert town.run("commit", folder / "proposal.json", folder / "plan.json", "--json") == 0
    told = town.checked_against("commit", capsys.readouterr().out)
    assert plan_in(folder / "plan.json")["replaces"] == in_force["id"] == told["replaces"]
    assert plan_in(Path(told["kept_at"])) == in_force
    assert town.run("commit", folder / "proposal.json", folder / "plan.json", "--json") == 2
    assert error_of(capsys)["code"] == "stale_plan"


def test_commit_in_one_step(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = plan_in(folder / "plan.json")["id"]
    assert replan(folder, "--commit", "--json") == 0
    assert town.checked_against("replan", capsys.readouterr().out)["committed"] is True
    assert plan_in(folder / "plan.json")["replaces"] == before
    assert replan(folder, "--commit", "--dry-run", "--json") == 2


def test_events_come_out_as_figures(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = plan_in(folder / "plan.json")
    tour = plan["tours"][0]
    place = next(each for each in plan["places"] if each["id"] == tour["stops"][0]["place_id"])
    order = tour["stops"][0]["handovers"][0]["order_id"]
    status = {"vehicle_id": tour["vehicle_id"], "lat": place["lat"], "lon": place["lon"],
              "at": tour["stops"][0]["end_at"], "failed": [{"order_id": order, "reason": "refused"}]}  # fmt: skip
    town.write(folder / "status.json", [status])
    assert replan(folder, "--status", folder / "status.json", "--json", "-o", folder / "next.json") == 0
    told = capsys.readouterr()
    figures = town.checked_against("replan", told.out)
    assert [back["code"] for back in figures["returned"]] == ["REFUSED"] and f"returned {order}" in told.err


class Cells(HTMLParser):
    """Collects the text of table cells."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.inside = tag == "td"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.cells.append(data)


def test_export_writes_what_drivers_and_loaders_need(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = plan_in(folder / "plan.json")
    plan["places"][0]["name"] = "=cmd()<b>"
    town.write(folder / "plan.json", plan)
    assert town.run("export", folder / "plan.json", "--to", folder / "out", "--json") == 0
    told = town.checked_against("export", capsys.readouterr().out)
    assert {Path(name).parent.name for name in told["files"]} == {"out"}
    rows = list(csv.DictReader(io.StringIO((folder / "out" / "run_sheets.csv").read_text("utf-8-sig"))))
    handed = [each["order_id"] for tour in plan["tours"] for stop in tour["stops"] for each in stop["handovers"]]
    assert [row["order"] for row in rows if row["order"]] == handed
    assert "'=cmd()<b>" in {row["name"] for row in rows}, "no formula of a customer's runs in a spreadsheet"
    loads = list(csv.DictReader(io.StringIO((folder / "out" / "loading_lists.csv").read_text("utf-8-sig"))))
    assert [row["parcel"] for row in loads] == [one for tour in plan["tours"] for one in tour["loading_list"]]
    pages = Cells()
    pages.feed((folder / "out" / "run_sheets.html").read_text())
    assert set(handed) <= set(pages.cells) and any("=cmd()<b>" in cell for cell in pages.cells), "markup is escaped"
    for path, tour in zip(sorted((folder / "out").glob("*.gpx")), plan["tours"], strict=True):
        points = list(ElementTree.parse(path).iter(f"{GPX}rtept"))
        assert len(points) == len(tour["stops"]) + 2


def test_later_days_begin_with_what_is_postponed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = town.request()
    document["vehicles"] = [town.vehicle("v1", capacity_parcels=4)]
    for order in document["orders"]:
        order["promised_on"] = "2026-11-25"
    path = town.write(folder / "tight.json", document)
    assert town.run("solve", path, "-o", folder / "tight-plan.json", "-l", "0") == 0
    postponed = {item["order_id"] for item in plan_in(folder / "tight-plan.json")["postponed"]}
    assert postponed
    assert town.run("export", folder / "tight-plan.json", "--to", folder / "out") == 0
    book = plan_in(folder / "out" / "orders-2026-11-25.json")
    assert {order["id"] for order in book["orders"]} == postponed
