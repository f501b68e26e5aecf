"""Addresses that somebody has put right: from then on their point is the one told, whatever a geocoder says.

A row is named by a digest of the address as it is compared (``Parsed.key``): no name, no street in readable letters.
Corrections are the carrier's: they hold for all of its shippers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, delete

from data.model.address import Address
from data.model.reservation import Key
from data.sources.address_text import parse
from data.store import rows
from data.store.tables_addresses import address_corrections


class Point(NamedTuple):
    """WGS84 degrees."""

    lat: float
    lon: float


def digest(address: Address) -> str:
    """Return what names an address: the same for all ways of writing it that are read alike; empty without a street."""
    parsed = parse(address)
    return hashlib.sha256(parsed.key.encode()).hexdigest() if parsed.street else ""


def put(connection: Connection, tenant: str, points: Mapping[str, Point], now_s: int) -> None:
    """Keep points by the digest of their address; a later one takes the place of an earlier one."""
    lines = [Key(tenant, "", name)._asdict() | one._asdict() | {"changed_s": now_s} for name, one in points.items()]
    rows.put(connection, address_corrections, lines)


def load(connection: Connection, tenant: str, digests: Collection[str]) -> dict[str, Point]:
    """Return the points that are kept for addresses, by their digest."""
    keys = {Key(tenant, "", name) for name in digests if name}
    found = rows.rows_at(connection, address_corrections, keys, ("lat", "lon"))
    return {row.id: Point(row.lat, row.lon) for row in found}


def drop(connection: Connection, tenant: str, digests: Collection[str]) -> int:
    """Forget the points of addresses; return how many there were."""
    table = address_corrections
    which = table.c.id.in_(digests) & (table.c.tenant == tenant)
    return connection.execute(delete(table).where(which)).rowcount if digests else 0
