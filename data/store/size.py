"""How much the store holds."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from data.store.tables import metadata


def rows_by_table(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has."""
    counted = {table.name: select(func.count()).select_from(table) for table in metadata.sorted_tables}
    return {name: int(connection.execute(query).scalar_one()) for name, query in sorted(counted.items())}
