"""Jobs: what they are asked, their runs, what they found, what is told meanwhile."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NAME = sa.String(128)
COUNT = sa.BigInteger()


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "jobs",
        *_key(),
        *(sa.Column(name, sa.String(16), nullable=False) for name in ("kind", "state")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("token", "attempts", "losses", "events")),
        sa.Column("runner", COUNT, nullable=False),
        sa.Column("stopping", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.LargeBinary) for name in ("task", "result")),
        *(sa.Column(name, sa.Text) for name in ("progress", "fault")),
        sa.Column("plan_id", NAME, nullable=False),
        *(sa.Column(name, COUNT, nullable=False) for name in ("created_s", "changed_s")),
    )
    op.create_index("jobs_by_state", "jobs", ["state"])
    op.create_index("jobs_by_owner", "jobs", ["tenant", "shipper", "id"])
    op.create_table(
        "job_events",
        *_key(),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    _resources()


def _resources() -> None:
    op.create_table(
        "resources",
        *_key(),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("changed_s", COUNT, nullable=False),
    )


def _key() -> list[sa.Column[str]]:
    return [sa.Column(name, NAME, primary_key=True) for name in ("id", "tenant", "shipper")]
