"""What happened to goods after they left their hub: what delay tables are learnt from."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, and_, func, select

from data.model.event import EventKind
from data.store.tables import events, promises

LEFT = (EventKind.LOADED, EventKind.DEPARTED)


class Leg(NamedTuple):
    """An order by the place it holds, when it left its hub and when it came (0: not yet), Unix seconds."""

    capacity_id: str
    left_s: int
    came_s: int


def since(connection: Connection, tenant: str, since_s: int) -> list[Leg]:
    """Return the orders of a carrier that left their hubs at ``since_s`` or later, the first first."""
    one, now = events.c, promises.c
    whose = [one[name] for name in ("tenant", "shipper", "order_id")]
    told = (one.tenant == tenant) & (one.order_id != "") & (one.happened_s >= since_s)
    left = select(*whose, func.min(one.happened_s).label("at_s")).where(told, one.kind.in_(LEFT)).group_by(*whose)
    came = select(*whose, func.max(one.happened_s).label("at_s")).where(told, one.kind == EventKind.DELIVERED)
    gone, there = left.subquery("gone"), came.group_by(*whose).subquery("there")
    names = {"tenant": "tenant", "shipper": "shipper", "id": "order_id"}
    held = and_(*(now[name] == gone.c[other] for name, other in names.items()))
    same = and_(*(gone.c[name] == there.c[name] for name in names.values()))
    found = (
        select(now.capacity_id, gone.c.at_s, there.c.at_s.label("came_s"))
        .select_from(gone.join(promises, held).outerjoin(there, same))
        .order_by(gone.c.at_s, now.capacity_id)
    )
    return [Leg(row.capacity_id, row.at_s, row.came_s or 0) for row in connection.execute(found)]
