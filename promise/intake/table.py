"""Orders from a CSV body with French or English headers: one row an order, with its address."""

from __future__ import annotations

import msgspec

from data.sources.orders_row import COLUMNS
from data.sources.table import Problems, Row, rows_of, text_of
from promise.intake.values import NewOrder

_OWN = {
    "phone": ("telephone", "tel", "phone", "mobile", "portable"),
    "email": ("email", "mail", "courriel"),
    "note": ("note", "notes", "commentaire", "commentaires", "instructions"),
    "option": ("option", "option_id", "mode_livraison"),
    "quote": ("quote", "quote_id", "devis"),
    "customer": ("customer", "customer_id", "numero_client"),
}
_READ = (
    *("order", "name", "address", "postcode", "city", "lat", "lon", "parcels", "weight_kg", "volume_l"),
    *("promised_on", "place", "created_at"),
)
NAMES = {header: column if column in _READ else "" for header, column in COLUMNS.items()} | {
    header: column for column, headers in _OWN.items() for header in headers
}
"""From every header that is known to the column that is read from it; empty: known, and left out."""


def orders_of(body: bytes, source: str) -> tuple[NewOrder, ...]:
    """Return the orders of a CSV body.

    Raises
    ------
    InputError
        With the line; up to 20 problems are listed together.
    """
    problems = Problems()
    rows = rows_of(text_of(body, source), source, NAMES, ("order", "postcode"), problems)
    found = [_order(row) for row in rows]
    problems.raise_if_any()
    return tuple(one for one in found if one is not None)


def _order(row: Row) -> NewOrder | None:
    kilograms, litres = row.number("weight_kg", 0, 100_000) or 0.0, row.number("volume_l", 0, 100_000) or 0.0
    texts = ("name", "phone", "email", "address", "postcode", "city", "note")
    to = {name: row.text(name) for name in texts} | {"customer_id": row.text("customer")}
    fields = {
        "id": row.text("order"),
        "to": to | {"lat": row.number("lat", -90, 90), "lon": row.number("lon", -180, 180)},
        "option_id": row.text("option"),
        "quote_id": row.text("quote") or None,
        "shown_on": row.text("promised_on") or None,
        "place_id": row.text("place"),
        "cart": {
            "parcels": row.whole("parcels", 1, 1000) or 1,
            "load_g": round(1000 * kilograms),
            "volume_dm3": round(litres),
        },
        "created_at": row.text("created_at") or None,
    }
    try:
        return msgspec.convert(fields, NewOrder)
    except msgspec.ValidationError as error:
        row.wrong("invalid_value", str(error).replace("`$.", "`"), "correct the cell")
        return None
