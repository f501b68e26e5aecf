"""Settings of an owner, each a JSON text by name; those of the whole store belong to ``Owner("")``."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, delete, select

from data.model.reservation import Key, Owner
from data.store import rows
from data.store.tables import settings


def put(connection: Connection, owner: Owner, name: str, value: str, now_s: int) -> None:
    """Set one."""
    rows.put(connection, settings, [_line(owner, name, value, now_s)])


def get(connection: Connection, owner: Owner, name: str, lock: bool = False) -> str | None:
    """Return one, ``None`` where it was never set; locked, nobody else sets it before this transaction ends."""
    wanted = select(settings.c.value).where(rows.owned(settings, owner), settings.c.id == name)
    return connection.execute(wanted.with_for_update() if lock else wanted).scalar_one_or_none()


def keep(connection: Connection, owner: Owner, name: str, value: str, now_s: int) -> str:
    """Return one, which is ``value`` where it was never set: the same for all who ask, such as a secret."""
    rows.add_new(connection, settings, [_line(owner, name, value, now_s)])
    kept = get(connection, owner, name)
    assert kept is not None, "it was added where it was absent"
    return kept


def begun(connection: Connection, owner: Owner, prefix: str, since_s: int) -> dict[str, str]:
    """Return those whose name begins with something, set since an instant."""
    wanted = _begun(owner, prefix) & (settings.c.changed_s >= since_s)
    return {name: value for name, value in connection.execute(select(settings.c.id, settings.c.value).where(wanted))}


def forget(connection: Connection, owner: Owner, prefix: str, before_s: int) -> None:
    """Drop those whose name begins with something, set before an instant."""
    connection.execute(delete(settings).where(_begun(owner, prefix), settings.c.changed_s < before_s))


def _begun(owner: Owner, prefix: str) -> ColumnElement[bool]:
    return rows.owned(settings, owner) & settings.c.id.startswith(prefix, autoescape=True)


def _line(owner: Owner, name: str, value: str, now_s: int) -> dict[str, object]:
    return Key(*owner, name)._asdict() | {"value": value, "changed_s": now_s}
