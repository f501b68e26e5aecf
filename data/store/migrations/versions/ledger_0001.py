"""The ledger: capacity, reservations, the places orders hold, idempotency keys, the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NAME = sa.String(128)
COUNT = sa.BigInteger()
UNITS = ("parcels", "dm3")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "capacity",
        *_key(),
        sa.Column("parent_id", NAME, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("parcels", COUNT, nullable=False),
        sa.Column("dm3", COUNT),
        *(sa.Column(f"{kind}_{unit}", COUNT, nullable=False) for kind in ("reserved", "deficit") for unit in UNITS),
        sa.CheckConstraint("reserved_parcels <= parcels + deficit_parcels", name="parcels_fit"),
        sa.CheckConstraint("reserved_dm3 <= dm3 + deficit_dm3", name="dm3_fit"),
        sa.CheckConstraint("reserved_parcels >= 0 AND reserved_dm3 >= 0", name="reserved_counts"),
        sa.CheckConstraint("deficit_parcels >= 0 AND deficit_dm3 >= 0", name="deficit_counts"),
    )
    op.create_table(
        "promises",
        *_key(),
        sa.Column("step", sa.Integer, nullable=False),
        *_place(),
        sa.Column("expires_s", COUNT, nullable=False),
        sa.Column("terms", sa.Text, nullable=False),
    )
    op.create_index("promises_due", "promises", ["state", "expires_s"])
    op.create_table(
        "reservations",
        *_key(),
        sa.Column("step", sa.Integer, primary_key=True, autoincrement=False),
        *_place(),
        sa.Column("at_s", COUNT, nullable=False),
    )
    op.create_table(
        "idempotency",
        *_key(),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("at_s", COUNT, nullable=False),
    )
    op.create_index("idempotency_age", "idempotency", ["at_s"])
    op.create_table(
        "outbox",
        sa.Column("seq", COUNT.with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("shipper", NAME, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at_s", COUNT, nullable=False),
    )


def _key() -> list[sa.Column[str]]:
    return [sa.Column(name, NAME, primary_key=True) for name in ("id", "tenant", "shipper")]


def _place() -> list[sa.Column[object]]:
    return [
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("capacity_id", NAME, nullable=False),
        sa.Column("parcels", sa.Integer, nullable=False),
        sa.Column("dm3", COUNT, nullable=False),
    ]
