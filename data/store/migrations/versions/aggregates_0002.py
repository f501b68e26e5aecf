"""Stock beside places, what a level is the capacity of, all other aggregates; the ledger can only grow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NAME = sa.String(128)
COUNT = sa.BigInteger()
SEQUENCE = COUNT.with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Widen the ledger, create the other tables, set the triggers."""
    for name in ("hub_id", "area_id", "option_id", "place_id"):
        op.add_column("capacity", sa.Column(name, NAME, nullable=False, server_default=""))
    op.add_column("capacity", sa.Column("changed_s", COUNT, nullable=False, server_default="0"))
    for table in ("promises", "reservations"):
        op.add_column(table, sa.Column("goods", sa.Text, nullable=False, server_default=""))
    _stock()
    _orders()
    _plans_and_events()
    _lives_and_hubs()
    _settings_and_keys()
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def _stock() -> None:
    op.create_table(
        "stock",
        *_key(sa.String(512)),
        *_names("sku", "hub_id", "channel"),
        sa.Column("units", COUNT),
        sa.Column("oversell", sa.Boolean, nullable=False),
        sa.Column("back_order_on", sa.Date),
        *_counts("reserved", "deficit", "changed_s"),
        sa.CheckConstraint("reserved <= units + deficit", name="units_fit"),
        sa.CheckConstraint("reserved >= 0 AND deficit >= 0 AND units >= 0", name="units_count"),
    )


def _orders() -> None:
    op.create_table(
        "orders",
        *_key(),
        *_names("hub_id", "channel"),
        sa.Column("day", sa.Date, nullable=False),
        *_texts(16, "state"),
        sa.Column("body", sa.Text, nullable=False),
        *_counts("changed_s"),
    )
    op.create_index("orders_by_day", "orders", ["tenant", "day"])
    texts = ("name", "phone", "email", "address", "postcode", "city", "note")
    op.create_table(
        "contacts",
        *_key(),
        *_names("customer_id"),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("lat", sa.Double),
        sa.Column("lon", sa.Double),
        *_counts("changed_s"),
    )
    op.create_index("contacts_by_customer", "contacts", ["customer_id", "tenant", "shipper"])


def _plans_and_events() -> None:
    op.create_table(
        "plans",
        *_key(),
        sa.Column("day", sa.Date, nullable=False),
        *_texts(16, "state"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        *_counts("changed_s"),
    )
    op.create_index("plans_by_day", "plans", ["tenant", "day"])
    op.create_table(
        "events",
        sa.Column("seq", SEQUENCE, primary_key=True),
        *_names("tenant", "shipper", "id"),
        *_texts(32, "kind"),
        *_names("order_id", "parcel_id", "place_id", "hub_id", "vehicle_id", "box", "reason"),
        *_counts("happened_s", "at_s"),
        sa.UniqueConstraint("id", "tenant", "shipper", name="events_once"),
    )
    op.create_index("events_of_order", "events", ["order_id", "tenant", "shipper"])
    op.create_index("events_at_place", "events", ["place_id", "tenant"])


def _lives_and_hubs() -> None:
    op.create_table(
        "lives",
        *_key(),
        *_counts("begin_s", "end_s"),
        sa.Column("body", sa.Text, nullable=False),
        *_counts("changed_s"),
    )
    op.create_table(
        "signals",
        *_key(),
        sa.Column("at_s", COUNT, primary_key=True, autoincrement=False),
        *_counts("interval_s", "viewers", "add_to_cart", "orders"),
    )
    op.create_table(
        "hubs", *_key(), *(sa.Column(name, sa.Text) for name in ("hub", "schedule", "fleet")), *_counts("changed_s")
    )


def _settings_and_keys() -> None:
    op.create_table("settings", *_key(), sa.Column("value", sa.Text, nullable=False), *_counts("changed_s"))
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(32), primary_key=True),
        *_names("tenant", "shipper", "label"),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("scopes", sa.Text, nullable=False),
        *_counts("created_s"),
        sa.Column("expires_s", COUNT),
        sa.Column("revoked_s", COUNT),
    )


def _key(kind: sa.String = NAME) -> list[sa.Column[str]]:
    owner = [sa.Column(name, NAME, primary_key=True) for name in ("tenant", "shipper")]
    return [sa.Column("id", kind, primary_key=True), *owner]


def _names(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, NAME, nullable=False) for name in names]


def _texts(length: int, *names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(length), nullable=False) for name in names]


def _counts(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, COUNT, nullable=False) for name in names]


_TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER reservations_keep_{event.lower()} BEFORE {event} ON reservations "
        "BEGIN SELECT RAISE(ABORT, 'reservations only grow'); END"
        for event in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION reservations_only_grow() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'reservations only grow' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE TRIGGER reservations_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON reservations "
        "FOR EACH STATEMENT EXECUTE FUNCTION reservations_only_grow()",
    ],
}
