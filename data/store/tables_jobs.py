"""Tables of jobs and of what is told while they run."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from data.store.tables import NAME, metadata

jobs = Table(
    "jobs",
    metadata,
    *(Column(name, NAME, primary_key=True) for name in ("id", "tenant", "shipper")),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    *(Column(name, Integer, nullable=False) for name in ("token", "attempts", "losses", "events")),
    Column("runner", BigInteger, nullable=False),
    Column("stopping", Boolean, nullable=False),
    Column("task", LargeBinary),  # none once it has ended: it holds addresses
    Column("result", LargeBinary),  # the best so far while it runs
    Column("progress", Text),
    Column("fault", Text),
    Column("plan_id", NAME, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in ("created_s", "changed_s")),
    Index("jobs_by_state", "state"),
    Index("jobs_by_owner", "tenant", "shipper", "id"),
)

job_events = Table(
    "job_events",
    metadata,
    *(Column(name, NAME, primary_key=True) for name in ("id", "tenant", "shipper")),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("data", Text, nullable=False),
)
