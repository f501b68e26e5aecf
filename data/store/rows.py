"""Rows in and out by their keys, the same way for every aggregate.

However many rows there are, they travel as one JSON text and make one statement: on PostgreSQL that is one round trip
and one plan, on SQLite a tenth of the work that binding every value takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Insert,
    Row,
    Select,
    Table,
    Text,
    Update,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from data.errors import InputError
from data.model.base import Value
from data.model.reservation import Key, Owner

V = TypeVar("V", bound=Value)

OWNED = ("tenant", "shipper", "id")
"""What every key is made of."""

WAITING = "waiting writes"
NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def load(connection: Connection, table: Table, kind: type[V], keys: Collection[Key], lock: bool = True) -> dict[Key, V]:
    """Return the values of ``keys`` that exist; the table's columns are the fields of ``kind``.

    They are locked until the transaction ends if asked to, in the order of their keys, so that two transactions that
    want the same don't wait for each other.
    """
    names = kind.__struct_fields__
    found = rows_at(connection, table, keys, names, lock)
    return {Key(row[0], row[1], row[2]): msgspec.convert(dict(zip(names, row[3:])), kind) for row in found}


def rows_at(
    connection: Connection, table: Table, keys: Collection[Key], names: Sequence[str], lock: bool = False
) -> Iterable[Any]:
    """Return the rows of ``keys`` that exist: what names them, then the columns asked for; locked like :func:`load`."""
    if not keys:
        return ()
    wanted = _packed([key._asdict() for key in sorted(keys)])
    return connection.execute(_find(table, tuple(names), lock, connection.dialect.name), {"rows": wanted}).all()


def values_of(found: Iterable[Row[Any]], kind: type[V]) -> Iterator[V]:
    """Yield rows, which have a column for each field of the model, as values of it."""
    names = kind.__struct_fields__
    for row in found:
        yield msgspec.convert({name: getattr(row, name) for name in names}, kind)


def key_of(row: Row[Any]) -> Key:
    """Return what names a row."""
    return Key(row.tenant, row.shipper, row.id)


def owned(table: Table, owner: Owner) -> ColumnElement[bool]:
    """Return the condition that a row is an owner's."""
    return (table.c.tenant == owner.tenant) & (table.c.shipper == owner.shipper)


def row_of(key: Key, value: Value) -> dict[str, Any]:
    """Return a value as a row."""
    return msgspec.structs.asdict(value) | key._asdict()


@contextmanager
def at_once(connection: Connection) -> Iterator[None]:
    """Write what is added and changed in the block by one statement at its end, where the database can (PostgreSQL).

    No row may be written twice in it. Each statement costs the writer a turn at the interpreter, which other threads
    want too: half a group's time.
    """
    if connection.dialect.name == "sqlite":
        yield
        return
    waiting: list[_Write] = []
    connection.info[WAITING] = waiting
    try:
        yield
    finally:
        del connection.info[WAITING]
    if waiting:
        texts = {f"rows_{number}": _packed(one.rows) for number, one in enumerate(waiting)}
        connection.execute(_at_once(tuple((one.build, one.table, tuple(one.rows[0])) for one in waiting)), texts)


def add(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns; one that exists raises ``IntegrityError``."""
    if rows:
        _write(connection, _Write(_add, table, rows))


def add_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[Key]:
    """Insert those rows that do not exist; return their keys."""
    if not rows:
        return []
    statement = _add_new(table, tuple(rows[0]), connection.dialect.name)
    return sorted(key_of(row) for row in connection.execute(statement, {"rows": _packed(rows)}))


def put(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or overwrite what they name of those that exist."""
    if rows:
        statement = _put(table, tuple(rows[0]), connection.dialect.name)
        connection.execute(statement, {"rows": _packed(rows)})


def change(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Overwrite what rows name of those that exist.

    On SQLite that is one statement a row: an UPDATE with FROM makes a table of the new rows first, which takes longer.
    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        each = [{f"new_{name}": value for name, value in row.items()} for row in rows]
        connection.execute(_change_each(table, tuple(rows[0])), each)
    else:
        _write(connection, _Write(_change, table, rows))


class _Write(NamedTuple):
    """Rows for a table, and what builds the statement that writes them."""

    build: Callable[..., Any]
    table: Table
    rows: Sequence[Mapping[str, Any]]


def _write(connection: Connection, one: _Write) -> None:
    """Write rows, now or at the end of :func:`at_once`."""
    waiting = connection.info.get(WAITING)
    if waiting is not None:
        waiting.append(one)
        return
    connection.execute(one.build(one.table, tuple(one.rows[0]), connection.dialect.name), {"rows": _packed(one.rows)})


def _packed(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as one JSON text.

    Raises
    ------
    InputError
        ``unstorable_text``: PostgreSQL keeps no NUL.
    """
    text = msgspec.json.encode(rows)
    if b"\\u0000" in text and NUL.search(text):
        raise InputError("unstorable_text", "a text holds the character NUL", action="remove it")
    return text.decode()


def _given(
    table: Table, names: Sequence[str], dialect: str, parameter: str = "rows"
) -> tuple[FromClause, list[ColumnElement[Any]]]:
    """Return the rows of a parameter as a table, and the named columns of it."""
    columns = [table.c[name] for name in names]
    rows = bindparam(parameter, type_=Text())
    if dialect == "postgresql":
        shape = [column(one.name, one.type) for one in columns]
        given = func.json_to_recordset(cast(rows, postgresql.JSON)).table_valued(*shape, name="given")
        given = given.render_derived(with_types=True)
        return given, [given.c[name] for name in names]
    given = func.json_each(rows).table_valued("value", name="given")
    return given, [literal_column(f"given.value ->> '{one.name}'", one.type) for one in columns]


@cache
def _find(table: Table, names: Sequence[str], lock: bool, dialect: str) -> Select[Any]:
    """Return the statement, built once: building it costs as much as running it."""
    given, key = _given(table, OWNED, dialect)
    same = [table.c[name] == one for name, one in zip(OWNED, key)]
    wanted = [table.c[name] for name in (*OWNED, *names)]
    found = select(*wanted).select_from(given).join(table, same[0] & same[1] & same[2])
    found = found.order_by(*(table.c[name] for name in OWNED))
    return found.with_for_update(of=table) if lock else found


@cache
def _at_once(writes: tuple[tuple[Callable[..., Any], Table, tuple[str, ...]], ...]) -> Select[Any]:
    """Return PostgreSQL's statement that does several writes."""
    ctes = [
        build(table, names, "postgresql", f"rows_{number}").cte(f"write_{number}")
        for number, (build, table, names) in enumerate(writes)
    ]
    return select(literal_column("1")).add_cte(*ctes)


@cache
def _add(table: Table, names: Sequence[str], dialect: str, parameter: str = "rows") -> Insert:
    given, values = _given(table, names, dialect, parameter)
    return insert(table).from_select(list(names), select(*values).select_from(given))


@cache
def _add_new(table: Table, names: Sequence[str], dialect: str) -> Any:
    return _conflicting(table, names, dialect).on_conflict_do_nothing().returning(*(table.c[name] for name in OWNED))


@cache
def _put(table: Table, names: Sequence[str], dialect: str) -> Any:
    statement = _conflicting(table, names, dialect)
    keys = [one.name for one in table.primary_key]
    rest = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)


def _conflicting(table: Table, names: Sequence[str], dialect: str) -> Any:
    """Return an INSERT of the dialect's own, which may say what happens where a row exists."""
    given, values = _given(table, names, dialect)
    kind = postgresql.insert if dialect == "postgresql" else sqlite.insert
    # "WHERE true": else SQLite takes ON CONFLICT for the ON of a join
    rows = select(*values).select_from(given).where(literal_column("true"))
    return kind(table).from_select(list(names), rows)


@cache
def _change(table: Table, names: Sequence[str], dialect: str, parameter: str = "rows") -> Update:
    given, values = _given(table, names, dialect, parameter)
    new = select(*(one.label(name) for name, one in zip(names, values))).select_from(given).subquery("new")
    return _update(table, {name: new.c[name] for name in names})


@cache
def _change_each(table: Table, names: Sequence[str]) -> Update:
    return _update(table, {name: bindparam(f"new_{name}") for name in names})


def _update(table: Table, new: Mapping[str, ColumnElement[Any]]) -> Update:
    keys = [one.name for one in table.primary_key]
    same = [table.c[name] == new[name] for name in keys]
    return update(table).values({name: one for name, one in new.items() if name not in keys}).where(*same)
