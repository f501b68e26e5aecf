"""Plans as published, each in its state; a commit names the version it saw.

Homes in a stored plan have no name and no address: those are in ``contacts``, by the order's id.
"""

from __future__ import annotations

import zlib
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from data import codec
from data.model.place import PlaceKind
from data.model.plan import Plan
from data.model.reservation import Owner
from data.store import rows
from data.store.tables import plans


class PlanState(StrEnum):
    """What a plan is: proposed first, then one of the others."""

    PROPOSED = "proposed"
    COMMITTED = "committed"
    REPLACED = "replaced"
    REJECTED = "rejected"


class StoredPlan(NamedTuple):
    """A plan, its state and how often that has changed."""

    plan: Plan
    state: PlanState
    version: int


class Packed(NamedTuple):
    """A plan as it is stored, without names and addresses of homes."""

    id: str
    day: date
    body: bytes


class Line(NamedTuple):
    """A plan in a list."""

    id: str
    state: PlanState
    version: int
    changed_s: int


def pack(plan: Plan) -> Packed:
    """Return a plan as it is stored; a large one takes a moment, which is better spent before a transaction."""
    places = tuple(one.replace(name="", address="") if one.kind is PlaceKind.HOME else one for one in plan.places)
    return Packed(plan.id, plan.day, zlib.compress(codec.encode(plan.replace(places=places)), 1))


def add(connection: Connection, owner: Owner, plan: Plan | Packed, now_s: int) -> bool:
    """Keep a plan as proposed; return whether it is new: a plan's id names its content."""
    packed = pack(plan) if isinstance(plan, Plan) else plan
    if _version(connection, owner, packed.id) is not None:
        return False
    row = packed._asdict() | {"state": PlanState.PROPOSED, "version": 1, "changed_s": now_s}
    connection.execute(insert(plans), owner._asdict() | row)
    return True


def load(connection: Connection, owner: Owner, plan_id: str) -> StoredPlan | None:
    """Return a plan."""
    row = connection.execute(select(plans).where(rows.owned(plans, owner), plans.c.id == plan_id)).one_or_none()
    if row is None:
        return None
    plan = codec.decode(zlib.decompress(row.body), Plan, f"plan {plan_id}")
    return StoredPlan(plan, PlanState(row.state), row.version)


def set_state(
    connection: Connection, owner: Owner, plan_id: str, state: PlanState, version: int, now_s: int
) -> int | None:
    """Move a plan on from the version that was seen; return its new version, ``None`` where another came first."""
    seen = rows.owned(plans, owner) & (plans.c.id == plan_id) & (plans.c.version == version)
    moved = update(plans).where(seen).values(state=state, version=version + 1, changed_s=now_s)
    return version + 1 if connection.execute(moved).rowcount else None


def commit(connection: Connection, owner: Owner, plan_id: str, version: int, now_s: int) -> int | None:
    """Make a proposed plan the one that is driven; the committed one it was made from is thereby replaced.

    Returns
    -------
    int, optional
        Its new version; ``None`` where it is no longer what was seen, no longer proposed, or made from a plan that is
        not the committed one.
    """
    stored = load(connection, owner, plan_id)
    if stored is None or (stored.state, stored.version) != (PlanState.PROPOSED, version):
        return None
    if stored.plan.replaces:
        before = rows.owned(plans, owner) & (plans.c.id == stored.plan.replaces)
        over = {"state": PlanState.REPLACED, "version": plans.c.version + 1, "changed_s": now_s}
        replaced = connection.execute(update(plans).where(before, plans.c.state == PlanState.COMMITTED).values(over))
        if not replaced.rowcount and _version(connection, owner, stored.plan.replaces) is not None:
            return None
    return set_state(connection, owner, plan_id, PlanState.COMMITTED, version, now_s)


def of_day(connection: Connection, owner: Owner, day: date) -> tuple[Line, ...]:
    """Return a day's plans, the newest first."""
    wanted = select(plans.c.id, plans.c.state, plans.c.version, plans.c.changed_s)
    wanted = wanted.where(rows.owned(plans, owner), plans.c.day == day).order_by(plans.c.changed_s.desc(), plans.c.id)
    return tuple(Line(row.id, PlanState(row.state), row.version, row.changed_s) for row in connection.execute(wanted))


def forget(connection: Connection, before_s: int) -> int:
    """Drop plans last changed before an instant, of every owner; return how many."""
    return connection.execute(delete(plans).where(plans.c.changed_s < before_s)).rowcount


def _version(connection: Connection, owner: Owner, plan_id: str) -> int | None:
    wanted = select(plans.c.version).where(rows.owned(plans, owner), plans.c.id == plan_id)
    return connection.execute(wanted).scalar_one_or_none()
