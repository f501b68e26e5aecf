"""Stock: what each shipper has on the shelves, and what is promised of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, select

from data.model.reservation import Key, Owner
from data.model.stock import StockBalance
from data.store import rows
from data.store.tables import stock


def load(connection: Connection, keys: Collection[Key]) -> dict[Key, StockBalance]:
    """Return the balances of ``keys`` that exist, locked until the transaction ends."""
    return rows.load(connection, stock, StockBalance, keys)


def read_all(connection: Connection) -> dict[Key, StockBalance]:
    """Return every balance of every shipper."""
    found = connection.execute(select(stock)).all()
    return dict(zip(map(rows.key_of, found), rows.values_of(found, StockBalance)))


def of_owner(connection: Connection, owner: Owner, skus: Collection[str] = ()) -> tuple[StockBalance, ...]:
    """Return a shipper's stock by product, hub and channel; of some products, or of all."""
    wanted = select(stock).where(rows.owned(stock, owner)).order_by(stock.c.sku, stock.c.hub_id, stock.c.channel)
    if skus:
        wanted = wanted.where(stock.c.sku.in_(skus))
    return tuple(rows.values_of(connection.execute(wanted), StockBalance))


def changed_since(connection: Connection, since_s: int) -> dict[Key, StockBalance]:
    """Return every balance that changed at ``since_s`` or later; clocks of several hosts differ by seconds."""
    found = connection.execute(select(stock).where(stock.c.changed_s >= since_s)).all()
    return dict(zip(map(rows.key_of, found), rows.values_of(found, StockBalance)))


def sold_out(connection: Connection, owner: Owner, begin_s: int, end_s: int) -> set[str]:
    """Return the products of which nothing is left on any shelf, and that changed last in [``begin_s``, ``end_s``).

    A shipper's, or those of all of the carrier's.
    """
    wanted = select(stock).where(stock.c.tenant == owner.tenant, stock.c.channel == "")
    if owner.shipper:
        wanted = wanted.where(stock.c.shipper == owner.shipper)
    left: dict[str, bool] = {}
    touched: set[str] = set()
    for row in connection.execute(wanted).all():
        name = f"{row.shipper}/{row.sku}"
        left[name] = left.get(name, False) or row.units is None or row.reserved < row.units
        if begin_s <= row.changed_s < end_s:
            touched.add(name)
    return {name for name in touched if not left[name]}


def save(
    connection: Connection, new: Mapping[Key, StockBalance], changed: Mapping[Key, StockBalance], at_s: int
) -> None:
    """Write balances."""
    rows.add(connection, stock, _rows(new, at_s))
    rows.change(connection, stock, _rows(changed, at_s))


def _rows(values: Mapping[Key, StockBalance], at_s: int) -> list[dict[str, Any]]:
    return [rows.row_of(key, one) | {"changed_s": at_s} for key, one in sorted(values.items())]
