"""The calendar of live sessions, and what is seen while they run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, select

from data.clock import PARIS
from data.model.live import Live, Signal
from data.model.reservation import Key, Owner
from data.store import rows
from data.store.tables import lives, signals

_decoder = msgspec.json.Decoder(Live)
_COUNTS = ("interval_s", "viewers", "add_to_cart", "orders")


def put(connection: Connection, owner: Owner, live: Live, now_s: int) -> None:
    """Put a live on the calendar, or change it."""
    line = Key(*owner, live.id)._asdict() | {
        "begin_s": int(live.start_at.timestamp()),
        "end_s": int(live.end_at.timestamp()),
        "body": msgspec.json.encode(live).decode(),
        "changed_s": now_s,
    }
    rows.put(connection, lives, [line])


def load(connection: Connection, owner: Owner, ids: Collection[str]) -> dict[str, Live]:
    """Return the lives of ``ids`` that exist."""
    found = rows.rows_at(connection, lives, {Key(*owner, name) for name in ids}, ("body",))
    return {row.id: _decoder.decode(row.body) for row in found}


def between(connection: Connection, tenant: str, begin_s: int, end_s: int) -> list[tuple[Owner, Live]]:
    """Return every shipper's lives that touch [``begin_s``, ``end_s``), the first first, each with whose it is."""
    wanted = select(lives).where(lives.c.tenant == tenant, lives.c.begin_s < end_s, lives.c.end_s > begin_s)
    found = connection.execute(wanted.order_by(lives.c.begin_s, lives.c.shipper, lives.c.id))
    return [(Owner(row.tenant, row.shipper), _decoder.decode(row.body)) for row in found]


def drop(connection: Connection, owner: Owner, live_id: str) -> bool:
    """Take a live and its signals off; return whether there was one."""
    for table in (signals, lives):
        gone = connection.execute(delete(table).where(rows.owned(table, owner), table.c.id == live_id)).rowcount
    return bool(gone)


def add_signals(connection: Connection, owner: Owner, seen: Sequence[Signal]) -> int:
    """Keep what was seen; a second signal of a live at the same instant overwrites the first. Return how many."""
    lines = {
        (one.live_id, int(one.at.timestamp())): {name: getattr(one, name) for name in _COUNTS}
        | Key(*owner, one.live_id)._asdict()
        | {"at_s": int(one.at.timestamp())}
        for one in seen
    }
    rows.put(connection, signals, list(lines.values()))
    return len(lines)


def signals_of(connection: Connection, owner: Owner, live_id: str, since_s: int = 0) -> tuple[Signal, ...]:
    """Return what was seen of a live at ``since_s`` or later, the oldest first."""
    wanted = select(signals).where(rows.owned(signals, owner), signals.c.id == live_id, signals.c.at_s >= since_s)
    return tuple(
        Signal(
            live_id=row.id,
            at=datetime.fromtimestamp(row.at_s, PARIS),
            **{name: getattr(row, name) for name in _COUNTS},
        )
        for row in connection.execute(wanted.order_by(signals.c.at_s))
    )
