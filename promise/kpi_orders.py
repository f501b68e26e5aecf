"""Orders with what became of them, from a file: what key figures are counted from until there is a store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from data import codec
from data.clock import PARIS
from data.model.base import Count, Id, Instant, Value
from data.model.live import Channel
from data.sources.table import Problems, Row, read_rows, read_text

COLUMNS = {
    **{name: "order_id" for name in ("order_id", "order", "commande")},
    **{name: "ordered_at" for name in ("ordered_at", "purchased_at", "commande_le", "achete_le")},
    **{name: "promised_on" for name in ("promised_on", "promised_at", "promis_le")},
    **{name: "delivered_at" for name in ("delivered_at", "livre_le")},
    **{name: "live_id" for name in ("live_id", "live")},
    **{name: "creator" for name in ("creator", "createur", "creatrice")},
    **{name: "channel" for name in ("channel", "canal")},
    **{name: "sku" for name in ("sku", "product", "produit", "article")},
    **{name: "transport_cents" for name in ("transport_cents", "transport_centimes")},
    **{name: "stock_out_at" for name in ("stock_out_at", "rupture_le")},
    **{name: "return_reason" for name in ("return_reason", "motif_retour")},
}
REQUIRED = ("order_id", "ordered_at", "promised_on")
NDJSON = (".ndjson", ".jsonl")


class KpiOrder(Value):
    """One order.

    Attributes
    ----------
    promised_on : date
        Owed by the end of this day, local time.
    delivered_at : datetime, optional
        When all of it was handed over; ``None``: not yet, or never.
    live_id, creator : str
        The live it was placed in; empty: none.
    transport_cents : int, optional
        What its delivery cost.
    stock_out_at : datetime, optional
        When something of it was found missing: it ended there.
    return_reason : str
        Why it came back; empty: it did not.
    """

    order_id: Id
    ordered_at: Instant
    promised_on: date
    delivered_at: Instant | None = None
    live_id: str = ""
    creator: str = ""
    channel: Channel = Channel.SITE
    sku: str = ""
    transport_cents: Count | None = None
    stock_out_at: Instant | None = None
    return_reason: str = ""


def read_kpi_orders(path: Path) -> tuple[KpiOrder, ...]:
    """Return the orders of a file: NDJSON (``.ndjson``, ``.jsonl``), else CSV with English or French headers.

    CSV times without an offset are French time; a promise given as a time counts by its day.

    Raises
    ------
    InputError
        With ``file:line``; up to 20 problems of the file are listed together.
    """
    problems = Problems()
    rows = list(_read_lines(path) if path.suffix.lower() in NDJSON else _read_table(path, problems))
    seen: dict[str, str] = {}
    for order, where in rows:
        if order.order_id in seen:
            problems.add("duplicate_id", f"order `{order.order_id}` is also at {seen[order.order_id]}", where)
        seen[order.order_id] = where
        if order.delivered_at is not None and order.delivered_at < order.ordered_at:
            problems.add("out_of_order", f"order `{order.order_id}` is delivered before it was placed", where)
        if order.promised_on < order.ordered_at.astimezone(PARIS).date():
            problems.add("out_of_order", f"order `{order.order_id}` is promised for a day before it was placed", where)
        if order.creator and not order.live_id:
            problems.add("missing_value", f"order `{order.order_id}` has a creator and no live", where, "name the live")
    problems.raise_if_any()
    return tuple(order for order, _ in rows)


def _read_lines(path: Path) -> Iterator[tuple[KpiOrder, str]]:
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if line.strip():
            yield codec.decode(line, KpiOrder, f"{path}:{number}"), f"{path}:{number}"


def _read_table(path: Path, problems: Problems) -> Iterator[tuple[KpiOrder, str]]:
    for row in read_rows(path, COLUMNS, REQUIRED, problems):
        ordered_at, promised_at = _instant(row, "ordered_at"), _instant(row, "promised_on")
        channel = _channel(row)
        delivered_at, stock_out_at = _instant(row, "delivered_at"), _instant(row, "stock_out_at")
        cents = row.whole("transport_cents")
        for column in REQUIRED:
            if not row.text(column):
                row.wrong("missing_value", f"there is no {column}")
        if ordered_at is None or promised_at is None or not row.text("order_id"):
            continue
        yield (
            KpiOrder(
                order_id=row.text("order_id"),
                ordered_at=ordered_at,
                promised_on=promised_at.date(),
                delivered_at=delivered_at,
                live_id=row.text("live_id"),
                creator=row.text("creator"),
                channel=channel,
                sku=row.text("sku"),
                transport_cents=cents,
                stock_out_at=stock_out_at,
                return_reason=row.text("return_reason"),
            ),
            row.where,
        )


def _instant(row: Row, column: str) -> datetime | None:
    """Return the time of a cell in French time, ``None`` where there is none or it is wrong (then noted)."""
    text = row.text(column)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        row.wrong(
            "invalid_time", f"{column} is no time: `{text}`", "write it like 2026-11-24 or 2026-11-24T10:30+01:00"
        )
        return None
    return at.replace(tzinfo=PARIS) if at.tzinfo is None else at.astimezone(PARIS)


def _channel(row: Row) -> Channel:
    text = row.text("channel")
    names = [channel.value for channel in Channel]
    if text and text not in names:
        row.wrong("unknown_channel", f"there is no channel `{text}`", f"one of {', '.join(names)}")
        return Channel.SITE
    return Channel(text) if text else Channel.SITE
