"""Channels' own notes, and addresses as corrected."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables."""
    _channels()
    _corrections()


def _corrections() -> None:
    """Create what is kept of addresses as corrected."""
    op.create_table(
        "address_corrections",
        sa.Column("id", sa.String(64), primary_key=True),
        *(sa.Column(one, sa.String(128), primary_key=True) for one in ("tenant", "shipper")),
        *(sa.Column(one, sa.Double, nullable=False) for one in ("lat", "lon")),
        sa.Column("changed_s", sa.BigInteger(), nullable=False),
    )


def _channels() -> None:
    """Create what is kept of sales channels."""
    name, count = sa.String(128), sa.BigInteger()
    notices, orders, handovers = (_channel_key() for _ in range(3))
    op.create_table("channel_notices", *notices, sa.Column("at_s", count, nullable=False))
    op.create_index("channel_notices_age", "channel_notices", ["at_s"])
    op.create_table(
        "channel_orders",
        *orders,
        *(sa.Column(one, name, nullable=False) for one in ("channel", "order_id")),
        sa.Column("state", sa.String(16), nullable=False),
        *(sa.Column(one, sa.Integer, nullable=False) for one in ("seen", "tries")),
        sa.Column("due_s", count, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("changed_s", count, nullable=False),
    )
    op.create_table(
        "channel_handovers",
        *handovers,
        *(sa.Column(one, name, nullable=False) for one in ("channel", "order_id")),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("packages", sa.Text, nullable=False),
        *(sa.Column(one, count, nullable=False) for one in ("ship_by_s", "alarmed_s")),
        sa.Column("tries", sa.Integer, nullable=False),
        *(sa.Column(one, count, nullable=False) for one in ("due_s", "changed_s")),
    )
    for table in ("channel_orders", "channel_handovers"):
        op.create_index(f"{table}_due", table, ["channel", "state", "due_s"])


def _channel_key() -> list[sa.Column[str]]:
    owner = [sa.Column(one, sa.String(128), primary_key=True) for one in ("tenant", "shipper")]
    return [sa.Column("id", sa.String(256), primary_key=True), *owner]
