"""API keys: by the digest of their secret, which is never stored."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from data.model.base import Value
from data.store.tables import api_keys


class ApiKey(Value):
    """A key of a shipper, or of the carrier itself.

    Attributes
    ----------
    id : str
        The prefix that is shown.
    digest : str
        SHA-256 of the whole key, hexadecimal.
    scopes : tuple of str
        What it may do.
    expires_s, revoked_s : int, optional
        From when on it is no good, Unix seconds.
    """

    id: str
    digest: str
    tenant: str
    shipper: str = ""
    scopes: tuple[str, ...] = ()
    label: str = ""
    created_s: int = 0
    expires_s: int | None = None
    revoked_s: int | None = None

    def good(self, now_s: int) -> bool:
        """Whether it opens anything at an instant."""
        return all(end_s is None or now_s < end_s for end_s in (self.expires_s, self.revoked_s))


def add(connection: Connection, key: ApiKey) -> None:
    """Keep a new key; an id or a digest that exists raises ``IntegrityError``."""
    row = {name: getattr(key, name) for name in ApiKey.__struct_fields__}
    connection.execute(insert(api_keys), row | {"scopes": " ".join(key.scopes)})


def find(connection: Connection, digest: str) -> ApiKey | None:
    """Return the key with a digest, whether or not it is still good."""
    row = connection.execute(select(api_keys).where(api_keys.c.digest == digest)).one_or_none()
    return None if row is None else _key(row)


def of_tenant(connection: Connection, tenant: str) -> tuple[ApiKey, ...]:
    """Return a carrier's keys, the oldest first."""
    wanted = select(api_keys).where(api_keys.c.tenant == tenant).order_by(api_keys.c.created_s, api_keys.c.id)
    return tuple(map(_key, connection.execute(wanted)))


def read_all(connection: Connection) -> tuple[ApiKey, ...]:
    """Return every key."""
    return tuple(map(_key, connection.execute(select(api_keys).order_by(api_keys.c.created_s, api_keys.c.id))))


def revoke(connection: Connection, tenant: str, key_id: str, now_s: int) -> bool:
    """Make a key useless; return whether there was a good one."""
    those = (api_keys.c.tenant == tenant) & (api_keys.c.id == key_id) & api_keys.c.revoked_s.is_(None)
    return bool(connection.execute(update(api_keys).where(those).values(revoked_s=now_s)).rowcount)


def _key(row: Row[Any]) -> ApiKey:
    fields = {name: getattr(row, name) for name in ApiKey.__struct_fields__}
    return ApiKey(**fields | {"scopes": tuple(row.scopes.split())})
