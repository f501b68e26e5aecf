"""The schema as it is now; ``migrations/versions`` hold how it came to be, and a test that both agree.

Names, addresses and phone numbers are in ``contacts`` and nowhere else.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

NAME = String(128)
STOCK_NAME = String(512)  # three names
SEQUENCE = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only a plain INTEGER


def _key(kind: String = NAME) -> tuple[Column[str], ...]:
    """Return the columns every key begins with: an id, its carrier, its shipper (empty: the carrier's own).

    The id comes first: PostgreSQL else walks through all of an owner's rows to find some of them in order.
    """
    owner = (Column(name, NAME, primary_key=True) for name in ("tenant", "shipper"))
    return Column("id", kind, primary_key=True), *owner


def _names(*names: str) -> tuple[Column[str], ...]:
    return tuple(Column(name, NAME, nullable=False) for name in names)


def _counts(*names: str) -> tuple[Column[int], ...]:
    return tuple(Column(name, BigInteger, nullable=False) for name in names)


capacity = Table(
    "capacity",
    metadata,
    *_key(),
    *_names("parent_id", "hub_id", "area_id", "option_id", "place_id"),
    Column("day", Date, nullable=False),
    Column("parcels", BigInteger, nullable=False),
    Column("dm3", BigInteger),
    *_counts("reserved_parcels", "reserved_dm3", "deficit_parcels", "deficit_dm3", "changed_s"),
    CheckConstraint("reserved_parcels <= parcels + deficit_parcels", name="parcels_fit"),
    CheckConstraint("reserved_dm3 <= dm3 + deficit_dm3", name="dm3_fit"),  # no dm3: unknown, which passes
    CheckConstraint("reserved_parcels >= 0 AND reserved_dm3 >= 0", name="reserved_counts"),
    CheckConstraint("deficit_parcels >= 0 AND deficit_dm3 >= 0", name="deficit_counts"),
)

stock = Table(
    "stock",
    metadata,
    *_key(STOCK_NAME),
    *_names("sku", "hub_id", "channel"),
    Column("units", BigInteger),  # none: no limit
    Column("oversell", Boolean, nullable=False),
    Column("back_order_on", Date),
    *_counts("reserved", "deficit", "changed_s"),
    CheckConstraint("reserved <= units + deficit", name="units_fit"),
    CheckConstraint("reserved >= 0 AND deficit >= 0 AND units >= 0", name="units_count"),
)


def _place() -> tuple[Column[Any], ...]:
    """Return the columns of an order's place, in ``promises`` and in ``reservations``."""
    return (
        Column("state", String(16), nullable=False),
        Column("capacity_id", NAME, nullable=False),
        Column("parcels", Integer, nullable=False),
        Column("dm3", BigInteger, nullable=False),
        Column("goods", Text, nullable=False),
    )


promises = Table(
    "promises",
    metadata,
    *_key(),
    Column("step", Integer, nullable=False),
    *_place(),
    Column("expires_s", BigInteger, nullable=False),
    Column("terms", Text, nullable=False),
    Index("promises_due", "state", "expires_s"),
)

reservations = Table(  # triggers of the database refuse to change or delete a row
    "reservations",
    metadata,
    *_key(),
    Column("step", Integer, primary_key=True, autoincrement=False),
    *_place(),
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
    *_names("tenant", "shipper"),
    Column("kind", String(64), nullable=False),
    Column("subject", NAME, nullable=False),
    Column("body", Text, nullable=False),
    Column("at_s", BigInteger, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    *_key(),
    *_names("hub_id", "channel"),
    Column("day", Date, nullable=False),
    Column("state", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("changed_s", BigInteger, nullable=False),
    Index("orders_by_day", "tenant", "day"),
)

contacts = Table(
    "contacts",
    metadata,
    *_key(),
    *_names("customer_id"),
    *(Column(name, Text, nullable=False) for name in ("name", "phone", "email", "address", "postcode", "city", "note")),
    Column("lat", Double),
    Column("lon", Double),
    Column("changed_s", BigInteger, nullable=False),
    Index("contacts_by_customer", "customer_id", "tenant", "shipper"),
)

plans = Table(
    "plans",
    metadata,
    *_key(),
    Column("day", Date, nullable=False),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("changed_s", BigInteger, nullable=False),
    Index("plans_by_day", "tenant", "day"),
)

events = Table(
    "events",
    metadata,
    Column("seq", SEQUENCE, primary_key=True),
    *_names("tenant", "shipper", "id"),
    Column("kind", String(32), nullable=False),
    *_names("order_id", "parcel_id", "place_id", "hub_id", "vehicle_id", "box", "reason"),
    Column("happened_s", BigInteger, nullable=False),
    Column("at_s", BigInteger, nullable=False),
    UniqueConstraint("id", "tenant", "shipper", name="events_once"),
    Index("events_of_order", "order_id", "tenant", "shipper"),
    Index("events_at_place", "place_id", "tenant"),
)

lives = Table(
    "lives",
    metadata,
    *_key(),
    *_counts("begin_s", "end_s"),
    Column("body", Text, nullable=False),
    Column("changed_s", BigInteger, nullable=False),
)

signals = Table(
    "signals",
    metadata,
    *_key(),
    Column("at_s", BigInteger, primary_key=True, autoincrement=False),
    *_counts("interval_s", "viewers", "add_to_cart", "orders"),
)

hubs = Table(
    "hubs",
    metadata,
    *_key(),
    Column("hub", Text),
    Column("schedule", Text),
    Column("fleet", Text),
    Column("changed_s", BigInteger, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    *_key(),
    Column("value", Text, nullable=False),
    Column("changed_s", BigInteger, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(32), primary_key=True),
    *_names("tenant", "shipper", "label"),
    Column("digest", String(64), nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("created_s", BigInteger, nullable=False),
    Column("expires_s", BigInteger),
    Column("revoked_s", BigInteger),
)
