"""Tables of those who are told, of what is on its way to them, and of the promises that need watching."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, Integer, String, Table, Text

from data.store.tables import NAME, SEQUENCE, metadata

subscriptions = Table(
    "subscriptions",
    metadata,
    *(Column(name, NAME, primary_key=True) for name in ("id", "tenant", "shipper")),
    *(Column(name, Text, nullable=False) for name in ("url", "kinds", "secret")),
    Column("state", String(16), nullable=False),
    Column("changed_s", BigInteger, nullable=False),
)

watches = Table(
    "watches",
    metadata,
    *(Column(name, NAME, primary_key=True) for name in ("id", "tenant", "shipper")),
    Column("day", Date, nullable=False),
    Column("cause", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("at_s", BigInteger, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("seq", SEQUENCE, primary_key=True),
    *(Column(name, NAME, nullable=False) for name in ("tenant", "shipper", "subscription", "message")),
    Column("subject", String(400), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("problem", NAME, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in ("at_s", "due_s", "held_s")),
    Index("deliveries_due", "state", "due_s"),
    Index("deliveries_in_turn", "subscription", "tenant", "shipper", "subject", "seq"),
)
