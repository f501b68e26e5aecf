"""Points of addresses as corrected: by a digest of the address, for addresses are in ``contacts`` and nowhere else."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, String, Table

from data.store.tables import NAME, metadata

address_corrections = Table(
    "address_corrections",
    metadata,
    Column("id", String(64), primary_key=True),
    *(Column(name, NAME, primary_key=True) for name in ("tenant", "shipper")),
    Column("lat", Double, nullable=False),
    Column("lon", Double, nullable=False),
    Column("changed_s", BigInteger, nullable=False),
)
