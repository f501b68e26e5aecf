"""The schema as it is now; ``migrations/versions`` hold how it came to be, and a test that both agree."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

NAME = String(128)
SEQUENCE = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only a plain INTEGER


def _key() -> tuple[Column[str], ...]:
    """Return the columns every key begins with: an id, its carrier, its shipper (empty: the carrier's own).

    The id comes first: PostgreSQL else walks through all of an owner's rows to find some of them in order.
    """
    return tuple(Column(name, NAME, primary_key=True) for name in ("id", "tenant", "shipper"))


capacity = Table(
    "capacity",
    metadata,
    *_key(),
    Column("parent_id", NAME, nullable=False),
    Column("day", Date, nullable=False),
    Column("parcels", BigInteger, nullable=False),
    Column("dm3", BigInteger),
    Column("reserved_parcels", BigInteger, nullable=False),
    Column("reserved_dm3", BigInteger, nullable=False),
    Column("deficit_parcels", BigInteger, nullable=False),
    Column("deficit_dm3", BigInteger, nullable=False),
    CheckConstraint("reserved_parcels <= parcels + deficit_parcels", name="parcels_fit"),
    CheckConstraint("reserved_dm3 <= dm3 + deficit_dm3", name="dm3_fit"),  # no dm3: unknown, which passes
    CheckConstraint("reserved_parcels >= 0 AND reserved_dm3 >= 0", name="reserved_counts"),
    CheckConstraint("deficit_parcels >= 0 AND deficit_dm3 >= 0", name="deficit_counts"),
)

promises = Table(
    "promises",
    metadata,
    *_key(),
    Column("step", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("capacity_id", NAME, nullable=False),
    Column("parcels", Integer, nullable=False),
    Column("dm3", BigInteger, nullable=False),
    Column("expires_s", BigInteger, nullable=False),
    Column("terms", Text, nullable=False),
    Index("promises_due", "state", "expires_s"),
)

reservations = Table(
    "reservations",
    metadata,
    *_key(),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("capacity_id", NAME, nullable=False),
    Column("parcels", Integer, nullable=False),
    Column("dm3", BigInteger, nullable=False),
    Column("at_s", BigInteger, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    *_key(),
    Column("fingerprint", String(64), nullable=False),
    Column("reply", Text, nullable=False),
    Column("at_s", BigInteger, nullable=False),
    Index("idempotency_age", "at_s"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", SEQUENCE, primary_key=True),
    Column("tenant", NAME, nullable=False),
    Column("shipper", NAME, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("at_s", BigInteger, nullable=False),
)
