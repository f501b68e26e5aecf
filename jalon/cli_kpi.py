"""``jalon kpi``: how promises to live orders were kept, and at what cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

import data
from jalon.options import JsonOption, departure
from jalon.terminal import console, print_json, say
from promise.kpi import Figures, Kpi, Row, count
from promise.kpi_orders import read_kpi_orders

SAMPLE_PATH = Path(data.__file__).parent / "samples" / "live_orders.csv"
SAMPLE_AT = "2026-11-30T08:00"
DIGITS = 4
GROUPS = {"lives": "live", "creators": "creator", "channels": "channel", "skus": "product"}


def kpi(
    orders_path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[ORDERS]", help="CSV or NDJSON: orders, promises, deliveries, returns; a sample if left out."
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="As of when, 2026-11-30T08:00 (French time); else now."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Count how promises were kept: by live, creator, channel and product, beside the live before.

    Service level (in full, by the promised day), late share, products sold out within 72 hours of a live, transport
    cost per order, returns by reason.
    """
    instant = departure(SAMPLE_AT if orders_path is None and at is None else at)
    found = count(read_kpi_orders(orders_path or SAMPLE_PATH), instant)
    if as_json:
        path = str(orders_path) if orders_path else None
        print_json({"input_path": path, "at": instant.isoformat(), **_figures(found)})
        return
    for name, figures in (("live orders", found.live_orders), ("other orders", found.other_orders)):
        say(name, _line(figures), "bold")
    for group, noun in GROUPS.items():
        console.print()
        console.print(_table(noun, getattr(found, group)))


def _figures(found: Kpi) -> dict[str, Any]:
    groups = {group: [_row(row) for row in getattr(found, group)] for group in GROUPS}
    return {"live_orders": _told(found.live_orders), "other_orders": _told(found.other_orders), **groups}


def _row(row: Row) -> dict[str, Any]:
    change = row.change()
    return {
        "name": row.name,
        "all": _told(row.all),
        "last_live_id": row.last_live_id,
        "previous_live_id": row.previous_live_id,
        "last": _told(row.last),
        "previous": _told(row.previous),
        "change": None if change is None else _rounded(change),
    }


def _told(figures: Figures | None) -> dict[str, Any] | None:
    return None if figures is None else _rounded(asdict(figures))


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, DIGITS) if isinstance(value, float) else value for name, value in values.items()}


def _line(figures: Figures) -> str:
    told = [
        f"{figures.orders} orders, {figures.due} due",
        f"{_percent(figures.service_level)} kept, {_percent(figures.late_share)} late",
        f"{figures.stock_outs_72h} products sold out",
        f"{_cents(figures.transport_cents_per_order)} EUR an order",
        f"{_percent(figures.returned_share)} back",
    ]
    reasons = ", ".join(f"{count} {reason}" for reason, count in figures.returns.items())
    return ", ".join(told) + (f" ({reasons})" if reasons else "")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _cents(cents: float | None) -> str:
    return "-" if cents is None else f"{cents / 100:.2f}"


def _table(noun: str, rows: Sequence[Row]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(noun, no_wrap=True)
    for head in ("orders", "kept", "late", "sold out", "EUR", "back", "kept last live", "change"):
        table.add_column(head, justify="right", no_wrap=head != "kept last live")
    for row in rows:
        one, change = row.all, row.change()
        level = change["service_level"] if change else None
        table.add_row(
            *(Text(row.name), str(one.orders), _percent(one.service_level), _percent(one.late_share)),
            *(str(one.stock_outs_72h), _cents(one.transport_cents_per_order), _percent(one.returned_share)),
            *(_percent(row.last.service_level if row.last else None), "-" if level is None else f"{100 * level:+.1f}"),
        )
    return table
