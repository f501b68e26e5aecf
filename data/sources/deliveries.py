"""Past deliveries of anyone, from CSV or Parquet: when each order was bought, handed over, delivered, and promised."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError, near_miss
from data.sources.check import check_unique_at
from data.sources.table import Problems, Row, read_rows

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Text = NDArray[np.str_]

NEVER = np.iinfo(np.int64).max
"""The second, and the day, of what has not happened yet."""

TIMES = ("purchased_at", "approved_at", "handed_over_at", "delivered_at", "promised_at")
WORDS = ("origin", "origin_area", "destination_area", "option")
NUMBERS = ("weight_g", "distance_m")
OPTIONAL = ("approved_at", "option", "weight_g", "distance_m")
COLUMNS = ("order_id", *TIMES, *WORDS, *NUMBERS)
_REQUIRED = tuple(name for name in COLUMNS if name not in OPTIONAL)
_NULL = {"", "null", "none", "nan", "nat"}
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001, instants without an offset are read as UTC
MAX_BROKEN_SHARE = 0.01
"""Real exports hold a few rows whose delivery comes before the purchase; more than this is a wrong file."""


@dataclass(frozen=True, eq=False)
class Deliveries:
    """N orders in the order of their purchase.

    Attributes
    ----------
    order_id, origin, origin_area, destination_area, option : str [N]
        ``option`` is empty where the file has none.
    purchased_s, approved_s, handed_s, delivered_s : int64 [N]
        Seconds since the Unix epoch, ``NEVER`` for what has not happened; times without an offset count as UTC.
    purchased_day, handed_day, delivered_day, promised_day : int64 [N]
        ``date.toordinal()`` of the day on the clock the file is written in, as the customer counts.
    weight_g, distance_m : float64 [N]
        NaN where unknown.
    left_out : int
        Rows left out because they were delivered before they were bought.
    """

    order_id: Text
    purchased_s: I64
    approved_s: I64
    handed_s: I64
    delivered_s: I64
    purchased_day: I64
    handed_day: I64
    delivered_day: I64
    promised_day: I64
    origin: Text
    origin_area: Text
    destination_area: Text
    option: Text
    weight_g: F64
    distance_m: F64
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.order_id)

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the orders of some rows (indices or a mask), in that order."""
        arrays = {one.name: getattr(self, one.name)[rows] for one in fields(self) if one.name != "left_out"}
        return replace(self, **arrays)


def read_deliveries(path: Path) -> Deliveries:
    """Read past deliveries; ``.parquet`` or CSV (``;`` or ``,``), columns :data:`COLUMNS`, empty or null = not yet.

    Raises
    ------
    InputError
        With ``file:line`` (for Parquet the row's number), up to 20 problems at once: ``missing_column``,
        ``unknown_column``, ``invalid_time``, ``invalid_number``, ``out_of_range``, ``missing_value``,
        ``duplicate_id``, ``empty_file``; ``broken_rows`` where more than 1 % were delivered before they were bought.
    """
    problems = Problems()
    rows = _parquet_rows(path, problems) if path.suffix.casefold() == ".parquet" else _csv_rows(path, problems)
    times = {name: [_time(row, name) for row in rows] for name in TIMES}
    numbers = {name: np.array([_number(row, name) for row in rows]) for name in NUMBERS}
    for row in rows:
        for name in ("order_id", "purchased_at", "promised_at"):
            if _absent(row.text(name)):
                row.wrong("missing_value", f"the order has no {name}")
    check_unique_at(((row.where, row.text("order_id")) for row in rows), problems)
    problems.raise_if_any()
    seconds = {name: _seconds(times[name]) for name in TIMES}
    days = {name: _days(times[name]) for name in TIMES}
    words = {name: np.array(["" if _absent(row.text(name)) else row.text(name) for row in rows]) for name in WORDS}
    found = Deliveries(
        order_id=np.array([row.text("order_id") for row in rows]),
        purchased_s=seconds["purchased_at"],
        approved_s=seconds["approved_at"],
        handed_s=seconds["handed_over_at"],
        delivered_s=seconds["delivered_at"],
        purchased_day=days["purchased_at"],
        handed_day=days["handed_over_at"],
        delivered_day=days["delivered_at"],
        promised_day=days["promised_at"],
        origin=words["origin"],
        origin_area=words["origin_area"],
        destination_area=words["destination_area"],
        option=words["option"],
        weight_g=numbers["weight_g"],
        distance_m=numbers["distance_m"],
    )
    return _whole_rows(found, path)


def _whole_rows(found: Deliveries, path: Path) -> Deliveries:
    """Return the orders by time of purchase, without those delivered before they were bought."""
    broken = found.delivered_s < found.purchased_s
    if broken.sum() > MAX_BROKEN_SHARE * len(found):
        message = f"{broken.sum()} of {len(found)} orders were delivered before they were bought"
        message += f", the first is `{found.order_id[int(np.argmax(broken))]}`"
        raise InputError("broken_rows", message, str(path), "check which column is which")
    kept = found.take(~broken)
    by_time = np.lexsort((kept.order_id, kept.purchased_s))
    return replace(kept.take(by_time), left_out=int(broken.sum()))


def _absent(text: str) -> bool:
    return text.casefold() in _NULL


def _csv_rows(path: Path, problems: Problems) -> list[Row]:
    return read_rows(path, {name: name for name in COLUMNS}, _REQUIRED, problems)


def _parquet_rows(path: Path, problems: Problems) -> list[Row]:
    import pyarrow  # a second to import, and only needed here
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError("unreadable_file", str(error).splitlines()[0], str(path), "check the path") from None
    for name in table.column_names:
        if name not in COLUMNS:
            action = near_miss(name, COLUMNS) or f"rename or remove it; known: {', '.join(COLUMNS)}"
            problems.add("unknown_column", f"unknown column `{name}`", str(path), action)
    for name in _REQUIRED:
        if name not in table.column_names:
            problems.add("missing_column", f"no column for the {name}", str(path), f"add `{name}`")
    problems.raise_if_any()
    if not table.num_rows:
        raise InputError("empty_file", "the file has no rows", str(path), "add at least one row")
    columns = {name: [_cell(value) for value in table[name].to_pylist()] for name in table.column_names}
    return [
        Row({name: cells[at] for name, cells in columns.items()}, f"{path}:{at + 1}", problems)
        for at in range(table.num_rows)
    ]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def _time(row: Row, column: str) -> datetime | None:
    text = row.text(column)
    if _absent(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        row.wrong("invalid_time", f"{column} is no time: `{text}`", "write 2026-11-24 20:15:00, or leave it empty")
        return None


def _number(row: Row, column: str) -> float:
    value = None if _absent(row.text(column)) else row.number(column, 0.0, 1e9)
    return np.nan if value is None else value


def _seconds(times: list[datetime | None]) -> I64:
    seconds = [NEVER if at is None else _second(at) for at in times]
    return np.array(seconds, dtype=np.int64)


def _second(at: datetime) -> int:
    return int(at.timestamp() if at.tzinfo else (at - _EPOCH).total_seconds())


def _days(times: list[datetime | None]) -> I64:
    return np.array([NEVER if at is None else at.toordinal() for at in times], dtype=np.int64)
