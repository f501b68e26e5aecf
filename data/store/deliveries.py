"""What is on its way to receivers: each notice once per receiver, in order per subject, until it has arrived.

A notice leaves the outbox in the transaction that writes it here, with the id that it keeps over all attempts. What is
being sent is held until an instant, so that what a killed process was sending is sent again.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, select, text, update

from data.model.reservation import Owner
from data.model.subscription import SubscriptionState
from data.store import outbox, rows, subscriptions
from data.store.outbox import Notice
from data.store.tables_notices import deliveries
from data.store.tables_notices import subscriptions as receivers

AT_ONCE = 500
"""Notices taken out of the outbox by one transaction."""
TELLING = 0x6A616C6F6E74  # PostgreSQL's advisory lock: one server at a time hands notices on, in their order
PROBLEM_MAX = 128


class DeliveryState(StrEnum):
    """``waiting`` for its next attempt, or ``dead``: given up, until it is sent again by hand."""

    WAITING = "waiting"
    DEAD = "dead"


class Delivery(NamedTuple):
    """A notice on its way to one receiver; ``attempts`` were made in vain so far."""

    seq: int
    owner: Owner
    subscription: str
    message: str
    kind: str
    body: str
    at_s: int
    attempts: int
    url: str
    secret: str


class Dead(NamedTuple):
    """A delivery that was given up, and why."""

    message: str
    kind: str
    at_s: int
    attempts: int
    problem: str


def hand_on(connection: Connection, now_s: int) -> tuple[Notice, ...]:
    """Take notices out of the outbox, each into the queues of those who want it; return them in order."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": TELLING})
    notices = outbox.waiting(connection, AT_ONCE)
    if not notices:
        return ()
    known = subscriptions.of_tenants(connection, {one.tenant for one in notices})
    lines = []
    for one in notices:
        message = f"msg_{secrets.token_hex(16)}"
        for owner, receiver in known:
            if owner.tenant == one.tenant and owner.shipper in ("", one.shipper) and receiver.wants(one.kind):
                lines.append(_line(owner, receiver.id, message, one, now_s))
    rows.add(connection, deliveries, lines)
    outbox.drop(connection, [one.seq for one in notices])
    return notices


def _line(owner: Owner, receiver: str, message: str, one: Notice, now_s: int) -> dict[str, Any]:
    subject = f"{one.shipper}/{one.subject}" if one.subject else ""
    return owner._asdict() | {
        "subscription": receiver,
        "message": message,
        "subject": subject,
        "kind": one.kind,
        "body": one.body,
        "state": DeliveryState.WAITING,
        "attempts": 0,
        "problem": "",
        "at_s": now_s,
        "due_s": now_s,
        "held_s": 0,
    }


def is_any_due(connection: Connection, now_s: int) -> bool:
    """Whether there is a notice to hand on, or one to send."""
    return bool(outbox.waiting(connection, 1)) or bool(connection.execute(_due(now_s, 1).limit(1)).first())


def take(connection: Connection, now_s: int, hold_s: int, each: int) -> tuple[Delivery, ...]:
    """Take what is to be sent now: of a receiver no more than ``each`` at a time, of a subject the oldest first.

    What is taken is this process's for ``hold_s`` seconds.
    """
    taken = []
    for row in connection.execute(_due(now_s, each)).all():
        mine = update(deliveries).where(deliveries.c.seq == row.seq, deliveries.c.held_s == row.held_s)
        if connection.execute(mine.values(held_s=now_s + hold_s)).rowcount:
            taken.append(_delivery(row))
    return tuple(taken)


def arrived(connection: Connection, seq: int) -> None:
    """Drop a delivery that has arrived."""
    connection.execute(delete(deliveries).where(deliveries.c.seq == seq))


def failed(connection: Connection, seq: int, problem: str, due_s: int | None) -> None:
    """Note an attempt in vain; ``due_s`` is when to try again, ``None``: it is given up."""
    state = DeliveryState.DEAD if due_s is None else DeliveryState.WAITING
    tried = {"attempts": deliveries.c.attempts + 1, "problem": problem[:PROBLEM_MAX], "state": state, "held_s": 0}
    connection.execute(update(deliveries).where(deliveries.c.seq == seq).values(**tried, due_s=due_s or 0))


def give_up(connection: Connection, owner: Owner, subscription: str, problem: str) -> None:
    """Give all up that is on its way to a receiver."""
    over: Mapping[str, Any] = {"state": DeliveryState.DEAD, "problem": problem[:PROBLEM_MAX], "held_s": 0}
    connection.execute(update(deliveries).where(_queue(owner, subscription)).values(**over))


def dead(connection: Connection, owner: Owner, subscription: str, most: int = 100) -> tuple[Dead, ...]:
    """Return what was given up, the oldest first."""
    given_up = _queue(owner, subscription) & (deliveries.c.state == DeliveryState.DEAD)
    found = connection.execute(select(deliveries).where(given_up).order_by(deliveries.c.seq).limit(most))
    return tuple(Dead(row.message, row.kind, row.at_s, row.attempts, row.problem) for row in found)


def revive(connection: Connection, owner: Owner, subscription: str, now_s: int, messages: Collection[str] = ()) -> int:
    """Send again what was given up, all of it or some messages, under the ids it had; return how many."""
    again = _queue(owner, subscription) & (deliveries.c.state == DeliveryState.DEAD)
    if messages:
        again &= deliveries.c.message.in_(messages)
    fresh: Mapping[str, Any] = {"state": DeliveryState.WAITING, "attempts": 0, "due_s": now_s}
    return connection.execute(update(deliveries).where(again).values(**fresh)).rowcount


def forget(connection: Connection, before_s: int) -> int:
    """Drop what was given up of notices older than an instant; return how many."""
    old = (deliveries.c.state == DeliveryState.DEAD) & (deliveries.c.at_s < before_s)
    return connection.execute(delete(deliveries).where(old)).rowcount


def _queue(owner: Owner, subscription: str) -> ColumnElement[bool]:
    return rows.owned(deliveries, owner) & (deliveries.c.subscription == subscription)


def _due(now_s: int, each: int) -> Any:
    """Return the query for what may be sent: due, not being sent, nothing older of its subject still waiting."""
    one, other = deliveries.alias("one"), deliveries.alias("other")
    same = [one.c[name] == other.c[name] for name in ("subscription", "tenant", "shipper", "subject")]
    older = and_(*same, one.c.subject != "", other.c.state == DeliveryState.WAITING, other.c.seq < one.c.seq)
    whose = (one.c.tenant, one.c.shipper, one.c.subscription)
    turn = func.row_number().over(partition_by=whose, order_by=(one.c.due_s, one.c.seq)).label("turn")
    ready = (one.c.state == DeliveryState.WAITING) & (one.c.due_s <= now_s) & ~exists().where(older)
    lined_up = select(*one.c, turn).where(ready).subquery()
    names = [lined_up.c.subscription == receivers.c.id]
    names += [lined_up.c[name] == receivers.c[name] for name in ("tenant", "shipper")]
    found = select(lined_up, receivers.c.url, receivers.c.secret).join(receivers, and_(*names))
    free = (lined_up.c.turn <= each) & (lined_up.c.held_s <= now_s) & (receivers.c.state == SubscriptionState.ON)
    return found.where(free).order_by(lined_up.c.seq)


def _delivery(row: Any) -> Delivery:
    owner = Owner(row.tenant, row.shipper)
    return Delivery(
        row.seq, owner, row.subscription, row.message, row.kind, row.body, row.at_s, row.attempts, row.url, row.secret
    )
