"""Receivers of notices: the owner's own, those of the carrier get what its shippers are told too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, select, update

from data.model.reservation import Key, Owner
from data.model.subscription import Subscription, SubscriptionState
from data.store import rows
from data.store.tables_notices import deliveries, subscriptions


def put(connection: Connection, owner: Owner, value: Subscription, now_s: int) -> None:
    """Keep a receiver, a new one or one that changed."""
    line = msgspec.structs.asdict(value) | Key(*owner, value.id)._asdict()
    rows.put(connection, subscriptions, [line | {"kinds": _encoded(value.kinds), "changed_s": now_s}])


def load(connection: Connection, owner: Owner, name: str) -> Subscription | None:
    """Return a receiver."""
    row = connection.execute(select(subscriptions).where(_named(owner, name))).one_or_none()
    return None if row is None else _value(row)


def of_owner(connection: Connection, owner: Owner) -> tuple[Subscription, ...]:
    """Return an owner's receivers, by id."""
    found = connection.execute(
        select(subscriptions).where(rows.owned(subscriptions, owner)).order_by(subscriptions.c.id)
    )
    return tuple(map(_value, found))


def of_tenants(connection: Connection, tenants: Iterable[str]) -> list[tuple[Owner, Subscription]]:
    """Return the receivers of carriers and of their shippers, each with whose it is."""
    found = connection.execute(
        select(subscriptions)
        .where(subscriptions.c.tenant.in_(sorted(set(tenants))))
        .order_by(subscriptions.c.tenant, subscriptions.c.shipper, subscriptions.c.id)
    )
    return [(Owner(row.tenant, row.shipper), _value(row)) for row in found]


def set_state(connection: Connection, owner: Owner, name: str, state: SubscriptionState, now_s: int) -> None:
    """Switch a receiver on or off."""
    connection.execute(update(subscriptions).where(_named(owner, name)).values(state=state, changed_s=now_s))


def drop(connection: Connection, owner: Owner, name: str) -> bool:
    """Forget a receiver and all that is on its way to it; return whether there was one."""
    its_own = rows.owned(deliveries, owner) & (deliveries.c.subscription == name)
    connection.execute(delete(deliveries).where(its_own))
    return bool(connection.execute(delete(subscriptions).where(_named(owner, name))).rowcount)


def _named(owner: Owner, name: str) -> Any:
    return rows.owned(subscriptions, owner) & (subscriptions.c.id == name)


def _encoded(kinds: tuple[str, ...]) -> str:
    return msgspec.json.encode(kinds).decode()


def _value(row: Row[Any]) -> Subscription:
    return Subscription(
        id=row.id,
        url=row.url,
        kinds=msgspec.json.decode(row.kinds, type=tuple[str, ...]),
        secret=row.secret,
        state=SubscriptionState(row.state),
    )
