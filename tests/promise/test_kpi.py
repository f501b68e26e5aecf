"""Key figures counted by hand, and files that make no sense refused."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.clock import PARIS
from data.errors import InputError
from data.model.live import Channel
from promise.kpi import count
from promise.kpi_orders import KpiOrder, read_kpi_orders

AT = datetime(2026, 11, 24, 8, tzinfo=PARIS)


def order(number: int, **changes: object) -> KpiOrder:
    """Return an order of Thursday evening, promised for Saturday and delivered on it."""
    usual = KpiOrder(
        order_id=f"o{number}",
        ordered_at=datetime(2026, 11, 19, 20, number % 60, tzinfo=PARIS),
        promised_on=date(2026, 11, 21),
        delivered_at=datetime(2026, 11, 21, 18, tzinfo=PARIS),
        live_id="lea-2",
        creator="lea",
        channel=Channel.SOCIAL,
        sku="serum",
        transport_cents=500,
    )
    return usual.replace(**changes)


def last_week(number: int, **changes: object) -> KpiOrder:
    """Return the same a week earlier, in the live before."""
    week = timedelta(days=7)
    moved = {name: getattr(order(number), name) - week for name in ("ordered_at", "promised_on", "delivered_at")}
    return order(number, order_id=f"p{number}", live_id="lea-1", **moved).replace(**changes)


def test_figures_counted_by_hand() -> None:
    orders = [
        order(0),
        order(1, delivered_at=datetime(2026, 11, 21, 23, 59, tzinfo=PARIS)),  # by the end of the day
        order(2, delivered_at=datetime(2026, 11, 22, 0, 1, tzinfo=PARIS), return_reason="size"),  # late
        order(3, delivered_at=None),  # overdue
        order(4, delivered_at=None, stock_out_at=datetime(2026, 11, 20, 9, tzinfo=PARIS), transport_cents=None),
        order(5, promised_on=date(2026, 11, 24), return_reason="damaged"),  # early, yet not due
        order(6, promised_on=date(2026, 11, 25), delivered_at=None, transport_cents=700),
        order(7, live_id="", creator="", channel=Channel.SITE, sku="lin", return_reason="size"),
    ]
    found = count(orders, AT)
    live = found.live_orders
    assert (live.orders, live.due) == (7, 5)
    assert live.service_level == 2 / 5 and live.late_share == 2 / 5
    assert (live.stock_out_orders, live.stock_outs_72h) == (1, 1)
    assert live.transport_cents_per_order == pytest.approx((5 * 500 + 700) / 6)
    assert live.returned_share == 2 / 4 and live.returns == {"damaged": 1, "size": 1}
    assert (found.other_orders.orders, found.other_orders.service_level) == (1, 1.0)
    assert found.other_orders.returns == {"size": 1}
    assert [row.name for row in found.channels] == ["site", "social"]
    assert [row.name for row in found.skus] == ["lin", "serum"]
    assert [row.name for row in found.creators] == ["lea"]


def test_a_live_is_compared_with_the_one_before() -> None:
    orders = [*(order(n) for n in range(4)), *(last_week(n) for n in range(2)), order(9, delivered_at=None)]
    found = count(orders, AT)
    first, second = found.lives
    assert (first.name, first.previous_live_id, first.change()) == ("lea-1", None, None)
    assert (second.name, second.last_live_id, second.previous_live_id) == ("lea-2", "lea-2", "lea-1")
    change = second.change()
    assert change is not None
    assert change["orders"] == 3 and change["service_level"] == pytest.approx(4 / 5 - 1)
    assert found.creators[0].change() == change == found.channels[0].change()
    assert found.creators[0].all.orders == 7
    # nothing due in the last live: no change of its service level can be told
    early = count(orders, datetime(2026, 11, 20, tzinfo=PARIS)).lives[1].change()
    assert early is not None and early["service_level"] is None and early["orders"] == 3


def test_what_is_missing_counts_until_72_hours_after_the_last_order() -> None:
    end = order(5).ordered_at
    for missing_at, outs in ((end + timedelta(hours=72), 1), (end + timedelta(hours=72, seconds=1), 0)):
        # found missing by an order of the site: the live sold it out
        other = order(8, live_id="", creator="", channel=Channel.SITE, delivered_at=None, stock_out_at=missing_at)
        found = count([order(0), order(5), other], AT)
        assert found.lives[0].all.stock_outs_72h == outs
        assert found.lives[0].all.stock_out_orders == 0
    unsold = order(8, live_id="", creator="", sku="lin", delivered_at=None, stock_out_at=end)
    assert count([order(0), unsold], AT).lives[0].all.stock_outs_72h == 0


def test_only_what_had_happened_counts() -> None:
    orders = [order(0, delivered_at=AT + timedelta(hours=1)), order(1, stock_out_at=AT + timedelta(hours=1))]
    found = count(orders, AT).live_orders
    assert (found.due, found.late_share, found.service_level, found.stock_out_orders) == (2, 0.5, 0.5, 0)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["", "a", "b"]), st.booleans()), max_size=40))
def test_groups_add_up(drawn: list[tuple[int, str, bool]]) -> None:
    orders = [
        order(
            number,
            delivered_at=order(0).delivered_at + timedelta(days=late) if there else None,
            live_id=live,
            creator="lea" if live else "",
            sku="lin" if late else "serum",
        )
        for number, (late, live, there) in enumerate(drawn)
    ]
    found = count(orders, AT)
    for rows in (found.channels, found.skus):
        assert sum(row.all.orders for row in rows) == len(orders)
        assert sum(row.all.due for row in rows) == found.live_orders.due + found.other_orders.due
    assert sum(row.all.orders for row in found.lives) == found.live_orders.orders
    for row in (*found.lives, *found.skus):
        if row.all.due:
            level, late = row.all.service_level, row.all.late_share
            assert level is not None and late is not None and level + late == pytest.approx(1)


# ------------------------------------------------------------------------------------------------------------- files


def ndjson(path: Path, orders: Iterable[KpiOrder]) -> Path:
    path.write_bytes(b"\n".join(msgspec.json.encode(one) for one in orders) + b"\n")
    return path


def csv(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_ndjson_and_csv_say_the_same(tmp_path: Path) -> None:
    orders = (order(0), order(1, delivered_at=None, stock_out_at=AT, transport_cents=None), order(2, creator=""))
    assert read_kpi_orders(ndjson(tmp_path / "orders.ndjson", orders)) == orders
    text = (
        "commande;acheté le;promis le;livré le;live;créatrice;canal;produit;transport_centimes;rupture le\n"
        "o0;2026-11-19 20:00;2026-11-21;2026-11-21 18:00;lea-2;lea;social;serum;500;\n"
        "o1;2026-11-19T20:01:00+01:00;2026-11-21;;lea-2;lea;social;serum;;2026-11-24T08:00:00+01:00\n"
        "o2;2026-11-19 20:02;2026-11-21;2026-11-21T17:00:00Z;lea-2;;social;serum;500;\n"
    )
    assert read_kpi_orders(csv(tmp_path / "orders.csv", text)) == orders


def test_a_time_of_the_night_the_clocks_go_back(tmp_path: Path) -> None:
    text = "order_id,ordered_at,promised_on,delivered_at\no,2026-10-24T20:00,2026-10-25,2026-10-25T23:30+01:00\n"
    (one,) = read_kpi_orders(csv(tmp_path / "orders.csv", text))
    assert count([one], AT).other_orders.service_level == 1.0


@pytest.mark.parametrize(
    ("row", "code", "line"),
    [
        ("o2,2026-11-19,2026-11-21,2026-11-18T10:00", "out_of_order", 3),
        ("o2,2026-11-19,2026-11-18,", "out_of_order", 3),
        ("o1,2026-11-19,2026-11-21,", "duplicate_id", 3),
        ("o2,19/11/2026,2026-11-21,", "invalid_time", 3),
        ("o2,2026-11-19,,", "missing_value", 3),
        (",2026-11-19,2026-11-21,", "missing_value", 3),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(tmp_path: Path, row: str, code: str, line: int) -> None:
    head = "order_id,ordered_at,promised_on,delivered_at\no1,2026-11-19,2026-11-21,2026-11-20\n"
    path = csv(tmp_path / "orders.csv", head + row + "\n")
    with pytest.raises(InputError) as raised:
        read_kpi_orders(path)
    assert raised.value.code == code and f"{path}:{line}" in raised.value.where


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("a.csv", "", "empty_file"),
        ("a.csv", "order_id,ordered_at\n1,2026-11-19\n", "missing_column"),
        ("a.csv", "order_id,ordered_at,promised_on,colour\n1,2026-11-19,2026-11-20,red\n", "unknown_column"),
        ("a.csv", "order_id,ordered_at,promised_on,channel\n1,2026-11-19,2026-11-20,tv\n", "unknown_channel"),
        ("a.csv", "order_id,ordered_at,promised_on,creator\n1,2026-11-19,2026-11-20,lea\n", "missing_value"),
        ("a.csv", "order_id,ordered_at,promised_on,transport_cents\n1,2026-11-19,2026-11-20,5.5\n", "invalid_number"),
        ("a.ndjson", '{"order_id": "1"}\n', "invalid_value"),
        ("a.ndjson", "{\n", "invalid_json"),
        ("a.jsonl", '{"order_id":"1","ordered_at":"2026-11-19T10:00:00","promised_on":"2026-11-20"}', "invalid_value"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(tmp_path: Path, name: str, text: str, code: str) -> None:
    with pytest.raises(InputError) as raised:
        read_kpi_orders(csv(tmp_path / name, text))
    assert raised.value.code == code and str(tmp_path / name) in raised.value.where
