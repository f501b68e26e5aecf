"""Orders from JSON (``jalon.orders/1``) or from a CSV with French or English headers, and back to CSV."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from data import codec
from data.errors import InputError
from data.hours import zone_named
from data.model.order import Order
from data.model.parcel import Parcel
from data.model.place import Place
from data.model.request import OrderBook
from data.sources.check import check_unique, check_unique_at
from data.sources.orders_row import COLUMNS, Defaults, build_order
from data.sources.table import Problems, Row, read_rows

CSV_COLUMNS = (
    *("order", "parcel", "name", "address", "postcode", "lat", "lon", "slot_start", "slot_end", "weight_kg"),
    *("volume_l", "dims_cm", "ready_at", "state", "parcel_hub", "priority", "promised_on", "promised_by"),
    *("late_eur_per_hour", "hub", "relays", "skills"),
    *("shipper", "created_at", "place", "setup_s", "service_s"),
)


def read_orders(path: Path, hub_id_default: str, day: date, time_zone: str) -> OrderBook:
    """Read orders and the home places they bring.

    Parameters
    ----------
    path : Path
        ``.json`` is read as ``jalon.orders/1``, everything else as CSV: UTF-8, ``;`` or ``,``, decimal point or
        comma. Phone and mail columns are known and never stored.
    hub_id_default : str
        Hub of CSV rows that name none.
    day : date
        Day of slots given as ``HH:MM``, and the promised day of CSV rows without one.
    time_zone : str
        Clock of CSV times without an offset.

    Raises
    ------
    InputError
        With ``file:line`` or a JSON pointer; up to 20 problems of the file are listed together.
    """
    problems = Problems()
    if path.suffix.casefold() == ".json":
        book = codec.read(path, OrderBook)
        check_unique(f"{path}#/orders", [order.id for order in book.orders], problems)
        check_unique(f"{path}#/places", [place.id for place in book.places], problems)
    else:
        book = _read_csv(path, Defaults(hub_id_default, day, zone_named(time_zone)), problems)
    parcels = (
        (f"{path}#/orders/{i}/parcels/{j}/id", parcel.id)
        for i, order in enumerate(book.orders)
        for j, parcel in enumerate(order.parcels)
    )
    check_unique_at(parcels, problems)
    problems.raise_if_any()
    return book


def write_orders_csv(book: OrderBook, path: Path) -> None:
    """Write a book as CSV, one row per parcel, so that :func:`read_orders` gives it back.

    Raises
    ------
    InputError
        ``not_representable``: an order or place says more than its rows can (several slots, a slot or a duration of
        its own at a relay point, a home that is not the first option).
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, CSV_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    homes = {place.id: place for place in book.places}
    written: set[str] = set()
    for order in book.orders:
        home = homes.get(order.options[0].place_id)
        rows = [_cells(order, home, parcel) for parcel in order.parcels]
        again = build_order(
            [Row(cells, "", Problems()) for cells in rows], Defaults("", order.promised_on, ZoneInfo("UTC"))
        )
        if again != (order, home):
            raise _not_representable(f"order `{order.id}`")
        written |= {home.id} if home else set()
        writer.writerows(rows)
    for place_id in homes:
        if place_id not in written:
            raise _not_representable(f"place `{place_id}`")
    codec.write_whole(path, text.getvalue().encode())


def _read_csv(path: Path, defaults: Defaults, problems: Problems) -> OrderBook:
    rows = read_rows(path, COLUMNS, ("order", "weight_kg"), problems)
    if not any(row.text("lat") or row.text("relays") for row in rows):
        action = "geocoding comes later: add latitude and longitude, or relays"
        raise InputError("missing_column", "no order has coordinates or a relay point", f"{path}:1", action)
    by_order: dict[str, list[Row]] = {}
    for row in rows:
        if row.text("order"):
            by_order.setdefault(row.text("order"), []).append(row)
        else:
            row.wrong("missing_value", "the order has no id")
    orders: list[Order] = []
    places: dict[str, Place] = {}
    for group in by_order.values():
        order, home = build_order(group, defaults)
        if home and places.setdefault(home.id, home) != home:
            group[0].wrong("conflicting_rows", f"place `{home.id}` is given twice, differently")
        if order:
            orders.append(order)
    return OrderBook(orders=tuple(orders), places=tuple(places.values()))


def _not_representable(what: str) -> InputError:
    return InputError("not_representable", f"{what} says more than a CSV row can", action="write JSON instead")


def _cells(order: Order, home: Place | None, parcel: Parcel) -> dict[str, str]:
    relays = order.options[1:] if home else order.options
    slot = order.options[0].windows[:1]
    return {
        "order": order.id,
        "slot_start": slot[0].start_at.isoformat() if slot else "",
        "slot_end": slot[0].end_at.isoformat() if slot else "",
        "priority": str(order.priority),
        "promised_on": order.promised_on.isoformat(),
        "promised_by": order.promised_by.isoformat() if order.promised_by else "",
        "late_eur_per_hour": f"{order.late_cents_per_hour / 100:.2f}" if order.late_cents_per_hour else "",
        "hub": order.hub_id,
        "relays": "|".join(f"{option.place_id}={option.cost_cents}" for option in relays),
        "skills": "|".join(order.skills),
        "shipper": order.shipper,
        "created_at": order.created_at.isoformat() if order.created_at else "",
        **_parcel_cells(parcel),
        **(_home_cells(home) if home else {}),
    }


def _home_cells(home: Place) -> dict[str, str]:
    names = ("name", "address", "postcode", "lat", "lon", "setup_s", "service_s")
    return {"place": home.id, **{name: str(getattr(home, name)) for name in names}}


def _parcel_cells(parcel: Parcel) -> dict[str, str]:
    size = parcel.size_mm
    return {
        "parcel": parcel.id,
        "weight_kg": f"{parcel.load_g / 1000:.3f}",
        "volume_l": str(parcel.volume_dm3),
        "dims_cm": "x".join(f"{side / 10:.1f}" for side in (size.length_mm, size.width_mm, size.height_mm)),
        "ready_at": parcel.ready_at.isoformat() if parcel.ready_at else "",
        "state": parcel.state.value,
        "parcel_hub": parcel.hub_id,
    }
