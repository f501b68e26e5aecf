"""Whom to tell, what was told, what is tried again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NAME = sa.String(128)
COUNT = sa.BigInteger()
SEQUENCE = COUNT.with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.add_column("outbox", sa.Column("subject", NAME, nullable=False, server_default=""))
    op.create_table(
        "subscriptions",
        *(sa.Column(name, NAME, primary_key=True) for name in ("id", "tenant", "shipper")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("url", "kinds", "secret")),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("changed_s", COUNT, nullable=False),
    )
    op.create_table(
        "watches",
        *(sa.Column(name, NAME, primary_key=True) for name in ("id", "tenant", "shipper")),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at_s", COUNT, nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("seq", SEQUENCE, primary_key=True),
        *(sa.Column(name, NAME, nullable=False) for name in ("tenant", "shipper", "subscription", "message")),
        sa.Column("subject", sa.String(400), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("problem", NAME, nullable=False),
        *(sa.Column(name, COUNT, nullable=False) for name in ("at_s", "due_s", "held_s")),
    )
    op.create_index("deliveries_due", "deliveries", ["state", "due_s"])
    op.create_index("deliveries_in_turn", "deliveries", ["subscription", "tenant", "shipper", "subject", "seq"])
