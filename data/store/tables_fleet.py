"""Table of what a carrier's own system tells by name: its fleet, its places, the traffic, what it adds to orders."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table, Text

from data.store.tables import NAME, metadata

resources = Table(
    "resources",
    metadata,
    *(Column(name, NAME, primary_key=True) for name in ("id", "tenant", "shipper")),
    Column("kind", String(16), primary_key=True),
    Column("body", Text, nullable=False),
    Column("changed_s", BigInteger, nullable=False),
)
