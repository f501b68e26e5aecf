"""``jalon promise backtest``: one JSON object, the picture, and what it refuses."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from data.sources.deliveries import NEVER, Deliveries
from data.synthetic.deliveries import DeliveryWorld, synthetic_deliveries
from tests.jalon import town


def write_deliveries(path: Path, deliveries: Deliveries) -> Path:
    """Write drawn deliveries as a market place exports them."""

    def text(second: int) -> str:
        return "" if second == NEVER else datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")

    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        names = ("order_id", "purchased_at", "handed_over_at", "delivered_at", "promised_at")
        writer.writerow([*names, "origin", "origin_area", "destination_area", "weight_g", "distance_m"])
        for row in range(len(deliveries)):
            times = [deliveries.purchased_s, deliveries.handed_s, deliveries.delivered_s]
            promised = datetime.fromordinal(int(deliveries.promised_day[row])).date()
            words = [deliveries.origin, deliveries.origin_area, deliveries.destination_area]
            cells = [deliveries.order_id[row], *(text(int(one[row])) for one in times), promised]
            cells += [*(str(one[row]) for one in words), deliveries.weight_g[row], deliveries.distance_m[row]]
            writer.writerow(cells)
    return path


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    drawn = synthetic_deliveries(DeliveryWorld("test", 0.3, 0.3), orders=2500, days=125, seed=3)
    return write_deliveries(tmp_path_factory.mktemp("backtest") / "d.csv", drawn)


def test_one_object_and_a_picture(deliveries: Path, tmp_path: Path, capsys: Any) -> None:
    picture = tmp_path / "weeks.png"
    asked = ("promise", "backtest", "--deliveries", deliveries, "--level", "0.92", "--plot", picture, "--json")
    assert town.run(*asked) == 0
    told = capsys.readouterr()
    figures = town.checked_against("promise-backtest", told.out)
    assert picture.read_bytes().startswith(b"\x89PNG") and "incumbent" in told.err
    assert sum(month["n"] for month in figures["by_month"]) == figures["n"]
    assert 0.85 < figures["ontime"] < 0.97 and 10 < figures["mean_promised_days"] < 40
    low, high = figures["ratio_interval90"]
    assert low < figures["days_at_incumbent_ontime"] / figures["incumbent_mean_promised_days"] < high
    (burst,) = figures["bursts"]
    assert burst["from"] <= "2017-11-24" <= burst["to"]


@pytest.mark.parametrize(
    ("arguments", "code", "where"),
    [
        (("--level", "0.2"), "out_of_range", "--level"),
        (("--plot", "weeks.txt"), "unknown_format", "--plot"),
    ],
)
def test_wrong_options(arguments: tuple[str, ...], code: str, where: str, deliveries: Path, capsys: Any) -> None:
    assert town.run("promise", "backtest", "--deliveries", deliveries, *arguments, "--json") == 2
    error = town.checked_against("error", capsys.readouterr().out)["error"]
    assert (error["code"], error["where"]) == (code, where)


def test_a_wrong_line_is_named_and_no_picture_is_left(deliveries: Path, tmp_path: Path, capsys: Any) -> None:
    lines = deliveries.read_text().splitlines()
    lines[41] = lines[41].replace("2017", "soon", 1)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("\n".join(lines))
    picture = tmp_path / "weeks.svg"
    assert town.run("promise", "backtest", "--deliveries", wrong, "--plot", picture, "--json") == 2
    error = town.checked_against("error", capsys.readouterr().out)["error"]
    assert error["code"] == "invalid_time" and error["where"] == f"{wrong}:42" and not picture.exists()
