"""Hubs of a carrier: where they are, when they work, what their vans carry."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from data.model.fleet import FleetSettings
from data.model.hub import Hub
from data.model.reservation import Key
from data.model.schedule import HubSchedule
from data.store import rows
from data.store.tables import hubs


class StoredHub(NamedTuple):
    """What is known of a hub."""

    hub: Hub | None
    schedule: HubSchedule | None
    fleet: FleetSettings | None


def put(connection: Connection, tenant: str, value: Hub | HubSchedule | FleetSettings, now_s: int) -> None:
    """Keep a hub, its timetable or its vans; the rest of what is known of it stays."""
    name, hub_id = _column(value)
    line = Key(tenant, "", hub_id)._asdict() | {name: msgspec.json.encode(value).decode(), "changed_s": now_s}
    rows.put(connection, hubs, [line])


def of_tenant(connection: Connection, tenant: str) -> dict[str, StoredHub]:
    """Return a carrier's hubs by id."""
    found = connection.execute(select(hubs).where(hubs.c.tenant == tenant).order_by(hubs.c.id))
    return {
        row.id: StoredHub(
            msgspec.json.decode(row.hub, type=Hub) if row.hub else None,
            msgspec.json.decode(row.schedule, type=HubSchedule) if row.schedule else None,
            msgspec.json.decode(row.fleet, type=FleetSettings) if row.fleet else None,
        )
        for row in found
    }


def _column(value: Hub | HubSchedule | FleetSettings) -> tuple[str, str]:
    if isinstance(value, Hub):
        return "hub", value.id
    return ("schedule" if isinstance(value, HubSchedule) else "fleet"), value.hub_id
