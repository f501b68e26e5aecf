"""What a carrier's own system tells by name, kept as it was told; an id is unique within its kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from sqlalchemy import Connection, delete, select

from data.model.reservation import Key, Owner
from data.store import rows
from data.store.tables_fleet import resources


class ResourceKind(StrEnum):
    """What there is; traffic is by the city's name, the last four are what others add to parts of plans."""

    HUB = "hub"
    VEHICLE = "vehicle"
    DRIVER = "driver"
    PLACE = "place"
    SPEEDS = "speeds"
    INCIDENTS = "incidents"
    HUB_ADDED = "hub+"
    VEHICLE_ADDED = "vehicle+"
    PLACE_ADDED = "place+"
    ORDER_ADDED = "order+"


def put(connection: Connection, owner: Owner, kind: ResourceKind, bodies: Mapping[str, str], now_s: int) -> None:
    """Keep bodies by id, new ones and those that changed."""
    lines = [
        Key(*owner, name)._asdict() | {"kind": kind, "body": body, "changed_s": now_s}
        for name, body in sorted(bodies.items())
    ]
    rows.put(connection, resources, lines)


def load(
    connection: Connection, owner: Owner, kind: ResourceKind, ids: Collection[str] | None = None
) -> dict[str, str]:
    """Return the bodies of a kind by id, of all or of some."""
    wanted = select(resources.c.id, resources.c.body)
    wanted = wanted.where(rows.owned(resources, owner), resources.c.kind == kind).order_by(resources.c.id)
    found = {row.id: row.body for row in connection.execute(wanted)}
    return found if ids is None else {name: found[name] for name in ids if name in found}


def remove(connection: Connection, owner: Owner, kind: ResourceKind, name: str) -> bool:
    """Forget one; return whether there was any."""
    which = rows.owned(resources, owner) & (resources.c.kind == kind) & (resources.c.id == name)
    return connection.execute(delete(resources).where(which)).rowcount > 0
