"""Events as they are sent: JSON, one a line, or a CSV file as a scanner's software exports it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from data import codec
from data.clock import PARIS
from data.errors import InputError, TooLargeError
from data.model.base import Count, Value
from data.model.event import Event, EventKind
from data.model.reservation import Name
from data.sources.table import Problems, Row, rows_of, text_of

S = TypeVar("S", bound=Sequence[Any])

MOST = 20_000
BODY = "body"
COLUMNS = {
    **{name: "id" for name in ("id", "event_id", "scan_id")},
    **{name: "kind" for name in ("kind", "event", "evenement", "type")},
    **{name: "at" for name in ("at", "happened_at", "time", "date", "heure", "horodatage")},
    **{name: "order_id" for name in ("order_id", "order", "commande")},
    **{name: "parcel_id" for name in ("parcel_id", "parcel", "colis")},
    **{name: "place_id" for name in ("place_id", "place", "lieu", "point_relais", "consigne")},
    **{name: "hub_id" for name in ("hub_id", "hub", "depot", "agence")},
    **{name: "vehicle_id" for name in ("vehicle_id", "vehicle", "vehicule", "tournee")},
    **{name: "box" for name in ("box", "casier", "case")},
    **{name: "reason" for name in ("reason", "motif")},
    **{name: "shipper" for name in ("shipper", "expediteur", "marchand")},
}
REQUIRED = ("id", "kind", "at")
TEXTS = ("order_id", "parcel_id", "place_id", "hub_id", "vehicle_id", "box", "reason", "shipper")
NAME_MAX = 128


class Reported(Event):
    """An event as it is sent; the carrier names whose order it is about, a shipper's own need no name."""

    shipper: Name = ""


class Taken(Value, omit_defaults=False):
    """What became of what was sent: ``kept`` are new, the others were known by their ids already."""

    kept: Count
    known: Count
    orders_changed: Count = 0


def from_json(body: bytes) -> tuple[Reported, ...]:
    """Return the events of an array, or of one object."""
    if body.lstrip()[:1] == b"{":
        return (codec.decode(body, Reported, BODY),)
    return _few(codec.items(body, Reported, BODY))


def from_lines(body: bytes) -> tuple[Reported, ...]:
    """Return the events of NDJSON."""
    lines = [(number, line) for number, line in enumerate(body.splitlines(), 1) if line.strip()]
    _few(lines)
    return tuple(codec.decode(line, Reported, f"{BODY}, line {number}") for number, line in lines)


def from_table(raw: bytes, source: str = BODY) -> tuple[Reported, ...]:
    """Return the events of a CSV table with English or French headers; times without an offset are French time.

    Raises
    ------
    InputError
        With ``source:line``; up to 20 problems are listed together.
    """
    problems = Problems()
    rows = rows_of(text_of(raw, source), source, COLUMNS, REQUIRED, problems)
    found = tuple(_reported(_few(rows)))
    problems.raise_if_any()
    return found


def _reported(rows: Sequence[Row]) -> Iterator[Reported]:
    kinds = {kind.value for kind in EventKind}
    for row in rows:
        texts = {name: row.text(name) for name in (*TEXTS, "id")}
        if not texts["id"]:
            row.wrong("missing_value", "there is no id")
        if too_long := [name for name, text in texts.items() if len(text) > NAME_MAX]:
            row.wrong("too_long", f"{too_long[0]} has more than {NAME_MAX} characters")
        if row.text("kind") not in kinds:
            row.wrong("unknown_kind", f"there is no kind `{row.text('kind')}`", f"one of {', '.join(sorted(kinds))}")
        at = _instant(row)
        if at is not None and not row.problems.found:
            yield Reported(kind=EventKind(row.text("kind")), at=at, **texts)


def _instant(row: Row) -> datetime | None:
    try:
        at = datetime.fromisoformat(row.text("at"))
    except ValueError:
        row.wrong("invalid_time", f"`{row.text('at')}` is no time", "write it like 2026-11-24T10:30+01:00")
        return None
    return at.replace(tzinfo=PARIS) if at.tzinfo is None else at


def _few(values: S) -> S:
    """Return values, sure that there are not too many."""
    if len(values) > MOST:
        message = f"{len(values):,} events in one request, {MOST:,} is the most"
        raise TooLargeError("too_many_events", message, f"{BODY}#", "send several requests")
    if not values:
        raise InputError("no_events", "there are no events", f"{BODY}#", "send one at least")
    return values
