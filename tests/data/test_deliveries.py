"""Past deliveries from CSV and Parquet, and the drawn ones."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.errors import InputError
from data.sources.deliveries import COLUMNS, NEVER, read_deliveries
from data.synthetic.deliveries import WORLDS, DeliveryWorld, synthetic_deliveries

HEAD = "order_id,purchased_at,handed_over_at,delivered_at,promised_at,origin,origin_area,destination_area"
GOOD = "a,2017-11-24 10:00:00,2017-11-25 12:00:00,2017-12-01 18:00:00,2017-12-10,s1,SP,RJ"


def written(folder: Path, *rows: str, head: str = HEAD) -> Path:
    path = folder / "deliveries.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def test_a_plain_file(tmp_path: Path) -> None:
    later = "b,2017-11-20T23:30:00-02:00,,,2017-12-09 00:00:00,s2,SP,AM"
    found = read_deliveries(written(tmp_path, GOOD, later))
    assert found.order_id.tolist() == ["b", "a"]  # by purchase
    assert found.delivered_day.tolist() == [NEVER, date(2017, 12, 1).toordinal()]
    assert found.handed_s.tolist() == [NEVER, int(datetime(2017, 11, 25, 12, tzinfo=UTC).timestamp())]
    assert found.purchased_day[0] == date(2017, 11, 20).toordinal()  # the day on the file's own clock
    assert found.purchased_s[0] == int(datetime(2017, 11, 21, 1, 30, tzinfo=UTC).timestamp())
    assert np.isnan(found.weight_g).all() and found.option.tolist() == ["", ""]
    assert (found.approved_s == NEVER).all() and found.left_out == 0


def test_parquet_says_the_same(tmp_path: Path) -> None:
    names = HEAD.split(",")
    cells = dict(zip(names, GOOD.split(","), strict=True))
    table = {name: [cells[name], "x" if name == "order_id" else cells[name]] for name in names}
    for name in names[1:5]:
        table[name] = [datetime.fromisoformat(text) for text in table[name]]
    table["delivered_at"][1] = None
    pq.write_table(pa.table({**table, "distance_m": [1500.0, None]}), tmp_path / "d.parquet")
    found, same = read_deliveries(tmp_path / "d.parquet"), read_deliveries(written(tmp_path, GOOD))
    assert found.order_id.tolist() == ["a", "x"] and found.delivered_s[1] == NEVER
    for name in ("purchased_s", "handed_s", "delivered_s", "promised_day", "origin_area"):
        assert getattr(found, name)[0] == getattr(same, name)[0]
    assert found.distance_m[0] == 1500.0 and np.isnan(found.distance_m[1])


WRONG = {
    "no time": (GOOD.replace("2017-11-24 10:00:00", "24/11/2017"), "invalid_time", ":2"),
    "no purchase": (GOOD.replace("2017-11-24 10:00:00", ""), "missing_value", ":2"),
    "no promise": (GOOD.replace("2017-12-10", "null"), "missing_value", ":2"),
    "no id": (GOOD[1:], "missing_value", ":2"),
    "twice": (GOOD + "\n" + GOOD, "duplicate_id", ":3"),
    "before": (GOOD.replace("2017-12-01", "2016-12-01"), "broken_rows", ""),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_rows_are_named(what: str, tmp_path: Path) -> None:
    rows, code, line = WRONG[what]
    with pytest.raises(InputError) as caught:
        read_deliveries(written(tmp_path, rows))
    assert caught.value.code == code and caught.value.where.endswith("deliveries.csv" + line)


def test_wrong_columns_are_named(tmp_path: Path) -> None:
    for head, code in ((HEAD.replace("origin_area", "origin_aera"), "unknown_column"), (HEAD[9:], "missing_column")):
        with pytest.raises(InputError) as caught:
            read_deliveries(written(tmp_path, GOOD, head=head))
        assert caught.value.code == code
        cells = {name: ["x"] for name in head.split(",")}
        pq.write_table(pa.table(cells), tmp_path / "d.parquet")
        with pytest.raises(InputError) as caught:
            read_deliveries(tmp_path / "d.parquet")
        assert caught.value.code == code


def test_weights_are_checked_and_what_is_no_parquet_is_told(tmp_path: Path) -> None:
    for cell, code in (("heavy", "invalid_number"), ("-3", "out_of_range")):
        with pytest.raises(InputError) as caught:
            read_deliveries(written(tmp_path, GOOD + "," + cell, head=HEAD + ",weight_g"))
        assert caught.value.code == code and caught.value.where.endswith(":2")
    (tmp_path / "no.parquet").write_text("no")
    for name in ("no.parquet", "absent.parquet", "absent.csv"):
        with pytest.raises(InputError, match="unreadable_file"):
            read_deliveries(tmp_path / name)


def test_a_few_broken_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [GOOD.replace("a,", f"o{k},", 1) for k in range(200)]
    rows.append(GOOD.replace("a,", "odd,", 1).replace("2017-12-01", "2017-10-01"))
    found = read_deliveries(written(tmp_path, *rows))
    assert len(found) == 200 and found.left_out == 1


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_the_drawn_worlds_are_like_the_facts(world: DeliveryWorld) -> None:
    drawn, again = (synthetic_deliveries(world, orders=6000, seed=2) for _ in range(2))
    np.testing.assert_array_equal(drawn.delivered_s, again.delivered_s)
    assert (np.diff(drawn.purchased_s) >= 0).all() and len(set(drawn.order_id.tolist())) == len(drawn)
    happened = drawn.delivered_s < NEVER
    assert (drawn.handed_s >= drawn.purchased_s).all() and (drawn.delivered_s >= drawn.handed_s).all()
    took = np.where(happened, drawn.delivered_day - drawn.purchased_day, 999)
    promised = drawn.promised_day - drawn.purchased_day
    assert 9 < np.median(took) < 15 and 0.002 < 1 - happened.mean() < 0.03
    assert 21 < promised.mean() < 27 and 0.84 < (took <= promised).mean() < 0.95
    since = drawn.purchased_day - drawn.purchased_day[0]
    weeks = np.bincount(since // 7)
    assert weeks[12] > 1.5 * np.median(weeks)
    late = [np.quantile(took[(since >= first) & (since < first + 60)], 0.9) for first in (150, 300)]
    assert late[0] > late[1] + 2  # February and March against July and August
    assert len(np.unique(drawn.destination_area)) == 27 and set(COLUMNS) >= {"origin", "option"}


def test_too_little_to_draw() -> None:
    with pytest.raises(InputError, match="invalid_count"):
        synthetic_deliveries(WORLDS[0], orders=10)
