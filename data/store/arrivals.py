"""What was ordered since a moment, by the hub it goes through: the work on its way to the hubs."""

from __future__ import annotations

from urllib.parse import unquote

from sqlalchemy import Connection, and_, func, select

from data.model.reservation import HOLDING
from data.model.schedule import STEP_S
from data.store.tables import promises, reservations


def by_hub(connection: Connection, tenant: str, since_s: int) -> dict[str, dict[int, int]]:
    """Return the parcels of orders that hold a place, by hub and by when they were taken, in steps of 300 s.

    Returns
    -------
    dict of hub id to dict of Unix second to int
        The hub is the one a capacity's id begins with, see :func:`data.model.reservation.level_id`.
    """
    first, now = reservations.c, promises.c
    step = first.at_s - first.at_s % STEP_S
    same = and_(*(first[name] == now[name] for name in ("id", "tenant", "shipper")))
    taken = (
        select(now.capacity_id, step, func.sum(now.parcels))
        .select_from(reservations.join(promises, same))
        .where(first.tenant == tenant, first.step == 0, first.at_s >= since_s, now.state.in_(HOLDING))
        .group_by(now.capacity_id, step)
    )
    found: dict[str, dict[int, int]] = {}
    for capacity_id, at_s, parcels in connection.execute(taken):
        steps = found.setdefault(unquote(capacity_id.partition("/")[0]), {})
        steps[at_s] = steps.get(at_s, 0) + int(parcels)
    return found


def by_minute(connection: Connection, tenant: str, begin_s: int, end_s: int) -> dict[str, dict[int, int]]:
    """Return how many orders took their first place in [``begin_s``, ``end_s``), by hub and minute (Unix second)."""
    first = reservations.c
    minute = (first.at_s - first.at_s % 60).label("minute")
    of_time = (first.tenant == tenant) & (first.step == 0) & (first.at_s >= begin_s) & (first.at_s < end_s)
    taken = select(first.capacity_id, minute, func.count()).where(of_time).group_by(first.capacity_id, minute)
    found: dict[str, dict[int, int]] = {}
    for capacity_id, at_s, count in connection.execute(taken):
        minutes = found.setdefault(unquote(capacity_id.partition("/")[0]), {})
        minutes[at_s] = minutes.get(at_s, 0) + int(count)
    return found
