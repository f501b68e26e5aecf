"""Rows in and out by their keys, the same way for every aggregate."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Row, Select, Table, bindparam, insert, select, update

from data.model.base import Value
from data.model.reservation import Key

V = TypeVar("V", bound=Value)

AT_ONCE = 500
"""Keys asked for in one statement; SQLite takes 32,766 values in one."""


def rows_at(connection: Connection, table: Table, keys: Collection[Key], lock: bool) -> Iterator[Row[Any]]:
    """Yield the rows of ``keys`` that exist, locked until the transaction ends if asked to.

    They are locked in the order of their keys, so that two transactions that want the same don't wait for each other.
    """
    for (tenant, shipper), group in groupby(sorted(keys), key=lambda key: key[:2]):
        ids = [key.id for key in group]
        for first in range(0, len(ids), AT_ONCE):
            some = ids[first : first + AT_ONCE]
            wanted = {"of_tenant": tenant, "of_shipper": shipper, "some": some}
            yield from connection.execute(_find(table, lock), wanted)


@cache
def _find(table: Table, lock: bool) -> Select[Any]:
    """Return the statement, built once: building it costs as much as running it."""
    owned = (table.c.tenant == bindparam("of_tenant")) & (table.c.shipper == bindparam("of_shipper"))
    found = select(table).where(owned, table.c.id.in_(bindparam("some", expanding=True))).order_by(table.c.id)
    return found.with_for_update() if lock else found


def load(connection: Connection, table: Table, kind: type[V], keys: Collection[Key], lock: bool = True) -> dict[Key, V]:
    """Return the values of ``keys`` that exist; the table's columns are the fields of ``kind``."""
    return {key_of(row): value_of(row, kind) for row in rows_at(connection, table, keys, lock)}


def key_of(row: Row[Any]) -> Key:
    """Return what names a row."""
    return Key(row.tenant, row.shipper, row.id)


def value_of(row: Row[Any], kind: type[V]) -> V:
    """Return a row as a value of the model."""
    return msgspec.convert({name: row._mapping[name] for name in kind.__struct_fields__}, kind)


def add(connection: Connection, table: Table, values: Iterable[tuple[Key, Value]], **more: object) -> None:
    """Insert values, each with its key's owner and ``more``, in the order of their keys."""
    rows = [_row(key, value) | more for key, value in sorted(values, key=lambda pair: pair[0])]
    if rows:
        connection.execute(insert(table), rows)


def change(connection: Connection, table: Table, values: Mapping[Key, Value]) -> None:
    """Overwrite the rows of ``values``."""
    if not values:
        return
    names = ("tenant", "shipper", "id")
    statement = update(table).where(*(table.c[name] == bindparam(f"old_{name}") for name in names))
    rows = [{f"old_{name}": row.pop(name) for name in names} | row for row in map(_row, values, values.values())]
    connection.execute(statement, rows)


def _row(key: Key, value: Value) -> dict[str, Any]:
    return msgspec.structs.asdict(value) | key._asdict()
