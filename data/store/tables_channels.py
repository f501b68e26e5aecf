"""What is kept of sales channels: notices that came, orders to fetch, hand-overs to tell. No names, no addresses."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from data.store.tables import NAME, metadata

KEY = String(256)  # a channel's name and the channel's own id


def _key() -> tuple[Column[str], ...]:
    owner = (Column(name, NAME, primary_key=True) for name in ("tenant", "shipper"))
    return Column("id", KEY, primary_key=True), *owner


def _due() -> tuple[Column[int], ...]:
    """Return how often it was tried, and when it is to be tried next (Unix seconds)."""
    return Column("tries", Integer, nullable=False), Column("due_s", BigInteger, nullable=False)


channel_notices = Table(
    "channel_notices",
    metadata,
    *_key(),
    Column("at_s", BigInteger, nullable=False),
    Index("channel_notices_age", "at_s"),
)

channel_orders = Table(
    "channel_orders",
    metadata,
    *_key(),
    Column("channel", NAME, nullable=False),
    Column("order_id", NAME, nullable=False),
    Column("state", String(16), nullable=False),
    Column("seen", Integer, nullable=False),
    *_due(),
    Column("note", Text, nullable=False),
    Column("changed_s", BigInteger, nullable=False),
    Index("channel_orders_due", "channel", "state", "due_s"),
)

channel_handovers = Table(
    "channel_handovers",
    metadata,
    *_key(),
    Column("channel", NAME, nullable=False),
    Column("order_id", NAME, nullable=False),
    Column("state", String(16), nullable=False),
    Column("packages", Text, nullable=False),
    Column("ship_by_s", BigInteger, nullable=False),
    Column("alarmed_s", BigInteger, nullable=False),
    *_due(),
    Column("changed_s", BigInteger, nullable=False),
    Index("channel_handovers_due", "channel", "state", "due_s"),
)
